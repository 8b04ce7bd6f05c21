"""What the threshold owes to the area of normal bone, case by case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from vhi.measurement import Measurement
from vhi.uncertainty.other_thresholds import vhi_over_multiple

THRESHOLD_COLUMNS = (
    "case", "visit", "normal_bone_voxels", "blocks", "multiple", "lower", "lower_low",
    "lower_high", "voxels", "voxels_low", "voxels_high", "mm3", "mm3_low", "mm3_high",
    "ratio_low", "ratio_high", "why_none",
)  # fmt: skip
CURVE_COLUMNS = ("case", "visit", "multiple", "threshold", "voxels", "mm3", "chosen")
MULTIPLES = tuple(float(n) for n in np.arange(0, 6.01, 0.25))


def threshold_row(measurement: Measurement) -> dict[str, Any]:
    """Return thresholds, VHI and their intervals: the `THRESHOLD_COLUMNS`."""
    row: dict[str, Any] = {
        "case": measurement.case,
        "visit": measurement.visit,
        "normal_bone_voxels": int(measurement.intensities.size),
        "multiple": measurement.thresholds.multiple,
        "lower": measurement.thresholds.lower,
        "voxels": measurement.vhi.voxels,
        "mm3": measurement.vhi.mm3,
    }
    interval = measurement.interval
    low, high = interval.low, interval.high
    if low is None or high is None or interval.lower_threshold is None:
        return {**row, "why_none": interval.reason}
    voxels = measurement.vhi.voxels
    return {
        **row,
        "blocks": interval.blocks,
        "lower_low": interval.lower_threshold[0],
        "lower_high": interval.lower_threshold[1],
        "voxels_low": low.voxels,
        "voxels_high": high.voxels,
        "mm3_low": low.mm3,
        "mm3_high": high.mm3,
        "ratio_low": low.voxels / voxels if voxels else np.nan,
        "ratio_high": high.voxels / voxels if voxels else np.nan,
    }


def curve_rows(measurement: Measurement) -> Iterator[dict[str, Any]]:
    """Give VHI over the multiple n, the chosen n included: the `CURVE_COLUMNS`."""
    chosen = measurement.thresholds.multiple
    for point in vhi_over_multiple(
        measurement.candidates, sorted({*MULTIPLES, chosen}), cleaned=measurement.cleaned
    ):
        yield {
            "case": measurement.case,
            "visit": measurement.visit,
            "multiple": point.multiple,
            "threshold": point.threshold,
            "voxels": point.voxels,
            "mm3": point.mm3,
            "chosen": "yes" if point.multiple == chosen else "no",
        }
