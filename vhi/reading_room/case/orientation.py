"""How a grid is laid on the screen: slices, rows and columns as `vhi.results.figures` draws them.

The patient's right is on the left, the head (or front) up, whatever the order in which the scan
was stored. Positions are (slice, row, column) as shown, counted from 0; the slice keeps the number
that it has in the array, which is that of reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.images.image import Image
from vhi.images.orientation import View, view_of

DIRECTIONS = (("L", "R"), ("P", "A"), ("I", "S"))
"""Letters toward the negative and the positive end of the world's axes (RAS+)."""


@dataclass(frozen=True)
class Layout:
    """How the slices of one grid are shown.

    Attributes
    ----------
    view : View
        Which array axes run down and across.
    grid : tuple of int
        Shape of the array.
    shape : tuple of int
        Slices, rows, columns as shown.
    spacing_mm : tuple of float
        Between slices, rows and columns.
    letters : dict
        What lies at the ``left``, ``right``, ``top`` and ``bottom`` edge.
    positions_mm : tuple of float
        Of each slice, along the direction in which slices are stacked.
    position_letters : tuple of str
        Toward the negative and the positive end of that direction.
    """

    view: View
    grid: tuple[int, int, int]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    letters: dict[str, str]
    positions_mm: tuple[float, ...]
    position_letters: tuple[str, str]

    @property
    def _axes(self) -> tuple[int, int, int]:
        return self.view.slice_axis, self.view.rows, self.view.columns

    @property
    def _flips(self) -> tuple[slice, slice, slice]:
        return (
            slice(None),
            slice(None, None, -1 if self.view.flip_rows else 1),
            slice(None, None, -1 if self.view.flip_columns else 1),
        )

    def shown(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a view of an array of the grid as (slice, row, column)."""
        return np.transpose(array, self._axes)[self._flips]

    def to_grid(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a view of an array (slice, row, column) in the order of the grid."""
        return np.transpose(array[self._flips], np.argsort(self._axes))

    def voxels(self, points: ArrayLike) -> NDArray[np.int64]:
        """Return the voxels, shape (n, 3), of positions as shown, shape (n, 3)."""
        place = np.asarray(points, np.int64).reshape(-1, 3)
        voxels = np.empty_like(place)
        voxels[:, self._axes] = self._flipped(place)
        return voxels

    def points(self, voxels: ArrayLike) -> NDArray[np.int64]:
        """Return the positions as shown, shape (n, 3), of voxels, shape (n, 3)."""
        return self._flipped(np.asarray(voxels, np.int64).reshape(-1, 3)[:, self._axes])

    def _flipped(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        flipped = place.copy()
        for axis, turned in ((1, self.view.flip_rows), (2, self.view.flip_columns)):
            if turned:
                flipped[:, axis] = self.shape[axis] - 1 - place[:, axis]
        return flipped


def layout_of(image: Image) -> Layout:
    """Lay out the slices of a grid; see `vhi.images.orientation.view_of`."""
    view = view_of(image)
    axes = view.slice_axis, view.rows, view.columns
    slices, rows, columns = (image.shape[axis] for axis in axes)
    between, down, across = (image.spacing_mm[axis] for axis in axes)
    directions = image.affine[:3, :3] / np.array(image.spacing_mm)
    # The normal of the slices, toward the positive end of the axis that it is nearest to.
    normal = directions[:, view.slice_axis]
    world = int(np.argmax(np.abs(normal)))
    normal = normal * np.sign(normal[world])
    centres = np.tile((np.array(image.shape) - 1) / 2, (slices, 1))
    centres[:, view.slice_axis] = np.arange(slices)
    positions = image.world(centres) @ normal
    return Layout(
        view,
        image.shape,
        (slices, rows, columns),
        (between, down, across),
        {edge: getattr(view, edge) for edge in ("left", "right", "top", "bottom")},
        tuple(float(x) for x in positions.round(3)),
        DIRECTIONS[world],
    )
