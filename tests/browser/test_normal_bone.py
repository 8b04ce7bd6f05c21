"""The normal-bone lab on a page: the area and what follows from it are as in Python."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

import vhi
from tests.helpers.browser_pages import (
    PHONE,
    STUDY_CASES,
    axe_findings,
    check_fits_a_phone,
    check_named,
    check_readable,
    computing_page,
    notebook,
    page_of,
    picture,
    slider,
    value,
)
from tests.helpers.in_browser import Visit
from vhi.controls import normal_bone_control
from vhi.controls.area import DEPTH, WITHIN_MM, brightest_nearby, nearest_centre
from vhi.errors import InputError
from vhi.images.orientation import view_of

NUMBERS = ("voxels", "lower_quartile", "upper_quartile", "iqr", "multiple", "lower", "upper")


@pytest.fixture(scope="module")
def computing(browser, tmp_path_factory):
    names = "decodeStack, areaPlane, fitted, measureArea, brightestNearby, nearestCentre"
    with computing_page(browser, tmp_path_factory.mktemp("area"), ("core", "area"), names) as run:
        yield run


def lab(measurement, **more):
    """Return a control about where and as large as the measurement's normal bone."""
    stir, bone = measurement.stir, measurement.normal_bone.array
    centre = [int(axis.mean().round()) for axis in np.nonzero(bone)]
    settings = {"centre": centre, "radius_mm": (9, 8), "slices": 3, **more}
    return normal_bone_control(stir, bone=measurement.disease_region, **settings)


@pytest.fixture(scope="module")
def page(phantom, tmp_path_factory) -> Path:
    return page_of(lab(phantom), tmp_path_factory.mktemp("page"))


@pytest.fixture
def visit(browser, page):
    with Visit(browser, page) as visit:
        yield visit
        assert visit.requests == [page.as_uri()]
        assert visit.complaints == []


def settings_on(tab, control) -> dict[str, float]:
    """Return the settings that the page's sliders say."""
    names = {
        "slice": "Middle slice",
        "slices": "Number of slices",
        "i": "Centre across",
        "j": "Centre down",
        "radius_1_mm": "Radius across",
        "radius_2_mm": "Radius down",
    }
    view = view_of(control.stir)
    assert (view.columns, view.rows, view.slice_axis) == (0, 1, 2)
    said = {
        name: slider(tab, label).get_attribute("aria-valuetext") for name, label in names.items()
    }
    return {name: float(text.removesuffix(" mm")) for name, text in said.items()}


def check_numbers(tab, control, data) -> None:
    """The page's numbers are the control's at the page's settings, to the last bit."""
    control.set(**settings_on(tab, control))
    state = control.state()
    assert {name: value(tab, name) for name in NUMBERS} == {name: state[name] for name in NUMBERS}
    assert value(tab, "median") == np.median(control.stir.array[control.mask])
    assert value(tab, "bone_above") == bone_above(control, data)


def bone_above(control, data) -> int:
    """Return how much bone of the page's part reaches the control's lower threshold."""
    above = (control.stir.array >= control.thresholds.lower) & control._bone
    return np.count_nonzero(above[part_of(data)])


def part_of(data):
    """Return where in the scan a page's part lies."""
    spans = {"slice": [each["index"] for each in data["slices"]]}
    for axis in (data["across"], data["down"]):
        ends = axis["first"], axis["first"] + axis["step"] * (axis["count"] - 1)
        spans[axis["name"]] = np.arange(min(ends), max(ends) + 1)
    return np.ix_(*(spans[name] for name in data["array_order"]))


def moves_of(data, count: int) -> list[dict[str, float]]:
    """Return settings anywhere in a page's part; `fitted` brings them inside."""
    chance, moves = random.Random(4), []
    for _ in range(count):
        move = {
            "slice": chance.choice(data["slices"])["index"],
            "slices": chance.randint(1, len(data["slices"])),
            **{f"radius_{n}_mm": chance.randint(2, 30) / 2 for n in (1, 2)},
        }
        for axis in (data["across"], data["down"]):
            move[axis["name"]] = axis["first"] + axis["step"] * chance.randrange(axis["count"])
        moves.append(move)
    return moves


