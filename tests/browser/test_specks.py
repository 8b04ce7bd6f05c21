"""The speck filter on a page: what it counts and draws is what Python keeps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import vhi
from tests.helpers.browser_pages import (
    CALM,
    PHONE,
    STUDY_CASES,
    axe_findings,
    check_fits_a_phone,
    check_named,
    check_readable,
    notebook,
    page_of,
    picture,
    pixels_in,
    slider,
    value,
)
from tests.helpers.in_browser import Visit
from vhi.controls import speck_control
from vhi.errors import InputError
from vhi.images.orientation import fullest_slices
from vhi.results.figures import RED, YELLOW

STRUCTURES = {8: np.ones((3, 3), int), 4: ndimage.generate_binary_structure(2, 1)}
MOVES = [(1, 8), (4, 8), (4, 4), (9, 4), (20, 8)]


@pytest.fixture(scope="module")
def page(phantom, tmp_path_factory) -> Path:
    return page_of(speck_control(phantom), tmp_path_factory.mktemp("page"))


@pytest.fixture
def visit(browser, page):
    with Visit(browser, page, **CALM) as visit:
        yield visit
        assert visit.requests == [page.as_uri()]
        assert visit.complaints == []


def set_filter(tab, min_pixels: int, neighbours: int) -> None:
    slider(tab, "Smallest region").fill(str(min_pixels))
    tab.get_by_role("radio", name=f"({neighbours} neighbours").check()


def in_python(control, min_pixels: int, neighbours: int) -> dict[str, float]:
    """Return what a control keeps in the slices of its page, and how many regions that is."""
    stir = control.measurement.stir
    control.set(min_pixels=min_pixels, neighbours=neighbours)
    planes = [np.take(control.kept, index, axis=stir.slice_axis) for index in slices_of(control)]
    voxels = sum(np.count_nonzero(plane) for plane in planes)
    return {
        "regions": sum(ndimage.label(plane > 0, STRUCTURES[neighbours])[1] for plane in planes),
        "voxels": voxels,
        "volume": voxels * float(np.prod(stir.spacing_mm)),
    }


def slices_of(control) -> list[int]:
    """Return the slices that a control's page has: those with most candidates."""
    candidates = control.measurement.candidates
    return fullest_slices(candidates.array, candidates.slice_axis, 3)


def check_that_both_agree(measurement, browser, folder: Path) -> None:
    control = speck_control(measurement)
    with Visit(browser, page_of(control, folder), **CALM) as visit:
        for min_pixels, neighbours in MOVES:
            set_filter(visit.tab, min_pixels, neighbours)
            expected = in_python(control, min_pixels, neighbours)
            assert {name: value(visit.tab, name) for name in expected} == expected
        assert visit.complaints == []


# ------------------------------------------------------------------------------ the same as Python


