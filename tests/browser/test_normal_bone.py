"""The normal-bone lab on a page: the area and what follows from it are as in Python."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
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
from vhi.controls import NormalBoneControl
from vhi.errors import InputError
from vhi.images.orientation import view_of

WITHIN_MM, DEPTH = 25, 0.8  # as in area.js
NUMBERS = ("voxels", "lower_quartile", "upper_quartile", "iqr", "multiple", "lower", "upper")


@pytest.fixture(scope="module")
def computing(browser, tmp_path_factory):
    names = (
        "decodeStack, areaPlane, fitted, measureArea, brightestNearby, nearestCentre, "
        "WITHIN_MM, DEPTH"
    )
    with computing_page(browser, tmp_path_factory.mktemp("area"), ("core", "area"), names) as run:
        yield run


def lab(measurement, **more):
    """Return a control about where and as large as the measurement's normal bone."""
    stir, bone = measurement.stir, measurement.normal_bone.array
    centre = [int(axis.mean().round()) for axis in np.nonzero(bone)]
    settings = {"centre": centre, "radius_mm": (9, 8), "slices": 3, **more}
    return NormalBoneControl(stir, bone=measurement.disease_region, **settings)


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
    texts = {
        name: slider(tab, label).get_attribute("aria-valuetext") for name, label in names.items()
    }
    return {
        name: float(text.removesuffix(" mm")) if "mm" in text else int(text)
        for name, text in texts.items()
    }


def mask_of(control) -> np.ndarray:
    """Return the ellipse of a control's settings."""
    return vhi.draw_normal_bone(control.stir, **control.ellipse())


def in_python(control) -> dict[str, float]:
    """Return what the library gives for the ellipse of a control's settings."""
    stir = control.stir
    area = stir.with_array(mask_of(control), "the ellipse")
    intensities = vhi.normal_bone_intensities(stir, area)
    numbers = {
        "voxels": intensities.size,
        "lower_quartile": np.percentile(intensities, 25),
        "median": np.median(intensities),
    }
    return numbers | asdict(vhi.estimate_thresholds(intensities))


def check_numbers(tab, control, data) -> None:
    """The page's numbers are the library's at the page's settings, to the last bit."""
    control.follow(settings_on(tab, control))
    expected = in_python(control)
    assert {name: value(tab, name) for name in expected} == expected
    assert value(tab, "bone_above") == bone_above(control, data)


def bone_above(control, data) -> int:
    """Return how much bone of the page's part reaches the lower threshold."""
    above = (control.stir.array >= in_python(control)["lower"]) & control.bone
    return np.count_nonzero(above[part_of(data)])


def brightest_nearby(control, bone=None, within_mm=WITHIN_MM):
    """Return the brightest voxel beside a control's ellipse on its slices; None without one.

    The rule of `brightestNearby` in area.js on the whole scan, or where `bone` marks it.
    """
    stir, area, centre = control.stir, mask_of(control), control.ellipse()["centre"]
    in_plane = tuple(axis for axis in range(3) if axis != stir.slice_axis)
    position = np.ogrid[tuple(slice(n) for n in stir.shape)]
    away = [(position[axis] - centre[axis]) * stir.spacing_mm[axis] for axis in in_plane]
    near = sum(part * part for part in away) <= within_mm * within_mm
    candidates = near & area.any(axis=in_plane, keepdims=True) & ~area
    if bone is not None:
        candidates &= bone
    if not candidates.any():
        return None
    brightest = np.argmax(np.where(candidates, stir.array, -np.inf))
    return tuple(map(int, np.unravel_index(brightest, stir.shape)))


