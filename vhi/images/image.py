"""Scans and masks in memory: a 3-D array, its affine, and whether two lie on one grid.

Voxel (i, j, k) lies at world position ``affine @ (i, j, k, 1)`` in millimetres, RAS+: x grows
to the patient's right, y to the front, z to the head.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
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
        of the misfit, and a remedy.
    """
    same_shape = first.shape == second.shape
    misfit = corner_misfit_mm(first, second) if same_shape else np.inf
    if misfit <= tolerance_mm:
        return
    check_can_be_resampled(second, first)
    remedy = (
        "use images on one grid, or add --resample if both are from one visit and their headers "
        "are correct"
    )
    if not same_shape:
        raise InputError(
            f"{second.name}: has {times(second.shape)} voxels, but {first.name} has "
            f"{times(first.shape)}; {remedy}",
            check="one-grid",
        )
    here, there = (times(f"{mm:.3f}" for mm in image.spacing_mm) for image in (second, first))
    spacing = (
        f", because its voxels are {here} mm, not {there} mm (if a program wrote the slice "
        "thickness in place of the distance between slices, convert the scan again)"
    )
    raise InputError(
        f"{second.name}: lies up to {misfit:.2f} mm away from {first.name} "
        f"(allowed {tolerance_mm:g} mm){spacing if here != there else ''}; {remedy}",
        check="one-grid",
    )


def check_can_be_resampled(image: Image, grid: Image) -> None:
    """Refuse to take an image to another grid through world coordinates that it does not have.

    Raises
    ------
    InputError
        One of the two stores no orientation, the image's array axes are in another order than
        its header says, or its axes of the world are reversed.
    """
    unoriented = [part for part in (image, grid) if not part.oriented]
    same_shape = image.shape == grid.shape
    if len(unoriented) == 2:
        raise InputError(
            f"{image.name}: neither this file nor {grid.name} stores its position, and their grids "
            "differ; convert the scans from DICOM again and draw the masks on them",
            check="no-place",
        )
    if unoriented:
        lost = unoriented[0]
        _refuse_lost(lost, image if lost is grid else grid, "its position (no orientation)")
    if missing := _lost_parts(image, grid):
        _refuse_lost(image, grid, f"its {missing}")
    turned = sorted(image.shape) == sorted(grid.shape) and not same_shape
    if turned and np.allclose(image.affine, grid.affine, atol=SAME_GRID_TOLERANCE_MM):
        raise InputError(
            f"{image.name}: has {times(image.shape)} voxels in another order than {grid.name} "
            f"({times(grid.shape)}), but the same header; reorder its array axes (SimpleITK "
            "arrays start with the slice) and save it again",
            check="turned-axes",
        )
    axes = _reversed_axes(image, grid) if same_shape else ""
    if axes:
        raise InputError(
            f"{image.name}: lies where {grid.name} would lie with {axes} reversed (such as LPS "
            f"coordinates written as RAS); save it again with the geometry of {grid.name}",
            check="reversed-axes",
        )


def _refuse_lost(lost: Image, other: Image, missing: str) -> None:
    """Refuse an image without a place, and say how to give it one."""
    special = set(lost.name + other.name) & set("'\"`$\\%!")  # a terminal reads these as more
    remedy = (
        f"if its voxels match those of {other.name}, copy that file's geometry (in their folder: "
        f"python -c \"import nibabel as n; n.save(n.Nifti1Image(n.load('{lost.name}').get_fdata(), "
        f"n.load('{other.name}').affine), 'placed.nii.gz')\"), then compare both in a viewer"
        if lost.shape == other.shape and not special
        else "save it again, with its geometry, from the program that made it"
    )
    raise InputError(f"{lost.name}: does not store {missing}; {remedy}", check="no-place")


def _lost_parts(image: Image, grid: Image) -> str:
    """Return which parts of a geometry have the values of an empty one while the rest are a grid's.

    A program that hands an array on often hands on only some of them.
    """
    if image.shape != grid.shape:
        return ""
    here, there = (
        {
            "spacing": np.array(part.spacing_mm),
            "directions": part.affine[:3, :3] / part.spacing_mm,
            "origin": part.affine[:3, 3],
        }
        for part in (image, grid)
    )
    empty = {"spacing": np.ones(3), "directions": np.eye(3), "origin": np.zeros(3)}
    same = {name for name in empty if np.allclose(here[name], there[name], atol=1e-3)}
    lost = [
        name
        for name in empty.keys() - same
        if np.allclose(np.abs(here[name]), empty[name], atol=1e-6)
    ]
    whole = same and len(same) + len(lost) == len(empty)
    return " and ".join(sorted(lost)) if whole else ""


