"""The state of a reading, and what a stored action does to it.

Another mask gives other candidates: where a reader removed a vessel of nine pixels, a lesion that
includes it may lie now, which nobody has judged. So each edit and mark is stored with the size and
a checksum of its region, by which a changed region is recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import EditsError
from vhi.reading_room.case.candidates import DrawnCandidates
from vhi.reading_room.case.judged_regions import JudgedRegions, edited
from vhi.reading_room.store.actions import Action
from vhi.steps.edits import TOGETHER, Edit, decode_edit
from vhi.steps.regions import Regions

MAX_SIZE_RATIO = 1.5
"""Largest ratio of sizes at which an edit still applies to a changed region. Chosen: a small change
of the threshold moves a region's rim; joining or dividing regions changes their sizes by more."""


@dataclass(frozen=True)
class ChangedRegion:
    """A judged region that has changed since: the position of the judgement, and the change.

    The message is empty for a mark as reviewed.
    """

    world_mm: tuple[float, float, float]
    message: str = ""


@dataclass(frozen=True, eq=False)
class ReadingState:
    """The state of a reading: the candidates before any edit, and the regions after all that apply.

    `edits` are those that apply, in order; `stale` those that no longer point to a candidate, or no
    longer divide a region; `changed` the edits and marks whose region has changed.
    """

    candidates: DrawnCandidates
    judged: JudgedRegions
    edits: tuple[Edit, ...] = ()
    stale: tuple[str, ...] = ()
    changed: tuple[ChangedRegion, ...] = ()

    @property
    def regions(self) -> Regions:
        """The regions after all edits that apply."""
        return self.judged.regions

    def changes_to_review(self) -> list[str]:
        """Return a line for each of `changed` whose region nobody has judged since."""
        if not self.changed:
            return []
        regions = self.regions.at([change.world_mm for change in self.changed])
        unjudged = [
            (change.message, int(region))
            for change, region in zip(self.changed, regions, strict=True)
            if not self.judged.judged[region]
        ]
        lines = [message for message, _ in unjudged if message]
        marks = len({region for message, region in unjudged if not message})
        if marks:
            count = "1 region" if marks == 1 else f"{marks} regions"
            lines.append(f"{count} marked as reviewed changed since; look again")
        return lines

    def after(self, action: Action) -> ReadingState:
        """Return the state after an edit or mark; an edit that does not apply changes nothing."""
        if action.kind == "reviewed":
            return _after_mark(self, action.payload)
        state = self
        for record in action.payload["edits"]:
            state = _after_edit(state, record, action.id)
        if action.kind == "accept":
            numbers, same = _recognised(state, action.payload["kept"])
            state = replace(state, judged=state.judged.relate(numbers[same], TOGETHER))
        return state


def _after_edit(state: ReadingState, record: Mapping[str, Any], number: int) -> ReadingState:
    """Apply a stored edit of action `number`, region by region.

    An unchanged region is edited; a changed one only if its size is within `MAX_SIZE_RATIO` of the
    stored size. A changed region counts as not judged in either case.
    """
    edit, axis = decode_edit(record), state.regions.labels.slice_axis
    for part, stored in _parts(state.judged, edit, record["regions"]):
        (region,) = state.regions.at([part.world_mm])
        place = f"edit {number} ({part.action}, slice {part.voxel[axis]})"
        changed, before, now = False, 0, 0
        if region and stored is not None and not state.judged.is_same(region, stored):
            changed, before, now = True, stored["voxels"], int(state.judged.sizes[region])
        applies = max(before, now) <= MAX_SIZE_RATIO * min(before, now)
        if applies:
            part = replace(part, judged=not changed)
            try:
                judged = edited(state.judged, part)
            except EditsError as error:
                line = f"{place}: {str(error).split(';')[0]}"
                state = replace(state, stale=(*state.stale, line))
                continue
            state = replace(state, judged=judged, edits=(*state.edits, part))
        if changed:
            message = (
                f"{place}: the region there has {now} pixels now, {before} then; "
                f"{'applied' if applies else 'not applied'}; look again"
            )
            state = replace(
                state,
                judged=state.judged.mark(region, False),
                changed=(*state.changed, ChangedRegion(part.world_mm, message)),
            )
    return state


def _after_mark(state: ReadingState, payload: Mapping[str, Any]) -> ReadingState:
    """Mark the regions of a stored mark; changed regions are listed instead."""
    judged, stored = state.judged, payload["regions"]
    numbers, same = _recognised(state, stored)
    if not payload["reviewed"]:
        return replace(state, judged=judged.mark(numbers, False))
    relations = np.array([region.get("proposal", "") for region in stored])
    changed = [
        ChangedRegion(tuple(region["world_mm"]))
        for number, region, unchanged in zip(numbers, stored, same, strict=True)
        if number and not unchanged
    ]
    return replace(
        state,
        judged=judged.mark(numbers[same], True, relations[same]),
        changed=(*state.changed, *changed),
    )


def _recognised(
    state: ReadingState, stored: Sequence[Mapping[str, Any]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the region at each stored one, 0 for none, and whether it is the same one."""
    if not stored:
        return np.zeros(0, np.int64), np.zeros(0, bool)
    numbers = state.regions.at([region["world_mm"] for region in stored])
    pairs = zip(numbers, stored, strict=True)
    return numbers, np.array([state.judged.is_same(n, region) for n, region in pairs])


def _parts(
    judged: JudgedRegions, edit: Edit, stored: Sequence[Mapping[str, Any]]
) -> list[tuple[Edit, Mapping[str, Any] | None]]:
    """Divide an edit into one for each stored region; an unchanged lesion stays whole."""
    if edit.scope == "region":
        return [(edit, stored[0])]
    try:
        lesion = judged.identify_edited(edit)
    except EditsError:
        lesion = []
    if _identities(lesion) == _identities(stored):
        return [(edit, None)]
    voxels = judged.regions.labels.voxel([region["world_mm"] for region in stored]).tolist()
    return [
        (
            replace(edit, scope="region", voxel=tuple(voxel), world_mm=tuple(region["world_mm"])),
            region,
        )
        for voxel, region in zip(voxels, stored, strict=True)
    ]


def _identities(regions: Sequence[Mapping[str, Any]]) -> set[tuple[int, int]]:
    return {(region["voxels"], region["checksum"]) for region in regions}
