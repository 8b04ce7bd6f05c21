"""Controls on pages: they compute in the browser what Python computes, and ask nobody."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import vhi
from tests.helpers.browser_pages import (
    PHONE,
    STUDY_CASES,
    axe_findings,
    check_named,
    check_readable,
    computing_page,
    notebook,
    page_of,
)
from tests.helpers.in_browser import Visit
from vhi.controls import ThresholdControl
from vhi.controls.page import (
    control_names,
    encode,
    module_text,
    page_html,
    page_script,
    planes,
    stack_data,
)
from vhi.errors import InputError
from vhi.images.orientation import fullest_slices

LAB = ".vhi-control[data-control=thresholds]"
EIGHT = np.ones((3, 3), int)


@pytest.fixture(scope="module")
def computing(browser, tmp_path_factory):
    names = (
        "decodeArray, decodeStack, percentile, estimateThresholds, thresholdsAt, moveThresholds, "
        "labelCandidates, labelRegions, removeSmallRegions, keptLabels, countLabels, histogram, "
        "keptByLower, dice"
    )
    with computing_page(browser, tmp_path_factory.mktemp("core"), ("core", "sweep"), names) as run:
        yield run


def control_of(measurement) -> ThresholdControl:
    return ThresholdControl(measurement.candidates, t1w=measurement.t1w)


@pytest.fixture(scope="module")
def page(phantom, tmp_path_factory) -> Path:
    return page_of(control_of(phantom), tmp_path_factory.mktemp("page"))


@pytest.fixture
def visit(browser, page):
    with Visit(browser, page) as visit:
        yield visit
        assert visit.left_the_folder(page.parent) == []
        assert visit.requests == [page.as_uri()]
        assert visit.complaints == []


def number(tab, name: str) -> int:
    return int(tab.locator(f"{LAB} [data-name={name}]").get_attribute("data-value"))


def picture(tab) -> str:
    return tab.locator(f"{LAB} canvas").evaluate("canvas => canvas.toDataURL()")


def slider(tab, begins: str):
    return tab.locator(f"{LAB} input[aria-label^='{begins}']")


def handle(tab, name: str):
    return tab.locator(f"[role=slider][aria-label='{name} threshold']")


def kept_at(measurement, thresholds=None) -> np.ndarray:
    """Return what the library keeps at some thresholds, the rule's when not given."""
    labels = vhi.label_candidates(
        measurement.stir.array,
        measurement.disease_region.array,
        thresholds or measurement.thresholds,
    )
    return vhi.remove_small_regions(labels, slice_axis=measurement.stir.slice_axis)


def on_the_page(measurement, thresholds=None, data=None) -> tuple[int, int]:
    """Return what Python counts on a page's slices: at or above the lower, the upper threshold."""
    data = data or control_of(measurement).data()
    slices = [part["index"] for part in data["slices"]]
    kept = np.take(kept_at(measurement, thresholds), slices, axis=measurement.stir.slice_axis)
    return int((kept > 0).sum()), int((kept == 2).sum())


def with_upper(measurement, upper: float):
    """Return the rule's thresholds after the upper one was moved by hand."""
    rule = measurement.thresholds
    return replace(rule, upper=upper, lower=min(rule.lower, upper))


# ---------------------------------------------------------- JavaScript and Python: the same numbers


