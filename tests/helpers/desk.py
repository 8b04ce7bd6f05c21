"""A reader's desk: one tab with the reading room, watched, and what a reader does there."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

from vhi.reading_room.store.actions import PASSIVE

READY = ".reading .panels"
NUMBERS = re.compile(r"\d+")
# The page measures its actions; it keeps none of these times.
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
        """Whether normal bone is being drawn: the numbers are those of the drawing."""
        shown = self.tab.locator("[data-name=volume]")
        return shown.get_attribute("data-drawing") == "true"

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

    def measured(self, name: str) -> list[str]:
        """Kind of each action whose time the page has measured."""
        return self.tab.evaluate(
            "name => took.filter((entry) => entry.name === name).map((entry) => entry.detail)", name
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
        return [action.kind for action in actions if action.kind not in PASSIVE]

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