def nearest_centre(control, spot):
    """Return the nearest centre from which a control's ellipse includes a voxel.

    The rule of `nearestCentre` in area.js: the voxel lies within `DEPTH` of the radii.
    """
    stir, ellipse = control.stir, control.ellipse()
    in_plane = [axis for axis in range(3) if axis != stir.slice_axis]
    depth, way = 0, 0
    grids = np.meshgrid(*(np.arange(stir.shape[axis]) for axis in in_plane), indexing="ij")
    for axis, at, radius in zip(in_plane, grids, ellipse["radius_mm"], strict=True):
        part = (spot[axis] - at) * stir.spacing_mm[axis] / radius
        moved = (at - ellipse["centre"][axis]) * stir.spacing_mm[axis]
        depth, way = depth + part * part, way + moved * moved
    nearest = np.unravel_index(np.argmin(np.where(depth <= DEPTH * DEPTH, way, np.inf)), way.shape)
    centre = list(ellipse["centre"])
    for axis, at in zip(in_plane, nearest, strict=True):
        centre[axis] = int(at)
    return tuple(centre)


def part_of(data):
    """Return where in the scan a page's part lies."""
    spans = {"slice": [part["index"] for part in data["slices"]]}
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
    data, start = control.data(), control.settings
    computed = computing(
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
        {"data": data, "now": start, "moves": moves_of(data, count)},
    )
    view, measured = view_of(control.stir), 0
    for here in computed:
        control.follow(here["settings"])
        try:
            expected = in_python(control)
        except InputError:
            assert here["numbers"]["problem"]
            continue
        measured += 1
        assert {name: here["numbers"][name] for name in expected} == expected
        assert here["pixels"] * control.settings["slices"] == expected["voxels"]
        if control.bone is not None:
            assert here["numbers"]["bone_above"] == bone_above(control, data)
        spot = brightest_nearby(control, in_part(control, data))
        assert (here["spot"] is None) == (spot is None)
        if spot is None:
            continue
        axes = {"x": ("across", view.columns), "y": ("down", view.rows)}
        for letter, (way, axis) in axes.items():
            assert data[way]["first"] + data[way]["step"] * here["spot"][letter] == spot[axis]
        assert here["spot"]["slice"] == spot[control.stir.slice_axis]
        assert here["spot"]["value"] == control.stir.array[spot]
        centre = nearest_centre(control, spot)
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
    return part if control.bone is None else part & control.bone


# ------------------------------------------------------------------------------ the same as Python


def test_page_and_python_agree_on_the_phantom(phantom, computing):
    check_that_both_agree(lab(phantom), computing, 40)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", STUDY_CASES)
def test_page_and_python_agree_on_every_study_case(case, computing, study):
    control = lab(vhi.measure(vhi.find_case("study", case)), slices=5)
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
    control = NormalBoneControl(slow, centre=centre, radius_mm=(4, 3), slices=3)
    check_that_both_agree(control, computing, 25)


def test_area_stays_where_the_page_has_the_scan(phantom, computing):
    """Moved as far as it goes, at any size: every pixel of the ellipse is on the page."""
    control = lab(phantom)
    data, now, far = control.data(), control.settings, 10_000
    for radius in (5, 20, 40):
        for sign in (-1, 1):
            move = {"i": sign * far, "j": sign * far, "slice": sign * far, "slices": far}
            move |= {"radius_1_mm": radius, "radius_2_mm": radius}
            settings = computing(
                "({ data, now, move }) => fitted(decodeStack(data), now, move)",
                {"data": data, "now": now, "move": move},
            )
            control.follow(settings)
            assert settings["slices"] == len(data["slices"])
            mask = mask_of(control)
            assert mask.any() and mask[part_of(data)].sum() == mask.sum()


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


def spot_and_centre(control, computing) -> tuple:
    """Return the voxel that the page would include next, and the centre that it would move to."""
    spot, centre = computing(
        """({ data, now }) => {
            const stack = decodeStack(data), spot = brightestNearby(stack, now);
            return [spot, spot && nearestCentre(stack, now, spot)];
        }""",
        {"data": control.data(), "now": control.settings},
    )
    if spot is None:
        return None, None
    across, down = (control.data()[way] for way in ("across", "down"))
    at = {
        across["name"]: across["first"] + across["step"] * spot["x"],
        down["name"]: down["first"] + down["step"] * spot["y"],
    }
    return (at["i"], at["j"], spot["slice"]), (centre["i"], centre["j"])