def check_that_both_agree(measurement, computing):
    """Thresholds, candidates, regions and what is kept, on the three fullest slices."""
    axis = measurement.stir.slice_axis
    slices = fullest_slices(measurement.kept.array, axis, 3)
    multiples = [0.5, 1.0, measurement.thresholds.multiple, 2.5]
    found = computing(
        """({ data, multiples }) => {
            const stack = decodeStack(data);
            const { width, height } = stack;
            const rule = estimateThresholds(stack.normal_bone);
            const at = multiples.map((n) => {
                const thresholds = thresholdsAt(rule, n);
                const labels = stack.slices.map(
                    ({ stir, bone }) => labelCandidates(stack.values, stir, bone, thresholds));
                const kept = keptLabels(stack, thresholds);
                return {
                    thresholds, labels: labels.map((p) => p.join("")),
                    kept: kept.map((p) => p.join("")), ...countLabels(kept),
                    regions: labels.map((p) => labelRegions(p, width, height).regions.join(" ")),
                };
            });
            const lowers = multiples.map((n) => rule.upper_quartile + n * rule.iqr);
            return { rule, at, swept: keptByLower(stack, lowers) };
        }""",
        {"data": stack_data(measurement.candidates, slices), "multiples": multiples},
    )
    assert found["rule"] == asdict(measurement.thresholds)  # to the last bit
    region = measurement.disease_region.array
    for n, here, swept in zip(multiples, found["at"], found["swept"], strict=True):
        thresholds = vhi.thresholds_at(measurement.intensities, n)
        assert here["thresholds"] == asdict(thresholds)
        labels = vhi.label_candidates(measurement.stir.array, region, thresholds)
        kept = vhi.remove_small_regions(labels, slice_axis=axis)
        shown = planes(labels, slices, around=measurement.disease_region)
        assert here["labels"] == ["".join(map(str, plane.ravel())) for plane in shown]
        left = planes(kept, slices, around=measurement.disease_region)
        assert here["kept"] == ["".join(map(str, plane.ravel())) for plane in left]
        assert here["voxels"] == np.count_nonzero(np.take(kept, slices, axis=axis))
        regions = [ndimage.label(plane, EIGHT)[0].ravel() for plane in shown]
        assert here["regions"] == [" ".join(map(str, plane)) for plane in regions]
        if thresholds.lower < thresholds.upper:
            assert swept == here["voxels"]


@pytest.mark.parametrize("case", ["P01", "P03"])
def test_page_and_python_agree_on_the_phantom(case, computing):
    check_that_both_agree(vhi.measure(vhi.find_case("phantom", case, "before")), computing)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", STUDY_CASES)
def test_page_and_python_agree_on_every_study_case(case, computing, study):
    check_that_both_agree(vhi.measure(vhi.find_case("study", case)), computing)


def test_rule_is_python_s_to_the_last_bit_on_any_intensities(computing):
    """Short and long tails, ties, few voxels, and scales from 0.001 to 1000."""
    draw = np.random.default_rng(5)
    samples = [
        np.sort(kind(size=size) * scale)
        for size in (20, 21, 22, 23, 57, 1000)
        for scale in (0.001, 1.0, 1.39, 1000.0)
        for kind in (draw.normal, draw.uniform, draw.lognormal)
    ]
    samples += [np.arange(101.0), np.repeat([1.0, 2.0, 3.0, 5.0], 10)]
    found = computing(
        "samples => samples.map((sorted) => estimateThresholds(sorted))",
        [sample.tolist() for sample in samples],
    )
    assert found == [asdict(vhi.estimate_thresholds(sample)) for sample in samples]
    multiples = [thresholds["multiple"] for thresholds in found]
    assert min(multiples) < 1.5 and max(multiples) > 2


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (np.arange(19.0), "19 voxels"),
        (np.ones(30), "no spread"),
        (np.append(np.arange(30.0), 1e9), "1000 interquartile ranges"),
    ],
)
def test_what_python_refuses_the_page_refuses(values, line, computing):
    with pytest.raises(InputError):
        mask = np.ones((values.size, 1, 1), bool)
        image = vhi.Image(values.reshape(mask.shape), np.eye(4))
        vhi.estimate_thresholds(vhi.normal_bone_intensities(image, image.with_array(mask)))
    said = computing(
        "v => { try { estimateThresholds(v); return ''; } catch (e) { return e.message; } }",
        values.tolist(),
    )
    assert line in said


def test_a_move_settles_n_and_both_thresholds_among_each_other(phantom, computing):
    """A hundred moves of n and both thresholds, one after another, to the last bit."""
    chance, rule = random.Random(2), phantom.thresholds
    highest = {"multiple": 6, "lower": 900, "upper": 900}
    names = [chance.choice(list(highest)) for _ in range(100)]
    moves = [{name: chance.uniform(0, highest[name])} for name in names]
    settled = computing(
        """({ rule, moves }) => {
            let now = rule;
            return moves.map((moved) => (now = moveThresholds(rule, now, moved)));
        }""",
        {"rule": asdict(rule), "moves": moves},
    )
    before = asdict(rule)
    for move, now in zip(moves, settled, strict=True):
        upper = move.get("upper", before["upper"])
        lower = move.get("lower", before["lower"])
        if "multiple" in move:
            lower = vhi.thresholds_at(phantom.intensities, move["multiple"]).lower
        lower = min(lower, upper)
        multiple = move.get("multiple", before["multiple"])
        if "multiple" not in move and lower != before["lower"]:
            multiple = (lower - rule.upper_quartile) / rule.iqr
        assert (now["multiple"], now["lower"], now["upper"]) == (multiple, lower, upper)
        assert now["lower"] <= now["upper"]
        before = now


