"""The reading room, as a reader uses it: every action end to end, in a real browser."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

from dataclasses import replace

from conftest import write_nifti
from room_at_work import Command, served

import vhi
from vhi.nifti import load_mask
from vhi.room.room import Room
from vhi.room.store import Store

READY = ".reading .panels"
NUMBERS = re.compile(r"\d+")
# The page keeps no times of its own.
OBSERVE = """window.took = [];
new PerformanceObserver((list) => window.took.push(...list.getEntries()))
  .observe({ type: "measure", buffered: true });"""


class Desk:
    """One tab with the reading room, watched."""

    def __init__(self, context, url: str | None = None) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab = context.new_page()
        self.tab.add_init_script(OBSERVE)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", self._console)
        self.tab.on("request", lambda request: self.requests.append(request.url))
        if url is not None:
            self.tab.goto(url)
            self.tab.wait_for_selector(".worklist")

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, case: str, visit: str = "") -> None:
        self.tab.get_by_role("link", name=f"{case} {visit}".strip(), exact=True).click()
        self.tab.wait_for_selector(READY)

    def number(self, name: str) -> int:
        seen = self.tab.locator("[data-name=seen]")
        if name == "volume":
            return int(self.tab.locator("[data-name=volume]").get_attribute("data-value"))
        return int(seen.get_attribute(f"data-{name}"))

    def until(self, holds, seconds: float = 20) -> None:
        """Wait until something holds; the page's own rules forbid it to evaluate a condition."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.tab.locator("#problem").text_content()
            self.tab.wait_for_timeout(20)

    def wait(self, name: str, value: int) -> None:
        self.until(lambda: self.number(name) == value)

    def text(self, name: str) -> str:
        return self.tab.locator(f"[data-name={name}]").inner_text()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def chosen(self) -> int:
        return int(self.tab.locator("[data-name=region]").get_attribute("data-region"))

    def next(self) -> int:
        """Go on to the next region; give its number."""
        before = self.tab.locator("[data-name=region]").get_attribute("data-region")
        self.press("n")
        self.until(
            lambda: self.tab.locator("[data-name=region]").get_attribute("data-region") != before
        )
        return self.chosen()

    def spot(self) -> tuple[float, float]:
        """Where the chosen region lies on the screen, in the STIR picture."""
        self.tab.wait_for_timeout(50)
        x, y = self.tab.locator("canvas").first.get_attribute("data-chosen").split()
        return float(x), float(y)

    def click_region(self) -> None:
        self.tab.mouse.click(*self.spot())

    def tool(self, name: str) -> None:
        self.tab.get_by_role("button", name=name).first.click()

    def button(self, name: str) -> None:
        self.tab.get_by_role("button", name=name).click()

    def drag(self, *points: tuple[float, float], button: str = "left") -> None:
        mouse = self.tab.mouse
        mouse.move(*points[0])
        mouse.down(button=button)
        for point in points[1:]:
            mouse.move(*point, steps=8)
        mouse.up(button=button)

    def focus(self, picture: int = 0) -> None:
        """Put a picture in focus, as Tab does; its cursor then begins at the chosen region."""
        self.tab.locator("canvas").nth(picture).focus()

    def walk(self, right: int, down: int) -> None:
        """Move the cursor so many pixels."""
        for steps, forth, back in (
            (right, "ArrowRight", "ArrowLeft"),
            (down, "ArrowDown", "ArrowUp"),
        ):
            far, near = divmod(abs(steps), 5)
            key = forth if steps > 0 else back
            self.press(*[f"Shift+{key}"] * far, *[key] * near)

    def state(self) -> dict:
        """How the case stands, as the server has it."""
        return self.room.reading(0).describe()["now"]

    def row(self, region: int) -> dict:
        return next(row for row in self.state()["regions"] if row["id"] == region)

    def plane(self, name: str, index: int) -> np.ndarray:
        """A slice of an array as shown."""
        reading = self.room.reading(0)
        described = reading.describe()
        kind = np.dtype(described["arrays"][name])
        return np.frombuffer(reading.array(name, index), kind).reshape(described["shape"][1:])

    def largest(self) -> dict:
        """Go to the largest region of the case and choose it."""
        self.next()
        row = max(self.state()["regions"], key=lambda each: each["voxels"])
        self.go(row["slice"])
        self.tab.locator(f".regions li[data-region='{row['id']}'] button").click()
        self.until(lambda: self.chosen() == row["id"])
        return row

    def go(self, index: int) -> None:
        while self.slice() != index:
            self.press("PageDown" if self.slice() < index else "PageUp")
            self.tab.wait_for_timeout(30)

    def said(self) -> str:
        """What is read out of the cursor's place."""
        return self.tab.locator(".reading > [role=status]").text_content()

    def drawing(self) -> bool:
        """Whether an area is being drawn: what follows is shown, the volume is not."""
        return self.text("volume") == "–"

    def lab(self, name: str):
        """Open a lab; give its dialog."""
        self.tab.get_by_role("button", name=name).click()
        dialog = self.tab.locator("dialog[open]")
        dialog.locator("canvas:visible").wait_for()
        return dialog

    def pictures(self) -> list[str]:
        self.tab.wait_for_timeout(60)
        return self.tab.evaluate("[...document.querySelectorAll('canvas')].map(c => c.toDataURL())")

    def slice(self) -> int:
        return int(self.tab.locator(".place").first.inner_text().split("slice ")[1].split()[0])

    def milliseconds(self, name: str) -> list[tuple[float, str]]:
        """How long each action took until it was stored and shown, and of what kind it was."""
        return self.tab.evaluate(
            "name => took.filter(each => each.name === name).map(e => [e.duration, e.detail])", name
        )

    @contextmanager
    def held(self) -> Iterator[list]:
        """Let nothing be stored meanwhile; at the end it is, one after another."""
        waiting, hold = [], True

        def answer(route) -> None:
            waiting.append(route) if hold else route.continue_()

        self.tab.route("**/action", answer)
        yield waiting
        self.until(lambda: waiting)
        hold = False
        for route in waiting:
            route.continue_()
        self.until(lambda: self.tab.locator("#saved").inner_text() != "Saving …")
        self.tab.unroute("**/action")

    def kinds(self) -> list[str]:
        """What was stored, in order."""
        case = self.room.cases[0]
        actions = self.room.store.actions(case.case, case.visit, self.room.reader)
        return [action.kind for action in actions if action.kind != "seconds"]

    def mask(self, name: str) -> np.ndarray:
        """A whole mask as shown."""
        described = self.room.reading(0).describe()
        array = np.frombuffer(self.room.reading(0).array(name), np.uint8)
        return array.reshape(described["shape"]) > 0

    def calm(self, url: str) -> None:
        """Insist that nothing was complained of and nothing asked from elsewhere."""
        origin = url.split("/?")[0]
        assert self.complaints == []
        assert [r for r in self.requests if not r.startswith((origin + "/", "data:"))] == []