def _reversed_axes(image: Image, grid: Image) -> str:
    """Return the world's axes whose reversal brings an image to a grid of equal shape; else ""."""
    there = corners(grid.shape, grid.affine)
    here = corners(image.shape, image.affine)
    apart = np.linalg.norm(here[:, None] - there, axis=2)
    if apart.min(axis=1).max() <= SAME_GRID_TOLERANCE_MM:
        return ""  # one box, stored in another order
    for signs in itertools.product((1, -1), repeat=3):
        if np.linalg.norm(here * signs - there, axis=1).max() <= SAME_GRID_TOLERANCE_MM:
            return " and ".join(axis for axis, sign in zip("xyz", signs, strict=True) if sign < 0)
    return ""


def corner_misfit_mm(first: Image, second: Image) -> float:
    """Return the largest distance in mm between equal corners of two images of equal shape."""
    return affine_misfit_mm(first.shape, first.affine, second.affine)


def affine_misfit_mm(
    shape: Sequence[int], first: NDArray[np.float64], second: NDArray[np.float64]
) -> float:
    """Return the largest distance in mm between a grid's corners under two affines."""
    return float(
        np.linalg.norm(corners(shape, first) - corners(shape, second), axis=1).max(initial=0.0)
    )


def corners(shape: Sequence[int], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return world positions, shape (8, 3), of a grid's corner voxels."""
    ends = itertools.product(*((0, length - 1) for length in shape[:3]))
    return np.array(list(ends)) @ affine[:3, :3].T + affine[:3, 3]


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
        Same type as `image`; 0 outside of it. Voxels reach half a voxel beyond their centres, so
        those at the rim count like any other.

    Raises
    ------
    InputError
        As `check_can_be_resampled`.
    """
    check_can_be_resampled(image, grid)
    source = image.array.astype(np.uint8) if image.array.dtype == bool else image.array
    matrix = _voxel_to_voxel(image, grid)
    if order == 0:
        array = _transformed(source, matrix, grid.shape, order=0, mode="grid-constant")
    else:
        array = _transformed(source, matrix, grid.shape, order=order, mode="nearest")
        inside = np.ones(image.shape, np.uint8)
        array[_transformed(inside, matrix, grid.shape, order=0, mode="grid-constant") == 0] = 0
    return Image(
        array.astype(image.array.dtype), grid.affine, image.name, image.oriented, image.notes
    )


def outside(mask: Image, grid: Image) -> int:
    """Return how many of a mask's voxels have their centre outside another grid's voxels."""
    matrix = _voxel_to_voxel(grid, mask)
    position = np.argwhere(mask.array) @ matrix[:3, :3].T + matrix[:3, 3]
    inside = (position >= -0.5) & (position <= np.array(grid.shape) - 0.5)
    return int(np.count_nonzero(~inside.all(axis=1)))


def _voxel_to_voxel(image: Image, grid: Image) -> NDArray[np.float64]:
    """Return the matrix from a grid's voxels to an image's.

    Headers hold 32-bit numbers, good to 1e-4 of a voxel at the far end of a scan. Rounding off
    what lies below lets voxels of one lattice fall on each other, and ties on one side.
    """
    matrix = np.linalg.inv(image.affine) @ grid.affine
    matrix[:, :3], matrix[:, 3] = matrix[:, :3].round(6), matrix[:, 3].round(4)
    return matrix


def _transformed(
    array: NDArray[Any], matrix: NDArray[np.float64], shape: Sequence[int], **options: Any
) -> NDArray[Any]:
    return np.asarray(ndimage.affine_transform(array, matrix, output_shape=shape, **options))


def times(lengths: Iterable[object]) -> str:
    """Return lengths as text, such as ``336 x 336 x 25``."""
    return " x ".join(str(length) for length in lengths)
