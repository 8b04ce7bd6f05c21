"""A region as it was when a reader judged it, and what her edit does once it is another one.

A mask that is drawn or exchanged makes other candidates. Where a vessel of nine pixels was removed
a lesion may lie that took it in, which nobody has judged: so each edit and mark is kept with the
size and a checksum of its region.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vhi.errors import EditsError
from vhi.reading_room.case.pieces import Pieces, edited
from vhi.steps.cleaning import region_at
from vhi.steps.edits import Edit, decode_edit

SIMILAR = 1.5
"""Up to this ratio of sizes an edit applies to a region that is not quite the one it was made on.
Chosen: a threshold that moves a little moves a region's rim, while one that joins or divides
regions changes their sizes by more."""


@dataclass(frozen=True)
class Changed:
    """A judgement of a region that is another one now.

    Attributes
    ----------
    world_mm : tuple of float
        Where it points.
    words : str
        What has changed; empty for a mark.
    """

    world_mm: tuple[float, float, float]
    words: str = ""


@dataclass(frozen=True)
class Replayed:
    """What a stored edit did.

    Attributes
    ----------
    pieces : Pieces
        The regions after it.
    edits : list of Edit
        What of it applied.
    stale : list of str
        What found no candidate, or divided none.
    changed : list of Changed
        What met another region.
    """

    pieces: Pieces
    edits: list[Edit]
    stale: list[str]
    changed: list[Changed]


def seen(pieces: Pieces, regions: ArrayLike, world_mm: ArrayLike) -> list[dict[str, Any]]:
    """Return what is kept of regions, by number, each with a world position on it."""
    points = np.asarray(world_mm, float).round(4).tolist()
    return [
        {
            "world_mm": point,
            "voxels": int(pieces.sizes[region]),
            "checksum": int(pieces.checksums[region]),
        }
        for point, region in zip(points, np.asarray(regions), strict=True)
    ]


def seen_by(pieces: Pieces, edit: Edit) -> list[dict[str, Any]]:
    """Return what is kept of the regions that an edit is about; EditsError where none lies."""
    region = region_at(pieces.regions, pieces.labels, edit, 1)
    if edit.scope == "region":
        return seen(pieces, [region], [edit.world_mm])
    lesion = np.flatnonzero(pieces.lesion_of == pieces.lesion_of[region])
    others = lesion[lesion != region]
    voxels = np.stack(np.unravel_index(pieces.middle[others], pieces.regions.shape), axis=1)
    world_mm = [edit.world_mm, *pieces.labels.world(voxels)]
    return seen(pieces, [region, *others], world_mm)


def replay_edit(pieces: Pieces, record: Mapping[str, Any], number: int) -> Replayed:
    """Do what a stored edit of action `number` says, region by region.

    A region that is the same one as then is edited; another one only where its size is within
    `SIMILAR` of what it was. Either way another one counts as not judged.
    """
    edit = decode_edit(record)
    done = Replayed(pieces, [], [], [])
    for part, then in _parts(pieces, edit, record["regions"]):
        (region,) = done.pieces.at([part.world_mm])
        where = f"edit {number} ({part.action}, slice {part.voxel[pieces.labels.slice_axis]})"
        same = region == 0 or then is None or _is_same(done.pieces, region, then)
        before, now = (0, 0) if then is None else (then["voxels"], int(done.pieces.sizes[region]))
        applies = same or max(before, now) <= SIMILAR * min(before, now)
        if applies:
            try:
                done = replace(done, pieces=edited(done.pieces, part), edits=[*done.edits, part])
            except EditsError as error:
                done.stale.append(f"{where}: {plain(error).split(';')[0]}")
                continue
        if not same:
            words = (
                f"{where}: the region there has {now} pixels now, {before} then; "
                f"{'applied' if applies else 'not applied'}; look again"
            )
            done.changed.append(Changed(part.world_mm, words))
            done = replace(done, pieces=_marked(done.pieces, [region], False))
    return done


def replay_mark(pieces: Pieces, payload: Mapping[str, Any]) -> tuple[Pieces, list[Changed]]:
    """Mark the regions that a stored mark is about, but for those that are others now."""
    regions = payload["regions"]
    numbers = pieces.at([region["world_mm"] for region in regions])
    if not payload["reviewed"]:
        return _marked(pieces, numbers, False), []
    pairs = list(zip(numbers, regions, strict=True))
    same = [number for number, then in pairs if number and _is_same(pieces, number, then)]
    changed = [
        Changed(tuple(then["world_mm"]))
        for number, then in pairs
        if number and not _is_same(pieces, number, then)
    ]
    return _marked(pieces, same, True), changed


def to_look_at(pieces: Pieces, changed: Sequence[Changed]) -> list[str]:
    """Return what to tell of judgements whose regions are others now and not judged since."""
    if not changed:
        return []
    pairs = zip(changed, pieces.at([each.world_mm for each in changed]), strict=True)
    left = [(each.words, int(region)) for each, region in pairs if not pieces.judged[region]]
    marks = len({region for words, region in left if not words})
    said = [words for words, _ in left if words]
    if marks:
        count = "1 region" if marks == 1 else f"{marks} regions"
        said.append(f"{count} marked as reviewed changed since; look again")
    return said


def plain(error: Exception) -> str:
    """Return what is wrong with an edit, without its number in a record."""
    return str(error).removeprefix("edit 1: ")


def _parts(
    pieces: Pieces, edit: Edit, regions: Sequence[Mapping[str, Any]]
) -> list[tuple[Edit, Mapping[str, Any] | None]]:
    """Return an edit as one for each region that it was made on, or whole where that is as good.

    Of stores of the first version it is not known which regions those were.
    """
    if not regions:
        return [(edit, None)]
    if edit.scope == "region":
        return [(edit, regions[0])]
    try:
        now = seen_by(pieces, edit)
    except EditsError:
        now = []
    if _identities(now) == _identities(regions):
        return [(edit, None)]
    voxels = pieces.labels.voxel([region["world_mm"] for region in regions]).tolist()
    return [
        (
            replace(edit, scope="region", voxel=tuple(voxel), world_mm=tuple(region["world_mm"])),
            region,
        )
        for voxel, region in zip(voxels, regions, strict=True)
    ]


def _marked(pieces: Pieces, regions: ArrayLike, judged: bool) -> Pieces:
    """Mark regions, by number, as judged or not; number 0 is skipped."""
    now = pieces.judged.copy()
    now[np.asarray(regions, np.int64)] = judged
    now[0] = False
    return replace(pieces, judged=now)


def _identities(regions: Sequence[Mapping[str, Any]]) -> set[tuple[int, int]]:
    return {(region["voxels"], region["checksum"]) for region in regions}


def _is_same(pieces: Pieces, region: int, then: Mapping[str, Any]) -> bool:
    """Say whether a region is the one that was seen then; of an old mark that is not known."""
    now = int(pieces.sizes[region]), int(pieces.checksums[region])
    return "checksum" not in then or now == (then["voxels"], then["checksum"])
