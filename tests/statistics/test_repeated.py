"""Patients with several pairs: cases for paper and pencil, and another library."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway

from vhi.statistics.agreement import limits_of_agreement
from vhi.statistics.repeated import recovered_intervals, repeated_limits

INTERVALS = ("bias_interval", "lower_interval", "upper_interval", "sd_interval")


def cohort(patients=29, visits=2, seed=3):
    """Simulated differences with a spread of 2 between and 3 within patients, about 5."""
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(patients), visits)
    own = rng.normal(5, 2, patients)[names]
    return own + rng.normal(0, 3, len(names)), np.zeros(len(names)), names


def test_two_visits_of_two_patients_by_hand():
    # Differences 1, 3 and 5, 7: mean squares 16 between and 2 within; (16 - 2) / 2 = 7.
    found = repeated_limits([1, 3, 5, 7], [0, 0, 0, 0], ["a", "a", "b", "b"])
    assert (found.patients, found.pairs, found.bias) == (2, 4, 4)
    assert (found.sd_between**2, found.sd_within**2) == pytest.approx((7, 2))
    assert found.sd == pytest.approx(3)
    assert (found.lower, found.upper) == pytest.approx((4 - 1.96 * 3, 4 + 1.96 * 3))


def test_a_patient_with_fewer_pairs_by_hand():
    # Differences 0, 2 and 4: mean squares 6 and 2; m0 = 3 - 5/3 = 4/3; (6 - 2) / (4/3) = 3.
    found = repeated_limits([0, 2, 4], [0, 0, 0], [7, 7, 8])
    assert found.bias == 2
    assert (found.sd_between**2, found.sd_within**2) == pytest.approx((3, 2))


def test_order_of_pairs_does_not_matter():
    first, second, names = cohort(patients=6)
    order = np.random.default_rng(1).permutation(len(first))
    there = repeated_limits(first, second, names)
    back = repeated_limits(first[order], second[order], names[order])
    assert (back.bias, back.sd_between, back.upper) == pytest.approx(
        (there.bias, there.sd_between, there.upper)
    )


def test_variances_are_those_of_a_mixed_model_of_balanced_data():
    sm = pytest.importorskip("statsmodels.api")
    first, second, names = cohort(visits=3)
    model = sm.MixedLM(first - second, np.ones(len(first)), groups=names).fit(reml=True)
    found = repeated_limits(first, second, names)
    assert found.sd_within**2 == pytest.approx(model.scale, rel=1e-4)
    assert found.sd_between**2 == pytest.approx(float(model.cov_re[0, 0]), rel=1e-3)
    assert found.bias == pytest.approx(float(model.fe_params[0]))


def test_mean_squares_are_those_of_the_analysis_of_variance():
    first, second, names = cohort()
    found = repeated_limits(first, second, names)
    f = f_oneway(*[(first - second)[names == name] for name in range(29)]).statistic
    assert 1 + 2 * found.sd_between**2 / found.sd_within**2 == pytest.approx(f)


def test_a_negative_variance_is_none():
    found = repeated_limits([1, -1, 1, -1], [0, 0, 0, 0], ["a", "a", "b", "b"])
    assert (found.sd_between, found.sd_within) == pytest.approx((0, math.sqrt(2)))
    assert found.sd == found.sd_within


def test_one_pair_each_gives_the_plain_limits():
    first, second, _ = cohort(visits=1)
    found, plain = repeated_limits(first, second, range(29)), limits_of_agreement(first, second)
    assert (found.sd, found.lower, found.upper) == pytest.approx(
        (plain.sd, plain.lower, plain.upper)
    )
    assert np.isnan([found.sd_between, found.sd_within]).all()


def test_one_patient_shows_only_what_is_within():
    found = repeated_limits([1, 3], [0, 0], ["a", "a"])
    assert (found.patients, found.bias) == (1, 2)
    assert found.sd_within == pytest.approx(math.sqrt(2))
    assert np.isnan([found.sd_between, found.sd, found.lower, found.upper]).all()


def test_no_pair_has_no_limits():
    found = repeated_limits([], [], [])
    assert (found.patients, found.pairs) == (0, 0)
    assert np.isnan([found.bias, found.sd, found.upper]).all()


def test_one_pair_has_a_bias_only():
    found = repeated_limits([3], [1], ["a"])
    assert found.bias == 2
    assert np.isnan([found.sd_within, found.sd, found.lower]).all()


def test_equal_readers_have_limits_of_no_width():
    found = repeated_limits([1, 2, 3, 4], [1, 2, 3, 4], ["a", "a", "b", "b"])
    assert (found.bias, found.sd, found.lower, found.upper) == (0, 0, 0, 0)


# Zou 2013, the example where the true value varies: four subjects, two methods. The numbers and
# the printed results are those of the tests of the R package SimplyAgree.
SUBJECTS = [1] * 5 + [2] * 4 + [3] * 6 + [4] * 5
ONE = [7.83, 7.42, 7.89, 7.12, 7.88, 6.16, 7.26, 6.71, 6.54, 4.75, 5.24, 4.86, 4.78, 6.05, 5.42,
       4.21, 3.61, 3.72, 3.87, 3.92]  # fmt: skip
OTHER = [6.57, 5.62, 6.90, 6.57, 6.35, 4.06, 4.29, 4.26, 4.09, 4.71, 5.50, 5.08, 5.02, 6.01, 5.67,
         4.14, 4.20, 4.61, 4.68, 5.04]  # fmt: skip


def test_recovered_intervals_are_those_of_zous_example():
    names, differences = np.array(SUBJECTS), np.subtract(ONE, OTHER)
    groups = [differences[names == name] for name in (1, 2, 3, 4)]
    means = np.array([group.mean() for group in groups])
    harmonic = 4 / sum(1 / len(group) for group in groups)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (20 - 4)
    between = means.var(ddof=1)
    parts = [(between, 3), ((1 - 1 / harmonic) * within, 16)]
    lower, upper, _ = recovered_intervals(means.mean(), math.sqrt(between / 4), parts)
    assert means.mean() == pytest.approx(0.7255, abs=5e-5)
    assert (*lower, *upper) == pytest.approx((-9.83, -0.33, 1.77, 11.27), abs=0.015)
    # The library weighs pairs alike, so its bias is 0.59 and its outer ends lie 6 % nearer.
    found = repeated_limits(ONE, OTHER, SUBJECTS)
    assert found.bias == pytest.approx(0.5935)
    outer = found.lower_interval[0], found.upper_interval[1]
    assert outer == pytest.approx((-9.83, 11.27), rel=0.06)


def test_intervals_of_two_patients_by_hand():
    # Mean squares 16 and 2 of m = 2: parts 8 (1 degree of freedom) and 1 (2). Chi-squared of 1:
    # 5.0239 and 0.00098207; of 2: 7.3778 and 0.050636 cut off 2.5 % each. The bias has SE 2.
    found = repeated_limits([1, 3, 5, 7], [0, 0, 0, 0], ["a", "a", "b", "b"])
    most = math.sqrt(9 + math.hypot(8 * (1 / 0.00098207 - 1), 2 / 0.050636 - 1))
    least = math.sqrt(9 - math.hypot(8 * (1 - 1 / 5.0239), 1 - 2 / 7.3778))
    assert found.sd_interval == pytest.approx((least, most), rel=1e-4)
    assert found.bias_interval == pytest.approx((4 - 12.7062 * 2, 4 + 12.7062 * 2))
    upper = 4 + 1.96 * 3
    outer, inner = (math.hypot(1.95996 * 2, 1.96 * (end - 3)) for end in (most, least))
    assert found.upper_interval == pytest.approx((upper - inner, upper + outer), rel=1e-4)
    assert np.add(found.lower_interval, found.upper_interval[::-1]) == pytest.approx([8, 8])


def test_more_pairs_of_a_patient_say_less_than_more_patients():
    wide = repeated_limits(*cohort(patients=10, visits=4))
    narrow = repeated_limits(*cohort(patients=40, visits=1))
    assert wide.pairs == narrow.pairs == 40
    assert np.ptp(wide.bias_interval) > np.ptp(narrow.bias_interval)
    sure = repeated_limits(*cohort(), confidence=0.8)
    unsure = repeated_limits(*cohort(), confidence=0.99)
    assert unsure.lower_interval[0] < sure.lower_interval[0] < sure.lower < sure.lower_interval[1]


def test_intervals_hold_the_estimate_where_the_variance_between_patients_is_none():
    rng = np.random.default_rng(8)
    apart = rng.normal(size=200)
    differences = np.column_stack([apart, -apart]).ravel()  # every patient's mean is 0
    found = repeated_limits(differences, np.zeros(400), np.repeat(np.arange(200), 2))
    assert found.sd_between == 0 and found.bias_interval == pytest.approx((0, 0), abs=1e-12)
    assert found.sd_interval[0] <= found.sd <= found.sd_interval[1]
    assert found.upper_interval[0] <= found.upper <= found.upper_interval[1]


def test_few_or_equal_pairs_have_intervals_that_say_so():
    for found in (repeated_limits([], [], []), repeated_limits([1, 3], [0, 0], ["a", "a"])):
        assert np.isnan([getattr(found, name) for name in INTERVALS]).all()
    equal = repeated_limits([1, 2, 3, 4], [1, 2, 3, 4], ["a", "a", "b", "b"])
    assert [getattr(equal, name) for name in INTERVALS] == [(0, 0)] * 4
    one_each = repeated_limits(*cohort(visits=1)[:2], range(29))
    plain = limits_of_agreement(*cohort(visits=1)[:2])
    assert one_each.bias_interval == pytest.approx(plain.bias_interval)
    assert one_each.upper_interval == pytest.approx(plain.upper_interval, rel=0.02)


@given(
    st.lists(
        st.tuples(st.integers(-1000, 1000), st.sampled_from("abcdef")), min_size=1, max_size=25
    ),
    st.sampled_from((0.0, 1e6)),
)
def test_a_common_shift_moves_the_bias_alone(pairs, shift):
    differences, names = np.array([each for each, _ in pairs], float), [name for _, name in pairs]
    zero = np.zeros(len(pairs))
    there = repeated_limits(differences, zero, names)
    moved = repeated_limits(differences + shift, zero, names)
    assert moved.bias - shift == pytest.approx(there.bias, abs=1e-6)
    assert (moved.sd, moved.sd_within) == pytest.approx(
        (there.sd, there.sd_within), abs=1e-4, nan_ok=True
    )


def test_a_visit_that_repeats_another_narrows_no_interval_of_the_bias():
    first, second, names = cohort(visits=1)
    twice = repeated_limits(np.tile(first, 2), np.tile(second, 2), np.tile(names, 2))
    once = repeated_limits(first, second, names)
    assert twice.bias_interval == pytest.approx(once.bias_interval)


def test_patients_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="got 1 names and 2 pairs"):
        repeated_limits([1, 2], [1, 2], ["a"])
    for nobody in (None, math.nan):
        with pytest.raises(ValueError, match="lacks a name"):
            repeated_limits([1, 2], [1, 2], ["a", nobody])
    with pytest.raises(ValueError, match="first holds nan"):
        repeated_limits([math.nan, 2], [1, 2], ["a", "b"])


def test_a_confidence_out_of_range_is_refused():
    with pytest.raises(ValueError, match="confidence"):
        repeated_limits([1, 2], [1, 2], ["a", "b"], confidence=95)