def bits_of(plane: np.ndarray) -> str:
    """A plane as a page sends it."""
    return base64.b64encode(np.packbits(plane)).decode()


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    yield context
    context.close()


@pytest.fixture
def phantom(tmp_path, context):
    """The phantom's worklist, and its first case open."""
    with (
        Store(tmp_path / "store") as store,
        served(Room(vhi.load_cases("phantom"), store, "tester", source="phantom")) as room,
    ):
        room.address = room.url
        desk = Desk(context, room.url)
        desk.room = room
        desk.open(room.cases[0].case, room.cases[0].visit)
        yield desk
        desk.calm(room.address)


# ------------------------------------------------------------------------ one case, from end to end


def quick(took: list[tuple[float, str]], *kinds: str) -> None:
    """Insist that actions were stored and shown, and none of them kept a reader waiting.

    Ten times the target of 100 ms, which the benchmark holds: a test machine may be busy.
    """
    for kind in kinds:
        times = [ms for ms, of in took if of == kind]
        assert times and np.median(times) < 1000, (kind, times)


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
        took = desk.milliseconds("vhi-action")
        opened = desk.milliseconds("vhi-open")[0][0]
        print(f"{source} {case}: opened in {opened:.0f} ms, actions {took}")
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
        desk.tab.get_by_role("button", name="Take up again").wait_for()
        desk.button("Export")
        shown = desk.tab.locator("[data-name=exported]")
        desk.until(lambda: desk.text("exported").startswith("Written"), 60)
        folder = store / shown.inner_text().removeprefix("Written to ")
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
    assert opened < 4000  # the benchmark holds the target of 2 s; a test machine may be busy
    quick(took, "edit", "undo")


def test_a_case_is_read_through_a_crash_on_the_phantom(context, tmp_path):
    case = vhi.load_cases("phantom")[0]
    read_through(context, "phantom", case.case, case.visit, tmp_path / "store")


@pytest.mark.study
@pytest.mark.slow
def test_a_case_is_read_through_a_crash_on_the_study(study, context, tmp_path):
    read_through(context, "study", "1007", vhi.find_case("study", "1007").visit, tmp_path / "store")


# ---------------------------------------------------------------------------- what a reader can do


def test_the_letter_for_the_browser_leads_in(browser, tmp_path):
    from vhi import _open_command

    cases = vhi.load_cases("phantom")
    with Store(tmp_path / "s") as store, served(Room(cases, store, "tester")) as room:
        context = browser.new_context()
        with _open_command._letter(room.url) as letter:
            room.on_admit = letter.unlink
            desk = Desk(context)
            desk.tab.goto(letter.as_uri())
            desk.tab.wait_for_selector(".worklist")
            assert not letter.exists()
            assert "token" not in desk.tab.url
        context.close()


def test_wheel_and_keys_turn_slices_and_the_position_is_shown(phantom):
    at = phantom.slice()
    pictures = phantom.pictures()
    phantom.press("ArrowDown")
    assert phantom.pictures() != pictures and phantom.slice() == at + 1
    phantom.press("PageUp", "ArrowUp")
    assert phantom.pictures() and phantom.slice() == max(at - 1, 0)
    phantom.tab.locator("canvas").nth(1).hover()
    phantom.tab.mouse.wheel(0, 120)
    assert phantom.pictures() and phantom.slice() == max(at - 1, 0) + 1
    place = phantom.tab.locator(".place").first.inner_text()
    assert " mm" in place and place[0] in "APRLSI"
    for side, letter in phantom.room.reading(0).describe()["letters"].items():
        assert phantom.tab.locator(f".at-{side}").all_inner_texts() == [letter] * 3


def test_right_button_sets_the_window_and_keys_zoom_and_hide_colours(phantom):
    box = phantom.tab.locator("canvas").first.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    phantom.tab.mouse.move(10, 10)
    one = phantom.pictures()
    phantom.drag(middle, (middle[0] + 60, middle[1] - 40), button="right")
    phantom.tab.mouse.move(10, 10)
    two = phantom.pictures()
    assert two[0] != one[0] and two[1] == one[1] and two[2] != one[2]  # T1w has its own window
    phantom.press("i")
    phantom.until(lambda: phantom.pictures() == one)
    for key, back in (("o", "o"), ("+", "f")):
        phantom.press(key)
        phantom.until(lambda: phantom.pictures() != one)
        phantom.press(back)
        phantom.until(lambda: phantom.pictures() == one)
    phantom.press("v")
    assert phantom.tab.locator(".picture:visible").count() == 1


def test_a_lasso_and_a_box_take_many_in_one_step(phantom):
    phantom.next()
    total = phantom.number("regions")
    box = phantom.tab.locator("canvas").first.bounding_box()
    corners = [
        (box["x"] + 3, box["y"] + 3),
        (box["x"] + box["width"] - 3, box["y"] + 3),
        (box["x"] + box["width"] - 3, box["y"] + box["height"] - 3),
        (box["x"] + 3, box["y"] + box["height"] - 3),
    ]
    here = phantom.tab.locator(".regions li").count()
    phantom.press("b")
    phantom.drag(corners[0], corners[2])
    phantom.wait("removed", here)
    phantom.press("z")
    phantom.wait("removed", 0)
    phantom.press("l")
    phantom.drag(*corners, corners[0])  # closed where it began: no click
    phantom.wait("removed", here)
    phantom.tab.keyboard.down("Alt")
    phantom.drag(*corners)
    phantom.tab.keyboard.up("Alt")
    phantom.wait("removed", 0)
    assert phantom.number("regions") == total


def test_a_whole_lesion_goes_at_once_with_its_reason(phantom):
    phantom.next()
    phantom.press("s", "1", "x")
    phantom.until(lambda: phantom.number("removed") > 0)
    assert "vessel" in phantom.tab.locator(".history").text_content()
    folder = phantom.room.reading(0).export(phantom.room.export_folder(0))
    (edit,) = vhi.load_edits(folder / "edits.json").edits
    assert (edit.action, edit.scope, edit.reason) == ("remove", "lesion", "vessel")


