"""Scores of proposed cleaning, on regions counted by hand."""

import numpy as np
import pytest

from vhi.evaluation.cleaning import (
    RegionTruth,
    decisions_with,
    decisions_without,
    leave,
    shares_right,
    weighted_auc,
)

SIZES = np.array([50, 30, 15, 5])
TRUE = np.array([False, True, True, False])


def test_dice_counts_the_reference_outside_the_regions():
    truth = RegionTruth(SIZES, np.array([0, 20, 10, 0]), 40)
    assert truth.dice(TRUE) == pytest.approx(2 * 30 / (45 + 40))
    assert truth.best_dice() == pytest.approx(2 * 30 / (45 + 40))
    assert RegionTruth(SIZES, SIZES * 0, 0).dice(np.zeros(4, bool)) == 1


def test_the_area_under_the_curve_weighs_by_voxels():
    assert weighted_auc(np.array([0.1, 0.9, 0.8, 0.0]), TRUE, SIZES) == 1
    # The region of 50 voxels lies between the two true ones: 15 of 45 voxels are below it.
    keep = np.array([0.5, 0.9, 0.4, 0.0])
    assert weighted_auc(keep, TRUE, SIZES) == pytest.approx(1 - 15 / 45 * 50 / 55)
    assert np.isnan(weighted_auc(keep, np.ones(4, bool), SIZES))


def test_without_a_proposal_the_largest_regions_are_judged_first():
    # 100 voxels, then 50: within 10 % of 45 needs the last region too (50 is 11 % above).
    assert decisions_without(SIZES, TRUE) == 4
    assert decisions_without(SIZES, np.array([False, True, True, True])) == 1
    assert decisions_without(SIZES, np.ones(4, bool)) == 0


def test_sure_regions_are_one_decision_and_doubtful_ones_come_first():
    keep = np.array([0.0, 1.0, 1.0, 0.0])
    nothing = np.zeros(4, bool)
    assert leave(keep, SIZES).tolist() == TRUE.tolist()
    assert decisions_with(SIZES, TRUE, keep, nothing) == 1
    # Wrong about the third region, and in doubt about it alone: one more decision.
    keep = np.array([0.0, 1.0, 0.3, 0.0])
    assert leave(keep, SIZES).tolist() == [False, True, False, False]
    assert decisions_with(SIZES, TRUE, keep, np.arange(4) == 2) == 2


def test_sure_regions_are_counted_by_voxels():
    keep = np.array([0.05, 0.95, 0.05, 0.5])
    assert shares_right(keep, TRUE, SIZES, 0.1) == (80, 95)
