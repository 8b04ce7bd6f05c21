"""Draw the pictures of the page "Reading with vhi" anew: `make picture`. Phantom only.

The reading room is opened on the phantom (simulated scans) in a headless Chromium, a few regions
are judged, and the screen is kept.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.helpers.room_at_work import served  # noqa: E402
from vhi.cases.case import load_cases  # noqa: E402
from vhi.reading_room.server.session import Session  # noqa: E402
from vhi.reading_room.store.store import Store  # noqa: E402

WIDTH, HEIGHT = 1280, 800
READER = "reader A"


def main() -> int:
    """Write room-worklist.png, room-cleaning.png and room-ellipse.png beside this file."""
    from tests.helpers.in_browser import opened_browser

    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder)) as store,
        served(Session(load_cases("phantom"), store, READER, source="phantom")) as room,
        opened_browser() as browser,
    ):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(room.url)
        page.get_by_text("P01").first.wait_for()
        page.screenshot(path=ROOT / "book" / "room-worklist.png")
        page.get_by_text("P01").first.click()
        page.wait_for_selector("canvas")
        page.wait_for_timeout(1500)
        for key in ("t", "k", "d"):
            page.keyboard.press(key)
            page.wait_for_timeout(600)
        page.screenshot(path=ROOT / "book" / "room-cleaning.png")
        page.get_by_role("button", name="Normal bone", exact=True).click()
        page.get_by_role("button", name="Ellipse with handles").click()
        page.wait_for_selector("dialog[open] canvas")
        page.wait_for_timeout(600)
        page.screenshot(path=ROOT / "book" / "room-ellipse.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
