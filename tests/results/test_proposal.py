"""No proposal is taken for a reading: every output says which of the two it holds."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.scans import names
from vhi import clean, measure
from vhi.errors import InputError
from vhi.measurement import Measurement
from vhi.results.batch import TABLE, measure_all
from vhi.results.folder import RESULT_FILES, check_result_folder
from vhi.results.headline import NOT_READ, PROPOSED, RESEARCH, UPPER_BOUND, caption, headline
from vhi.results.pictures import HATCH, montage
from vhi.results.record import encode_regions, record_of
from vhi.results.report import render_report, write_result
from vhi.steps.edits import PROPOSED_EDITS, encode_edits, load_edits, save_edits

STATES = ("not read", "accepted", "accepted in part", "read", "read with the proposal", "hidden")


@pytest.fixture(autouse=True)
def small_region_proposed_for_removal(monkeypatch):
    """A model that removes the smaller of the tiny case's two regions, and is not sure of it."""
    from vhi.segmentation.propose_edits import propose_edits

    def propose(candidates, t1w, **of_case):
        whole = propose_edits(candidates, t1w, **of_case)
        keep, kept = np.array([0.0, 0.9, 0.4]), np.array([False, True, False])
        voxel = candidates.regions.describe(candidates.stir)[1].voxel
        empty = replace(whole.edits, edits=())
        edits = empty.add("remove", voxel, reason="vessel", reader="vhi small", time="")
        return replace(
            whole, keep=keep, kept=kept, reasons=("", "", "vessel"), in_doubt=keep == 0.4,
            edits=edits, model="small",
        )  # fmt: skip

    for user in ("vhi.measurement", "vhi.workflow"):
        monkeypatch.setattr(f"{user}.propose_edits", propose)


@pytest.fixture
def of(tiny_case):
    """The tiny case in each of the `STATES`."""

    def measured(state: str) -> Measurement:
        first = measure(tiny_case)
        proposal, big = first.proposal, first.regions[0]
        options = {
            "not read": {},
            "accepted": {"accept_proposal": True},
            "accepted in part": {
                "edits": first.edits.add(
                    "remove", big.voxel, reader="ann", proposal="accepted together"
                )
            },
            "read": {"edits": first.edits.add("remove", big.voxel, reader="ann").finish("ann")},
            "read with the proposal": {"edits": proposal.edits.finish("ann")},
            "hidden": {"propose": False},
        }[state]
        return measure(tiny_case, **options)

    return measured


CLEANED = dict(zip(STATES, ("no", "proposed", "proposed", "read", "read", "no"), strict=True))
SOURCES = ("none", "proposal", "reader and proposal", "reader", "reader and proposal", "none")
VOXELS = dict(zip(STATES, (24, 20, 4, 4, 20, 24), strict=True))


def shown_in_record(m):
    record = record_of(m)
    assert record["cleaned"] == m.cleaned and record["vhi"]["voxels"] == m.vhi.voxels
    assert record["provenance"]["proposal_made"] == (record["proposed"] is not None)
    return record["cleaned"] == "read", record["proposed"] and record["proposed"]["voxels"]


def shown_in_terminal(m):
    lines = [number.line for number in headline(m)]
    proposed = [line for line in lines if line.startswith(PROPOSED)]
    assert all(f"({NOT_READ}" in line for line in proposed)
    voxels = int(proposed[0].split(" voxels")[0].split()[-1]) if proposed else None
    return any("after cleaning" in line for line in lines), voxels


def shown_in_report(m):
    html = render_report(m, b"png")
    assert html.count(RESEARCH) == 2
    assert (f"{RESEARCH}</p>" in html) == m.read
    assert (PROPOSED in html) == (f"<strong>{NOT_READ}</strong>" in html)
    return "After cleaning:" in html, 20 if PROPOSED in html else None


