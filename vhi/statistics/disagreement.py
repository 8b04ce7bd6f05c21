"""Where two masks differ: part by part, the largest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.statistics.overlap import check_masks


@dataclass(frozen=True)
class Disagreement:
    """One connected part of the union of two masks, in which they differ.

    `label` is 1 for the part that differs most. Of the part's `voxels`, `first_only`, `second_only`
    and `both` are marked by one mask or both; `share` is its part of all voxels that differ, above
    0 to 1. `voxel` is where to look: in the slice with most differing voxels, the one nearest to
    their centre. `slices` are its first and last slice, counted from 0.
    """

    label: int
    voxels: int
    first_only: int
    second_only: int
    both: int
    share: float
    voxel: tuple[int, int, int]
    slices: tuple[int, int]


def disagreements(
    first: NDArray[np.bool_], second: NDArray[np.bool_], *, slice_axis: int = -1
) -> list[Disagreement]:
    """List the parts in which two masks differ, by their share of the difference.

    A part is a set of voxels of either mask that is connected across slices, diagonals included
    (26 neighbours), as lesions are. Two outlines of one lesion are one part; so are large lesions
    that touch.

    Parameters
    ----------
    first, second
        Boolean, one shape (ni, nj, nk).
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    list of Disagreement
        Largest share first, ties in array order. Parts in which both are equal are left out.

    Raises
    ------
    ValueError
        The arrays are not boolean, their shapes differ, or they are not 3-D.

    Examples
    --------
    >>> first, second = np.zeros((2, 4, 6, 1), bool)
    >>> first[1, 1:3] = second[1, 2:4] = second[3, 5] = True
    >>> [(part.first_only, part.second_only, part.both) for part in disagreements(first, second)]
    [(1, 1, 1), (0, 1, 0)]
    """
    check_masks(first, second)
    if first.ndim != 3:
        raise ValueError(f"masks have three axes here; got shape {first.shape}")
    parts, count = ndimage.label(first | second, np.ones((3, 3, 3)))
    differs = first != second
    counts = np.stack([
        np.bincount(parts[where], minlength=count + 1)
        for where in (first & ~second, second & ~first, first & second)
    ])  # fmt: skip
    different = counts[0] + counts[1]
    boxes = ndimage.find_objects(parts)
    order = np.argsort(-different, kind="stable")[: np.count_nonzero(different)]
    results = []
    for label, part in enumerate(order, start=1):
        box = boxes[part - 1]
        start = np.array([axis.start for axis in box])
        places = start + np.argwhere(differs[box] & (parts[box] == part))
        share = float(different[part] / different.sum())
        voxel = _where_to_look(places, slice_axis)
        slices = box[slice_axis].start, box[slice_axis].stop - 1
        one, two, both = counts[:, part].tolist()
        results.append(Disagreement(label, one + two + both, one, two, both, share, voxel, slices))
    return results


def _where_to_look(places: NDArray[np.int64], slice_axis: int) -> tuple[int, int, int]:
    slices, counts = np.unique(places[:, slice_axis], return_counts=True)
    places = places[places[:, slice_axis] == slices[np.argmax(counts)]]
    away = np.sum((places - places.mean(axis=0)) ** 2, axis=1)
    i, j, k = places[np.argmin(away)].tolist()
    return i, j, k
