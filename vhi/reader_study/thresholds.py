"""How the choice of normal bone affects the threshold and the volume, case by case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from vhi.measurement import Measurement
from vhi.uncertainty.other_thresholds import vhi_over_multiple

THRESHOLD_COLUMNS = (
    "case", "visit", "normal_bone_voxels", "blocks", "multiple", "lower", "lower_low",
    "lower_high", "voxels", "voxels_low", "voxels_high", "mm3", "mm3_low", "mm3_high",
    "ratio_low", "ratio_high", "why_none",
)  # fmt: skip
_COUNTS = ("blocks", "voxels_low", "voxels_high")
MULTIPLES = tuple(float(n) for n in np.arange(0, 6.01, 0.25))


def threshold_table(measurement: Measurement) -> pd.DataFrame:
    """Return the threshold and VHI of a scan with their intervals.

    Returns
    -------
    pandas.DataFrame
        One row with the `THRESHOLD_COLUMNS`; without an interval its columns are NaN and
        `why_none` says why.
    """
    thresholds, vhi, interval = measurement.thresholds, measurement.vhi, measurement.interval
    row: dict[str, Any] = {
        "case": measurement.case, "visit": measurement.visit,
        "normal_bone_voxels": int(measurement.intensities.size),
        "multiple": thresholds.multiple, "lower": thresholds.lower,
        "voxels": vhi.voxels, "mm3": vhi.mm3, "why_none": interval.reason or "",
    }  # fmt: skip
    if interval.low and interval.high and interval.lower_threshold:
        row["blocks"] = interval.blocks
        row["lower_low"], row["lower_high"] = interval.lower_threshold
        for end, volume in (("low", interval.low), ("high", interval.high)):
            row |= {f"voxels_{end}": volume.voxels, f"mm3_{end}": volume.mm3}
            row[f"ratio_{end}"] = volume.voxels / vhi.voxels if vhi.voxels else np.nan
    table = pd.DataFrame([row], columns=list(THRESHOLD_COLUMNS))
    return table.astype({name: "Int64" for name in _COUNTS})


def curve_table(measurement: Measurement) -> pd.DataFrame:
    """Return VHI as a function of the multiple n, the chosen n included.

    Returns
    -------
    pandas.DataFrame
        ``case, visit, multiple, threshold, voxels, mm3, chosen``, one row for each n; `chosen` is
        ``yes`` or ``no``.
    """
    chosen = measurement.thresholds.multiple
    multiples = sorted({*MULTIPLES, chosen})
    points = vhi_over_multiple(
        measurement.candidates,
        multiples,
        left=measurement.left,
        finished=measurement.cleaned != "no",
    )
    curve = pd.DataFrame(points)
    curve.insert(0, "case", measurement.case)
    curve.insert(1, "visit", measurement.visit)
    return curve.assign(chosen=np.where(curve["multiple"] == chosen, "yes", "no"))