def shown_in_picture(m):
    words = caption(m)
    assert words.endswith(f"{RESEARCH}.")
    proposed = words.partition(PROPOSED)[2]
    assert not proposed or proposed.startswith(f" 17 cubic mm, {NOT_READ}")
    return "after cleaning" in words, 20 if proposed else None


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "shown", [shown_in_record, shown_in_terminal, shown_in_report, shown_in_picture]
)
def test_every_output_says_whether_a_reader_has_read(of, state, shown):
    m = of(state)
    assert (m.cleaned, m.vhi.voxels) == (CLEANED[state], VOXELS[state])
    assert m.edits.source == SOURCES[STATES.index(state)]
    assert shown(m) == (CLEANED[state] == "read", None if state == "hidden" else 20)


@pytest.mark.parametrize(
    ("state", "order"),
    [
        ("not read", [PROPOSED, UPPER_BOUND]),
        ("accepted", [PROPOSED, UPPER_BOUND]),
        ("accepted in part", ["VHI", PROPOSED, UPPER_BOUND]),
        ("read", ["VHI", PROPOSED]),
        ("hidden", ["VHI"]),
    ],
)
def test_a_reading_comes_first_and_the_upper_bound_last(of, state, order):
    numbers = headline(of(state))
    assert [number.name for number in numbers] == order
    if order[-1] == UPPER_BOUND:
        assert numbers[-1].volume.voxels == 24


def test_a_proposal_applied_whole_by_a_reader_is_not_without_the_readers_edits(of, tiny_case):
    proposal = of("not read").proposal.edits
    edits = tuple(replace(e, reader="ann", proposal="accepted together") for e in proposal.edits)
    line = headline(measure(tiny_case, edits=replace(proposal, edits=edits)))[0].line
    assert "applied" in line and "without the reader's edits" not in line


def test_the_report_says_how_many_edits_a_reader_accepted_without_looking(of):
    words = "1 edit by a reader (1 accepted from a model without looking)"
    assert words in render_report(of("accepted in part"), b"png")
    assert "without looking" not in render_report(of("read"), b"png")


def test_the_record_of_a_proposal(of):
    m = of("not read")
    record = record_of(m)["proposed"]
    assert record["edits"] == PROPOSED_EDITS and record["model"] == "small"
    assert record["model_sha256"] == m.proposal.model_sha256
    assert record["in_doubt"] == {"regions": 1, "voxels": 4}
    assert record["mm3"] == pytest.approx(16.5) and record["mm3_slice_thickness"] is None
    assert (record["interval"] is None) == (record["no_interval"] is not None)
    assert "propose edits" in m.seconds
    assert record_of(of("hidden"))["proposed"] is None


def test_regions_say_what_is_proposed(of):
    m = of("not read")
    rows = list(csv.DictReader(encode_regions(m.regions, m.proposal).decode().splitlines()))
    last = ["keep_probability", "proposed", "reason", "in_doubt"]
    assert list(rows[0])[-4:] == last
    assert [[row[name] for name in last] for row in rows] == [
        ["0.9", "keep", "", "no"],
        ["0.4", "remove", "vessel", "yes"],
    ]
    hidden = csv.DictReader(encode_regions(m.regions).decode().splitlines())
    assert {row["proposed"] for row in hidden} == {""}


def test_doubts_are_ordered_by_what_they_may_change(of):
    m = of("not read")
    proposal = replace(m.proposal, keep=np.array([0.0, 0.9, 0.4]), in_doubt=np.ones(3, bool))
    m.__dict__["proposal"] = proposal
    assert [region.voxels for region in m.doubts] == [20, 4]  # 0.1 * 20 > 0.4 * 4
    m = of("not read")
    m.__dict__["proposal"] = replace(proposal, keep=np.array([0.0, 0.95, 0.4]))
    assert [region.voxels for region in m.doubts] == [4, 20]  # 0.05 * 20 < 0.4 * 4


