"""Regions as a reader cuts and removes them, one edit after the other.

`vhi.steps.cleaning.apply_edits` replays a whole record and gives what is left. Here the regions
keep numbers that a page can show and point to, and one edit costs little.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

from vhi.images.image import Image
from vhi.steps.candidates import MIN_PIXELS, UPPER, label_regions
from vhi.steps.cleaning import cut_in_place, region_at
from vhi.steps.edits import Edit


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
    voxels : ndarray, shape (n, 3)
        Those of all regions, slice by slice: what is asked of regions is asked of these alone.
    sizes, checksums, middle : ndarray, shape (count + 1,)
        Of each region the number of its voxels, a checksum of where they lie, by which it is known
        to be the same one, and the index of one of them in the flat array.
    """

    labels: Image
    regions: NDArray[np.int32]
    count: int
    lesion_of: NDArray[np.int64]
    removed: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    voxels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    checksums: NDArray[np.int64]
    middle: NDArray[np.int64]

    def at(self, world_mm: ArrayLike) -> NDArray[np.int64]:
        """Return the regions at world positions, shape (n, 3); 0 where none is."""
        voxels = self.labels.voxel(world_mm)
        inside = ((voxels >= 0) & (voxels < self.labels.shape)).all(axis=1)
        return np.where(inside, self.regions[tuple(np.where(inside, voxels.T, 0))], 0)

    def left(self) -> NDArray[np.uint8]:
        """Return the labels that are left."""
        return self.labels.array * ~self.removed[self.regions]


def pieces_of(candidates: Image, *, min_pixels: int = MIN_PIXELS) -> Pieces:
    """Remove small regions as `vhi.remove_small_regions` does, and number the rest."""
    axis = candidates.slice_axis
    # Slice by slice in memory, whatever the order of the scan's axes: a third of the time.
    stack = np.moveaxis(candidates.array, axis, 0).copy("C")
    found, count = label_regions(stack > 0, slice_axis=0)
    labels, regions = (np.moveaxis(each, 0, axis) for each in (stack, found))
    place = list(np.unravel_index(np.flatnonzero(stack > 0), stack.shape))
    place.insert(axis, place.pop(0))
    voxels = np.stack(place, axis=1)
    part = regions[tuple(voxels.T)]
    sizes = np.bincount(part, minlength=count + 1)
    kept = int(np.count_nonzero(sizes >= min_pixels))
    rank = np.zeros(count + 1, np.int32)
    first = _first(part, count, voxels, candidates)
    rank[1 + np.lexsort((first[1:], -sizes[1:]))[:kept]] = np.arange(1, kept + 1)
    part = rank[part]
    regions[tuple(voxels.T)] = part
    labels[tuple(voxels[part == 0].T)] = 0
    voxels = voxels[part > 0]
    nobody = np.zeros(kept + 1, bool)
    return Pieces(
        candidates.with_array(labels, "candidates"),
        regions,
        kept,
        _lesions(regions, kept, voxels, candidates),
        nobody,
        nobody,
        voxels,
        *_identities(regions, kept, voxels),
    )


