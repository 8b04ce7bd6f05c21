"""How far two readers or methods differ: bias and limits of agreement, with intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from vhi.statistics._pairs import (
    NOWHERE,
    WIDTH,
    checked_differences,
    checked_pairs,
    mean_and_sd,
    without_rounding,
)
from vhi.statistics.regression import Line, least_squares
from vhi.statistics.repeated import RepeatedLimits, repeated_limits
from vhi.statistics.sample_size import Interval, limit_factors


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bias and 95 % limits of the differences, first − second, of n pairs, in the values' unit.

    `bias` and `sd` (n − 1) are those of the differences; `lower` and `upper` are bias ± 1.96 sd.
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
    """Geometric mean and 95 % limits of the ratios first / second: 2 means twice as much.

    They are those of the `n` pairs in which both values are above 0; `zeros` counts the others.
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
    see `proportional_bias` and `spread_against_mean`. Use `ratio_limits` where they grow, and
    `repeated_limits` where a patient gives several pairs.

    The exact interval of a limit takes quantiles of the noncentral t distribution,

    .. math:: \bar d + \frac{s}{\sqrt n}\, t'_{n-1,\,1.96\sqrt n}(\alpha/2)
              \quad\text{to}\quad
              \bar d + \frac{s}{\sqrt n}\, t'_{n-1,\,1.96\sqrt n}(1 - \alpha/2)

    for the upper limit and its mirror image for the lower. The approximate one, the limit
    :math:`\pm\, t_{n-1} s \sqrt{1/n + 1.96^2 / (2(n - 1))}`, which pingouin's Bland–Altman plot
    uses too, is too narrow on the outer side for fewer than about forty pairs. Both are too narrow
    where differences have heavy tails or several pairs are of one patient:
    `vhi.statistics.coverage` says how far.

    Parameters
    ----------
    first, second
        Finite numbers, one of each for every independent subject, in one order and one unit.
    interval
        Of the limits: ``"exact"`` or ``"approximate"``.
    confidence
        Of all three intervals, above 0 and below 1.

    Returns
    -------
    LimitsOfAgreement
        No pair: all NaN. One pair: a bias, all else NaN. Equal differences: all equal to the bias.

    Raises
    ------
    ValueError
        The arrays are not two lists of finite numbers of one length, or an option is out of range.

    References
    ----------
    Bland & Altman 1986, Lancet 1:307; 1999, Statistical Methods in Medical Research 8:135,
    section 2 (approximate interval). Carkeet 2015, Optometry and Vision Science 92:e71 (exact).

    Examples
    --------
    >>> limits = limits_of_agreement([1, 2, 3, 4], [1, 1, 4, 4])
    >>> round(limits.bias, 3), round(limits.lower, 3), round(limits.upper, 3)
    (0.0, -1.6, 1.6)
    """
    differences = checked_differences(first, second)
    n = len(differences)
    inner, outer = limit_factors(max(n, 2), interval=interval, confidence=confidence)
    if n < 2:
        bias = float(differences[0]) if n else math.nan
        return LimitsOfAgreement(n, bias, math.nan, math.nan, math.nan, NOWHERE, NOWHERE, NOWHERE)
    bias, sd = mean_and_sd(differences)
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
    patients: Iterable[Hashable] | None = None,
    interval: Interval = "exact",
    confidence: float = 0.95,
) -> RatioLimits:
    r"""Return limits of agreement of first / second, for a spread that grows with the value.

    The limits of :math:`\log` first − :math:`\log` second, transformed back. Unlike logarithms of
    value + 1 they do not depend on the unit. They hold where the spread of ratios is the same for
    small and large values; a volume of a few voxels usually varies more.

    Parameters
    ----------
    first, second
        Numbers of 0 or more, one of each for every pair, in one order and unit.
    patients
        The patient of each pair, where patients give several: the limits and intervals are those
        of `repeated_limits`. Default: every pair is of another subject.
    interval
        As in `limits_of_agreement`; not used with `patients`.
    confidence
        As in `limits_of_agreement`.

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
    >>> limits = ratio_limits([10, 200, 0], [5, 100, 3])
    >>> limits.n, limits.zeros, round(limits.ratio, 9), round(limits.upper, 9)
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
    pairs = np.log(first[both]), np.log(second[both])
    logs: LimitsOfAgreement | RepeatedLimits
    if patients is None:
        logs = limits_of_agreement(*pairs, interval=interval, confidence=confidence)
    else:
        names = list(patients)
        if len(names) != len(first):
            raise ValueError(
                f"patients needs one name for each pair; got {len(names)} names and {len(first)} "
                "pairs"
            )
        positive = [name for name, kept in zip(names, both, strict=True) if kept]
        logs = repeated_limits(*pairs, positive, confidence=confidence)
    intervals = logs.bias_interval, logs.lower_interval, logs.upper_interval
    with np.errstate(over="ignore", under="ignore"):
        ratios = np.exp([logs.bias, logs.lower, logs.upper]).tolist()
        ends = [(low, high) for low, high in np.exp(intervals).tolist()]
    n = int(np.count_nonzero(both))
    return RatioLimits(n, len(first) - n, *ratios, *ends)


def proportional_bias(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Line:
    """Return the line of differences (first − second) on means: a slope is bias that grows.

    Where one reader's values vary more than the other's, the line slopes without any bias.
    Parameters and errors are those of `limits_of_agreement`; the line is that of `least_squares`
    with x the mean of a pair. Equal readers: slope 0.

    References
    ----------
    Bland & Altman 1999, Statistical Methods in Medical Research 8:135, section 3.2.
    """
    differences = checked_differences(first, second)
    return least_squares(np.add(first, second) / 2, differences, confidence=confidence)


def spread_against_mean(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Line:
    """Return the line of the differences' sizes on means: a slope is spread that grows.

    Where the spread grows, limits of agreement are too wide for small values and too narrow for
    large ones; `ratio_limits` may suit. Parameters, errors, line and source are those of
    `proportional_bias`.
    """
    first, second = checked_pairs(first, second)
    sizes = without_rounding(abs(first - second), of=(first, second))
    return least_squares((first + second) / 2, sizes, confidence=confidence)
