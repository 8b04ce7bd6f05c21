"""Kappa against printed examples and tables small enough to work on paper."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vhi.statistics.kappa import cohen_kappa, kappa_interval

# The manual of SAS, procedure FREQ, "Agreement Study": two dermatologists, 88 patients.
SKIN = [[10, 4, 1, 0], [5, 10, 12, 2], [2, 4, 12, 5], [0, 2, 6, 13]]

TABLES = hnp.arrays(np.int64, (3, 3), elements=st.integers(0, 9))


def undefined(kappa):
    return all(map(math.isnan, (kappa.value, kappa.standard_error, *kappa.interval)))


def test_kappa_of_the_papers_counts_is_that_of_chance():
    """11 of 16 responders and 4 of 13 others: 15/29 agree, 16·20/29² + 13·9/29² would by chance."""
    found = cohen_kappa([[11, 5], [9, 4]])
    assert found.n == 29
    assert found.observed == pytest.approx(15 / 29)
    assert found.expected == pytest.approx((16 * 20 + 13 * 9) / 29**2)
    assert found.value == pytest.approx((15 * 29 - 437) / (841 - 437))
    assert round(found.value, 3) == -0.005
    assert found.interval[0] < 0 < found.interval[1]


def test_cohens_kappa_is_the_printed_one_with_its_error_and_interval():
    found = cohen_kappa(SKIN)
    assert round(found.value, 4) == 0.3449
    assert round(found.standard_error, 4) == 0.0724
    assert tuple(round(end, 4) for end in found.interval) == (0.2030, 0.4868)


def test_linear_weights_give_the_printed_weighted_kappa():
    found = cohen_kappa(SKIN, weights="linear")
    assert round(found.value, 4) == 0.5082
    assert round(found.standard_error, 4) == 0.0655
    assert tuple(round(end, 4) for end in found.interval) == (0.3798, 0.6366)


def test_the_error_is_that_of_fleiss_cohen_and_everitt_1969():
    found = cohen_kappa([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
    assert (found.observed, found.expected) == pytest.approx((0.70, 0.475))
    assert (round(found.value, 3), round(found.standard_error, 3)) == (0.429, 0.054)


def test_li_2024_prints_this_kappa():
    """External test: 34 of 37 positive and 11 of 21 negative found right."""
    assert round(cohen_kappa([[34, 3], [10, 11]]).value, 3) == 0.477


def test_quadratic_weights_forgive_a_near_miss():
    # One of four a step off, of two possible: 1/4 of the disagreement counts 1/4.
    table = [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert cohen_kappa(table).observed == pytest.approx(3 / 4)
    assert cohen_kappa(table, weights="linear").observed == pytest.approx(1 - 1 / 8)
    assert cohen_kappa(table, weights="quadratic").observed == pytest.approx(1 - 1 / 16)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_two_categories_know_no_near_miss(weights):
    plain, weighted = (cohen_kappa([[20, 5], [10, 15]], weights=each) for each in (None, weights))
    assert weighted.value == pytest.approx(plain.value) == pytest.approx(0.4)
    assert weighted.interval == pytest.approx(plain.interval)


def test_full_agreement_has_no_interval():
    found = cohen_kappa([[3, 0], [0, 2]])
    assert found.value == found.observed == 1
    assert math.isnan(found.standard_error) and all(map(math.isnan, found.interval))


def test_a_reader_who_always_says_yes_agrees_as_chance_does():
    found = cohen_kappa([[5, 0], [3, 0]])
    assert found.value == pytest.approx(0)
    assert found.observed == pytest.approx(found.expected) == pytest.approx(5 / 8)
    assert all(map(math.isnan, found.interval))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@pytest.mark.parametrize("table", [[[0, 0], [0, 4]], [[1]], [[0, 0], [0, 1]]])
def test_one_category_only_leaves_kappa_undefined(table, weights):
    found = cohen_kappa(table, weights=weights)
    assert undefined(found)
    assert (found.n, found.observed, found.expected) == (np.sum(table), 1, 1)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], np.zeros((0, 0), int)])
def test_no_subjects_leave_everything_undefined(table):
    found = cohen_kappa(table)
    assert found.n == 0 and undefined(found)
    assert math.isnan(found.observed) and math.isnan(found.expected)


@pytest.mark.parametrize("table", [[[0, 1], [0, 0]], [[1, 0], [0, 1]], [[0, 1], [1, 0]]])
def test_one_or_two_subjects_give_a_value_without_a_false_interval(table):
    found = cohen_kappa(table)
    assert found.value in (-1, 0, 1)
    assert all(map(math.isnan, found.interval))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([[0, 0], [0, 0]], "no subjects"),
        ([[5, 0], [0, 0]], "both ratings give every subject the same category"),
        ([[5, 0], [3, 0]], "one rating never varies"),
        ([[5, 3], [0, 0]], "one rating never varies"),
        ([[5, 0], [0, 3]], "the ratings agree in every subject"),
        ([[0, 4], [4, 0]], "the ratings differ in every subject"),
        ([[0, 1], [0, 0]], "a single subject"),
        ([[11, 5], [9, 4]], ""),
    ],
)
def test_a_missing_interval_has_a_reason(table, reason):
    found = cohen_kappa(table)
    assert found.reason == reason
    assert math.isnan(found.standard_error) == bool(reason)


def test_for_many_subjects_both_intervals_are_the_same():
    many = [[250_000, 250_000], [250_000, 250_000]]
    assert kappa_interval(many) == pytest.approx(cohen_kappa(many).interval, abs=1e-4)


@pytest.mark.parametrize("table", [[[28, 0], [0, 1]], [[27, 2], [0, 0]], [[29, 0], [0, 0]]])
def test_a_rare_category_has_an_interval_for_few_subjects(table):
    low, high = kappa_interval(table)
    assert -1 < low < high < 1 and high - low > 0.5
    assert math.isnan(cohen_kappa(table).interval[0])


def test_the_interval_for_few_subjects_is_drawn_alike_each_time_and_nan_without_any():
    table = [[11, 5], [9, 4]]
    assert kappa_interval(table) == kappa_interval(table) != kappa_interval(table, seed=1)
    narrow, wide = (kappa_interval(table, confidence=share) for share in (0.8, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert np.isnan([kappa_interval([[0, 0], [0, 0]]), kappa_interval([[3]])]).all()
    with pytest.raises(ValueError, match="draws"):
        kappa_interval(table, draws=0)


@given(TABLES, st.sampled_from([None, "linear", "quadratic"]))
def test_exchanging_the_readers_changes_nothing(table, weights):
    here, there = cohen_kappa(table, weights=weights), cohen_kappa(table.T, weights=weights)
    assert here.value == pytest.approx(there.value, nan_ok=True)
    assert here.standard_error == pytest.approx(there.standard_error, rel=1e-6, nan_ok=True)
    low, high = here.interval
    assert math.isnan(low) or -1 <= low <= here.value <= high <= 1


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        ([[1, 2, 3], [4, 5, 6]], {}, "square"),
        ([[1, 0.5], [2, 3]], {}, "whole numbers"),
        ([[1, 2], [3, 4]], {"weights": "cubic"}, "weights"),
        ([[1, 2], [3, 4]], {"confidence": 0}, "confidence"),
    ],
)
def test_cohens_kappa_refuses_what_it_cannot_use(table, options, words):
    with pytest.raises(ValueError, match=words):
        cohen_kappa(table, **options)