def check_that_both_agree(control, computing, count: int) -> None:
    """Masks, numbers and bright spots at settings all over the page's part."""
    given = control.page_data()
    data = given["data"]
    found = computing(
        """({ data, now, moves }) => {
            const stack = decodeStack(data);
            return [{}, ...moves].map((move) => {
                const settings = fitted(stack, now, move);
                const spot = brightestNearby(stack, settings);
                return {
                    settings,
                    pixels: areaPlane(stack, settings).reduce((sum, inside) => sum + inside, 0),
                    numbers: measureArea(stack, settings),
                    spot,
                    centre: spot && nearestCentre(stack, settings, spot),
                };
            });
        }""",
        {"data": data, "now": control.state(), "moves": moves_of(data, count)},
    )
    view, measured = view_of(control.stir), 0
    for here in found:
        control.set(**{name: here["settings"][name] for name in control.settings_offered()})
        state = control.state()
        if "problem" in state:
            assert here["numbers"]["problem"]
            continue
        measured += 1
        assert {name: here["numbers"][name] for name in NUMBERS} == {
            name: state[name] for name in NUMBERS
        }
        assert here["pixels"] * state["slices"] == state["voxels"]
        if control._bone is not None:
            assert here["numbers"]["bone_above"] == bone_above(control, data)
        spot = brightest_nearby(
            control.stir,
            control.mask,
            centre=control.settings["centre"],
            bone=in_part(control, data),
        )
        assert (here["spot"] is None) == (spot is None)
        if spot is None:
            continue
        axes = {"x": ("across", view.columns), "y": ("down", view.rows)}
        for letter, (way, axis) in axes.items():
            assert data[way]["first"] + data[way]["step"] * here["spot"][letter] == spot[axis]
        assert here["spot"]["slice"] == spot[control.stir.slice_axis]
        assert here["spot"]["value"] == control.stir.array[spot]
        centre = nearest_centre(
            control.stir,
            spot,
            centre=control.settings["centre"],
            radius_mm=control.settings["radius_mm"],
        )
        moved = {data[way]["name"]: centre[axis] for way, axis in axes.values()}
        if moved == here["centre"]:
            continue
        # Python would go on beyond what the page carries.
        inside = computing(
            "({ data, now }) => fitted(decodeStack(data), now, {})",
            {"data": data, "now": {**here["settings"], **moved}},
        )
        assert {name: inside[name] for name in moved} != moved
    assert measured > count / 2


def in_part(control, data):
    """Return where the page looks for bright spots."""
    part = np.zeros(control.stir.shape, bool)
    part[part_of(data)] = True
    return part if control._bone is None else part & control._bone


# ------------------------------------------------------------------------------ the same as Python


def test_page_and_python_agree_on_the_phantom(phantom, computing):
    check_that_both_agree(lab(phantom), computing, 40)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", STUDY_CASES)
