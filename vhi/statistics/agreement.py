"""How far two readers, or two methods, differ: bias and limits of agreement, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from vhi.statistics._pairs import NOWHERE, WIDTH, checked_pairs, without_rounding
from vhi.statistics.regression import Line, least_squares
from vhi.statistics.sample_size import Interval, limit_factors


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bias and 95 % limits of differences, first − second, in the values' own unit.

    Attributes
    ----------
    n : int
        Pairs.
    bias, sd : float
        Mean and standard deviation (n - 1) of the differences.
    lower, upper : float
        bias ± 1.96 sd.
    bias_interval, lower_interval, upper_interval : tuple of float
    """

    n: int
    bias: float
    sd: float
    lower: float
    upper: float
    bias_interval: tuple[float, float]
    lower_interval: tuple[float, float]
    upper_interval: tuple[float, float]


@dataclass(frozen=True)
class RatioLimits:
    """Geometric mean and 95 % limits of ratios, first / second: 2 means twice as much.

    Attributes
    ----------
    n : int
        Pairs in which both values are above 0; all else is about them.
    zeros : int
        Pairs left out, as one or both values are 0 and their ratio says nothing.
    ratio, lower, upper : float
    ratio_interval, lower_interval, upper_interval : tuple of float
    """

    n: int
    zeros: int
    ratio: float
    lower: float
    upper: float
    ratio_interval: tuple[float, float]
    lower_interval: tuple[float, float]
    upper_interval: tuple[float, float]


def limits_of_agreement(
    first: ArrayLike,
    second: ArrayLike,
    *,
    interval: Interval = "exact",
    confidence: float = 0.95,
) -> LimitsOfAgreement:
    r"""Return Bland and Altman's limits of agreement of first − second.

    .. math:: \bar d \pm 1.96\,s

    They hold for independent pairs whose differences are normal and do not grow with the value:
    look at `proportional_bias` and `spread_against_mean`, use `ratio_limits` where they do, and
    `repeated_limits` where a patient gives several pairs. For logarithms, hand them over.

    Each limit has an interval of its own. The exact one takes quantiles of Student's
    distribution with the noncentrality that the limit has,

    .. math:: \bar d + \frac{s}{\sqrt n}\, t'_{n-1,\,1.96\sqrt n}(\alpha/2)
              \quad\text{to}\quad
              \bar d + \frac{s}{\sqrt n}\, t'_{n-1,\,1.96\sqrt n}(1 - \alpha/2)

    for the upper limit and its mirror image for the lower; it reaches farther out than in. The
    approximate one is the limit :math:`\pm\, t_{n-1} s \sqrt{1/n + 1.96^2 / (2(n - 1))}`, too
    narrow on the outer side for fewer than some forty pairs.

    Parameters
    ----------
    first, second
        Finite numbers, one of each for every independent subject, in one order and one unit.
    interval
        How sure the limits are: ``"exact"`` or ``"approximate"``.
    confidence
        Of all three intervals, above 0 and below 1.

    Returns
    -------
    LimitsOfAgreement
        No pair: all NaN. One pair: a bias, all else NaN. Two pairs: all is defined, and the
        intervals say how little they tell. Equal differences: all equal to the bias.

    Raises
    ------
    ValueError
        The arrays are not two lists of finite numbers of one length, or an option is out of its
        range.

    References
    ----------
    Bland & Altman 1986, Lancet 1:307; 1999, Statistical Methods in Medical Research 8:135,
    section 2, for the approximate interval. Carkeet 2015, Optometry and Vision Science 92:e71,
    for the exact interval of each limit.

    Examples
    --------
    >>> found = limits_of_agreement([1, 2, 3, 4], [1, 1, 4, 4])
    >>> round(found.bias, 3), round(found.lower, 3), round(found.upper, 3)
    (0.0, -1.6, 1.6)
    """
    first, second = checked_pairs(first, second)
    n = len(first)
    inner, outer = limit_factors(max(n, 2), interval=interval, confidence=confidence)
    if n < 2:
        bias = float(first[0] - second[0]) if n else math.nan
        return LimitsOfAgreement(n, bias, math.nan, math.nan, math.nan, NOWHERE, NOWHERE, NOWHERE)
    differences = _differences(first, second)
    bias, sd = float(differences.mean()), float(differences.std(ddof=1))
    if (differences == differences[0]).all():
        bias, sd = float(differences[0]), 0.0  # not what rounding makes of them
    half = float(student.ppf((1 + confidence) / 2, n - 1)) * sd / math.sqrt(n)
    return LimitsOfAgreement(
        n,
        bias,
        sd,
        bias - WIDTH * sd,
        bias + WIDTH * sd,
        (bias - half, bias + half),
        (bias - outer * sd, bias - inner * sd),
        (bias + inner * sd, bias + outer * sd),
    )


