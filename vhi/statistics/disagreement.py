"""Where two masks differ: part by part, the largest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.statistics.overlap import check_masks


@dataclass(frozen=True)
class Disagreement:
    """One connected part of what two masks mark together, in which they differ.

    Attributes
    ----------
    label : int
        1 for the part that differs most.
    voxels : int
        Of the part: the sum of the next three.
    first_only, second_only, both : int
        Voxels by which mask marks them.
    share : float
        Its part of all voxels that differ, above 0 to 1.
    voxel : tuple of int
        Where to look: in the slice with most differing voxels of the part, the differing voxel
        nearest to their centre there.
    slices : tuple of int
        First and last slice of the part, counted from 0.
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
    (26 neighbours), as lesions are. So two outlines of one lesion are one part, and a lesion that
    only one of the masks has is another; large lesions that touch are one.

    Parameters
    ----------
    first, second
        Boolean, one shape (ni, nj, nk).
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    list of Disagreement
        Largest share first, ties in array order. Parts in which both are equal are left out, so
        equal masks and empty ones give an empty list; else shares add up to 1.

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
    counts = [
        np.bincount(parts[where], minlength=count + 1)
        for where in (first & ~second, second & ~first, first & second)
    ]
    different = counts[0] + counts[1]
    boxes = ndimage.find_objects(parts)
    found: list[Disagreement] = []
    for part in np.argsort(-different, kind="stable")[: np.count_nonzero(different)]:
        box = boxes[part - 1]
        start = np.array([each.start for each in box])
        places = start + np.argwhere(differs[box] & (parts[box] == part))
        found.append(
            Disagreement(
                label=len(found) + 1,
                voxels=int(sum(each[part] for each in counts)),
                first_only=int(counts[0][part]),
                second_only=int(counts[1][part]),
                both=int(counts[2][part]),
                share=float(different[part] / different.sum()),
                voxel=_where_to_look(places, slice_axis),
                slices=(box[slice_axis].start, box[slice_axis].stop - 1),
            )
        )
    return found


def _where_to_look(places: NDArray[np.int64], slice_axis: int) -> tuple[int, int, int]:
    slices, counts = np.unique(places[:, slice_axis], return_counts=True)
    there = places[places[:, slice_axis] == slices[np.argmax(counts)]]
    away = np.sum((there - there.mean(axis=0)) ** 2, axis=1)
    i, j, k = (int(index) for index in there[np.argmin(away)])
    return i, j, k
