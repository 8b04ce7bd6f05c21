"""Regions as one value: numbering, description, removal, restoring, cutting, judging, lesions.

A *region* is a set of candidates connected within one slice (8 neighbours). A *lesion* is a set
of regions connected across slices (26 neighbours).

Source: Hepburn et al. 2023, section 2.5.1 (v) and (vi), section 2.5.4.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from vhi.errors import EditsError
from vhi.images.image import Image
from vhi.steps.small_regions import label_regions, large_enough

UPPER = 2
"""Label of voxels at or above the upper threshold; 1 is at or above the lower one and below the
upper one, 0 is everything else."""

Which = int | NDArray[np.bool_] | NDArray[np.integer]

MAX_LINE_VOXELS = 10_000
"""A cut whose end lies further out is a mistake; drawing to it would take all memory."""


@dataclass(frozen=True)
class Region:
    """One candidate region or lesion, described.

    Attributes
    ----------
    id : int
        1 for the largest; ties in array order.
    lesion : int
        The lesion a region belongs to; a lesion's own id.
    slices : tuple of int
        First and last slice index, counted from 0.
    voxels, voxels_upper : int
        Candidates at or above the lower and the upper threshold.
    area_mm2 : float
        Area by pitch: in its slice, or summed over the slices of a lesion.
    volume_mm3 : float
        Volume by pitch.
    voxel : tuple of int
        Index of the candidate nearest to the centroid: a point that surely lies on the region.
    centroid_mm : tuple of float
        World position, RAS+, mm.
    mean, peak : float
        STIR intensity.
    side : str
        ``"right"`` or ``"left"`` of the patient: the side of the midline its centroid lies on.
    """

    id: int
    lesion: int
    slices: tuple[int, int]
    voxels: int
    voxels_upper: int
    area_mm2: float
    volume_mm3: float
    voxel: tuple[int, int, int]
    centroid_mm: tuple[float, float, float]
    mean: float
    peak: float
    side: str


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a case's candidates, with a reader's cuts, removals and judgements.

    Nothing is changed in place: `remove`, `restore`, `cut` and `judge` return new values.

    Attributes
    ----------
    labels : Image
        Candidates 0, 1, 2, small regions removed, before any edit.
    numbers : ndarray of int32
        Region of each voxel, 0 outside. Before any cut, 1 is the largest, ties in array order; the
        further parts of a cut region get the numbers after `count`.
    count : int
    lesion_of : ndarray, shape (count + 1,)
        Lesion of each region, 1 for the largest; entry 0 is 0.
    removed : ndarray of bool, shape (count + 1,)
    judged : ndarray of bool, shape (count + 1,)
        Whether a reader has removed, restored or kept the region. The parts of a cut are not
        judged until an edit or mark says so.
    voxels : ndarray, shape (n, 3)
        Indices of all regions' voxels, slice by slice: most questions need these alone.
    """

    labels: Image
    numbers: NDArray[np.int32]
    count: int
    lesion_of: NDArray[np.int64]
    removed: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    voxels: NDArray[np.int64]

    @property
    def part(self) -> NDArray[np.int32]:
        """Region of each of `voxels`, shape (n,)."""
        return self.numbers[tuple(self.voxels.T)]

    def at(self, world_mm: ArrayLike) -> NDArray[np.int64]:
        """Return the regions at world positions, shape (..., 3) in mm; 0 where there is none."""
        voxels = self.labels.voxel(world_mm)
        inside = np.asarray(((voxels >= 0) & (voxels < self.labels.shape)).all(axis=-1))
        index = np.where(inside[..., None], voxels, 0)
        return np.where(inside, self.numbers[tuple(np.moveaxis(index, -1, 0))], 0)

    def remaining(self) -> NDArray[np.uint8]:
        """Return the labels of the regions that are not removed, shape of the scan."""
        return self.labels.array * ~self.removed[self.numbers]

    def remove(self, which: Which) -> Regions:
        """Return the regions with some removed; `which` is an index or mask over `removed`."""
        return self._marked(which, True)

    def restore(self, which: Which) -> Regions:
        """Return the regions with some restored; see `remove`."""
        return self._marked(which, False)

    def _marked(self, which: Which, removed: bool) -> Regions:
        marked = self.removed.copy()
        marked[which] = removed
        return replace(self, removed=marked).judge(which)

    def judge(self, which: Which, judged: bool = True) -> Regions:
        """Return the regions with some marked as judged or not; number 0 is skipped."""
        marked = self.judged.copy()
        marked[which] = judged
        marked[0] = False
        return replace(self, judged=marked)

    def cut(self, number: int, line: NDArray[np.int64]) -> Regions:
        """Return the regions with one divided along a line; a cut by itself removes nothing.

        The paper keeps boundaries as the threshold drew them, "except when the posterior part of
        the joint or foramen were segmented along with a potential lesion" (section 2.5.4).

        Parameters
        ----------
        number
            The region to divide.
        line
            Corner voxels of the line, shape (n, 3), all in the region's slice.

        Raises
        ------
        EditsError
            The line leaves the slice or does not divide the region.
        """
        axis = self.labels.slice_axis
        index = self.voxels[np.argmax(self.part == number), axis]
        in_slice = (line[:, axis] == index).all() and np.abs(line).max() < MAX_LINE_VOXELS
        numbers = self.numbers.copy("K")
        plane = np.moveaxis(numbers, axis, 0)[index]
        parts = _divide(plane == number, np.delete(line, axis, axis=1)) if in_slice else None
        if parts is None:
            raise EditsError(
                "the line does not divide the region; draw it all the way across the "
                "region, in its slice"
            )
        further = parts > 1
        plane[further] = self.count + parts[further] - 1
        added = int(parts.max()) - 1
        judged = np.concatenate([self.judged, np.zeros(added, bool)])
        judged[number] = False
        return replace(
            self,
            numbers=numbers,
            count=self.count + added,
            lesion_of=_lesions(numbers, self.count + added, self.voxels, self.labels),
            removed=np.concatenate([self.removed, np.full(added, self.removed[number])]),
            judged=judged,
        )

    def describe(self, stir: Image, *, midline_mm: float | None = None) -> list[Region]:
        """Describe every region, in the order of their numbers.

        Parameters
        ----------
        stir
            Intensities, on the grid of `labels`.
        midline_mm
            World x that separates the patient's right from left; the middle of the grid when not
            given.

        Returns
        -------
        list of Region
            Empty where there are no candidates.
        """
        return self._describe(self.part, self.lesion_of, stir, midline_mm)

    def describe_lesions(self, stir: Image, *, midline_mm: float | None = None) -> list[Region]:
        """Describe every lesion, largest first; parameters and result as for `describe`."""
        lesions = np.arange(self.lesion_of.max() + 1)
        return self._describe(self.lesion_of[self.part], lesions, stir, midline_mm)

    def _describe(
        self,
        part: NDArray[np.integer],
        lesion_of: NDArray[np.int64],
        stir: Image,
        midline_mm: float | None,
    ) -> list[Region]:
        if not part.size:
            return []
        if midline_mm is None:
            midline_mm = float(stir.world((np.array(stir.shape) - 1) / 2)[0])
        order = np.argsort(part, kind="stable")
        index, part = self.voxels[order], part[order]
        place, axis = tuple(index.T), stir.slice_axis
        values = stir.array[place]
        voxels = np.bincount(part)[1:]
        starts = np.concatenate([[0], np.cumsum(voxels)[:-1]])
        upper = np.add.reduceat(self.labels.array[place] == UPPER, starts, dtype=np.int64)
        total = np.bincount(part, values)[1:]
        peak = np.maximum.reduceat(values, starts)
        first = np.minimum.reduceat(index[:, axis], starts)
        last = np.maximum.reduceat(index[:, axis], starts)
        summed = np.stack([np.bincount(part, along)[1:] for along in place], axis=1)
        centre = summed / voxels[:, None]
        centroid_mm = stir.world(centre)
        # Of each region's voxels, first in array order of those nearest to its centroid.
        away = (((index - centre[part - 1]) * stir.spacing_mm) ** 2).sum(axis=1).round(9)
        closest = np.flatnonzero(away == np.repeat(np.minimum.reduceat(away, starts), voxels))
        flat = np.full(len(part), stir.array.size)
        flat[closest] = np.ravel_multi_index(tuple(index[closest].T), stir.shape)
        first_flat = np.minimum.reduceat(flat, starts)
        nearest = np.stack(np.unravel_index(first_flat, stir.shape), axis=1)
        voxel_mm3 = stir.voxel_volume_mm3
        voxel_mm2 = voxel_mm3 / stir.spacing_mm[axis]
        return [
            Region(
                id=n + 1,
                lesion=int(lesion_of[n + 1]),
                slices=(int(first[n]), int(last[n])),
                voxels=int(voxels[n]),
                voxels_upper=int(upper[n]),
                area_mm2=float(voxels[n] * voxel_mm2),
                volume_mm3=float(voxels[n] * voxel_mm3),
                voxel=(int(nearest[n, 0]), int(nearest[n, 1]), int(nearest[n, 2])),
                centroid_mm=tuple(centroid_mm[n].tolist()),
                mean=float(total[n] / voxels[n]),
                peak=float(peak[n]),
                side="right" if centroid_mm[n, 0] > midline_mm else "left",
            )
            for n in range(len(voxels))
        ]


