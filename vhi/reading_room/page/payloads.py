"""Check what a page sends and turn it into what the store keeps.

Positions arrive as shown and are stored in the patient's millimetres, so that they stay valid if a
later version displays slices differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.orientation import View
from vhi.reading_room.case.judged_regions import JudgedRegions, edited
from vhi.reading_room.case.proposal import relation
from vhi.reading_room.case.state import ReadingState
from vhi.reading_room.store.actions import STATES
from vhi.steps.cleaning import region_at
from vhi.steps.edits import Edit, Edits, encode_edit

MAX_POINTS = 20_000
MAX_INTERVALS = 1_000
MAX_SECONDS = 3600.0
"""Limits for one request; the study's scans have up to 702 regions."""

MAX_AHEAD = 60.0
"""Seconds by which the page's clock may be ahead. Chosen: both run on one machine."""


def edits_from(
    payload: Mapping[str, Any], view: View, state: ReadingState, *, reader: str, time: str
) -> tuple[list[dict[str, Any]], list[Edit], JudgedRegions]:
    """Return the edits of a page, as stored and as values, and the regions after them.

    Of several points on one region (or one lesion, if that is the scope) the first counts.

    InputError: an unknown action or reason, a position outside the scan or on no candidate, a line
    that does not divide its region, or a line without a cut.
    """
    judged = state.judged
    grid = judged.regions.labels
    points = points_from(payload.get("points"), view)
    action, corners, line = str(payload.get("action")), payload.get("line"), None
    if corners is not None:
        if action != "cut":
            raise InputError("line: only a cut has a line; leave it out")
        corners = whole_numbers(corners, 2, "line")
        number = np.full((len(corners), 1), points[0, 0])
        line = view.voxels(np.hstack([number, corners]))
    scope = "region" if action == "cut" else str(payload.get("scope", "region"))
    voxels = view.voxels(points)
    regions = judged.regions.numbers[tuple(voxels.T)]
    _, first = np.unique(
        judged.regions.lesion_of[regions] if scope == "lesion" else regions, return_index=True
    )
    record = Edits("", "", grid.shape, tuple(map(tuple, grid.affine.tolist())), "")
    stored, edits = list[dict[str, Any]](), list[Edit]()
    try:
        for voxel in voxels[np.sort(first)]:
            record = record.add(
                action,
                voxel,
                scope=scope,
                reason=str(payload.get("reason", "")),
                reader=reader,
                time=time,
                line=line,
            )
            edit = _related(record.edits[-1], state)
            edits.append(edit)
            stored.append({**encode_edit(edit), "regions": judged.identify_edited(edit)})
            judged = edited(judged, edit)
    except InputError as error:
        raise InputError(str(error).removeprefix("edit 1: ")) from error
    return stored, edits, judged


def _related(edit: Edit, state: ReadingState) -> Edit:
    """Return an edit with its relation to the proposal; a cut is always the reader's alone."""
    number, regions = region_at(state.regions, edit), state.regions
    numbers = [number]
    if edit.scope == "lesion":
        numbers = np.flatnonzero(regions.lesion_of == regions.lesion_of[number]).tolist()
    word = relation(state, numbers, removed=edit.action == "remove")
    return replace(edit, proposal=word and ("alone" if edit.action == "cut" else word))


def points_from(points: Any, view: View) -> NDArray[np.int64]:
    """Return positions as shown, shape (n, 3), n ≥ 1; InputError for anything else."""
    positions = whole_numbers(points, 3, "points")
    if (positions < 0).any() or (positions >= view.shape).any():
        raise InputError("points: a position lies outside the scan; load the page again")
    return positions


def whole_numbers(values: Any, length: int, what: str) -> NDArray[np.int64]:
    """Return rows of whole numbers, shape (n, length), n ≥ 1; InputError for anything else."""
    valid = _is_table(values, MAX_POINTS, length, (int,))
    if not (valid and all(abs(x) < 100_000 for row in values for x in row)):
        raise InputError(f"{what}: give rows of {length} whole numbers, 1 to {MAX_POINTS} rows")
    return np.array(values, np.int64)


def _is_table(values: Any, rows: int, columns: int, kinds: tuple[type, ...]) -> bool:
    """Return whether JSON is 1 to `rows` rows of `columns` numbers; true and false are none."""
    return (
        isinstance(values, list)
        and 0 < len(values) <= rows
        and all(isinstance(row, list) and len(row) == columns for row in values)
        and all(type(x) in kinds for row in values for x in row)
    )


def state_from(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload of a case's state; InputError for an unknown state."""
    state = payload.get("state")
    if state not in STATES:
        raise InputError(f"state: give one of {', '.join(STATES)}")
    return {"state": state}


def seconds_from(payload: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return the active times, in seconds since 1970; InputError for invalid times."""
    intervals: Any = payload.get("intervals")
    valid = _is_table(intervals, MAX_INTERVALS, 2, (int, float)) and all(
        0 <= start < end <= now + MAX_AHEAD and end - start <= MAX_SECONDS
        for start, end in intervals
    )
    if not valid:
        raise InputError(
            f"seconds: give 1 to {MAX_INTERVALS} intervals [start, end] in seconds since 1970, "
            f"each at most {MAX_SECONDS:g} s long and not ending in the future"
        )
    return {"intervals": [[round(float(x), 3) for x in interval] for interval in intervals]}


def reviewed_from(payload: Mapping[str, Any], view: View, state: ReadingState) -> dict[str, Any]:
    """Return the regions of a mark as reviewed; InputError if a point lies on no region."""
    judged = state.judged
    points = points_from(payload.get("points"), view)
    reviewed = payload.get("reviewed")
    if not isinstance(reviewed, bool):
        raise InputError("reviewed: give true or false")
    voxels = view.voxels(points)
    regions = judged.regions.numbers[tuple(voxels.T)]
    if not regions.all():
        raise InputError("points: no candidate lies at one of the points; load the page again")
    _, first = np.unique(regions, return_index=True)
    first.sort()
    world_mm = judged.regions.labels.world(voxels[first])
    stored = judged.identify(regions[first], world_mm)
    for number, region in zip(regions[first], stored, strict=True):
        word = relation(state, number, removed=bool(judged.regions.removed[number]))
        if reviewed and word:
            region["proposal"] = word
    return {"regions": stored, "reviewed": reviewed}
