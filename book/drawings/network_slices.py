"""Drawings of slices as a network sees them, and of the network itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.results.figures import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from book.drawings.levels import Level

DOWN, ACROSS, UP = "#8aa1b4", "#c98a00", "#6f9f7a"
MARGIN = 8
"""Pixels shown around the target."""
Box = tuple[slice, slice]


def box_around(target: NDArray[Any]) -> Box:
    """Return the rows and columns of a slice that hold its target, with a margin."""
    box = []
    for axis in (0, 1):
        marked = np.nonzero((target > 0.5).any(axis=1 - axis))[0]
        length = target.shape[axis]
        start = max(int(marked[0]) - MARGIN, 0) if marked.size else 0
        stop = min(int(marked[-1]) + MARGIN + 1, length) if marked.size else length
        box.append(slice(start, stop))
    return box[0], box[1]


def draw_network_slice(
    axes: Axes,
    image: NDArray[np.floating],
    *,
    outline: NDArray[np.bool_] | None = None,
    box: Box | None = None,
    window: tuple[float, float] = (0.0, 1.2),
    title: str = "",
) -> None:
    """Draw a slice as a network sees it, with the outline of a mask in blue.

    Parameters
    ----------
    image
        Rows and columns, normalised.
    outline
        Mask of the same shape.
    box
        Rows and columns to show, from `box_around`.
    window
        Intensities for black and white, in units of 3 SD of the scan.
    """
    _draw_plane(axes, image, "gray", window, outline, box, title)


def draw_probability(
    axes: Axes,
    probability: NDArray[np.floating],
    *,
    outline: NDArray[np.bool_] | None = None,
    box: Box | None = None,
    title: str = "",
) -> AxesImage:
    """Draw a map of probabilities, 0 to 1, with the outline of a mask in blue."""
    return _draw_plane(axes, probability, "inferno", (0, 1), outline, box, title)


def _draw_plane(
    axes: Axes,
    plane: NDArray[np.floating],
    colours: str,
    window: tuple[float, float],
    outline: NDArray[np.bool_] | None,
    box: Box | None,
    title: str,
) -> AxesImage:
    rows, columns = box or (slice(None), slice(None))
    picture = axes.imshow(
        plane[rows, columns], colours, vmin=window[0], vmax=window[1], interpolation="nearest"
    )
    if outline is not None and outline[rows, columns].any():
        axes.contour(outline[rows, columns], levels=[0.5], colors=[BLUE], linewidths=0.9)
    axes.set_axis_off()
    axes.set_title(title, fontsize=9, pad=3)
    return picture


def draw_unet(axes: Axes, levels: Sequence[Level]) -> None:
    """Draw a U-Net: down on the left, up on the right, one row for each level.

    A box is as tall as its positions are many (on a square-root scale) and as wide as its
    filters are.
    """
    from matplotlib.patches import Rectangle

    def arrow(tail: tuple[float, float], head: tuple[float, float], colour: str) -> None:
        axes.annotate("", head, tail, arrowprops={"arrowstyle": "->", "color": colour})

    drop, bottom = 1.35, len(levels) - 1
    aside = [3.0 - 0.5 * depth for depth in range(bottom)] + [0.0]
    most = max(level.filters for level in levels)
    for depth, level in enumerate(levels):
        x, y = aside[depth], -drop * depth
        height = 0.25 + 0.75 * float(np.sqrt(level.rows / levels[0].rows))
        width = 0.12 + 0.7 * level.filters / most
        for middle, colour in ((-x, DOWN), (x, UP)) if depth < bottom else ((x, ACROSS),):
            corner = middle - width / 2, y - height / 2
            axes.add_patch(Rectangle(corner, width, height, color=colour))
        if depth < bottom:
            upper, lower = y - 0.55, y - drop + 0.5
            arrow((-x + 0.6, y), (x - 0.6, y), ACROSS)
            arrow((-x, upper), (-aside[depth + 1], lower), DOWN)
            arrow((aside[depth + 1], lower), (x, upper), UP)
        axes.text(
            4.0,
            y,
            f"{level.rows} × {level.columns} positions, {level.spacing_mm:.1f} mm apart\n"
            f"{level.filters} filters, each sees {level.field_mm:.0f} mm",
            va="center",
            fontsize=9,
        )
    axes.set(xlim=(-3.9, 8.2), ylim=(-drop * bottom - 0.8, 0.8))
    axes.set_axis_off()