def test_a_line_cuts_a_region_in_two(phantom):
    phantom.largest()  # is surely divided by a line through the middle of its box
    total, volume = phantom.number("regions"), phantom.number("volume")
    x, y = phantom.spot()
    phantom.press("c")
    box = phantom.tab.locator("canvas").first.bounding_box()
    phantom.drag((max(x - 100, box["x"] + 2), y), (min(x + 100, box["x"] + box["width"] - 2), y))
    phantom.until(lambda: phantom.number("regions") > total)
    assert phantom.number("volume") == volume  # a cut by itself removes nothing
    phantom.press("z")
    phantom.wait("regions", total)


def test_a_cut_and_a_stroke_keep_no_reader_waiting(phantom):
    phantom.largest()
    total = phantom.number("regions")
    box = phantom.tab.locator("canvas").first.bounding_box()
    x, y = phantom.spot()
    ends = max(x - 100, box["x"] + 2), min(x + 100, box["x"] + box["width"] - 2)
    phantom.press("c")
    for _ in range(3):
        phantom.drag((ends[0], y), (ends[1], y))
        phantom.until(lambda: phantom.number("regions") > total)
        phantom.press("z")
        phantom.wait("regions", total)
    for name in ("Normal bone", "Disease region"):
        phantom.tab.get_by_role("button", name=name, exact=True).click()
        phantom.press("p")
        for n in range(3):
            stored = len(phantom.kinds())
            phantom.drag((x, y + 20 * n), (x + 20, y + 20 * n))
            phantom.until(lambda before=stored: len(phantom.kinds()) > before)
    phantom.until(lambda: len(phantom.milliseconds("vhi-action")) == len(phantom.kinds()))
    quick(phantom.milliseconds("vhi-action"), "edit", "normal_bone", "disease_region")


def test_an_ellipse_and_a_brush_move_the_thresholds(phantom):
    tab = phantom.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    before = tab.locator("[data-name=thresholds]").inner_text()
    box = tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 40, y + 30, steps=5)
    phantom.until(lambda: phantom.text("thresholds") != before)  # while it is drawn
    live = phantom.text("thresholds")
    assert phantom.drawing()
    tab.mouse.up()
    phantom.until(lambda: not phantom.drawing())
    assert phantom.text("thresholds") == live  # page and library agree
    area = tab.locator("[data-name=area]").inner_text()
    phantom.press("p")
    phantom.drag((x + 40, y + 30), (x + 60, y + 45))
    phantom.until(lambda: phantom.text("area") != area)
    phantom.press("Control+z", "Control+z")
    phantom.until(lambda: phantom.text("thresholds") == before)


def test_thresholds_that_are_not_exact_while_drawn_say_so(context, tmp_path):
    case = vhi.load_cases("phantom")[0]
    stir = vhi.load_image(case.stir)
    uneven = np.sqrt(stir.array + 1.0)  # on no lattice of 16 bits
    write_nifti(tmp_path / "uneven.nii.gz", uneven, stir.affine)
    case = replace(case, stir=tmp_path / "uneven.nii.gz")
    with Store(tmp_path / "s") as store, served(Room([case], store, "tester")) as room:
        desk = Desk(context, room.url)
        desk.open(case.case, case.visit)
        desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
        desk.focus()
        desk.press("Enter")
        desk.walk(20, 12)
        desk.until(lambda: desk.text("thresholds").startswith("Thresholds about "))
        desk.press("Enter")
        desk.until(lambda: not desk.drawing())
        assert "about" not in desk.text("thresholds")


def test_erasing_the_disease_region_takes_candidates_away(phantom):
    phantom.next()
    x, y = phantom.spot()
    before = phantom.number("volume")
    phantom.tab.get_by_role("button", name="Disease region", exact=True).click()
    phantom.press("r")
    phantom.drag((x, y), (x + 5, y), (x, y + 5))
    phantom.until(lambda: phantom.number("volume") < before)
    phantom.press("z")
    phantom.wait("volume", before)


def test_the_pointer_tells_size_and_intensities(phantom):
    number = phantom.next()
    row = next(r for r in phantom.room.reading(0).describe()["now"]["regions"] if r["id"] == number)
    phantom.tab.mouse.move(*phantom.spot())
    words = f"region {number}: {row['voxels']} pixels, mean {row['mean']:.0f}"
    phantom.until(lambda: words in phantom.tab.locator(".tip").first.inner_text())
    assert f"{row['voxels']} pixels" in phantom.text("region")
    assert phantom.tab.locator(".tip").nth(1).inner_text() == ""


def test_what_cannot_be_stored_is_told_and_not_shown(phantom, monkeypatch):
    phantom.next()
    phantom.press("x")
    phantom.wait("removed", 1)
    volume = phantom.number("volume")

    def full(*_: object, **__: object) -> None:
        raise vhi.InputError("readings.sqlite: the disk is full; free some space")

    monkeypatch.setattr(phantom.room.store, "append", full)
    phantom.press("x")
    phantom.until(lambda: phantom.tab.locator("#problem").is_visible())
    assert "the disk is full" in phantom.tab.locator("#problem").inner_text()
    assert (phantom.number("removed"), phantom.number("volume")) == (1, volume)
    monkeypatch.undo()
    phantom.press("x")
    phantom.wait("removed", 0)
    assert not phantom.tab.locator("#problem").is_visible()
    phantom.complaints.clear()  # the browser names the refused request


# ------------------------------------------------- while an action is on its way to the store


@pytest.mark.parametrize("name", ["Normal bone", "Disease region"])
def test_a_stroke_begun_while_another_is_stored_takes_nothing_of_it_away(phantom, name):
    phantom.next()
    phantom.tab.get_by_role("button", name=name, exact=True).click()
    mask = name.lower().replace(" ", "_")
    before = phantom.mask(mask)
    at = phantom.slice()
    box = phantom.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + 40, box["y"] + 60
    phantom.press("p")
    phantom.drag((x, y), (x + 40, y))
    phantom.until(lambda: phantom.mask(mask).sum() > before.sum())
    first = phantom.mask(mask) & ~before
    phantom.press("z")
    phantom.until(lambda: phantom.mask(mask).sum() == before.sum())
    with phantom.held():
        phantom.drag((x, y), (x + 40, y))
        phantom.drag((x, y + 100), (x + 40, y + 100))
        phantom.tab.mouse.move(10, 10)
        shown = phantom.pictures()  # as they will be stored
    both = phantom.mask(mask)
    assert both[first].all() and both.sum() > before.sum() + first.sum()
    changed = np.flatnonzero((both != before).any(axis=(1, 2)))
    assert changed.tolist() == [at]
    phantom.until(lambda: phantom.pictures()[1] == shown[1])
    phantom.press("z")
    phantom.until(lambda: np.array_equal(phantom.mask(mask), before | first))


