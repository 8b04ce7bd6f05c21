import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.scans import oblique_affine
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.steps.cleaning import apply_edits, remove_regions, replay
from vhi.steps.edits import Edits, candidates_sha256, encode_edits, load_edits, save_edits
from vhi.steps.regions import find_regions

WHY = {"reason": "vessel", "reader": "A", "time": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def candidates():
    """A bar of 12 x 2 in slice 1 with a neighbour in slice 2, and a square in slice 3."""
    labels = np.zeros((20, 20, 5), np.uint8)
    labels[2:14, 5:7, 1] = 1
    labels[2:5, 5:7, 2] = 2
    labels[15:18, 15:18, 3] = 2
    return Image(labels, oblique_affine(), "candidates")


def test_no_edits_keep_everything(candidates):
    assert (apply_edits(candidates, Edits.start(candidates, case="c")) == candidates.array).all()


def test_removing_a_region_leaves_its_lesion_in_other_slices(candidates):
    edits = Edits.start(candidates, case="c").add("remove", (3, 5, 1), **WHY)
    left = apply_edits(candidates, edits)
    assert not left[..., 1].any()
    assert (left[..., 2:] == candidates.array[..., 2:]).all()


def test_removing_a_lesion_takes_all_its_slices(candidates):
    edits = Edits.start(candidates, case="c").add("remove", (3, 5, 1), scope="lesion", **WHY)
    left = apply_edits(candidates, edits)
    assert not left[..., :3].any() and left[..., 3].sum() == 18


def test_restoring_brings_a_region_back(candidates):
    edits = Edits.start(candidates, case="c").add("remove", (3, 5, 1), scope="lesion", **WHY)
    edits = edits.add("restore", (13, 6, 1), **WHY)
    left = apply_edits(candidates, edits)
    assert left[..., 1].sum() == 24 and not left[..., 2].any()


def test_a_cut_alone_removes_nothing(candidates):
    edits = Edits.start(candidates, case="c")
    edits = edits.add("cut", (3, 5, 1), line=[(8, 3, 1), (8, 9, 1)], **WHY)
    assert (apply_edits(candidates, edits) == candidates.array).all()


@pytest.mark.parametrize("line", [[(8, 3, 1), (8, 9, 1)], [(6, 3, 1), (10, 9, 1)]])
def test_after_a_cut_one_part_can_be_removed(candidates, line):
    edits = Edits.start(candidates, case="c").add("cut", (3, 5, 1), line=line, **WHY)
    left = apply_edits(candidates, edits.add("remove", (12, 5, 1), **WHY))
    assert left[2:6, 5:7, 1].all() and not left[11:14, :, 1].any()
    other = apply_edits(candidates, edits.add("remove", (2, 5, 1), **WHY))
    assert (left + other)[..., 1].sum() == 24 and not (left & other)[..., 1].any()


def test_a_cut_divides_the_lesion_too(candidates):
    edits = Edits.start(candidates, case="c")
    edits = edits.add("cut", (3, 5, 1), line=[(8, 3, 1), (8, 9, 1)], **WHY)
    left = apply_edits(candidates, edits.add("remove", (12, 5, 1), scope="lesion", **WHY))
    assert left[2:5, 5:7, 1:3].all() and not left[10:14, 5:7, 1].any()


@pytest.mark.parametrize(
    "line", [[(8, 3, 1), (8, 5, 1)], [(8, 3, 2), (8, 9, 2)], [(0, 0, 1), (1, 1, 1)]]
)
def test_a_line_that_does_not_divide_is_refused(candidates, line):
    edits = Edits.start(candidates, case="c").add("cut", (3, 5, 1), line=line, **WHY)
    with pytest.raises(InputError, match="does not divide"):
        apply_edits(candidates, edits)


@pytest.mark.parametrize("voxel", [(0, 0, 0), (500, 0, 0), (-3, 0, 0)])
def test_a_point_on_no_candidate_is_an_error_that_says_so(candidates, voxel):
    edits = Edits.start(candidates, case="c").add("remove", voxel, **WHY)
    with pytest.raises(InputError, match="edit 1: no candidate lies at"):
        apply_edits(candidates, edits)


def test_other_candidates_and_other_grids_are_refused(candidates):
    edits = Edits.start(candidates, case="c").add("remove", (3, 5, 1), **WHY)
    other = candidates.array.copy()
    other[0, 0, 0] = 1
    with pytest.raises(InputError, match="other candidates"):
        apply_edits(candidates.with_array(other), edits)
    with pytest.raises(InputError, match="another grid"):
        apply_edits(Image(candidates.array, oblique_affine(shift_mm=(0, 0, 0))), edits)
    with pytest.raises(InputError, match="another grid"):
        apply_edits(Image(candidates.array[1:], candidates.affine), edits)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["remove", "restore"]),
        st.sampled_from([(3, 5, 1), (13, 6, 1), (2, 6, 2), (16, 16, 3)]),
        st.sampled_from(["region", "lesion"]),
    ),
    max_size=8,
)


