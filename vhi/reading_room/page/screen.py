"""What a page is sent: arrays as shown, their checksums, and numbers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.reading_room.case.opening import Start
from vhi.reading_room.case.orientation import Layout
from vhi.reading_room.case.standing import Stand
from vhi.reading_room.case.steps import Steps, rows_of
from vhi.reading_room.page.codes import Codes
from vhi.results.figures import box_of, window_of
from vhi.steps.edits import REASONS
from vhi.steps.volume import volume_of
from vhi.workflow import scan_notes

WHITE_PERCENT = 98.0
"""Percentile of a T1w scan that is shown as white. Chosen by eye on the phantom and the study. The
rule for STIR goes by bone, the brightest on T1w is fat: a quarter of the phantom would be white."""

KEPT = 3
"""How many versions of an array and a table are kept for undo and redo."""


def facts_of(start: Start, layout: Layout, scans: Mapping[str, Codes]) -> dict[str, Any]:
    """Return what does not change of a case while it is read."""
    bone = start.disease_region
    rows, columns = box_of(bone, layout.view)
    _, down, across = layout.shape
    return {
        "case": start.case.case,
        "visit": start.case.visit,
        "shape": list(layout.shape),
        "spacing_mm": list(layout.spacing_mm),
        "letters": layout.letters,
        "oriented": start.stir.oriented,
        "positions_mm": list(layout.positions_mm),
        "position_letters": list(layout.position_letters),
        "window": {
            "stir": list(window_of(start.stir, bone.array)),
            "t1w": _window(scans["t1w"]),
        },
        "values": {
            name: {"low": scan.low, "step": scan.step, "exact": scan.exact}
            for name, scan in scans.items()
        },
        "box": [*rows.indices(down)[:2], *columns.indices(across)[:2]],
        "notes": [
            *scan_notes(start.stir, start.slice_thickness_mm),
            *start.notes,
            *_carried(start),
            *_cut(start, scans),
        ],
        "reasons": list(REASONS),
    }


def _window(scan: Codes) -> list[float]:
    """Return the intensities shown as black, 0, and white: only so much of the scan is as bright.

    Where hardly anything is above 0, black is the least.
    """
    white = scan.low + scan.step * float(np.percentile(scan.codes, WHITE_PERCENT))
    black = 0.0 if white > 0 else scan.low
    return [black, max(white, black + 1e-9)]


def _carried(start: Start) -> list[str]:
    if not start.resampled:
        return []
    names = ", ".join(start.resampled)
    return [f"{names}: carried to the grid of {start.stir.name}, on which all is shown and counted"]


def _cut(start: Start, scans: Mapping[str, Codes]) -> list[str]:
    return [
        f"{image.name}: voxels far beyond all others ({scans[name].cut:,}) are shown as less far "
        "out; the volume is computed with their own intensities"
        for name, image in (("stir", start.stir), ("t1w", start.t1w))
        if scans[name].cut
    ]


class Screen:
    """Arrays and numbers as shown; each is made once for as long as what it shows stays."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._arrays: dict[str, list[tuple[NDArray[Any], NDArray[Any], list[int]]]] = {}
        self._tables: list[tuple[NDArray[Any], list[dict[str, Any]], int]] = []
        self._fixed: tuple[Steps, dict[str, Any]] | None = None

    def shown(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array (slice, row, column), in the smallest type for a page."""
        return self._array(name, array)[1]

    def checksums(self, name: str, array: NDArray[Any]) -> list[int]:
        """Return a number for each slice by which a page knows whether it holds that content."""
        return self._array(name, array)[2]

    def numbers(self, stand: Stand, start: Start) -> dict[str, Any]:
        """Return the numbers of how a case stands, its region table (``regions``) included."""
        steps, pieces = stand.steps, stand.pieces
        rows, checksum = self._table(stand, start)
        lower = np.array([row["voxels"] for row in rows], np.int64)
        upper = np.array([row["voxels_upper"] for row in rows], np.int64)
        stays = ~pieces.removed[1:]
        return {
            **self._of_steps(steps, start),
            "volume": self._volume(int(lower[stays].sum()), start),
            "volume_upper": self._volume(int(upper[stays].sum()), start),
            "candidates": {"voxels": int(lower.sum()), "regions": len(rows)},
            "removed": np.nonzero(pieces.removed)[0].tolist(),
            "reviewed": np.nonzero(pieces.judged)[0].tolist(),
            "stale": list(stand.stale),
            "table": checksum,
            "regions": rows,
        }

    def _volume(self, voxels: int, start: Start) -> dict[str, Any]:
        thickness = start.slice_thickness_mm
        return asdict(volume_of(voxels, start.stir.spacing_mm, slice_thickness_mm=thickness))

    def _of_steps(self, steps: Steps, start: Start) -> dict[str, Any]:
        if self._fixed is None or self._fixed[0] is not steps:
            made = {
                "problem": steps.problem,
                "doubts": list(steps.doubts),
                "thresholds": None if steps.thresholds is None else asdict(steps.thresholds),
                "normal_bone": _changed(steps.normal_bone, start.normal_bone.array),
                "disease_region": _changed(steps.disease_region, start.disease_region.array),
            }
            self._fixed = (steps, made)
        return self._fixed[1]

    def _table(self, stand: Stand, start: Start) -> tuple[list[dict[str, Any]], int]:
        regions = stand.pieces.regions
        for known, rows, checksum in self._tables:
            if known is regions:
                return rows, checksum
        rows = rows_of(stand.steps, stand.pieces, start.stir)
        points = self._layout.points([row.pop("voxel") for row in rows]).tolist()
        rows = [{**row, "point": point} for row, point in zip(rows, points, strict=True)]
        # What a row says hangs on these alone; writing all rows as text would take longer.
        content = [
            self.checksums("labels", stand.pieces.labels.array),
            self.checksums("regions", regions),
            [round(stand.steps.midline_mm, 6)],
        ]
        checksum = zlib.crc32(json.dumps(content).encode())
        self._tables = [(regions, rows, checksum), *self._tables[: KEPT - 1]]
        return rows, checksum

    def _array(
        self, name: str, array: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any], list[int]]:
        kept = self._arrays.setdefault(name, [])
        for known in kept:
            if known[0] is array:
                return known
        shown = np.ascontiguousarray(self._layout.shown(array), _type_for(array))
        made = (array, shown, [zlib.crc32(plane) for plane in shown])
        self._arrays[name] = [made, *kept[: KEPT - 1]]
        return made


def _type_for(array: NDArray[Any]) -> type[np.unsignedinteger]:
    if array.dtype.itemsize == 1:
        return np.uint8
    return np.uint16 if array.max(initial=0) <= np.iinfo(np.uint16).max else np.uint32


def _changed(mask: NDArray[np.bool_], before: NDArray[np.bool_]) -> dict[str, int]:
    return {
        "voxels": int(np.count_nonzero(mask)),
        "changed": int(np.count_nonzero(mask != before)),
    }