@pytest.mark.parametrize(("neighbours", "sizes"), [(8, [0, 2, 3, 1]), (4, [0, 1, 3, 1, 1])])
def test_diagonals_join_regions_only_among_eight_neighbours(neighbours, sizes, computing):
    rows = ["#...#",
            ".#..#",
            "....#",
            "#...."]  # fmt: skip
    mask = [int(pixel == "#") for row in rows for pixel in row]
    assert computing("([m, n]) => labelRegions(m, 5, 4, n).sizes", [mask, neighbours]) == sizes


@pytest.mark.parametrize(("min_pixels", "left"), [(1, 7), (3, 7), (4, 4), (5, 0)])
def test_small_regions_go_below_the_limit_and_stay_at_it(min_pixels, left, computing):
    labels = [1, 2, 0, 1,
              1, 2, 0, 2,
              0, 0, 0, 1]  # fmt: skip
    code = "([l, m]) => Array.from(removeSmallRegions(Uint8Array.from(l), 4, 3, m))"
    kept = computing(code, [labels, min_pixels])
    assert sum(label > 0 for label in kept) == left
    assert all(now in (0, before) for now, before in zip(kept, labels, strict=True))


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [([1, 1, 0, 0], [0, 1, 1, 1], 2 / 5), ([0, 0], [0, 0], 1), ([1, 0], [0, 0], 0)],
)
def test_dice_on_the_page_is_the_library_s(first, second, overlap, computing):
    from vhi.statistics.overlap import dice

    assert computing("([a, b]) => dice(a, b)", [first, second]) == overlap
    assert dice(np.array(first, bool), np.array(second, bool)) == overlap


def test_histogram_counts_every_voxel_in_whole_steps(computing, phantom):
    values = np.sort(phantom.intensities)
    found = computing("v => histogram(v)", values.tolist())
    assert sum(found["counts"]) == values.size and len(found["counts"]) <= 100
    edges = np.array(found["edges"])
    assert edges[0] < values[0] and edges[-1] > values[-1]
    np.testing.assert_array_equal(found["counts"], np.histogram(values, edges)[0])
    levels = np.unique(values)
    steps = np.diff(edges) / np.diff(levels).min()
    np.testing.assert_allclose(steps, steps[0].round(), rtol=1e-6)


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.1, -2.5, 1e300]),
        np.array([0, 255], np.uint8),
        np.array([0, 65535], np.uint16),
        np.array([0, 2**32 - 1], np.uint32),
        np.array([1, 0, 0, 1, 1, 0, 1, 0, 1, 1], bool),
        np.zeros(0, bool),
    ],
    ids=lambda array: str(array.dtype),
)
def test_arrays_come_through_as_they_are(array, computing):
    assert computing("a => Array.from(decodeArray(a))", encode(array)) == array.tolist()


def test_an_array_of_another_type_is_refused():
    with pytest.raises(ValueError, match="int64; expected bool, float64, uint8"):
        encode(np.arange(3))


def test_more_intensities_than_fit_two_bytes_are_kept_apart(tiny, computing):
    stir, normal, region = tiny
    many = stir.with_array(stir.array + np.linspace(0, 1e-3, stir.array.size).reshape(stir.shape))
    measurement = vhi.measure_images(many, normal, stir.with_array(np.ones_like(region.array)))
    data = stack_data(measurement.candidates, range(5))
    assert data["slices"][0]["stir"]["type"] == "uint16"
    huge = np.arange(300 * 300 * 2, dtype=float).reshape(300, 300, 2)
    image = vhi.Image(huge, np.diag([1, 1, 3, 1.0]))
    bone = image.with_array(np.ones(huge.shape, bool))
    first = image.with_array(huge < huge.size / 2)
    data = stack_data(vhi.find_candidates(image, first, bone), [0, 1])
    assert data["slices"][0]["stir"]["type"] == "uint32"
    code = "d => Array.from(decodeStack(d).slices[1].stir.slice(0, 3), (i) => i)"
    assert len(set(computing(code, data))) == 3


