"""Decide whether a stored edit still applies after the region it refers to has changed.

Another mask gives other candidates: where a reader removed a vessel of nine pixels, a lesion that
includes it may lie now, which nobody has judged. So each edit and mark is stored with the size and
a checksum of its region.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vhi.errors import EditsError
from vhi.reading_room.case.judged_regions import JudgedRegions, edited
from vhi.steps.cleaning import region_at
from vhi.steps.edits import Edit, decode_edit

MAX_SIZE_RATIO = 1.5
"""Largest ratio of sizes at which an edit still applies to a changed region. Chosen: a small change
of the threshold moves a region's rim; joining or dividing regions changes their sizes by more."""


@dataclass(frozen=True)
class ChangedRegion:
    """A judged region that has changed since.

    Attributes
    ----------
    world_mm : tuple of float
        The position of the judgement.
    message : str
        The change; empty for a mark as reviewed.
    """

    world_mm: tuple[float, float, float]
    message: str = ""


@dataclass(frozen=True, eq=False)
class ReplayedEdit:
    """The result of a stored edit.

    Attributes
    ----------
    judged : JudgedRegions
        The regions after it.
    edits : list of Edit
        The parts that applied.
    stale : list of str
        The parts that no longer point to a candidate, or no longer divide a region.
    changed : list of ChangedRegion
        The parts that point to a changed region.
    """

    judged: JudgedRegions
    edits: list[Edit]
    stale: list[str]
    changed: list[ChangedRegion]


def identify(
    judged: JudgedRegions, regions: ArrayLike, world_mm: ArrayLike
) -> list[dict[str, Any]]:
    """Return what the store keeps of regions, by number, each with a world position on it."""
    points = np.asarray(world_mm, float).round(4).tolist()
    return [
        {
            "world_mm": point,
            "voxels": int(judged.sizes[region]),
            "checksum": int(judged.checksums[region]),
        }
        for point, region in zip(points, np.asarray(regions), strict=True)
    ]


def identify_edited(judged: JudgedRegions, edit: Edit) -> list[dict[str, Any]]:
    """Return what the store keeps of the regions of an edit; EditsError if it points to none."""
    region = region_at(judged.regions, edit)
    if edit.scope == "region":
        return identify(judged, [region], [edit.world_mm])
    lesion = np.flatnonzero(judged.regions.lesion_of == judged.regions.lesion_of[region])
    others = lesion[lesion != region]
    voxels = np.stack(np.unravel_index(judged.middle[others], judged.regions.labels.shape), axis=1)
    world_mm = [edit.world_mm, *judged.regions.labels.world(voxels)]
    return identify(judged, [region, *others], world_mm)


def replay_edit(judged: JudgedRegions, record: Mapping[str, Any], number: int) -> ReplayedEdit:
    """Apply a stored edit of action `number`, region by region.

    An unchanged region is edited; a changed one only if its size is within `MAX_SIZE_RATIO` of the
    stored size. A changed region counts as not judged in either case.
    """
    edit, axis = decode_edit(record), judged.regions.labels.slice_axis
    result = ReplayedEdit(judged, [], [], [])
    for part, stored in _parts(judged, edit, record["regions"]):
        (region,) = result.judged.regions.at([part.world_mm])
        place = f"edit {number} ({part.action}, slice {part.voxel[axis]})"
        changed, before, now = False, 0, 0
        if region and stored is not None and not _is_same(result.judged, region, stored):
            changed, before, now = True, stored["voxels"], int(result.judged.sizes[region])
        applies = max(before, now) <= MAX_SIZE_RATIO * min(before, now)
        if applies:
            try:
                after = edited(result.judged, part)
            except EditsError as error:
                result.stale.append(f"{place}: {str(error).split(';')[0]}")
                continue
            result = replace(result, judged=after, edits=[*result.edits, part])
        if changed:
            message = (
                f"{place}: the region there has {now} pixels now, {before} then; "
                f"{'applied' if applies else 'not applied'}; look again"
            )
            result.changed.append(ChangedRegion(part.world_mm, message))
            result = replace(result, judged=result.judged.with_judged(region, False))
    return result


def replay_mark(
    judged: JudgedRegions, payload: Mapping[str, Any]
) -> tuple[JudgedRegions, list[ChangedRegion]]:
    """Mark the unchanged regions of a stored mark; return the changed ones beside the result."""
    stored = payload["regions"]
    numbers = judged.regions.at([region["world_mm"] for region in stored])
    if not payload["reviewed"]:
        return judged.with_judged(numbers, False), []
    unchanged, changed = [], []
    for number, region in zip(numbers, stored, strict=True):
        if number and _is_same(judged, number, region):
            unchanged.append(number)
        elif number:
            changed.append(ChangedRegion(tuple(region["world_mm"])))
    return judged.with_judged(np.array(unchanged, np.int64), True), changed


def changes_to_review(judged: JudgedRegions, changed: Sequence[ChangedRegion]) -> list[str]:
    """Return a line for each change, where no reader has judged the region since."""
    if not changed:
        return []
    regions = judged.regions.at([change.world_mm for change in changed])
    unjudged = [
        (change.message, int(region))
        for change, region in zip(changed, regions, strict=True)
        if not judged.judged[region]
    ]
    lines = [message for message, _ in unjudged if message]
    marks = len({region for message, region in unjudged if not message})
    if marks:
        count = "1 region" if marks == 1 else f"{marks} regions"
        lines.append(f"{count} marked as reviewed changed since; look again")
    return lines


def _parts(
    judged: JudgedRegions, edit: Edit, stored: Sequence[Mapping[str, Any]]
) -> list[tuple[Edit, Mapping[str, Any] | None]]:
    """Divide an edit into one for each stored region; an unchanged lesion stays whole."""
    if edit.scope == "region":
        return [(edit, stored[0])]
    try:
        lesion = identify_edited(judged, edit)
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


def _is_same(judged: JudgedRegions, region: int, stored: Mapping[str, Any]) -> bool:
    identity = int(judged.sizes[region]), int(judged.checksums[region])
    return identity == (stored["voxels"], stored["checksum"])