def test_the_brightest_spot_beside_the_area_is_included_by_the_shortest_move(dull, computing):
    """7 mm off, to lie within 0.8 of the 5 mm radius: 3 mm of way."""
    assert computing("() => [WITHIN_MM, DEPTH]") == [WITHIN_MM, DEPTH]
    control = NormalBoneControl(dull, centre=(40, 40, 2), radius_mm=(5, 5), slices=3)
    assert spot_and_centre(control, computing) == ((47, 40, 2), (43, 40))
    assert brightest_nearby(control) == (47, 40, 2)
    assert brightest_nearby(control, within_mm=26) == (40, 66, 2)
    assert brightest_nearby(control, within_mm=5) is None
    assert nearest_centre(control, (47, 40, 2)) == (43, 40, 2)
    assert nearest_centre(control, (43, 40, 2)) == (40, 40, 2)


def test_spots_are_sought_in_bone_and_the_first_of_equals_is_taken(dull, computing):
    bone = np.zeros(dull.shape, bool)
    bone[20:24, 40, 1] = True
    control = NormalBoneControl(
        dull, centre=(40, 40, 2), radius_mm=(5, 5), slices=3, bone=dull.with_array(bone)
    )
    assert spot_and_centre(control, computing)[0] == (20, 40, 1)
    nowhere = dull.with_array(np.zeros(dull.shape, bool))
    control = NormalBoneControl(dull, centre=(40, 40, 2), radius_mm=(5, 5), bone=nowhere)
    assert spot_and_centre(control, computing) == (None, None)


def test_bone_of_another_scan_is_refused(dull, phantom):
    with pytest.raises(InputError, match="voxels"):
        NormalBoneControl(dull, bone=phantom.disease_region)


def test_button_includes_the_spot_and_shows_what_follows(visit, phantom):
    control, tab = lab(phantom), visit.tab
    data = control.data()
    before = {name: value(tab, name) for name in NUMBERS}
    check_numbers(tab, control, data)
    at_first = picture(tab)
    spot = brightest_nearby(control, in_part(control, data))
    i, j, _ = nearest_centre(control, spot)
    tab.get_by_role("button", name="brightest spot nearby").click()
    assert settings_on(tab, control) == {**control.settings, "i": i, "j": j}
    check_numbers(tab, control, data)
    assert value(tab, "upper") > 1.5 * before["upper"] and value(tab, "multiple") > 5
    remark = tab.locator(".vhi-remark").inner_text()
    assert f"threshold {before['upper']:.0f} → {in_python(control)['upper']:.0f}" in remark
    assert "code cannot tell" in remark and "brighter than marrow" in remark
    assert tab.locator(".vhi-slice circle").get_attribute("visibility") == "visible"
    assert picture(tab) != at_first
    tab.get_by_role("button", name="Back to the start").click()
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
        control.data(),
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
    data, before = control.data(), value(tab, "voxels")
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
        check_numbers(tab, control, lab(phantom).data())
        assert visit.complaints == []


def test_arrow_keys_move_and_resize_what_is_chosen(visit, phantom):
    control, tab = lab(phantom), visit.tab
    data, before = control.data(), settings_on(tab, control)
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
    data, before = control.data(), settings_on(tab, control)
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
    tab.get_by_role("button", name="Back to the start").click()
    assert tab.locator("[data-name=upper]").inner_text() != "–"


