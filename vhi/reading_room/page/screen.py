"""The content of the page: arrays as shown, their checksums, and numbers."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.digits import rounded
from vhi.images.image import Image
from vhi.images.orientation import View, box_of, slice_positions, window_of
from vhi.plausibility.stage import leading
from vhi.reading_room.case.candidates import DrawnCandidates
from vhi.reading_room.case.opening import OpenCase
from vhi.reading_room.case.proposal import expected_change, unchanged
from vhi.reading_room.case.state import ReadingState
from vhi.reading_room.page.codes import Codes
from vhi.segmentation.propose_edits import Proposal
from vhi.steps.edits import REASONS
from vhi.steps.regions import Region
from vhi.steps.small_regions import MIN_PIXELS
from vhi.steps.volume import volume_of

WHITE_PERCENT = 98.0
"""Percentile of a T1w scan that is shown as white. Chosen by eye on the phantom and the study. The
rule for STIR goes by bone; on T1w fat is brightest, and a quarter of the phantom would be white."""

CACHED_VERSIONS = 3
"""Versions of an array and of the table that are kept for undo and redo."""


def facts_of(opened: OpenCase, view: View, scans: Mapping[str, Codes]) -> dict[str, Any]:
    """Return the facts about a case that do not change while it is read."""
    stir, bone = opened.scans.stir, opened.areas.disease_region.mask
    rows, columns = box_of(bone, view)
    _, down, across = view.shape
    positions_mm, position_letters = slice_positions(stir)
    files = ", ".join(opened.resampled)
    text = (
        f"{files}: resampled to the grid of {stir.name}, on which everything is shown and counted"
    )
    resampled = [text] if files else []
    notes = (*opened.scans.notes, *opened.areas.notes)
    return {
        "case": opened.case.case,
        "visit": opened.case.visit,
        "shape": list(view.shape),
        "spacing_mm": list(view.spacing_mm),
        "letters": view.letters,
        "oriented": stir.oriented,
        "positions_mm": list(positions_mm),
        "position_letters": list(position_letters),
        "window": {
            "stir": list(window_of(stir, bone.array)),
            "t1w": _window(scans["t1w"]),
        },
        "values": {
            name: {"low": scan.low, "step": scan.step, "exact": scan.exact}
            for name, scan in scans.items()
        },
        "box": [*rows.indices(down)[:2], *columns.indices(across)[:2]],
        "notes": [
            *leading(notes, opened.areas.predicted),
            *resampled,
            *_clipped(opened, scans),
        ],
        "reasons": list(REASONS),
        "min_pixels": MIN_PIXELS,
    }


def _window(scan: Codes) -> list[float]:
    """Return the intensities shown as black and white: 0 and a percentile of the scan.

    If intensities are negative, the lowest is black.
    """
    levels = np.percentile(scan.codes, [100 - WHITE_PERCENT, WHITE_PERCENT])
    dark, white = (scan.low + scan.step * float(level) for level in levels)
    black = scan.low if dark < 0 else 0.0
    return [black, white if white > black else black + 1.0]


def _clipped(opened: OpenCase, scans: Mapping[str, Codes]) -> list[str]:
    return [
        f"{image.name}: outlying voxels ({scans[name].cut:,}) are shown with clipped intensities; "
        "the volume is computed with the original ones"
        for name, image in (("stir", opened.scans.stir), ("t1w", opened.t1w))
        if scans[name].cut
    ]


class _Recent:
    """The latest results computed from arrays, found again by the array itself."""

    def __init__(self) -> None:
        self._entries: list[tuple[object, Any]] = []

    def of(self, source: object, compute: Callable[[], Any]) -> Any:
        """Return the result for a source; compute it if it is not among the latest."""
        for known, result in self._entries:
            if known is source:
                return result
        result = compute()
        self._entries = [(source, result), *self._entries[: CACHED_VERSIONS - 1]]
        return result


class Screen:
    """Arrays and numbers as shown; each is computed again only when its source changes."""

    def __init__(self, view: View, stir: Image, slice_thickness_mm: float | None) -> None:
        self._view, self._stir, self._thickness_mm = view, stir, slice_thickness_mm
        self._arrays: defaultdict[str, _Recent] = defaultdict(_Recent)
        self._tables, self._mask_numbers = _Recent(), _Recent()

    def shown(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array (slice, row, column) in the smallest type for the page."""
        return self._version(name, array)[0]

    def checksums(self, name: str, array: NDArray[Any]) -> list[int]:
        """Return a checksum of each slice, by which the page knows whether it has the slice."""
        return self._version(name, array)[1]

    def numbers(self, state: ReadingState) -> dict[str, Any]:
        """Return the numbers of a state, with its region table (``regions``)."""
        regions, drawn = state.regions, state.candidates
        rows, checksum = self._tables.of(regions.numbers, lambda: self._table(state))
        lower = np.array([row["voxels"] for row in rows], np.int64)
        upper = np.array([row["voxels_upper"] for row in rows], np.int64)
        remaining, proposal = ~regions.removed[1:], drawn.proposal
        sizes = drawn.judged.sizes
        proposed = proposal and {
            "volume": self._volume(int(sizes[proposal.kept].sum())),
            "model": proposal.model,
            "notes": list(proposal.notes),
        }
        return {
            **self._mask_numbers.of(drawn, lambda: _of_masks(drawn)),
            "volume": self._volume(int(lower[remaining].sum())),
            "volume_upper": self._volume(int(upper[remaining].sum())),
            "candidates": {"voxels": int(lower.sum()), "regions": len(rows)},
            "removed": np.nonzero(regions.removed)[0].tolist(),
            "reviewed": np.nonzero(state.judged.judged)[0].tolist(),
            "together": np.nonzero(state.judged.together)[0].tolist(),
            **({} if proposal is None else {"proposed": proposed}),
            "stale": list(state.stale),
            "table": checksum,
            "regions": rows,
        }

    def _volume(self, voxels: int) -> dict[str, Any]:
        spacing_mm, thickness_mm = self._stir.spacing_mm, self._thickness_mm
        return asdict(volume_of(voxels, spacing_mm, slice_thickness_mm=thickness_mm))

    def _table(self, state: ReadingState) -> tuple[list[dict[str, Any]], int]:
        regions, midline_mm = state.regions, state.candidates.midline_mm
        described = regions.describe(self._stir, midline_mm=midline_mm)
        points = self._view.points([region.voxel for region in described]).tolist()
        rows = [_row(region, point) for region, point in zip(described, points, strict=True)]
        proposal = state.candidates.proposal
        if proposal is not None:
            for row, proposed in zip(rows, _proposed(state, proposal), strict=True):
                row["proposal"] = proposed
        # The rows depend on these alone; writing all rows as text would take longer.
        content = [
            self.checksums("labels", regions.labels.array),
            self.checksums("regions", regions.numbers),
            [round(midline_mm, 6)],
            [] if proposal is None else proposal.keep.tolist(),
        ]
        return rows, zlib.crc32(json.dumps(content).encode())

    def _version(self, name: str, array: NDArray[Any]) -> tuple[NDArray[Any], list[int]]:
        def compute() -> tuple[NDArray[Any], list[int]]:
            shown = np.ascontiguousarray(self._view.shown(array), _type_for(array))
            return shown, [zlib.crc32(plane) for plane in shown]

        version: tuple[NDArray[Any], list[int]] = self._arrays[name].of(array, compute)
        return version


