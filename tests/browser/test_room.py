"""The reading room, as a reader uses it: every action end to end, in a real browser."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

from dataclasses import replace

import vhi
from tests.helpers.desk import Desk, bits_of
from tests.helpers.room_at_work import Command, served
from tests.helpers.scans import write_nifti
from vhi.reading_room.server.session import Session
from vhi.reading_room.store.store import Store


def read_through(context, source: str, case: str, visit: str, store: Path) -> None:
    """Remove five regions, undo two, lose the server, find all again, finish, export, replay."""
    options = ("--source", source, "--case", case, *(("--visit", visit) if visit else ()))
    with Command(store, *options) as first:
        desk = Desk(context, first.url)
        assert desk.tab.locator(".state").first.inner_text() == "new"
        desk.open(case, visit)
        before = desk.number("volume")
        removed = []
        for count in range(1, 6):
            removed.append(desk.next())
            desk.click_region() if count % 2 else desk.press("x")
            desk.wait("removed", count)
        assert desk.number("volume") < before
        for count in (4, 3):
            desk.press("z")
            desk.wait("removed", count)
        kept = desk.number("volume")
        desk.calm(first.url)
        first.kill()
        desk.press("x")
        desk.tab.wait_for_selector("#problem:not([hidden])")
        assert "does not answer" in desk.tab.locator("#problem").inner_text()
        assert desk.number("volume") == kept  # what is not stored does not show
        desk.tab.close()
    with Command(store, *options) as second:
        desk = Desk(context, second.url)
        assert desk.tab.locator(".state").first.inner_text() == "in progress"
        desk.open(case, visit)
        assert (desk.number("removed"), desk.number("volume")) == (3, kept)
        assert desk.number("judged") >= 3
        desk.press("y")  # what was undone before can be redone after
        desk.wait("removed", 4)
        desk.press("z")
        desk.wait("removed", 3)
        desk.button("Finish")
        desk.tab.get_by_role("button", name="Resume").wait_for()
        desk.button("Export")
        shown = desk.tab.locator("[data-name=exported]")
        desk.until(lambda: desk.text("exported").startswith("Written"), 60)
        path, seen = shown.inner_text().removeprefix("Written to ").split(" (")
        assert seen.startswith("after cleaning; seen ")
        folder = store / path
        desk.calm(second.url)
        desk.tab.get_by_role("link", name="vhi reading room").click()
        desk.tab.wait_for_selector(".worklist")
        assert desk.tab.locator(".state").first.inner_text() == "done"
    record = vhi.load_edits(folder / "edits.json")
    again = vhi.measure(vhi.find_case(source, case, visit), edits=record)
    exported = vhi.load_image(folder / "inflammation.nii.gz").array
    assert np.array_equal(again.inflammation.array, exported)
    assert again.vhi.voxels == kept == np.count_nonzero(exported)
    assert {edit.reader for edit in record.edits} == {"tester"}
    assert again.read and record.finished.reader == "tester"
    assert f"{again.seen.words})" in seen


def test_a_case_is_read_through_a_crash_on_the_phantom(context, tmp_path):
    case = vhi.load_cases("phantom")[0]
    read_through(context, "phantom", case.case, case.visit, tmp_path / "store")


@pytest.mark.exhaustive
def test_a_case_is_read_through_a_crash_on_the_study(study, context, tmp_path):
    read_through(context, "study", "1007", vhi.find_case("study", "1007").visit, tmp_path / "store")


# ---------------------------------------------------------------------------- what a reader can do


def test_the_start_page_leads_in(browser, tmp_path):
    from vhi.commands.open import start_page

    cases = vhi.load_cases("phantom")
    with Store(tmp_path / "s") as store, served(Session(cases, store, "tester")) as room:
        context = browser.new_context()
        with start_page(room.url) as page:
            room.on_admit = page.unlink
            desk = Desk(context)
            desk.tab.goto(page.as_uri())
            desk.tab.wait_for_selector(".worklist")
            assert not page.exists()
            assert "token" not in desk.tab.url
        context.close()


def test_wheel_and_keys_turn_slices_and_the_position_is_shown(desk):
    at = desk.slice()
    pictures = desk.pictures()
    desk.press("ArrowDown")
    assert desk.pictures() != pictures and desk.slice() == at + 1
    desk.press("PageUp", "ArrowUp")
    assert desk.pictures() and desk.slice() == max(at - 1, 0)
    desk.tab.locator("canvas").nth(1).hover()
    desk.tab.mouse.wheel(0, 120)
    assert desk.pictures() and desk.slice() == max(at - 1, 0) + 1
    place = desk.tab.locator(".place").first.inner_text()
    assert " mm" in place and place[0] in "APRLSI"
    for side, letter in desk.room.reading(0).describe()["letters"].items():
        assert desk.tab.locator(f".at-{side}").all_inner_texts() == [letter] * 3


def test_right_button_sets_the_window_and_keys_zoom_and_hide_colours(desk):
    box = desk.tab.locator("canvas").first.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.tab.mouse.move(10, 10)
    one = desk.pictures()
    desk.drag(middle, (middle[0] + 60, middle[1] - 40), button="right")
    desk.tab.mouse.move(10, 10)
    two = desk.pictures()
    assert two[0] != one[0] and two[1] == one[1] and two[2] != one[2]  # T1w has its own window
    desk.press("i")
    desk.until(lambda: desk.pictures() == one)
    for key, back in (("o", "o"), ("+", "f")):
        desk.press(key)
        desk.until(lambda: desk.pictures() != one)
        desk.press(back)
        desk.until(lambda: desk.pictures() == one)
    desk.press("v")
    assert desk.tab.locator(".picture:visible").count() == 1


def test_a_lasso_and_a_box_take_many_in_one_step(desk):
    desk.next()
    total = desk.number("regions")
    box = desk.tab.locator("canvas").first.bounding_box()
    corners = [
        (box["x"] + 3, box["y"] + 3),
        (box["x"] + box["width"] - 3, box["y"] + 3),
        (box["x"] + box["width"] - 3, box["y"] + box["height"] - 3),
        (box["x"] + 3, box["y"] + box["height"] - 3),
    ]
    here = desk.tab.locator(".regions li").count()
    desk.press("b")
    desk.drag(corners[0], corners[2])
    desk.wait("removed", here)
    desk.press("z")
    desk.wait("removed", 0)
    desk.press("l")
    desk.drag(*corners, corners[0])  # closed where it began: no click
    desk.wait("removed", here)
    desk.tab.keyboard.down("Alt")
    desk.drag(*corners)
    desk.tab.keyboard.up("Alt")
    desk.wait("removed", 0)
    assert desk.number("regions") == total


def test_a_whole_lesion_goes_at_once_with_its_reason(desk):
    desk.next()
    desk.press("s", "1", "x")
    desk.until(lambda: desk.number("removed") > 0)
    assert "vessel" in desk.tab.locator(".history").text_content()
    folder = desk.room.reading(0).export(desk.room.export_folder(0))
    (edit,) = vhi.load_edits(folder / "edits.json").edits
    assert (edit.action, edit.scope, edit.reason) == ("remove", "lesion", "vessel")


def test_a_line_cuts_a_region_in_two(desk):
    desk.largest()  # is surely divided by a line through the middle of its box
    total, volume = desk.number("regions"), desk.number("volume")
    x, y = desk.spot()
    desk.press("c")
    box = desk.tab.locator("canvas").first.bounding_box()
    desk.drag((max(x - 100, box["x"] + 2), y), (min(x + 100, box["x"] + box["width"] - 2), y))
    desk.until(lambda: desk.number("regions") > total)
    assert desk.number("volume") == volume  # a cut by itself removes nothing
    desk.press("z")
    desk.wait("regions", total)


def test_the_page_measures_every_action_until_it_is_stored_and_shown(desk):
    desk.largest()
    total = desk.number("regions")
    box = desk.tab.locator("canvas").first.bounding_box()
    x, y = desk.spot()
    ends = max(x - 100, box["x"] + 2), min(x + 100, box["x"] + box["width"] - 2)
    desk.press("c")
    for _ in range(3):
        desk.drag((ends[0], y), (ends[1], y))
        desk.until(lambda: desk.number("regions") > total)
        desk.press("z")
        desk.wait("regions", total)
    for name in ("Normal bone", "Disease region"):
        desk.tab.get_by_role("button", name=name, exact=True).click()
        desk.press("p")
        for n in range(3):
            stored = len(desk.kinds())
            desk.drag((x, y + 20 * n), (x + 20, y + 20 * n))
            desk.until(lambda before=stored: len(desk.kinds()) > before)
    desk.until(lambda: len(desk.measured("vhi-action")) == len(desk.kinds()))
    assert sorted(desk.measured("vhi-action")) == sorted(desk.kinds())
    assert {"edit", "undo", "normal_bone", "disease_region"} == set(desk.kinds())
    assert len(desk.measured("vhi-open")) == 1


def test_an_ellipse_and_a_brush_move_the_thresholds(desk):
    tab = desk.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    desk.press("e")
    before = tab.locator("[data-name=thresholds]").inner_text()
    box = tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 40, y + 30, steps=5)
    desk.until(lambda: desk.text("thresholds") != before)  # while it is drawn
    live = desk.text("thresholds")
    assert desk.drawing()
    tab.mouse.up()
    desk.until(lambda: not desk.drawing())
    assert desk.text("thresholds") == live  # page and library agree
    area = tab.locator("[data-name=area]").inner_text()
    desk.press("p")
    desk.drag((x + 40, y + 30), (x + 60, y + 45))
    desk.until(lambda: desk.text("area") != area)
    desk.press("Control+z", "Control+z")
    desk.until(lambda: desk.text("thresholds") == before)


def test_thresholds_that_are_not_exact_while_drawn_say_so(context, tmp_path):
    case = vhi.load_cases("phantom")[0]
    stir = vhi.load_image(case.stir)
    uneven = np.sqrt(stir.array + 1.0)  # on no lattice of 16 bits
    write_nifti(tmp_path / "uneven.nii.gz", uneven, stir.affine)
    case = replace(case, stir=tmp_path / "uneven.nii.gz")
    with Store(tmp_path / "s") as store, served(Session([case], store, "tester")) as room:
        desk = Desk(context, room.url)
        desk.open(case.case, case.visit)
        desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
        desk.press("e")
        desk.focus()
        desk.press("Enter")
        desk.walk(20, 12)
        desk.until(lambda: desk.text("thresholds").startswith("Thresholds about "))
        desk.press("Enter")
        desk.until(lambda: not desk.drawing())
        assert "about" not in desk.text("thresholds")


def test_erasing_the_disease_region_takes_candidates_away(desk):
    desk.next()
    x, y = desk.spot()
    before = desk.number("volume")
    desk.tab.get_by_role("button", name="Disease region", exact=True).click()
    desk.press("r")
    desk.drag((x, y), (x + 5, y), (x, y + 5))
    desk.until(lambda: desk.number("volume") < before)
    desk.press("z")
    desk.wait("volume", before)


def test_the_pointer_tells_size_and_intensities(desk):
    number = desk.next()
    row = next(r for r in desk.room.reading(0).describe()["now"]["regions"] if r["id"] == number)
    desk.tab.mouse.move(*desk.spot())
    words = f"region {number}: {row['voxels']} pixels, mean {row['mean']:.0f}"
    desk.until(lambda: words in desk.tab.locator(".tip").first.inner_text())
    assert f"{row['voxels']} pixels" in desk.text("region")
    assert desk.tab.locator(".tip").nth(1).inner_text() == ""


def test_what_cannot_be_stored_is_told_and_not_shown(desk, monkeypatch):
    desk.next()
    desk.press("x")
    desk.wait("removed", 1)
    volume = desk.number("volume")

    def full(*_: object, **__: object) -> None:
        raise vhi.InputError("readings.sqlite: the disk is full; free some space")

    monkeypatch.setattr(desk.room.store, "append", full)
    desk.press("x")
    desk.until(lambda: desk.tab.locator("#problem").is_visible())
    assert "the disk is full" in desk.tab.locator("#problem").inner_text()
    assert (desk.number("removed"), desk.number("volume")) == (1, volume)
    monkeypatch.undo()
    desk.press("x")
    desk.wait("removed", 0)
    assert not desk.tab.locator("#problem").is_visible()
    desk.complaints.clear()  # the browser names the refused request


def test_a_simulated_scan_is_called_so(desk):
    assert "simulated" in desk.tab.locator("#where").inner_text()


def test_two_tabs_on_one_case_lose_nothing(desk, context):
    other = Desk(context, desk.tab.url.split("#")[0])
    other.open(desk.room.cases[0].case, desk.room.cases[0].visit)
    first = desk.next()
    desk.press("x")
    desk.wait("removed", 1)
    other.wait("removed", 1)
    while other.next() == first:
        pass
    other.press("x")
    other.wait("removed", 2)
    desk.wait("removed", 2)
    assert desk.number("volume") == other.number("volume")
    assert other.complaints == []


def test_regions_are_reached_and_judged_by_keys_alone(desk):
    first = desk.next()
    second = desk.next()
    assert second != first
    desk.wait("judged", 1)
    desk.press("Shift+N")
    assert desk.chosen() == first
    desk.press("?")
    assert desk.tab.get_by_role("dialog").is_visible()
    desk.press("x", "Escape")
    assert desk.number("removed") == 0  # keys rest while the list is shown


def test_a_region_that_changed_after_it_was_judged_is_to_be_looked_at_again(desk):
    row = desk.largest()
    desk.press("x")
    desk.wait("removed", 1)
    at, y, x = row["point"]
    gone = desk.plane("regions", at) == row["id"]
    gone[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] = False  # this much of it is left
    erased = {"slices": {str(at): {"cleared": bits_of(gone)}}}
    desk.room.reading(0).act("disease_region", erased)  # as another server does
    desk.tab.evaluate("dispatchEvent(new Event('focus'))")
    notes = desk.tab.locator(".panels .notes")
    desk.until(lambda: f"{row['voxels']} then; not applied; look again" in notes.inner_text())
    assert (desk.number("removed"), desk.number("judged")) == (0, 0)
    left = desk.plane("regions", at)[y, x]
    assert desk.chosen() == left  # which has another number now
    desk.next()
    desk.wait("judged", 1)
    assert desk.state()["reviewed"] == [left] and "look again" not in notes.text_content()


def test_the_history_tells_the_readers_own_time_and_what_was_undone(browser, tmp_path):
    context = browser.new_context(timezone_id="Asia/Kolkata")
    cases = vhi.load_cases("phantom")
    with Store(tmp_path / "s") as store, served(Session(cases, store, "tester")) as room:
        desk = Desk(context, room.url)
        desk.open(cases[0].case, cases[0].visit)
        desk.next()
        desk.press("1", "x", "z")
        history = desk.tab.locator(".history li")
        desk.until(lambda: history.count() == 3)
        undone = history.first.text_content()
        (action, _) = store.actions(cases[0].case, cases[0].visit, "tester")[-2:]
        time = dt.datetime.fromisoformat(action.time) + dt.timedelta(hours=5, minutes=30)
        assert history.last.text_content().endswith("the proposal was shown")
        assert history.nth(1).text_content() == f"{time:%Y-%m-%d %H:%M} removed region (vessel)"
        assert undone.endswith("undo: removed region (vessel)")
    context.close()
