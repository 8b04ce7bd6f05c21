"""Limits of agreement where a patient gives several pairs, with intervals by patient."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm
from scipy.stats import t as student

from vhi.statistics._pairs import NOWHERE, WIDTH, check_confidence, checked_differences

Ends = tuple[float, float]


@dataclass(frozen=True)
class RepeatedLimits:
    """Bias and 95 % limits of differences, first − second, of patients with several pairs each.

    `bias` is the mean of all differences; `sd_between` is the SD of patients' mean differences
    about it, `sd_within` that of differences about their patient's mean, `sd` that of a single
    difference (the root of the sum of both variances); `lower` and `upper` are bias ± 1.96 sd.
    The intervals count patients, not pairs.
    """

    patients: int
    pairs: int
    bias: float
    sd_between: float
    sd_within: float
    sd: float
    lower: float
    upper: float
    bias_interval: Ends = NOWHERE
    lower_interval: Ends = NOWHERE
    upper_interval: Ends = NOWHERE
    sd_interval: Ends = NOWHERE


def repeated_limits(
    first: ArrayLike,
    second: ArrayLike,
    patients: Iterable[Hashable],
    *,
    confidence: float = 0.95,
) -> RepeatedLimits:
    r"""Return limits of agreement of first − second where patients give several pairs each.

    It is for pairs taken together while the true value may change, as at two visits. A one-way
    analysis of variance splits the spread of the differences d: with :math:`m_i` pairs of patient
    i of p, N in all, and the mean squares between and within patients,

    .. math:: s_w^2 = M_w, \quad
              s_b^2 = \max\left(0, \frac{M_b - M_w}{m_0}\right), \quad
              m_0 = \frac{N - \sum m_i^2 / N}{p - 1}, \quad
              \bar d \pm 1.96 \sqrt{s_b^2 + s_w^2}.

    It fails where the number of a patient's pairs depends on the difference. The intervals of
    limits and SD recover the uncertainty of both mean squares (see `recovered_intervals`); that of
    the bias is a t-interval with p - 1 degrees of freedom. `vhi.statistics.coverage` says how
    often they hold.

    Parameters
    ----------
    first, second
        Finite numbers, one of each for every pair, in one order and one unit.
    patients
        The patient of each pair: a name or number, in the same order.
    confidence
        Of the intervals, above 0 and below 1.

    Returns
    -------
    RepeatedLimits
        Where every patient gives one pair `sd` is that of `limits_of_agreement`, and its two parts
        are NaN. One patient: `bias` and `sd_within` only. No pair: all NaN. Equal differences:
        all equal to the bias.

    Raises
    ------
    ValueError
        The arrays are not two lists of finite numbers of one length, `patients` has another
        length or lacks a name, or `confidence` is out of range.

    References
    ----------
    Bland & Altman 2007, Journal of Biopharmaceutical Statistics 17:571, section 3 (the true value
    varies). A variance below 0 is set to 0. Intervals: Zou 2013, Statistical Methods in Medical
    Research 22:630; with unequal numbers of pairs his paper takes the mean of patients' means and
    the harmonic mean of their numbers, where m₀ and the mean of all differences stand here.

    Examples
    --------
    >>> limits = repeated_limits([1, 3, 5, 7], [0, 0, 0, 0], ["a", "a", "b", "b"])
    >>> limits.bias, round(limits.sd_between**2, 9), round(limits.sd_within**2, 9)
    (4.0, 7.0, 2.0)
    """
    check_confidence(confidence)
    differences = checked_differences(first, second)
    centre, sums = _sums_of_patients(differences, patients)
    count, pairs, nan = len(sums[0]), len(differences), math.nan
    if not pairs:
        return RepeatedLimits(0, 0, nan, nan, nan, nan, nan, nan)
    bias = float(differences.mean())
    within, of_means, size = _mean_squares(*sums)
    between = max(of_means - within, 0.0) / size
    parted = pairs > count
    sd_within = math.sqrt(within) if parted else nan
    if count < 2:
        return RepeatedLimits(1, pairs, bias, nan, sd_within, nan, nan, nan)
    sd = math.sqrt(within + between)
    sd_between = math.sqrt(between) if parted else nan
    ends = bias - WIDTH * sd, bias + WIDTH * sd
    # A patient's sum of differences from the bias: its spread is that of the bias, times N.
    from_bias = sums[1] - sums[0] * (bias - centre)
    error = math.sqrt(count / (count - 1) * float(from_bias @ from_bias)) / pairs
    half = float(student.ppf((1 + confidence) / 2, count - 1)) * error
    parts = [(of_means / size, count - 1), ((1 - 1 / size) * within, pairs - count)]
    recovered = recovered_intervals(bias, error, parts, confidence=confidence)
    # Around a variance that is not set to 0 where the estimate's is: widened to hold the estimate.
    intervals = (
        (min(low, value), max(high, value))
        for value, (low, high) in zip((*ends, sd), recovered, strict=True)
    )
    return RepeatedLimits(
        count, pairs, bias, sd_between, sd_within, sd, *ends, (bias - half, bias + half), *intervals
    )


def recovered_intervals(
    bias: float,
    error: float,
    parts: Sequence[tuple[float, int]],
    *,
    confidence: float = 0.95,
) -> tuple[Ends, Ends, Ends]:
    r"""Return intervals of the lower limit, the upper limit and the SD from parts of the variance.

    The method of variance estimates recovery (MOVER): each part :math:`v_k` of the variance
    :math:`s^2 = \sum_k v_k` has its own chi-squared interval :math:`(l_k, u_k)`, and the distances
    from the estimates to these ends are combined as errors are,

    .. math:: (s^2)_u = s^2 + \sqrt{\sum_k (u_k - v_k)^2}, \quad
              (L)_u = L + \sqrt{z^2 e^2 + 1.96^2 \left((s)_u - s\right)^2}

    for the outer end of the upper limit L, likewise for the other ends.

    Parameters
    ----------
    bias, error
        The mean difference and its standard error e.
    parts
        Mean squares that add up to the variance, each with its degrees of freedom; a part without
        any is left out.
    confidence
        Above 0 and below 1.

    References
    ----------
    Zou 2013, Statistical Methods in Medical Research 22:630.

    Examples
    --------
    >>> lower, upper, spread = recovered_intervals(0.0, 0.1, [(1.0, 99)])
    >>> [round(end, 2) for end in upper]
    [1.65, 2.33]
    """
    check_confidence(confidence)
    tails = (1 + confidence) / 2, (1 - confidence) / 2
    variance = sum(v for v, _ in parts)
    shrinks, grows = (
        math.hypot(*(v * (f / float(chi2.ppf(tail, f)) - 1) for v, f in parts if f > 0))
        for tail in tails
    )
    sd = math.sqrt(variance)
    least, most = math.sqrt(max(variance - shrinks, 0)), math.sqrt(variance + grows)
    of_bias = float(norm.ppf(tails[0])) * error
    inner, outer = (
        math.hypot(of_bias, WIDTH * (sd - least)),
        math.hypot(of_bias, WIDTH * (most - sd)),
    )
    lower, upper = bias - WIDTH * sd, bias + WIDTH * sd
    return (lower - outer, lower + inner), (upper - inner, upper + outer), (least, most)


def _sums_of_patients(
    differences: NDArray[np.float64], patients: Iterable[Hashable]
) -> tuple[float, NDArray[np.float64]]:
    """Return a common value c, and per patient: pairs, sum of d − c, sum of squares within."""
    codes = _numbered(list(patients), len(differences))
    # Less a common value, so that large differences that are alike lose no digits.
    centre = float(np.median(differences)) if len(differences) else 0.0
    pairs = np.bincount(codes).astype(float)
    total = np.bincount(codes, differences - centre).astype(float)
    from_own_mean = differences - centre - (total / pairs)[codes]
    return centre, np.stack([pairs, total, np.bincount(codes, from_own_mean**2)])


def _mean_squares(
    pairs: NDArray[np.float64], total: NDArray[np.float64], squares_within: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return the mean squares within and between patients, and m₀."""
    count, every = len(pairs), pairs.sum()
    within = squares_within.sum() / max(every - count, 1)
    mean = total.sum() / every
    between = (pairs * (total / pairs - mean) ** 2).sum() / max(count - 1, 1)
    size = (every - (pairs**2).sum() / every) / max(count - 1, 1)
    # One patient has nothing between; the size is 0 there.
    return float(within), float(between), float(size) if size > 0 else 1.0


def _numbered(names: list[Hashable], n: int) -> NDArray[np.int_]:
    """Return for each of n pairs the number of its patient, counted from 0."""
    if len(names) != n:
        raise ValueError(
            f"patients needs one name for each pair; got {len(names)} names and {n} pairs"
        )
    if any(name is None or name != name for name in names):
        raise ValueError("patients lacks a name; leave out unnamed pairs, and say how many")
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], int)
