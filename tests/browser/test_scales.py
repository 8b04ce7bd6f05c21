"""Controls on scans of any intensity scale: the same text as in Python, sliders that move."""

from __future__ import annotations

import numpy as np
import pytest

import vhi
from tests.helpers.browser_pages import computing_page, page_of
from tests.helpers.in_browser import Visit
from vhi.controls import NormalBoneControl, ThresholdControl
from vhi.digits import digits

SCALES = {
    "0 to 1": lambda array: array / array.max(),
    "millionths": lambda array: array / array.max() * 1e-6,
    "millions": lambda array: array * 1e6,
    "below 0": lambda array: array - 1000,
    "bytes": lambda array: np.round(array / array.max() * 255),
}


def test_pages_show_the_same_text_as_python(browser, tmp_path):
    source = np.random.default_rng(0)
    values = source.standard_normal(400) * 10.0 ** source.integers(-9, 14, 400)
    halves = [n / 8 + 10**k for n in range(40) for k in (0, 2, 5)]  # as near to two numbers
    shown = [*values.round(3).tolist(), *values.tolist(), *halves, 0.0, 9.9996, 1e-4, 1e15, 3e18]
    asked = [[value, *how] for value in shown for how in ((0, 3), (1, 4), (0, 1), (1, 2))]
    with computing_page(browser, tmp_path, ("view",), "digits") as run:
        texts = run("(asked) => asked.map((each) => digits(...each))", asked)
    assert texts == [digits(*each) for each in asked]


@pytest.fixture(scope="module", params=SCALES)
def scaled(request, phantom):
    stir = phantom.stir.with_array(SCALES[request.param](phantom.stir.array))
    return vhi.measure_images(stir, phantom.normal_bone, phantom.disease_region, case="P")


def test_thresholds_can_be_moved_and_read_on_any_scale(browser, scaled, tmp_path):
    page = page_of(ThresholdControl(scaled.candidates), tmp_path)
    rule = scaled.thresholds
    with Visit(browser, page) as visit:
        tab = visit.tab
        lower = tab.locator("input[aria-label^='Lower']")
        assert lower.get_attribute("aria-valuetext") == digits(rule.lower)
        across = tab.locator("svg[aria-label^='Histogram'] text[text-anchor=middle]")
        labels = across.all_text_contents()
        assert len(labels) >= 3 and len(set(labels)) == len(labels)
        numbers = [float(text.replace(",", "")) for text in labels]
        steps = np.diff(numbers)
        assert np.allclose(steps, steps[0], rtol=1e-6) and steps[0] > 0
        for key, sign in (("ArrowLeft", -1), ("PageUp", 1)):
            before = float(lower.input_value())
            lower.press(key)
            moved = float(lower.input_value()) - before
            assert moved * sign > 0 and abs(moved) < 0.5 * (max(numbers) - min(numbers))
        handle = tab.locator("[role=slider][aria-label='Upper threshold']")
        handle.press("ArrowRight")
        text = handle.get_attribute("aria-valuetext")
        assert float(text.replace(",", "")) > rule.lower
        assert visit.complaints == []


def test_the_normal_bone_control_shows_thresholds_on_any_scale(browser, scaled, tmp_path):
    marked = np.argwhere(scaled.normal_bone.array)
    centre = [round(x) for x in marked.mean(axis=0)]
    control = NormalBoneControl(
        scaled.stir, centre=centre, radius_mm=(8.0, 6.0), slices=1, bone=scaled.disease_region
    )
    black, white = control.data()["window"]
    inside = (scaled.stir.array > black) & (scaled.stir.array < white)
    assert inside[scaled.disease_region.array].mean() > 0.9
    with Visit(browser, page_of(control, tmp_path)) as visit:
        tab = visit.tab
        values = {}
        for name in ("lower_quartile", "iqr", "lower", "upper"):
            cell = tab.locator(f"td[data-name={name}]")
            values[name] = float(cell.get_attribute("data-value"))
            assert cell.inner_text() == digits(values[name])
        across = tab.locator("svg[aria-label^='Histogram'] text[text-anchor=middle]")
        numbers = [float(text.replace(",", "")) for text in across.all_text_contents()]
        assert len(set(numbers)) == len(numbers) >= 3
        assert min(numbers) <= values["upper"] <= 1.5 * max(numbers) + abs(min(numbers))
        assert visit.complaints == []
