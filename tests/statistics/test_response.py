"""Responders at and around each cut-off, how rules agree, and how much values change."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, nct

from vhi.statistics.change import (
    expected_regression_to_mean,
    standardised_response_mean,
    upper_share,
)
from vhi.statistics.response import responder_table, responder_table_of_counts
from vhi.statistics.rules import RULES, responders

NAN = float("nan")


def responds(rule, *visits, sdc=None, measures=None):
    """Give the answers for patients written as (before, after), each a tuple over measures."""
    measures = measures or RULES[rule].needs
    before, after = (
        {
            measure: [np.atleast_1d(pair[visit])[place] for pair in visits]
            for place, measure in enumerate(measures)
        }
        for visit in (0, 1)
    )
    return responders(rule, before, after, sdc=sdc).tolist()


def test_every_rule_says_what_it_asks_and_where_that_comes_from():
    assert list(RULES) == [
        "clinical-as-printed",
        "nice-ta383",
        "basdai50",
        "asdas-improvement",
        "asdas-improvement-as-printed",
        "asdas-inactive",
        "vhi-fall",
        "sparcc-fall",
        "vhi-fall-beyond-sdc",
        "sparcc-fall-beyond-sdc",
    ]
    for name, rule in RULES.items():
        assert rule.name == name and rule.label and rule.text and rule.source and rule.needs
        assert rule.needs_sdc == name.endswith("-beyond-sdc")


def test_the_printed_clinical_response_needs_both_falls_and_counts_the_cut_offs_in():
    visits = [
        ((6.0, 6.0), (4.8, 5.0)),  # BASDAI by 1.2, VAS by 1
        ((6.0, 6.0), (4.9, 5.0)),  # BASDAI by 1.1
        ((6.0, 6.0), (4.8, 5.1)),  # VAS by 0.9
        ((6.0, 6.0), (6.0, 0.0)),  # VAS alone
    ]
    assert responds("clinical-as-printed", *visits) == [1, 0, 0, 0]


def test_nice_asks_for_half_or_two_units_and_two_centimetres():
    visits = [
        ((6.0, 6.0), (4.0, 4.0)),  # by 2, and by 2 cm
        ((3.0, 6.0), (1.5, 4.0)),  # to half, by 1.5 only, and by 2 cm
        ((6.0, 6.0), (4.1, 4.0)),  # by 1.9, not to half
        ((6.0, 6.0), (4.0, 4.1)),  # VAS by 1.9 cm
        ((6.0, 6.0), (4.8, 5.0)),  # what the preprint calls in accordance with NICE
    ]
    assert responds("nice-ta383", *visits) == [1, 1, 0, 0, 0]


def test_basdai_50_counts_half_in_and_nothing_that_stays():
    assert responds("basdai50", (5, 2.5), (5, 2.6), (0, 0), (1, 0)) == [1, 0, 0, 1]


def test_asdas_improvement_of_just_1_1_counts_by_consensus_and_not_as_printed():
    visits = [(3.5, 2.4), (3.5, 2.3), (3.5, 2.5)]
    assert responds("asdas-improvement", *visits) == [1, 1, 0]
    assert responds("asdas-improvement-as-printed", *visits) == [0, 1, 0]


def test_inactive_disease_looks_at_the_state_after_treatment():
    assert responds("asdas-inactive", (3.5, 1.2), (3.5, 1.3), (1.0, 1.2)) == [1, 0, 1]
    assert responds("asdas-inactive", (3.5, 0.7 + 0.6)) == [0]  # 1.2999999999999998


@pytest.mark.parametrize("measure", ["vhi", "sparcc"])
def test_any_fall_counts_and_a_tie_does_not(measure):
    visits = [(20, 19.5), (20, 20), (20, 21), (0, 0)]
    assert responds(f"{measure}-fall", *visits) == [1, 0, 0, 0]


@pytest.mark.parametrize("measure", ["vhi", "sparcc"])
def test_a_fall_must_exceed_the_smallest_detectable_change(measure):
    visits = [(20, 9.9), (20, 10), (20, 19), (20, 31)]
    rule = f"{measure}-fall-beyond-sdc"
    assert responds(rule, *visits, sdc=10) == [1, 0, 0, 0]
    assert responds(rule, *visits, sdc=0) == responds(f"{measure}-fall", *visits)


@given(st.integers(0, 100), st.integers(0, 100))
def test_scores_of_one_decimal_are_compared_as_written(before, after):
    """2.3 − 1.1 is 1.1999999999999997 in floating point, and a fall of 1.2 all the same."""
    visit = (before / 10, after / 10)
    fall = before - after
    answer = responds("clinical-as-printed", ((visit[0], 5), (visit[1], 4)))
    assert answer == [float(fall >= 12)]
    assert responds("asdas-improvement", visit) == [float(fall >= 11)]
    assert responds("asdas-improvement-as-printed", visit) == [float(fall > 11)]
    assert responds("basdai50", visit) == [float(fall > 0 and 2 * after <= before)]


def test_a_missing_value_at_either_visit_leaves_the_answer_open():
    answer = responds(
        "clinical-as-printed", ((6, NAN), (4, 4)), ((6, 6), (NAN, 4)), ((6, 6), (4, 4))
    )
    assert np.isnan(answer).tolist() == [True, True, False]


def test_inactive_disease_is_known_without_a_value_before():
    answer = responds("asdas-inactive", (NAN, 1.0), (NAN, 1.3), (1.0, NAN), (NAN, NAN))
    np.testing.assert_array_equal(answer, [1, 0, NAN, NAN])
    assert responders("asdas-inactive", {}, {"asdas": [1.0]}).tolist() == [1]
    with pytest.raises(ValueError, match="one value for each patient"):
        responders("asdas-inactive", {"asdas": [1.0, 2.0]}, {"asdas": [1.0]})
    with pytest.raises(ValueError, match="after lacks 'asdas'"):
        responders("asdas-inactive", {"asdas": [1.0]}, {})


def test_other_measures_may_be_missing_and_there_may_be_no_patients():
    before, after = {"vhi": [3.0], "sparcc": [NAN]}, {"vhi": [2.0], "asdas": [900.0]}
    assert responders("vhi-fall", before, after).tolist() == [1]
    assert responders("vhi-fall", {"vhi": []}, {"vhi": []}).shape == (0,)


def test_values_are_left_as_they_are():
    before, after = {"vhi": np.array([3.0, NAN])}, {"vhi": np.array([2.0, 1.0])}
    responders("vhi-fall", before, after)
    np.testing.assert_array_equal(before["vhi"], [3, NAN])
    np.testing.assert_array_equal(after["vhi"], [2, 1])


@pytest.mark.parametrize(
    ("rule", "before", "after", "sdc", "words"),
    [
        ("fall", {}, {}, None, "rule is one of clinical-as-printed.*got 'fall'"),
        ("vhi-fall", {"sparcc": [1]}, {"vhi": [1]}, None, "before lacks 'vhi'; it has sparcc"),
        ("vhi-fall", {"vhi": [1]}, {}, None, "after lacks 'vhi'; it has nothing"),
        ("vhi-fall", {"vhi": [1]}, {"vhi": [1, 2]}, None, "one value for each patient.*1, 2"),
        ("vhi-fall", {"vhi": 1}, {"vhi": 2}, None, "one value a patient"),
        ("vhi-fall", {"vhi": [-1]}, {"vhi": [1]}, None, "0 to inf; got -1"),
        ("vhi-fall", {"vhi": [1]}, {"vhi": [np.inf]}, None, "got inf"),
        ("sparcc-fall", {"sparcc": [73]}, {"sparcc": [1]}, None, "0 to 72; got 73"),
        ("vhi-fall", {"vhi": [1]}, {"vhi": [1]}, 3.0, "takes no sdc"),
        ("vhi-fall-beyond-sdc", {"vhi": [1]}, {"vhi": [1]}, None, "needs sdc"),
        ("vhi-fall-beyond-sdc", {"vhi": [1]}, {"vhi": [1]}, NAN, "0 or more; got nan"),
        ("vhi-fall-beyond-sdc", {"vhi": [1]}, {"vhi": [1]}, -1.0, "0 or more; got -1"),
        ("vhi-fall-beyond-sdc", {"vhi": [1]}, {"vhi": [1]}, np.inf, "0 or more; got inf"),
    ],
)
def test_what_a_rule_cannot_use_is_refused(rule, before, after, sdc, words):
    with pytest.raises(ValueError, match=words):
        responders(rule, before, after, sdc=sdc)


def test_a_scale_in_millimetres_is_not_taken_for_one_in_centimetres():
    visits = {"basdai": [6], "spinal_vas_cm": [62]}, {"basdai": [4], "spinal_vas_cm": [40]}
    with pytest.raises(
        ValueError, match=r"'spinal_vas_cm'\] lies in 0 to 10; got 62: check its un"
    ):
        responders("nice-ta383", *visits)


def test_the_papers_counts_give_its_agreement_of_15_of_29():
    """Clinical response against a fall of VHI: 11 of 16 responders, 4 of 13 others."""
    table = responder_table_of_counts(11, 5, 9, 4)
    assert (table.agreement.count, table.agreement.n) == (15, 29)
    assert (round(table.agreement.low, 3), round(table.agreement.high, 3)) == (0.325, 0.706)
    assert round(table.kappa.value, 3) == -0.005
    # 5 and 9 patients differ one way and the other: a coin that falls 5 to 9 or more unevenly.
    sides = sum(math.comb(14, k) for k in range(6)) / 2**14
    assert table.mcnemar.exact_p == pytest.approx(2 * sides)


def test_a_table_of_two_ratings_counts_who_lacks_one():
    first = [1, 1, 1, 0, 0, 1, NAN, 0]
    second = [1, 1, 0, 1, 0, NAN, 0, NAN]
    table = responder_table(first, second)
    assert (table.both, table.first_only, table.second_only, table.neither) == (2, 1, 1, 1)
    assert (table.n, table.dropped, table.agreement.share) == (5, 3, 0.6)
    # 3/5 agree; (3·3 + 2·2)/25 would by chance: (15 − 13) / (25 − 13)
    assert table.kappa.value == pytest.approx(1 / 6)
    assert table == responder_table_of_counts(2, 1, 1, 1, dropped=3)


@pytest.mark.parametrize(
    ("first", "second", "share", "kappa"),
    [
        ([], [], NAN, NAN),
        ([NAN], [1], NAN, NAN),
        ([1], [0], 0, 0),
        ([1, 1, 1], [1, 1, 1], 1, NAN),  # one group empty: chance gives as much
        ([1, 1, 0], [1, 1, 0], 1, 1),
        ([1, 1, 0, 0], [0, 0, 1, 1], 0, -1),
        ([1, 1, 1], [1, 0, 0], 1 / 3, 0),
    ],
)
def test_empty_groups_and_perfect_separation_have_defined_answers(first, second, share, kappa):
    table = responder_table(first, second)
    assert table.agreement.share == pytest.approx(share, nan_ok=True)
    assert table.kappa.value == pytest.approx(kappa, nan_ok=True)
    assert 0 <= table.mcnemar.exact_p <= 1


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [([1, 0], [1], "same order"), ([0.5], [1], "1 \\(responder\\)"), ([[1]], [[1]], "shape")],
)
def test_ratings_that_are_none_are_refused(first, second, words):
    with pytest.raises(ValueError, match=words):
        responder_table(first, second)


# Student 1908, Biometrika 6:1: hours of sleep gained by ten patients on two drugs.
FIRST_DRUG = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND_DRUG = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_the_response_mean_of_students_example():
    found = standardised_response_mean(FIRST_DRUG, SECOND_DRUG)
    assert found.n == 10
    assert (round(found.mean_change, 2), round(found.sd_change, 2)) == (1.58, 1.23)
    assert round(found.srm * math.sqrt(10), 4) == 4.0621  # the t of every textbook


def test_the_interval_of_the_response_mean_is_where_noncentral_t_gives_the_tails():
    found = standardised_response_mean(FIRST_DRUG, SECOND_DRUG)
    t, (low, high) = found.srm * math.sqrt(10), np.array(found.interval) * math.sqrt(10)
    assert nct.sf(t, 9, low) == pytest.approx(0.025, rel=1e-4)
    assert nct.cdf(t, 9, high) == pytest.approx(0.025, rel=1e-4)


def test_falls_are_below_zero_and_mirror_rises():
    rise = standardised_response_mean(FIRST_DRUG, SECOND_DRUG)
    fall = standardised_response_mean(SECOND_DRUG, FIRST_DRUG)
    assert fall.srm == -rise.srm < 0
    assert fall.interval == pytest.approx((-rise.interval[1], -rise.interval[0]), rel=1e-5)


def test_patients_without_both_values_are_dropped_and_counted():
    whole = standardised_response_mean([5, 6, 7], [4, 4, 4])
    holes = standardised_response_mean([5, 6, NAN, 7, 1], [4, 4, 9, 4, NAN])
    assert (whole.n, whole.dropped, whole.mean_change, whole.srm) == (3, 0, -2, -2)
    assert (holes.n, holes.dropped) == (3, 2)
    assert (holes.srm, holes.interval) == (whole.srm, whole.interval)


@pytest.mark.parametrize(
    ("before", "after", "n", "mean", "sd"),
    [
        ([], [], 0, NAN, NAN),
        ([NAN], [3], 0, NAN, NAN),
        ([5], [3], 1, -2, NAN),
        ([5, 6], [3, 4], 2, -2, 0),
        ([0, 0, 0], [0, 0, 0], 3, 0, 0),
        ([0.1, 0.2, 0.3], [0.2, 0.3, 0.4], 3, 0.1, 0),  # 0.3 − 0.2 is not 0.2 − 0.1
        ([1e5 + 0.1, 1e5 + 0.2], [1e5 + 0.2, 1e5 + 0.3], 2, 0.1, 0),
    ],
)
def test_without_spread_there_is_no_response_mean(before, after, n, mean, sd):
    found = standardised_response_mean(before, after)
    assert found.n == n
    assert (found.mean_change, found.sd_change) == pytest.approx((mean, sd), nan_ok=True)
    assert math.isnan(found.srm) and all(map(math.isnan, found.interval))


@pytest.mark.parametrize(("n", "srm"), [(3, 1e9), (30, 1e6), (30, -1e6), (10, 101)])
def test_a_response_mean_too_large_to_compute_with_has_no_interval(n, srm):
    change = srm + scored(n)
    found = standardised_response_mean(np.zeros(n), change)
    assert found.srm == pytest.approx(srm, rel=1e-6)
    assert np.isnan(found.interval).all()


@pytest.mark.parametrize("n", [2, 3, 30, 1000])
@pytest.mark.parametrize("confidence", [0.95, 0.999])
def test_the_interval_of_a_response_mean_of_99_is_that_of_the_spread(n, confidence):
    # A mean so far from 0 is as good as known: SRM · √(χ² / (n − 1)) holds the true value.
    found = standardised_response_mean(np.zeros(n), 99 + scored(n), confidence=confidence)
    tails = chi2.ppf([(1 - confidence) / 2, (1 + confidence) / 2], n - 1)
    assert found.interval[1] == pytest.approx(99 * math.sqrt(tails[1] / (n - 1)), rel=2e-3)
    assert found.interval[0] == pytest.approx(99 * math.sqrt(tails[0] / (n - 1)), abs=1.5)


def scored(n):
    """Give n numbers of mean 0 and SD 1."""
    values = np.arange(n) - (n - 1) / 2
    return values / values.std(ddof=1)


def test_two_patients_say_almost_nothing():
    found = standardised_response_mean([5, 6], [4, 3])
    assert found.srm == pytest.approx(-2 / math.sqrt(2))
    assert found.interval[0] < found.srm < 0 < found.interval[1]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [([1], [1, 2], "same order"), ([1, np.inf], [1, 2], "before holds inf at place 2; write NaN")],
)
def test_changes_of_other_patients_or_infinite_ones_are_refused(before, after, words):
    with pytest.raises(ValueError, match=words):
        standardised_response_mean(before, after)


def test_the_share_above_the_upper_threshold_is_of_the_voxels_above_the_lower():
    """Scan 1007 before cleaning: 5309 of 5973."""
    shares = upper_share([5973, 10, 10, 0, NAN], [5309, 0, 10, 0, 1])
    np.testing.assert_allclose(shares, [5309 / 5973, 0, 1, NAN, NAN])
    assert upper_share([], []).shape == (0,)


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        ([4], [5], "got 5 and 4"),
        ([4], [-1], "got -1"),
        ([4], [4, 4], "pairs"),
        ([np.inf], [1], "inf"),
    ],
)
def test_counts_that_contradict_the_thresholds_are_refused(lower, upper, words):
    with pytest.raises(ValueError, match=words):
        upper_share(lower, upper)


def test_patients_above_the_mean_fall_by_known_shares_of_the_error():
    # The mean of the upper half of a normal distribution is √(2/π) SD above its mean.
    assert expected_regression_to_mean(20, 10, 10, cutoff=20) == pytest.approx(
        -10 * math.sqrt(2 / math.pi)
    )
    assert expected_regression_to_mean(20, 10, 5, cutoff=20) == pytest.approx(
        -10 * math.sqrt(2 / math.pi) / 4
    )
    assert expected_regression_to_mean(20, 10, 0, cutoff=20) == 0


def test_regression_to_the_mean_is_what_simulated_patients_show():
    random = np.random.default_rng(20230509)
    truth = random.normal(20, math.sqrt(75), 400_000)
    first, second = (truth + random.normal(0, 5, truth.size) for _ in range(2))
    fall = (second - first)[first > 28]
    expected = expected_regression_to_mean(20, 10, 5, cutoff=28)
    assert fall.mean() == pytest.approx(expected, abs=4 * fall.std() / math.sqrt(fall.size))


def test_a_far_cut_off_does_not_overflow():
    # Of error alone, all of the distance to the mean is lost, and a little more.
    assert expected_regression_to_mean(0, 1, 1, cutoff=40) == pytest.approx(-40 - 1 / 40, abs=1e-4)


@pytest.mark.parametrize("numbers", [(0, 0, 0, 1), (0, 1, 2, 1), (0, 1, -1, 1), (0, 1, 1, NAN)])
def test_regression_to_the_mean_refuses_impossible_numbers(numbers):
    *others, cutoff = numbers
    with pytest.raises(ValueError, match="sem lies in 0 to sd"):
        expected_regression_to_mean(*others, cutoff=cutoff)
