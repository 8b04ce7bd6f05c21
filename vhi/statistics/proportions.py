"""Shares of counted patients, and whether two yes/no ratings say yes equally often."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from vhi.statistics._pairs import check_confidence


@dataclass(frozen=True)
class Proportion:
    """A share, `count` / `n`, with its interval from `low` to `high`; NaN where n is 0."""

    count: int
    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class McNemar:
    """A test of whether two ratings of `n` patients say yes equally often.

    Only the `discordant` pairs, whose ratings differ, count. `statistic` and `corrected` are
    chi-squared with one degree of freedom, without and with continuity correction; their P values
    `p` and `corrected_p` hold from about 25 discordant pairs, the binomial `exact_p` (two-sided)
    for any number.
    """

    n: int
    discordant: int
    statistic: float
    corrected: float
    p: float
    corrected_p: float
    exact_p: float


def exact_proportion(count: int, n: int, *, confidence: float = 0.95) -> Proportion:
    r"""Return a share with its Clopper–Pearson interval.

    The interval holds every share :math:`\pi` under which neither `count` or more nor `count` or
    fewer of `n` is rarer than half of 1 − `confidence`. It covers the true share at least as often
    as asked. Things must be independent: 48 slices of two subjects are not 48.

    Parameters
    ----------
    count, n
        Whole numbers, 0 ≤ `count` ≤ `n`.
    confidence
        Above 0 and below 1.

    Returns
    -------
    Proportion
        Share and interval are NaN for `n` = 0.

    Raises
    ------
    ValueError
        The counts are not whole numbers or out of range, or `confidence` is.

    References
    ----------
    Clopper and Pearson 1934, Biometrika 26:404.

    Examples
    --------
    >>> half = exact_proportion(15, 29)
    >>> print(f"{half.share:.1%} ({half.low:.1%} to {half.high:.1%})")
    51.7% (32.5% to 70.6%)
    """
    check_confidence(confidence)
    counts = check_counts((count, n), "count and n")
    if count > n:
        raise ValueError(f"count must not exceed n; got {count} of {n}")
    count, n = counts.tolist()
    if n == 0:
        return Proportion(0, 0, math.nan, math.nan, math.nan)
    interval = binomtest(count, n).proportion_ci(confidence, method="exact")
    return Proportion(count, n, count / n, float(interval.low), float(interval.high))


def mcnemar(table: ArrayLike) -> McNemar:
    r"""Test whether two ratings of the same patients say yes equally often.

    With b and c pairs that differ one way and the other,

    .. math:: \chi^2 = \frac{(b - c)^2}{b + c}, \qquad
              \chi^2_\mathrm{corrected} = \frac{(|b - c| - 1)^2}{b + c}

    It does not tell how often the ratings agree: see :func:`vhi.statistics.kappa.cohen_kappa`.

    Parameters
    ----------
    table
        Counts, 2 × 2: rows are the first rating, columns the second, in the same order.

    Returns
    -------
    McNemar
        Without discordant pairs `exact_p` is 1, the others are NaN. Where b = c, `corrected` is 0,
        not above the uncorrected one.

    Raises
    ------
    ValueError
        The table is not 2 × 2 or holds something other than counts.

    References
    ----------
    McNemar 1947, Psychometrika 12:153; correction: Edwards 1948, Psychometrika 13:185. Computed by
    statsmodels.

    Examples
    --------
    >>> round(mcnemar([[794, 86], [150, 570]]).statistic, 4)
    17.3559
    """
    from statsmodels.stats import contingency_tables

    counts = check_counts(table, "table")
    if counts.shape != (2, 2):
        raise ValueError(f"table must be 2 × 2; got shape {counts.shape}")
    n = int(counts.sum())
    discordant = int(counts[0, 1] + counts[1, 0])
    if discordant == 0:
        return McNemar(n, 0, math.nan, math.nan, math.nan, math.nan, 1.0)
    exact = contingency_tables.mcnemar(counts, exact=True)
    # A correction would turn a difference of none into one.
    plain, corrected = (
        contingency_tables.mcnemar(counts, exact=False, correction=correction)
        for correction in (False, bool(counts[0, 1] != counts[1, 0]))
    )
    statistics = float(plain.statistic), float(corrected.statistic)
    p_values = float(plain.pvalue), float(corrected.pvalue), float(exact.pvalue)
    return McNemar(n, discordant, *statistics, *p_values)


def check_counts(counts: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return counts as integers; raise ValueError unless they are whole numbers, 0 or more."""
    array = np.asarray(counts)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be counts; got values of type {array.dtype}")
    if not (np.isfinite(array) & (array >= 0) & (array == np.floor(array))).all():
        raise ValueError(f"{name} must be whole numbers, 0 or more; got {array.tolist()}")
    return array.astype(np.int64)
