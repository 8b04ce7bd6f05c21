"""What a page sends, checked and turned into what the store keeps.

Positions arrive as shown and are kept in the patient's millimetres, so that they hold however a
later version lays slices on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.reading_room.case.judging import plain, seen, seen_by
from vhi.reading_room.case.orientation import Layout
from vhi.reading_room.case.pieces import Pieces, edited
from vhi.reading_room.store.actions import STATES
from vhi.steps.edits import Edit, Edits, encode_edit

MOST_POINTS = 20_000
MOST_INTERVALS = 1_000
MOST_SECONDS = 3600.0
"""Bounds of what a page can ask for at once; the study's scans have up to 702 regions."""

MOST_AHEAD = 60.0
"""How far the page's clock may be ahead, in seconds. Chosen: on one machine they are one."""


def edits_from(
    payload: Mapping[str, Any], layout: Layout, pieces: Pieces, *, reader: str, time: str
) -> tuple[list[dict[str, Any]], list[Edit], Pieces]:
    """Return the edits that a page asks for, as stored and as they are, and the pieces after them.

    Of points on one region, or one lesion where that is the scope, the first counts.

    Raises
    ------
    InputError
        Unknown words, a position outside the scan or on no candidate, a line that does not divide
        its region, or one for anything but a cut.
    """
    grid = pieces.labels
    points = points_from(payload.get("points"), layout)
    action, line, voxels = str(payload.get("action")), payload.get("line"), None
    if line is not None:
        if action != "cut":
            raise InputError("line: only a cut has one")
        corners = whole_numbers(line, 2, "line")
        number = np.full((len(corners), 1), points[0, 0])
        voxels = layout.voxels(np.hstack([number, corners]))
    scope = "region" if action == "cut" else str(payload.get("scope", "region"))
    places = layout.voxels(points)
    regions = pieces.regions[tuple(places.T)]
    _, first = np.unique(
        pieces.lesion_of[regions] if scope == "lesion" else regions, return_index=True
    )
    record = Edits("", "", grid.shape, tuple(map(tuple, grid.affine.tolist())), "")
    stored = []
    try:
        for voxel in places[np.sort(first)]:
            record = record.add(
                action,
                voxel,
                scope=scope,
                reason=str(payload.get("reason", "")),
                reader=reader,
                time=time,
                line=voxels,
            )
            edit = record.edits[-1]
            stored.append({**encode_edit(edit), "regions": seen_by(pieces, edit)})
            pieces = edited(pieces, edit)
    except InputError as error:
        raise InputError(plain(error)) from error
    return stored, list(record.edits), pieces


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


def seconds_from(payload: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return when the reader was at work, in seconds since 1970; InputError for no such times."""
    intervals: Any = payload.get("intervals")
    good = (
        isinstance(intervals, list)
        and 0 < len(intervals) <= MOST_INTERVALS
        and all(isinstance(each, list) and len(each) == 2 for each in intervals)
        and all(type(x) in (int, float) for each in intervals for x in each)
        and all(
            0 <= start < end <= now + MOST_AHEAD and end - start <= MOST_SECONDS
            for start, end in intervals
        )
    )
    if not good:
        raise InputError(
            f"seconds: give 1 to {MOST_INTERVALS} intervals [start, end] in seconds since 1970, "
            f"each up to {MOST_SECONDS:g} s long, none that ends later than now"
        )
    return {"intervals": [[round(float(x), 3) for x in each] for each in intervals]}


def reviewed_from(payload: Mapping[str, Any], layout: Layout, pieces: Pieces) -> dict[str, Any]:
    """Return which regions are reviewed, as they are now; InputError where no region lies."""
    points = points_from(payload.get("points"), layout)
    reviewed = payload.get("reviewed")
    if not isinstance(reviewed, bool):
        raise InputError("reviewed: give true or false")
    voxels = layout.voxels(points)
    regions = pieces.regions[tuple(voxels.T)]
    if not regions.all():
        raise InputError("points: no candidate lies at one of them; load the page again")
    _, first = np.unique(regions, return_index=True)
    first.sort()
    world_mm = pieces.labels.world(voxels[first])
    return {"regions": seen(pieces, regions[first], world_mm), "reviewed": reviewed}