# ---------------------------------------------------------------------------- the threshold control


def test_page_shows_at_first_what_the_rule_gives(visit, phantom):
    lower, upper = on_the_page(phantom)
    assert (number(visit.tab, "lower"), number(visit.tab, "upper")) == (lower, upper)
    assert f"{lower:,} voxels" in visit.tab.locator("[data-name=lower]").inner_text()
    text = visit.tab.locator(".vhi-control").inner_text()
    assert f"In these 3 slices of the scan’s {phantom.stir.shape[2]}" in text
    assert f"the whole scan has {phantom.vhi.voxels:,} voxels" in text


def test_moving_n_by_keys_moves_number_and_picture_as_python(visit, phantom):
    tab, before = visit.tab, picture(visit.tab)
    slider(tab, "Multiple n").focus()
    for _ in range(8):
        tab.keyboard.press("ArrowLeft")
    n = float(slider(tab, "Multiple n").input_value())
    assert n == pytest.approx(phantom.thresholds.multiple - 0.4)
    thresholds = vhi.thresholds_at(phantom.intensities, n)
    assert (number(tab, "lower"), number(tab, "upper")) == on_the_page(phantom, thresholds)
    assert number(tab, "lower") > on_the_page(phantom)[0]
    assert handle(tab, "Lower").get_attribute("aria-valuenow") == repr(thresholds.lower)
    assert picture(tab) != before


def test_dragging_a_threshold_on_the_histogram_moves_the_number(visit, phantom):
    tab = visit.tab
    grip = handle(tab, "Upper").locator("rect").bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    before = number(tab, "upper"), picture(tab)
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 25, y, steps=5)
    tab.mouse.up()
    upper = float(handle(tab, "Upper").get_attribute("aria-valuenow"))
    assert upper > phantom.thresholds.upper
    moved = with_upper(phantom, upper)
    assert (number(tab, "lower"), number(tab, "upper")) == on_the_page(phantom, moved)
    assert number(tab, "upper") < before[0] and picture(tab) != before[1]
    tab.mouse.move(x - 60, y)  # no longer held
    assert float(handle(tab, "Upper").get_attribute("aria-valuenow")) == upper


def test_a_handle_moves_by_keys_and_takes_the_other_along(visit, phantom):
    tab = visit.tab
    handle(tab, "Upper").focus()
    tab.keyboard.press("PageDown")
    tab.keyboard.press("PageDown")
    tab.keyboard.press("ArrowDown")
    upper = float(handle(tab, "Upper").get_attribute("aria-valuenow"))
    assert upper == phantom.thresholds.upper - 21
    moved = with_upper(phantom, upper)
    assert float(handle(tab, "Lower").get_attribute("aria-valuenow")) == moved.lower == upper
    assert (number(tab, "lower"), number(tab, "upper")) == on_the_page(phantom, moved)
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Upper threshold"
    tab.keyboard.press("End")
    assert handle(tab, "Upper").get_attribute("aria-valuenow") == handle(
        tab, "Upper"
    ).get_attribute("aria-valuemax")


def test_button_goes_back_to_the_paper_s_rule(visit, phantom):
    tab = visit.tab
    before = number(tab, "lower"), number(tab, "upper"), picture(tab)
    for begins, to in (("Upper threshold", "400"), ("Multiple n", "0.3")):
        slider(tab, begins).fill(to)
    assert number(tab, "lower") != before[0] and number(tab, "upper") != before[1]
    tab.get_by_role("button", name="paper’s rule").click()
    assert (number(tab, "lower"), number(tab, "upper"), picture(tab)) == before
    shown = float(handle(tab, "Lower").get_attribute("aria-valuenow"))
    assert shown == phantom.thresholds.lower


