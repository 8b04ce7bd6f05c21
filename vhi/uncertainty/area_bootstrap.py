"""Thresholds of other areas of normal bone, like the one that was drawn: a bootstrap of its tiles.

Numbers from arrays; `vhi.uncertainty.interval` carries them on to the volume. Not in
`vhi.statistics`: a measurement needs it, and that room loads scipy.stats, a quarter of a
measurement's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.images.box import bounding_box
from vhi.steps.thresholds import settle_multiple

BLOCK_MM = 10.0
"""Side of the tiles that are drawn. Chosen: more than the 6 mm of marrow's coarse texture
(`vhi.phantom.acquisition`), so that tiles are nearly independent; wider ones are few."""

MIN_BLOCKS = 10
"""Fewest tiles from which an interval is given. Chosen: of fewer, two or three decide it. The
study's areas have 15 to 55, the smallest one 6."""

RESAMPLES = 1000
SEED = 1

MISFIT = 0.7
"""Scale of the logistic error of a typical maximum, in scales of the tiles' Gumbel law. Learned on
simulated marrow (other seeds than those of `benchmarks.vhi_coverage`): of 0, 0.3, 0.55, 0.7 and
0.85 the one at which nominal 95 % intervals held nearest to 95 % of typical areas, over three sizes
and three textures (64, 76, 89, 94 and 98 %)."""

_MEAN_OF_GUMBEL = 0.5772156649015329
_LOG_2 = 0.6931471805599453

_CHUNK = 100
"""Resamples worked on at once, so that a large area needs little memory."""


@dataclass(frozen=True, eq=False)
class ResampledThresholds:
    """The thresholds of other areas, one a resample.

    Attributes
    ----------
    lower, upper, upper_quartile, multiple : ndarray, shape (resamples,)
        As in `vhi.Thresholds`; NaN where a resample gives none.
    blocks : int
        How many there are.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    upper_quartile: NDArray[np.float64]
    multiple: NDArray[np.float64]
    blocks: int

    @property
    def without(self) -> int:
        """Return how many resamples give no threshold."""
        return int(np.isnan(self.lower).sum())


def area_blocks(
    normal_bone: NDArray[np.bool_],
    spacing_mm: Sequence[float],
    *,
    slice_axis: int = -1,
    block_mm: float = BLOCK_MM,
) -> NDArray[np.int64]:
    """Divide an area into tiles: the block number of every voxel.

    In each slice the bounding box of the whole area is cut into equal tiles, as many along each
    side as come nearest to `block_mm`. A tile that holds no voxel is no block.

    Parameters
    ----------
    normal_bone
        Mask, shape (ni, nj, nk).
    spacing_mm
        Voxel pitch along the three array axes.
    slice_axis
        Array axis along which slices are stacked.
    block_mm
        Side of a tile, above 0. Tiles smaller than a voxel make every voxel a block.

    Returns
    -------
    ndarray of int, shape (n,)
        Numbers from 0 without gaps, in the order of ``normal_bone[normal_bone]``. Empty for an
        empty mask.

    Raises
    ------
    ValueError
        `block_mm` is not above 0.

    Examples
    --------
    >>> area_blocks(np.ones((4, 1, 2), bool), (5.0, 5.0, 3.3))
    array([0, 1, 0, 1, 2, 3, 2, 3])
    """
    if not block_mm > 0:
        raise ValueError(f"block_mm must be above 0; got {block_mm}")
    place = np.argwhere(normal_bone[bounding_box(normal_bone)])
    if not len(place):
        return np.zeros(0, np.int64)
    place -= place.min(axis=0)
    size = place.max(axis=0) + 1
    tiles = np.rint(size * np.asarray(spacing_mm, float) / block_mm).astype(int)
    tiles = np.clip(tiles, 1, size)
    tiles[slice_axis] = size[slice_axis]
    # In half voxels, so that whole numbers decide which tile a voxel's centre lies in.
    tile = (2 * place + 1) * tiles // (2 * size)
    _, number = np.unique(np.ravel_multi_index(tuple(tile.T), tuple(tiles)), return_inverse=True)
    return number.ravel()


def resample_thresholds(
    intensities: ArrayLike,
    blocks: ArrayLike,
    *,
    beyond: bool = True,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> ResampledThresholds:
    r"""Return the thresholds that other areas of the same size would give.

    Neighbouring voxels are alike, so that voxels drawn one by one would show far too little
    spread; whole blocks keep neighbours together. Each resample draws as many blocks as there are,
    with replacement. Its quartiles are those of its voxels.

    Its maximum is drawn, because no resample is brighter than the area's brightest voxel. The
    maxima of its m blocks give a Gumbel law by L-moments, with scale
    :math:`\beta = \lambda_2 / \ln 2` and location :math:`\mu = \bar{x} - 0.5772 \beta`. The
    maximum of m further blocks has the median :math:`\mu + \beta (\ln m - \ln \ln 2)`, to which
    a logistic error of scale `MISFIT` times :math:`\beta` is added.

    A resample whose interquartile range is 0, or whose multiple would exceed
    `vhi.steps.thresholds.MAX_MULTIPLE`, has no thresholds: NaN.

    Parameters
    ----------
    intensities
        STIR intensities of normal bone, finite, shape (n,).
    blocks
        Block number of each, from `area_blocks`.
    beyond
        Whether maxima are drawn, as above. False: each resample has the maximum of its own voxels,
        so that the interval looks downward only and is too narrow.
    resamples
        How many; 1 or more.
    seed
        The same seed gives the same draws on every machine and with every version of numpy.

    Returns
    -------
    ResampledThresholds

    Raises
    ------
    ValueError
        Nothing to draw from, intensities that are not finite, or lengths that differ.

    References
    ----------
    Davison & Hinkley 1997, Bootstrap Methods and their Application: chapter 8 (blocks), chapter 2
    (the maximum, where the bootstrap fails). Coles 2001, An Introduction to Statistical Modeling of
    Extreme Values: chapter 3 (block maxima). Hosking 1990, L-moments, J R Stat Soc B 52:105-124.

    Examples
    --------
    >>> one_block = resample_thresholds([1, 2, 3, 4, 5, 6, 7, 8, 15], [0] * 9, resamples=2)
    >>> one_block.lower, one_block.upper
    (array([13.2, 13.2]), array([15., 15.]))
    """
    values, number = np.asarray(intensities, float), np.asarray(blocks)
    if values.ndim != 1 or values.shape != number.shape:
        raise ValueError(f"blocks: {number.shape}, but intensities: {values.shape}; one for each")
    if values.size == 0 or resamples < 1:
        raise ValueError("intensities: give at least one, and draw at least one resample")
    if not np.isfinite(values).all():
        raise ValueError("intensities: must be finite; leave the others out")
    order = np.argsort(values, kind="stable")
    values, number = values[order], number[order]
    count = int(number.max()) + 1
    # The raw stream of PCG64 is promised never to change; that of a Generator's methods is not.
    stream = np.random.PCG64(seed)
    raw = stream.random_raw(resamples * count).reshape(resamples, count)
    drawn = (raw % np.uint64(count)).astype(np.int64)
    parts = [
        _quartiles(values, number, drawn[start : start + _CHUNK])
        for start in range(0, resamples, _CHUNK)
    ]
    lower_quartile, upper_quartile = np.concatenate(parts, axis=1)
    maxima = np.full(count, -np.inf)
    np.maximum.at(maxima, number, values)
    upper = maxima[drawn].max(axis=1)
    if beyond:
        upper = _further_maximum(maxima[drawn], uniform(stream.random_raw(resamples)))
        upper = np.maximum(upper, upper_quartile)
    multiple = settle_multiple(lower_quartile, upper_quartile, upper)
    lower = upper_quartile + multiple * (upper_quartile - lower_quartile)
    without = np.isnan(lower)
    upper, upper_quartile = (np.where(without, np.nan, level) for level in (upper, upper_quartile))
    return ResampledThresholds(lower, upper, upper_quartile, multiple, count)


def percentile_interval(values: ArrayLike, *, coverage: float = 0.95) -> tuple[float, float]:
    """Return the interval between two of the values themselves, by rank.

    Of N values the k-th smallest and the k-th largest, k = (N + 1)(1 − coverage) / 2 rounded
    down, 1 at least: for 1,000 values and 95 %, the 25th from either end.

    Parameters
    ----------
    values
        NaN are left out.
    coverage
        Above 0 and below 1.

    Returns
    -------
    low, high : float
        NaN where there is no value.

    Raises
    ------
    ValueError
        `coverage` is out of its range.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage lies between 0 and 1; got {coverage}")
    ordered = np.sort(np.asarray(values, float))
    ordered = ordered[~np.isnan(ordered)]
    if not ordered.size:
        return float("nan"), float("nan")
    # The tiny part keeps 1001 * 0.025 from falling under 25 by a last digit.
    k = max(int((ordered.size + 1) * (1 - coverage) / 2 + 1e-9), 1)
    return float(ordered[k - 1]), float(ordered[-k])