def test_page_and_python_agree_on_every_study_case(case, computing, study):
    (found,) = (each for each in vhi.load_cases("study") if each.case == case)
    control = lab(vhi.measure(found), slices=5)
    assert len(json.dumps(control.page_data())) < 1_000_000
    check_that_both_agree(control, computing, 8)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_any_order_of_axes_gives_the_same(order, flips, tiny, computing):
    """Stored in another order or direction, with pixels that are not square."""
    stir = tiny[0]
    draw = np.random.default_rng(1)
    noisy = stir.array + draw.integers(0, 40, stir.shape)
    affine = (stir.affine @ np.diag([1, 1.3, 1, 1]))[:, [*order, 3]]
    slow = vhi.Image(
        noisy.transpose(order)[tuple(slice(None, None, step) for step in flips)],
        affine @ np.diag([*flips, 1]),
    )
    centre = [length // 2 for length in slow.shape]
    control = normal_bone_control(slow, centre=centre, radius_mm=(4, 3), slices=3)
    check_that_both_agree(control, computing, 25)


def test_area_stays_where_the_page_has_the_scan(phantom, computing):
    """Moved as far as it goes, at any size: every pixel of the ellipse is on the page."""
    control = lab(phantom)
    data, far = control.page_data()["data"], 10_000
    for radius in (5, 20, 40):
        for sign in (-1, 1):
            move = {"i": sign * far, "j": sign * far, "slice": sign * far, "slices": far}
            move |= {"radius_1_mm": radius, "radius_2_mm": radius}
            settings = computing(
                "({ data, now, move }) => fitted(decodeStack(data), now, move)",
                {"data": data, "now": control.state(), "move": move},
            )
            control.set(**{name: settings[name] for name in control.settings_offered()})
            assert settings["slices"] == len(data["slices"])
            left = control.mask.copy()
            left[part_of(data)] = False
            assert control.mask.any() and not left.any()


# ------------------------------------------------------------------------------- the bright spot


@pytest.fixture
def dull():
    """Marrow of two intensities in turn, one bright voxel 7 mm off, a brighter one beyond reach."""
    array = np.full((80, 80, 5), 100.0)
    array[::2] = 110
    array[47, 40, 2] = 500
    array[40, 66, 2] = 900
    array[40, 45, 4] = 800  # another slice
    return vhi.Image(array, np.diag([1, 1, 3.3, 1]))


def test_brightest_spot_is_sought_beside_the_area_on_its_slices(dull):
    control = normal_bone_control(dull, centre=(40, 40, 2), radius_mm=(5, 5), slices=3)
    found = brightest_nearby(dull, control.mask, centre=(40, 40, 2))
    assert found == (47, 40, 2) and WITHIN_MM == 25
    assert brightest_nearby(dull, control.mask, centre=(40, 40, 2), within_mm=26) == (40, 66, 2)
    assert brightest_nearby(dull, control.mask, centre=(40, 40, 2), within_mm=5) is None
    bone = np.zeros(dull.shape, bool)
    bone[20:24, 40, 1] = True
    found = brightest_nearby(dull, control.mask, centre=(40, 40, 2), bone=bone)
    assert found == (20, 40, 1)  # the first of equals


def test_area_moves_just_far_enough_to_take_the_spot_in(dull):
    """7 mm off, to lie within 0.8 of the 5 mm radius: 3 mm of way."""
    moved = nearest_centre(dull, (47, 40, 2), centre=(40, 40, 2), radius_mm=(5, 5))
    assert moved == (43, 40, 2) and DEPTH == 0.8
    assert nearest_centre(dull, (43, 40, 2), centre=(40, 40, 2), radius_mm=(5, 5)) == (40, 40, 2)


def test_taking_a_spot_in_lifts_the_thresholds_and_reset_goes_back(dull):
    control = normal_bone_control(dull, centre=(40, 40, 2), radius_mm=(5, 5), slices=3)
    before = control.state()
    assert before["upper"] == 110
    control.take_in()
    assert control.settings["centre"] == (43, 40, 2)
    assert control.state()["upper"] == 500 and control.state()["lower"] > 400
    control.reset()
    assert control.state() == before


def test_without_bone_nearby_there_is_nothing_to_take_in(dull):
    nowhere = dull.with_array(np.zeros(dull.shape, bool))
    control = normal_bone_control(dull, centre=(40, 40, 2), radius_mm=(5, 5), bone=nowhere)
    with pytest.raises(InputError, match="no bone beside it"):
        control.take_in()


def test_bone_of_another_scan_is_refused(dull, phantom):
    with pytest.raises(InputError, match="voxels"):
        normal_bone_control(dull, bone=phantom.disease_region)


def test_button_takes_the_spot_in_and_shows_what_follows(visit, phantom):
    control, tab = lab(phantom), visit.tab
    data = control.page_data()["data"]
    before = {name: value(tab, name) for name in NUMBERS}
    check_numbers(tab, control, data)
    at_first = picture(tab)
    tab.get_by_role("button", name="Take in the brightest").click()
    control.take_in()
    assert settings_on(tab, control) == {
        name: control.state()[name] for name in settings_on(tab, control)
    }
    check_numbers(tab, control, data)
    assert value(tab, "upper") > 1.5 * before["upper"] and value(tab, "multiple") > 5
    told = tab.locator(".vhi-remark").inner_text()
    assert f"threshold {before['upper']:.0f} → {control.thresholds.upper:.0f}" in told
    assert "the code cannot tell" in told and "brighter than marrow" in told
    assert tab.locator(".vhi-slice circle").get_attribute("visibility") == "visible"
    assert picture(tab) != at_first
    tab.get_by_role("button", name="As it began").click()
    assert {name: value(tab, name) for name in NUMBERS} == before
    assert tab.locator(".vhi-remark").inner_text() == ""
    assert tab.locator(".vhi-slice circle").get_attribute("visibility") == "hidden"


# -------------------------------------------------------------------------------- seen and touched


def body(tab):
    return tab.locator(".vhi-slice ellipse")


def middle_of(part) -> tuple[float, float]:
    box = part.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_dragging_the_area_moves_it_with_the_pointer(visit, phantom):
    control, tab = lab(phantom), visit.tab
    data, zoom = (
        control.page_data()["data"],
        tab.evaluate("(c => c.clientWidth / c.width)(document.querySelector('canvas'))"),
    )
    before = settings_on(tab, control)
    x, y = middle_of(body(tab))
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 12 * zoom, y - 6 * zoom, steps=4)
    tab.mouse.up()
    after = settings_on(tab, control)
    assert after["i"] == before["i"] + data["across"]["step"] * 12
    assert after["j"] == before["j"] - data["down"]["step"] * 6
    check_numbers(tab, control, data)
    tab.mouse.move(x, y)  # no longer held
    assert settings_on(tab, control) == after
    new_x, new_y = middle_of(body(tab))
    assert (new_x - x, new_y - y) == (pytest.approx(12 * zoom), pytest.approx(-6 * zoom))


