"""How much values change with treatment, and how much of it needs no treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import nctdtrinc
from scipy.stats import norm

from vhi.statistics._pairs import NOWHERE, check_confidence, without_rounding

_NAN = float("nan")

LARGEST_SRM = 100.0
"""Up to here scipy 1.17's noncentrality is right to 0.2 %, for 99.9 % intervals too; from about
3000 on some are half as large again as they should be, and beyond a million none may come."""


@dataclass(frozen=True)
class ResponseMean:
    """How large changes are against their spread.

    Attributes
    ----------
    n : int
        Patients with both values.
    dropped : int
        Patients who lack one.
    mean_change, sd_change : float
        Of after − before; the spread with n − 1.
    srm : float
        Standardised response mean, `mean_change` / `sd_change`: below 0 where values fall.
    interval : tuple of float
        Of `srm`.
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
    r"""Return how large changes are against their spread: the mean change over its SD.

    It compares measures of different units. It is for changes whose distribution is near normal;
    one patient with a very large change makes the spread, and with it any SRM, of little use.

    Parameters
    ----------
    before, after
        A value for each patient in the same order; NaN where it is missing.
    confidence
        Above 0 and below 1.

    Returns
    -------
    ResponseMean
        Without two patients, or where all change alike, there is no spread, and `srm` and
        `interval` are NaN; so is `sd_change` without two patients, the mean without one. Of an
        `srm` beyond ± 100 `interval` is NaN, as it cannot be computed.

    Raises
    ------
    ValueError
        Lengths differ, a value is infinite, or `confidence` is out of range.

    Notes
    -----
    The interval is exact for normal changes: :math:`\sqrt n\,\mathrm{SRM}` follows a noncentral t
    distribution with n − 1 degrees of freedom, whose noncentrality :math:`\sqrt n\,\delta` is
    moved until what was found lies at its lower or upper (1 − confidence) / 2.

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
    pairs = np.array(same_patients(before, after))
    if np.isinf(pairs).any():
        raise ValueError("before and after must be finite, or NaN where a value is missing")
    known = pairs[:, ~np.isnan(pairs).any(axis=0)]
    n, dropped = known.shape[1], pairs.shape[1] - known.shape[1]
    change = without_rounding(known[1] - known[0], of=known)
    mean = float(change.mean()) if n else _NAN
    if n < 2:
        return ResponseMean(n, dropped, mean, _NAN, _NAN, NOWHERE)
    if (change == change[0]).all():
        return ResponseMean(n, dropped, mean, 0.0, _NAN, NOWHERE)
    sd = float(change.std(ddof=1))
    if abs(mean) > LARGEST_SRM * sd:
        return ResponseMean(n, dropped, mean, sd, mean / sd, NOWHERE)
    root, tail = np.sqrt(n), (1 - confidence) / 2
    ends = [float(nctdtrinc(n - 1, p, root * mean / sd) / root) for p in (1 - tail, tail)]
    return ResponseMean(n, dropped, mean, sd, mean / sd, (ends[0], ends[1]))


def upper_share(voxels_lower: ArrayLike, voxels_upper: ArrayLike) -> NDArray[np.float64]:
    """Return which share of the voxels at or above the lower threshold reaches the upper one.

    A share that falls with treatment is what Figure 8 shows in one patient: what stays is less
    bright. Compare it before and after, and both with the whole volume.

    Parameters
    ----------
    voxels_lower, voxels_upper
        Voxels at or above the thresholds, so that `voxels_lower` counts those of `voxels_upper`
        too. NaN where it is missing.

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

    Part of what makes a first value high is measurement error, which the second value does not
    share. Where true values and errors are normal,

    .. math:: \mathrm{E}(\mathrm{second} - \mathrm{first} \mid \mathrm{first} > c)
              = -\frac{\mathrm{SEM}^2}{\mathrm{SD}}\,\frac{\varphi(z)}{1 - \Phi(z)},
              \qquad z = \frac{c - \mathrm{mean}}{\mathrm{SD}}

    VHI is far from normal: give all four numbers on the log scale. Error is whatever differs
    between visits without an effect, so a reader's error alone makes the change too small.

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


def same_patients(*lists: ArrayLike) -> list[NDArray[np.float64]]:
    """Return two lists as arrays, and refuse what does not hold one number for each patient."""
    first, second = (np.asarray(each, float) for each in lists)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            "both lists need one number for each patient, in the same order; got shapes "
            f"{first.shape} and {second.shape}"
        )
    return [first, second]
