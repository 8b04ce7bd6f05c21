import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.scans import oblique_affine
from vhi.errors import EditsError, InputError
from vhi.images.image import Image
from vhi.steps.cleaning import replay
from vhi.steps.edits import Edits, Statement, encode_edits, load_edits, save_edits
from vhi.steps.regions import find_regions

BAR, ABOVE, SQUARE = (3, 5, 1), (3, 5, 2), (16, 16, 3)
ACROSS = [(8, 3, 1), (8, 9, 1)]


@pytest.fixture(scope="module")
def candidates():
    """A bar of 12 x 2 in slice 1, with a neighbour in slice 2, and a square in slice 3."""
    labels = np.zeros((20, 20, 5), np.uint8)
    labels[2:14, 5:7, 1], labels[2:5, 5:7, 2], labels[15:18, 15:18, 3] = 1, 2, 2
    return Image(labels, oblique_affine(), "candidates")


@pytest.fixture
def empty(candidates):
    return Edits.start(candidates, case="c")


def judged(candidates, edits):
    """Return how many regions a record judges, of how many."""
    regions = replay(find_regions(candidates), edits)
    return int(regions.judged.sum()), regions.count


def test_nobody_has_judged_anything_at_first(candidates, empty):
    assert empty.empty and judged(candidates, empty) == (0, 3)


def test_a_region_is_judged_that_is_removed_restored_or_seen(candidates, empty):
    assert judged(candidates, empty.add("remove", BAR)) == (1, 3)
    assert judged(candidates, empty.add("restore", BAR)) == (1, 3)
    assert judged(candidates, empty.see(BAR)) == (1, 3)
    assert judged(candidates, empty.see(BAR).see((4, 6, 1)).add("remove", BAR)) == (1, 3)


def test_a_lesion_is_judged_in_all_its_slices(candidates, empty):
    assert judged(candidates, empty.add("remove", BAR, scope="lesion")) == (2, 3)


def test_parts_of_a_cut_are_new_regions_that_nobody_has_judged(candidates, empty):
    cut = empty.see(BAR).see(ABOVE).add("cut", BAR, line=ACROSS)
    assert judged(candidates, cut) == (1, 4)
    assert judged(candidates, cut.see(BAR)) == (2, 4)
    assert judged(candidates, cut.see(BAR).add("remove", (12, 5, 1))) == (3, 4)
    removed_first = empty.add("remove", BAR).add("cut", BAR, line=ACROSS)
    assert judged(candidates, removed_first) == (0, 4)


def test_an_edit_of_a_region_that_had_changed_judges_nothing(candidates, empty, tmp_path):
    record = json.loads(encode_edits(empty.see(BAR).add("remove", BAR)))
    record["edits"][0]["judged"] = False
    (tmp_path / "e.json").write_text(json.dumps(record))
    edits = load_edits(tmp_path / "e.json")
    assert judged(candidates, edits) == (0, 3)
    assert judged(candidates, edits.see(BAR)) == (1, 3)


def test_a_statement_judges_no_region_and_a_later_edit_withdraws_it(candidates, empty):
    finished = empty.finish("ann", time="t")
    assert finished.finished == Statement("ann", "t") and not finished.empty
    assert judged(candidates, finished) == (0, 3)
    assert finished.add("remove", BAR).finished is None
    assert finished.see(BAR).finished == Statement("ann", "t")
    with pytest.raises(InputError, match="name of the reader"):
        empty.finish(" ")


def test_what_was_seen_and_said_survives_its_file(empty, tmp_path):
    edits = empty.see(SQUARE, reader="ann").add("remove", BAR).see(ABOVE).finish("ann")
    save_edits(edits, tmp_path / "e.json")
    assert load_edits(tmp_path / "e.json") == edits
    record = json.loads((tmp_path / "e.json").read_text())
    assert [region["after"] for region in record["seen"]] == [0, 1]
    assert set(record["finished"]) == {"reader", "time"}


def test_a_record_without_marks_is_written_as_before(empty):
    record = json.loads(encode_edits(empty.add("remove", BAR)))
    assert not {"seen", "finished"} & set(record) and "judged" not in record["edits"][0]


def test_a_region_seen_where_no_candidate_lies_is_an_error(candidates, empty):
    with pytest.raises(EditsError, match="region that was seen: no candidate lies at"):
        judged(candidates, empty.see((0, 0, 0)))
    with pytest.raises(EditsError, match="voxel -5 0 0"):
        judged(candidates, empty.see(BAR).see((-5, 0, 0)))