def edited(pieces: Pieces, edit: Edit) -> Pieces:
    """Apply one edit, by the rules of `vhi.steps.cleaning`; `pieces` stays as it is.

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
        lesion_of = _lesions(regions, count, pieces.voxels, grid)
        same = _identities(regions, count, pieces.voxels)
        return Pieces(grid, regions, count, lesion_of, removed, judged, pieces.voxels, *same)
    which: Any = region
    if edit.scope == "lesion":
        which = pieces.lesion_of == pieces.lesion_of[region]
    removed[which] = edit.action == "remove"
    judged[which] = True
    return replace(pieces, removed=removed, judged=judged)


def region_rows(pieces: Pieces, stir: Image, midline_mm: float) -> list[dict[str, Any]]:
    """Describe every region: size, intensities, side, and a voxel that lies on it.

    Returns
    -------
    list of dict
        By number, with what `vhi.steps.candidates.Region` says of it, and ``voxel``.
    """
    count, axis = pieces.count, stir.slice_axis
    if count == 0:
        return []
    part = pieces.regions[tuple(pieces.voxels.T)]
    by_region = np.argsort(part, kind="stable")
    index, part = pieces.voxels[by_region], part[by_region]
    place = tuple(index.T)
    values = stir.array[place]
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


def _identities(
    regions: NDArray[np.int32], count: int, voxels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], ...]:
    """Return sizes, checksums and middle voxels of all regions; see `Pieces`."""
    part = regions[tuple(voxels.T)]
    flat = np.ravel_multi_index(tuple(voxels.T), regions.shape).astype("<i8")
    flat = flat[np.argsort(part, kind="stable")]
    sizes = np.bincount(part, minlength=count + 1)
    ends = np.cumsum(sizes)
    places = np.split(flat, ends[:-1])
    checksums = np.array([zlib.crc32(place.tobytes()) for place in places], np.int64)
    middle = np.array([place[len(place) // 2] if len(place) else 0 for place in places], np.int64)
    return sizes, checksums, middle


def _lesions(
    regions: NDArray[np.int32], count: int, voxels: NDArray[np.int64], grid: Image
) -> NDArray[np.int64]:
    """Return the lesion of each region, largest first from 1; `voxels` are those of all regions."""
    part = regions[tuple(voxels.T)]
    group, lesions = _touching(regions, count, voxels, grid.slice_axis)
    sizes = np.bincount(group[part], minlength=lesions + 1)
    first = np.full(lesions + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, group, _first(part, count, voxels, grid))
    rank = np.zeros(lesions + 1, np.int64)
    rank[1 + np.lexsort((first[1:], -sizes[1:]))] = np.arange(1, lesions + 1)
    return rank[group]


def _touching(
    regions: NDArray[np.int32], count: int, voxels: NDArray[np.int64], axis: int
) -> tuple[NDArray[np.integer], int]:
    """Group regions that touch across neighbouring slices: as `vhi.steps.candidates.group_lesions`.

    That one has to look for the voxels first, which takes longer than all that follows.
    """
    stack = np.moveaxis(regions, axis, 0)
    in_plane = [each for each in range(3) if each != axis]
    slices, rows, columns = voxels[voxels[:, axis] + 1 < len(stack)][:, [axis, *in_plane]].T
    part = stack[slices, rows, columns].astype(np.int64)
    pairs = []
    for down, across in itertools.product((-1, 0, 1), repeat=2):
        above = slices + 1, rows + down, columns + across
        # At the rim a neighbour outside becomes one that is looked at anyway.
        other = stack.take(np.ravel_multi_index(above, stack.shape, mode="clip"))
        pair = part * (count + 1) + other
        pairs.append(pair[np.diff(pair, prepend=-1) != 0])  # along a row they repeat
    both = np.stack(np.divmod(np.concatenate(pairs), count + 1))
    first, second = both[:, both[1] > 0]
    graph = sparse.coo_array((np.ones(first.size, bool), (first, second)), (count + 1, count + 1))
    # The background touches nothing: it is a group of its own, number 0.
    groups, group = csgraph.connected_components(graph, directed=False)
    return group, groups - 1


def _first(
    part: NDArray[np.int32], count: int, voxels: NDArray[np.int64], grid: Image
) -> NDArray[np.int64]:
    """Return how early in the grid's order each region begins: what decides on ties.

    Within a slice, and so within a region, the order slice by slice is that of the grid.
    """
    place = np.full(count + 1, part.size)
    np.minimum.at(place, part, np.arange(part.size))
    first = np.zeros(count + 1, np.int64)
    first[1:] = np.ravel_multi_index(tuple(voxels[place[1:]].T), grid.shape)
    return first