def test_an_area_that_leaves_the_scan_says_so_until_it_is_moved(browser, phantom, tmp_path):
    control = lab(phantom)
    control.follow({**control.settings, "slice": 0})
    with Visit(browser, page_of(control, tmp_path)) as visit:
        tab = visit.tab
        assert "reaches slices -1 to 1" in tab.locator(".vhi-remark").inner_text()
        slider(tab, "Radius across").fill("8")
        assert settings_on(tab, control) == {**control.settings, "slice": 1, "radius_1_mm": 8}
        check_numbers(tab, control, control.data())
        assert visit.complaints == []


def test_without_bone_nothing_is_counted_in_it(browser, phantom, tmp_path):
    plain = NormalBoneControl(phantom.stir, **lab(phantom).ellipse())
    with Visit(browser, page_of(plain, tmp_path)) as visit:
        assert visit.tab.locator("[data-name=bone_above]").count() == 0
        assert visit.tab.get_by_role("checkbox").count() == 0
        assert value(visit.tab, "upper") == in_python(plain)["upper"]
        assert visit.complaints == []


# ------------------------------------------------------------------------------------ in a notebook


def check_numbers_in_notebook(shown, control) -> None:
    """The kernel follows the page; numbers are the library's, also that of the whole scan."""
    tab, settings = shown.tab, settings_on(shown.tab, control)
    assert settings == control.settings
    check_numbers(tab, control, shown.widget.data)
    above = control.stir.array[control.bone] >= in_python(control)["lower"]
    assert value(tab, "bone_whole") == np.count_nonzero(above)


def test_in_a_notebook_the_control_follows_its_module(browser, phantom, tmp_path):
    control = lab(phantom)
    start = control.settings
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        check_numbers_in_notebook(shown, control)
        body(tab).focus()
        tab.keyboard.press("Shift+ArrowDown")
        slider(tab, "Radius down").fill("6")
        shown.rest()
        assert control.settings["j"] == start["j"] + 5 * shown.widget.data["down"]["step"]
        assert control.settings["radius_2_mm"] == 6
        check_numbers_in_notebook(shown, control)
        tab.get_by_role("button", name="brightest spot nearby").click()
        shown.rest()
        assert "code cannot tell" in tab.locator(".vhi-remark").inner_text()
        check_numbers_in_notebook(shown, control)


def test_in_a_notebook_the_area_reaches_every_slice(browser, phantom, tmp_path):
    control = lab(phantom)
    start, last = control.settings, phantom.stir.shape[2] - 1
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        at_first = tab.locator("td:not([data-name])").all_inner_texts()
        middle = slider(tab, "Middle slice")
        assert (middle.get_attribute("min"), middle.get_attribute("max")) == ("0", str(last))
        middle.focus()
        for key, index in (("Home", 1), ("End", last - 1)):  # the area has one slice on each side
            tab.keyboard.press(key)
            shown.rest()
            assert control.settings["slice"] == index
            check_numbers_in_notebook(shown, control)
            label = tab.locator("canvas").get_attribute("aria-label")
            assert f", one of the area’s slices {index - 1} to {index + 1}" in label
            focused = tab.evaluate("document.activeElement.getAttribute('aria-label')")
            assert focused.startswith("Middle slice")
        slider(tab, "Number of slices").fill(str(last + 1))
        shown.rest()
        assert control.settings["slices"] == len(shown.widget.data["slices"]) == last + 1
        check_numbers_in_notebook(shown, control)
        assert tab.locator("td:not([data-name])").all_inner_texts() == at_first
        tab.get_by_role("button", name="Back to the start").click()
        shown.rest()
        assert control.settings == start


# ------------------------------------------------------------------------------------- for everyone


def test_every_input_has_a_name(visit):
    check_named(visit.tab)


def test_a_move_is_read_out_once_it_rests(visit):
    slider(visit.tab, "Radius across").fill("12")
    upper = f"upper {value(visit.tab, 'upper'):.0f}"
    visit.tab.locator(f"[role=status]:has-text('{upper}')").wait_for(state="attached")


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
