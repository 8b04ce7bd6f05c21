"""Thresholds that are not those of normal marrow."""

import numpy as np
import pytest

from tests.helpers.pelvis import pelvis
from vhi.plausibility.thresholds import notes_on_candidates, notes_on_thresholds
from vhi.steps.thresholds import estimate_thresholds


def checks(values):
    thresholds = estimate_thresholds(values)
    return [note.check for note in notes_on_thresholds(thresholds, len(values))]


def test_marrow_of_usual_size_and_spread_gets_no_note():
    assert checks(np.random.default_rng(0).normal(200, 20, 4000)) == []
    assert notes_on_candidates(pelvis().candidates) == ()


def test_few_voxels_a_large_and_a_small_multiple_are_named():
    marrow = np.random.default_rng(0).normal(200, 20, 4000)
    assert "few-voxels" in checks(marrow[:199]) and "few-voxels" not in checks(marrow[:200])
    assert checks([*marrow, 500]) == ["large-multiple"]
    assert checks(np.linspace(100, 200, 4000)) == ["small-multiple"]


def test_a_note_begins_with_the_name_of_the_mask():
    thresholds = estimate_thresholds(np.arange(30))
    notes = notes_on_thresholds(thresholds, 30, "N.nii.gz")
    assert len(notes) == 2 and all(note.startswith("N.nii.gz: ") for note in notes)


@pytest.mark.parametrize("factor", [2.2, 3.0])
def test_a_threshold_far_above_the_marrow_is_named(factor):
    good = pelvis()
    stir = good.stir.array.copy()
    stir[good.normal_bone.array] *= factor
    names = [note.check for note in notes_on_candidates(good.having(stir=stir).candidates)]
    assert names == ["high-threshold"]


@pytest.mark.parametrize("factor", [0.1, 0.7])
def test_a_region_that_is_mostly_above_the_threshold_is_named(factor):
    good = pelvis()
    stir = good.stir.array.copy()
    stir[good.normal_bone.array] *= factor
    (note,) = notes_on_candidates(good.having(stir=stir).candidates)
    assert note.check == "share-above"