@given(ACTIONS)
def test_replaying_twice_from_the_same_candidates_gives_the_same(actions):
    labels = np.zeros((20, 20, 5), np.uint8)
    labels[2:14, 5:7, 1], labels[2:5, 5:7, 2], labels[15:18, 15:18, 3] = 1, 2, 2
    grid = Image(labels, oblique_affine())
    edits = Edits.start(grid, case="c")
    for action, voxel, scope in actions:
        edits = edits.add(action, voxel, scope=scope, **WHY)
    before = labels.copy()
    assert (apply_edits(grid, edits) == apply_edits(grid, edits)).all()
    assert (labels == before).all()


def test_a_record_survives_its_file(candidates, tmp_path):
    edits = Edits.start(candidates, case="c", visit="v")
    edits = edits.add("cut", (3, 5, 1), line=[(8, 3, 1), (8, 9, 1)], **WHY)
    edits = edits.add("remove", (12, 5, 1), **WHY)
    save_edits(edits, tmp_path / "e.json")
    assert load_edits(tmp_path / "e.json") == edits
    record = json.loads((tmp_path / "e.json").read_text())
    assert set(record) == {
        "schema", "case", "visit", "shape", "affine", "candidates_sha256", "edits",
    }  # fmt: skip
    assert record["candidates_sha256"] == candidates_sha256(candidates.array)
    assert set(record["edits"][1]) == {
        "action", "scope", "voxel", "world_mm", "reader", "time", "reason",
    }  # fmt: skip


def test_the_region_is_found_by_the_world_point_not_the_voxel(candidates, tmp_path):
    edits = Edits.start(candidates, case="c").add("remove", (16, 16, 3), **WHY)
    record = json.loads(encode_edits(edits))
    record["edits"][0]["voxel"] = [0, 0, 0]
    (tmp_path / "e.json").write_text(json.dumps(record))
    left = apply_edits(candidates, load_edits(tmp_path / "e.json"))
    assert not left[..., 3].any() and left[..., 1].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "other"}, "schema"),
        ({"edits": [{"action": "remove"}]}, "field"),
        ({"edits": 5}, "field"),
        ({"shape": [1, 2]}, "field"),
    ],
)
def test_damaged_records_are_named(candidates, tmp_path, change, words):
    record = json.loads(encode_edits(Edits.start(candidates, case="c"))) | change
    (tmp_path / "e.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=words):
        load_edits(tmp_path / "e.json")


def test_a_file_that_is_no_record_is_named(tmp_path):
    (tmp_path / "e.json").write_text("not json")
    with pytest.raises(InputError, match="not a JSON record"):
        load_edits(tmp_path / "e.json")
    with pytest.raises(InputError, match="no such file"):
        load_edits(tmp_path / "none.json")


@pytest.mark.parametrize(
    "words",
    [{"action": "delete"}, {"scope": "slice"}, {"reason": "because"}, {"action": "cut"}],
)
def test_unknown_words_and_lineless_cuts_are_refused(candidates, words):
    arguments = {"action": "remove", "voxel": (3, 5, 1), **words}
    with pytest.raises(InputError):
        Edits.start(candidates, case="c").add(**arguments)


def test_cleaning_by_rule_removes_exactly_what_touches_nothing_kept(candidates):
    keep = np.zeros(candidates.shape, bool)
    keep[2, 5, 1] = True
    edits = remove_regions(Edits.start(candidates, case="c"), candidates, keep, **WHY)
    assert len(edits.edits) == 2
    left = apply_edits(candidates, edits)
    assert left[..., 1].sum() == 24 and not left[..., 2:].any()
    assert replay(find_regions(candidates), edits).judged[1:].all()