def test_dragging_a_grip_resizes_the_area(visit, phantom):
    control, tab = lab(phantom), visit.tab
    data, before = control.page_data()["data"], value(tab, "voxels")
    for name, (dx, dy) in {"Width": (30, 0), "Height": (0, -10)}.items():
        x, y = middle_of(tab.locator(f"[role=slider][aria-label^='{name}'] path").last)
        tab.mouse.move(x, y)
        tab.mouse.down()
        tab.mouse.move(x + dx, y + dy, steps=4)
        tab.mouse.up()
    now = settings_on(tab, control)
    assert now["radius_1_mm"] > 9 and now["radius_2_mm"] < 8
    assert value(tab, "voxels") != before
    check_numbers(tab, control, data)


def test_a_finger_moves_the_area_on_a_phone(browser, page, phantom):
    with Visit(browser, page, **PHONE) as visit:
        control, tab = lab(phantom), visit.tab
        check_fits_a_phone(tab)
        touch = tab.context.new_cdp_session(tab)

        def send(kind: str, *at: float) -> None:
            points = [dict(zip("xy", at, strict=True))] if at else []
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        def drag(part, dx: float, dy: float) -> None:
            x, y = middle_of(part)
            send("touchStart", x, y)
            for step in (1, 2, 3):
                send("touchMove", x + dx * step / 3, y + dy * step / 3)
            send("touchEnd")

        before = settings_on(tab, control)
        drag(body(tab), 12, -30)
        drag(tab.locator("[role=slider][aria-label^='Height'] path").last, 0, 12)
        after = settings_on(tab, control)
        for name in ("i", "j", "radius_2_mm"):
            assert after[name] != before[name]
        assert after["radius_1_mm"] == before["radius_1_mm"]
        assert tab.evaluate("scrollY") == 0  # the page stays where it is
        check_numbers(tab, control, lab(phantom).page_data()["data"])
        assert visit.complaints == []