def find_regions(candidates: Image, *, min_pixels: int = 1) -> Regions:
    """Number the regions of candidates, largest first, and remove the small ones.

    Parameters
    ----------
    candidates
        Labels 0, 1, 2, or any mask.
    min_pixels
        Smallest region that stays, as for `remove_small_regions`.
    """
    axis = candidates.slice_axis
    # Slice by slice in memory, whatever the order of the scan's axes: a third of the time.
    stack = np.moveaxis(candidates.array, axis, 0).copy("C")
    found, count = label_regions(stack > 0, slice_axis=0)
    labels, numbers = (np.moveaxis(array, 0, axis) for array in (stack, found))
    place = list(np.unravel_index(np.flatnonzero(stack > 0), stack.shape))
    place.insert(axis, place.pop(0))
    voxels = np.stack(place, axis=1)
    part = numbers[tuple(voxels.T)]
    stays, sizes = large_enough(part, count, min_pixels)
    kept = int(np.count_nonzero(stays[1:]))
    rank = np.zeros(count + 1, np.int32)
    first = _first(part, count, voxels, candidates)
    rank[1 + np.lexsort((first[1:], -sizes[1:]))[:kept]] = np.arange(1, kept + 1)
    part = rank[part]
    numbers[tuple(voxels.T)] = part
    labels[tuple(voxels[part == 0].T)] = 0
    voxels = voxels[part > 0]
    return Regions(
        candidates.with_array(labels, "candidates"),
        numbers,
        kept,
        _lesions(numbers, kept, voxels, candidates),
        np.zeros(kept + 1, bool),
        np.zeros(kept + 1, bool),
        voxels,
    )


