"""Which way up a slice is: on the screen, on paper, and for a network. numpy only.

A slice is shown as a radiologist expects it: the patient's right on the left of the picture, the
head up (the front up for axial slices), whatever the order in which the scan was stored. World
directions decide, never the three-letter axis codes, which jump between oblique scans of one
anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.images.image import Image

MARGIN_MM = 12.0
"""Bone is shown with this much of its surroundings."""

DIRECTIONS = (("L", "R"), ("P", "A"), ("I", "S"))
"""Letters toward the negative and the positive end of the world's axes (RAS+)."""

MIN_SIDEWAYS = 0.5
"""Share of left-right above which an in-plane axis goes across the picture."""

MIN_UPRIGHT = 0.3
"""Share of head-foot above which rows are shown with the head up."""


@dataclass(frozen=True)
class View:
    """The display order of one grid's slices, as (slice, row, column).

    A slice keeps the number that it has in the array, counted from 0.

    Attributes
    ----------
    slice_axis, rows, columns : int
        Array axes of slices, of what runs down and of what runs across.
    flip_rows, flip_columns : bool
        Whether the array runs against the picture.
    left, right, top, bottom : str
        Letters of the patient's directions at the picture's edges.
    grid : tuple of int
        Shape of the array.
    pitch_mm : tuple of float
        Spacing along the array axes.
    """

    slice_axis: int
    rows: int
    columns: int
    flip_rows: bool
    flip_columns: bool
    left: str
    right: str
    top: str
    bottom: str
    grid: tuple[int, int, int]
    pitch_mm: tuple[float, float, float]

    @property
    def axes(self) -> tuple[int, int, int]:
        """Array axes of slice, row and column."""
        return self.slice_axis, self.rows, self.columns

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of slices, rows and columns."""
        slices, rows, columns = (self.grid[axis] for axis in self.axes)
        return slices, rows, columns

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between slices, rows and columns."""
        between, down, across = (self.pitch_mm[axis] for axis in self.axes)
        return between, down, across

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width."""
        return self.spacing_mm[1] / self.spacing_mm[2]

    @property
    def letters(self) -> dict[str, str]:
        """Letter at each edge: ``left``, ``right``, ``top``, ``bottom``."""
        return {edge: getattr(self, edge) for edge in ("left", "right", "top", "bottom")}

    def plane(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """Return slice `index` of an array of the grid as rows and columns."""
        return self.shown(array)[index]

    def shown(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array of the grid as (slice, row, column), without copying."""
        return turned(array, self.axes, (self.flip_rows, self.flip_columns))

    def to_grid(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array (slice, row, column) in the order of the grid, without copying."""
        return turned_back(array, self.axes, (self.flip_rows, self.flip_columns))

    def voxels(self, points: ArrayLike) -> NDArray[np.int64]:
        """Return the voxels, shape (n, 3), of positions (slice, row, column), shape (n, 3)."""
        place = np.asarray(points, np.int64).reshape(-1, 3)
        voxels = np.empty_like(place)
        voxels[:, self.axes] = self._flipped(place)
        return voxels

    def points(self, voxels: ArrayLike) -> NDArray[np.int64]:
        """Return the positions (slice, row, column), shape (n, 3), of voxels, shape (n, 3)."""
        return self._flipped(np.asarray(voxels, np.int64).reshape(-1, 3)[:, self.axes])

    def _flipped(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        flipped = place.copy()
        for axis, flip in ((1, self.flip_rows), (2, self.flip_columns)):
            if flip:
                flipped[:, axis] = self.shape[axis] - 1 - place[:, axis]
        return flipped


def view_of(image: Image) -> View:
    """Return how the slices of a grid are shown.

    Of the two in-plane axes the one that runs more along left-right goes across. For sagittal
    slices the one that runs more along front-back does.
    """
    directions = _directions(image)
    stack, first, second = _axes(image)
    sideways = np.abs(directions[0, [first, second]])
    if sideways.max() > MIN_SIDEWAYS:
        columns = (first, second)[int(np.argmax(sideways))]
        world, letters = 0, ("R", "L")
    else:
        columns = (first, second)[int(np.argmax(np.abs(directions[1, [first, second]])))]
        world, letters = 1, ("A", "P")
    rows = first if columns == second else second
    # World x grows to the right and y to the front: across the picture both must fall.
    flip_columns = bool(directions[world, columns] > 0)
    upright = abs(directions[2, rows]) > MIN_UPRIGHT
    up, ends = (directions[2, rows], ("S", "I")) if upright else (directions[1, rows], ("A", "P"))
    return View(
        stack,
        rows,
        columns,
        bool(up > 0),
        flip_columns,
        *letters,
        *ends,
        grid=image.shape,
        pitch_mm=image.spacing_mm,
    )


def slice_positions(image: Image) -> tuple[tuple[float, ...], tuple[str, str]]:
    """Return where slices lie in mm, and the letters toward the negative and the positive end.

    Positions run along the normal of the slices, toward the positive end of the world axis that
    it is nearest to.
    """
    axis = image.slice_axis
    normal = _directions(image)[:, axis]
    world = int(np.argmax(np.abs(normal)))
    normal = normal * np.sign(normal[world])
    centres = np.tile((np.array(image.shape) - 1) / 2, (image.shape[axis], 1))
    centres[:, axis] = np.arange(image.shape[axis])
    positions = image.world(centres) @ normal
    return tuple(float(x) for x in positions.round(3)), DIRECTIONS[world]


def network_axes(image: Image) -> tuple[tuple[int, int, int], tuple[bool, bool], float]:
    """Return how a network reads slices: axes of slice, row and column, flips, share of sideways.

    As `view_of`, but the same for every tilt: turning a slice from coronal on through axial to
    coronal again leaves it upside down, so rows have to turn over somewhere, and here they do
    where they lead up and back at 45 degrees. Rows that lead up and to the front, as in slices
    along the sacrum, begin at the head and at the front at once.
    """
    directions = _directions(image)
    stack, first, second = _axes(image)
    across = abs(directions[0, first]) >= abs(directions[0, second])
    rows, columns = (second, first) if across else (first, second)
    forward, upward = directions[1:, rows]
    rising = upward if abs(upward) >= abs(forward) else forward
    flips = bool(rising > 0), bool(directions[0, columns] > 0)
    return (stack, rows, columns), flips, float(abs(directions[0, columns]))


def turned(
    array: NDArray[Any], axes: tuple[int, int, int], flips: tuple[bool, bool]
) -> NDArray[Any]:
    """Return an array of a grid as (slice, row, column), without copying."""
    return np.transpose(array, axes)[_steps(flips)]


def turned_back(
    array: NDArray[Any], axes: tuple[int, int, int], flips: tuple[bool, bool]
) -> NDArray[Any]:
    """Return an array (slice, row, column) in the order of its grid, without copying."""
    return np.transpose(array[_steps(flips)], np.argsort(axes))


def window_of(stir: Image, disease_region: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the intensities shown as black and white: 0 and the 99.5th percentile in bone.

    Where intensities are negative, unlike in any magnitude image, black is the 0.5th.
    """
    inside = stir.array[disease_region] if disease_region.any() else stir.array
    dark, white = (float(level) for level in np.percentile(inside, [0.5, 99.5]))
    black = min(dark, 0.0)
    return black, white if white > black else black + 1.0


def box_of(mask: Image, view: View) -> tuple[slice, slice]:
    """Return the rows and columns of the picture that hold the mask, with a margin."""
    bounds = []
    for axis, flipped in ((view.rows, view.flip_rows), (view.columns, view.flip_columns)):
        others = tuple(other for other in range(3) if other != axis)
        marked = np.nonzero(mask.array.any(axis=others))[0]
        length = mask.shape[axis]
        margin = round(MARGIN_MM / mask.spacing_mm[axis])
        start = max(int(marked[0]) - margin, 0) if marked.size else 0
        stop = min(int(marked[-1]) + margin + 1, length) if marked.size else length
        bounds.append(slice(length - stop, length - start) if flipped else slice(start, stop))
    return bounds[0], bounds[1]


def fullest_slices(labels: NDArray[np.integer], slice_axis: int, count: int) -> list[int]:
    """Return the slices with most labelled voxels, in slice order.

    Without any label, slices spread evenly over the stack.
    """
    others = tuple(axis for axis in range(3) if axis != slice_axis % 3)
    filled = (labels > 0).sum(axis=others)
    count = min(count, filled.size)
    if not filled.any():
        return [int(i) for i in np.linspace(0, filled.size - 1, count + 2).round()[1:-1]]
    return sorted(int(i) for i in np.argsort(-filled, kind="stable")[:count])


def _directions(image: Image) -> NDArray[np.float64]:
    """Return the unit world direction of each array axis, one a column."""
    return image.affine[:3, :3] / np.array(image.spacing_mm)


def _axes(image: Image) -> tuple[int, int, int]:
    """Return the slice axis and the two in-plane axes."""
    stack = image.slice_axis
    first, second = (axis for axis in range(3) if axis != stack)
    return stack, first, second


def _steps(flips: tuple[bool, bool]) -> tuple[slice, slice, slice]:
    rows, columns = (slice(None, None, -1 if flip else 1) for flip in flips)
    return slice(None), rows, columns