def test_the_file_of_a_proposal_replays_to_it_and_is_the_same_on_every_run(of, tiny_case, tmp_path):
    folder = write_result(of("not read"), tmp_path / "a")
    assert set(names(folder)) == RESULT_FILES
    record = folder / PROPOSED_EDITS
    assert record.read_bytes() == encode_edits(of("not read").proposal.edits)
    again = measure(tiny_case, edits=load_edits(record))
    assert (again.cleaned, again.vhi) == ("proposed", of("not read").proposed)
    assert again.seen.regions == 0
    hidden = write_result(of("hidden"), tmp_path / "b")
    assert set(names(hidden)) == RESULT_FILES - {PROPOSED_EDITS}


def test_a_proposal_that_removes_nothing_leaves_a_scan_not_cleaned(of):
    m = of("not read")
    nothing = clean(m.scans, m.areas, m.candidates, replace(m.proposal.edits, edits=()))
    assert nothing.cleaned == "no" and nothing.edits.source == "none"


def test_what_a_model_saw_nobody_has_seen(of):
    m = of("not read")
    edits = m.edits
    for region in m.regions:
        edits = edits.see(region.voxel, reader="vhi small")
    marked = clean(m.scans, m.areas, m.candidates, edits)
    assert marked.seen.regions == 0 and marked.cleaned == "proposed"
    assert not edits.by_a_reader and edits.see(m.regions[0].voxel, reader="ann").by_a_reader


def test_the_picture_hatches_what_is_proposed_for_removal(of):
    def coloured(state):
        pixels = np.array(montage(of(state)).convert("RGB"), int)
        return int((np.ptp(pixels, axis=2) > 0).sum())

    without, hatched, whole = map(coloured, ("read with the proposal", "not read", "hidden"))
    assert (hatched - without) / (whole - without) == pytest.approx(1 / HATCH, abs=0.01)
    assert coloured("accepted") == hatched


@pytest.mark.parametrize("state", ["accepted", "accepted in part", "read"])
def test_a_models_edits_need_no_protection_and_a_readers_do(of, tmp_path, state):
    folder = write_result(of(state), tmp_path / "out")
    if state == "accepted":
        check_result_folder(folder, overwrite=True)
        return
    with pytest.raises(InputError) as refusal:
        check_result_folder(folder, overwrite=True)
    assert refusal.value.check == "readers-edits"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"propose": False}, "--no-proposal exclude each other"),
        ({"edits": True}, "--accept-proposal and --edits"),
        ({"read_by": "ann"}, "states that a reader has read"),
    ],
)
def test_an_accepted_proposal_excludes_what_contradicts_it(tiny_case, options, words):
    options = {**options, "edits": measure(tiny_case).edits} if "edits" in options else options
    with pytest.raises(InputError, match=words) as refusal:
        measure(tiny_case, accept_proposal=True, **options)
    assert (refusal.value.check == "proposal-read") == ("read_by" in options)


def test_a_readers_edits_win_over_an_accepted_proposal(tiny_case, tmp_path):
    cases = [replace(tiny_case, case=name, subject=name) for name in "ab"]
    out = tmp_path / "out"
    measure_all(cases, out, accept_proposal=True)
    record = out / "a" / "edits.json"
    assert load_edits(record).source == "proposal"
    save_edits(replace(load_edits(record), edits=()).add("remove", (26, 26, 2)), record)
    rows = measure_all(cases, out, overwrite=True, accept_proposal=True)
    with (out / TABLE).open(newline="") as stream:
        written = list(csv.DictReader(stream))
    assert [row["edits_from"] for row in written] == ["reader", "proposal"]
    assert [row["cleaned"] for row in written] == ["no", "proposed"]
    assert [row["vhi_voxels"] for row in written] == ["4", "20"]
    assert {row["proposed_voxels"] for row in written} == {"20"}
    assert {row["uncleaned_voxels"] for row in written} == {"24"}
    assert {row["regions_in_doubt"] for row in written} == {"1"}
    assert "lines" not in written[0] and f"({NOT_READ}; applied" in rows[1]["lines"][0]
    # A model's edits are not a reader's: without the option they are not applied again.
    measure_all(cases, out, overwrite=True)
    assert json.loads((out / "b" / "vhi.json").read_text())["cleaned"] == "no"