def _of_masks(drawn: DrawnCandidates) -> dict[str, Any]:
    masks = {"normal_bone": drawn.areas.normal_bone, "disease_region": drawn.areas.disease_region}
    return {
        "problem": drawn.problem,
        "warnings": list(drawn.warnings),
        "thresholds": None if drawn.thresholds is None else asdict(drawn.thresholds),
        **{
            name: {
                "voxels": int(np.count_nonzero(area.mask.array)),
                "changed": drawn.changed[name],
            }
            for name, area in masks.items()
        },
    }


def _type_for(array: NDArray[Any]) -> type[np.unsignedinteger]:
    if array.dtype.itemsize == 1:
        return np.uint8
    return np.uint16 if array.max(initial=0) <= np.iinfo(np.uint16).max else np.uint32


def _proposed(state: ReadingState, proposal: Proposal) -> list[dict[str, Any] | None]:
    """Return for each region what the model proposes; None for parts of a cut."""
    change = expected_change(proposal, state.judged.sizes)
    return [
        {
            "keep": round(float(proposal.keep[n]), 3),
            "removes": not proposal.kept[n],
            "reason": proposal.reasons[n],
            "doubt": bool(proposal.in_doubt[n]),
            "change": round(float(change[n]), 1),
        }
        if same
        else None
        for n, same in enumerate(unchanged(state)[1:], start=1)
    ]


def _row(region: Region, point: list[int]) -> dict[str, Any]:
    return {
        "id": region.id,
        "lesion": region.lesion,
        "slice": region.slices[0],
        "voxels": region.voxels,
        "voxels_upper": region.voxels_upper,
        "area_mm2": rounded(region.area_mm2, 3, 4),
        "volume_mm3": rounded(region.volume_mm3, 3, 4),
        "mean": rounded(region.mean, 3, 6),
        "peak": rounded(region.peak, 3, 6),
        "side": region.side,
        "point": point,
    }
