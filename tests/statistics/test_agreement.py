"""Limits of agreement: published examples, simulated coverage, and every small or odd input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.statistics.agreement import (
    limits_of_agreement,
    proportional_bias,
    ratio_limits,
    spread_against_mean,
)
from vhi.statistics.repeated import repeated_limits

# Bland & Altman 1986, Lancet 1:307, table 1: peak expiratory flow in l/min.
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)

# Voxels of the eight scans that two readers cleaned.
R1 = (896, 2050, 2033, 97301, 15768, 1570, 30727, 824)
R2 = (168, 1654, 1454, 98672, 14823, 1685, 28980, 481)

INTERVALS = ("bias_interval", "lower_interval", "upper_interval")

readings = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=3, max_size=20
)


def test_peak_flow_comes_out_as_published():
    found = limits_of_agreement(WRIGHT, MINI)
    assert (found.n, round(found.bias, 3), round(found.sd, 3)) == (17, -2.118, 38.765)
    # The paper takes 2 SD instead of 1.96, and prints -79.7 and 75.5 from rounded values.
    assert round(found.bias - 2 * found.sd, 2) == -79.65
    assert round(found.bias + 2 * found.sd, 2) == 75.41
    assert (found.lower, found.upper) == pytest.approx((-78.097, 73.862), abs=1e-3)
    # The paper prints -22.0 to 17.8 for the bias.
    assert np.round(found.bias_interval, 1).tolist() == [-22.0, 17.8]


def test_approximate_intervals_by_hand():
    # t(16) is 2.119905; the limits' standard error is SD times the root of 1/17 + 1.96²/32.
    found = limits_of_agreement(WRIGHT, MINI, interval="approximate")
    half = 2.119905 * 38.76513 * math.sqrt(1 / 17 + 1.96**2 / 32)
    assert found.lower_interval == pytest.approx((found.lower - half, found.lower + half))
    assert found.upper_interval == pytest.approx((found.upper - half, found.upper + half))


def test_exact_intervals_reach_farther_out_than_in():
    found = limits_of_agreement(WRIGHT, MINI)
    assert found.upper_interval[1] - found.upper > found.upper - found.upper_interval[0]
    outer, inner = found.lower_interval
    assert (inner, outer) == pytest.approx(
        tuple(2 * found.bias - end for end in found.upper_interval)
    )


def test_limits_of_the_paper_say_which_bias_and_sd_it_found():
    # -4119 and 4501 voxels: any data of bias 191 and SD 2199 have these limits.
    pattern = np.array([1.0, -1, 0])
    found = limits_of_agreement(191 + 2199 * pattern, np.zeros(3))
    assert (round(found.lower), round(found.upper)) == (-4119, 4501)


def test_cleaned_volumes_agree_within_a_ratio():
    found = ratio_limits(R1, R2)
    assert (found.n, found.zeros) == (8, 0)
    assert (round(found.ratio, 2), round(found.lower, 2), round(found.upper, 2)) == (
        1.42,
        0.46,
        4.35,
    )
    # Logarithms of voxels + 1 are nearly the same here, as no volume is small.
    plus_one = limits_of_agreement(np.log1p(R1), np.log1p(R2))
    assert np.round(np.exp([plus_one.lower, plus_one.upper]), 2).tolist() == [0.46, 4.33]


def test_ratios_do_not_depend_on_the_unit_and_logarithms_of_plus_one_do():
    mm3 = 1.169
    voxels = ratio_limits(R1, R2)
    other = ratio_limits(np.array(R1) * mm3, np.array(R2) * mm3)
    assert (other.lower, other.upper) == pytest.approx((voxels.lower, voxels.upper))
    limits = [
        limits_of_agreement(np.log1p(np.array(R1) * unit), np.log1p(np.array(R2) * unit)).upper
        for unit in (1, mm3 / 1000)
    ]
    assert limits[0] != pytest.approx(limits[1], rel=0.05)


def test_pairs_with_a_zero_are_counted_and_left_out():
    found = ratio_limits([0, 0, 8, 2, 4], [0, 3, 4, 0, 4])
    assert (found.n, found.zeros) == (2, 3)
    assert found.ratio == pytest.approx(math.sqrt(2))


def test_zeros_alone_have_no_ratio():
    found = ratio_limits([0, 0], [0, 5])
    assert (found.n, found.zeros) == (0, 2)
    assert np.isnan([found.ratio, found.lower, *found.upper_interval]).all()


def test_intervals_of_two_ratios_may_have_no_end():
    found = ratio_limits([1e-80, 1e80], [1e80, 1e-80])
    assert found.lower_interval[0] == 0
    assert found.upper_interval[1] == math.inf


def test_negative_values_have_no_ratio():
    with pytest.raises(ValueError, match="second holds -3"):
        ratio_limits([1, 2], [1, -3])


@given(readings)
def test_exchanging_readers_turns_the_limits_round(pairs):
    first, second = np.array(pairs).T
    there, back = limits_of_agreement(first, second), limits_of_agreement(second, first)
    assert back.bias == pytest.approx(-there.bias)
    assert (back.lower, back.upper) == pytest.approx((-there.upper, -there.lower))
    assert back.lower_interval == pytest.approx(tuple(-end for end in there.upper_interval[::-1]))


@given(readings, st.sampled_from((0.001, 1.169, 40.0)))
def test_limits_scale_with_the_unit(pairs, unit):
    first, second = np.array(pairs, float).T
    voxels, other = limits_of_agreement(first, second), limits_of_agreement(first * unit, second)
    scaled = limits_of_agreement(first * unit, second * unit)
    assert (scaled.lower, scaled.upper) == pytest.approx(
        (voxels.lower * unit, voxels.upper * unit), abs=1e-6
    )
    assert other.n == scaled.n


def test_no_pair_has_no_limits():
    found = limits_of_agreement([], [])
    assert found.n == 0
    assert np.isnan([found.bias, found.sd, found.lower, *found.bias_interval]).all()


def test_one_pair_has_a_bias_and_no_limits():
    found = limits_of_agreement([5], [3])
    assert (found.n, found.bias) == (1, 2)
    assert np.isnan([found.sd, found.lower, found.upper]).all()
    assert all(np.isnan(getattr(found, name)).all() for name in INTERVALS)


def test_two_pairs_have_very_wide_intervals():
    found = limits_of_agreement([0, 2], [0, 0])
    assert (found.bias, found.sd) == pytest.approx((1, math.sqrt(2)))
    assert found.bias_interval == pytest.approx((1 - 12.7062, 1 + 12.7062), abs=1e-3)
    assert found.upper_interval[1] > 20 * found.upper


@pytest.mark.parametrize("interval", ["exact", "approximate"])
@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_equal_differences_have_limits_of_no_width(interval, constant):
    second = np.array([0.3, 1.7, 2.9, 1000.1])
    found = limits_of_agreement(np.full(4, constant), np.zeros(4), interval=interval)
    assert (found.bias, found.sd, found.lower, found.upper) == (constant, 0, constant, constant)
    assert all(getattr(found, name) == (constant, constant) for name in INTERVALS)
    assert limits_of_agreement(second, second, interval=interval).upper == 0


def test_bias_that_grows_is_a_slope():
    second = np.array([1.0, 2, 3, 10])
    line = proportional_bias(1.5 * second, second)
    assert (line.slope, line.intercept) == pytest.approx((0.4, 0))  # 0.5 over a mean of 1.25
    assert proportional_bias(second + 3, second).slope == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("largest", [2, 1000, 1e6])
def test_rounding_is_neither_spread_nor_bias_that_grows(largest):
    first, second = np.array([0.3, 1.3, largest + 0.3]), np.array([0.2, 1.2, largest + 0.2])
    found = limits_of_agreement(first, second)
    assert found.bias == pytest.approx(0.1) and found.sd == 0
    for line in (
        proportional_bias(first, second),
        spread_against_mean(first, second),
        spread_against_mean([first[0], *second[1:]], [second[0], *first[1:]]),  # 0.1, −0.1, −0.1
    ):
        assert line.slope == 0 and line.intercept == pytest.approx(0.1)
        assert line.slope_interval == (0, 0) and math.isnan(line.r) and math.isnan(line.slope_p)


def test_spread_that_grows_is_a_slope():
    middle, sign = np.array([10.0, 20, 30, 40]), np.array([1, -1, 1, -1])
    line = spread_against_mean(middle + 0.1 * sign * middle, middle - 0.1 * sign * middle)
    assert (line.slope, line.intercept) == pytest.approx((0.2, 0))


def test_equal_readers_have_neither_slope():
    for line_of in (proportional_bias, spread_against_mean):
        line = line_of([1, 2, 3], [1, 2, 3])
        assert (line.slope, line.intercept, line.residual_sd) == (0, 0, 0)
        assert math.isnan(line_of([4], [2]).slope)


@pytest.mark.parametrize(
    "function", [limits_of_agreement, ratio_limits, proportional_bias, spread_against_mean]
)
def test_what_are_no_pairs_of_numbers_is_refused(function):
    with pytest.raises(ValueError, match="one length; got 1 and 2"):
        function([1], [1, 2])
    with pytest.raises(ValueError, match="second holds nan at place 1"):
        function([1, 2], [math.nan, 2])
    with pytest.raises(ValueError, match="confidence"):
        function([1, 2], [1, 2], confidence=1.0)


def test_an_unknown_interval_is_refused():
    for pairs in ([], [1, 2, 3]):
        with pytest.raises(ValueError, match="'exact' or 'approximate'; got 'Exact'"):
            limits_of_agreement(pairs, pairs, interval="Exact")


def test_ratios_of_patients_with_several_scans_are_those_of_repeated_logarithms():
    first, second = [4.0, 9.0, 0.0, 5.0, 8.0], [2.0, 3.0, 1.0, 5.0, 2.0]
    found = ratio_limits(first, second, patients=["a", "a", "b", "b", "c"])
    kept = [0, 1, 3, 4]
    logs = (np.log([values[place] for place in kept]) for values in (first, second))
    logs = repeated_limits(*logs, ["a", "a", "b", "c"])
    assert (found.n, found.zeros) == (4, 1)
    assert np.log([found.ratio, found.lower, *found.upper_interval]) == pytest.approx(
        [logs.bias, logs.lower, *logs.upper_interval]
    )
    with pytest.raises(ValueError, match="got 1 names and 2 pairs"):
        ratio_limits([1, 2], [1, 2], patients=["a"])