def test_wheel_and_keys_wait_for_the_end_of_a_stroke_and_escape_leaves_it_off(phantom):
    phantom.next()
    phantom.tab.get_by_role("button", name="Normal bone", exact=True).click()
    phantom.press("p")
    at, before = phantom.slice(), phantom.mask("normal_bone")
    text = phantom.text("thresholds")
    mouse = phantom.tab.mouse
    box = phantom.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + 40, box["y"] + 60
    for end in ("Escape", "up"):
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 10, y, steps=3)
        mouse.wheel(0, 120)
        phantom.press("a", "PageDown", "z")
        mouse.move(x + 30, y, steps=3)
        phantom.until(phantom.drawing)
        if end == "Escape":
            phantom.press("Escape")
            phantom.until(lambda: phantom.text("thresholds") == text)
        mouse.up()
    phantom.until(lambda: not phantom.drawing())
    changed = np.flatnonzero((phantom.mask("normal_bone") != before).any(axis=(1, 2)))
    assert changed.tolist() == [at] == [phantom.slice()]
    assert phantom.kinds() == ["normal_bone"]


def test_a_stroke_that_is_broken_off_leaves_the_numbers_as_they_stand(phantom):
    phantom.next()
    phantom.tab.get_by_role("button", name="Normal bone", exact=True).click()
    text = phantom.text("thresholds")
    box = phantom.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    phantom.tab.mouse.move(x, y)
    phantom.tab.mouse.down()
    phantom.tab.mouse.move(x + 40, y + 30, steps=5)
    phantom.until(phantom.drawing)
    phantom.tab.evaluate(  # as a pen does that leaves the screen
        "document.querySelectorAll('canvas')[1].dispatchEvent(new Event('lostpointercapture'))"
    )
    phantom.until(lambda: phantom.text("thresholds") == text and not phantom.drawing())
    phantom.tab.mouse.up()
    assert phantom.kinds() == []


def test_the_histogram_stays_the_same_when_an_area_is_stored(phantom):
    phantom.next()
    phantom.tab.get_by_role("button", name="Normal bone", exact=True).click()
    plot = phantom.tab.locator(".panels .vhi-chart svg")
    before = plot.inner_html()
    box = phantom.tab.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    with phantom.held():
        phantom.drag((x, y), (x + 40, y + 30))
        phantom.until(phantom.drawing)
        drawn = plot.inner_html()
    phantom.until(lambda: not phantom.drawing())
    assert plot.inner_html() == drawn != before


def test_a_key_means_the_region_that_is_shown_when_it_is_pressed(phantom):
    first = phantom.next()
    with phantom.held():
        second = phantom.next()  # at once, though nothing is stored yet
        phantom.press("x")
    phantom.wait("removed", 1)
    state = phantom.state()
    assert state["removed"] == [second] and first in state["reviewed"]
    with phantom.held():
        third = phantom.next()
        fourth = phantom.next()
        phantom.press("x", "x")
    assert len({first, second, third, fourth}) == 4
    phantom.until(lambda: phantom.kinds()[-2:] == ["edit", "edit"])
    assert phantom.state()["removed"] == [second]  # the other was removed and restored
    assert third in phantom.state()["reviewed"]


def test_a_key_that_is_held_down_counts_once(phantom):
    phantom.next()
    keyboard = phantom.tab.keyboard
    for _ in range(5):
        keyboard.down("x")
    keyboard.up("x")
    phantom.wait("removed", 1)
    before = phantom.chosen()
    for _ in range(5):
        keyboard.down("n")
    keyboard.up("n")
    phantom.until(lambda: phantom.chosen() != before)
    phantom.press("z")
    phantom.wait("removed", 0)
    assert phantom.kinds() == ["edit", "undo"]
    at = phantom.slice()
    for _ in range(3):
        keyboard.down("PageDown")  # slices run on
    keyboard.up("PageDown")
    phantom.until(lambda: phantom.slice() == at + 3)


def test_going_on_to_the_next_region_keeps_what_can_be_redone(phantom):
    phantom.next()
    phantom.press("x")
    phantom.wait("removed", 1)
    phantom.press("z")
    phantom.wait("removed", 0)
    phantom.next()
    phantom.press("y")
    phantom.wait("removed", 1)


def test_keys_go_on_working_after_a_slider_and_a_list(phantom):
    tab = phantom.tab
    phantom.next()
    opacity = tab.get_by_role("slider", name="Opacity of the colours")
    opacity.click(position={"x": 5, "y": 5})
    at, value = phantom.slice(), opacity.input_value()
    phantom.press("x")
    phantom.wait("removed", 1)
    phantom.press("ArrowDown")  # the slider has given them back
    phantom.until(lambda: phantom.slice() == at + 1)
    opacity.focus()
    phantom.press("ArrowUp", "z")  # by keys alone it keeps its own
    phantom.wait("removed", 0)
    assert opacity.input_value() != value and phantom.slice() == at + 1
    reason = tab.get_by_role("combobox", name="Reason")
    reason.focus()
    reason.select_option("vessel")
    before = phantom.chosen()
    phantom.press("n")
    phantom.until(lambda: phantom.chosen() != before)
    assert reason.input_value() == "vessel"
    reason.focus()
    phantom.press("3", "b", "x")
    phantom.wait("removed", 1)
    assert "joint space" in tab.locator(".history").text_content()
    box = tab.get_by_role("button", name="Box")
    assert box.get_attribute("aria-pressed") == "true"


def test_what_another_did_while_a_tab_was_loading_is_not_missed(phantom, context):
    reading = phantom.room.reading(0)
    point = reading.describe()["now"]["regions"][0]["point"]
    other, acted = Desk(context), []

    def act(route) -> None:
        if not acted:
            asked = {"action": "remove", "points": [point], "reason": ""}
            acted.append(reading.act("edit", asked))
        route.continue_()

    other.tab.route("**/api/case/0/stir", act)
    other.tab.goto(phantom.tab.url)
    other.tab.wait_for_selector(READY)
    assert acted and other.number("removed") == 1


