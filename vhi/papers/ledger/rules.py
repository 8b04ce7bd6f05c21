"""Checks that several rows share: sums, shares and tests of other printed numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
from scipy.stats import fisher_exact

from vhi.papers.ledger.check import CONSISTENT, Check, Sources, consistent, from_counts
from vhi.statistics.proportions import exact_proportion


def total(*keys: str) -> Check:
    """Check that a number is the sum of others."""
    return from_counts(lambda s: sum(s[key] for key in keys))


def remainder(whole: str, *parts: str, status: str = CONSISTENT) -> Check:
    """Check that a number is a whole less its other parts.

    Its status is consistent where the whole is checked as the sum of its parts.
    """
    return Check(status, lambda s: s[whole] - sum(s[part] for part in parts))


def same(key: str) -> Check:
    """Check that another place prints the same number."""
    return consistent(lambda s: s[key])


def average(keys: Iterable[str]) -> Check:
    """Check that a number is the mean of others."""
    return _summary(lambda numbers: float(np.mean(numbers)), keys)


def largest(keys: Iterable[str]) -> Check:
    """Check that a number is the largest of others."""
    return _summary(max, keys)


def extremes(keys: Iterable[str]) -> Check:
    """Check that two ends are the lowest and the highest of other numbers."""
    return _summary(lambda numbers: (min(numbers), max(numbers)), keys)


def _summary(
    summarise: Callable[[list[float]], float | tuple[float, ...]], keys: Iterable[str]
) -> Check:
    rows = tuple(keys)
    return from_counts(lambda s: summarise([s[key] for key in rows]))


def middle(key: str) -> Check:
    """Check that a number is the middle of printed limits."""
    return from_counts(lambda s: (s.low(key) + s.high(key)) / 2)


def evenly_about(middle_key: str, key: str) -> Check:
    """Check that limits lie evenly about a printed middle: each follows from the other.

    The middle is taken as exact as rounding allows.
    """

    def compute(s: Sources) -> tuple[float, float]:
        low, high = s.low(key), s.high(key)
        half = 0.5 * s.last_digit(middle_key)
        twice = 2 * np.clip((low + high) / 2, s[middle_key] - half, s[middle_key] + half)
        return twice - high, twice - low

    return consistent(compute)


def percentage(key: str) -> Check:
    """Check a percentage by the counts in the words of row `key`."""

    def compute(s: Sources) -> float:
        count, n = s.counted(key)
        return 100 * count / n

    return from_counts(compute)


def percentage_with_interval(key: str) -> Check:
    """Check a percentage and its exact (Clopper–Pearson) 95 % interval by the counts in words."""

    def compute(s: Sources) -> tuple[float, float, float]:
        share = exact_proportion(*s.counted(key))
        return 100 * share.share, 100 * share.low, 100 * share.high

    return from_counts(compute)


def fisher(key: str, other: str) -> Check:
    """Check P of Fisher's exact test by the counts in the words of two rows."""
    return from_counts(lambda s: fisher_p(*s.counted(key), *s.counted(other)))


@cache
def fisher_p(count: int, n: int, other_count: int, other_n: int) -> float:
    """Return the two-sided P of Fisher's exact test of two shares."""
    return float(fisher_exact([[count, n - count], [other_count, other_n - other_count]])[1])


def nearest(allowed: Iterable[float], printed: float) -> float:
    """Return the number nearest to the printed one among those allowed; NaN where none is."""
    return min(allowed, key=lambda number: abs(number - printed), default=math.nan)
