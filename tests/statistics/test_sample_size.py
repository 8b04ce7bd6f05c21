"""How sure limits are: published factors, simulation, and the least n that is enough."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi, norm

from vhi.statistics.sample_size import limit_factors, sample_size_for_limits


@pytest.mark.parametrize(
    ("n", "share", "confidence", "printed"),
    [
        (10, 0.90, 0.95, 2.355),
        (10, 0.95, 0.95, 2.911),
        (10, 0.99, 0.95, 3.981),
        (20, 0.95, 0.95, 2.396),
        (30, 0.95, 0.95, 2.220),
        (50, 0.95, 0.95, 2.065),
    ],
)
def test_exact_factors_are_tabulated_tolerance_factors(n, share, confidence, printed):
    # One-sided normal tolerance factors, as in the appendix of Montgomery & Runger, Applied
    # Statistics and Probability for Engineers.
    _, outer = limit_factors(n, confidence=2 * confidence - 1, width=norm.ppf(share))
    assert outer == pytest.approx(printed, abs=6e-4)


@pytest.mark.parametrize("n", [2, 8, 17, 29, 2980])
def test_exact_factors_solve_the_integral_that_defines_them(n):
    # The mean is normal and the SD an independent chi: the share of samples whose bias + k SD
    # lies below the true limit is integrated over the quantiles of the SD.
    def below(k):
        def at(quantile):
            sd = chi.ppf(quantile, n - 1) / math.sqrt(n - 1)
            return norm.cdf(math.sqrt(n) * (k * sd - 1.96))

        return quad(at, 0, 1, epsabs=1e-11, limit=200)[0]

    inner, outer = limit_factors(n)
    assert (below(inner), below(outer)) == pytest.approx((0.025, 0.975), abs=1e-8)


@pytest.mark.parametrize("n", [2, 3, 8, 29])
def test_exact_intervals_hold_the_true_limit_as_often_as_they_say(n):
    # Simulated standard normal differences: the true upper limit is 1.96.
    rng = np.random.default_rng(n)
    differences = rng.normal(size=(40_000, n))
    bias, sd = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    inner, outer = limit_factors(n)
    # 0.025 each, with a standard error of 0.0008.
    assert np.mean(bias + inner * sd > 1.96) == pytest.approx(0.025, abs=0.003)
    assert np.mean(bias + outer * sd < 1.96) == pytest.approx(0.025, abs=0.003)


def test_approximate_intervals_miss_a_limit_that_lies_outside_too_often():
    rng = np.random.default_rng(8)
    differences = rng.normal(size=(40_000, 8))
    bias, sd = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    _, outer = limit_factors(8, interval="approximate")
    assert np.mean(bias + outer * sd < 1.96) > 0.04


def test_the_published_rule_of_thumb_comes_out():
    # Bland 2004: 100 pairs give ±0.34 SD, 200 give ±0.24 SD.
    for n, printed in ((100, 0.34), (200, 0.24)):
        inner, outer = limit_factors(n, interval="approximate")
        assert round((outer - inner) / 2, 2) == printed


def test_both_kinds_agree_for_many_pairs():
    assert limit_factors(100_000) == pytest.approx(
        limit_factors(100_000, interval="approximate"), abs=1e-4
    )


def test_factors_close_in_on_the_limit_without_gaps():
    # Around 2980 scipy's own quantile is NaN.
    factors = np.array([limit_factors(n) for n in range(2960, 3000)])
    assert (np.diff(factors[:, 0]) > 0).all()
    assert (np.diff(factors[:, 1]) < 0).all()


@pytest.mark.parametrize("interval", ["exact", "approximate"])
@pytest.mark.parametrize("half_width", [0.05, 0.3, 1.0, 3.0])
def test_the_size_is_the_least_that_is_enough(interval, half_width):
    n = sample_size_for_limits(half_width, interval=interval)
    inner, outer = limit_factors(n, interval=interval)
    assert (outer - inner) / 2 <= half_width
    inner, outer = limit_factors(n - 1, interval=interval)
    assert (outer - inner) / 2 > half_width


def test_two_pairs_are_the_least_there_are():
    assert sample_size_for_limits(1000) == 2


def test_more_confidence_takes_more_pairs():
    sizes = [sample_size_for_limits(0.3, confidence=confidence) for confidence in (0.8, 0.95, 0.99)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("half_width", [0, -1, 0.001, math.nan, math.inf])
def test_widths_that_no_study_reaches_are_refused(half_width):
    with pytest.raises(ValueError, match="half_width_sd"):
        sample_size_for_limits(half_width)


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="confidence"):
        sample_size_for_limits(0.3, confidence=95)
    with pytest.raises(ValueError, match="interval"):
        sample_size_for_limits(0.3, interval="bootstrap")
    with pytest.raises(ValueError, match="n is 2 or more"):
        limit_factors(1)
