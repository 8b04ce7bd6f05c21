"""The phantom's oblique grid, coordinates in the slices, and the shapes drawn on it.

Slice coordinates, in mm from the middle of the grid: ``u`` to the patient's left (array axis 0),
``v`` up within the slice (axis 1), ``w`` to the back, across the slices (axis 2). Shapes are
signed distances in mm, negative inside and exact near the surface, where partial volume needs them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""Values on the grid, float32 to halve the memory."""

SHAPE = (336, 336, 25)
SPACING_MM = (0.5952, 0.5952, 3.3)
SLICE_THICKNESS_MM = 3.0
"""Grid of the study's scans: 3.0 mm slices, 0.3 mm gap (1003 has 23 of them)."""

TILT_DEGREES = 35.0
"""Tilt of the slices about the left-right axis. The study's lie between 25 and 52 degrees."""

CENTRE_MM = (2.0, -28.0, -64.0)
"""World position of the middle of the grid. Chosen: nothing depends on it."""


def oblique_affine(
    shape: tuple[int, int, int] = SHAPE, spacing_mm: tuple[float, float, float] = SPACING_MM
) -> NDArray[np.float64]:
    """Return the affine, shape (4, 4): array axes run to the left, up and forward, and back."""
    tilt = np.deg2rad(TILT_DEGREES)
    directions = np.array(
        [[-1, 0, 0], [0, np.sin(tilt), np.cos(tilt)], [0, -np.cos(tilt), np.sin(tilt)]]
    ).T
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing_mm
    affine[:3, 3] = CENTRE_MM - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def axes_mm(
    shape: tuple[int, int, int] = SHAPE, spacing_mm: tuple[float, float, float] = SPACING_MM
) -> tuple[Array, Array, Array]:
    """Return u, v and w of the voxel centres, shaped to broadcast to the grid."""
    u, v, w = (
        ((np.arange(n) - (n - 1) / 2) * d).astype(np.float32)
        for n, d in zip(shape, spacing_mm, strict=True)
    )
    return u[:, None, None], v[None, :, None], w[None, None, :]


def smooth_field(
    rng: np.random.Generator,
    length_mm: float,
    across_mm: float = 8.0,
    *,
    axes: tuple[Array, Array, Array] | None = None,
) -> Array:
    """Return a smooth random field of mean 0 and standard deviation 1 on the grid.

    `axes` are the positions of another grid, as from `axes_mm`.

    Its control points are `length_mm` apart in the slice and `across_mm` across slices, about the
    size of a patch: Gaussian bumps on a coarse lattice, summed axis by axis, are a few matrix
    products instead of a wide filter over 2.8 million voxels.
    """
    bases = []
    for axis, length in zip(axes or axes_mm(), (length_mm, length_mm, across_mm), strict=True):
        x = axis.ravel()
        knots = np.arange(x[0] - 2 * length, x[-1] + 2 * length + 1e-3, length, dtype=np.float32)
        bump = np.exp(-0.5 * ((x[:, None] - knots) / (0.6 * length)) ** 2)
        bases.append(bump / np.sqrt((bump**2).sum(axis=1, keepdims=True)))
    lattice = rng.standard_normal([b.shape[1] for b in bases], dtype=np.float32)
    across = lattice @ bases[2].T
    up = np.einsum("vb,abk->avk", bases[1], across, optimize=True)
    return np.tensordot(bases[0], up, axes=1).astype(np.float32)


def fraction(distance: Array) -> Array:
    """Return which part of each voxel lies inside a shape: partial volume.

    The surface is taken as flat within a voxel, so the share grows linearly from 0 to 1 over the
    voxel's extent along the surface's normal: the pixel within the slice, the slice thickness
    across it. `distance` is signed, in mm, negative inside, shape (ni, nj, nk).
    """
    slope_w = np.gradient(distance, SPACING_MM[2], axis=2)
    extent = SPACING_MM[0] + SLICE_THICKNESS_MM * np.minimum(np.abs(slope_w), 1)
    return np.clip(0.5 - distance / extent, 0, 1)


def ellipse(x: Array, y: Array, rx: float | Array, ry: float | Array) -> Array:
    """Return the signed distance, to first order, of an ellipse around (0, 0)."""
    level = np.sqrt((x / rx) ** 2 + (y / ry) ** 2)
    slope = np.sqrt((x / rx**2) ** 2 + (y / ry**2) ** 2) / np.maximum(level, 1e-3)
    return (level - 1) / np.maximum(slope, 1e-3)


def ellipsoid(x: Array, y: Array, z: Array, radii_mm: tuple[float, float, float]) -> Array:
    """Return the signed distance, to first order, of an ellipsoid around (0, 0, 0)."""
    rx, ry, rz = radii_mm
    level = np.sqrt((x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2)
    slope = np.sqrt((x / rx**2) ** 2 + (y / ry**2) ** 2 + (z / rz**2) ** 2)
    return (level - 1) * np.maximum(level, 1e-3) / np.maximum(slope, 1e-3)


def rod(x: Array, y: Array, start: tuple, end: tuple, radius: tuple) -> Array:
    """Return the signed distance of a tapering rod in the (x, y) plane, ends rounded.

    `start` and `end` are (x, y), `radius` is (at start, at end); each may vary from slice to
    slice.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx**2 + dy**2)
    along = np.clip(along, 0, 1)
    off_x, off_y = x - start[0] - along * dx, y - start[1] - along * dy
    return np.sqrt(off_x**2 + off_y**2) - (radius[0] + along * (radius[1] - radius[0]))