def test_arrow_keys_move_and_resize_what_is_chosen(visit, phantom):
    control, tab = lab(phantom), visit.tab
    data, before = control.page_data()["data"], settings_on(tab, control)
    body(tab).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowDown"):
        tab.keyboard.press(key)
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    after = settings_on(tab, control)
    assert after == {
        **before,
        "i": before["i"] + 2 * data["across"]["step"],
        "j": before["j"] + 6 * data["down"]["step"],
        "radius_1_mm": 9.5,
        "radius_2_mm": 7.5,
    }
    assert f"i {after['i']:.0f}, j {after['j']:.0f}" in body(tab).get_attribute("aria-label")
    check_numbers(tab, control, data)


@pytest.mark.parametrize(
    ("label", "keys"),
    [
        ("Middle slice", "ArrowRight"),
        ("Number of slices", "ArrowLeft"),
        ("Centre across", "PageUp"),
        ("Centre down", "ArrowLeft"),
        ("Radius across", "ArrowRight"),
        ("Radius down", "PageUp"),
    ],
)
def test_every_slider_moves_by_keys(label, keys, visit, phantom):
    control, tab = lab(phantom), visit.tab
    data, before = control.page_data()["data"], settings_on(tab, control)
    slider(tab, label).focus()
    tab.keyboard.press(keys)
    assert settings_on(tab, control) != before
    check_numbers(tab, control, data)


def test_bone_above_the_thresholds_is_drawn_where_it_is(visit):
    tab, with_bone = visit.tab, picture(visit.tab)
    tab.get_by_role("checkbox", name="bone above").uncheck()
    without = picture(tab)
    assert without != with_bone
    tab.get_by_role("checkbox", name="bone above").check()
    assert picture(tab) == with_bone


def test_a_slice_beside_the_area_can_be_looked_at(visit):
    tab, numbers = visit.tab, value(visit.tab, "upper")
    shown = slider(tab, "Slice shown")
    shown.fill(shown.get_attribute("min"))
    assert "not one of the area’s slices" in tab.locator("canvas").get_attribute("aria-label")
    assert tab.locator(".vhi-slice g[aria-hidden] path").count() == 0
    assert value(tab, "upper") == numbers


def test_an_area_too_small_says_so_in_place_of_numbers(visit):
    tab = visit.tab
    slider(tab, "Number of slices").fill("1")
    for label in ("Radius across", "Radius down"):
        slider(tab, label).fill("0.5")
    assert "at least 20 are needed" in tab.locator(".vhi-remark").inner_text()
    assert tab.locator("[data-name=upper]").inner_text() == "–"
    tab.get_by_role("button", name="As it began").click()
    assert tab.locator("[data-name=upper]").inner_text() != "–"


def test_a_control_whose_area_leaves_the_scan_says_so_until_it_is_moved(browser, phantom, tmp_path):
    control = lab(phantom)
    control.set(slice=0)
    assert "reaches slices -1 to 1" in control.state()["problem"]
    with Visit(browser, page_of(control, tmp_path)) as visit:
        tab = visit.tab
        assert "reaches slices -1 to 1" in tab.locator(".vhi-remark").inner_text()
        slider(tab, "Radius across").fill("8")
        control.set(slice=1, radius_1_mm=8)
        assert settings_on(tab, control)["slice"] == 1
        assert value(tab, "upper") == control.thresholds.upper
        assert visit.complaints == []


def test_without_bone_nothing_is_counted_in_it(browser, phantom, tmp_path):
    control = lab(phantom)
    plain = normal_bone_control(phantom.stir, **control.settings)
    with Visit(browser, page_of(plain, tmp_path)) as visit:
        assert visit.tab.locator("[data-name=bone_above]").count() == 0
        assert visit.tab.get_by_role("checkbox").count() == 0
        assert value(visit.tab, "upper") == control.thresholds.upper
        assert visit.complaints == []


# ------------------------------------------------------------------------------------ in a notebook


