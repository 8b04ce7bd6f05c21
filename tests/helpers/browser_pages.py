"""Pages and notebooks with a control, and what every control must satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.in_browser import Visit
from vhi.controls.page import bare_text

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True}
LOOK = """<style>html[data-theme="dark"] { color-scheme: dark; background: #14181e; color: #ced6dd }
body { margin: 8px; font-family: sans-serif }</style>"""
STUDY_CASES = ("1003", "1007", "1012", "1013", "1016", "1234", "2014", "2015", "3002", "4386")

CONTRAST = """() => {
    const numbers = (c) => c.match(/[0-9.]+/g).map(Number);
    const light = (c) => {
        const [r, g, b] = numbers(c).map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.documentElement).backgroundColor
        .replace("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"));
    const of = (part) => {
        const style = getComputedStyle(part);
        const ink = light(part instanceof SVGElement ? style.fill : style.color);
        return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    };
    const parts = ["span:not(.vhi-letter)", "strong", "button", "label", "p", "svg text"]
        .map((part) => `.vhi-live ${part}`).join();
    return Math.min(...[...document.querySelectorAll(parts)].map(of));
}"""
"""The least contrast of any text with its ground."""

CALM = {"reduced_motion": "reduce"}
"""Options of a page on which a change is drawn at once."""


def slider(tab, begins: str):
    """Return a slider by the beginning of its name."""
    return tab.locator(f"input[type=range][aria-label^='{begins}']")


def picture(tab) -> str:
    """Return the visible slice."""
    return tab.evaluate(
        "[...document.querySelectorAll('canvas')].find((c) => c.offsetParent).toDataURL()"
    )


def value(tab, name: str) -> float:
    """Return a number as the page has it, not as it writes it."""
    return float(tab.locator(f"[data-name={name}]").get_attribute("data-value"))


def pixels_in(tab, colour: str) -> int:
    """Return how many pixels of the visible slice have exactly a colour "#rrggbb"."""
    return tab.evaluate(
        """(colour) => {
            const canvas = [...document.querySelectorAll("canvas")].find((c) => c.offsetParent);
            const { data } = canvas.getContext("2d")
                .getImageData(0, 0, canvas.width, canvas.height);
            const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
            let count = 0;
            for (let i = 0; i < data.length; i += 4) {
                count += data[i] === r && data[i + 1] === g && data[i + 2] === b;
            }
            return count;
        }""",
        colour,
    )


def check_named(tab) -> None:
    """Every input has a name and says its value; the picture says what it shows."""
    for input_ in tab.locator("input[type=range]").all():
        assert len(input_.get_attribute("aria-label")) > 4
        assert input_.get_attribute("aria-valuetext")
    for grip in tab.locator("[role=slider]").all():
        low, now, high = (
            float(grip.get_attribute(f"aria-value{w}")) for w in ("min", "now", "max")
        )
        assert low <= now <= high and grip.get_attribute("aria-valuetext")
    for canvas in tab.locator("canvas:visible").all():
        assert "STIR slice" in canvas.get_attribute("aria-label")
    assert tab.locator("[role=status][aria-live=polite]").count() == 1
    assert tab.locator(".vhi-control").get_attribute("role") == "group"


def check_fits_a_phone(tab) -> None:
    """Nothing is wider than 320 pixels, and what is touched is large enough."""
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    for part in tab.locator("input:visible, button, canvas:visible, .vhi-chart svg, td").all():
        box = part.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    for part in tab.locator("input[type=range], button, label.vhi-box").all():
        assert part.bounding_box()["height"] >= 24


def check_readable(tab, theme: str) -> None:
    """Text stands out from its ground."""
    tab.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    assert tab.evaluate(CONTRAST) > 7


def axe_findings(tab, theme: str) -> list[Any]:
    """Return the rules that axe finds violated, with their impact."""
    tab.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    # Colours that are still changing have a contrast of their own.
    tab.evaluate(
        "async () => { await new Promise(requestAnimationFrame);"
        " document.getAnimations().filter((a) => a instanceof CSSTransition)"
        ".forEach((a) => a.finish()) }"
    )
    package = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    tab.evaluate(Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = tab.evaluate("async () => (await axe.run(document)).violations")
    return [(violation["id"], violation["impact"]) for violation in found]


def page_of(shown, folder: Path) -> Path:
    """Write a page with one control, as the book has it: HTML and nothing beside it."""
    page = folder / "page.html"
    page.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A control</title>'
        f'<meta name="viewport" content="width=device-width">{LOOK}</head>'
        f"<body><main><h1>A control</h1>{shown.html()}</main></body></html>",
        encoding="utf-8",
    )
    return page


class Notebook:
    """A control's module on a model that exchanges messages with the kernel as in a notebook.

    Messages are those that a notebook carries, between the page's model and the control's widget.
    """

    def __init__(self, tab, control) -> None:
        self.tab, self.widget = tab, control.widget
        self._sent: list[dict[str, Any]] = []
        self.widget._send = lambda message, buffers=None: self._sent.append(message)
        state = self.widget.get_state()
        begin = {name: value for name, value in state.items() if not name.startswith("_")}
        tab.expose_function("toKernel", self._receive)
        tab.evaluate(MODEL, {"text": self.widget._esm, "begin": begin})

    def _receive(self, state: dict[str, Any]) -> list[dict[str, Any]]:
        self.widget.set_state(state)
        sent, self._sent = self._sent, []
        return [message["state"] for message in sent if message["method"] == "update"]

    def rest(self) -> None:
        """Wait until the control has answered all that the page sent."""
        self.tab.evaluate("answered()")

    def left(self) -> int:
        """Take the control away; return how many listeners it left behind."""
        return self.tab.evaluate("left()")


MODEL = """async ({ text, begin: state }) => {
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    let listeners = [];
    let unsaved = {};
    let kernel = Promise.resolve();
    const tell = (name) => listeners.filter(([event]) => event === `change:${name}`)
        .forEach(([, call]) => call());
    const fromKernel = (updates) => updates.forEach((update) => {
        const changed = Object.keys(update).filter((name) => !same(state[name], update[name]));
        Object.assign(state, update);
        changed.forEach(tell);
    });
    const model = {
        get: (name) => state[name],
        set: (name, value) => {
            if (same(state[name], value)) return;
            state[name] = unsaved[name] = value;
            tell(name);
        },
        save_changes: () => {
            const changed = unsaved;
            unsaved = {};
            if (!Object.keys(changed).length) return;
            kernel = kernel.then(() => toKernel(changed)).then(fromKernel);
        },
        on: (event, call) => listeners.push([event, call]),
        off: (event, call) => {
            listeners = listeners.filter(([e, c]) => e !== event || c !== call);
        },
    };
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const { render } = (await import(address)).default;
    const leave = await render({ model, el: document.querySelector("main") });
    window.answered = () => kernel;
    window.left = () => {
        leave();
        return listeners.length;
    };
}"""
"""A model as anywidget gives it to a module: a change is told at once, and sent when saved."""


@contextmanager
def notebook(browser, folder: Path, control, **options: Any) -> Iterator[Notebook]:
    """Open a control as in a notebook; it must raise no error and leave no listener behind."""
    page = folder / "notebook.html"
    page.write_text(f'<!doctype html><meta charset="utf-8">{LOOK}<main></main>')
    with Visit(browser, page, **options) as visit:
        shown = Notebook(visit.tab, control)
        yield shown
        shown.rest()
        assert shown.left() == 0
        assert visit.complaints == []


@contextmanager
def computing_page(browser, folder: Path, parts: tuple[str, ...], names: str) -> Iterator[Any]:
    """Open a page and return its `evaluate`, for JavaScript that calls the controls' functions.

    Parameters
    ----------
    parts
        Modules whose functions are wanted, those that they import first.
    names
        The functions, with commas.
    """
    text = "\n".join(bare_text(name) for name in parts)
    page = folder / "page.html"
    page.write_text(f'<script type="module">{text}\nObject.assign(window, {{ {names} }});</script>')
    with Visit(browser, page) as visit:
        yield visit.tab.evaluate
        assert visit.complaints == []
