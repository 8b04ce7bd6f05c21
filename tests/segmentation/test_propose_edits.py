"""Proposed cleaning: the model, what is kept, and what the proposal says of itself."""

from dataclasses import replace

import numpy as np
import pytest

from vhi.phantom import make_phantom
from vhi.segmentation.propose_edits import (
    LOOKS,
    CleaningModel,
    load_cleaning_model,
    most_probable,
    propose_edits,
    reasons_of,
)
from vhi.steps.candidates import find_candidates
from vhi.steps.cleaning import replay
from vhi.steps.edits import REASONS


@pytest.fixture(scope="module")
def phantom():
    simulated = make_phantom(3)
    candidates = find_candidates(simulated.stir, simulated.normal_bone, simulated.disease_region)
    return candidates, simulated.t1w


def test_the_probability_is_that_of_the_logistic_function():
    model = CleaningModel("m", ("a", "b"), (1, 0), (2, 1), (1, -1), 0.5, 0.2, 0, 0)
    probability = model.probability(np.array([[3.0, 1.0], [1.0, 0.0]]))
    assert probability == pytest.approx([1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(-0.5))])


def test_the_most_probable_regions_come_nearest_to_the_expected_volume():
    keep, sizes = np.array([0, 0.9, 0.5, 0.1]), np.array([0, 10, 10, 10])
    assert most_probable(keep, sizes).tolist() == [False, True, False, False]  # 15: 10 and 20 tie
    keep[2] = 0.6
    assert most_probable(keep, sizes).tolist() == [False, True, True, False]


def test_the_shipped_model_is_read_and_named_by_its_hash():
    model = load_cleaning_model()
    assert len(model.features) == len(model.weight) == len(model.centre) == len(model.spread)
    assert 0 < model.sure < 0.5 and len(model.sha256) == 64


def test_the_record_leaves_what_the_proposal_keeps(phantom):
    candidates, t1w = phantom
    proposal = propose_edits(candidates, t1w, case="a")
    regions = replay(candidates.regions, proposal.edits)
    assert np.array_equal(~regions.removed[1:], proposal.kept[1:])
    edit = proposal.edits.edits[0]
    options = {"reason": edit.reason, "reader": edit.reader, "time": ""}
    assert replace(proposal.edits, edits=()).add("remove", edit.voxel, **options).edits == (edit,)
    sizes = np.bincount(candidates.regions.part, minlength=candidates.regions.count + 1)
    left, expected = sizes[proposal.kept].sum(), proposal.keep @ sizes
    assert abs(left - expected) <= sizes[1:].max()
    assert {edit.reader for edit in proposal.edits.edits} == {f"vhi {proposal.model}"}
    assert all(
        (reason in REASONS) != kept
        for reason, kept in zip(proposal.reasons[1:], proposal.kept[1:], strict=True)
    )
    assert not proposal.notes and not proposal.in_doubt.all()


def test_no_candidates_give_an_empty_proposal(phantom):
    candidates, t1w = phantom
    dark = candidates.stir.with_array(
        np.where(candidates.normal_bone.array, candidates.stir.array, 0.0)
    )
    none = find_candidates(dark, candidates.normal_bone, candidates.disease_region, min_pixels=999)
    proposal = propose_edits(none, t1w)
    assert proposal.keep.tolist() == [0] and not proposal.kept.any() and proposal.edits.empty


def test_a_model_is_sure_of_nothing_on_a_scan_unlike_its_training(phantom):
    candidates, t1w = phantom
    middle = np.percentile(t1w.array[t1w.array > t1w.array.mean() / 4], 50)
    saturated = t1w.with_array(np.minimum(t1w.array, middle))
    proposal = propose_edits(candidates, saturated)
    assert [note.check for note in proposal.notes] == ["unlike-t1w"]
    assert proposal.in_doubt[1:].all() and not proposal.in_doubt[0]


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        ({"joint": 0.9, "t1w": 0.4}, "joint space"),
        ({"joint": 0.9, "t1w": 0.7}, "other"),
        ({"height": 0.95, "lateral": 0.1}, "above L4/5"),
        ({"elongation": 1.2, "peak": 2.0}, "vessel"),
        ({"elongation": 1.2, "peak": 2.0, "log_area": np.log(50)}, "other"),
        ({"log_area": np.log(40), "lateral": 0.2, "lesion_slices": 1}, "artefact"),
    ],
)
def test_the_likely_reason_follows_from_look_and_place(look, reason):
    plain = dict.fromkeys(LOOKS, 0.0) | {"t1w": 1.0, "lateral": 0.5, "lesion_slices": 2}
    assert reasons_of(np.array([[(plain | look)[name] for name in LOOKS]])) == [reason]
