import numpy as np
import pytest

from vhi.steps.candidates import label_candidates
from vhi.steps.thresholds import Thresholds


def test_both_thresholds_are_inclusive_and_only_the_disease_region_counts():
    stir = np.array([[[9.99, 10, 19.99, 20, 99]]])
    region = np.array([[[1, 1, 1, 1, 0]]], bool)
    labels = label_candidates(stir, region, Thresholds(10, 20, 0, 0, 0))
    assert labels.tolist() == [[[0, 1, 1, 2, 0]]]
    assert labels.dtype == np.uint8


def test_shapes_that_differ_raise():
    with pytest.raises(ValueError, match="shape"):
        label_candidates(np.zeros((2, 2, 2)), np.zeros((2, 2, 3), bool), Thresholds(1, 2, 0, 0, 0))