def test_a_case_that_fails_late_does_not_close_the_one_that_is_read(context, tmp_path):
    cases = vhi.load_cases("phantom")
    cases = [replace(cases[0], case="bad", stir=tmp_path / "missing.nii.gz"), cases[1]]
    with Store(tmp_path / "s") as store, served(Room(cases, store, "tester")) as room:
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
        with served(Room(cases, store, "first")) as room:
            port = room.port
            old = Desk(context, room.url)
            old.open(cases[0].case, cases[0].visit)
        with served(Room(cases[1:], store, "second"), port) as room:
            new = Desk(context, room.url)  # gets the cookie that the old tab sends from now on
            assert "second" in new.tab.locator("#reader").inner_text()
            old.press("n", "x")
            old.until(lambda: old.tab.locator("#problem").is_visible())
            assert "earlier room" in old.tab.locator("#problem").inner_text()
            assert store.progress("second") == {} and store.progress("first") == {}


# ------------------------------------------------------------------------------------------- time


def work(desk: Desk, seconds: int) -> None:
    """Move the pointer for a while."""
    for step in range(10 * seconds):
        desk.tab.mouse.move(300 + step, 300)
        desk.tab.wait_for_timeout(100)


def leave(desk: Desk) -> None:
    desk.tab.get_by_role("link", name="vhi reading room").click()
    desk.tab.wait_for_selector(".worklist")


def seconds_of(room: Room) -> float:
    case = room.cases[0]
    known = room.store.progress(room.reader).get((case.case, case.visit))
    return known.seconds if known else 0.0


def test_two_windows_at_once_count_once(phantom, context):
    begun = time.monotonic()
    other = Desk(context, phantom.tab.url.split("#")[0])
    other.open(phantom.room.cases[0].case, phantom.room.cases[0].visit)
    phantom.tab.bring_to_front()  # behind another, each movement would take a second
    work(phantom, 5)  # to this browser both have the focus
    leave(phantom)
    leave(other)
    assert 5 <= seconds_of(phantom.room) <= time.monotonic() - begun + 3


def test_a_window_without_the_focus_does_not_count(phantom):
    phantom.tab.evaluate("document.hasFocus = () => false")
    work(phantom, 3)
    leave(phantom)
    assert seconds_of(phantom.room) <= 1.5  # what came before


def test_time_that_could_not_be_stored_is_stored_with_the_next(phantom):
    tab, refused = phantom.tab, []

    def refuse(route) -> None:
        refused.append(route)
        route.abort()

    tab.clock.install()
    tab.reload()
    tab.wait_for_selector(READY)
    tab.route("**/action", refuse)
    for step in range(20):
        tab.mouse.move(300 + step, 300)
        tab.clock.run_for(1000)
    phantom.until(lambda: refused)
    tab.unroute("**/action")
    leave(phantom)
    assert 19 <= seconds_of(phantom.room) <= 23
    phantom.complaints.clear()  # of the refused request


def test_a_clock_that_is_set_back_makes_no_idle_time_count(phantom):
    tab, now = phantom.tab, time.time()
    tab.clock.install(time=now)
    tab.reload()
    tab.wait_for_selector(READY)
    tab.keyboard.press("ArrowDown")
    tab.clock.set_system_time(now - 3600)
    for _ in range(3):
        tab.clock.run_for(60_000)
    leave(phantom)
    assert 25 <= seconds_of(phantom.room) <= 35  # what counts after a key


def test_the_time_at_work_is_kept(phantom):
    for step in range(25):
        phantom.tab.mouse.move(300 + step, 300)
        phantom.tab.wait_for_timeout(100)
    phantom.tab.get_by_role("link", name="vhi reading room").click()
    phantom.tab.wait_for_selector(".worklist")
    case = phantom.room.cases[0]
    progress = phantom.room.store.progress("tester")[case.case, case.visit]
    assert 1 <= progress.seconds <= 4
    assert phantom.tab.locator("td.number").first.inner_text() == f"0:0{progress.seconds:.0f}"


def test_a_simulated_scan_is_called_so(phantom):
    assert "simulated" in phantom.tab.locator("#where").inner_text()


def test_two_tabs_on_one_case_lose_nothing(phantom, context):
    other = Desk(context, phantom.tab.url.split("#")[0])
    other.open(phantom.room.cases[0].case, phantom.room.cases[0].visit)
    first = phantom.next()
    phantom.press("x")
    phantom.wait("removed", 1)
    other.wait("removed", 1)
    while other.next() == first:
        pass
    other.press("x")
    other.wait("removed", 2)
    phantom.wait("removed", 2)
    assert phantom.number("volume") == other.number("volume")
    assert other.complaints == []


def test_regions_are_reached_and_judged_by_keys_alone(phantom):
    first = phantom.next()
    second = phantom.next()
    assert second != first and phantom.number("judged") == 1
    phantom.press("Shift+N")
    assert phantom.chosen() == first
    phantom.press("?")
    assert phantom.tab.get_by_role("dialog").is_visible()
    phantom.press("x", "Escape")
    assert phantom.number("removed") == 0  # keys rest while the list is shown


def test_a_region_that_changed_after_it_was_judged_is_to_be_looked_at_again(phantom):
    row = phantom.largest()
    phantom.press("x")
    phantom.wait("removed", 1)
    at, y, x = row["point"]
    gone = phantom.plane("regions", at) == row["id"]
    gone[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] = False  # this much of it is left
    erased = {"slices": {str(at): {"cleared": bits_of(gone)}}}
    phantom.room.reading(0).act("disease_region", erased)  # as another server does
    phantom.tab.evaluate("dispatchEvent(new Event('focus'))")
    notes = phantom.tab.locator(".panels .notes")
    phantom.until(lambda: f"{row['voxels']} then; not applied; look again" in notes.inner_text())
    assert (phantom.number("removed"), phantom.number("judged")) == (0, 0)
    left = phantom.plane("regions", at)[y, x]
    assert phantom.chosen() == left  # which has another number now
    phantom.next()
    phantom.wait("judged", 1)
    assert phantom.state()["reviewed"] == [left] and "look again" not in notes.text_content()


