"""Scans and masks in memory: a 3-D array, its affine, and whether two lie on one grid.

Voxel (i, j, k) lies at world position ``affine @ (i, j, k, 1)`` in millimetres, RAS+: x grows
to the patient's right, y to the front, z to the head.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from vhi.checks import Note
from vhi.errors import InputError

SAME_GRID_TOLERANCE_MM = 0.05
"""Largest distance between the corners of two images on one grid. The study's masks and scans,
written by different programs, agree to about 0.01 mm; a tenth of a pixel is 0.06 mm."""


@dataclass(frozen=True, eq=False)
class Image:
    """A 3-D array with its place in the patient.

    Attributes
    ----------
    array : ndarray, shape (ni, nj, nk)
        Intensities (float64, scaling applied) or a mask (bool).
    affine : ndarray, shape (4, 4)
        Voxel to world, RAS+, in mm.
    name : str
        File name without folder, for messages and provenance.
    oriented : bool
        False when the file stores no orientation, so that left and right are a convention.
    notes : tuple of Note
        Warnings about the file.
    """

    array: NDArray[Any]
    affine: NDArray[np.float64]
    name: str = ""
    oriented: bool = True
    notes: tuple[Note, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each array axis."""
        ni, nj, nk = self.array.shape
        return ni, nj, nk

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along each array axis, in mm."""
        di, dj, dk = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(di), float(dj), float(dk)

    @property
    def slice_axis(self) -> int:
        """Array axis along which slices are stacked: the one of largest spacing, last on ties."""
        spacing = np.round(self.spacing_mm, 4)
        return int(2 - np.argmax(spacing[::-1]))

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel by pitch (gaps between slices included), in mm³."""
        return float(np.prod(self.spacing_mm))

    def world(self, voxels: ArrayLike) -> NDArray[np.float64]:
        """Return world positions, shape (..., 3) in mm, of voxel indices of shape (..., 3)."""
        return np.asarray(voxels, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def voxel(self, world_mm: ArrayLike) -> NDArray[np.int64]:
        """Return the nearest voxel indices, shape (..., 3), of world positions in mm.

        The indices may lie outside the array.
        """
        inverse = np.linalg.inv(self.affine)
        position = np.asarray(world_mm, float) @ inverse[:3, :3].T + inverse[:3, 3]
        # Rounding first to 1e-6 makes a voxel's own centre come back as itself on any machine.
        # The bound keeps absurd positions from overflowing; they are outside any grid.
        bounded = np.clip(np.round(position, 6), -1e9, 1e9)
        return np.floor(bounded + 0.5).astype(np.int64)

    @property
    def middle_mm(self) -> tuple[float, float, float]:
        """World position of the middle of a mask; of the middle of the grid where it is empty."""
        middle = (np.array(self.shape) - 1) / 2
        if self.array.any():
            for axis, length in enumerate(self.shape):
                others = tuple(other for other in range(3) if other != axis)
                middle[axis] = np.average(np.arange(length), weights=self.array.sum(axis=others))
        x, y, z = self.world(middle)
        return float(x), float(y), float(z)

    def with_array(self, array: NDArray[Any], name: str = "") -> Image:
        """Return another array on the same grid."""
        return Image(array, self.affine, name or self.name, self.oriented)


def check_same_grid(
    first: Image, second: Image, *, tolerance_mm: float = SAME_GRID_TOLERANCE_MM
) -> None:
    """Raise an error unless two images lie on one grid.

    The eight corners are compared in millimetres, not the headers: the same grid can be written
    in more than one way.

    Raises
    ------
    InputError
        Shapes differ, or corners lie further apart than `tolerance_mm`; the message has the size
        of the misfit.
    """
    remedy = "use images of one grid, or add --resample to resample it"
    if first.shape != second.shape:
        raise InputError(
            f"{second.name}: {times(second.shape)} voxels, but {first.name} has "
            f"{times(first.shape)}; {remedy}"
        )
    misfit = corner_misfit_mm(first, second)
    if misfit > tolerance_mm:
        raise InputError(
            f"{second.name}: lies up to {misfit:.2f} mm away from {first.name} "
            f"(allowed {tolerance_mm:g} mm); {remedy}"
        )


def corner_misfit_mm(first: Image, second: Image) -> float:
    """Return the largest distance in mm between equal corners of two images of equal shape."""
    ni, nj, nk = first.shape
    corners = np.array([(i, j, k) for i in (0, ni - 1) for j in (0, nj - 1) for k in (0, nk - 1)])
    return float(np.linalg.norm(first.world(corners) - second.world(corners), axis=1).max())


def resample(image: Image, grid: Image, *, order: int = 0) -> Image:
    """Resample an image to the grid of another through world coordinates.

    Parameters
    ----------
    image
        The image to resample, usually a mask.
    grid
        The image whose shape and affine the result has.
    order
        0, nearest neighbour, for masks; 1, linear, for scans that are only shown.

    Returns
    -------
    Image
        Same type as `image`; 0 where the grid reaches beyond it.
    """
    to_image = np.linalg.inv(image.affine) @ grid.affine
    # A grid that is only turned or flipped maps voxel on voxel: rounding off the last digits
    # keeps nearest neighbour from falling to the wrong side there.
    to_image = np.round(to_image, 9)
    source = image.array.astype(np.uint8) if image.array.dtype == bool else image.array
    resampled = ndimage.affine_transform(source, to_image, output_shape=grid.shape, order=order)
    return Image(resampled.astype(image.array.dtype), grid.affine, image.name, image.oriented)


def times(lengths: Iterable[float]) -> str:
    """Return lengths as text, such as ``336 x 336 x 25``."""
    return " x ".join(str(length) for length in lengths)
