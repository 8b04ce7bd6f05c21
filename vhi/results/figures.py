"""Figures of a measurement with matplotlib, for pages; nothing is computed here.

The report's own pictures are those of `vhi.results.pictures`.

Candidates at or above the lower threshold are yellow, at or above the upper one red (the colours
of Hepburn et al. 2023, Figure 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.digits import digits
from vhi.images.image import Image
from vhi.images.orientation import view_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vhi.steps.thresholds import Thresholds

YELLOW, RED, BLUE = "#ffd60a", "#e5132b", "#3aa0ff"
AMBER, SLATE, BARS = "#c98a00", "#44525f", "#8aa1b4"
"""Of the histogram: lower threshold, upper quartile, bars."""


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


def draw_histogram(axes: Axes, values: NDArray[np.floating], thresholds: Thresholds) -> None:
    """Draw the intensities of normal bone and the thresholds into given axes."""
    axes.hist(values, bins=histogram_bins(values), color=BARS)
    for x, colour, name in (
        (thresholds.lower, AMBER, "lower"),
        (thresholds.upper, RED, "upper"),
    ):
        axes.axvline(x, color=colour, linestyle="--", label=f"{name} threshold {digits(x)}")
    axes.axvline(
        thresholds.upper_quartile,
        color=SLATE,
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


def histogram_bins(values: NDArray[np.floating]) -> list[float]:
    """Return bin edges a whole number of intensity steps apart, which leaves no comb of gaps."""
    levels = np.unique(values)
    steps = np.diff(levels)
    step = float(steps[steps > 1e-6 * np.ptp(levels)].min())
    width = step * max(round(float(np.ptp(levels)) / step / 60), 1)
    return np.arange(levels[0] - step / 2, levels[-1] + width, width).tolist()
