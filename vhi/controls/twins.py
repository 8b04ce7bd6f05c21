"""Drawing for the controls' twins, the pictures shown where scripts are off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.digits import digits
from vhi.images.image import Image
from vhi.images.orientation import View, box_of, view_of, window_of
from vhi.results.figures import BLUE, RED, YELLOW
from vhi.steps.candidates import Candidates
from vhi.steps.volume import measure_volume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REMOVED = 3
"""Label of candidates that were removed, beside 1 and 2 of those that stay."""

TURQUOISE = "#19d3c5"
"""Colour of removed candidates. Distinct from yellow and red in all common forms of colour
blindness."""


def draw_plane(
    axes: Axes,
    grey: NDArray[Any],
    *,
    view: View,
    window: tuple[float, float],
    title: str,
    labels: NDArray[np.uint8] | None = None,
    outline: NDArray[np.bool_] | None = None,
) -> None:
    """Draw one slice: 1 yellow, 2 red, `REMOVED` turquoise with a rim, an outline in blue.

    `grey`, `labels` and `outline` have one shape (rows, columns), the right way up; `view` is that
    of the scan; `window` are the intensities shown as black and white.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patheffects import withStroke

    look: dict[str, Any] = {"aspect": view.aspect, "interpolation": "nearest"}
    axes.imshow(grey, cmap="gray", vmin=window[0], vmax=window[1], **look)
    if labels is not None:
        colours = ListedColormap([YELLOW, RED, TURQUOISE])
        marked = np.ma.masked_equal(labels, 0)
        axes.imshow(marked, cmap=colours, vmin=1, vmax=REMOVED, alpha=0.75, **look)
        if (labels == REMOVED).any():
            # A rim lets a single pixel be seen where a whole slice is shown small.
            rim = {"colors": [TURQUOISE], "linewidths": 1.2}
            axes.contour(labels == REMOVED, levels=[0.5], **rim)
    if outline is not None and outline.any():
        axes.contour(outline, levels=[0.5], colors=[BLUE], linewidths=1.2)
    axes.set_axis_off()
    axes.set_title(title, fontsize=8, pad=3)
    text: dict[str, Any] = {
        "color": "white",
        "path_effects": [withStroke(linewidth=1.5, foreground="black")],
    }
    for x, align, letter in ((0.02, "left", view.left), (0.98, "right", view.right)):
        axes.text(x, 0.97, letter, transform=axes.transAxes, ha=align, va="top", **text)


def draw_beside(
    candidates: Candidates, index: int, shown: Mapping[str, NDArray[np.uint8]]
) -> Figure:
    """Draw one slice several times side by side, cropped to the disease region.

    `shown` is title to labels on the scan's grid, as `draw_plane` draws them.
    """
    from matplotlib.figure import Figure

    stir, region = candidates.stir, candidates.disease_region
    view = view_of(stir)
    box, window = box_of(region, view), window_of(stir, region.array)
    figure = Figure(figsize=(7.8, 6.6 / len(shown) + 0.8))
    grey = view.plane(stir.array, index)[box]
    grid = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, (title, labels) in zip(grid, shown.items(), strict=True):
        plane = view.plane(labels, index)[box]
        draw_plane(axes, grey, view=view, window=window, labels=plane, title=title)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.84, wspace=0.02)
    return figure


def volume_text(mask: NDArray[np.bool_], stir: Image) -> str:
    """Return the volume of a mask as text, in voxels and in mm³ by pitch."""
    volume = measure_volume(mask, stir.spacing_mm)
    return f"{volume.voxels:,} voxels, {digits(volume.mm3, 0, 1)} mm³"
