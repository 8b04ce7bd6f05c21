"""Regions as a reader cuts and removes them, one edit after the other.

`vhi.cleaning.apply_edits` replays a whole record and gives what is left. Here the regions keep
numbers that a page can show and point to, and one edit costs little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.candidates import MIN_PIXELS, UPPER, group_lesions, label_regions
from vhi.cleaning import cut_in_place, region_at
from vhi.edits import Edit
from vhi.images import Image


@dataclass(frozen=True)
class Pieces:
    """The regions of a case's candidates with a reader's cuts, and which of them are removed.

    Attributes
    ----------
    labels : Image
        Candidates 0, 1, 2, small regions gone, before edits.
    regions : ndarray of int32
        Region of each voxel, 0 outside. Before any cut they are numbered largest first, as
        `vhi.list_regions` does; further parts of a cut region follow.
    count : int
        How many there are.
    lesion_of : ndarray, shape (count + 1,)
        Lesion of each region, numbered from 1.
    removed, judged : ndarray of bool, shape (count + 1,)
        Taken out; removed, restored or marked as reviewed by hand.
    """

    labels: Image
    regions: NDArray[np.int32]
    count: int
    lesion_of: NDArray[np.int64]
    removed: NDArray[np.bool_]
    judged: NDArray[np.bool_]

    def left(self) -> NDArray[np.uint8]:
        """Return the labels that are left."""
        return self.labels.array * ~self.removed[self.regions]


def pieces_of(candidates: Image, *, min_pixels: int = MIN_PIXELS) -> Pieces:
    """Remove small regions as `vhi.remove_small_regions` does, and number the rest."""
    axis = candidates.slice_axis
    # Slice by slice in memory, whatever the order of the scan's axes: a third of the time.
    stack = np.moveaxis(candidates.array, axis, 0).copy("C")
    regions, count = label_regions(stack > 0, slice_axis=0)
    place = np.nonzero(regions)
    sizes = np.bincount(regions[place], minlength=count + 1)
    stays = sizes >= min_pixels
    kept = int(np.count_nonzero(stays))
    first = _first_voxels(place, regions[place], count, candidates)
    rank = np.zeros(count + 1, np.int32)
    rank[1 + np.lexsort((first[1:], -sizes[1:]))[:kept]] = np.arange(1, kept + 1)
    regions = rank[regions]
    stack *= regions > 0
    labels = candidates.with_array(np.moveaxis(stack, 0, axis), "candidates")
    # Uncut regions that touch across slices are what is connected in three dimensions.
    connected, _ = ndimage.label(stack, np.ones((3, 3, 3), bool))
    part = regions[place]
    group = np.zeros(kept + 1, np.int64)
    group[part] = connected[place]
    sizes = np.bincount(rank, sizes, kept + 1)
    lesion_of = _ranked(group, sizes, _first_voxels(place, part, kept, candidates))
    nobody = np.zeros(kept + 1, bool)
    return Pieces(labels, np.moveaxis(regions, 0, axis), kept, lesion_of, nobody, nobody)


def edited(pieces: Pieces, edit: Edit) -> Pieces:
    """Apply one edit, by the rules of `vhi.cleaning`; `pieces` stays as it is.

    Raises
    ------
    EditsError
        No candidate lies there, or a cut does not divide its region.
    """
    grid = pieces.labels
    region = region_at(pieces.regions, grid, edit, 1)
    removed, judged = pieces.removed.copy(), pieces.judged.copy()
    if edit.action == "cut":
        regions = pieces.regions.copy("K")
        new = cut_in_place(regions, region, pieces.count, grid, edit, 1)
        count = pieces.count + new
        removed = np.concatenate([removed, np.full(new, removed[region])])
        judged = np.concatenate([judged, np.zeros(new, bool)])
        judged[region] = False
        stack = np.moveaxis(regions, grid.slice_axis, 0)
        group = np.asarray(group_lesions(stack, count, slice_axis=0), np.int64)
        place = np.nonzero(stack)
        part = stack[place]
        sizes = np.bincount(part, minlength=count + 1)
        lesion_of = _ranked(group, sizes, _first_voxels(place, part, count, grid))
        return Pieces(grid, regions, count, lesion_of, removed, judged)
    which: Any = region
    if edit.scope == "lesion":
        which = pieces.lesion_of == pieces.lesion_of[region]
    removed[which] = edit.action == "remove"
    judged[which] = True
    return Pieces(grid, pieces.regions, pieces.count, pieces.lesion_of, removed, judged)


def marked(pieces: Pieces, world_mm: NDArray[np.float64], reviewed: bool) -> Pieces:
    """Mark the regions at world positions, shape (n, 3), as reviewed or not; skip empty places."""
    voxels = pieces.labels.voxel(world_mm)
    inside = ((voxels >= 0) & (voxels < pieces.labels.shape)).all(axis=1)
    judged = pieces.judged.copy()
    judged[pieces.regions[tuple(voxels[inside].T)]] = reviewed
    judged[0] = False
    return Pieces(
        pieces.labels, pieces.regions, pieces.count, pieces.lesion_of, pieces.removed, judged
    )


def region_rows(pieces: Pieces, stir: Image, midline_mm: float) -> list[dict[str, Any]]:
    """Describe every region: size, intensities, side, and a voxel that lies on it.

    Returns
    -------
    list of dict
        By number, with what `vhi.candidates.Region` says of it, and ``voxel``.
    """
    regions, count = pieces.regions, pieces.count
    if count == 0:
        return []
    axis = stir.slice_axis
    stack = np.moveaxis(regions, axis, 0)
    by_slice = np.nonzero(stack)
    voxel = _order(by_slice, stir)
    # One key, region and then array order: sorting by two would take twice as long.
    key = stack[by_slice].astype(np.int64) * regions.size + voxel
    place = np.unravel_index(voxel[np.argsort(key)], regions.shape)
    index = np.stack(place, axis=1)
    part, values = regions[place], stir.array[place]
    voxels = np.bincount(part, minlength=count + 1)[1:]
    starts = np.concatenate([[0], np.cumsum(voxels)[:-1]])
    upper = np.bincount(part, pieces.labels.array[place] == UPPER, count + 1)[1:]
    total = np.bincount(part, values, count + 1)[1:]
    peak = np.maximum.reduceat(values, starts)
    summed = np.stack([np.bincount(part, along, count + 1)[1:] for along in place], axis=1)
    centre = summed / voxels[:, None]
    side = stir.world(centre)[:, 0] > midline_mm

    # Of each region's voxels, first in array order of those nearest to its centroid.
    away = (((index - centre[part - 1]) * stir.spacing_mm) ** 2).sum(axis=1).round(9)
    closest = np.flatnonzero(away == np.repeat(np.minimum.reduceat(away, starts), voxels))
    nearest = index[closest[np.searchsorted(closest, starts)]]
    voxel_mm3 = stir.voxel_volume_mm3
    voxel_mm2 = voxel_mm3 / stir.spacing_mm[axis]
    return [
        {
            "id": n + 1,
            "lesion": int(pieces.lesion_of[n + 1]),
            "slice": int(nearest[n, axis]),
            "voxels": int(voxels[n]),
            "voxels_upper": int(upper[n]),
            "area_mm2": round(float(voxels[n] * voxel_mm2), 3),
            "volume_mm3": round(float(voxels[n] * voxel_mm3), 3),
            "mean": round(float(total[n] / voxels[n]), 3),
            "peak": round(float(peak[n]), 3),
            "side": "right" if side[n] else "left",
            "voxel": [int(x) for x in nearest[n]],
        }
        for n in range(count)
    ]


def _ranked(
    group: NDArray[np.int64], sizes: NDArray[Any], first: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the lesion of each region, largest first from 1, by the group that it belongs to."""
    if group.size == 1:
        return np.zeros(1, np.int64)
    voxels = np.bincount(group[1:], sizes[1:])[1:]
    begins = np.full(voxels.size, np.iinfo(np.int64).max)
    np.minimum.at(begins, group[1:] - 1, first[1:])
    rank = np.zeros(voxels.size + 1, np.int64)
    rank[1 + np.lexsort((begins, -voxels))] = np.arange(1, voxels.size + 1)
    return rank[group]


def _first_voxels(
    place: tuple[NDArray[np.intp], ...], part: NDArray[np.int32], count: int, grid: Image
) -> NDArray[np.int64]:
    """Return for each region how early in the grid's order it begins: what decides on ties.

    `place` is of the region voxels as (slice, in-plane axes), `part` their regions.
    """
    first = np.full(count + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, part, _order(place, grid))
    return first


def _order(place: tuple[NDArray[np.intp], ...], grid: Image) -> NDArray[np.int64]:
    """Return the position in array order of voxels given as (slice, in-plane axes)."""
    index = list(place[1:])
    index.insert(grid.slice_axis, place[0])
    return np.asarray(np.ravel_multi_index(tuple(index), grid.shape), np.int64)