def test_the_history_tells_the_readers_own_time_and_what_was_undone(browser, tmp_path):
    context = browser.new_context(timezone_id="Asia/Kolkata")
    cases = vhi.load_cases("phantom")
    with Store(tmp_path / "s") as store, served(Room(cases, store, "tester")) as room:
        desk = Desk(context, room.url)
        desk.open(cases[0].case, cases[0].visit)
        desk.next()
        desk.press("1", "x", "z")
        history = desk.tab.locator(".history li")
        desk.until(lambda: history.count() == 2)
        undone = history.first.text_content()
        (action, _) = store.actions(cases[0].case, cases[0].visit, "tester")[-2:]
        time = dt.datetime.fromisoformat(action.time) + dt.timedelta(hours=5, minutes=30)
        assert history.last.text_content() == f"{time:%Y-%m-%d %H:%M} removed region (vessel)"
        assert undone.endswith("undo: removed region (vessel)")
    context.close()


# --------------------------------------------------------------------------- without a pointer


def test_a_picture_in_focus_takes_the_arrow_keys_for_its_cursor(phantom):
    row = phantom.row(phantom.next())
    at, y, x = row["point"]
    phantom.press("ArrowDown", "ArrowUp")
    assert phantom.pictures() and phantom.slice() == at
    phantom.tab.get_by_role("button", name="Keys").focus()
    phantom.press("Tab")
    assert phantom.tab.evaluate("document.activeElement.getAttribute('aria-label')")[:4] == "STIR"
    before = phantom.pictures()
    phantom.press("ArrowDown", "Shift+ArrowLeft", "ArrowRight")
    assert phantom.pictures() != before and phantom.slice() == at
    stored = phantom.room.reading(0).describe()["values"]["stir"]
    value = stored["low"] + stored["step"] * phantom.plane("stir", at)[y + 1, x - 4]
    words = f"slice {at}, row {y + 1}, column {x - 4}, intensity {value:.0f}, "
    phantom.until(lambda: phantom.said().startswith(words))
    phantom.press("PageDown")
    phantom.until(lambda: phantom.said().startswith(f"slice {at + 1}, row {y + 1}, column "))
    assert phantom.tab.locator(".tip").first.inner_text() != ""
    phantom.press("Tab")  # the next picture's cursor stands at the same place
    phantom.until(lambda: phantom.said().startswith(f"slice {at + 1}, row {y + 1}, column "))
    phantom.until(lambda: phantom.tab.locator(".tip").nth(1).inner_text() != "")
    phantom.tab.locator("canvas").first.click(position={"x": 3, "y": 3})
    phantom.press("ArrowUp")  # after a click they turn slices, as before
    assert phantom.pictures() and phantom.slice() == at


def test_the_cursor_stays_in_the_picture_and_in_sight(phantom):
    phantom.next()
    phantom.press("+", "+", "+", "+")
    phantom.focus()
    phantom.walk(-400, -400)
    phantom.until(lambda: ", row 0, column 0, " in phantom.said())
    intensity = phantom.said().split("intensity ")[1].split(",")[0]
    tip = phantom.tab.locator(".tip").first.inner_text()
    assert tip.replace(",", "") == intensity


def test_point_box_and_lasso_work_by_keys(phantom):
    row = phantom.largest()
    regions = phantom.plane("regions", row["slice"])
    _, y, x = row["point"]
    phantom.focus()
    phantom.press("Enter")
    phantom.wait("removed", 1)
    phantom.until(lambda: phantom.said().endswith(f"region {row['id']}, removed"))
    phantom.press("Enter")
    phantom.wait("removed", 0)
    phantom.press("b")
    phantom.walk(-20, -30)
    phantom.press("Enter")
    phantom.walk(40, 60)
    phantom.until(lambda: "drawing" in phantom.said())
    phantom.press("x", "n", "z", "PageDown", "a", "Escape")  # nothing else while one is drawn
    assert phantom.number("removed") == 0 and phantom.slice() == row["slice"]
    phantom.press("Enter")
    phantom.walk(-40, -60)
    phantom.press("Enter")
    touched = set(regions[y - 30 : y + 31, x - 20 : x + 21].ravel()) - {0}
    assert len(touched) > 1
    phantom.wait("removed", len(touched))
    assert set(phantom.state()["removed"]) == touched
    phantom.press("l", "Enter")
    for right, down in ((40, 0), (0, 60), (-40, 0), (0, -60)):
        phantom.walk(right, down)
    phantom.press("Alt+Enter")
    phantom.wait("removed", 0)
    phantom.press("z")  # each was one action
    phantom.wait("removed", len(touched))
    phantom.press("z")
    phantom.wait("removed", 0)


def test_a_cut_works_by_keys(phantom):
    row = phantom.largest()
    total = phantom.number("regions")
    phantom.focus()
    phantom.press("c")
    phantom.walk(-30, 0)
    phantom.press("Enter")
    phantom.walk(60, 0)
    phantom.press("Enter")
    phantom.until(lambda: phantom.number("regions") > total)
    assert phantom.number("volume") == phantom.state()["volume"]["voxels"]
    assert phantom.slice() == row["slice"]


def test_ellipse_and_brush_work_by_keys(phantom):
    phantom.next()
    phantom.tab.get_by_role("button", name="Normal bone", exact=True).click()
    at = phantom.slice()
    text, table = phantom.text("thresholds"), phantom.state()["revisions"]["normal_bone"]
    phantom.focus(1)
    phantom.press("Enter")
    phantom.walk(20, 12)
    phantom.until(phantom.drawing)
    phantom.press("Escape")
    phantom.until(lambda: phantom.text("thresholds") == text)
    assert phantom.state()["revisions"]["normal_bone"] == table  # left off: nothing was drawn
    phantom.until(lambda: phantom.said().startswith("slice"))
    y, x = (int(number) for number in NUMBERS.findall(phantom.said())[1:3])
    phantom.press("Enter")
    phantom.walk(-20, -12)
    phantom.press("Enter")
    phantom.until(lambda: phantom.text("thresholds") != text and not phantom.drawing())
    height, width = phantom.plane("stir", at).shape
    rows, columns = np.ogrid[:height, :width]
    ellipse = ((columns - x) / 20) ** 2 + ((rows - y) / 12) ** 2 <= 1
    assert np.array_equal(phantom.plane("normal_bone", at), ellipse)
    size = phantom.state()["normal_bone"]["voxels"]
    phantom.press("p")
    phantom.press("Enter")
    phantom.walk(3, 0)
    phantom.press("Enter")
    phantom.until(lambda: phantom.state()["normal_bone"]["voxels"] > size)
    phantom.press("z", "z")
    phantom.until(lambda: phantom.text("thresholds") == text)


