"""A reference made of several masks of one scan, where no truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vhi.statistics.overlap import check_masks


def majority(masks: Sequence[NDArray[np.bool_]], *, at_least: int) -> NDArray[np.bool_]:
    r"""Return the voxels that at least `at_least` masks mark.

    .. math:: R = \Bigl\{ x : \sum_m [x \in A_m] \ge k \Bigr\}

    An error that the masks share is in the reference too. The reference favours its own members,
    the more so the fewer they are, and the method by which they were made.

    Parameters
    ----------
    masks
        Boolean, one shape, at least one.
    at_least
        How many must mark a voxel, :math:`k`: 1 gives the union, ``len(masks)`` the intersection.

    Returns
    -------
    ndarray of bool

    Raises
    ------
    ValueError
        There is no mask, the masks are not boolean or their shapes differ, or `at_least` is not
        between 1 and their number.

    References
    ----------
    Hepburn et al. 2023, section 2.7.1: at least three of two manual and two cleaned masks.

    Examples
    --------
    >>> masks = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], bool)
    >>> majority(list(masks), at_least=2)
    array([ True,  True, False, False])
    """
    if len(masks) == 0:
        raise ValueError("a majority is of masks; got none, give at least one")
    if not 1 <= at_least <= len(masks):
        raise ValueError(
            f"at_least lies between 1 and the number of masks, {len(masks)}; got {at_least}"
        )
    for mask in masks:
        check_masks(masks[0], mask)
    return np.asarray(np.sum(masks, axis=0, dtype=np.int32) >= at_least)