def uniform(raw: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return numbers between 0 and 1, both left out, from the raw stream of a bit generator."""
    return (np.asarray(raw >> np.uint64(11), float) + 0.5) / 2.0**53


def _further_maximum(
    maxima: NDArray[np.float64], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a typical maximum of m further blocks, for each row of m maxima; shape (draws,).

    See `resample_thresholds`; a single block gives its own maximum.
    """
    m = maxima.shape[1]
    if m == 1:
        return maxima[:, 0]
    weights = np.arange(1 - m, m, 2) / (m * (m - 1))
    scale = np.sort(maxima, axis=1) @ weights / _LOG_2
    location = maxima.mean(axis=1) - _MEAN_OF_GUMBEL * scale
    error = MISFIT * (np.log(chance) - np.log1p(-chance))
    return np.asarray(location + scale * (np.log(m) - np.log(_LOG_2) + error))


def _quartiles(
    values: NDArray[np.float64], number: NDArray[np.int64], drawn: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return both quartiles of each draw, shape (2, draws).

    `values` are in ascending order: a draw's k-th value is found by counting voxels from below.
    Quartiles are interpolated as `numpy.percentile` does.
    """
    times = np.zeros((len(drawn), int(number.max()) + 1), np.int32)
    np.add.at(times, (np.arange(len(drawn))[:, None], drawn), 1)
    reached = np.cumsum(times[:, number], axis=1, dtype=np.int32)
    last = reached[:, -1] - 1
    place = np.stack([0.25 * last, 0.75 * last])
    below = np.floor(place)
    ranks = np.stack([below[0], below[0] + 1, below[1], below[1] + 1], axis=1)
    ranks = np.minimum(ranks, last[:, None])
    level = np.stack(
        [values[row.searchsorted(rank, "right")] for row, rank in zip(reached, ranks, strict=True)]
    )
    low, high, part = level[:, [0, 2]].T, level[:, [1, 3]].T, place - below
    step = high - low
    return np.where(part < 0.5, low + step * part, high - step * (1 - part))
