"""Connected regions of candidates within a slice, and the removal of small ones (step v).

Source: Hepburn et al. 2023, section 2.5.1 (v).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

MIN_PIXELS = 4
"""Regions of fewer pixels are removed: "<4 pixels (i.e. any region with an area <1.39mm²)"."""


def label_regions(
    mask: NDArray[np.bool_], *, slice_axis: int = -1
) -> tuple[NDArray[np.int32], int]:
    """Number the regions of a mask: connected within a slice, diagonals included.

    Parameters
    ----------
    mask
        Shape (ni, nj, nk).
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    numbers : ndarray of int32
        0 outside, else 1 to `count`, in array order.
    count : int
    """
    in_plane = np.ones((3, 3, 3), bool)
    by_slice = np.moveaxis(in_plane, slice_axis, 0)
    by_slice[[0, 2]] = False
    numbers, count = ndimage.label(mask, in_plane)
    return numbers.astype(np.int32, copy=False), int(count)


def large_enough(
    numbers: NDArray[np.int32], count: int, min_pixels: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which regions have at least `min_pixels` pixels, and their sizes; 0 is background."""
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    return sizes >= min_pixels, sizes


def remove_small_regions(
    labels: NDArray[np.uint8], *, min_pixels: int = MIN_PIXELS, slice_axis: int = -1
) -> NDArray[np.uint8]:
    """Remove regions of fewer than `min_pixels` pixels, slice by slice.

    Parameters
    ----------
    labels
        0 is background; shape (ni, nj, nk).
    min_pixels
        Smallest region that stays; 1 keeps everything.
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    ndarray of uint8
        A copy of `labels` with the small regions set to 0.
    """
    kept = np.zeros_like(labels)
    # In the order of memory, whatever that of the axes: a third of the time.
    order = sorted(range(labels.ndim), key=lambda axis: -abs(labels.strides[axis]))
    inside, outside = labels.transpose(order), kept.transpose(order)
    # Candidates fill a small part of a scan: only their box is searched.
    for box in ndimage.find_objects((inside > 0).view(np.uint8)):
        mask = inside[box] > 0
        numbers, count = label_regions(mask, slice_axis=order.index(slice_axis % labels.ndim))
        stays, _ = large_enough(numbers, count, min_pixels)
        outside[box] = inside[box] * stays[numbers]
    return kept