def test_the_disease_region_is_erased_by_keys(phantom):
    row = phantom.largest()
    before = phantom.number("volume")
    phantom.tab.get_by_role("button", name="Disease region", exact=True).click()
    phantom.focus()
    phantom.press("r", "Enter")
    phantom.walk(4, 0)
    phantom.press("Enter")
    phantom.until(lambda: phantom.number("volume") < before)
    _, y, x = row["point"]
    assert not phantom.plane("disease_region", row["slice"])[y, x : x + 5].any()


def test_window_and_picture_are_dragged_by_keys(phantom):
    phantom.next()
    phantom.focus()
    for tool in ("w", "m"):
        phantom.press(tool)
        before = phantom.pictures()
        phantom.press("Enter", "Shift+ArrowRight", "Shift+ArrowUp", "Enter")
        after = phantom.pictures()
        assert after[0] != before[0]
        assert (after[1] != before[1]) == (tool == "m")  # T1w has its own window
    assert phantom.state()["undo"] is None  # a way of looking, not an action


# ------------------------------------------------------------------------------------------ labs


def test_what_if_labs_compute_on_the_case_and_change_nothing(phantom):
    phantom.next()
    known = phantom.state()["known"]
    dialog = phantom.lab("Thresholds …")
    assert "nothing of the reading changes" in dialog.inner_text()
    picture = dialog.locator("canvas:visible")
    assert picture.get_attribute("aria-label").startswith(f"STIR slice {phantom.slice()},")
    upper = dialog.get_by_role("slider", name="Upper threshold (intensity)").first
    shown = dialog.locator("[data-name=lower]")
    before = int(shown.get_attribute("data-value"))
    dialog.get_by_role("slider", name="Multiple n").first.fill("0.5")
    phantom.until(lambda: int(shown.get_attribute("data-value")) > before)
    assert float(upper.input_value()) == pytest.approx(
        phantom.state()["thresholds"]["upper"], abs=1
    )
    phantom.press("x", "n", "z")  # the room's keys rest
    phantom.press("Escape")
    assert phantom.tab.locator("dialog[open]").count() == 0
    dialog = phantom.lab("Specks …")
    kept = dialog.locator("[data-name=voxels]")
    before = int(kept.get_attribute("data-value"))
    dialog.get_by_role("slider", name="Smallest region").fill("20")
    phantom.until(lambda: int(kept.get_attribute("data-value")) < before)
    dialog.get_by_role("button", name="Close").click()
    assert phantom.state()["known"] == known and phantom.number("removed") == 0


def test_an_ellipse_with_handles_is_used_in_one_step(phantom):
    tab = phantom.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    before = phantom.text("thresholds")
    dialog = phantom.lab("Ellipse with handles")
    dialog.get_by_role("button", name="Area of normal bone").focus()
    phantom.press("Shift+ArrowLeft", "ArrowUp")
    grip = dialog.get_by_role("slider", name="Width of the area (radius)")
    grip.focus()
    phantom.press("ArrowLeft", "ArrowLeft")
    found = {
        name: float(dialog.locator(f"td[data-name={name}]").get_attribute("data-value"))
        for name in ("voxels", "lower", "upper", "multiple")
    }
    dialog.get_by_role("button", name="Use this area").click()
    phantom.until(lambda: phantom.text("thresholds") != before)
    now = phantom.state()
    assert now["normal_bone"]["voxels"] == found["voxels"]
    for name in ("lower", "upper", "multiple"):  # the page computes as the library does
        assert now["thresholds"][name] == found[name]
    phantom.press("z")
    phantom.until(lambda: phantom.text("thresholds") == before)
    assert phantom.state()["normal_bone"]["changed"] == 0


def test_the_ellipse_used_is_the_librarys_and_can_be_added(phantom):
    tab = phantom.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    reading = phantom.room.reading(0)
    start, begun = reading._start, reading.lab("normal_bone")
    expected = vhi.draw_normal_bone(
        start.stir,
        centre=[begun[name] for name in ("i", "j", "slice")],
        radius_mm=(begun["radius_1_mm"], begun["radius_2_mm"]),
        slices=begun["slices"],
    )
    before = start.normal_bone.array
    for adds, area in ((True, expected | before), (False, expected)):
        tab.get_by_label("add to the area").set_checked(adds)
        dialog = phantom.lab("Ellipse with handles")
        assert ("is added to" in dialog.inner_text()) == adds
        dialog.get_by_role("button", name="Use this area").click()
        phantom.until(lambda: phantom.state()["normal_bone"]["changed"] > 0)
        assert np.array_equal(reading._stand.steps.normal_bone, area)
        phantom.until(lambda: "changed" in phantom.text("area"))
        phantom.press("z")
        phantom.until(lambda: phantom.state()["normal_bone"]["changed"] == 0)


def test_a_lab_without_thresholds_says_why(phantom):
    tab = phantom.tab
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    reading = phantom.room.reading(0)
    slices, rows, columns = reading.describe()["shape"]
    all_cleared = {"cleared": bits_of(np.ones((rows, columns), bool))}
    reading.act("normal_bone", {"slices": {str(k): all_cleared for k in range(slices)}})
    tab.reload()
    tab.wait_for_selector(READY)
    for name in ("Thresholds …", "Specks …"):
        assert tab.get_by_role("button", name=name).is_disabled()
    at = phantom.slice()
    tab.get_by_role("button", name="Normal bone", exact=True).click()
    dialog = phantom.lab("Ellipse with handles")  # begins in the middle of a slice
    dialog.get_by_role("button", name="Use this area").click()
    phantom.until(lambda: phantom.state()["thresholds"] is not None)
    assert phantom.plane("normal_bone", at).any()


def test_names_with_markup_show_as_text(browser, tmp_path):
    name = "<script>document.title='x'</script><img src=x onerror=\"document.title='x'\">'\""
    case = replace(vhi.load_cases("phantom")[0], case=name, visit="<b>1</b>")
    with Store(tmp_path / "s") as store, served(Room([case], store, name, source=name)) as room:
        context = browser.new_context()
        desk = Desk(context, room.url)
        assert desk.tab.locator(".worklist a").inner_text() == name
        assert desk.tab.locator("#reader").inner_text() == f"Reader: {name}"
        desk.open(name, "<b>1</b>")
        assert desk.tab.locator("#where").inner_text() == f"Case {name} <b>1</b> – simulated scan"
        assert desk.tab.title() == "vhi reading room"
        assert desk.tab.locator("img, main b").count() == 0
        desk.calm(f"http://127.0.0.1:{room.port}/?")
        context.close()


