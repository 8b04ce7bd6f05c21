"""A measurement as data: ``vhi.json`` and ``regions.csv``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vhi.digits import rounded
from vhi.files.encode import encode_csv, encode_json
from vhi.measurement import Measurement
from vhi.segmentation.propose_edits import Proposal
from vhi.steps.edits import PROPOSED_EDITS
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
        "proposed": _proposed(measurement),
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
            "edits_from": measurement.edits.source,
            "proposal_made": measurement.proposal is not None,
            "resampled": [*measurement.scans.resampled, *areas.resampled],
            "exclude_normal_bone": candidates.exclude_normal_bone,
            "min_pixels": candidates.min_pixels,
            "created": measurement.created,
            "seconds": dict(measurement.seconds),
        },
    }


def _proposed(measurement: Measurement) -> dict[str, Any] | None:
    """Return what a model proposed and nobody has read; None where there is no proposal."""
    proposal, interval = measurement.proposal, measurement.proposed_interval
    if proposal is None or measurement.proposed is None or interval is None:
        return None
    doubts = measurement.doubts
    return {
        **asdict(measurement.proposed),
        "interval": interval.to_record(),
        "no_interval": interval.reason,
        "edits": PROPOSED_EDITS,
        "model": proposal.model,
        "model_sha256": proposal.model_sha256,
        "in_doubt": {
            "regions": len(doubts),
            "voxels": sum(region.voxels for region in doubts),
        },
    }


def encode_record(measurement: Measurement) -> bytes:
    """Return the bytes of ``vhi.json``."""
    return encode_json(record_of(measurement), ascii_only=True)


REGION_COLUMNS = (
    "id", "lesion", "slice", "voxels", "voxels_upper", "area_mm2", "volume_mm3",
    "voxel_i", "voxel_j", "voxel_k", "centroid_x", "centroid_y", "centroid_z",
    "mean", "peak", "side", "keep_probability", "proposed", "reason", "in_doubt",
)  # fmt: skip


def encode_regions(regions: list[Region], proposal: Proposal | None = None) -> bytes:
    """Return the bytes of ``regions.csv``: one row per in-plane region, before the edits.

    The last four columns are a model's proposal, which nobody has read; empty without one.
    """
    rows = []
    for region in regions:
        row = {**vars(region), "slice": region.slices[0]}
        row |= {f"voxel_{axis}": index for axis, index in zip("ijk", region.voxel, strict=True)}
        place = zip("xyz", region.centroid_mm, strict=True)
        row |= {f"centroid_{axis}": distance for axis, distance in place}
        row |= _proposed_for(region.id, proposal)
        rows.append({column: _short(column, value) for column, value in row.items()})
    return encode_csv(rows, REGION_COLUMNS)


def _proposed_for(number: int, proposal: Proposal | None) -> dict[str, Any]:
    if proposal is None:
        return {}
    return {
        "keep_probability": float(proposal.keep[number]),
        "proposed": "keep" if proposal.kept[number] else "remove",
        "reason": proposal.reasons[number],
        "in_doubt": "yes" if proposal.in_doubt[number] else "no",
    }


SIGNIFICANT = {"mean": 6, "peak": 6, "area_mm2": 4, "volume_mm3": 4}
"""Fewest significant digits of the columns whose scale is the scan's. With three decimals: what the
study's hundreds of scanner units and its smallest region, 1.4 mm², have."""


def _short(column: str, value: Any) -> Any:
    if not isinstance(value, float):
        return value
    significant = SIGNIFICANT.get(column)
    return round(value, 3) if significant is None else rounded(value, 3, significant)