def test_t1w_slice_and_candidates_change_the_picture_and_no_number(visit):
    tab = visit.tab
    numbers, pictures = number(tab, "lower"), {picture(tab)}
    slices = slider(tab, "Slice")
    slices.fill("0" if slices.input_value() == "2" else "2")
    pictures.add(picture(tab))
    tab.get_by_role("radio", name="T1w").check()
    pictures.add(picture(tab))
    tab.get_by_role("checkbox", name="candidates").uncheck()
    pictures.add(picture(tab))
    assert len(pictures) == 4
    assert number(tab, "lower") == numbers


def test_every_input_has_a_name_and_says_its_value(visit):
    check_named(visit.tab)
    assert "candidates marked" in visit.tab.locator("canvas").get_attribute("aria-label")


def test_a_move_is_read_out_once_it_rests(visit):
    tab = visit.tab
    slider(tab, "Multiple n").fill("1")
    slider(tab, "Multiple n").fill("0.5")
    status = tab.locator("[role=status][aria-live=polite]:has-text('n 0.50')")
    status.wait_for(state="attached")
    assert status.inner_text().startswith("n 0.50, lower threshold")
    assert f"{number(tab, 'lower'):,} voxels" in status.inner_text()


def test_all_can_be_reached_by_the_tab_key(visit):
    tab, reached = visit.tab, []
    for _ in range(9):
        tab.keyboard.press("Tab")
        reached.append(
            tab.evaluate(
                "(({ariaLabel: a, type, textContent: t, parentElement: p}) => "
                "a || (type === 'button' ? t : p.textContent))(document.activeElement)"
            )
        )
    for wanted in ("Slice", "STIR", "candidates", "Multiple n", "Lower threshold", "Back to"):
        assert any(wanted in name for name in reached), (wanted, reached)
    assert reached[-2:] == ["Lower threshold", "Upper threshold"]


def test_control_fits_a_phone_and_follows_a_finger(browser, page, phantom):
    with Visit(browser, page, **PHONE) as visit:
        tab = visit.tab
        assert tab.evaluate("document.documentElement.scrollWidth") <= 320
        for part in tab.locator("input, button, canvas, svg, strong").all():
            box = part.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 320
        n = slider(tab, "Multiple n")
        n.scroll_into_view_if_needed()
        box, before = n.bounding_box(), picture(tab)
        tab.touchscreen.tap(box["x"] + box["width"] * 0.08, box["y"] + box["height"] / 2)
        multiple = float(n.input_value())
        assert multiple < 1
        thresholds = vhi.thresholds_at(phantom.intensities, multiple)
        assert number(tab, "lower") == on_the_page(phantom, thresholds)[0]
        assert picture(tab) != before
        assert visit.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_either_theme(theme, visit):
    check_readable(visit.tab, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, visit):
    assert axe_findings(visit.tab, theme) == []


def test_without_scripts_the_drawn_twin_is_there(browser, page):
    with Visit(browser, page, java_script_enabled=False) as visit:
        twin = visit.tab.locator(".vhi-control figure.vhi-twin img")
        assert twin.is_visible() and "candidates in yellow" in twin.get_attribute("alt")
        assert visit.tab.locator("input").count() == 0


def test_with_scripts_the_control_stands_in_its_place(visit):
    assert visit.tab.locator("figure.vhi-twin").count() == 0
    assert visit.tab.locator("canvas").is_visible()


def test_two_controls_on_one_page_live_side_by_side(browser, tiny, tmp_path):
    first = vhi.measure_images(*tiny)
    second = vhi.measure_images(*tiny, min_pixels=1)

    class Both:
        def html(self) -> str:
            return control_of(first).html() + control_of(second).html()

    with Visit(browser, page_of(Both(), tmp_path)) as visit:
        counts = visit.tab.locator("[data-name=lower]")
        shown = [int(counts.nth(i).get_attribute("data-value")) for i in range(2)]
        assert shown == [first.vhi.voxels, second.vhi.voxels] == [24, 30]
        # At n = 0.2 the lower threshold is 85: 16 pixels of normal bone reach it.
        slider(visit.tab, "Multiple n").first.fill("0.2")
        assert int(counts.first.get_attribute("data-value")) == 24 + 16
        assert int(counts.nth(1).get_attribute("data-value")) == 30
        assert visit.complaints == []


