"""An interval for how much VHI depends on where normal bone was drawn.

VHI never grows with the threshold (`vhi.uncertainty.other_thresholds`), so its percentiles over all
other areas are the VHI at the percentiles of the threshold: two more masks give the interval, not
one for each area.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.steps.candidates import Candidates
from vhi.steps.volume import Vhi, volume_of
from vhi.uncertainty.area_bootstrap import (
    BLOCK_MM,
    MIN_BLOCKS,
    RESAMPLES,
    SEED,
    ResampledThresholds,
    area_blocks,
    percentile_interval,
    resample_thresholds,
)
from vhi.uncertainty.other_thresholds import NestedCandidates, inflammation_at

COVERAGE = 0.95

NORMAL_BONE = "normal bone"
NORMAL_BONE_AND_CLEANING = "normal bone and cleaning"


@dataclass(frozen=True)
class VhiInterval:
    """The range of VHI over other choices that could have been made, or the reason there is none.

    It never reflects the disease region. How often it holds is measured in
    `benchmarks.vhi_coverage`.

    Attributes
    ----------
    coverage : float
        Nominal.
    resamples, without_threshold : int
        Number of other areas drawn, and of those left out because they give no threshold.
    blocks : int
        Tiles of normal bone that were drawn from.
    block_mm : float
        Side of a tile.
    low, high : Vhi or None
        Ends; the measured VHI lies between them.
    lower_threshold : tuple of float or None
        Interval of the lower threshold.
    reason : str or None
        Why there is no interval; `low`, `high` and `lower_threshold` are None then.
    source : str
        What the interval reflects: `NORMAL_BONE` or `NORMAL_BONE_AND_CLEANING`.
    """

    coverage: float
    resamples: int
    blocks: int
    block_mm: float
    without_threshold: int = 0
    low: Vhi | None = None
    high: Vhi | None = None
    lower_threshold: tuple[float, float] | None = None
    reason: str | None = None
    source: str = NORMAL_BONE

    def to_record(self) -> dict[str, Any] | None:
        """Return it as ``vhi.json`` has it; None where there is no interval."""
        if self.low is None or self.high is None or self.lower_threshold is None:
            return None
        low, high = asdict(self.low), asdict(self.high)
        thick = low["mm3_slice_thickness"] is not None
        return {
            "coverage": self.coverage,
            "voxels": [low["voxels"], high["voxels"]],
            "mm3": [low["mm3"], high["mm3"]],
            "mm3_slice_thickness": (
                [low["mm3_slice_thickness"], high["mm3_slice_thickness"]] if thick else None
            ),
            "lower_threshold": list(self.lower_threshold),
            "from": self.source,
            "resamples": self.resamples,
            "without_threshold": self.without_threshold,
            "blocks": self.blocks,
        }


def vhi_interval(
    candidates: Candidates,
    *,
    left: NDArray[np.bool_] | None = None,
    finished: bool = True,
    plausible_thresholds: ArrayLike | None = None,
    slice_thickness_mm: float | None = None,
    coverage: float = COVERAGE,
    block_mm: float = BLOCK_MM,
    min_blocks: int = MIN_BLOCKS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> VhiInterval:
    """Return the interval of VHI over other choices of the normal-bone area.

    Percentiles over other areas of the same size in the same marrow (`other_areas`); widened where
    they would not hold the measured VHI. In simulated marrow a nominal 95 % interval of the lower
    threshold holds that of the median area of the same size 88 to 100 times in 100 (by size and
    texture), and that of another single area 73 to 96 times; halves of the study's ten drawn areas
    hold each other 94 times (`benchmarks.vhi_coverage`). No interval
    holds what all of the marrow together gives: a maximum grows with the area. It reflects neither
    a reader's cleaning nor the disease region.

    Parameters
    ----------
    candidates, left, finished
        As for `vhi.uncertainty.other_thresholds.inflammation_at`.
    plausible_thresholds
        See `other_areas`.
    slice_thickness_mm
        As for `vhi.measure_volume`.
    coverage
        Nominal, above 0 and below 1.
    block_mm, min_blocks, resamples, seed
        See `other_areas`.

    Returns
    -------
    VhiInterval
        Without ends but with a reason where `other_areas` gives no thresholds.
    """
    stir, measured = candidates.stir, candidates.thresholds.lower
    thresholds, interval = other_areas(
        candidates,
        plausible_thresholds=plausible_thresholds,
        coverage=coverage,
        block_mm=block_mm,
        min_blocks=min_blocks,
        resamples=resamples,
        seed=seed,
    )
    if interval.reason is not None:
        return interval
    low, high = percentile_interval(thresholds, coverage=coverage)
    low, high = min(low, measured), max(high, measured)
    if left is None:
        nested = NestedCandidates(candidates, low)
        voxels = [nested.count(threshold) for threshold in (low, high)]
    else:
        voxels = [
            int(np.count_nonzero(inflammation_at(candidates, end, left=left, finished=finished)))
            for end in (low, high)
        ]
    most, least = (
        volume_of(number, stir.spacing_mm, slice_thickness_mm=slice_thickness_mm)
        for number in voxels
    )
    return replace(interval, low=least, high=most, lower_threshold=(low, high))


def other_areas(
    candidates: Candidates,
    *,
    plausible_thresholds: ArrayLike | None = None,
    coverage: float = COVERAGE,
    block_mm: float = BLOCK_MM,
    min_blocks: int = MIN_BLOCKS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[NDArray[np.float64], VhiInterval]:
    """Return the lower thresholds of other areas of normal bone, and an interval without ends.

    Parameters
    ----------
    candidates
        From `vhi.find_candidates`.
    plausible_thresholds
        Lower thresholds of other plausible areas, shape (n,), where the area was predicted. One of
        them, drawn at random, moves each resample by its distance from the measured threshold: the
        resamples know this area alone. None or empty: no such distance.
    coverage
        Nominal coverage of the interval to be made.
    block_mm
        Side of a tile.
    min_blocks
        Fewest tiles from which an interval is given.
    resamples, seed
        See `vhi.uncertainty.area_bootstrap.resample_thresholds`.

    Returns
    -------
    thresholds : ndarray, shape (n,)
        Without NaN; empty where there is a reason.
    interval : VhiInterval
        Its `reason` is set where there are fewer than `min_blocks` tiles, or where more areas
        give no threshold than the interval leaves outside.
    """
    resampled = _RESAMPLED.setdefault(candidates, {})
    options = block_mm, min_blocks, resamples, seed
    if options not in resampled:
        resampled[options] = _resample(candidates, *options)
    count, drawn = resampled[options]
    interval = VhiInterval(coverage, resamples, count, block_mm)
    if drawn is None:
        reason = (
            f"an interval needs normal bone covering at least {min_blocks} tiles of about "
            f"{block_mm:g} mm; this area covers {count}. Draw a larger area, or use more slices"
        )
        return np.zeros(0), replace(interval, reason=reason)
    interval = replace(interval, without_threshold=drawn.without)
    if drawn.without > (1 - coverage) * resamples:
        reason = (
            f"{drawn.without} of {resamples} resamples of normal bone have no spread and give no "
            "threshold; draw a larger area"
        )
        return np.zeros(0), replace(interval, reason=reason)
    lower = drawn.lower
    if plausible_thresholds is not None and np.size(plausible_thresholds):
        distance = np.asarray(plausible_thresholds, float) - candidates.thresholds.lower
        # A stream of its own, see `resample_thresholds`.
        raw = np.random.PCG64([seed, 2]).random_raw(resamples)
        lower = lower + distance[(raw % np.uint64(distance.size)).astype(int)]
    return lower[~np.isnan(lower)], interval


_RESAMPLED: WeakKeyDictionary[
    Candidates, dict[tuple[float, int, int, int], tuple[int, ResampledThresholds | None]]
] = WeakKeyDictionary()
"""Thresholds of candidates in memory: both intervals of a measurement need them."""


def _resample(
    candidates: Candidates, block_mm: float, min_blocks: int, resamples: int, seed: int
) -> tuple[int, ResampledThresholds | None]:
    """Return the number of tiles, and the thresholds that they give; None of too few tiles."""
    stir = candidates.stir
    blocks = area_blocks(
        candidates.normal_bone.array,
        stir.spacing_mm,
        slice_axis=stir.slice_axis,
        block_mm=block_mm,
    )
    count = int(blocks.max()) + 1
    if count < min_blocks:
        return count, None
    return count, resample_thresholds(
        candidates.intensities, blocks, resamples=resamples, seed=seed
    )
