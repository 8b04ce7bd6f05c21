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
from vhi.controls import SpeckControl
from vhi.images.orientation import fullest_slices
from vhi.results.figures import RED, YELLOW

STRUCTURES = {8: np.ones((3, 3), int), 4: ndimage.generate_binary_structure(2, 1)}
MOVES = [(1, 8), (4, 8), (4, 4), (9, 4), (20, 8)]


def control_of(measurement) -> SpeckControl:
    return SpeckControl(measurement.candidates, t1w=measurement.t1w)


@pytest.fixture(scope="module")
def page(phantom, tmp_path_factory) -> Path:
    return page_of(control_of(phantom), tmp_path_factory.mktemp("page"))


@pytest.fixture
def visit(browser, page):
    with Visit(browser, page, **CALM) as visit:
        yield visit
        assert visit.requests == [page.as_uri()]
        assert visit.complaints == []


def set_filter(tab, min_pixels: int, neighbours: int) -> None:
    slider(tab, "Smallest region").fill(str(min_pixels))
    tab.get_by_role("radio", name=f"({neighbours} neighbours").check()


def kept_of(measurement, min_pixels: int, neighbours: int) -> np.ndarray:
    """Return candidates without small regions, slice by slice and without the library's code."""
    axis = measurement.stir.slice_axis
    kept = measurement.candidates.labels.array.copy()
    for plane in np.moveaxis(kept, axis, 0):
        regions, _ = ndimage.label(plane > 0, STRUCTURES[neighbours])
        plane[np.bincount(regions.ravel())[regions] < min_pixels] = 0
    return kept


def in_python(measurement, min_pixels: int, neighbours: int, slices=None) -> dict[str, float]:
    """Return what stays in the slices of the page, and how many regions that is."""
    stir, candidates = measurement.stir, measurement.candidates.labels
    kept = kept_of(measurement, min_pixels, neighbours)
    slices = slices or fullest_slices(candidates.array, stir.slice_axis, 3)
    planes = [np.take(kept, index, axis=stir.slice_axis) for index in slices]
    voxels = sum(int(np.count_nonzero(plane)) for plane in planes)
    return {
        "regions": sum(ndimage.label(plane > 0, STRUCTURES[neighbours])[1] for plane in planes),
        "voxels": voxels,
        "volume": voxels * float(np.prod(stir.spacing_mm)),
    }


def check_that_both_agree(measurement, browser, folder: Path) -> None:
    with Visit(browser, page_of(control_of(measurement), folder), **CALM) as visit:
        for min_pixels, neighbours in MOVES:
            set_filter(visit.tab, min_pixels, neighbours)
            expected = in_python(measurement, min_pixels, neighbours)
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
    measurement = vhi.measure(vhi.find_case("study", case))
    check_that_both_agree(measurement, browser, tmp_path)
    assert len(json.dumps(control_of(measurement).page_data())) < 1_050_000


def test_by_the_paper_s_rule_the_page_says_what_the_measurement_has(visit, phantom):
    text = visit.tab.locator(".vhi-control").inner_text()
    assert f"keeps {len(phantom.regions):,} of" in text
    assert f"{phantom.vhi.voxels:,} voxels" in text
    assert f"these 3 slices of the scan’s {phantom.stir.shape[2]}" in text
    assert value(visit.tab, "voxels") == in_python(phantom, 4, 8)["voxels"]


# -------------------------------------------------------------------------------- seen and touched


def test_what_stays_is_drawn_in_its_colours_and_the_rest_is_not(visit, phantom):
    tab, shown = visit.tab, control_of(phantom).settings["slice"]
    for min_pixels, neighbours in MOVES:
        set_filter(tab, min_pixels, neighbours)
        kept = kept_of(phantom, min_pixels, neighbours)
        kept = np.take(kept, shown, axis=phantom.stir.slice_axis)
        assert pixels_in(tab, YELLOW) == np.count_nonzero(kept == 1)
        assert pixels_in(tab, RED) == np.count_nonzero(kept == 2)


def test_what_goes_fades(browser, page):
    with Visit(browser, page) as visit:
        tab = visit.tab
        tab.clock.install()
        before = picture(tab)
        slider(tab, "Smallest region").fill("20")
        at_once = picture(tab)
        tab.clock.run_for(1000)
        later = picture(tab)
        assert later not in (before, at_once)
        tab.clock.run_for(200)
        assert picture(tab) == later


