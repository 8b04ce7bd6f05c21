"""Regions as a reader judges them: the library's `Regions`, with judgements and identities."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.images.image import Image
from vhi.steps.cleaning import apply_edit, region_at
from vhi.steps.edits import Edit
from vhi.steps.regions import MIN_PIXELS, Regions, find_regions


@dataclass(frozen=True, eq=False)
class Pieces:
    """The regions of a case's candidates, and what a reader said of them.

    Attributes
    ----------
    found : Regions
        With the reader's cuts and removals.
    judged : ndarray of bool, shape (count + 1,)
        Removed, restored or marked as reviewed by hand.
    sizes, checksums, middle : ndarray, shape (count + 1,)
        Of each region the number of its voxels, a checksum of where they lie, by which it is known
        to be the same one, and the index of one of them in the flat array.
    """

    found: Regions
    judged: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    checksums: NDArray[np.int64]
    middle: NDArray[np.int64]

    @property
    def labels(self) -> Image:
        """Candidates 0, 1, 2, small regions removed, before edits."""
        return self.found.labels

    @property
    def regions(self) -> NDArray[np.int32]:
        """Region of each voxel, 0 outside."""
        return self.found.numbers

    @property
    def count(self) -> int:
        """Number of regions."""
        return self.found.count

    @property
    def lesion_of(self) -> NDArray[np.int64]:
        """Lesion of each region, shape (count + 1,)."""
        return self.found.lesion_of

    @property
    def removed(self) -> NDArray[np.bool_]:
        """Which regions are removed, shape (count + 1,)."""
        return self.found.removed

    def at(self, world_mm: ArrayLike) -> NDArray[np.int64]:
        """Return the regions at world positions, shape (n, 3); 0 where none is."""
        return self.found.at(world_mm)

    def left(self) -> NDArray[np.uint8]:
        """Return the labels that are left."""
        return self.found.remaining()


def pieces_of(candidates: Image, *, min_pixels: int = MIN_PIXELS) -> Pieces:
    """Number the regions of candidates, small ones removed; none is judged."""
    found = find_regions(candidates, min_pixels=min_pixels)
    return Pieces(found, np.zeros(found.count + 1, bool), *_identities(found))


def edited(pieces: Pieces, edit: Edit) -> Pieces:
    """Apply one edit; `pieces` stays as it is.

    Raises
    ------
    EditsError
        No candidate lies there, or a cut does not divide its region.
    """
    number = region_at(pieces.found, edit)
    found = apply_edit(pieces.found, edit)
    judged = np.zeros(found.count + 1, bool)
    judged[: pieces.count + 1] = pieces.judged
    if edit.action == "cut":
        judged[number] = False
        return Pieces(found, judged, *_identities(found))
    same_lesion = pieces.lesion_of == pieces.lesion_of[number]
    judged[same_lesion if edit.scope == "lesion" else number] = True
    return replace(pieces, found=found, judged=judged)


def region_rows(pieces: Pieces, stir: Image, midline_mm: float) -> list[dict[str, Any]]:
    """Describe every region, by number, as a page has it; see `vhi.steps.regions.Region`."""
    return [
        {
            "id": region.id,
            "lesion": region.lesion,
            "slice": region.slices[0],
            "voxels": region.voxels,
            "voxels_upper": region.voxels_upper,
            "area_mm2": round(region.area_mm2, 3),
            "volume_mm3": round(region.volume_mm3, 3),
            "mean": round(region.mean, 3),
            "peak": round(region.peak, 3),
            "side": region.side,
            "voxel": list(region.voxel),
        }
        for region in pieces.found.describe(stir, midline_mm=midline_mm)
    ]


def _identities(found: Regions) -> tuple[NDArray[np.int64], ...]:
    """Return sizes, checksums and middle voxels of all regions; see `Pieces`."""
    part = found.part
    flat = np.ravel_multi_index(tuple(found.voxels.T), found.numbers.shape).astype("<i8")
    flat = flat[np.argsort(part, kind="stable")]
    sizes = np.bincount(part, minlength=found.count + 1)
    ends = np.cumsum(sizes)
    places = np.split(flat, ends[:-1])
    checksums = np.array([zlib.crc32(place.tobytes()) for place in places], np.int64)
    middle = np.array([place[len(place) // 2] if len(place) else 0 for place in places], np.int64)
    return sizes, checksums, middle
