"""A summary of a few values: mean, median, range, quartiles, and an interval for the median."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom


@dataclass(frozen=True)
class MedianInterval:
    """Two of the values, `low` and `high`, between which the true median lies.

    `ranks` are their places in ascending order, counted from 1; `coverage` is how often such an
    interval holds the true median.
    """

    low: float
    high: float
    ranks: tuple[int, int]
    coverage: float


@dataclass(frozen=True)
class Summary:
    """A summary of `n` values, NaN without values; quartiles are interpolated linearly."""

    n: int
    mean: float
    median: float
    min: float
    max: float
    lower_quartile: float
    upper_quartile: float


def median_interval(values: Iterable[float], *, coverage: float = 0.95) -> MedianInterval | None:
    r"""Return an interval for the median from the ordered values alone.

    Between the r-th smallest and the r-th largest of n independent values the true median lies
    with probability

    .. math:: 1 - 2\,P(X \le r - 1), \quad X \sim \mathrm{Binomial}(n, 1/2)

    whatever their distribution. Of the few steps that n allows, the one nearest to `coverage` is
    taken, and its own coverage is returned: for n = 8 the second to the seventh value, 93.0 %.
    Slices of one scan, or two visits of one subject, are not independent.

    Parameters
    ----------
    values
        Finite numbers, one for each independent subject.
    coverage
        Wanted, above 0 and below 1.

    Returns
    -------
    MedianInterval or None
        None for fewer than two values.

    Raises
    ------
    ValueError
        A value is not finite, or `coverage` is out of its range.

    References
    ----------
    Conover, Practical Nonparametric Statistics, section 3.2; Thompson 1936.

    Examples
    --------
    >>> median_interval([1, 2, 3, 4, 5, 6, 7, 8])
    MedianInterval(low=2.0, high=7.0, ranks=(2, 7), coverage=0.9296875)
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage lies between 0 and 1; got {coverage}")
    ordered = np.sort(_finite(values))
    n = len(ordered)
    if n < 2:
        return None
    ranks = np.arange(1, n // 2 + 1)
    reached = 1 - 2 * binom.cdf(ranks - 1, n, 0.5)
    best = int(np.argmin(np.abs(reached - coverage)))
    r = int(ranks[best])
    return MedianInterval(
        float(ordered[r - 1]), float(ordered[n - r]), (r, n + 1 - r), float(reached[best])
    )


def summarise(values: Iterable[float]) -> Summary:
    """Return n, mean, median, range and quartiles of finite numbers, of which there may be none.

    Raises
    ------
    ValueError
        A value is not finite: leave such values out and report how many.

    Examples
    --------
    >>> summarise([1, 2, 3, 6]).median
    2.5
    """
    array = _finite(values)
    if array.size == 0:
        return Summary(0, *[float("nan")] * 6)
    low, lower, median, upper, high = np.percentile(array, [0, 25, 50, 75, 100]).tolist()
    return Summary(array.size, float(array.mean()), median, low, high, lower, upper)


def _finite(values: Iterable[float]) -> np.ndarray:
    array = np.asarray(list(values), float)
    if not np.isfinite(array).all():
        raise ValueError("values must be finite; leave NaN and infinite ones out and count them")
    return array
