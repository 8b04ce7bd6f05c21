"""A scan as the slices a network reads, and the way back. numpy and scipy only.

Networks here see slices one way up, whatever order a file stores them in: columns run from the
patient's right to left, as a radiologist looks at them; rows from head to foot where they rise by
45 degrees or more (coronal slices and what is tilted from them), else from front to back. In the
plane a scan is resampled to the spacing the network was trained at; slices stay as they are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.orientation import network_axes, turned, turned_back

MAX_SLICE_SPACING_MM = 8.0
"""Slices further apart show too little of a joint each; the study's are 3.3 mm apart."""

MIN_SIDEWAYS = 0.7
"""Share of left-right in the direction of a slice's columns. Sagittal slices have next to none;
those of the study have 0.999 and more."""

MIN_FIELD_MM = 140.0
"""Both sacroiliac joints with the bone around them need about this much; the study has 200 mm."""

SAME_SPACING = 0.01
"""Spacings closer than this share are taken as equal, so that nothing is interpolated for it."""


@dataclass(frozen=True)
class Slicing:
    """The mapping from a scan's array to a network's slices: axes and in-plane spacing.

    Attributes
    ----------
    shape
        Of the scan's array.
    axes
        Array axes of slice, row and column.
    flips
        Whether rows and columns run against the array.
    zoom
        Scan spacing over network spacing along rows and columns; 1 where nothing is interpolated.
    multiple
        Rows and columns are filled up with zeros to a multiple of this.
    """

    shape: tuple[int, int, int]
    axes: tuple[int, int, int]
    flips: tuple[bool, bool]
    zoom: tuple[float, float]
    multiple: int

    @property
    def stored(self) -> tuple[int, int]:
        """Rows and columns of a slice as stored."""
        return self.shape[self.axes[1]], self.shape[self.axes[2]]

    @property
    def zoomed(self) -> tuple[int, int]:
        """Rows and columns at the network's spacing."""
        rows, columns = (
            max(1, round(length * zoom))
            for length, zoom in zip(self.stored, self.zoom, strict=True)
        )
        return rows, columns

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns that the network is given."""
        rows, columns = (-(-length // self.multiple) * self.multiple for length in self.zoomed)
        return rows, columns

    def cut(self, array: NDArray[np.generic], *, order: int = 1) -> NDArray[np.float32]:
        """Return slices, shape (slices, rows, columns), of an array on the scan's grid.

        `order` is 1 for scans, 0 for masks; a mask resampled with 1 gets soft edges.
        """
        slices = turned(array, self.axes, self.flips).astype(np.float32)
        if self.zoom != (1.0, 1.0):
            # Going coarser, what lies between two samples is averaged first, or it would alias.
            blur = [0.0, *(0.5 * max(0.0, 1 / zoom - 1) for zoom in self.zoom)]
            if order and any(blur):
                slices = ndimage.gaussian_filter(slices, blur)
            slices = _interpolate(slices, self.zoomed, order=order)
        return np.pad(slices, [(0, 0), *self._margins()])

    def join(self, slices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the array on the scan's grid of slices as `cut` made them."""
        (top, _), (left, _) = self._margins()
        rows, columns = self.zoomed
        inner = slices[:, top : top + rows, left : left + columns]
        if self.zoom != (1.0, 1.0):
            inner = _interpolate(inner, self.stored, order=1)
        return np.ascontiguousarray(turned_back(inner, self.axes, self.flips))

    def _margins(self) -> list[tuple[int, int]]:
        """Return zeros before and after, for rows and columns."""
        margins = []
        for length, padded in zip(self.zoomed, self.padded, strict=True):
            before = (padded - length) // 2
            margins.append((before, padded - length - before))
        return margins


def slicing_of(image: Image, *, spacing_mm: float, multiple: int) -> Slicing:
    """Return how a scan is cut for a network.

    Parameters
    ----------
    image
        Any 3-D scan of the pelvis; its slice axis is that of largest spacing.
    spacing_mm
        In-plane spacing the network was trained at.
    multiple
        See `vhi.models.unet.UNet.multiple`.

    Raises
    ------
    InputError
        Slices lie more than 8 mm apart or do not run from side to side (sagittal slices), or the
        field of view is too small to hold the pelvis.
    """
    axes, flips, sideways = network_axes(image)
    if image.oriented and sideways < MIN_SIDEWAYS:
        raise InputError(
            f"{image.name}: slices do not run from the patient's right to left (sagittal, or "
            "turned in plane); give a coronal or axial scan, or a mask drawn by hand"
        )
    spacing = [image.spacing_mm[axis] for axis in axes]
    field_mm = [image.shape[axis] * image.spacing_mm[axis] for axis in axes[1:]]
    if spacing[0] > MAX_SLICE_SPACING_MM:
        raise InputError(
            f"{image.name}: slices lie {spacing[0]:.1f} mm apart; the network reads slices up to "
            f"{MAX_SLICE_SPACING_MM:g} mm apart, so give a mask that was drawn by hand"
        )
    if min(field_mm) < MIN_FIELD_MM:
        raise InputError(
            f"{image.name}: slices of {field_mm[0]:.0f} x {field_mm[1]:.0f} mm cannot hold both "
            f"sacroiliac joints; the network needs {MIN_FIELD_MM:g} mm in each direction"
        )
    zoom = [
        1.0 if abs(step / spacing_mm - 1) < SAME_SPACING else step / spacing_mm
        for step in spacing[1:]
    ]
    return Slicing(image.shape, axes, flips, (zoom[0], zoom[1]), multiple)


def with_neighbours(slices: NDArray[np.float32], neighbours: int) -> NDArray[np.float32]:
    """Return slices together with those on either side, as a network reads them.

    `slices`: shape (n, channels, rows, columns). Returns shape (n, (2 neighbours + 1) channels,
    rows, columns), all channels of the slice before first. At the ends a slice is its own
    neighbour.
    """
    if neighbours == 0:
        return slices
    steps = np.arange(-neighbours, neighbours + 1)
    numbers = (np.arange(len(slices))[:, None] + steps).clip(0, len(slices) - 1)
    return slices[numbers].reshape(len(slices), -1, *slices.shape[2:])


def normalise(t1w: NDArray[Any]) -> NDArray[np.float32]:
    """Return intensities over three standard deviations of the whole scan (section 2.5.3)."""
    spread = float(np.std(t1w, dtype=np.float64))
    if not spread > 0:
        raise InputError("all intensities are equal; give a scan")
    # Without an array of twice the size in between: memory takes longer than arithmetic.
    out = np.empty_like(t1w, np.float32)
    return np.divide(t1w, 3 * spread, out=out, casting="same_kind")


def _interpolate(
    slices: NDArray[np.float32], size: tuple[int, int], *, order: int
) -> NDArray[np.float32]:
    """Return slices with another number of rows and columns over the same field of view."""
    steps = [old / new for old, new in zip(slices.shape[1:], size, strict=True)]
    # Pixel centres of both grids lie half a pixel inside the common edge.
    starts = [0.5 * step - 0.5 for step in steps]
    out = np.empty((len(slices), *size), np.float32)

    def work(k: int) -> None:
        ndimage.affine_transform(
            slices[k], steps, starts, output=out[k], output_shape=size, order=order, mode="nearest"
        )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(len(slices))))
    return out
