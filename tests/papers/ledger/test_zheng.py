"""Zheng 2023: the numbers that would hold in place of printed ones."""

import pytest

from vhi.papers.ledger import agrees


@pytest.fixture
def s(sources):
    """The numbers of the paper."""
    return sources["zheng"]


def test_the_average_given_is_the_first_fold(others, s):
    for part in ("femur", "lesion"):
        first = s[f"table3-fold1-{part}"]
        assert agrees(others.at[f"zheng-abstract-{part}", "value"], first)


def test_one_fold_three_points_lower_gives_the_printed_average(others, s):
    folds = [s[f"table3-fold{fold}-lesion"] for fold in range(1, 6)]
    assert agrees(others.at["zheng-table3-average-lesion", "value"], (sum(folds) - 3) / 5)


def test_slices_are_ten_a_patient(s):
    assert s["slices"] / s["patients"] == pytest.approx(9.97, abs=0.005)
