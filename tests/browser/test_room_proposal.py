"""A proposal in the reading room, in a real browser; and normal bone corrected by one drag."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")

import vhi
from tests.helpers.desk import NUMBERS, Desk
from tests.helpers.room_at_work import served
from vhi.reading_room.server.session import Session
from vhi.reading_room.store.store import Store


def in_doubt(desk):
    """Return the regions in doubt that nobody has judged: first the one that matters most."""
    now = desk.state()
    rows = [row for row in now["regions"] if row["proposal"]["doubt"]]
    rows = [row for row in rows if row["id"] not in now["reviewed"]]
    return [row["id"] for row in sorted(rows, key=lambda row: -row["proposal"]["change"])]


def test_one_key_accepts_what_is_sure_and_leads_to_what_matters_most(desk):
    whole = desk.number("volume")
    now = desk.state()
    sure = [row["id"] for row in now["regions"] if not row["proposal"]["doubt"]]
    gone = [row["id"] for row in now["regions"] if row["id"] in sure and row["proposal"]["removes"]]
    assert gone and desk.number("removed") == 0  # nothing is applied until the reader does
    shown = desk.text("proposed")
    assert shown.startswith("Proposed, not read: ")
    desk.press("t")
    desk.wait("together", len(sure))
    assert (desk.number("removed"), desk.number("judged")) == (len(gone), 0)
    assert f"{len(sure)} accepted together, not looked at" in desk.text("seen")
    assert desk.number("volume") < whole
    doubts = in_doubt(desk)
    desk.until(lambda: desk.chosen() == doubts[0])
    desk.press("k")
    desk.until(lambda: desk.chosen() == doubts[1])
    desk.press("d")
    desk.until(lambda: desk.chosen() == doubts[2])
    desk.wait("judged", 2)
    desk.wait("removed", len(gone) + 1)
    assert doubts[1] in desk.state()["removed"]
    assert desk.text("proposed") == shown
    desk.press("z", "z")  # the removal, then all that was accepted
    desk.wait("removed", 0)
    desk.wait("together", 0)


def test_what_is_proposed_is_said_in_the_list_and_at_the_region(desk):
    now = desk.state()
    rows = [row for row in now["regions"] if row["proposal"]["removes"]]
    row = next(row for row in rows if not row["proposal"]["doubt"])
    desk.go(row["slice"])
    item = desk.tab.locator(f".regions li[data-region='{row['id']}']")
    assert f"proposed for removal ({row['proposal']['reason']})" in item.inner_text()
    item.locator("button").click()
    desk.until(lambda: desk.chosen() == row["id"])
    percent = round(100 * row["proposal"]["keep"])
    assert f"readers keep {percent} % of such regions" in desk.text("region")
    assert "Proposal: remove, " in desk.text("region")
    doubt = next(row for row in now["regions"] if row["proposal"]["doubt"])
    desk.go(doubt["slice"])
    item = desk.tab.locator(f".regions li[data-region='{doubt['id']}']")
    assert item.inner_text().endswith("in doubt")


def test_a_blinded_reading_shows_and_is_sent_nothing_of_a_proposal(context, tmp_path):
    case = vhi.load_cases("phantom")[0]
    with Store(tmp_path / "s") as store:
        room = Session([case], store, "tester", source="phantom", proposal=False)
        with served(room):
            desk = Desk(context)
            sent = []
            desk.tab.on("response", lambda r: sent.append(r) if "/api/" in r.url else None)
            desk.tab.goto(room.url)
            desk.tab.wait_for_selector(".worklist")
            assert "hidden" in desk.tab.locator(".worklist table").inner_text()
            desk.open(case.case, case.visit)
            desk.press("t", "n", "k", "d")
            desk.wait("judged", 2)
            bodies = [r.json() for r in sent if "json" in r.headers.get("content-type", "")]
            text = json.dumps(bodies)
            for word in ('"keep"', '"proposed"', '"doubt"', '"removes"', '"change"'):
                assert word not in text
            assert desk.text("doubt") == "Blinded reading: no proposal is shown"
            assert not desk.tab.locator("[data-name=proposed]").is_visible()
            assert desk.number("removed") == 1


@pytest.mark.parametrize("grip", ["middle", "rim"])
def test_normal_bone_is_moved_or_resized_by_one_drag_and_the_numbers_follow(desk, grip):
    desk.tab.get_by_role("button", name="Normal bone", exact=True).click()
    before = desk.mask("normal_bone")
    at = desk.slice()
    voxels, area = np.argwhere(before), desk.plane("normal_bone", at)
    _, row, column = np.round(voxels.mean(axis=0)).astype(int)
    radius = round(2 * voxels[:, 2].std())
    text, volume = desk.text("thresholds"), desk.text("volume")
    desk.focus()
    desk.until(lambda: desk.said().startswith("slice"))
    y, x = (int(number) for number in NUMBERS.findall(desk.said())[1:3])
    desk.walk(column - x + (radius if grip == "rim" else 0), row - y)
    desk.press("Enter")
    desk.walk(-3, 0)
    desk.until(lambda: desk.drawing() and desk.text("volume") != volume)
    live = desk.text("thresholds")
    assert desk.text("volume").startswith("about ") and live != text
    desk.press("Enter")
    desk.until(lambda: not desk.drawing())
    assert desk.text("thresholds") == live  # page and library agree
    after = desk.plane("normal_bone", at)
    if grip == "middle":
        assert np.array_equal(after, np.roll(area, -3, axis=1))
    else:
        assert 0 < np.count_nonzero(after) < np.count_nonzero(area)
    assert desk.kinds() == ["normal_bone"]
    desk.press("z")
    desk.until(lambda: np.array_equal(desk.mask("normal_bone"), before))