def check_numbers_in_notebook(shown, control) -> None:
    """Settings and numbers on the page are the control's, also that of the whole scan."""
    tab, state = shown.tab, control.state()
    said = settings_on(tab, control)
    assert said == {name: state[name] for name in said}
    assert {name: value(tab, name) for name in NUMBERS} == {name: state[name] for name in NUMBERS}
    assert value(tab, "bone_above") == bone_above(control, shown.widget.data)
    above = control.stir.array[control._bone] >= control.thresholds.lower
    assert value(tab, "bone_whole") == np.count_nonzero(above) == state["bone_above"]


def test_in_a_notebook_module_and_control_follow_each_other(browser, phantom, tmp_path):
    control = lab(phantom)
    begun = control.state()
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        check_numbers_in_notebook(shown, control)
        control.set(radius_1_mm=12.5, i=begun["i"] + 3)
        shown.deliver()
        check_numbers_in_notebook(shown, control)
        body(tab).focus()
        tab.keyboard.press("Shift+ArrowDown")
        slider(tab, "Radius down").fill("6")
        shown.rest()
        assert control.state()["j"] == begun["j"] + 5 * shown.widget.data["down"]["step"]
        assert control.state()["radius_2_mm"] == 6
        check_numbers_in_notebook(shown, control)
        tab.get_by_role("button", name="Take in the brightest").click()
        shown.rest()
        assert control.thresholds.upper > 1.5 * begun["upper"]
        assert "the code cannot tell" in tab.locator(".vhi-remark").inner_text()
        check_numbers_in_notebook(shown, control)


def test_in_a_notebook_the_area_reaches_every_slice(browser, phantom, tmp_path):
    control = lab(phantom)
    begun, last = control.state(), phantom.stir.shape[2] - 1
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        middle = slider(tab, "Middle slice")
        assert (middle.get_attribute("min"), middle.get_attribute("max")) == ("0", str(last))
        middle.focus()
        for key, index in (("Home", 1), ("End", last - 1)):  # the area has one slice on each side
            tab.keyboard.press(key)
            shown.rest()
            assert control.state()["slice"] == index
            check_numbers_in_notebook(shown, control)
            label = tab.locator("canvas").get_attribute("aria-label")
            assert f", one of the area’s slices {index - 1} to {index + 1}" in label
            focused = tab.evaluate("document.activeElement.getAttribute('aria-label')")
            assert focused.startswith("Middle slice")
        slider(tab, "Number of slices").fill(str(last + 1))
        shown.rest()
        assert control.state()["slices"] == len(shown.widget.data["slices"]) == last + 1
        check_numbers_in_notebook(shown, control)
        tab.get_by_role("button", name="As it began").click()
        shown.rest()
        assert control.state() == begun


def test_in_a_notebook_a_far_ellipse_brings_its_part_of_the_scan(browser, phantom, tmp_path):
    control = lab(phantom)
    with notebook(browser, tmp_path, control) as shown:
        at_first = shown.tab.locator("td:not([data-name])").all_inner_texts()
        before = shown.widget.data
        control.set(i=40, j=40, radius_1_mm=5, radius_2_mm=5)
        shown.deliver()
        assert shown.widget.data != before
        check_numbers_in_notebook(shown, control)
        assert shown.tab.locator("td:not([data-name])").all_inner_texts() == at_first


# ------------------------------------------------------------------------------------- for everyone


def test_every_input_has_a_name(visit):
    check_named(visit.tab)


def test_a_move_is_read_out_once_it_rests(visit):
    slider(visit.tab, "Radius across").fill("12")
    visit.tab.wait_for_timeout(700)
    told = visit.tab.locator("[role=status]").inner_text()
    assert f"upper {value(visit.tab, 'upper'):.0f}" in told


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_either_theme(theme, visit):
    check_readable(visit.tab, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, visit):
    assert axe_findings(visit.tab, theme) == []


def test_without_scripts_the_drawn_twin_is_there(browser, page):
    with Visit(browser, page, java_script_enabled=False) as visit:
        twin = visit.tab.locator(".vhi-control figure.vhi-twin img")
        assert twin.is_visible() and "blue ellipse" in twin.get_attribute("alt")
        assert visit.tab.locator("input").count() == 0
