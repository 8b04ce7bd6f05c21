"""Figures of a measurement; nothing is computed here.

Candidates at or above the lower threshold are yellow, at or above the upper one red (the colours
of Hepburn et al. 2023, Figure 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.digits import digits
from vhi.images.image import Image
from vhi.images.orientation import box_of, fullest_slices, view_of, window_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vhi.measurement import Measurement
    from vhi.steps.thresholds import Thresholds

YELLOW, RED, BLUE = "#ffd60a", "#e5132b", "#3aa0ff"


def draw_slice(
    axes: Axes,
    image: Image,
    index: int,
    *,
    labels: NDArray[np.uint8] | None = None,
    outline: NDArray[np.bool_] | None = None,
    window: tuple[float, float] | None = None,
    box: tuple[slice, slice] | None = None,
    title: str | None = None,
) -> None:
    """Draw one slice in grey, with candidate labels and the outline of a mask over it.

    Parameters
    ----------
    axes
        Where to draw.
    image
        Intensities, with the grid that all else lies on.
    index
        Slice, counted from 0.
    labels
        0, 1 (yellow), 2 (red).
    outline
        A mask drawn as a blue line.
    window
        Intensities for black and white; the slice's own range when not given.
    box
        Rows and columns to show, from `box_of`.
    title
        Text above; the slice number when not given.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patheffects import withStroke

    view = view_of(image)
    rows, columns = box or (slice(None), slice(None))
    low, high = window or (None, None)

    def shown(array: NDArray[Any]) -> NDArray[Any]:
        return view.plane(array, index)[rows, columns]

    aspect = view.aspect
    axes.imshow(
        shown(image.array), cmap="gray", vmin=low, vmax=high, aspect=aspect, interpolation="nearest"
    )
    if labels is not None:
        marked = np.ma.masked_equal(shown(labels), 0)
        axes.imshow(
            marked,
            cmap=ListedColormap([YELLOW, RED]),
            vmin=1,
            vmax=2,
            aspect=aspect,
            interpolation="nearest",
        )
    if outline is not None and shown(outline).any():
        axes.contour(shown(outline), levels=[0.5], colors=[BLUE], linewidths=0.9)
    axes.set_axis_off()
    axes.set_title(f"slice {index}" if title is None else title, fontsize=8, pad=3)
    rim = [withStroke(linewidth=1.5, foreground="black")]
    for x, align, letter in ((0.02, "left", view.left), (0.98, "right", view.right)):
        axes.text(
            x,
            0.97,
            letter,
            transform=axes.transAxes,
            color="white",
            fontsize=8,
            path_effects=rim,
            ha=align,
            va="top",
        )


def montage(measurement: Measurement, *, count: int = 6) -> Figure:
    """Draw the slices with most inflammation, lower-threshold voxels yellow, upper red."""
    from matplotlib.figure import Figure

    stir, labels = measurement.stir, measurement.inflammation.array
    region = measurement.disease_region
    slices = fullest_slices(labels, stir.slice_axis, count)
    columns = min(3, len(slices))
    rows = -(-len(slices) // columns)
    box = box_of(region, view_of(stir))
    window = window_of(stir, region.array)
    figure = Figure(figsize=(9, 9 / columns * rows * _shape_ratio(stir, box) + 0.3 * rows))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, index in zip(grid.flat, slices, strict=False):
        draw_slice(axes, stir, index, labels=labels, window=window, box=box)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.96, wspace=0.02, hspace=0.1)
    return figure


def histogram(measurement: Measurement) -> Figure:
    """Draw the intensities of normal bone with both thresholds (Figure 1d of the paper)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 2.9))
    axes = figure.subplots()
    draw_histogram(axes, measurement.intensities, measurement.thresholds)
    figure.tight_layout()
    return figure


def areas(measurement: Measurement) -> Figure:
    """Draw normal bone on STIR and the disease region on T1w, for a reader to check both masks."""
    from matplotlib.figure import Figure

    stir, region, bone = measurement.stir, measurement.disease_region, measurement.normal_bone
    box = box_of(region, view_of(stir))
    (index,) = fullest_slices(bone.array, stir.slice_axis, 1)
    shown = [(stir, bone, "STIR, normal bone")]
    if measurement.t1w is not None:
        shown.append((measurement.t1w, region, "T1w, disease region"))
    figure = Figure(figsize=(3.1 * len(shown), 3.1 * _shape_ratio(stir, box) + 0.3))
    grid = figure.subplots(1, len(shown), squeeze=False)
    for axes, (image, mask, name) in zip(grid.flat, shown, strict=True):
        window = window_of(image, region.array)
        title = f"{name} (slice {index})"
        draw_slice(axes, image, index, outline=mask.array, window=window, box=box, title=title)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.9, wspace=0.03)
    return figure


def draw_histogram(axes: Axes, values: NDArray[np.floating], thresholds: Thresholds) -> None:
    """Draw the intensities of normal bone and the thresholds into given axes."""
    axes.hist(values, bins=_bins(values), color="#8aa1b4")
    for x, colour, name in (
        (thresholds.lower, "#c98a00", "lower"),
        (thresholds.upper, RED, "upper"),
    ):
        axes.axvline(x, color=colour, linestyle="--", label=f"{name} threshold {digits(x)}")
    axes.axvline(
        thresholds.upper_quartile,
        color="#44525f",
        linestyle=":",
        label=f"upper quartile {digits(thresholds.upper_quartile)}",
    )
    axes.set_xlabel("STIR intensity (scanner units)")
    axes.set_ylabel("voxels of normal bone")
    axes.set_title(
        f"{values.size} voxels of normal bone, IQR {digits(thresholds.iqr, 0, 2)}, "
        f"multiple n = {thresholds.multiple:.2f}",
        fontsize=9,
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def _bins(values: NDArray[np.floating]) -> list[float]:
    """Return bin edges a whole number of intensity steps apart, which leaves no comb of gaps."""
    levels = np.unique(values)
    steps = np.diff(levels)
    step = float(steps[steps > 1e-6 * np.ptp(levels)].min())
    width = step * max(round(float(np.ptp(levels)) / step / 60), 1)
    return np.arange(levels[0] - step / 2, levels[-1] + width, width).tolist()


def _shape_ratio(image: Image, box: tuple[slice, slice]) -> float:
    """Return height over width of the shown part, in mm."""
    view = view_of(image)
    height, width = (
        len(range(*part.indices(image.shape[axis]))) * image.spacing_mm[axis]
        for part, axis in zip(box, (view.rows, view.columns), strict=True)
    )
    return float(height / width)
