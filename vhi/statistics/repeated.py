"""Limits of agreement where a patient gives several pairs, and their bootstrap by patient."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.statistics._pairs import (
    NOWHERE,
    WIDTH,
    check_confidence,
    checked_pairs,
    without_rounding,
)


@dataclass(frozen=True)
class RepeatedLimits:
    """Bias and 95 % limits of differences, first − second, of patients with several pairs each.

    Attributes
    ----------
    patients, pairs : int
    bias : float
        Mean of all differences.
    sd_between, sd_within : float
        Of patients' own mean differences about the bias, and of differences about their patient's.
    sd : float
        Of a single difference: the root of the sum of both variances.
    lower, upper : float
        bias ± 1.96 sd.
    """

    patients: int
    pairs: int
    bias: float
    sd_between: float
    sd_within: float
    sd: float
    lower: float
    upper: float


@dataclass(frozen=True)
class BootstrapLimits:
    """Intervals of bias, limits and SD from resampled patients."""

    resamples: int
    bias_interval: tuple[float, float]
    lower_interval: tuple[float, float]
    upper_interval: tuple[float, float]
    sd_interval: tuple[float, float]


def repeated_limits(
    first: ArrayLike, second: ArrayLike, patients: Iterable[Hashable]
) -> RepeatedLimits:
    r"""Return limits of agreement of first − second where patients give several pairs each.

    It is for pairs taken together while the true value may change, as at two visits. A one-way
    analysis of variance of the differences d parts their spread: with :math:`m_i` pairs of patient
    i of p, N in all, and the mean squares between and within patients,

    .. math:: s_w^2 = M_w, \quad
              s_b^2 = \max\left(0, \frac{M_b - M_w}{m_0}\right), \quad
              m_0 = \frac{N - \sum m_i^2 / N}{p - 1}, \quad
              \bar d \pm 1.96 \sqrt{s_b^2 + s_w^2}.

    It fails where the number of a patient's pairs has to do with the difference, and is rough for
    a few patients, however many pairs they give.

    Parameters
    ----------
    first, second
        Finite numbers, one of each for every pair, in one order and one unit.
    patients
        Whose pair it is: a name or number for each pair, in the same order.

    Returns
    -------
    RepeatedLimits
        Where every patient gives one pair `sd` is that of `limits_of_agreement`, and the two
        parts of it are NaN. One patient: `bias` and `sd_within` only. No pair: all NaN.

    Raises
    ------
    ValueError
        The arrays are not two lists of finite numbers of one length, or `patients` has another
        length or lacks a name.

    References
    ----------
    Bland & Altman 2007, Journal of Biopharmaceutical Statistics 17:571, section 3 (the true value
    varies). A variance below 0 is set to 0.

    Examples
    --------
    >>> found = repeated_limits([1, 3, 5, 7], [0, 0, 0, 0], ["a", "a", "b", "b"])
    >>> found.bias, round(found.sd_between**2, 9), round(found.sd_within**2, 9)
    (4.0, 7.0, 2.0)
    """
    differences, codes = _differences(first, second, patients)
    sums = _sums(differences, codes)
    count, pairs = len(sums.pairs), len(differences)
    if not pairs:
        return RepeatedLimits(0, 0, *[math.nan] * 6)
    bias = float(differences.mean())
    within, between = _variances(*(each[None, :] for each in sums.of_patients))
    parted = pairs > count
    sd_within = math.sqrt(within[0]) if parted else math.nan
    if count < 2:
        return RepeatedLimits(1, pairs, bias, math.nan, sd_within, *[math.nan] * 3)
    sd = math.sqrt(within[0] + between[0])
    sd_between = math.sqrt(between[0]) if parted else math.nan
    ends = bias - WIDTH * sd, bias + WIDTH * sd
    return RepeatedLimits(count, pairs, bias, sd_between, sd_within, sd, *ends)


def bootstrap_limits(
    first: ArrayLike,
    second: ArrayLike,
    *,
    patients: Iterable[Hashable] | None = None,
    resamples: int = 10_000,
    seed: int = 20230426,
    confidence: float = 0.95,
) -> BootstrapLimits:
    """Return percentile intervals of the limits of agreement, from resampled patients.

    Patients are drawn with replacement, each with all pairs, as many as there are; every resample
    gives the limits that `repeated_limits` would, or `limits_of_agreement` without `patients`. It
    assumes no normal differences, but few patients hold few values: below about twenty the
    intervals are too narrow, and for eight those of `limits_of_agreement` are the safer ones.

    Parameters
    ----------
    first, second
        Finite numbers, one of each for every pair, in one order and one unit.
    patients
        Whose pair it is; without it every pair is of a patient of its own.
    resamples
        1 or more.
    seed
        The same seed gives the same draws on every machine and with every version of numpy.
    confidence
        Of the intervals, above 0 and below 1.

    Returns
    -------
    BootstrapLimits
        NaN for fewer than two patients. Equal differences: all equal to the bias, and SD 0.

    Raises
    ------
    ValueError
        As `repeated_limits`, or an option is out of its range.

    References
    ----------
    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples is 1 or more; got {resamples}")
    differences, codes = _differences(first, second, patients)
    sums = _sums(differences, codes)
    count = len(sums.pairs)
    if count < 2:
        return BootstrapLimits(resamples, NOWHERE, NOWHERE, NOWHERE, NOWHERE)
    # Raw bits: what numpy makes of them otherwise may change with its version.
    bits = np.random.PCG64(seed).random_raw(resamples * count)
    drawn = (bits % np.uint64(count)).astype(np.intp).reshape(resamples, count)
    of_drawn = [each[drawn] for each in sums.of_patients]
    within, between = _variances(*of_drawn)
    bias = sums.centre + of_drawn[1].sum(axis=1) / of_drawn[0].sum(axis=1)
    sd = np.sqrt(within + between)
    ends = [50 * (1 - confidence), 50 * (1 + confidence)]
    found = np.percentile([bias, bias - WIDTH * sd, bias + WIDTH * sd, sd], ends, axis=1)
    return BootstrapLimits(resamples, *((float(low), float(high)) for low, high in found.T))


