"""Measurement error by hand and by simulation; intraclass correlations as published."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from vhi.statistics.agreement import limits_of_agreement
from vhi.statistics.reliability import NOTATIONS, intraclass_correlations, measurement_error

# Shrout & Fleiss 1979, table 2: six subjects, four judges.
JUDGES = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))

readings = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), min_size=3, max_size=20)


def by_name(values):
    return {each.shrout_fleiss: each for each in intraclass_correlations(values)}


def test_measurement_error_by_hand():
    # Differences 1, 3: SD root of 2, so SEM 1.
    found = measurement_error([1, 3], [0, 0])
    assert (found.n, found.sem, found.sdc) == pytest.approx((2, 1, 1.96 * math.sqrt(2)))
    # Chi-squared of 1 degree of freedom: 5.0239 and 0.00098207 cut off 2.5 % each.
    assert found.sem_interval == pytest.approx((0.44615, 31.910), rel=1e-4)


@given(readings)
def test_smallest_detectable_change_is_half_the_limits_width(pairs):
    first, second = np.array(pairs, float).T
    limits = limits_of_agreement(first, second)
    assert measurement_error(first, second).sdc == pytest.approx((limits.upper - limits.lower) / 2)


def test_a_mean_of_two_readers_has_less_error():
    one = measurement_error([1, 4, 2], [2, 2, 2])
    two = measurement_error([1, 4, 2], [2, 2, 2], readings=2)
    root = math.sqrt(2)
    assert (two.sem, two.sdc) == pytest.approx((one.sem / root, one.sdc / root))
    assert two.sdc_interval == pytest.approx(tuple(end / root for end in one.sdc_interval))


def test_intervals_hold_the_true_error_as_often_as_they_say():
    # Simulated: readers with error SD 1, so differences with SD root of 2.
    rng = np.random.default_rng(6)
    found = [measurement_error(*rng.normal(size=(2, 8))).sem_interval for _ in range(4000)]
    low, high = np.array(found).T
    assert np.mean(low > 1) == pytest.approx(0.025, abs=0.008)
    assert np.mean(high < 1) == pytest.approx(0.025, abs=0.008)


def test_confidence_changes_the_interval():
    found = measurement_error([1, 2, 5, 3], [2, 2, 2, 2], confidence=0.9)
    factor = math.sqrt(3 / chi2.ppf(0.95, 3))
    assert found.sdc_interval[0] == pytest.approx(found.sdc * factor)


def test_no_pair_has_no_error():
    found = measurement_error([], [])
    assert found.n == 0
    assert np.isnan([found.sem, found.sdc, *found.sem_interval]).all()


def test_one_pair_has_no_error():
    found = measurement_error([3], [1])
    assert np.isnan([found.sem, found.sdc, *found.sem_interval, *found.sdc_interval]).all()


def test_equal_readers_have_no_error():
    found = measurement_error([1, 2, 3], [1, 2, 3])
    assert (found.sem, found.sdc, found.sem_interval) == (0, 0, (0, 0))


def test_a_constant_difference_is_bias_alone():
    found = measurement_error([1, 2, 7], [0.9, 1.9, 6.9])
    assert (found.sem, found.sdc, found.sem_interval) == (0, 0, (0, 0))


def test_measurement_error_refuses_what_is_no_pair():
    with pytest.raises(ValueError, match="second holds nan"):
        measurement_error([1, 2], [1, math.nan])
    with pytest.raises(ValueError, match="readings is 1 or more"):
        measurement_error([1, 2], [1, 2], readings=0)
    with pytest.raises(ValueError, match="confidence"):
        measurement_error([1, 2], [1, 2], confidence=95)


# ------------------------------------------------------------------------ intraclass correlation


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ICC(1,1)", 0.1657),
        ("ICC(2,1)", 0.2898),
        ("ICC(3,1)", 0.7148),
        ("ICC(1,k)", 0.4428),
        ("ICC(2,k)", 0.6201),
        ("ICC(3,k)", 0.9093),
    ],
)
def test_judges_come_out_as_published(name, value):
    assert round(by_name(JUDGES)[name].value, 4) == value


@pytest.mark.parametrize(
    ("name", "f", "df2", "low", "high"),
    [
        ("ICC(1,1)", 1.79, 18, -0.133, 0.72),
        ("ICC(2,1)", 11.03, 15, 0.019, 0.76),
        ("ICC(3,1)", 11.03, 15, 0.342, 0.95),
        ("ICC(1,k)", 1.79, 18, -0.884, 0.91),
        ("ICC(2,k)", 11.03, 15, 0.071, 0.93),
        ("ICC(3,k)", 11.03, 15, 0.676, 0.99),
    ],
)
def test_tests_and_intervals_are_those_of_r(name, f, df2, low, high):
    # What ICC of R's package psych prints for these data, with three digits below and two above.
    found = by_name(JUDGES)[name]
    assert (round(found.f, 2), found.df1, found.df2) == (f, 5, df2)
    assert (round(found.interval[0], 3), round(found.interval[1], 2)) == (low, high)


def test_both_names_of_each_are_given():
    assert [(each.shrout_fleiss, each.mcgraw_wong) for each in intraclass_correlations(JUDGES)] == [
        *NOTATIONS
    ]


def test_pingouins_own_options_stay_as_they_are():
    pingouin = pytest.importorskip("pingouin")
    before = dict(pingouin.options)
    intraclass_correlations(JUDGES)
    assert dict(pingouin.options) == before


def test_agreement_and_consistency_part_where_readers_differ_by_a_constant():
    values = np.array([[1.0, 1], [2, 2], [4, 4], [7, 7.5]])
    shifted = values + np.array([0, 10])
    assert by_name(shifted)["ICC(3,1)"].value == pytest.approx(by_name(values)["ICC(3,1)"].value)
    assert by_name(shifted)["ICC(2,1)"].value < 0.3


@pytest.mark.parametrize(("unit", "size"), [(1, 0), (0.1, 0), (0.1, 1e6)])
def test_readers_that_differ_by_nothing_but_a_constant_are_consistent(unit, size):
    found = by_name(size + unit * np.array([[1, 3], [2, 4], [7, 9]]))
    for name in ("ICC(3,1)", "ICC(3,k)"):
        assert (found[name].value, found[name].interval, found[name].p) == (1, (1, 1), 0)
    # Without a residual, R's irr gives these too: 3 MSr / (3 MSr + 2 MSc F), MSr 62/3, MSc 6.
    low, high = found["ICC(2,1)"].interval
    f_low, f_high = 1 / 38.506, 799.5  # F of 2 and 1 degrees of freedom: 2.5 % and 97.5 %
    assert low == pytest.approx(62 / (62 + 12 * f_high), rel=1e-4)
    assert high == pytest.approx(62 / (62 + 12 * f_low), rel=1e-4)
    assert low < found["ICC(2,1)"].value < high
    low, high = found["ICC(2,k)"].interval
    assert (low, high) == pytest.approx((62 / (62 + 6 * f_high), 62 / (62 + 6 * f_low)), rel=1e-4)
    assert math.isinf(found["ICC(2,1)"].f)


def test_readers_that_differ_by_a_constant_and_next_to_nothing_have_intervals_too():
    found = by_name([[1, 3.0000001], [2, 4], [7, 9]])
    assert found["ICC(3,1)"].interval == (1, 1)
    assert found["ICC(2,1)"].interval == pytest.approx((0.00642, 0.995), rel=1e-3)


def test_equal_readers_agree_fully():
    for each in intraclass_correlations([[1, 1], [2, 2], [7, 7]]):
        assert (each.value, each.interval, each.f, each.p) == (1, (1, 1), math.inf, 0)


@pytest.mark.parametrize(
    "values",
    [np.zeros((0, 2)), np.zeros((3, 0)), [[1, 2]], [[1], [2]], [[1, 2], [3, 5]], np.ones((5, 2)),
     [[1, 2], [1, 2], [1, 2]]],
)  # fmt: skip
def test_too_few_or_equal_subjects_have_no_correlation(values):
    found = intraclass_correlations(values)
    assert len(found) == 6
    for each in found:
        assert np.isnan([each.value, *each.interval, each.f, each.p]).all()
        assert each.df1 >= 0 <= each.df2
        assert "too few" in each.reason or "alike" in each.reason


def test_agreement_below_chance_has_no_correlation_of_means():
    found = by_name([[1, 2], [2, 1], [1, 2], [2, 1]])
    assert found["ICC(1,1)"].value == pytest.approx(-1)
    for name in ("ICC(1,k)", "ICC(2,k)", "ICC(3,k)"):
        assert np.isnan(found[name].value) and "below chance" in found[name].reason
    assert not found["ICC(1,1)"].reason


def test_two_scans_have_no_correlation_and_the_reason_counts_them():
    for each in intraclass_correlations([[1, 3], [2, 5]]):
        assert each.reason.startswith(
            "too few for an intraclass correlation: 2 subjects, 2 readers"
        )


def test_an_interval_of_a_mean_may_have_no_lower_end():
    found = by_name([[28, 23], [42, 49], [32, 19], [25, 38]])["ICC(2,k)"]
    assert found.interval[0] == -math.inf
    assert found.value < found.interval[1] < 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, 2, 3], "subjects × readers"),
        ([[1, math.nan], [2, 3]], "finite"),
        ([["a", "b"]], "table of numbers"),
        ([[1, 2], [3]], "table of numbers"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(values, said):
    with pytest.raises(ValueError, match=said):
        intraclass_correlations(values)
