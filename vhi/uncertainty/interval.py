"""An interval for how much VHI depends on where normal bone was drawn.

VHI never grows with the threshold (`vhi.uncertainty.other_thresholds`), so its percentiles over all
resamples of the area are the VHI at the percentiles of the threshold: two more masks give the
interval, not one for each resample.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.steps.candidates import Candidates
from vhi.steps.volume import Vhi, measure_volume
from vhi.uncertainty.area_bootstrap import (
    BLOCK_MM,
    MIN_BLOCKS,
    RESAMPLES,
    SEED,
    area_blocks,
    percentile_interval,
    resample_thresholds,
)
from vhi.uncertainty.other_thresholds import inflammation_at

COVERAGE = 0.95


@dataclass(frozen=True)
class VhiInterval:
    """The range of VHI over other choices of the normal-bone area, or the reason there is none.

    It reflects only where normal bone was drawn: not the reader's cleaning, not the disease
    region. Its nominal coverage is not reached; see `vhi_interval`.

    Attributes
    ----------
    reason : str or None
        Why there is no interval; `low`, `high` and `lower_threshold` are None then.
    coverage : float
        Nominal.
    low, high : Vhi or None
        At the higher and at the lower end of `lower_threshold`.
    lower_threshold : tuple of float or None
        Interval of the lower threshold.
    resamples, without_threshold : int
        Number of resamples, and of those left out because they give no threshold.
    blocks : int
        Tiles of normal bone that were drawn from.
    block_mm : float
        Side of a tile.
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
            "from": (
                f"bootstrap of the normal-bone area: tiles of about {self.block_mm:g} mm in each "
                "slice, drawn with replacement; no resample is brighter than the area itself"
            ),
            "resamples": self.resamples,
            "without_threshold": self.without_threshold,
            "blocks": self.blocks,
        }


def vhi_interval(
    candidates: Candidates,
    *,
    left: NDArray[np.bool_] | None = None,
    finished: bool = True,
    slice_thickness_mm: float | None = None,
    coverage: float = COVERAGE,
    block_mm: float = BLOCK_MM,
    min_blocks: int = MIN_BLOCKS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> VhiInterval:
    """Return the interval of VHI over other choices of the normal-bone area.

    Percentile bootstrap over tiles of the area (`vhi.uncertainty.area_bootstrap`). The interval is
    widened where it would not hold the measured VHI.

    It is too narrow, because the upper threshold is a maximum, which no resample can exceed, and
    the lower threshold depends on it. In simulated marrow a nominal 95 % interval covered the
    value that the median area of the same size gives for six to seven areas of ten
    (tests/uncertainty/test_interval.py: 71 % with tiles of 10 mm, 65 % of 5 mm, 56 % of 20 mm),
    and hardly ever the value that all of the marrow together gives: a maximum grows with the area
    and has no value for a very large one.

    Parameters
    ----------
    candidates, left, finished
        As for `vhi.uncertainty.other_thresholds.inflammation_at`.
    slice_thickness_mm
        As for `vhi.measure_volume`.
    coverage
        Nominal, above 0 and below 1.
    block_mm, resamples, seed
        See `vhi.uncertainty.area_bootstrap`.
    min_blocks
        Fewest tiles from which an interval is given.

    Returns
    -------
    VhiInterval
        Without ends but with a reason where there are fewer than `min_blocks` tiles, or more
        resamples without a threshold than the interval leaves outside.
    """
    stir, measured = candidates.stir, candidates.thresholds.lower
    blocks = area_blocks(
        candidates.normal_bone.array,
        stir.spacing_mm,
        slice_axis=stir.slice_axis,
        block_mm=block_mm,
    )
    count = int(blocks.max()) + 1
    if count < min_blocks:
        reason = (
            f"an interval needs normal bone covering at least {min_blocks} tiles of about "
            f"{block_mm:g} mm; this area covers {count}. Draw a larger area, or use more slices"
        )
        return VhiInterval(coverage, resamples, count, block_mm, reason=reason)
    drawn = resample_thresholds(candidates.intensities, blocks, resamples=resamples, seed=seed)
    if drawn.without > (1 - coverage) * resamples:
        reason = (
            f"{drawn.without} of {resamples} resamples of normal bone have no spread and give no "
            "threshold; draw a larger area"
        )
        return VhiInterval(coverage, resamples, count, block_mm, drawn.without, reason=reason)
    low, high = percentile_interval(drawn.lower, coverage=coverage)
    low, high = min(low, measured), max(high, measured)
    most, least = (
        measure_volume(
            inflammation_at(candidates, threshold, left=left, finished=finished),
            stir.spacing_mm,
            slice_thickness_mm=slice_thickness_mm,
        )
        for threshold in (low, high)
    )
    return VhiInterval(
        coverage, resamples, count, block_mm, drawn.without, least, most, (low, high)
    )
