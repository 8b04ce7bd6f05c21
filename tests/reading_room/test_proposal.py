"""A model's proposal in the reading room: shown or hidden, accepted, overruled, recorded."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

import vhi
from tests.helpers.scans import case_of_arrays
from vhi.errors import InputError
from vhi.reading_room.page.reading import open_reading
from vhi.reading_room.server.session import Session, shows_proposal
from vhi.reading_room.store.actions import Progress, check_reader
from vhi.segmentation.propose_edits import Proposal
from vhi.steps.edits import Edits, load_edits

SHAPE = (60, 50, 6)
KEEP = (0, 0.97, 0.6, 0.04, 0.45, 0.02)
"""Probabilities of the five regions: 1 surely kept, 3 and 5 surely removed, 2 and 4 in doubt."""


@pytest.fixture
def case(tmp_path):
    """Five squares in slice 1: 6 x 6, 5 x 5, 4 x 4, 3 x 4 and 3 x 3 pixels."""
    stir = np.full(SHAPE, 10.0)
    region = np.zeros(SHAPE, bool)
    region[2:58, 2:48, 1:5] = True
    normal = np.zeros(SHAPE, bool)
    normal[5:15, 5:15, 2] = True
    normal[15, 5, 2] = True
    stir[normal] = np.arange(101.0)
    for number, (height, width) in enumerate([(6, 6), (5, 5), (4, 4), (3, 4), (3, 3)]):
        stir[20 + height : 20 + 2 * height, 4 + 9 * number : 4 + 9 * number + width, 1] = 200.0
    return case_of_arrays(tmp_path / "scans", stir, normal, region, name="C1", visit="before")


@pytest.fixture(autouse=True)
def model(monkeypatch):
    """A model that always gives `KEEP`; it counts how often it is asked."""
    asked = []

    def propose(candidates, t1w, **names):
        asked.append((candidates, names))
        keep = np.array(KEEP)
        if candidates.regions.count + 1 != len(keep):
            keep = np.append(0, np.full(candidates.regions.count, 0.02))
        kept = keep > 0.5
        reasons = tuple("" if k or not n else "vessel" for n, k in enumerate(kept))
        doubt = (keep > 0.1) & (keep < 0.9)
        edits = Edits.start(candidates.kept, case="C1")
        return Proposal(keep, kept, reasons, doubt, edits, "m", "0" * 64, 0.5, 0.5)

    monkeypatch.setattr("vhi.reading_room.case.candidates.propose_edits", propose)
    monkeypatch.setattr("vhi.measurement.propose_edits", propose)
    return asked


@pytest.fixture
def reading(case, store):
    return open_reading(case, store, "A", propose=True)


def do(reading, kind, **payload):
    return reading.act(kind, payload, known=reading.describe()["now"]["known"])["now"]


def points(reading, *numbers):
    rows = {row["id"]: row["point"] for row in reading.describe()["now"]["regions"]}
    return [rows[number] for number in numbers]


def decide(reading, number, action, scope="region"):
    return do(reading, "edit", action=action, scope=scope, points=points(reading, number))


def see(reading, number):
    return do(reading, "reviewed", points=points(reading, number), reviewed=True)


def record_of(reading, folder):
    return load_edits(reading.export(folder) / "edits.json")


def test_a_proposal_is_there_and_nothing_is_applied(reading):
    facts = reading.describe()
    now = facts["now"]
    assert facts["proposal"] is True
    assert (now["removed"], now["reviewed"], now["together"]) == ([], [], [])
    assert now["volume"]["voxels"] == 36 + 25 + 16 + 12 + 9
    assert now["proposed"]["volume"]["voxels"] == 36 + 25 and now["proposed"]["model"] == "m"
    rows = {row["id"]: row["proposal"] for row in now["regions"]}
    assert [rows[n]["removes"] for n in range(1, 6)] == [False, False, True, True, True]
    assert [rows[n]["doubt"] for n in range(1, 6)] == [False, True, False, True, False]
    assert [rows[n]["reason"] for n in range(1, 6)] == ["", "", "vessel", "vessel", "vessel"]
    # Expected change: probability of the other decision times size.
    assert (rows[2]["change"], rows[4]["change"]) == (pytest.approx(0.4 * 25), 5.4)


def test_the_model_is_told_what_is_odd_about_the_scan(reading, model):
    reading.describe()
    _, given = model[-1]
    assert "field-of-view" in [note.check for note in given["notes"]]


def test_a_blinded_reading_is_sent_nothing_of_a_proposal(case, store, model):
    reading = open_reading(case, store, "A")
    answers = [reading.describe(), reading.sync(), decide(reading, 1, "remove")]
    sent = json.dumps(answers)
    assert answers[0]["proposal"] is False
    for word in ('"keep"', '"proposed"', '"removes"', '"doubt"', '"m"', '"reason": "vessel"'):
        assert word not in sent
    assert model == []  # nothing was proposed, so nothing can leak
    with pytest.raises(InputError, match="kind"):
        do(reading, "proposal_shown")
    do(reading, "accept")
    assert reading.describe()["now"]["removed"] == [1]


def test_the_record_of_a_blinded_reading_says_so_and_its_result_proposes_nothing(
    case, store, tmp_path, model
):
    reading = open_reading(case, store, "A")
    decide(reading, 3, "remove")
    see(reading, 1)
    record = record_of(reading, tmp_path / "out")
    assert record.proposal_shown is False
    assert {edit.proposal for edit in record.edits} | {r.proposal for r in record.seen} == {""}
    assert json.loads((tmp_path / "out" / "edits.json").read_text())["proposal_shown"] is False
    assert model == []


def test_accepting_is_one_step_that_is_not_looking(reading, store, tmp_path):
    now = do(reading, "accept")
    assert (now["removed"], now["together"], now["reviewed"]) == ([3, 5], [1, 3, 5], [])
    assert now["undo"] == "accepted together, not looked at: 2 regions removed, 1 kept"
    record = record_of(reading, tmp_path / "out")
    assert [edit.proposal for edit in record.edits] == ["accepted together"] * 2
    assert [edit.reason for edit in record.edits] == ["vessel"] * 2
    assert {edit.reader for edit in record.edits} == {"A"}
    assert [region.proposal for region in record.seen] == ["accepted together"]
    again = vhi.measure(reading.opened.case, edits=record)
    assert (again.cleaned, again.seen.regions) == ("proposed", 0)
    assert again.vhi.voxels == now["volume"]["voxels"] == 36 + 25 + 12
    now = do(reading, "undo")
    assert (now["removed"], now["together"]) == ([], [])
    assert do(reading, "redo")["removed"] == [3, 5]
    kinds = [action.kind for action in store.actions("C1", "before", "A")]
    do(reading, "accept")  # nothing is left to accept
    assert [action.kind for action in store.actions("C1", "before", "A")] == kinds


def test_accepting_leaves_what_the_reader_has_decided(reading):
    decide(reading, 1, "remove")
    see(reading, 3)
    now = do(reading, "accept")
    assert (now["removed"], now["together"], now["reviewed"]) == ([1, 5], [5], [1, 3])


def test_every_decision_is_accepted_overruled_or_alone(reading, tmp_path):
    decide(reading, 3, "remove")  # as proposed
    decide(reading, 1, "remove")  # against it
    see(reading, 2)  # as proposed
    see(reading, 4)  # against it
    (_, row, column), *_ = points(reading, 5)
    line = [[row - 4, column], [row + 4, column]]
    do(reading, "edit", action="cut", points=points(reading, 5), line=line)
    decide(reading, 6, "remove")
    record = record_of(reading, tmp_path / "out")
    words = [(edit.action, edit.proposal) for edit in record.edits]
    assert words == [
        ("remove", "accepted"),
        ("remove", "overruled"),
        ("cut", "alone"),
        ("remove", "alone"),
    ]
    assert [region.proposal for region in record.seen] == ["accepted", "overruled"]
    assert record.proposal_shown is True


def test_a_region_accepted_together_is_seen_once_it_was_looked_at(reading, tmp_path):
    do(reading, "accept")
    see(reading, 3)
    now = decide(reading, 5, "restore")
    assert (now["together"], now["reviewed"], now["removed"]) == ([1], [3, 5], [3])
    record = record_of(reading, tmp_path / "out")
    assert [edit.proposal for edit in record.edits][2:] == ["overruled"]
    assert [region.proposal for region in record.seen] == ["accepted together", "accepted"]


def test_what_was_accepted_is_there_when_the_case_opens_again(reading, case, store):
    before = do(reading, "accept")
    now = open_reading(case, store, "A", propose=True).describe()["now"]
    assert (now["removed"], now["together"]) == (before["removed"], before["together"])
    # The store holds what was accepted, so it stands where the proposal is hidden later.
    hidden = open_reading(case, store, "A").describe()["now"]
    assert (hidden["removed"], hidden["together"]) == (before["removed"], before["together"])


def test_who_has_seen_a_proposal_reads_blinded_no_more(reading, case, store, tmp_path):
    blinded = open_reading(case, store, "A")
    decide(blinded, 1, "remove")
    assert record_of(blinded, tmp_path / "out").proposal_shown is True
    other = open_reading(case, store, "B")
    decide(other, 1, "remove")
    assert record_of(other, tmp_path / "other").proposal_shown is False


def test_a_blinded_reading_stays_blinded_when_the_proposal_is_shown_later(case, store, tmp_path):
    decide(open_reading(case, store, "A"), 1, "remove")
    later = open_reading(case, store, "A", propose=True)
    assert record_of(later, tmp_path / "out").proposal_shown is False
    decide(later, 2, "remove")
    assert record_of(later, tmp_path / "more").proposal_shown is True


def test_opening_a_case_with_a_proposal_does_not_begin_it(reading, store):
    assert store.progress("A").get(("C1", "before"), Progress()).state == "new"
    assert reading.describe()["now"]["state"] == "new"


def test_finishing_is_the_readers_statement_alone(reading, tmp_path):
    do(reading, "accept")
    do(reading, "state", state="done")
    result = json.loads((reading.export(tmp_path / "out") / "vhi.json").read_text())
    assert (result["cleaned"], result["seen"]) == ("read", {"regions": 0, "of": 5})


def test_the_proposal_follows_other_candidates(reading):
    plane = np.ones(reading.describe()["shape"][1:], bool)
    text = base64.b64encode(np.packbits(plane)).decode()
    now = do(reading, "disease_region", slices={"1": {"cleared": text}})
    assert now["regions"] == [] and now["proposed"]["volume"]["voxels"] == 0


@pytest.mark.parametrize(
    ("source", "masks", "table", "setting", "shown"),
    [
        ("", False, "", None, True),  # one's own scans
        ("phantom", True, "", None, True),
        ("study", False, "", None, False),
        ("cases.csv", False, "", None, True),
        ("cases.csv", True, "", None, False),  # readers are compared
        ("cases.csv", True, "shown", None, True),
        ("cases.csv", False, "hidden", None, False),
        ("cases.csv", False, "hidden", True, False),  # hidden wins
        ("cases.csv", False, "shown", False, False),
        ("study", False, "", True, True),
    ],
)
def test_whether_a_proposal_is_shown_is_decided_before_a_case_opens(
    case, source, masks, table, setting, shown
):
    case = replace(case, source=source, proposal=table, reader_masks=(None,) if masks else ())
    assert shows_proposal(case, setting) is shown


def test_the_worklist_says_which_cases_are_blinded(case, store):
    other = replace(case, case="C2", proposal="hidden")
    rows = Session([case, other], store, "A").worklist()["cases"]
    assert [row["proposal"] for row in rows] == ["shown", "hidden"]


@pytest.mark.parametrize("name", ["vhi", "vhi m", "VHI reader", "vhi  joint model"])
def test_nobody_may_call_themselves_a_model(name):
    with pytest.raises(InputError, match="name of a model"):
        check_reader(name)
    assert check_reader("vhifan") == "vhifan"