@pytest.mark.parametrize("slices", [1, 2])
def test_a_scan_of_one_slice_and_one_without_candidates_work(slices, browser, tiny, tmp_path):
    stir, normal, region = tiny
    calm = np.where(normal.array, stir.array, 10.0)[:, :, 2 : 2 + slices]
    cut = [mask.array[:, :, 2 : 2 + slices] for mask in (normal, region)]
    cut[1] = cut[1] & ~cut[0]
    affine = np.diag([0.5, 0.5, 3.3, 1])
    measurement = vhi.measure_images(*(vhi.Image(a, affine) for a in (calm, *cut)))
    with Visit(browser, page_of(control_of(measurement), tmp_path)) as visit:
        assert number(visit.tab, "lower") == 0
        assert slider(visit.tab, "Slice").count() == slices - 1
        slider(visit.tab, "Multiple n").fill("0")
        assert visit.complaints == []


# ------------------------------------------------------------------------------ pieces put together


def test_data_cannot_end_their_element(browser, tmp_path):
    name = "</script><script>document.title = 'taken'</script><!--"
    html = page_html("thresholds", {"case": name}, label='A " & <b>', twin="<p>twin</p>")
    page = tmp_path / "page.html"
    page.write_text(f'<meta charset="utf-8"><title>mine</title>{html}')
    with Visit(browser, page) as visit:
        assert visit.tab.title() == "mine"
        data = visit.tab.locator("script[type='application/json']").text_content()
        assert json.loads(data) == {"case": name}
        # Nothing to compute on: the twin stays.
        assert visit.tab.locator(".vhi-drawn").inner_text() == "twin"
        assert len(visit.complaints) == 1


@pytest.mark.parametrize("name", control_names())
def test_modules_stand_alone(name, computing):
    for text in (module_text(name), page_script(name)):
        assert "import " not in text and "</script" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert module_text(name).count("export ") == 1
    rendered = computing(
        """async (text) => {
            const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
            return typeof (await import(address)).default.render;
        }""",
        module_text(name),
    )
    assert rendered == "function"


@pytest.mark.parametrize("count", [0, 6])
def test_a_page_carries_one_to_five_slices(count, phantom):
    with pytest.raises(ValueError, match=f"slices has {count}; expected 1 to 5"):
        stack_data(phantom.candidates, range(count))


# ------------------------------------------------------------------------------------ in a notebook


def in_notebook(tab, name: str) -> int:
    return int(tab.locator(f"[data-name={name}]").get_attribute("data-value"))


def test_in_a_notebook_the_control_follows_its_module(browser, phantom, tmp_path):
    control = control_of(phantom)
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        assert in_notebook(tab, "whole") == phantom.vhi.voxels
        tab.locator("input[aria-label^='Multiple n']").fill("0.7")
        shown.rest()
        thresholds = vhi.thresholds_at(phantom.intensities, 0.7)
        counts = tuple(in_notebook(tab, name) for name in ("lower", "upper"))
        assert counts == on_the_page(phantom, thresholds, shown.widget.data)
        assert control.settings["lower"] == thresholds.lower
        whole = np.count_nonzero(kept_at(phantom, thresholds))
        assert in_notebook(tab, "whole") == whole > phantom.vhi.voxels
        tab.locator("input[aria-label^='Upper threshold']").fill("300")
        shown.rest()
        whole = np.count_nonzero(kept_at(phantom, with_upper(phantom, 300)))
        assert control.settings["upper"] == 300
        tab.get_by_role("button", name="paper’s rule").click()
        shown.rest()
        assert in_notebook(tab, "whole") == phantom.vhi.voxels
        assert control.settings["lower"] == phantom.thresholds.lower


