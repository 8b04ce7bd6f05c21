"""VHI at other lower thresholds, and as a function of the multiple n.

Masks at different thresholds are nested: a higher threshold leaves a subset of the candidates,
every region of that subset lies within one region at the lower threshold, which is at least as
large, so what is kept at the higher threshold is kept at the lower one. VHI therefore never grows
with the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.box import bounding_box
from vhi.steps.candidates import Candidates
from vhi.steps.small_regions import label_regions, large_enough, remove_small_regions
from vhi.steps.volume import measure_volume

OTHER_SLICE_MM = 1e6
"""Distance set between slices, where only voxels of one slice are compared. Chosen: far beyond any
scan."""


@dataclass(frozen=True)
class CurvePoint:
    """VHI at one multiple n.

    Attributes
    ----------
    multiple : float
    threshold : float
        Upper quartile + multiple × interquartile range.
    voxels : int
    mm3 : float
        By pitch.
    """

    multiple: float
    threshold: float
    voxels: int
    mm3: float


class NestedCandidates:
    """Candidates at several lower thresholds, counted without a mask of the scan for each.

    Attributes
    ----------
    box : tuple of slice
        Bounding box of the searched bone.
    voxels : tuple of three ndarray of int, shape (n,)
        Indices in the box, of all voxels at or above the lowest threshold: slices first.
    values : ndarray, shape (n,)
        Their intensities.
    """

    def __init__(self, candidates: Candidates, lowest: float) -> None:
        axis, searched = candidates.stir.slice_axis, candidates.searched
        self.box = bounding_box(searched)
        inside = np.moveaxis(candidates.stir.array[self.box], axis, 0)
        above = (inside >= lowest) & np.moveaxis(searched[self.box], axis, 0)
        # Slices one below the other, an empty row after each, make one plane, in which regions are
        # found. Further empty rows are left out: most of the time goes into empty pixels.
        count, length, width = above.shape
        slices = np.zeros((count, length + 1, width), bool)
        slices[:, :-1] = above
        rows = slices.reshape(count * (length + 1), width)
        filled = np.asarray(rows.any(axis=1))
        self._plane = rows[filled | np.append(False, filled[:-1])]
        self._numbers = np.zeros(self._plane.shape, np.int32)
        self._pixels = np.flatnonzero(self._plane)
        self._min_pixels = candidates.min_pixels
        self.voxels = np.unravel_index(np.flatnonzero(slices), slices.shape)
        self.values = inside[self.voxels]

    def at(self, threshold: float) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the region of each voxel at a threshold, 0 where none; and which are kept.

        Regions are connected within a slice; small ones are not kept, nor is number 0. The
        threshold is at or above the lowest one.
        """
        self._plane.reshape(-1)[self._pixels] = self.values >= threshold
        count = ndimage.label(self._plane, np.ones((3, 3), bool), output=self._numbers)
        part = self._numbers.reshape(-1)[self._pixels]
        stays, _ = large_enough(part, count, self._min_pixels)
        stays[0] = False
        return part, stays

    def count(self, threshold: float) -> int:
        """Return how many voxels are kept at a threshold, at or above the lowest one."""
        part, stays = self.at(threshold)
        return int(np.count_nonzero(stays[part]))


def inflammation_at(
    candidates: Candidates,
    threshold: float,
    *,
    left: NDArray[np.bool_] | None = None,
    finished: bool = True,
) -> NDArray[np.bool_]:
    """Return the inflammation at another lower threshold.

    Uncleaned: the candidates at that threshold, small regions removed.

    Cleaned: the regions at another threshold are not those that the reader judged, so the
    reader's opinion of them is unknown. The rule here:

    - a removed voxel stays removed, and a voxel that was left stays while it is a candidate;
    - a voxel that is new at a lower threshold joins where its region at that threshold holds a
      voxel that was left, and the nearest judged voxel of the slice was left (a tie goes to the
      voxel that was left); regions that are new altogether stay out.

    While a reader has not finished, a region that nobody has judged counts as inflammation. So
    every new voxel joins, unless the nearest candidate of its slice was removed.

    Either way the masks are nested: a higher threshold gives a subset.

    Parameters
    ----------
    candidates
        From `vhi.find_candidates`.
    threshold
        STIR intensity, inclusive.
    left
        Mask that a reader's edits left of the candidates; None where there are no edits.
    finished
        Whether the reader has judged every region, or stated that the scan is read.

    Returns
    -------
    ndarray of bool, shape of the scan
    """
    stir, axis = candidates.stir, candidates.stir.slice_axis
    above = ((stir.array >= threshold) & candidates.searched).astype(np.uint8)
    kept = remove_small_regions(above, min_pixels=candidates.min_pixels, slice_axis=axis) > 0
    if left is None:
        return kept
    judged = candidates.kept.array > 0
    if not finished:
        new = kept & ~judged
        new[new] = _nearer(np.argwhere(new), left, judged & ~left, stir.spacing_mm, axis)
        return (kept & left) | new
    numbers, count = label_regions(kept, slice_axis=axis)
    joins = np.zeros(count + 1, bool)
    joins[numbers[left]] = True
    joins[0] = False
    new = joins[numbers] & ~judged
    new[new] = _nearer(np.argwhere(new), left, judged & ~left, stir.spacing_mm, axis)
    return (kept & left) | new


def vhi_over_multiple(
    candidates: Candidates,
    multiples: Sequence[float],
    *,
    left: NDArray[np.bool_] | None = None,
    finished: bool = True,
) -> list[CurvePoint]:
    """Return VHI at other multiples n, to see how much the rule for n decides.

    Parameters
    ----------
    candidates, left, finished
        As for `inflammation_at`.
    multiples
        Any finite numbers. Unlike `vhi.thresholds_at`, thresholds above the brightest normal bone
        are not cut back to it.

    Returns
    -------
    list of CurvePoint
        In the order of `multiples`. At the n that the rule chose, the measured VHI.

    Raises
    ------
    ValueError
        A multiple is not finite.
    """
    if not np.isfinite(np.asarray(multiples, float)).all():
        raise ValueError("multiples must be finite; leave the others out")
    thresholds, points = candidates.thresholds, []
    for multiple in multiples:
        threshold = thresholds.upper_quartile + float(multiple) * thresholds.iqr
        mask = inflammation_at(candidates, threshold, left=left, finished=finished)
        volume = measure_volume(mask, candidates.stir.spacing_mm)
        points.append(CurvePoint(float(multiple), threshold, volume.voxels, volume.mm3))
    return points


def _nearer(
    voxels: NDArray[np.int64],
    left: NDArray[np.bool_],
    removed: NDArray[np.bool_],
    spacing_mm: Sequence[float],
    slice_axis: int,
) -> NDArray[np.bool_]:
    """Return for each voxel whether no voxel of `removed` in its slice is nearer than `left`."""
    # Imported here: only a cleaned measurement needs it.
    from scipy.spatial import KDTree

    if not len(voxels) or not removed.any():
        return np.ones(len(voxels), bool)
    # Slices so far apart that the nearest voxel lies in the same slice where that has one.
    scale = np.array(spacing_mm, float)
    scale[slice_axis] = OTHER_SLICE_MM
    to_left, to_removed = (
        KDTree(np.argwhere(mask) * scale).query(voxels * scale)[0] for mask in (left, removed)
    )
    return np.asarray((to_left <= to_removed) | (to_removed >= OTHER_SLICE_MM))
