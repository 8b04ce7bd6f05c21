"""What a page sends, checked and turned into what the store keeps.

Positions arrive as shown and are kept in the patient's millimetres, so that they hold however a
later version lays slices on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.edits import Edit, Edits
from vhi.errors import EditsError, InputError
from vhi.images import Image
from vhi.room.actions import STATES
from vhi.room.orientation import Layout
from vhi.room.pieces import Pieces, edited

MOST_POINTS = 20_000
MOST_SECONDS = 3600.0
"""Bounds of what a page can ask for at once; the study's scans have up to 702 regions."""


def edits_from(
    payload: Mapping[str, Any], layout: Layout, pieces: Pieces, *, reader: str, time: str
) -> tuple[list[Edit], Pieces]:
    """Return the edits that a page asks for, and the pieces after them.

    Raises
    ------
    InputError
        Unknown words, a position outside the scan or on no candidate, or a line that does not
        divide its region.
    """
    grid = pieces.labels
    points = points_from(payload.get("points"), layout)
    line = payload.get("line")
    voxels = None
    if line is not None:
        corners = whole_numbers(line, 2, "line")
        number = np.full((len(corners), 1), points[0, 0])
        voxels = layout.voxels(np.hstack([number, corners]))
    record = Edits("", "", grid.shape, tuple(map(tuple, grid.affine.tolist())), "")
    for voxel in layout.voxels(points):
        record = record.add(
            str(payload.get("action")),
            voxel,
            scope=str(payload.get("scope", "region")),
            reason=str(payload.get("reason", "")),
            reader=reader,
            time=time,
            line=voxels,
        )
    try:
        for edit in record.edits:
            pieces = edited(pieces, edit)
    except EditsError as error:
        raise InputError(plain(error)) from error
    return list(record.edits), pieces


def points_from(points: Any, layout: Layout) -> NDArray[np.int64]:
    """Return positions as shown, shape (n, 3), n ≥ 1; InputError for anything else."""
    place = whole_numbers(points, 3, "points")
    if (place < 0).any() or (place >= layout.shape).any():
        raise InputError("points: a position lies outside the scan")
    return place


def whole_numbers(values: Any, length: int, what: str) -> NDArray[np.int64]:
    """Return rows of whole numbers, shape (n, length), n ≥ 1; InputError for anything else."""
    good = (
        isinstance(values, list)
        and 0 < len(values) <= MOST_POINTS
        and all(isinstance(row, list) and len(row) == length for row in values)
        and all(type(x) is int and abs(x) < 100_000 for row in values for x in row)
    )
    if not good:
        raise InputError(f"{what}: give rows of {length} whole numbers, 1 to {MOST_POINTS} rows")
    return np.array(values, np.int64)


def state_from(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state of the case; InputError for an unknown one."""
    state = payload.get("state")
    if state not in STATES:
        raise InputError(f"state: give one of {', '.join(STATES)}")
    return {"state": state}


def seconds_from(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return active seconds; InputError for what is no such time."""
    seconds: Any = payload.get("seconds")
    if type(seconds) not in (int, float) or not 0 < seconds <= MOST_SECONDS:
        raise InputError(f"seconds: give a time above 0 and up to {MOST_SECONDS:g} s")
    return {"seconds": round(float(seconds), 3)}


def reviewed_from(payload: Mapping[str, Any], layout: Layout, grid: Image) -> dict[str, Any]:
    """Return which regions are reviewed, by world positions."""
    points = points_from(payload.get("points"), layout)
    world_mm = grid.world(layout.voxels(points)).round(4)
    return {"world_mm": world_mm.tolist(), "reviewed": payload.get("reviewed") is not False}


def plain(error: EditsError) -> str:
    """Return what is wrong with an edit, without its number in a record."""
    return str(error).removeprefix("edit 1: ")