def test_in_a_notebook_every_slice_can_be_reached(browser, phantom, tmp_path):
    control = control_of(phantom)
    count = phantom.stir.shape[2]
    kept = kept_at(phantom, vhi.thresholds_at(phantom.intensities, 0.8))
    with notebook(browser, tmp_path, control) as shown:
        tab = shown.tab
        slices = tab.locator("input[aria-label='Slice']")
        assert (slices.get_attribute("min"), slices.get_attribute("max")) == ("0", str(count - 1))
        tab.get_by_role("radio", name="T1w").check()
        tab.locator("input[aria-label^='Multiple n']").fill("0.8")
        slices.focus()
        tab.keyboard.press("Home")
        for index in range(count):
            shown.rest()
            assert control.settings["slice"] == index
            canvas = tab.locator("canvas")
            here = np.count_nonzero(np.take(kept, index, axis=2))
            assert canvas.get_attribute("aria-label") == (
                f"T1w slice {index}, candidates marked: {here:,} pixels"
            )
            assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Slice"
            tab.keyboard.press("ArrowRight")
        assert control.settings["multiple"] == 0.8
        present = [part["index"] for part in shown.widget.data["slices"]]
        assert in_notebook(tab, "lower") == np.count_nonzero(np.take(kept, present, axis=2))


def test_a_slice_that_is_not_here_is_asked_for_when_the_slider_rests(browser, phantom, tmp_path):
    control = control_of(phantom)
    with notebook(browser, tmp_path, control) as shown:
        slices, before = shown.tab.locator("input[aria-label='Slice']"), control.settings["slice"]
        move = "(input, event) => { input.value = 0; input.dispatchEvent(new Event(event)); }"
        slices.evaluate(f"input => ({move})(input, 'input')")
        shown.rest()
        assert control.settings["slice"] == before
        slices.evaluate(f"input => ({move})(input, 'change')")
        shown.rest()
        assert control.settings["slice"] == 0


def test_a_control_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no control .core.; there are: .*thresholds"):
        module_text("core")


def test_page_of_a_control_is_small_enough(page):
    assert page.stat().st_size < 2e6


# ----------------------------------------------------------------------------------- the built book

BOOK = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
CONTROL = '<div class="vhi-control"'
WITH_CONTROLS = [
    page
    for page in (*BOOK.glob("index.html"), *sorted(BOOK.glob("notebooks/*.html")))
    if CONTROL in page.read_text()
]
needs_book = pytest.mark.skipif(not WITH_CONTROLS, reason="the book is not built (make book)")


@pytest.mark.book
@needs_book
@pytest.mark.parametrize("built", WITH_CONTROLS, ids=lambda page: page.stem)
def test_every_control_of_the_book_comes_to_life_and_asks_nobody(built, browser):
    assert built.stat().st_size < 4e6
    with Visit(browser, built) as visit:
        controls = visit.tab.locator(".vhi-control")
        assert controls.count() == built.read_text().count(CONTROL)
        for control in controls.all():
            control.scroll_into_view_if_needed()
            assert control.locator(".vhi-live").is_visible()
            assert control.locator(".vhi-drawn").count() == 0
        assert visit.left_the_folder(BOOK) == []
        assert visit.complaints == []


@pytest.mark.book
@needs_book
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("built", WITH_CONTROLS, ids=lambda page: page.stem)
def test_axe_finds_nothing_serious_on_the_book_s_pages(built, theme, browser):
    with Visit(browser, built) as visit:
        for control in visit.tab.locator(".vhi-control").all():
            control.scroll_into_view_if_needed()
        findings = axe_findings(visit.tab, theme)
        assert [rule for rule, impact in findings if impact in ("serious", "critical")] == []


@pytest.mark.book
@needs_book
@pytest.mark.parametrize("name", ["index", "02_normal_bone_and_thresholds"])
def test_threshold_lab_of_the_book_counts_as_python_does(name, browser):
    (built,) = (page for page in WITH_CONTROLS if page.stem == name)
    with Visit(browser, built) as visit:
        tab = visit.tab
        edition = tab.locator(".vhi-edition").get_attribute("data-edition")
        # The first page shows the phantom in either edition.
        study = edition == "study" and name != "index"
        case = vhi.find_case(*(("study", "1007") if study else ("phantom", "P01")), "before")
        measurement, before = vhi.measure(case), picture(tab)
        assert (number(tab, "lower"), number(tab, "upper")) == on_the_page(measurement)
        slider(tab, "Multiple n").fill("0.8")
        thresholds = vhi.thresholds_at(measurement.intensities, 0.8)
        assert (number(tab, "lower"), number(tab, "upper")) == on_the_page(measurement, thresholds)
        assert picture(tab) != before
        assert visit.left_the_folder(BOOK) == []
