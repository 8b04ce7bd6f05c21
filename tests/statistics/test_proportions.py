"""Exact intervals of shares, and McNemar's test, against published values."""

import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.statistics.proportions import exact_proportion, mcnemar


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 0.25274, 0.36762), (0, 20, 0, 0.16843), (1, 29, 0.00087, 0.17764)],
)
def test_clopper_pearson_intervals_are_the_published_ones(count, n, low, high):
    found = exact_proportion(count, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-6)
    assert found.share == count / n


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(22, 25, 68.8, 97.5), (65, 91, 61.0, 80.4), (27, 36, 57.8, 87.9)],
)
def test_bressem_2022_prints_these_intervals_in_percent(count, n, low, high):
    found = exact_proportion(count, n)
    assert (round(100 * found.low, 1), round(100 * found.high, 1)) == (low, high)


def test_the_ends_solve_the_equations_that_define_them():
    # None of 2: the upper end p has (1 - p)^2 = 0.025; 2 of 2: the lower end has p^2 = 0.025.
    assert exact_proportion(0, 2).high == pytest.approx(1 - math.sqrt(0.025))
    assert exact_proportion(2, 2).low == pytest.approx(math.sqrt(0.025))
    assert exact_proportion(0, 1, confidence=0.9).high == pytest.approx(0.95)


def test_a_share_of_none_is_undefined():
    found = exact_proportion(0, 0)
    assert (found.count, found.n) == (0, 0)
    assert all(map(math.isnan, (found.share, found.low, found.high)))


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_counting_the_others_mirrors_the_interval(counts):
    count, n = counts
    here, there = exact_proportion(count, n), exact_proportion(n - count, n)
    assert (here.low, here.high) == pytest.approx((1 - there.high, 1 - there.low), nan_ok=True)
    assert n == 0 or here.low <= here.share <= here.high


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (0.5, 2), (float("nan"), 2), ("1", 2)])
def test_what_is_no_count_is_refused(counts):
    with pytest.raises(ValueError, match="count"):
        exact_proportion(*counts)


def test_a_confidence_of_95_instead_of_095_is_refused():
    with pytest.raises(ValueError, match=r"confidence lies between 0 and 1.*got 95"):
        exact_proportion(1, 2, confidence=95)


def test_mcnemar_gives_the_published_values():
    found = mcnemar([[794, 86], [150, 570]])
    assert (found.n, found.discordant) == (1600, 236)
    assert round(found.statistic, 4) == 17.3559
    assert round(found.corrected, 4) == 16.8178
    assert found.exact_p == pytest.approx(3.716e-5, rel=2e-4)
    assert found.p < found.corrected_p


def test_a_few_pairs_are_a_coin_thrown_a_few_times():
    # Five pairs that all differ one way: 2 × (1/2)^5; chi-squared 25/5 and 16/5.
    found = mcnemar([[3, 5], [0, 2]])
    assert found.exact_p == pytest.approx(2 / 32)
    assert (found.statistic, found.corrected) == pytest.approx((5, 16 / 5))


def test_a_correction_makes_no_difference_of_none():
    found = mcnemar([[3, 4], [4, 2]])
    assert (found.statistic, found.corrected) == (0, 0)
    assert (found.p, found.corrected_p, found.exact_p) == (1, 1, 1)


@pytest.mark.parametrize(("table", "n"), [([[3, 0], [0, 2]], 5), ([[0, 0], [0, 0]], 0)])
def test_without_discordant_pairs_there_is_nothing_to_test(table, n):
    found = mcnemar(table)
    assert (found.n, found.discordant, found.exact_p) == (n, 0, 1)
    assert all(map(math.isnan, astuple(found)[2:6]))


@pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [1, 2], [[1, -2], [3, 4]]])
def test_a_table_that_is_not_two_by_two_counts_is_refused(table):
    with pytest.raises(ValueError, match="table must be"):
        mcnemar(table)
