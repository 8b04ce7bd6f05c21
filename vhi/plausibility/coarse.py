"""A scan in blocks of about 2.4 mm, in which contrast and edges are judged."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from vhi.images.image import Image

BLOCK_MM = 2.4
"""Edge of a block. Chosen: four pixels of the study; noise averages out, cortical bone shows."""

BETWEEN_MM = 7.0
"""Largest distance of the slices that are looked at. Chosen: every second one of the study's, which
gives the same margins as all of them in half the time."""

BODY = 0.25
"""Share of the 90th percentile above which a voxel counts as body, not air. Chosen: the
study's muscle has medians of 0.32 to 0.56, air hardly any."""

MIN_FIELD_MM = 140.0
"""Smallest field of view, in the slice, on which anything is judged. Both sacroiliac joints with
the bone around them need about this much; the study has 200 mm."""


@dataclass(frozen=True, eq=False)
class Coarse:
    """A scan in coarse blocks, the slice axis last.

    Attributes
    ----------
    array : ndarray, shape (rows, columns, slices)
        Mean intensity of each block; negative intensities count as 0.
    bright : float
        The 90th percentile.
    body : ndarray of bool
        Blocks that are no air.
    blocks : tuple of int
        Voxels of a block along the array axes; 1 along the slice axis.
    between : int
        Every so manieth slice is taken.
    slice_axis : int
    """

    array: NDArray[np.float64]
    bright: float
    body: NDArray[np.bool_]
    blocks: tuple[int, int, int]
    between: int
    slice_axis: int

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """How steep the logarithm of the intensities is in each block but the outermost."""
        level = np.log(self.array + (0.1 * self.bright or 1.0))
        across = level[2:, 1:-1] - level[:-2, 1:-1]
        along = level[1:-1, 2:] - level[1:-1, :-2]
        return np.asarray(np.sqrt(across * across + along * along))

    def at_blocks(self, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the voxels in the middle of the blocks, of an array on the scan's grid."""
        places: list[slice] = []
        for axis, block in enumerate(self.blocks):
            if axis == self.slice_axis:
                places.append(slice(0, None, self.between))
            else:
                places.append(slice(block // 2, array.shape[axis] // block * block, block))
        return np.moveaxis(array[tuple(places)], self.slice_axis, 2)


_KNOWN: WeakKeyDictionary[Image, Coarse] = WeakKeyDictionary()


def coarse(scan: Image) -> Coarse:
    """Return a scan in coarse blocks; computed once for each scan in memory."""
    if scan not in _KNOWN:
        _KNOWN[scan] = _coarse(scan)
    return _KNOWN[scan]


def wide_enough(scan: Image) -> bool:
    """Return whether the slices are wide enough for a pelvis, see `MIN_FIELD_MM`."""
    return min(field_mm(scan)) >= MIN_FIELD_MM


def field_mm(scan: Image) -> tuple[float, float]:
    """Return the field of view along both axes of a slice, in mm."""
    first, second = (
        length * step
        for axis, (length, step) in enumerate(zip(scan.shape, scan.spacing_mm, strict=True))
        if axis != scan.slice_axis
    )
    return first, second


def side_axis(image: Image) -> int:
    """Return the array axis nearest to the patient's right and left."""
    return int(np.argmax(np.abs(image.affine[0, :3])))


def _coarse(scan: Image) -> Coarse:
    axis, spacing = scan.slice_axis, scan.spacing_mm
    between = max(1, int(BETWEEN_MM / spacing[axis]))
    sizes = [1 if k == axis else max(1, round(BLOCK_MM / spacing[k])) for k in range(3)]
    planes = np.moveaxis(scan.array, axis, 2)[:, :, ::between]
    first, second = (size for k, size in enumerate(sizes) if k != axis)
    rows, columns = planes.shape[0] // first, planes.shape[1] // second
    planes = planes[: rows * first, : columns * second]
    # One strided sum for each place in a block: six times as fast as a mean over axes.
    halved = functools.reduce(np.add, [planes[:, place::second] for place in range(second)])
    array = functools.reduce(np.add, [halved[place::first] for place in range(first)])
    array = (array / (first * second)).clip(min=0)
    bright = float(np.percentile(array, 90))
    return Coarse(
        array, bright, array > BODY * bright, (sizes[0], sizes[1], sizes[2]), between, axis
    )