def ratio_limits(
    first: ArrayLike,
    second: ArrayLike,
    *,
    interval: Interval = "exact",
    confidence: float = 0.95,
) -> RatioLimits:
    r"""Return limits of agreement of first / second, for spread that grows with the value.

    The limits of :math:`\log` first − :math:`\log` second, turned back. They do not depend on the
    unit, as logarithms of value + 1 do. They hold where ratios scatter alike for small and for
    large values; a volume of a few voxels usually scatters more.

    Parameters
    ----------
    first, second
        Numbers of 0 or more, one of each for every independent subject, in one order and unit.
    interval, confidence
        As `limits_of_agreement`.

    Returns
    -------
    RatioLimits
        NaN where too few pairs have both values above 0, as in `limits_of_agreement`. An end of
        an interval may be 0 or infinite for two or three pairs.

    Raises
    ------
    ValueError
        As `limits_of_agreement`, or a value is below 0.

    References
    ----------
    Bland & Altman 1999, Statistical Methods in Medical Research 8:135, section 3.1.

    Examples
    --------
    >>> found = ratio_limits([10, 200, 0], [5, 100, 3])
    >>> found.n, found.zeros, round(found.ratio, 9), round(found.upper, 9)
    (2, 1, 2.0, 2.0)
    """
    first, second = checked_pairs(first, second)
    for name, values in (("first", first), ("second", second)):
        if (values < 0).any():
            raise ValueError(
                f"{name} holds {values.min():g}; ratios need values of 0 or more, so use "
                "limits_of_agreement here"
            )
    both = (first > 0) & (second > 0)
    found = limits_of_agreement(
        np.log(first[both]), np.log(second[both]), interval=interval, confidence=confidence
    )
    return RatioLimits(
        found.n,
        len(first) - found.n,
        _exp(found.bias),
        _exp(found.lower),
        _exp(found.upper),
        (_exp(found.bias_interval[0]), _exp(found.bias_interval[1])),
        (_exp(found.lower_interval[0]), _exp(found.lower_interval[1])),
        (_exp(found.upper_interval[0]), _exp(found.upper_interval[1])),
    )


def proportional_bias(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Line:
    """Return the line of differences (first − second) on means: a slope is bias that grows.

    Where one of the two scatters more than the other, it has a slope without any bias.

    Parameters
    ----------
    first, second, confidence
        As `limits_of_agreement`.

    Returns
    -------
    Line
        As `least_squares`, x the mean of the pair and y its difference. Equal readers: slope 0.

    Raises
    ------
    ValueError
        As `limits_of_agreement`.

    References
    ----------
    Bland & Altman 1999, Statistical Methods in Medical Research 8:135, section 3.2.
    """
    first, second = checked_pairs(first, second)
    return least_squares((first + second) / 2, _differences(first, second), confidence=confidence)


def spread_against_mean(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Line:
    """Return the line of the differences' sizes on means: a slope is spread that grows.

    Where it does, limits of agreement are too wide for small values and too narrow for large
    ones; `ratio_limits` may suit.

    Parameters
    ----------
    first, second, confidence
        As `limits_of_agreement`.

    Returns
    -------
    Line
        As `least_squares`, x the mean of the pair and y the size of its difference.

    Raises
    ------
    ValueError
        As `limits_of_agreement`.

    References
    ----------
    Bland & Altman 1999, Statistical Methods in Medical Research 8:135, section 3.2.
    """
    first, second = checked_pairs(first, second)
    sizes = without_rounding(abs(first - second), of=(first, second))
    return least_squares((first + second) / 2, sizes, confidence=confidence)


def _differences(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return without_rounding(first - second, of=(first, second))


def _exp(value: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        return float(np.exp(value))