POINT = {"voxel": [3, 5, 1], "world_mm": [0.0, 0.0, 0.0], "after": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"seen": None}, {"seen": 13}, {"seen": ["a"]}, {"seen": [{}]}, {"seen": {"a": 1}},
        {"seen": [POINT | {"after": 2}]}, {"seen": [POINT | {"after": -1}]},
        {"seen": [POINT | {"after": 0.5}]}, {"seen": [POINT | {"after": True}]},
        {"seen": [POINT | {"world_mm": [0, 0]}]}, {"seen": [POINT | {"world_mm": [0, 0, 1e400]}]},
        {"finished": True}, {"finished": "ann"}, {"finished": {}}, {"finished": {"reader": ""}},
        {"finished": {"reader": 3}},
        {"finished": [["reader", "ann"]]},
    ],
)  # fmt: skip
def test_marks_of_the_wrong_shape_are_refused_in_one_line(empty, tmp_path, change):
    record = json.loads(encode_edits(empty.add("remove", BAR))) | change
    (tmp_path / "e.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"^[^\n]*e\.json: [^\n]+$"):
        load_edits(tmp_path / "e.json")


def test_a_record_continues_an_earlier_one_if_nothing_is_missing(empty):
    earlier = empty.see(SQUARE).add("remove", BAR)
    assert earlier.continues(empty) and not empty.continues(earlier)
    assert earlier.add("restore", BAR).see(ABOVE).continues(earlier)
    assert not empty.add("remove", BAR).continues(earlier)
    assert not empty.see(SQUARE).add("remove", ABOVE).continues(earlier)
    finished = earlier.finish("ann")
    assert finished.continues(earlier) and not earlier.continues(finished)
    assert finished.add("restore", BAR).continues(finished)


MARKS = st.lists(
    st.tuples(st.sampled_from(["remove", "restore", "see"]), st.sampled_from([BAR, ABOVE, SQUARE])),
    max_size=8,
)


@given(MARKS)
def test_each_region_that_was_touched_is_judged_once_in_any_order(candidates, marks):
    edits = Edits.start(candidates, case="c")
    for action, voxel in marks:
        edits = edits.see(voxel) if action == "see" else edits.add(action, voxel, time="t")
    assert judged(candidates, edits) == (len({voxel for _, voxel in marks}), 3)


@pytest.mark.parametrize("name", ["vhi 1", "VHI logistic", " vhi\tlogistic", "vhi"])
def test_nobody_reads_under_the_name_of_a_model(candidates, name):
    with pytest.raises(InputError) as refused:
        Edits.start(candidates, case="a").finish(name)
    assert refused.value.check == "model-as-reader"
    assert Edits.start(candidates, case="a").finish("Vhianna").finished is not None


@pytest.mark.parametrize("name", [" vhi logistic", "vhi\u00a0logistic", "VHI"])
def test_a_record_written_by_hand_reads_nothing_under_the_name_of_a_model(
    candidates, tmp_path, name
):
    voxel = np.argwhere(candidates.array)[0]
    edits = Edits.start(candidates, case="a").add("remove", voxel, reader="ann").finish("ann")
    save_edits(edits, tmp_path / "e.json")
    record = (tmp_path / "e.json").read_text()
    (tmp_path / "e.json").write_text(record.replace('"ann"', f'"{name}"'))
    with pytest.raises(InputError, match="finished names no reader"):
        load_edits(tmp_path / "e.json")
    save_edits(replace(edits, finished=None), tmp_path / "e.json")
    record = (tmp_path / "e.json").read_text()
    (tmp_path / "e.json").write_text(record.replace('"ann"', f'"{name}"'))
    proposed = load_edits(tmp_path / "e.json")
    assert judged(candidates, proposed)[0] == 0 and proposed.source == "proposal"


@pytest.mark.parametrize("how", ["vhi model", "accepted together"])
def test_what_nobody_has_looked_at_is_not_seen(candidates, tmp_path, how):
    edits = Edits.start(candidates, case="a")
    voxel = np.argwhere(candidates.array)[0]
    kwargs = {"reader": how} if how.startswith("vhi") else {"proposal": how, "reader": "ann"}
    proposed = edits.add("remove", voxel, **kwargs)
    assert judged(candidates, proposed)[0] == 0 and proposed.rests_on_proposal
    looked = edits.add("remove", voxel, reader="ann", proposal="accepted")
    assert judged(candidates, looked)[0] == 1 and not looked.rests_on_proposal
    save_edits(replace(proposed, proposal_shown=True), tmp_path / "e.json")
    assert load_edits(tmp_path / "e.json") == replace(proposed, proposal_shown=True)