@pytest.mark.parametrize("case", ["P01", "P03"])
def test_page_and_python_keep_the_same_of_the_phantom(case, browser, tmp_path):
    measurement = vhi.measure(vhi.find_case("phantom", case, "before"))
    check_that_both_agree(measurement, browser, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", STUDY_CASES)
def test_page_and_python_keep_the_same_of_every_study_case(case, browser, study, tmp_path):
    (found,) = (each for each in vhi.load_cases("study") if each.case == case)
    measurement = vhi.measure(found)
    check_that_both_agree(measurement, browser, tmp_path)
    assert len(json.dumps(speck_control(measurement).page_data())) < 1_050_000


def test_by_the_paper_s_rule_the_page_says_what_the_measurement_has(visit, phantom):
    text = visit.tab.locator(".vhi-control").inner_text()
    assert f"keeps {len(phantom.regions):,} of" in text
    assert f"{phantom.vhi.voxels:,} voxels" in text
    assert f"these 3 slices of the scan’s {phantom.stir.shape[2]}" in text
    assert value(visit.tab, "voxels") == in_python(speck_control(phantom), 4, 8)["voxels"]


def test_a_chain_joined_at_corners_falls_apart_among_four_neighbours(tiny):
    """Four pixels corner to corner are one region of four, or four of one."""
    stir, normal, region = tiny
    calm = np.where(normal.array, stir.array, 10.0)
    for step in range(4):
        calm[30 + step, 20 + step, 2] = 900.0
    everywhere = stir.with_array(np.ones_like(region.array) & ~normal.array)
    control = speck_control(vhi.measure_images(stir.with_array(calm), normal, everywhere))
    assert (control.state()["regions"], control.state()["voxels"]) == (1, 4)
    control.set(neighbours=4)
    assert (control.state()["regions_before"], control.state()["voxels"]) == (4, 0)
    assert "sides only" in str(control)
    control.set(min_pixels=1)
    assert (control.state()["regions"], control.state()["voxels"]) == (4, 4)
    with pytest.raises(InputError, match="give one of: 8, 4"):
        control.set(neighbours=6)


@pytest.mark.parametrize("order", [(2, 0, 1), (0, 2, 1)])
def test_four_neighbours_follow_the_slice_axis(order, tiny):
    straight = speck_control(vhi.measure_images(*tiny))
    turned = speck_control(
        vhi.measure_images(
            *(
                vhi.Image(image.array.transpose(order), image.affine[:, [*order, 3]])
                for image in tiny
            )
        )
    )
    for control in (straight, turned):
        control.set(neighbours=4, min_pixels=2)
    np.testing.assert_array_equal(turned.kept, straight.kept.transpose(order))


# -------------------------------------------------------------------------------- seen and touched


def test_what_stays_is_drawn_in_its_colours_and_the_rest_is_not(visit, phantom):
    control, tab = speck_control(phantom), visit.tab
    shown = control.state()["slice"]
    for min_pixels, neighbours in MOVES:
        set_filter(tab, min_pixels, neighbours)
        control.set(min_pixels=min_pixels, neighbours=neighbours)
        kept = np.take(control.kept, shown, axis=phantom.stir.slice_axis)
        assert pixels_in(tab, YELLOW) == np.count_nonzero(kept == 1)
        assert pixels_in(tab, RED) == np.count_nonzero(kept == 2)


def test_what_goes_fades(browser, page):
    with Visit(browser, page) as visit:
        tab = visit.tab
        before = picture(tab)
        slider(tab, "Smallest region").fill("20")
        at_once = picture(tab)
        tab.wait_for_timeout(1000)
        later = picture(tab)
        assert later not in (before, at_once)
        tab.wait_for_timeout(200)
        assert picture(tab) == later


def test_keys_move_the_limit_and_the_button_goes_back(visit, phantom):
    tab, limit = visit.tab, slider(visit.tab, "Smallest region")
    before = value(tab, "voxels"), picture(tab)
    limit.focus()
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    assert limit.get_attribute("aria-valuetext") == "7 pixels"
    assert value(tab, "regions") == in_python(speck_control(phantom), 7, 8)["regions"]
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    assert value(tab, "regions") == in_python(speck_control(phantom), 7, 4)["regions"]
    tab.get_by_role("button", name="paper’s rule").press("Enter")
    assert (value(tab, "voxels"), picture(tab)) == before


def test_a_closer_look_shows_the_largest_region_and_changes_no_number(visit):
    tab, numbers = visit.tab, value(visit.tab, "voxels")
    whole = tab.locator("canvas:visible")
    width, red = whole.evaluate("c => c.width"), pixels_in(tab, RED)
    tab.get_by_role("radio", name="closer").check()
    assert tab.locator("canvas:visible").count() == 1
    assert tab.locator("canvas:visible").evaluate("c => c.width") == (width + 1) // 2
    assert 0 < pixels_in(tab, RED) <= red
    slider(tab, "Slice").fill("0")
    assert tab.locator("canvas:visible").count() == 1
    assert value(tab, "voxels") == numbers


def test_another_slice_changes_the_picture_and_no_number(visit):
    tab, before, numbers = visit.tab, picture(visit.tab), value(visit.tab, "voxels")
    slices = slider(tab, "Slice")
    slices.fill("0" if slices.input_value() != "0" else "1")
    assert picture(tab) != before and value(tab, "voxels") == numbers


def test_a_slice_without_many_candidates_can_be_asked_for(phantom):
    control = speck_control(phantom, slice_index=0)
    data = control.page_data()["data"]
    assert len(data["slices"]) == 3 and data["slices"][0]["index"] == 0


def test_a_case_without_candidates_shows_none(browser, tiny, tmp_path):
    stir, normal, region = tiny
    calm = stir.with_array(np.where(normal.array, stir.array, 10.0))
    away = stir.with_array(region.array & ~normal.array)
    control = speck_control(vhi.measure_images(calm, normal, away))
    with Visit(browser, page_of(control, tmp_path), **CALM) as visit:
        assert value(visit.tab, "regions") == value(visit.tab, "voxels") == 0
        visit.tab.get_by_role("radio", name="closer").check()
        slider(visit.tab, "Smallest region").fill("1")
        assert visit.complaints == []


# ------------------------------------------------------------------------------------ in a notebook


def test_in_a_notebook_module_and_control_follow_each_other(browser, phantom, tmp_path):
    control = speck_control(phantom)
    with notebook(browser, tmp_path, control, **CALM) as shown:
        tab = shown.tab
        text = tab.locator("[data-name=whole]")
        assert text.inner_text().startswith(f"{len(phantom.regions):,} of ")
        assert value(tab, "whole") == phantom.vhi.voxels
        control.set(min_pixels=9, neighbours=4)
        shown.deliver()
        state = control.state()
        assert value(tab, "whole") == state["voxels"] < phantom.vhi.voxels
        regions = f"{state['regions']:,} of {state['regions_before']:,} regions"
        assert text.inner_text().startswith(regions)
        expected = in_python(control, 9, 4)
        assert {name: value(tab, name) for name in expected} == expected
        set_filter(tab, 2, 8)
        shown.rest()
        state = control.state()
        assert (state["min_pixels"], state["neighbours"]) == (2, 8)
        assert value(tab, "whole") == state["voxels"] > phantom.vhi.voxels


def test_in_a_notebook_every_slice_can_be_reached(browser, phantom, tmp_path):
    control = speck_control(phantom)
    with notebook(browser, tmp_path, control, **CALM) as shown:
        tab = shown.tab
        set_filter(tab, 2, 8)
        tab.get_by_role("radio", name="closer").check()
        for index in reversed(range(phantom.stir.shape[2])):
            slider(tab, "Slice").fill(str(index))
            shown.rest()
            assert control.state()["slice"] == index
            label = tab.locator("canvas:visible").get_attribute("aria-label")
            here = np.count_nonzero(np.take(control.kept, index, axis=2))
            assert label.startswith(f"STIR slice {index}: {here:,} pixels stay")
            assert tab.get_by_role("radio", name="closer").is_checked()
        assert control.state()["min_pixels"] == 2


# ------------------------------------------------------------------------------------- for everyone


def test_a_move_is_read_out_once_it_rests(visit, phantom):
    slider(visit.tab, "Smallest region").fill("10")
    visit.tab.wait_for_timeout(700)
    told = visit.tab.locator("[role=status]").inner_text()
    assert told.startswith("Regions from 10 pixels on")
    assert f"{in_python(speck_control(phantom), 10, 8)['voxels']:,} voxels" in told


def test_every_input_has_a_name(visit):
    check_named(visit.tab)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_either_theme(theme, visit):
    check_readable(visit.tab, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, visit):
    assert axe_findings(visit.tab, theme) == []


def test_it_fits_a_phone_and_follows_a_finger(browser, page, phantom):
    with Visit(browser, page, **PHONE, **CALM) as visit:
        tab, limit = visit.tab, slider(visit.tab, "Smallest region")
        check_fits_a_phone(tab)
        limit.scroll_into_view_if_needed()
        box = limit.bounding_box()
        tab.touchscreen.tap(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
        moved = int(limit.input_value())
        assert moved > 10
        assert value(tab, "regions") == in_python(speck_control(phantom), moved, 8)["regions"]
        assert visit.complaints == []


def test_without_scripts_the_drawn_twin_is_there(browser, page):
    with Visit(browser, page, java_script_enabled=False) as visit:
        twin = visit.tab.locator(".vhi-control figure.vhi-twin img")
        assert twin.is_visible() and "specks in turquoise" in twin.get_attribute("alt")
        assert visit.tab.locator("input").count() == 0
