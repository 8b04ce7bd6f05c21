"""Changes with treatment, and how much of them needs no treatment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import nctdtrinc
from scipy.stats import norm

from vhi.statistics._pairs import (
    NOWHERE,
    check_confidence,
    checked_pairs,
    mean_and_sd,
    without_rounding,
)

LARGEST_SRM = 100.0
"""Up to here scipy 1.17's noncentrality is right to 0.2 %, even for 99.9 % intervals; from about
3000 some intervals are half as large again as they should be."""


@dataclass(frozen=True)
class ResponseMean:
    """Changes, after − before, relative to their spread.

    `n` patients have both values, `dropped` lack one; `sd_change` has n − 1 degrees of freedom.
    `srm`, with its `interval`, is `mean_change` / `sd_change`: below 0 where values fall.
    """

    n: int
    dropped: int
    mean_change: float
    sd_change: float
    srm: float
    interval: tuple[float, float]


def standardised_response_mean(
    before: ArrayLike, after: ArrayLike, *, confidence: float = 0.95
) -> ResponseMean:
    r"""Return the standardised response mean: the mean change over its standard deviation.

    It compares measures in different units whose changes are near normal; one very large change
    makes it useless.

    Parameters
    ----------
    before, after
        A value for each patient in the same order; NaN where it is missing.
    confidence
        Above 0 and below 1.

    Returns
    -------
    ResponseMean
        Without two patients, or where all change alike, `srm` and `interval` are NaN; so is
        `sd_change` without two patients, and the mean without one. Beyond ± 100 the interval
        cannot be computed and is NaN.

    Raises
    ------
    ValueError
        Lengths differ, a value is infinite, or `confidence` is out of range.

    Notes
    -----
    The interval is exact for normal changes: :math:`\sqrt n\,\mathrm{SRM}` follows a noncentral t
    distribution with n − 1 degrees of freedom, whose noncentrality :math:`\sqrt n\,\delta` is
    moved until the observed value is its lower or upper (1 − confidence) / 2 quantile.

    References
    ----------
    Liang, Fossel and Larson 1990, Medical Care 28:632 (the measure); Steiger and Fouladi 1997,
    in: What If There Were No Significance Tests?, p. 221 (the interval).

    Examples
    --------
    >>> standardised_response_mean([5, 6, 7], [4, 4, 4]).srm
    -2.0
    """
    check_confidence(confidence)
    pairs = np.array(checked_pairs(before, after, names=("before", "after"), missing=True))
    known = pairs[:, ~np.isnan(pairs).any(axis=0)]
    n, dropped = known.shape[1], pairs.shape[1] - known.shape[1]
    change = without_rounding(known[1] - known[0], of=known)
    mean, sd = mean_and_sd(change) if n else (math.nan, math.nan)
    if n < 2 or sd == 0:
        sd = 0.0 if n > 1 else math.nan
        return ResponseMean(n, dropped, mean, sd, math.nan, NOWHERE)
    if abs(mean) > LARGEST_SRM * sd:
        return ResponseMean(n, dropped, mean, sd, mean / sd, NOWHERE)
    root, tail = np.sqrt(n), (1 - confidence) / 2
    ends = [float(nctdtrinc(n - 1, p, root * mean / sd) / root) for p in (1 - tail, tail)]
    return ResponseMean(n, dropped, mean, sd, mean / sd, (ends[0], ends[1]))


def upper_share(voxels_lower: ArrayLike, voxels_upper: ArrayLike) -> NDArray[np.float64]:
    """Return which share of the voxels at or above the lower threshold reaches the upper one.

    A share that falls with treatment is what Figure 8 shows in one patient: the remaining
    inflammation is less bright. Compare it with the whole volume, before and after.

    Parameters
    ----------
    voxels_lower, voxels_upper
        Voxels at or above either threshold, so `voxels_lower` includes `voxels_upper`. NaN where
        missing.

    Returns
    -------
    ndarray
        0 to 1; NaN where there is no voxel or a value is missing.

    Raises
    ------
    ValueError
        Shapes differ, a number is below 0 or infinite, or the upper one is the larger.

    Examples
    --------
    >>> upper_share([200, 100, 0], [150, 40, 0]).tolist()
    [0.75, 0.4, nan]
    """
    lower, upper = np.asarray(voxels_lower, float), np.asarray(voxels_upper, float)
    if lower.shape != upper.shape:
        raise ValueError(f"voxels come in pairs; got shapes {lower.shape} and {upper.shape}")
    wrong = (upper < 0) | (lower < 0) | (upper > lower) | np.isinf(lower)
    if wrong.any():
        raise ValueError(
            "voxels_lower counts the voxels of both labels, so 0 ≤ voxels_upper ≤ voxels_lower; "
            f"got {upper[wrong].flat[0]:g} and {lower[wrong].flat[0]:g}"
        )
    return np.divide(upper, lower, out=np.full(lower.shape, np.nan), where=lower > 0)


def expected_regression_to_mean(mean: float, sd: float, sem: float, *, cutoff: float) -> float:
    r"""Return the change to expect without any effect in patients chosen for a high first value.

    Part of a high first value is measurement error, which the second value does not share. Where
    true values and errors are normal,

    .. math:: \mathrm{E}(\mathrm{second} - \mathrm{first} \mid \mathrm{first} > c)
              = -\frac{\mathrm{SEM}^2}{\mathrm{SD}}\,\frac{\varphi(z)}{1 - \Phi(z)},
              \qquad z = \frac{c - \mathrm{mean}}{\mathrm{SD}}

    VHI is far from normal: give all four numbers on the log scale. Error is all that differs
    between visits without an effect; the error of a reader alone gives too small a change.

    Parameters
    ----------
    mean, sd
        Of single measurements of all patients, before any are chosen; `sd` above 0.
    sem
        Standard error of a measurement, 0 to `sd`.
    cutoff
        Patients with a first value above it are chosen.

    Returns
    -------
    float
        0 or below.

    Raises
    ------
    ValueError
        A number is not finite or out of its range.

    References
    ----------
    Davis 1976, American Journal of Epidemiology 104:493; Barnett, van der Pols and Dobson 2005,
    International Journal of Epidemiology 34:215.

    Examples
    --------
    >>> round(expected_regression_to_mean(20, 10, 5, cutoff=20), 3)
    -1.995
    """
    if not np.isfinite([mean, sd, sem, cutoff]).all() or not (sd > 0 and 0 <= sem <= sd):
        raise ValueError(
            "mean and cutoff are finite, sd is above 0 and sem lies in 0 to sd; got mean "
            f"{mean}, sd {sd}, sem {sem}, cutoff {cutoff}"
        )
    z = (cutoff - mean) / sd
    return float(-(sem**2) / sd * np.exp(norm.logpdf(z) - norm.logsf(z)))
