"""Limit of blank and limit of detection."""

import math

import numpy as np
import pytest
from scipy.stats import norm

pytest.importorskip("statsmodels", reason='needs statsmodels: pip install "vhi[study]"')

from vhi.statistics import limit_of_blank, limit_of_detection


def test_limit_of_blank_is_the_value_that_95_of_100_do_not_exceed():
    assert limit_of_blank(range(1, 101)) == 95
    assert limit_of_blank([3.0]) == 3
    assert limit_of_blank([0] * 19 + [7]) == 0
    assert math.isnan(limit_of_blank([]))


def test_the_probit_line_is_found():
    # Found with probability 0.95 at 50: Phi(2 log(x / 50) + 1.645).
    rng = np.random.default_rng(1)
    amounts = np.exp(rng.uniform(np.log(5), np.log(500), 4000))
    found = rng.random(4000) < norm.cdf(2 * np.log(amounts / 50) + norm.ppf(0.95))
    limit = limit_of_detection(amounts, found)
    assert limit.interval[0] < 50 < limit.interval[1]
    assert limit.limit == pytest.approx(50, rel=0.1)
    assert limit.found == np.count_nonzero(found)


def test_the_interval_holds_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(200):
        amounts = np.exp(rng.uniform(np.log(5), np.log(500), 250))
        found = rng.random(250) < norm.cdf(2 * np.log(amounts / 50) + norm.ppf(0.95))
        low, high = limit_of_detection(amounts, found).interval
        held.append(low <= 50 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_a_clean_step_lies_between_missed_and_found():
    limit = limit_of_detection([1, 2, 8, 9], [False, False, True, True])
    assert limit.limit == 4
    assert limit.interval == (2, 8)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([1, 1, 1, 1], "every amount"),
        ([0, 0, 0, 0], "no amount"),
        ([1, 1, 0, 0], "not found more often"),
        ([0, 1, 0, 1], "above the largest"),
    ],
)
def test_without_a_limit_there_is_a_reason(found, reason):
    limit = limit_of_detection([1, 2, 3, 4], found)
    assert math.isnan(limit.limit)
    assert reason in limit.reason


def test_amounts_of_zero_are_refused():
    with pytest.raises(ValueError, match="above 0"):
        limit_of_detection([0, 1], [0, 1])
