"""Drawing that the controls share, on top of `vhi.results.figures`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vhi.images.image import Image
from vhi.images.orientation import box_of, fullest_slices, view_of, window_of
from vhi.results.figures import draw_slice
from vhi.steps.volume import Vhi

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vhi.measurement import Measurement

TURQUOISE = "#19d3c5"
"""Candidates that were taken away. Told apart from yellow and red in all common forms of colour
blindness."""


class SlicePainter:
    """Draw slices of one scan, cropped and windowed alike.

    Parameters
    ----------
    stir
        The scan.
    bone
        Mask that gives crop and window.
    crop
        Show the bone with its surroundings; else the whole slice.
    """

    def __init__(self, stir: Image, bone: Image, *, crop: bool = True) -> None:
        self.stir = stir
        # However dark the marked place is, a quarter of the scan's own range stays visible.
        faintest = window_of(stir, np.zeros(stir.shape, bool))[1] / 4
        self.window = (0.0, max(window_of(stir, bone.array)[1], faintest))
        self.box = box_of(bone, view_of(stir)) if crop else (slice(None), slice(None))

    def draw(
        self,
        axes: Axes,
        index: int,
        *,
        labels: NDArray[np.uint8] | None = None,
        outline: NDArray[np.bool_] | None = None,
        gone: NDArray[np.bool_] | None = None,
        title: str | None = None,
    ) -> None:
        """Draw a slice as `draw_slice` does, and what was taken away in turquoise."""
        draw_slice(
            axes,
            self.stir,
            index,
            labels=labels,
            outline=outline,
            window=self.window,
            box=self.box,
            title=title,
        )
        if gone is None:
            return
        from matplotlib.colors import ListedColormap

        plane = view_of(self.stir).plane(gone, index)[self.box]
        if not plane.any():
            return
        axes.imshow(
            np.ma.masked_equal(plane.astype(np.uint8), 0),
            cmap=ListedColormap([TURQUOISE]),
            alpha=0.75,
            aspect=axes.get_aspect(),
            interpolation="nearest",
            zorder=0.5,
        )
        # A rim lets a single pixel be seen where a whole slice is shown small.
        axes.contour(plane, levels=[0.5], colors=[TURQUOISE], linewidths=1.4, zorder=1)

    def draw_beside(
        self, index: int, shown: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.bool_] | None]]
    ) -> Figure:
        """Draw one slice several times side by side: title to labels and what was taken away."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.8, 6.6 / len(shown) + 0.8))
        grid = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, (title, (labels, gone)) in zip(grid, shown.items(), strict=True):
            self.draw(axes, index, labels=labels, gone=gone, title=title)
        figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.84, wspace=0.02)
        return figure


def slice_and_histogram() -> tuple[Figure, Axes, Axes]:
    """Return a figure with room for a slice on the left and a histogram on the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.8))
    return (
        figure,
        figure.add_axes((0.005, 0.01, 0.45, 0.92)),
        figure.add_axes((0.54, 0.14, 0.45, 0.78)),
    )


def first_slice(measurement: Measurement) -> int:
    """Return the slice with most candidates, where controls begin."""
    return fullest_slices(measurement.kept.array, measurement.stir.slice_axis, 1)[0]


def volume_text(volume: Vhi) -> str:
    """Return a volume as text, in voxels and in mm³ by pitch."""
    return f"{volume.voxels:,} voxels, {volume.mm3:,.0f} mm³"
