"""Keys, strokes and tabs that are faster than the store, and the time spent, in a real browser."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

from dataclasses import replace

import vhi
from tests.helpers.desk import READY, Desk
from tests.helpers.room_at_work import served
from vhi.reading_room.server.session import Session
from vhi.reading_room.store.store import Store


@pytest.mark.parametrize("name", ["Normal bone", "Disease region"])
def test_a_stroke_begun_while_another_is_stored_takes_nothing_of_it_away(desk, name):
    desk.next()
    desk.tab.get_by_role("button", name=name, exact=True).click()
    mask = name.lower().replace(" ", "_")
    before = desk.mask(mask)
    at = desk.slice()
    box = desk.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + 40, box["y"] + 60
    desk.press("p")
    desk.drag((x, y), (x + 40, y))
    desk.until(lambda: desk.mask(mask).sum() > before.sum())
    first = desk.mask(mask) & ~before
    desk.press("z")
    desk.until(lambda: desk.mask(mask).sum() == before.sum())
    with desk.held():
        desk.drag((x, y), (x + 40, y))
        desk.drag((x, y + 100), (x + 40, y + 100))
        desk.tab.mouse.move(10, 10)
        shown = desk.pictures()  # as they will be stored
    both = desk.mask(mask)
    assert both[first].all() and both.sum() > before.sum() + first.sum()
    changed = np.flatnonzero((both != before).any(axis=(1, 2)))
    assert changed.tolist() == [at]
    desk.until(lambda: desk.pictures()[1] == shown[1])
    desk.press("z")
    desk.until(lambda: np.array_equal(desk.mask(mask), before | first))


def test_wheel_and_keys_wait_for_the_end_of_a_stroke_and_escape_leaves_it_off(desk):
    desk.next()
    desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
    desk.press("p")
    at, before = desk.slice(), desk.mask("normal_bone")
    text = desk.text("thresholds")
    mouse = desk.tab.mouse
    box = desk.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + 40, box["y"] + 60
    for end in ("Escape", "up"):
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 10, y, steps=3)
        mouse.wheel(0, 120)
        desk.press("a", "PageDown", "z")
        mouse.move(x + 30, y, steps=3)
        desk.until(desk.drawing)
        if end == "Escape":
            desk.press("Escape")
            desk.until(lambda: desk.text("thresholds") == text)
        mouse.up()
    desk.until(lambda: not desk.drawing())
    changed = np.flatnonzero((desk.mask("normal_bone") != before).any(axis=(1, 2)))
    assert changed.tolist() == [at] == [desk.slice()]
    assert desk.kinds() == ["normal_bone"]


def test_a_stroke_that_is_broken_off_leaves_the_numbers_as_they_stand(desk):
    desk.next()
    desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
    desk.press("e")
    text = desk.text("thresholds")
    box = desk.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.tab.mouse.move(x, y)
    desk.tab.mouse.down()
    desk.tab.mouse.move(x + 40, y + 30, steps=5)
    desk.until(desk.drawing)
    desk.tab.evaluate(  # as a pen does that leaves the screen
        "document.querySelectorAll('canvas')[1].dispatchEvent(new Event('lostpointercapture'))"
    )
    desk.until(lambda: desk.text("thresholds") == text and not desk.drawing())
    desk.tab.mouse.up()
    assert desk.kinds() == []


def test_the_histogram_stays_the_same_when_an_area_is_stored(desk):
    desk.next()
    desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
    desk.press("e")
    plot = desk.tab.locator(".panels .vhi-chart svg")
    before = plot.inner_html()
    box = desk.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    with desk.held():
        desk.drag((x, y), (x + 40, y + 30))
        desk.until(desk.drawing)
        drawn = plot.inner_html()
    desk.until(lambda: not desk.drawing())
    assert plot.inner_html() == drawn != before


def test_a_key_means_the_region_that_is_shown_when_it_is_pressed(desk):
    first = desk.next()
    with desk.held():
        second = desk.next()  # at once, though nothing is stored yet
        desk.press("x")
    desk.wait("removed", 1)
    state = desk.state()
    assert state["removed"] == [second] and first in state["reviewed"]
    with desk.held():
        third = desk.next()
        fourth = desk.next()
        desk.press("x", "x")
    assert len({first, second, third, fourth}) == 4
    desk.until(lambda: desk.kinds()[-2:] == ["edit", "edit"])
    assert desk.state()["removed"] == [second]  # the other was removed and restored
    assert third in desk.state()["reviewed"]


def test_a_key_that_is_held_down_counts_once(desk):
    desk.next()
    keyboard = desk.tab.keyboard
    for _ in range(5):
        keyboard.down("x")
    keyboard.up("x")
    desk.wait("removed", 1)
    before = desk.chosen()
    for _ in range(5):
        keyboard.down("n")
    keyboard.up("n")
    desk.until(lambda: desk.chosen() != before)
    desk.press("z")
    desk.wait("removed", 0)
    assert desk.kinds() == ["edit", "undo"]
    at = desk.slice()
    for _ in range(3):
        keyboard.down("PageDown")  # slices run on
    keyboard.up("PageDown")
    desk.until(lambda: desk.slice() == at + 3)


def test_going_on_to_the_next_region_keeps_what_can_be_redone(desk):
    desk.next()
    desk.press("x")
    desk.wait("removed", 1)
    desk.press("z")
    desk.wait("removed", 0)
    desk.next()
    desk.press("y")
    desk.wait("removed", 1)


def test_keys_go_on_working_after_a_slider_and_a_list(desk):
    tab = desk.tab
    desk.next()
    opacity = tab.get_by_role("slider", name="Opacity of the colours")
    opacity.click(position={"x": 5, "y": 5})
    at, value = desk.slice(), opacity.input_value()
    desk.press("x")
    desk.wait("removed", 1)
    desk.press("ArrowDown")  # the slider has given them back
    desk.until(lambda: desk.slice() == at + 1)
    opacity.focus()
    desk.press("ArrowUp", "z")  # by keys alone it keeps its own
    desk.wait("removed", 0)
    assert opacity.input_value() != value and desk.slice() == at + 1
    reason = tab.get_by_role("combobox", name="Reason")
    reason.focus()
    reason.select_option("vessel")
    before = desk.chosen()
    desk.press("n")
    desk.until(lambda: desk.chosen() != before)
    assert reason.input_value() == "vessel"
    reason.focus()
    desk.press("3", "b", "x")
    desk.wait("removed", 1)
    assert "joint space" in tab.locator(".history").text_content()
    box = tab.get_by_role("button", name="Box")
    assert box.get_attribute("aria-pressed") == "true"


def test_what_another_did_while_a_tab_was_loading_is_not_missed(desk, context):
    reading = desk.room.reading(0)
    point = reading.describe()["now"]["regions"][0]["point"]
    other, acted = Desk(context), []

    def act(route) -> None:
        if not acted:
            asked = {"action": "remove", "points": [point], "reason": ""}
            acted.append(reading.act("edit", asked))
        route.continue_()

    other.tab.route("**/api/case/0/stir", act)
    other.tab.goto(desk.tab.url)
    other.tab.wait_for_selector(READY)
    assert acted and other.number("removed") == 1


def test_a_case_that_fails_late_does_not_close_the_one_that_is_read(context, tmp_path):
    cases = vhi.load_cases("phantom")
    cases = [replace(cases[0], case="bad", stir=tmp_path / "missing.nii.gz"), cases[1]]
    with Store(tmp_path / "s") as store, served(Session(cases, store, "tester")) as room:
        desk, late = Desk(context, room.url), []
        desk.tab.route("**/api/case/0", lambda route: late.append(route))
        desk.tab.evaluate("location.hash = '#case=0'")
        desk.until(lambda: late)
        desk.tab.evaluate("location.hash = '#case=1'")
        desk.tab.wait_for_selector(READY)
        late[0].continue_()
        desk.until(lambda: desk.complaints)  # the browser's own, of the answer 400
        desk.tab.wait_for_timeout(100)
        assert desk.tab.locator(READY).is_visible()
        assert not desk.tab.locator("#problem").is_visible()


def test_a_tab_of_an_earlier_room_stores_nothing_in_the_next(context, tmp_path):
    cases = vhi.load_cases("phantom")
    with Store(tmp_path / "s") as store:
        with served(Session(cases, store, "first")) as room:
            port = room.port
            old = Desk(context, room.url)
            old.open(cases[0].case, cases[0].visit)
        with served(Session(cases[1:], store, "second"), port) as room:
            new = Desk(context, room.url)  # gets the cookie that the old tab sends from now on
            assert "second" in new.tab.locator("#reader").inner_text()
            old.press("n", "x")
            old.until(lambda: old.tab.locator("#problem").is_visible())
            assert "earlier reading room" in old.tab.locator("#problem").inner_text()
            assert store.progress("second") == {} and store.progress("first") == {}


# ------------------------------------------------------------------------------------------- time


def stop_clocks(desk: Desk) -> None:
    """Let only the test move the time of all tabs, which now is an hour ago; open the case anew."""
    clock, then = desk.tab.clock, time.time() - 3600
    clock.install(time=then)
    clock.pause_at(then + 1)
    desk.tab.reload()
    desk.tab.wait_for_selector(READY)


def work(desk: Desk, seconds: int) -> None:
    """Move the pointer for a while."""
    for step in range(seconds):
        desk.tab.mouse.move(300 + step, 300)
        desk.tab.clock.run_for(1000)


def leave(desk: Desk) -> None:
    desk.tab.clock.run_for(500)
    desk.tab.get_by_role("link", name="vhi reading room").click()
    desk.tab.wait_for_selector(".worklist")


def seconds_of(room: Session) -> float:
    case = room.cases[0]
    known = room.store.progress(room.reader).get((case.case, case.visit))
    return known.seconds if known else 0.0


def test_two_windows_at_once_count_once(desk, context):
    other = Desk(context, desk.tab.url.split("#")[0])
    other.open(desk.room.cases[0].case, desk.room.cases[0].visit)
    stop_clocks(desk)
    stop_clocks(other)
    work(desk, 20)  # to this browser both have the focus
    leave(desk)
    leave(other)
    assert 20 <= seconds_of(desk.room) <= 23


def test_a_window_without_the_focus_does_not_count(desk):
    stop_clocks(desk)
    before = seconds_of(desk.room)
    desk.tab.evaluate("document.hasFocus = () => false")
    work(desk, 20)
    leave(desk)
    assert seconds_of(desk.room) == before


def test_time_that_could_not_be_stored_is_stored_with_the_next(desk):
    tab, refused = desk.tab, []

    def refuse(route) -> None:
        refused.append(route)
        route.abort()

    stop_clocks(desk)
    before = seconds_of(desk.room)
    tab.route("**/action", refuse)
    work(desk, 20)
    desk.until(lambda: refused)
    tab.unroute("**/action")
    leave(desk)
    assert 19 <= seconds_of(desk.room) - before <= 21
    desk.complaints.clear()  # of the refused request


def test_a_clock_that_is_set_back_makes_no_idle_time_count(desk):
    stop_clocks(desk)
    before = seconds_of(desk.room)
    desk.press("ArrowDown")
    desk.tab.clock.set_system_time(time.time() - 7200)
    desk.tab.clock.run_for(180_000)
    leave(desk)
    assert 28 <= seconds_of(desk.room) - before <= 32  # what counts after a key


def test_the_time_at_work_is_kept(desk):
    stop_clocks(desk)
    work(desk, 25)
    leave(desk)
    seconds = seconds_of(desk.room)
    assert seconds >= 24
    assert desk.tab.locator("td.number").first.inner_text() == f"0:{seconds:02.0f}"
