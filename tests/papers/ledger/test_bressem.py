"""Bressem 2022: transcription, and the numbers that would hold in place of printed ones."""

import numpy as np
import pytest
from scipy.stats import norm

from vhi.papers import agrees
from vhi.papers.ledger.bressem_nonexperts import intervals
from vhi.papers.ledger.bressem_p import auc_p_limits
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


def test_all_characteristics_of_all_cohorts_are_there(printed):
    keys = {f"bressem-table-{what}-{where}" for what in CHARACTERISTICS for where in COHORTS}
    assert keys <= set(printed.index) and len(keys) == 80


@pytest.mark.parametrize(
    ("found", "n", "low", "high"),
    [(22, 25, 68.8, 97.5), (65, 91, 61.0, 80.4), (27, 36, 57.8, 87.9)],
)
def test_intervals_are_the_known_ones(found, n, low, high):
    share = exact_proportion(found, n)
    assert (100 * share.low, 100 * share.high) == pytest.approx((low, high), abs=0.051)


def test_two_specificities_have_each_other_s_interval(printed, s):
    keys = ("asas-test-specificity", "structural-test-specificity")
    for key, other in (keys, keys[::-1]):
        exact = exact_proportion(*s.counted(key))
        row = printed.loc[f"bressem-{other}"]
        assert agrees(row.low, 100 * exact.low) and agrees(row.high, 100 * exact.high)


def test_p_of_the_prevalence_is_that_of_the_validation_set(results):
    assert results["bressem-p-prevalence-validation"].status == "recomputed-from-counts"
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
def test_nonexperts_fit_the_class_s_own_denominator(row, found, n, printed):
    exact = exact_proportion(found, n)
    texts = printed.loc[row]
    assert agrees(texts.value, 100 * exact.share)
    assert agrees(texts.low, 100 * exact.low) and agrees(texts.high, 100 * exact.high)


def test_a_90_printed_for_99_explains_the_interval_that_excludes_its_value():
    exact = exact_proportion(24, 26)
    ends = [f"{100 * each:.0f}" for each in (exact.share, exact.low, exact.high)]
    assert ends == ["92", "75", "99"]


@pytest.mark.parametrize("change", CHANGES)
def test_misprinted_percentages_stand_beside_counts_that_add_up(change, results):
    assert results[f"bressem-training-{change}-count"].status == "recomputed-from-counts"


def test_the_interval_of_a_mean_count_is_the_exact_one_where_it_is_whole():
    for n in (1, 7, 60, 200):
        table = intervals(np.arange(n + 1), n).T
        exact = [exact_proportion(count, n) for count in range(n + 1)]
        assert table == pytest.approx(
            np.array([(100 * each.low, 100 * each.high) for each in exact]), abs=1e-7
        )


@pytest.mark.parametrize(
    ("share", "n", "interval"),
    [(79, 21, "56 93"), (84, 91, "75 91"), (87, 95, "79 93"), (83, 90, "74 90"), (83, 25, "63 95")],
)
def test_rounded_percentages_have_the_nonexperts_intervals_but_for_one_end(share, n, interval):
    low, high = intervals(np.array([share / 100 * n]), n)[:, 0]
    assert f"{low:.0f} {high:.0f}" == interval


def test_several_calls_fit_the_printed_total_of_another_class():
    """238 and 227 of 273 calls have the percentage and the interval printed for 91 patients."""
    for calls, texts in ((238, ("87", "79", "93")), (227, ("83", "74", "90"))):
        low, high = intervals(np.array([calls / 3]), 91)[:, 0]
        assert all(map(agrees, texts, (100 * calls / 273, low, high)))


def test_printed_counts_of_nonexperts_are_not_their_percentages():
    pairs = {(21, 25): 84, (20, 25): 80, (80, 91): 88, (76, 91): 84, (23, 25): 92}
    assert all(f"{100 * count / n:.0f}" == f"{share}" for (count, n), share in pairs.items())


def test_p_of_two_aucs_is_far_from_what_their_intervals_allow(s):
    """Structural 0.13 and inflammatory 0.38 need far larger z; ASAS-compatible 0.75 fits."""
    for change, p, fits in (
        ("structural", 0.13, False),
        ("inflammatory", 0.38, False),
        ("asas", 0.75, True),
    ):
        least, greatest = auc_p_limits(s, change)
        assert bool(least <= norm.isf(p / 2) <= greatest) is fits
    # Without rounding: 0.85, 0.68 and 0.73.
    for value, other, width, other_width, p in (
        (0.90, 0.89, 0.14, 0.15, 0.85),
        (0.92, 0.94, 0.14, 0.13, 0.68),
        (0.86, 0.88, 0.17, 0.15, 0.73),
    ):
        z = abs(value - other) / (np.hypot(width, other_width) / 3.92)
        assert 2 * norm.sf(z) == pytest.approx(p, abs=0.005)


def test_no_validation_table_gives_both_p_of_asas_compatible_changes():
    sensitivity, specificity = set(), set()
    for positive in range(1, 28):
        for hits in range(max(0, positive - 13), positive + 1):
            table = (hits, positive)
            if agrees("0.25", fisher_p(*table, 18, 21)):
                sensitivity.add(table)
            if 0.185 <= fisher_p(60 - hits, 73 - positive, 72, 95) < 0.2:
                specificity.add(table)
    assert sensitivity == {(15, 15), (11, 16), (11, 17)}
    assert specificity == {(16, 22), (17, 23), (18, 24)} and not sensitivity & specificity
