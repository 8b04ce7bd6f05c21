"""Bressem 2022: transcription, and the numbers that would hold in place of printed ones."""

import numpy as np
import pytest

from vhi.papers.ledger import agrees
from vhi.papers.ledger.bressem import exact_intervals
from vhi.papers.ledger.bressem_tables import CHANGES, CHARACTERISTICS, COHORTS
from vhi.papers.ledger.rules import fisher_p
from vhi.statistics.proportions import exact_proportion


@pytest.fixture
def s(sources):
    """The numbers of the paper."""
    return sources["bressem"]


@pytest.mark.parametrize("cohort", COHORTS)
def test_men_and_women_of_a_cohort_are_all_its_patients(cohort, s):
    men, women = (s.counted(f"table-{sex}-{cohort}")[0] for sex in ("men", "women"))
    assert men + women == s[f"n-{cohort}"]


def test_all_characteristics_of_all_cohorts_are_there(others):
    keys = {f"bressem-table-{what}-{where}" for what in CHARACTERISTICS for where in COHORTS}
    assert keys <= set(others.index) and len(keys) == 80


@pytest.mark.parametrize(
    ("found", "n", "low", "high"),
    [(22, 25, 68.8, 97.5), (65, 91, 61.0, 80.4), (27, 36, 57.8, 87.9)],
)
def test_exact_intervals_are_the_known_ones(found, n, low, high):
    share = exact_proportion(found, n)
    assert (100 * share.low, 100 * share.high) == pytest.approx((low, high), abs=0.051)


def test_two_specificities_have_each_other_s_interval(others, s):
    keys = ("asas-test-specificity", "structural-test-specificity")
    for key, other in (keys, keys[::-1]):
        exact = exact_proportion(*s.counted(key))
        row = others.loc[f"bressem-{other}"]
        assert agrees(row.low, 100 * exact.low) and agrees(row.high, 100 * exact.high)


def test_p_of_the_prevalence_is_that_of_the_validation_set(others):
    assert others.at["bressem-p-prevalence-validation", "status"] == "recomputed-from-counts"
    assert fisher_p(27, 73, 25, 116) == pytest.approx(0.0292, abs=5e-5)
    assert fisher_p(197, 477, 25, 116) == pytest.approx(6.8e-5, abs=5e-7)
    assert fisher_p(172, 477, 21, 116) == pytest.approx(1.6e-4, abs=5e-6)


def test_p_given_for_the_nonexperts_is_that_of_validation_against_test_set():
    assert agrees("0.34", fisher_p(26, 27, 22, 25))
    for nonexperts in ((21, 25), (62, 75)):
        assert fisher_p(22, 25, *nonexperts) > 0.7


def test_structural_changes_keep_their_p_values():
    assert agrees("0.22", fisher_p(35, 37, 22, 26)) and agrees("0.82", fisher_p(27, 36, 70, 90))


@pytest.mark.parametrize(
    ("row", "found", "n"),
    [
        ("bressem-nonexpert-asas-specificity", 83, 95),
        ("bressem-nonexpert-structural-specificity", 75, 90),
    ],
)
def test_nonexperts_fit_the_class_s_own_denominator(row, found, n, others):
    exact = exact_proportion(found, n)
    printed = others.loc[row]
    assert agrees(printed.value, 100 * exact.share)
    assert agrees(printed.low, 100 * exact.low) and agrees(printed.high, 100 * exact.high)


def test_a_90_printed_for_99_explains_the_interval_that_excludes_its_value():
    exact = exact_proportion(24, 26)
    ends = [f"{100 * each:.0f}" for each in (exact.share, exact.low, exact.high)]
    assert ends == ["92", "75", "99"]


@pytest.mark.parametrize("change", CHANGES)
def test_misprinted_percentages_stand_beside_counts_that_add_up(change, others):
    assert others.at[f"bressem-training-{change}-count", "status"] == "recomputed-from-counts"


def test_the_interval_of_a_mean_count_is_the_exact_one_where_it_is_whole():
    for n in (1, 7, 60, 200):
        intervals = exact_intervals(np.arange(n + 1), n).T
        exact = [exact_proportion(count, n) for count in range(n + 1)]
        assert intervals == pytest.approx(
            np.array([(100 * each.low, 100 * each.high) for each in exact]), abs=1e-7
        )
