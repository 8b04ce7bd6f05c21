"""The precision of limits of agreement with n pairs, and how many pairs a precision takes."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Literal

from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

from vhi.statistics._pairs import WIDTH, check_confidence

NARROWEST = 0.01
"""Half-widths below it need more than a hundred thousand pairs."""

Interval = Literal["exact", "approximate"]


def sample_size_for_limits(
    half_width_sd: float, *, confidence: float = 0.95, interval: Interval = "exact"
) -> int:
    r"""Return how many pairs give the limits of agreement a wanted precision.

    The smallest n for which the interval of either limit is at most twice `half_width_sd` wide,
    in standard deviations of the differences:

    .. math:: \tfrac12 \left(k_{\mathrm{outer}}(n) - k_{\mathrm{inner}}(n)\right) \le h

    with the factors of `limit_factors`. Pairs are independent: two visits of a patient count as
    fewer than two. Precise limits may still be wide.

    Parameters
    ----------
    half_width_sd
        Half the width of a limit's interval, over the standard deviation of the differences;
        0.01 or more.
    confidence
        Of the intervals, above 0 and below 1.
    interval
        ``"exact"`` or ``"approximate"``, as in `limits_of_agreement`.

    Returns
    -------
    int
        2 or more.

    Raises
    ------
    ValueError
        `half_width_sd` is below 0.01 or not finite, or an option is out of its range.

    References
    ----------
    As `limits_of_agreement`; Bland, How can I decide the sample size for a study of agreement
    between two methods of measurement?, 2004, for the approximate one.

    Examples
    --------
    >>> sample_size_for_limits(0.34), sample_size_for_limits(0.34, interval="approximate")
    (101, 101)
    """
    if not (math.isfinite(half_width_sd) and half_width_sd >= NARROWEST):
        raise ValueError(
            f"half_width_sd is a number of {NARROWEST} or more, in standard deviations; "
            f"got {half_width_sd}"
        )

    def too_wide(n: int) -> bool:
        inner, outer = limit_factors(n, interval=interval, confidence=confidence)
        return outer - inner > 2 * half_width_sd

    limit = 2
    while too_wide(limit):
        limit *= 2
    return bisect_left(range(limit), True, lo=2, key=lambda n: not too_wide(n))


def limit_factors(
    n: int, *, interval: Interval = "exact", confidence: float = 0.95, width: float = WIDTH
) -> tuple[float, float]:
    """Return how many SD from the bias the inner and the outer end of a limit's interval lie.

    Parameters
    ----------
    n
        Pairs, at least 2.
    interval, confidence
        As in `limits_of_agreement`.
    width
        Standard deviations from the bias to the limit.

    Raises
    ------
    ValueError
        There are fewer than 2 pairs, or an option is out of its range.

    References
    ----------
    As `limits_of_agreement`. The exact factors are those of one-sided tolerance limits.

    Examples
    --------
    >>> [round(factor, 3) for factor in limit_factors(29)]
    [1.443, 2.775]
    """
    check_confidence(confidence)
    if n < 2:
        raise ValueError(f"n is 2 or more, as one difference has no spread; got {n}")
    tails = (1 - confidence) / 2, (1 + confidence) / 2
    error = math.sqrt(1 / n + width**2 / (2 * (n - 1)))
    if interval == "exact":
        inner, outer = (_noncentral_t(tail, n, width, error) / math.sqrt(n) for tail in tails)
        return inner, outer
    if interval != "approximate":
        raise ValueError(f"interval is 'exact' or 'approximate'; got {interval!r}")
    half = float(student.ppf(tails[1], n - 1)) * error
    return width - half, width + half


def _noncentral_t(tail: float, n: int, width: float, error: float) -> float:
    """Return the quantile of the noncentral t distribution of a limit `width` SD from the bias."""
    root = math.sqrt(n)
    quantile = float(nct.ppf(tail, n - 1, width * root))
    if math.isfinite(quantile):
        return quantile
    # scipy 1.17 fails for a few n about 3000, where its distribution function does not.
    ends = (width - 10 * error) * root, (width + 10 * error) * root
    return float(brentq(lambda value: nct.cdf(value, n - 1, width * root) - tail, *ends))