def test_nothing_from_image_headers_or_folders_reaches_the_page(context, tmp_path):
    import nibabel as nib

    folder = tmp_path / "DOE JANE"
    folder.mkdir()
    case = vhi.load_cases("phantom")[0]
    for name in ("stir", "t1w", "normal_bone", "disease_region"):
        image = nib.load(getattr(case, name))
        for field in ("descrip", "aux_file", "intent_name"):
            image.header[field] = b"DOE^JANE"
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"DOE^JANE"))
        case = replace(case, **{name: folder / f"{name}.nii.gz"})
        nib.save(image, getattr(case, name))
    assert gzip.decompress(case.stir.read_bytes()).count(b"DOE^JANE") == 4  # it was there
    with Store(tmp_path / "s") as store, served(Room([case], store, "tester")) as room:
        desk, answers = Desk(context, room.url), []
        desk.tab.on("response", lambda answer: answers.append(answer))
        desk.open(case.case, case.visit)
        desk.next()
        desk.press("x")
        desk.wait("removed", 1)
        for name in ("Thresholds …", "Specks …"):
            desk.lab(name)
            desk.press("Escape")
        desk.button("Export")
        desk.until(lambda: desk.text("exported").startswith("Written"), 60)
        assert len(answers) > 10
        for answer in answers:
            assert b"DOE" not in answer.body() and b".nii" not in answer.body(), answer.url


# ------------------------------------------------------------------------------------ left is left


def lesion_on_the_right(folder: Path, axes: str, tilt: float = 0.0) -> vhi.Case:
    """Write a simulated scan with one bright spot on the patient's right, stored along `axes`."""
    import nibabel as nib

    shape = (48, 48, 6)  # built to the left, up, and back: index 0 is the patient's right
    stir = np.random.default_rng(1).normal(100, 10, shape).round()
    stir[8:13, 24:29, 2:4] = 400
    bone, normal = np.zeros(shape, bool), np.zeros(shape, bool)
    bone[4:44, 4:44, 1:5] = True
    normal[20:28, 8:16, 2:4] = True
    angle = np.radians(tilt)
    directions = [
        (-1, 0, 0),
        (0, np.sin(angle), np.cos(angle)),
        (0, -np.cos(angle), np.sin(angle)),
    ]
    affine = np.eye(4)
    affine[:3, :3] = np.transpose(directions) * (1.0, 1.0, 3.0)
    affine[:3, 3] = (24, 0, 0)
    paths = {}
    for name, array in {"stir": stir, "t1w": stir / 2, "normal": normal, "bone": bone}.items():
        image = nib.Nifti1Image(array.astype(np.int16), affine)
        if axes:
            wanted = nib.orientations.axcodes2ornt(axes)
            now = nib.orientations.io_orientation(affine)
            image = image.as_reoriented(nib.orientations.ornt_transform(now, wanted))
        image.set_qform(image.affine, 1)
        paths[name] = folder / f"{name}.nii.gz"
        nib.save(image, paths[name])
    return vhi.Case(
        "right", "right", "", paths["stir"], paths["t1w"], paths["normal"], paths["bone"]
    )


@pytest.mark.parametrize(
    ("axes", "tilt"), [("LAS", 0), ("LSP", 0), ("RAS", 0), ("PIR", 0), ("", 30), ("", 52)]
)
def test_the_patients_right_is_shown_on_the_left_and_labelled(context, tmp_path, axes, tilt):
    case = lesion_on_the_right(tmp_path, axes, tilt)
    stir, mask = vhi.load_image(case.stir), load_mask(case.normal_bone)
    bright = stir.world(np.argwhere(stir.array > 300)).mean(axis=0)
    assert bright[0] > stir.world(np.argwhere(mask.array)).mean(axis=0)[0]  # RAS+: x to the right
    with Store(tmp_path / "s") as store, served(Room([case], store, "tester")) as room:
        desk = Desk(context, room.url)
        desk.open("right")
        desk.next()
        for number in range(3):
            left = desk.tab.locator(".at-left").nth(number)
            right = desk.tab.locator(".at-right").nth(number)
            assert (left.inner_text(), right.inner_text()) == ("R", "L")
            box = desk.tab.locator("canvas").nth(number).bounding_box()
            assert left.bounding_box()["x"] < box["x"] + box["width"] / 4
        box = desk.tab.locator("canvas").first.bounding_box()
        assert desk.spot()[0] < box["x"] + box["width"] / 2
        assert "right side" in desk.tab.locator("[data-name=region]").inner_text()


# ------------------------------------------------------------------------------- for every reader


WIDTHS = (320, 480, 768, 1024, 1280, 1600)


def screens(desk: Desk):
    """Show each screen of the room, one after another; give what to look at."""
    tab = desk.tab
    desk.next()
    for mode in ("Cleaning", "Normal bone", "Disease region"):
        tab.get_by_role("button", name=mode, exact=True).click()
        yield mode, tab.locator("body")
        if mode == "Normal bone":
            yield "ellipse", desk.lab("Ellipse with handles")
            desk.press("Escape")
    for name in ("Thresholds …", "Specks …"):
        yield name, desk.lab(name)
        desk.press("Escape")
    desk.button("Keys")
    yield "keys", tab.get_by_role("dialog")
    desk.press("Escape")
    tab.get_by_role("link", name="vhi reading room").click()
    tab.wait_for_selector(".worklist")
    yield "worklist", tab.locator("body")


def test_axe_finds_nothing_serious(phantom):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for name, _ in screens(phantom):
        for scheme in ("light", "dark"):
            phantom.tab.emulate_media(color_scheme=scheme)
            found = axe.Axe().run(phantom.tab).response["violations"]
            serious = [each for each in found if each["impact"] in ("serious", "critical")]
            assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == [], name


def test_nothing_is_lost_on_narrow_and_wide_screens(phantom):
    for name, place in screens(phantom):
        for width in WIDTHS:
            phantom.tab.set_viewport_size({"width": width, "height": 800})
            phantom.tab.wait_for_timeout(50)
            for part in ("document.documentElement", "document.querySelector('dialog[open]')"):
                over = phantom.tab.evaluate(f"({part}?.scrollWidth - {part}?.clientWidth) || 0")
                assert over <= 0, (name, width, part)
            for box in place.evaluate(
                """place => [...place.querySelectorAll("button, canvas, input, select, table")]
                    .filter(each => each.checkVisibility())
                    .map(each => each.getBoundingClientRect())
                    .map(({ left, right }) => [left, right])"""
            ):
                assert -1 <= box[0] < box[1] <= width + 1, (name, width, box)
