"""Overlap of two masks, slices or volumes of one shape.

A share is of voxels; with one spacing for both masks it is the same share of mm³.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    r"""Return the Dice coefficient of two masks: 1 where they are equal, 0 where they never meet.

    .. math:: D = \frac{2\,|A \cap B|}{|A| + |B|}

    A rim of one voxel costs a small mask more than a large one.

    Parameters
    ----------
    first, second
        Boolean, one shape. Their order does not matter.

    Returns
    -------
    float
        0 to 1. Two empty masks agree: 1. One empty mask: 0.

    Raises
    ------
    ValueError
        The arrays are not boolean, or their shapes differ.

    References
    ----------
    Dice 1945. The measure of Hepburn et al. 2023, section 2.6.

    Examples
    --------
    >>> dice(np.array([True, True, False]), np.array([False, True, True]))
    0.5
    """
    check_masks(first, second)
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return float(2 * _common(first, second) / total) if total else 1.0


def precision(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    r"""Return which share of a found mask is true, :math:`|F \cap T| / |F|`; errors as `dice`.

    Returns
    -------
    float
        0 to 1; NaN where the found mask is empty.
    """
    check_masks(found, truth)
    count = np.count_nonzero(found)
    return float(_common(found, truth) / count) if count else float("nan")


def recall(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    r"""Return which share of the truth was found, :math:`|F \cap T| / |T|`; errors as `dice`.

    Returns
    -------
    float
        0 to 1 (sensitivity); NaN where the truth is empty.
    """
    return precision(truth, found)


def volume_similarity(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    r"""Return how alike two masks are in size, wherever they lie; errors as `dice`.

    .. math:: S = 1 - \frac{\bigl||A| - |B|\bigr|}{|A| + |B|}

    Parameters
    ----------
    first, second
        Boolean, one shape. Their order does not matter.

    Returns
    -------
    float
        0 to 1, at least `dice`. Two empty masks: 1.

    References
    ----------
    Taha & Hanbury 2015, BMC Medical Imaging 15:29, where it is called volumetric similarity.
    """
    check_masks(first, second)
    sizes = np.count_nonzero(first), np.count_nonzero(second)
    return float(1 - abs(sizes[0] - sizes[1]) / sum(sizes)) if any(sizes) else 1.0


def check_masks(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> None:
    """Refuse arrays that are not two masks of one shape."""
    for array in (first, second):
        if array.dtype != bool:
            raise ValueError(f"a mask is a boolean array; got {array.dtype}, try array > 0")
    if first.shape != second.shape:
        raise ValueError(f"masks have one shape; got {first.shape} and {second.shape}")


def _common(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(first & second))