@dataclass(frozen=True)
class _Sums:
    """What the analysis of variance needs of each patient; differences less `centre`."""

    centre: float
    pairs: NDArray[np.float64]
    total: NDArray[np.float64]
    squares_within: NDArray[np.float64]

    @property
    def of_patients(self) -> tuple[NDArray[np.float64], ...]:
        return self.pairs, self.total, self.squares_within


def _sums(differences: NDArray[np.float64], codes: NDArray[np.int_]) -> _Sums:
    # Less a common value, so that large differences that are alike lose no digits.
    centre = float(np.median(differences)) if len(differences) else 0.0
    pairs = np.bincount(codes).astype(float)
    total = np.bincount(codes, differences - centre).astype(float)
    from_own_mean = differences - centre - (total / pairs)[codes]
    return _Sums(centre, pairs, total, np.bincount(codes, from_own_mean**2).astype(float))


def _variances(
    pairs: NDArray[np.float64], total: NDArray[np.float64], squares_within: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the variances within and between patients; one row for each sample of patients."""
    count, every = pairs.shape[1], pairs.sum(axis=1)
    freedom = every - count
    within = squares_within.sum(axis=1) / np.maximum(freedom, 1)
    mean = total.sum(axis=1) / every
    between = (pairs * (total / pairs - mean[:, None]) ** 2).sum(axis=1) / max(count - 1, 1)
    each = (every - (pairs**2).sum(axis=1) / every) / max(count - 1, 1)
    # One patient has nothing between; `each` is 0 there.
    return within, np.maximum(between - within, 0) / np.where(each > 0, each, 1)


def _differences(
    first: ArrayLike, second: ArrayLike, patients: Iterable[Hashable] | None
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Return differences, and for each the number of its patient, counted from 0."""
    first, second = checked_pairs(first, second)
    differences = without_rounding(first - second, of=(first, second))
    if patients is None:
        return differences, np.arange(len(first))
    names = list(patients)
    if len(names) != len(first):
        raise ValueError(
            f"patients names whose each pair is, so has their length; "
            f"got {len(names)} names and {len(first)} pairs"
        )
    if any(name is None or name != name for name in names):
        raise ValueError("patients lacks a name; leave pairs of nobody out, and say how many")
    known: dict[Hashable, int] = {}
    codes = [known.setdefault(name, len(known)) for name in names]
    return differences, np.array(codes, int)