def _lesions(
    numbers: NDArray[np.int32], count: int, voxels: NDArray[np.int64], grid: Image
) -> NDArray[np.int64]:
    """Return the lesion of each region, largest first from 1; `voxels` are those of all regions.

    Regions touch across neighbouring slices, diagonals included. Working on regions, not voxels,
    lets a reader's cut through a region hold in the lesion too.
    """
    axis = grid.slice_axis
    stack = np.moveaxis(numbers, axis, 0)
    in_plane = [other for other in range(3) if other != axis]
    slices, rows, columns = voxels[voxels[:, axis] + 1 < len(stack)][:, [axis, *in_plane]].T
    below = stack[slices, rows, columns].astype(np.int64)
    pairs = []
    for down, across in itertools.product((-1, 0, 1), repeat=2):
        # At the rim a neighbour outside becomes one that is looked at anyway.
        above = slices + 1, rows + down, columns + across
        other = stack.take(np.ravel_multi_index(above, stack.shape, mode="clip"))
        pair = below * (count + 1) + other
        pairs.append(pair[np.diff(pair, prepend=-1) != 0])  # along a row they repeat
    both = np.stack(np.divmod(np.concatenate(pairs), count + 1))
    first, second = both[:, both[1] > 0]
    # The background touches nothing: it is a group of its own, number 0.
    groups, group = _joined(first, second, count + 1)

    part = numbers[tuple(voxels.T)]
    sizes = np.bincount(group[part], minlength=groups)
    begins = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(begins, group, _first(part, count, voxels, grid))
    rank = np.zeros(groups, np.int64)
    rank[1 + np.lexsort((begins[1:], -sizes[1:]))] = np.arange(1, groups)
    return rank[group]


def _joined(
    first: NDArray[np.int64], second: NDArray[np.int64], count: int
) -> tuple[int, NDArray[np.int64]]:
    """Return how many groups pairs of numbers below `count` join, and the group of each number.

    As `scipy.sparse.csgraph.connected_components`, whose import takes longer than a case's lesions.
    """
    root = np.arange(count)
    while (root[first] != root[second]).any():
        a, b = root[first], root[second]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while (root[root] != root).any():
            root = root[root]
    roots, group = np.unique(root, return_inverse=True)
    return len(roots), group.ravel()


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


def _divide(region: NDArray[np.bool_], line: NDArray[np.int64]) -> NDArray[np.int32] | None:
    """Divide a region of one slice along a line of pixels.

    The line's own pixels go to the nearest part.

    Parameters
    ----------
    region
        Mask of one region, shape (na, nb).
    line
        Corner pixels of the line, shape (n, 2).

    Returns
    -------
    ndarray or None
        Parts numbered from 1, or None where the line leaves the region whole.
    """
    drawn = np.zeros(region.shape, bool)
    for start, stop in itertools.pairwise(line):
        steps = 2 * int(np.abs(stop - start).max()) + 1
        position = np.linspace(start, stop, steps + 1)
        # Both neighbours on each axis: no diagonal gap through which 8-connected parts would touch.
        for a, b in itertools.product((np.floor, np.ceil), repeat=2):
            place = np.stack([a(position[:, 0]), b(position[:, 1])], axis=1).astype(int)
            inside = ((place >= 0) & (place < region.shape)).all(axis=1)
            drawn[tuple(place[inside].T)] = True
    parts, count = ndimage.label(region & ~drawn, np.ones((3, 3), bool))
    if count < 2:
        return None
    nearest = ndimage.distance_transform_edt(
        parts == 0, return_distances=False, return_indices=True
    )
    return np.where(region, parts[tuple(nearest)], 0).astype(np.int32)