def test_keys_move_the_limit_and_the_button_goes_back(visit, phantom):
    tab, limit = visit.tab, slider(visit.tab, "Smallest region")
    before = value(tab, "voxels"), picture(tab)
    limit.focus()
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    assert limit.get_attribute("aria-valuetext") == "7 pixels"
    assert value(tab, "regions") == in_python(phantom, 7, 8)["regions"]
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    assert value(tab, "regions") == in_python(phantom, 7, 4)["regions"]
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


def test_a_case_without_candidates_shows_none(browser, tiny, tmp_path):
    stir, normal, region = tiny
    calm = stir.with_array(np.where(normal.array, stir.array, 10.0))
    away = stir.with_array(region.array & ~normal.array)
    control = SpeckControl(vhi.find_candidates(calm, normal, away))
    with Visit(browser, page_of(control, tmp_path), **CALM) as visit:
        assert value(visit.tab, "regions") == value(visit.tab, "voxels") == 0
        visit.tab.get_by_role("radio", name="closer").check()
        slider(visit.tab, "Smallest region").fill("1")
        assert visit.complaints == []


# ------------------------------------------------------------------------------------ in a notebook


def test_in_a_notebook_the_kernel_counts_the_whole_scan(browser, phantom, tmp_path):
    control = control_of(phantom)
    with notebook(browser, tmp_path, control, **CALM) as shown:
        tab = shown.tab
        text = tab.locator("[data-name=whole]")
        assert text.inner_text().startswith(f"{len(phantom.regions):,} of ")
        assert value(tab, "whole") == phantom.vhi.voxels
        for min_pixels, neighbours in ((9, 4), (2, 8)):
            set_filter(tab, min_pixels, neighbours)
            shown.rest()
            moved = control.settings["min_pixels"], control.settings["neighbours"]
            assert moved == (min_pixels, neighbours)
            everywhere = range(phantom.stir.shape[2])
            before, now = (
                in_python(phantom, limit, neighbours, everywhere) for limit in (1, min_pixels)
            )
            assert value(tab, "whole") == now["voxels"] != phantom.vhi.voxels
            regions = f"{now['regions']:,} of {before['regions']:,} regions"
            assert text.inner_text().startswith(regions)
            expected = in_python(phantom, min_pixels, neighbours)
            assert {name: value(tab, name) for name in expected} == expected


def test_in_a_notebook_every_slice_can_be_reached(browser, phantom, tmp_path):
    control, kept = control_of(phantom), kept_of(phantom, 2, 8)
    with notebook(browser, tmp_path, control, **CALM) as shown:
        tab = shown.tab
        set_filter(tab, 2, 8)
        tab.get_by_role("radio", name="closer").check()
        for index in reversed(range(phantom.stir.shape[2])):
            slider(tab, "Slice").fill(str(index))
            shown.rest()
            assert control.settings["slice"] == index
            label = tab.locator("canvas:visible").get_attribute("aria-label")
            here = np.count_nonzero(np.take(kept, index, axis=2))
            assert label.startswith(f"STIR slice {index}: {here:,} pixels stay")
            assert tab.get_by_role("radio", name="closer").is_checked()
        assert control.settings["min_pixels"] == 2


# ------------------------------------------------------------------------------------- for everyone


def test_a_move_is_read_out_once_it_rests(visit, phantom):
    slider(visit.tab, "Smallest region").fill("10")
    status = visit.tab.locator("[role=status]:has-text('10 pixels')")
    status.wait_for(state="attached")
    told = status.inner_text()
    assert told.startswith("Regions of 10 pixels or more")
    assert f"{in_python(phantom, 10, 8)['voxels']:,} voxels" in told


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
        assert value(tab, "regions") == in_python(phantom, moved, 8)["regions"]
        assert visit.complaints == []


def test_without_scripts_the_drawn_twin_is_there(browser, page):
    with Visit(browser, page, java_script_enabled=False) as visit:
        twin = visit.tab.locator(".vhi-control figure.vhi-twin img")
        assert twin.is_visible() and "specks in turquoise" in twin.get_attribute("alt")
        assert visit.tab.locator("input").count() == 0
