"""The two thresholds, from the intensities of normal bone (step ii).

Source: Hepburn et al. 2023, section 2.5.2, and the authors' published per-scan numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.errors import InputError
from vhi.images.image import Image

MIN_VOXELS = 20
"""Fewest normal-bone voxels that are accepted. Chosen: with fewer, a quartile rests on fewer than
five values. The study's areas hold 1,256 to 7,893."""

FIRST_MULTIPLE = 1.5
STEP = 0.05
"""Start and increment of the multiple n (section 2.5.2)."""

MAX_MULTIPLE = 1000.0
"""Multiples beyond this are refused. The study's reach 3.45: a maximum 1000 interquartile ranges
out is not marrow."""

TINY = 1e-6
"""Part of the interquartile range by which the upper threshold must exceed the lower one to count
as larger. The authors round the difference to three decimals, which depends on the scanner's
intensity scale; a part of the interquartile range does not."""


@dataclass(frozen=True)
class Thresholds:
    """Two STIR intensities above which marrow is called hyperintense, and what they come from.

    Attributes
    ----------
    lower : float
        ``upper_quartile + multiple * iqr``: the sensitive threshold, the paper's primary one.
    upper : float
        The largest intensity of normal bone: the conservative threshold.
    upper_quartile, iqr : float
        Upper quartile and interquartile range of normal bone.
    multiple : float
        The n that the rule chose.
    """

    lower: float
    upper: float
    upper_quartile: float
    iqr: float
    multiple: float


def normal_bone_intensities(stir: Image, normal_bone: Image) -> NDArray[np.float64]:
    """Return the STIR intensities of the normal-bone voxels, in array order.

    Parameters
    ----------
    stir
        Scaled intensities, shape (ni, nj, nk).
    normal_bone
        Mask of the same shape.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    InputError
        Fewer than `MIN_VOXELS` voxels are marked.
    """
    intensities = stir.array[normal_bone.array]
    if intensities.size == 0:
        raise InputError(
            f"{normal_bone.name}: marks no voxel, so there is no normal bone to measure from; "
            "draw some with `vhi normal-bone`"
        )
    if intensities.size < MIN_VOXELS:
        raise InputError(
            f"{normal_bone.name}: marks {intensities.size} voxels of normal bone, at least "
            f"{MIN_VOXELS} are needed; draw a larger area with `vhi normal-bone`"
        )
    return intensities


def estimate_thresholds(intensities: ArrayLike) -> Thresholds:
    r"""Estimate both thresholds from the intensities of normal bone.

    The upper threshold is the maximum, :math:`L_\mathrm{upper} = I_\max`. The lower one is

    .. math:: L_\mathrm{lower} = Q_U + n \cdot \mathrm{IQR}

    where n starts at 1.5 and grows by 0.05 while the two lie half an interquartile range or more
    apart, so that :math:`0 < L_\mathrm{upper} - L_\mathrm{lower} < \mathrm{IQR}/2`.

    Where the maximum is so low that 1.5 already overshoots it, n shrinks by 0.05 until the lower
    threshold is below the upper one. The authors' code has this rule, the paper does not mention
    it, and no scan of the study needs it.

    Parameters
    ----------
    intensities
        STIR intensities of normal bone, any shape.

    Returns
    -------
    Thresholds

    Raises
    ------
    InputError
        No intensities, some not finite, no spread (IQR 0), or a maximum more than
        `MAX_MULTIPLE` interquartile ranges above the upper quartile.

    Notes
    -----
    Quartiles are interpolated linearly. The multiple is found by repeated addition, as the
    authors do, so that its last digits agree with theirs.

    References
    ----------
    Hepburn et al. 2023, section 2.5.2.

    Examples
    --------
    >>> estimate_thresholds([1, 2, 3, 4, 5, 6, 7, 8, 15])
    Thresholds(lower=13.2, upper=15.0, upper_quartile=7.0, iqr=4.0, multiple=1.55)
    """
    values = np.asarray(intensities, float).ravel()
    if values.size == 0:
        raise InputError("normal bone: no intensities; draw an area with `vhi normal-bone`")
    if not np.isfinite(values).all():
        raise InputError("normal bone: NaN or infinite intensities; leave them out")
    quartiles = np.percentile(values, [25, 75])
    lower_quartile, upper_quartile = (float(quartile) for quartile in quartiles)
    iqr, upper = upper_quartile - lower_quartile, float(values.max())
    if iqr <= 0:
        raise InputError(
            "normal bone: its intensities have no spread (interquartile range 0), so they give no "
            "threshold; draw it on marrow of the unmasked STIR scan"
        )
    if upper - upper_quartile > MAX_MULTIPLE * iqr:
        raise InputError(
            f"normal bone: its brightest voxel lies more than {MAX_MULTIPLE:g} interquartile "
            "ranges above the rest; draw it without vessels, artefacts and background"
        )
    multiple = float(settle_multiple(lower_quartile, upper_quartile, upper))
    return Thresholds(upper_quartile + multiple * iqr, upper, upper_quartile, iqr, multiple)


def settle_multiple(
    lower_quartile: ArrayLike, upper_quartile: ArrayLike, upper: ArrayLike
) -> NDArray[np.float64]:
    """Return the multiple n that the rule of `estimate_thresholds` settles on.

    Parameters
    ----------
    lower_quartile, upper_quartile, upper
        Quartiles and maximum of normal bone; arrays of one shape, one area each.

    Returns
    -------
    ndarray of that shape
        NaN where the interquartile range is 0 or n would exceed `MAX_MULTIPLE`.
    """
    low, high, top = np.broadcast_arrays(lower_quartile, upper_quartile, upper)
    iqr = np.atleast_1d(high - low)
    reach = np.atleast_1d(top - high)
    high, top = np.atleast_1d(high), np.atleast_1d(top)
    iqr = np.where((iqr <= 0) | (reach > MAX_MULTIPLE * iqr), np.nan, iqr)
    multiple = np.full(iqr.shape, FIRST_MULTIPLE)
    # Comparisons with NaN are false: areas without thresholds take no step.
    while (far := top - (high + multiple * iqr) >= iqr / 2).any():
        multiple[far] += STEP
    while (over := top - (high + multiple * iqr) <= TINY * iqr).any():
        multiple[over] -= STEP
    return np.where(np.isnan(iqr), np.nan, multiple).reshape(np.shape(upper))


def thresholds_at(intensities: ArrayLike, multiple: float) -> Thresholds:
    """Return the thresholds for a multiple n chosen by hand, to see how much the rule decides.

    Parameters
    ----------
    intensities
        STIR intensities of normal bone, any shape, with some spread.
    multiple
        The n to use; any number. The lower threshold is kept at or below the upper one.
    """
    automatic = estimate_thresholds(intensities)
    lower = automatic.upper_quartile + multiple * automatic.iqr
    return Thresholds(
        min(lower, automatic.upper),
        automatic.upper,
        automatic.upper_quartile,
        automatic.iqr,
        float(multiple),
    )
