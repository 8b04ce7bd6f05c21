"""How far a VHI hangs on the choice of the normal-bone area: an interval for it.

VHI never grows with the threshold (`vhi.uncertainty.other_thresholds`), so its percentiles over all
resamples of the area are the VHI at the percentiles of the threshold: two more masks give the
interval, not one for each resample.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from vhi.measurement import Measurement

COVERAGE = 0.95


@dataclass(frozen=True)
class VhiInterval:
    """Between which values VHI lies for other choices of the normal-bone area.

    It holds that choice alone: not the reader's cleaning, not the disease region. Its nominal
    coverage is not reached; see `vhi_interval`.

    Attributes
    ----------
    coverage : float
        Nominal.
    low, high : Vhi
        At the higher and at the lower end of `lower_threshold`.
    lower_threshold : tuple of float
        Interval of the lower threshold.
    resamples, without_threshold : int
        How many were drawn, and how many of them gave no threshold and were left out.
    blocks : int
        Tiles of normal bone that were drawn from.
    block_mm : float
        Their side.
    """

    coverage: float
    low: Vhi
    high: Vhi
    lower_threshold: tuple[float, float]
    resamples: int
    without_threshold: int
    blocks: int
    block_mm: float

    def to_record(self) -> dict[str, Any]:
        """Return it as ``vhi.json`` has it."""
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
    measurement: Measurement,
    *,
    coverage: float = COVERAGE,
    block_mm: float = BLOCK_MM,
    min_blocks: int = MIN_BLOCKS,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> VhiInterval | str:
    """Return the interval of VHI that the choice of the normal-bone area leaves.

    Percentile bootstrap over tiles of the area (`vhi.uncertainty.area_bootstrap`). The interval is
    widened where it would not hold the measured VHI.

    It is too narrow, because the upper threshold is a maximum, which no resample can exceed, and
    the lower one hangs on it. In simulated marrow a 95 % interval held what the median area of
    the same size gives for six to seven areas of ten (tests/test_uncertainty.py: 71 % with tiles
    of 10 mm, 65 % of 5 mm, 56 % of 20 mm), and hardly ever what all of the marrow together gives:
    a maximum grows with the area and has no value for a very large one.

    Parameters
    ----------
    measurement
        From `vhi.measure`.
    coverage
        Nominal, above 0 and below 1.
    block_mm, resamples, seed
        See `vhi.uncertainty.area_bootstrap`.
    min_blocks
        Fewest tiles from which an interval is given.

    Returns
    -------
    VhiInterval or str
        The reason, in words, where no interval can be given: fewer than `min_blocks` tiles, or
        more resamples without a threshold than the interval leaves outside.
    """
    stir, measured = measurement.stir, measurement.thresholds.lower
    blocks = area_blocks(
        measurement.normal_bone.array,
        stir.spacing_mm,
        slice_axis=stir.slice_axis,
        block_mm=block_mm,
    )
    count = int(blocks.max()) + 1
    if count < min_blocks:
        return (
            f"it takes normal bone in {min_blocks} tiles of about {block_mm:g} mm, and this fills "
            f"{count}; draw a larger area, or on more slices"
        )
    drawn = resample_thresholds(measurement.intensities, blocks, resamples=resamples, seed=seed)
    if drawn.without > (1 - coverage) * resamples:
        return (
            f"{drawn.without} of {resamples} resamples of normal bone have no spread, so that no "
            "threshold follows; draw a larger area"
        )
    low, high = percentile_interval(drawn.lower, coverage=coverage)
    low, high = min(low, measured), max(high, measured)

    def volume(threshold: float) -> Vhi:
        return measure_volume(
            inflammation_at(measurement, threshold),
            stir.spacing_mm,
            slice_thickness_mm=measurement.slice_thickness_mm,
        )

    return VhiInterval(
        coverage=coverage,
        low=volume(high),
        high=volume(low),
        lower_threshold=(low, high),
        resamples=resamples,
        without_threshold=drawn.without,
        blocks=count,
        block_mm=block_mm,
    )
