"""Checks that several rows share: sums, shares and tests of other printed numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial

import numpy as np
from scipy.stats import binomtest, chi2, chi2_contingency, fisher_exact
from statsmodels.stats.proportion import proportion_confint

from vhi.papers.ledger.answers import Among, EvenlyAbout, Numbers, among
from vhi.papers.ledger.check import (
    CONSISTENT,
    Check,
    Reading,
    Sources,
    consistent,
    from_counts,
)
from vhi.statistics.proportions import exact_proportion

INTERVAL_METHODS = {
    "normal": "the interval is that of the normal approximation",
    "wilson": "the interval is Wilson's",
    "agresti_coull": "the interval is Agresti and Coull's",
    "jeffreys": "the interval is Jeffreys'",
    "beta": "the interval is the exact one",
}
"""Methods of statsmodels for the interval of a share, and what using each would mean."""


def total(*keys: str) -> Check:
    """Check that a number is the sum of others."""
    return from_counts(lambda s: sum(s[key] for key in keys))


def remainder(whole: str, *parts: str, status: str = CONSISTENT) -> Check:
    """Check that a number is a whole less its other parts.

    Its status is consistent where the whole is checked as the sum of its parts.
    """
    return Check(status, lambda s: s[whole] - sum(s[part] for part in parts))


def same(key: str) -> Check:
    """Check that another place prints the same numbers, or a bound that allows this one."""
    return consistent(
        lambda s: s[key] if s.text(key).startswith(("<", ">")) else s.numbers(key), repeats=key
    )


def same_value(key: str) -> Check:
    """Check that another place prints the same value, there with an interval."""
    return consistent(lambda s: s[key], repeats=key)


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


def evenly_about(key: str) -> Check:
    """Check that limits lie evenly about a printed middle, known to half of its last digit."""

    def compute(s: Sources) -> EvenlyAbout:
        half = 0.5 * s.last_digit(key)
        return EvenlyAbout(s[key] - half, s[key] + half)

    return consistent(compute).tolerant(
        "the middle is rounded, so that one end may move by one unit of its last digit"
    )


def percentage(key: str) -> Check:
    """Check a percentage by the counts in the words of row `key`."""

    def compute(s: Sources) -> float:
        count, n = s.counted(key)
        return 100 * count / n

    return from_counts(compute, kind="share")


def percentage_with_interval(key: str) -> Check:
    """Check a percentage and its exact (Clopper–Pearson) 95 % interval by the counts in words."""

    def compute(s: Sources) -> Numbers:
        share = exact_proportion(*s.counted(key))
        return 100 * share.share, 100 * share.low, 100 * share.high

    return from_counts(compute, kind="interval")


def interval_of(count: float, n: float, method: str = "beta", level: float = 0.95) -> Numbers:
    """Return a share and its interval in per cent; `method` is one of `INTERVAL_METHODS`."""
    low, high = proportion_confint(count, n, alpha=1 - level, method=method)
    return 100 * count / n, 100 * float(low), 100 * float(high)


def other_intervals(
    counts: Callable[[Sources], tuple[float, float]], *but: str, ends_only: bool = False
) -> tuple[Reading, ...]:
    """Return readings of a share with its interval: other methods, and a level of 90 or 99 %.

    `but` are methods left out; with `ends_only` the row prints the interval without the share.
    """

    def by(s: Sources, method: str, level: float) -> Numbers:
        return interval_of(*counts(s), method, level)[ends_only:]

    return (
        *(
            Reading(name, partial(by, method=method, level=0.95))
            for method, name in INTERVAL_METHODS.items()
            if method not in but
        ),
        *(
            Reading(
                f"the interval is of {level} %, {word}",
                partial(by, method=method, level=level / 100),
            )
            for level in (90, 99)
            for method, word in (("beta", "exact"), ("normal", "normal"))
        ),
    )


def fisher(key: str, other: str) -> Check:
    """Check P of Fisher's exact test by the counts in the words of two rows."""
    return from_counts(lambda s: fisher_p(*s.counted(key), *s.counted(other)), kind="fisher")


@cache
def fisher_p(count: int, n: int, other_count: int, other_n: int, side: str = "two-sided") -> float:
    """Return the P of Fisher's exact test of two shares; `side` is two-sided, less or greater."""
    table = [[count, n - count], [other_count, other_n - other_count]]
    return float(fisher_exact(table, alternative=side)[1])


@cache
def chi_squared_p(count: int, n: int, other_count: int, other_n: int, *, corrected: bool) -> float:
    """Return the P of the chi-squared test of two shares; 1 where both are none or all."""
    if count + other_count in (0, n + other_n):
        return 1.0
    table = [[count, n - count], [other_count, other_n - other_count]]
    return float(chi2_contingency(table, correction=corrected)[1])


Pairs = Callable[[Sources], tuple[int, int, int, int]]
"""Two shares to be compared: count, total, other count, other total."""


def other_tests(pairs: Pairs) -> tuple[Reading, ...]:
    """Return readings of a P: other tests of two independent shares."""

    def one_sided(s: Sources) -> Among:
        return among([fisher_p(*pairs(s), side) for side in ("less", "greater")])

    def chi(s: Sources, *, corrected: bool) -> float:
        return chi_squared_p(*pairs(s), corrected=corrected)

    def half(s: Sources) -> Among:
        # The one-sided P of a test that is symmetric.
        ps = [chi_squared_p(*pairs(s), corrected=corrected) for corrected in (False, True)]
        return among([side for p in ps for side in (p / 2, 1 - p / 2)])

    return (
        Reading("the test is Fisher's, two-sided", lambda s: fisher_p(*pairs(s))),
        Reading("the test is Fisher's, one-sided", one_sided),
        Reading(
            "the test is chi-squared, uncorrected",
            partial(chi, corrected=False),
        ),
        Reading("the test is chi-squared, corrected", partial(chi, corrected=True)),
        Reading("the test is chi-squared, one-sided", half),
    )


def paired_tests(pairs: Pairs) -> tuple[Reading, ...]:
    """Return readings of a P: tests of the same cases before and after, for every split of them.

    Of n cases with `count` right before and `other count` after, `lost` cases were right before
    only and ``lost + gain`` after only; the split is free within the counts.
    """

    def by(s: Sources, p: Callable[[int, int], float]) -> Among:
        before, n, after, _ = pairs(s)
        most = min(before, n - after)
        least = max(0, before - after)
        return among([p(after - before + lost, lost) for lost in range(least, most + 1)])

    tests: dict[str, Callable[[int, int], float]] = {
        "McNemar's exact one": mcnemar_exact,
        "McNemar's or Wilcoxon's, uncorrected,": partial(mcnemar_p, corrected=False),
        "McNemar's, corrected,": partial(mcnemar_p, corrected=True),
        "McNemar's exact one, one-sided,": partial(mcnemar_exact, side="greater"),
    }
    return tuple(
        Reading(f"the test is {name} and the split of the cases is free", partial(by, p=p))
        for name, p in tests.items()
    )


@cache
def mcnemar_exact(gained: int, lost: int, side: str = "two-sided") -> float:
    """Return McNemar's exact P of cases gained and lost."""
    if not gained + lost:
        return 1.0
    return float(binomtest(gained, gained + lost, alternative=side).pvalue)


def mcnemar_p(gained: int, lost: int, *, corrected: bool) -> float:
    """Return McNemar's P by chi-squared, with or without the continuity correction."""
    if not gained + lost:
        return 1.0
    difference = abs(gained - lost) - corrected
    return float(chi2.sf(difference**2 / (gained + lost), 1))
