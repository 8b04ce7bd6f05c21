"""The reading room without a pointer, and its labs, in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

import vhi
from tests.helpers.desk import NUMBERS, READY, bits_of
from vhi.images.orientation import view_of


def test_a_picture_in_focus_takes_the_arrow_keys_for_its_cursor(desk):
    row = desk.row(desk.next())
    at, y, x = row["point"]
    desk.press("ArrowDown", "ArrowUp")
    assert desk.pictures() and desk.slice() == at
    desk.tab.get_by_role("button", name="Keys").focus()
    desk.press("Tab")
    assert desk.tab.evaluate("document.activeElement.getAttribute('aria-label')")[:4] == "STIR"
    before = desk.pictures()
    desk.press("ArrowDown", "Shift+ArrowLeft", "ArrowRight")
    assert desk.pictures() != before and desk.slice() == at
    stored = desk.room.reading(0).describe()["values"]["stir"]
    value = stored["low"] + stored["step"] * desk.plane("stir", at)[y + 1, x - 4]
    words = f"slice {at}, row {y + 1}, column {x - 4}, intensity {value:.0f}, "
    desk.until(lambda: desk.said().startswith(words))
    desk.press("PageDown")
    desk.until(lambda: desk.said().startswith(f"slice {at + 1}, row {y + 1}, column "))
    assert desk.tab.locator(".tip").first.inner_text() != ""
    desk.press("Tab")  # the next picture's cursor stands at the same place
    desk.until(lambda: desk.said().startswith(f"slice {at + 1}, row {y + 1}, column "))
    desk.until(lambda: desk.tab.locator(".tip").nth(1).inner_text() != "")
    desk.tab.locator("canvas").first.click(position={"x": 3, "y": 3})
    desk.press("ArrowUp")  # after a click they turn slices, as before
    assert desk.pictures() and desk.slice() == at


def test_the_cursor_stays_in_the_picture_and_in_sight(desk):
    desk.next()
    desk.press("+", "+", "+", "+")
    desk.focus()
    desk.walk(-400, -400)
    desk.until(lambda: ", row 0, column 0, " in desk.said())
    intensity = desk.said().split("intensity ")[1].split(",")[0]
    tip = desk.tab.locator(".tip").first.inner_text()
    assert tip.replace(",", "") == intensity


def test_point_box_and_lasso_work_by_keys(desk):
    row = desk.largest()
    regions = desk.plane("regions", row["slice"])
    _, y, x = row["point"]
    desk.focus()
    desk.press("Enter")
    desk.wait("removed", 1)
    desk.until(lambda: desk.said().endswith(f"region {row['id']}, removed"))
    desk.press("Enter")
    desk.wait("removed", 0)
    desk.press("b")
    desk.walk(-20, -30)
    desk.press("Enter")
    desk.walk(40, 60)
    desk.until(lambda: "drawing" in desk.said())
    desk.press("x", "n", "z", "PageDown", "a", "Escape")  # nothing else while one is drawn
    assert desk.number("removed") == 0 and desk.slice() == row["slice"]
    desk.press("Enter")
    desk.walk(-40, -60)
    desk.press("Enter")
    touched = set(regions[y - 30 : y + 31, x - 20 : x + 21].ravel()) - {0}
    assert len(touched) > 1
    desk.wait("removed", len(touched))
    assert set(desk.state()["removed"]) == touched
    desk.press("l", "Enter")
    for right, down in ((40, 0), (0, 60), (-40, 0), (0, -60)):
        desk.walk(right, down)
    desk.press("Alt+Enter")
    desk.wait("removed", 0)
    desk.press("z")  # each was one action
    desk.wait("removed", len(touched))
    desk.press("z")
    desk.wait("removed", 0)


def test_a_cut_works_by_keys(desk):
    row = desk.largest()
    total = desk.number("regions")
    desk.focus()
    desk.press("c")
    desk.walk(-30, 0)
    desk.press("Enter")
    desk.walk(60, 0)
    desk.press("Enter")
    desk.until(lambda: desk.number("regions") > total)
    assert desk.number("volume") == desk.state()["volume"]["voxels"]
    assert desk.slice() == row["slice"]


def test_ellipse_and_brush_work_by_keys(desk):
    desk.next()
    desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
    desk.press("e")
    at = desk.slice()
    text, table = desk.text("thresholds"), desk.state()["revisions"]["normal_bone"]
    desk.focus(1)
    desk.press("Enter")
    desk.walk(20, 12)
    desk.until(desk.drawing)
    desk.press("Escape")
    desk.until(lambda: desk.text("thresholds") == text)
    assert desk.state()["revisions"]["normal_bone"] == table  # left off: nothing was drawn
    desk.until(lambda: desk.said().startswith("slice"))
    y, x = (int(number) for number in NUMBERS.findall(desk.said())[1:3])
    desk.press("Enter")
    desk.walk(-20, -12)
    desk.press("Enter")
    desk.until(lambda: desk.text("thresholds") != text and not desk.drawing())
    height, width = desk.plane("stir", at).shape
    rows, columns = np.ogrid[:height, :width]
    ellipse = ((columns - x) / 20) ** 2 + ((rows - y) / 12) ** 2 <= 1
    assert np.array_equal(desk.plane("normal_bone", at), ellipse)
    size = desk.state()["normal_bone"]["voxels"]
    desk.press("p")
    desk.press("Enter")
    desk.walk(3, 0)
    desk.press("Enter")
    desk.until(lambda: desk.state()["normal_bone"]["voxels"] > size)
    desk.press("z", "z")
    desk.until(lambda: desk.text("thresholds") == text)


def test_the_disease_region_is_erased_by_keys(desk):
    row = desk.largest()
    before = desk.number("volume")
    desk.tab.get_by_role("button", name="Disease region", exact=True).click()
    desk.focus()
    desk.press("r", "Enter")
    desk.walk(4, 0)
    desk.press("Enter")
    desk.until(lambda: desk.number("volume") < before)
    _, y, x = row["point"]
    assert not desk.plane("disease_region", row["slice"])[y, x : x + 5].any()


def test_window_and_picture_are_dragged_by_keys(desk):
    desk.next()
    desk.focus()
    for tool in ("w", "m"):
        desk.press(tool)
        before = desk.pictures()
        desk.press("Enter", "Shift+ArrowRight", "Shift+ArrowUp", "Enter")
        after = desk.pictures()
        assert after[0] != before[0]
        assert (after[1] != before[1]) == (tool == "m")  # T1w has its own window
    assert desk.state()["undo"] is None  # a way of looking, not an action


# ------------------------------------------------------------------------------------------ labs


def test_what_if_labs_compute_on_the_case_and_change_nothing(desk):
    desk.next()
    known = desk.state()["known"]
    dialog = desk.lab("Thresholds …")
    assert "does not change the reading" in dialog.inner_text()
    picture = dialog.locator("canvas:visible")
    assert picture.get_attribute("aria-label").startswith(f"STIR slice {desk.slice()},")
    upper = dialog.get_by_role("slider", name="Upper threshold (intensity)").first
    shown = dialog.locator("[data-name=lower]")
    before = int(shown.get_attribute("data-value"))
    dialog.get_by_role("slider", name="Multiple n").first.fill("0.5")
    desk.until(lambda: int(shown.get_attribute("data-value")) > before)
    assert float(upper.input_value()) == pytest.approx(desk.state()["thresholds"]["upper"], abs=1)
    desk.press("x", "n", "z")  # the room's keys rest
    desk.press("Escape")
    assert desk.tab.locator("dialog[open]").count() == 0
    dialog = desk.lab("Specks …")
    kept = dialog.locator("[data-name=voxels]")
    before = int(kept.get_attribute("data-value"))
    dialog.get_by_role("slider", name="Smallest region").fill("20")
    desk.until(lambda: int(kept.get_attribute("data-value")) < before)
    dialog.get_by_role("button", name="Close").click()
    assert desk.state()["known"] == known and desk.number("removed") == 0


def test_an_ellipse_with_handles_is_used_in_one_step(desk):
    tab = desk.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    before = desk.text("thresholds")
    dialog = desk.lab("Ellipse with handles")
    dialog.get_by_role("button", name="Area of normal bone").focus()
    desk.press("Shift+ArrowLeft", "ArrowUp")
    grip = dialog.get_by_role("slider", name="Width of the area (radius)")
    grip.focus()
    desk.press("ArrowLeft", "ArrowLeft")
    found = {
        name: float(dialog.locator(f"td[data-name={name}]").get_attribute("data-value"))
        for name in ("voxels", "lower", "upper", "multiple")
    }
    dialog.get_by_role("button", name="Use this area").click()
    desk.until(lambda: desk.text("thresholds") != before)
    now = desk.state()
    assert now["normal_bone"]["voxels"] == found["voxels"]
    for name in ("lower", "upper", "multiple"):  # the page computes as the library does
        assert now["thresholds"][name] == found[name]
    desk.press("z")
    desk.until(lambda: desk.text("thresholds") == before)
    assert desk.state()["normal_bone"]["changed"] == 0


def test_the_ellipse_used_is_the_librarys_and_can_be_added(desk):
    tab = desk.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    reading = desk.room.reading(0)
    opened, lab = reading.opened, reading.lab("normal_bone")
    expected = vhi.draw_normal_bone(
        opened.scans.stir,
        centre=[lab[name] for name in ("i", "j", "slice")],
        radius_mm=(lab["radius_1_mm"], lab["radius_2_mm"]),
        slices=lab["slices"],
    )
    before = opened.areas.normal_bone.mask.array
    shown = view_of(opened.scans.stir).shown
    for adds, area in ((True, expected | before), (False, expected)):
        tab.get_by_label("add to the area").set_checked(adds)
        dialog = desk.lab("Ellipse with handles")
        assert ("is added to" in dialog.inner_text()) == adds
        dialog.get_by_role("button", name="Use this area").click()
        desk.until(lambda: desk.state()["normal_bone"]["changed"] > 0)
        assert np.array_equal(desk.mask("normal_bone"), shown(area))
        desk.until(lambda: "changed" in desk.text("area"))
        desk.press("z")
        desk.until(lambda: desk.state()["normal_bone"]["changed"] == 0)


def test_a_lab_without_thresholds_says_why(desk):
    tab = desk.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    reading = desk.room.reading(0)
    slices, rows, columns = reading.describe()["shape"]
    all_cleared = {"cleared": bits_of(np.ones((rows, columns), bool))}
    reading.act("normal_bone", {"slices": {str(k): all_cleared for k in range(slices)}})
    tab.reload()
    tab.wait_for_selector(READY)
    for name in ("Thresholds …", "Specks …"):
        assert tab.get_by_role("button", name=name).is_disabled()
    at = desk.slice()
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    dialog = desk.lab("Ellipse with handles")  # begins in the middle of a slice
    dialog.get_by_role("button", name="Use this area").click()
    desk.until(lambda: desk.state()["thresholds"] is not None)
    assert desk.plane("normal_bone", at).any()
