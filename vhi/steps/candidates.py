"""Candidate voxels, small regions, and what is left as a list (steps iv and v).

A *region* is a set of candidates connected within one slice (8 neighbours). A *lesion* is a set
of regions connected across slices (26 neighbours).

Source: Hepburn et al. 2023, section 2.5.1 (iv) and (v), and the authors' published numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.image import Image
from vhi.steps.thresholds import Thresholds

MIN_PIXELS = 4
"""Regions of fewer pixels are removed: "<4 pixels (i.e. any region with an area <1.39mm²)"."""

UPPER = 2
"""Label of voxels at or above the upper threshold. 1 is from the lower threshold up to the upper
one, 0 all else."""


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
        ``"right"`` or ``"left"`` of the patient, as its centroid lies from the midline.
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


def label_candidates(
    stir: NDArray[np.floating], disease_region: NDArray[np.bool_], thresholds: Thresholds
) -> NDArray[np.uint8]:
    """Label the voxels of the disease region by threshold; both thresholds are inclusive.

    Parameters
    ----------
    stir
        Scaled intensities, any shape.
    disease_region
        Mask of the same shape.
    thresholds
        From `vhi.estimate_thresholds`.

    Returns
    -------
    ndarray of uint8
        0, or 1 where lower ≤ intensity < upper, or 2 where intensity ≥ upper.
    """
    if stir.shape != disease_region.shape:
        raise ValueError(f"stir has shape {stir.shape}, disease_region {disease_region.shape}")
    labels = (stir >= thresholds.lower).astype(np.uint8)
    labels += stir >= thresholds.upper
    labels *= disease_region
    return labels


def label_regions(
    mask: NDArray[np.bool_], *, slice_axis: int = -1
) -> tuple[NDArray[np.int32], int]:
    """Give numbers to the regions of a mask: connected within a slice, diagonals included.

    Parameters
    ----------
    mask
        Shape (ni, nj, nk).
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    labels : ndarray of int32
        0 outside, else 1 to `count`, in array order.
    count : int
    """
    in_plane = np.ones((3, 3, 3), bool)
    by_slice = np.moveaxis(in_plane, slice_axis, 0)
    by_slice[[0, 2]] = False
    labels, count = ndimage.label(mask, in_plane)
    return labels.astype(np.int32, copy=False), int(count)


def remove_small_regions(
    labels: NDArray[np.uint8], *, min_pixels: int = MIN_PIXELS, slice_axis: int = -1
) -> NDArray[np.uint8]:
    """Remove regions of fewer than `min_pixels` pixels, slice by slice.

    Regions are formed by all candidates, labels 1 and 2 together, with 8 neighbours.

    Parameters
    ----------
    labels
        From `label_candidates`, shape (ni, nj, nk).
    min_pixels
        Smallest region that stays; 1 keeps everything.
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    ndarray of uint8
        A copy of `labels` with the small regions set to 0.
    """
    regions, count = label_regions(labels > 0, slice_axis=slice_axis)
    pixels = np.bincount(regions.ravel(), minlength=count + 1)
    stays = pixels >= min_pixels
    return labels * stays[regions]


def group_lesions(regions: NDArray[np.integer], count: int, *, slice_axis: int = -1) -> NDArray:
    """Give numbers to lesions: regions that touch across neighbouring slices, diagonals included.

    Working on regions, not voxels, lets a reader's cut through a region hold in the lesion too.

    Parameters
    ----------
    regions
        Region numbers 0 to `count`, shape (ni, nj, nk).

    Returns
    -------
    ndarray of int, shape (count + 1,)
        Lesion of each region, from 1; entry 0 is 0.
    """
    # Imported here: it would make up most of the time of `import vhi`.
    from scipy import sparse
    from scipy.sparse import csgraph

    stack = np.moveaxis(regions, slice_axis, 0)
    below, above = stack[:-1], np.pad(stack[1:], ((0, 0), (1, 1), (1, 1)))
    place = np.nonzero(below)
    pairs = []
    for di in range(3):
        for dj in range(3):
            other = above[place[0], place[1] + di, place[2] + dj]
            touching = other > 0
            pairs.append(np.stack([below[place][touching], other[touching]]))
    first, second = np.concatenate(pairs, axis=1)
    ones = np.ones(first.size, bool)
    graph = sparse.coo_array((ones, (first, second)), shape=(count + 1, count + 1))
    _, component = csgraph.connected_components(graph, directed=False)
    # The background, number 0, touches nothing and so is a component of its own, the first.
    return np.asarray(component)


def list_regions(
    labels: NDArray[np.uint8],
    stir: Image,
    *,
    midline_mm: float | None = None,
    lesions: bool = False,
) -> list[Region]:
    """Describe every region, or every lesion, largest first.

    Parameters
    ----------
    labels
        Candidate labels 0, 1, 2 on the grid of `stir`.
    stir
        Intensities and geometry.
    midline_mm
        World x that separates the patient's right from left: that of normal bone, which lies in
        the sacrum. The middle of the grid when not given.
    lesions
        Describe lesions instead of regions.

    Returns
    -------
    list of Region
        Empty when there are no candidates.
    """
    axis = stir.slice_axis
    regions, count = label_regions(labels > 0, slice_axis=axis)
    if count == 0:
        return []
    lesion_of = group_lesions(regions, count, slice_axis=axis)
    lesion_sizes = np.bincount(lesion_of[regions].ravel())
    lesion_rank = _rank(lesion_sizes)
    parts = lesion_of[regions] if lesions else regions
    rank = lesion_rank if lesions else _rank(np.bincount(parts.ravel()))

    place = np.nonzero(parts)
    part = rank[parts[place]]
    number = int(part.max())
    voxels = np.bincount(part, minlength=number + 1)
    voxel_mm2 = stir.voxel_volume_mm3 / stir.spacing_mm[axis]
    upper = np.bincount(part, labels[place] == UPPER, number + 1)
    total = np.bincount(part, stir.array[place], number + 1)
    index = np.stack(place, axis=1)
    centre = np.stack([np.bincount(part, axis_index, number + 1) for axis_index in place], axis=1)
    ids = np.arange(number + 1)
    peak = ndimage.maximum(stir.array[place], part, ids[1:])
    first = ndimage.minimum(place[axis], part, ids[1:])
    last = ndimage.maximum(place[axis], part, ids[1:])
    if midline_mm is None:
        midline_mm = float(stir.world((np.array(stir.shape) - 1) / 2)[0])

    order = np.argsort(part, kind="stable")
    ends = np.cumsum(voxels)
    described = []
    for n in range(1, number + 1):
        members = order[ends[n - 1] : ends[n]]
        middle = centre[n] / voxels[n]
        centroid_mm = stir.world(middle)
        away = np.linalg.norm((index[members] - middle) * stir.spacing_mm, axis=1)
        nearest = index[members[np.argmin(away)]]
        own = regions[tuple(nearest)]
        described.append(
            Region(
                id=n,
                lesion=int(lesion_rank[lesion_of[own]]),
                slices=(int(first[n - 1]), int(last[n - 1])),
                voxels=int(voxels[n]),
                voxels_upper=int(upper[n]),
                area_mm2=float(voxels[n] * voxel_mm2),
                volume_mm3=float(voxels[n] * stir.voxel_volume_mm3),
                voxel=(int(nearest[0]), int(nearest[1]), int(nearest[2])),
                centroid_mm=(float(centroid_mm[0]), float(centroid_mm[1]), float(centroid_mm[2])),
                mean=float(total[n] / voxels[n]),
                peak=float(peak[n - 1]),
                side="right" if centroid_mm[0] > midline_mm else "left",
            )
        )
    return described


def _rank(sizes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return new numbers, largest first from 1; 0 stays 0 whatever its size."""
    rank = np.zeros(sizes.size, np.int64)
    rank[1 + np.argsort(-sizes[1:], kind="stable")] = np.arange(1, sizes.size)
    return rank
