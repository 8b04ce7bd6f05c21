"""A measurement as data: ``vhi.json`` and ``regions.csv``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vhi.digits import rounded
from vhi.files.encode import encode_csv, encode_json
from vhi.measurement import Measurement
from vhi.steps.regions import UPPER, Region


def record_of(measurement: Measurement) -> dict[str, Any]:
    """Return the content of ``vhi.json``: numbers and how they were made."""
    from vhi import __version__

    candidates, areas, interval = measurement.candidates, measurement.areas, measurement.interval

    def counts(labels: Any) -> dict[str, int]:
        return {
            "voxels_lower": int((labels > 0).sum()),
            "voxels_upper": int((labels == UPPER).sum()),
        }

    return {
        "case": measurement.case,
        "visit": measurement.visit,
        "normal_bone": {
            "voxels": int(measurement.intensities.size),
            **areas.normal_bone.origin.to_record(),
        },
        "disease_region": {
            "voxels": int(measurement.disease_region.array.sum()),
            **areas.disease_region.origin.to_record(),
        },
        "thresholds": asdict(measurement.thresholds),
        "candidates": counts(candidates.labels.array),
        "kept": {**counts(measurement.kept.array), "regions": len(measurement.regions)},
        "vhi": {
            "threshold": "lower",
            **asdict(measurement.vhi),
            "interval": interval.to_record(),
            "no_interval": interval.reason,
        },
        "vhi_upper": {"threshold": "upper", **asdict(measurement.vhi_upper)},
        "cleaned": measurement.cleaned,
        "seen": asdict(measurement.seen),
        "finished": asdict(finished) if (finished := measurement.edits.finished) else None,
        "spacing_mm": [round(step, 6) for step in measurement.stir.spacing_mm],
        "slice_thickness_mm": measurement.scans.slice_thickness_mm,
        "notes": list(measurement.notes),
        "provenance": {
            "vhi_version": __version__,
            "network": areas.network,
            "weights_sha256": areas.weights_sha256,
            "inputs": measurement.inputs,
            "edits_sha256": measurement.edits_sha256,
            "resampled": [*measurement.scans.resampled, *areas.resampled],
            "exclude_normal_bone": candidates.exclude_normal_bone,
            "min_pixels": candidates.min_pixels,
            "created": measurement.created,
            "seconds": dict(measurement.seconds),
        },
    }


def encode_record(measurement: Measurement) -> bytes:
    """Return the bytes of ``vhi.json``."""
    return encode_json(record_of(measurement), ascii_only=True)


REGION_COLUMNS = (
    "id", "lesion", "slice", "voxels", "voxels_upper", "area_mm2", "volume_mm3",
    "voxel_i", "voxel_j", "voxel_k", "centroid_x", "centroid_y", "centroid_z",
    "mean", "peak", "side",
)  # fmt: skip


def encode_regions(regions: list[Region]) -> bytes:
    """Return the bytes of ``regions.csv``: one row per in-plane region, before the edits."""
    rows = []
    for region in regions:
        row = {**vars(region), "slice": region.slices[0]}
        row |= {f"voxel_{axis}": index for axis, index in zip("ijk", region.voxel, strict=True)}
        place = zip("xyz", region.centroid_mm, strict=True)
        row |= {f"centroid_{axis}": distance for axis, distance in place}
        rows.append({column: _short(column, value) for column, value in row.items()})
    return encode_csv(rows, REGION_COLUMNS)


SIGNIFICANT = {"mean": 6, "peak": 6, "area_mm2": 4, "volume_mm3": 4}
"""Fewest significant digits of the columns whose scale is the scan's. With three decimals: what the
study's hundreds of scanner units and its smallest region, 1.4 mm², have."""


def _short(column: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    significant = SIGNIFICANT.get(column)
    return round(value, 3) if significant is None else rounded(value, 3, significant)
