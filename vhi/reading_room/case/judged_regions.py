"""Regions with a reader's judgements, and the identity by which a region is recognised later."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.steps.cleaning import apply_edit, region_at
from vhi.steps.edits import FROM_PROPOSAL, TOGETHER, Edit
from vhi.steps.regions import Regions

RELATION = np.dtype(f"U{max(map(len, FROM_PROPOSAL))}")


@dataclass(frozen=True, eq=False)
class JudgedRegions:
    """The regions of a case's candidates, with the reader's cuts and removals, and what was judged.

    Arrays have the shape (count + 1,): `marked`, seen and left as they are; `relations`, how a mark
    or an acceptance together relates to a proposal, one of `vhi.steps.edits.FROM_PROPOSAL` or
    empty; `sizes` in voxels; `checksums` of the voxels' positions; `middle`, the flat index of one
    voxel.
    """

    regions: Regions
    marked: NDArray[np.bool_]
    relations: NDArray[np.str_]
    sizes: NDArray[np.int64]
    checksums: NDArray[np.int64]
    middle: NDArray[np.int64]

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Whether a region is removed, restored or marked, shape (count + 1,)."""
        return self.regions.judged | self.marked

    @property
    def together(self) -> NDArray[np.bool_]:
        """Whether a region was accepted together with others and not looked at since."""
        return (self.relations == TOGETHER) & ~self.judged

    def mark(self, which: ArrayLike, marked: bool, relations: ArrayLike = "") -> JudgedRegions:
        """Mark regions, by number, as seen and left, or take marks back; number 0 is skipped."""
        marks = self.marked.copy()
        marks[np.asarray(which)] = marked
        marks[0] = False
        return replace(self, marked=marks).relate(which, relations)

    def relate(self, which: ArrayLike, relations: ArrayLike) -> JudgedRegions:
        """Return the regions with the relations of some, by number, to a proposal."""
        related = self.relations.copy()
        related[np.asarray(which)] = relations
        return replace(self, relations=related)

    def left_as_they_are(self) -> list[tuple[NDArray[np.int64], str]]:
        """Return a voxel and the relation of each region that no edit judges or removes together.

        These are regions marked as seen, and regions kept with a proposal without looking.
        """
        kept = self.together & ~self.regions.removed
        numbers = np.flatnonzero((self.marked & ~self.regions.judged) | kept)
        voxels = np.unravel_index(self.middle[numbers], self.regions.labels.shape)
        relations = self.relations[numbers].tolist()
        return list(zip(np.stack(voxels, axis=1), relations, strict=True))

    def identify(self, numbers: ArrayLike, world_mm: ArrayLike) -> list[dict[str, Any]]:
        """Return what the store keeps of regions, each with a world position on it."""
        points = np.asarray(world_mm, float).round(4).tolist()
        return [
            {
                "world_mm": point,
                "voxels": int(self.sizes[number]),
                "checksum": int(self.checksums[number]),
            }
            for point, number in zip(points, np.asarray(numbers), strict=True)
        ]

    def identify_edited(self, edit: Edit) -> list[dict[str, Any]]:
        """Return what the store keeps of an edit's regions; EditsError if it points to none."""
        regions = self.regions
        number = region_at(regions, edit)
        if edit.scope == "region":
            return self.identify([number], [edit.world_mm])
        lesion = np.flatnonzero(regions.lesion_of == regions.lesion_of[number])
        others = lesion[lesion != number]
        voxels = np.stack(np.unravel_index(self.middle[others], regions.labels.shape), axis=1)
        world_mm = [edit.world_mm, *regions.labels.world(voxels)]
        return self.identify([number, *others], world_mm)

    def is_same(self, number: int, stored: Mapping[str, Any]) -> bool:
        """Return whether a region is the one that the store has identified."""
        identity = int(self.sizes[number]), int(self.checksums[number])
        return identity == (stored["voxels"], stored["checksum"])


def unjudged(regions: Regions) -> JudgedRegions:
    """Return regions of which none is judged."""
    none, empty = np.zeros(regions.count + 1, bool), np.full(regions.count + 1, "", RELATION)
    return JudgedRegions(regions, none, empty, *_identities(regions))


def edited(judged: JudgedRegions, edit: Edit) -> JudgedRegions:
    """Apply one edit; parts of a cut region, and a region to look at again, lose their mark.

    EditsError: no candidate lies there, or a cut does not divide its region.
    """
    before = judged.regions
    number = region_at(before, edit)
    after = apply_edit(before, edit)
    if edit.action != "cut":
        judged = replace(judged, regions=after)
        if edit.proposal == TOGETHER:
            judged = judged.relate(number, TOGETHER)
        return judged if edit.judged else judged.mark(number, False)
    marks = np.zeros(after.count + 1, bool)
    marks[: before.count + 1] = judged.marked
    relations = np.full(after.count + 1, "", RELATION)
    relations[: before.count + 1] = judged.relations
    marks[number], relations[number] = False, ""
    return JudgedRegions(after, marks, relations, *_identities(after))


def _identities(regions: Regions) -> tuple[NDArray[np.int64], ...]:
    """Return sizes, checksums and middle voxels; see `JudgedRegions`."""
    part = regions.part
    flat = np.ravel_multi_index(tuple(regions.voxels.T), regions.numbers.shape).astype("<i8")
    flat = flat[np.argsort(part, kind="stable")]
    sizes = np.bincount(part, minlength=regions.count + 1)
    voxels = np.split(flat, np.cumsum(sizes)[:-1])
    checksums = np.array([zlib.crc32(of_region.tobytes()) for of_region in voxels], np.int64)
    middle = np.array([v[len(v) // 2] if len(v) else 0 for v in voxels], np.int64)
    return sizes, checksums, middle
