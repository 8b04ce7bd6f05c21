"""Drawings that only the book's pages on readers need.

They draw what was computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.images.image import Image
from vhi.images.orientation import box_of, view_of, window_of
from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, key
from vhi.reader_study.readings import ScanReadings, Segmentation
from vhi.results.figures import draw_slice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[slice, slice]

VOTES = "autumn_r"
"""Colours from few votes (yellow) to all (red)."""

WIDTH = 11.0
"""Of a figure of scans, in inches."""


def draw_votes(
    axes: Axes,
    image: Image,
    index: int,
    votes: NDArray[np.integer],
    *,
    of: int,
    outline: NDArray[np.bool_] | None = None,
    box: Box | None = None,
    window: tuple[float, float] | None = None,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw one slice with how many masks mark each voxel, yellow for one, red for all.

    Parameters
    ----------
    axes
        Where to draw.
    image
        Intensities, with the grid of `votes`.
    index
        Slice, counted from 0.
    votes
        Whole numbers of 0 (not coloured) to `of`, shape of the image.
    of
        How many masks there are.
    outline
        A mask drawn as a dark line.
    box, window
        As for `vhi.results.figures.draw_slice`.
    title, simulated
        What is written.

    Raises
    ------
    ValueError
        `votes` has another shape than the image, or a number outside 0 to `of`.
    """
    from matplotlib import colormaps

    if votes.shape != image.shape:
        raise ValueError(f"votes has shape {votes.shape}, the image {image.shape}; use its grid")
    if votes.size and not 0 <= votes.min() <= votes.max() <= of:
        raise ValueError(
            f"votes lie between 0 and {of}; got {votes.min()} to {votes.max()}, check `of`"
        )
    draw_slice(axes, image, index, box=box, window=window, title="")
    view = view_of(image)
    rows, columns = box or (slice(None), slice(None))
    shown = view.plane(votes, index)[rows, columns]
    colours = colormaps[VOTES].resampled(max(of, 1))
    aspect = image.spacing_mm[view.rows] / image.spacing_mm[view.columns]
    axes.imshow(
        np.ma.masked_equal(shown, 0), cmap=colours, vmin=0.5, vmax=of + 0.5, aspect=aspect,
        interpolation="nearest",
    )  # fmt: skip
    if outline is not None:
        line = view.plane(outline, index)[rows, columns]
        if line.any():
            axes.contour(line, levels=[0.5], colors=[DARK], linewidths=1.3)
    for number in range(1, of + 1):
        axes.plot([], [], "s", color=colours(number - 1), markersize=6, label=str(number))
    axes.legend(loc="lower center", fontsize=7, ncols=of, framealpha=0.8, borderpad=0.3)
    dress(axes, title=title, simulated=simulated)


def readings_figure(
    stir: Image,
    readings: ScanReadings,
    index: int,
    *,
    segmentations: Sequence[Segmentation] | None = None,
    simulated: bool = False,
) -> Figure:
    """Draw one slice with each segmentation's outline, then with how many of them mark a voxel.

    Parameters
    ----------
    stir
        Intensities, on the readings' grid.
    readings
        Of the scan.
    index
        Slice, counted from 0.
    segmentations
        Which to draw; the readings' manual ones when not given.
    simulated
        Say so.

    Returns
    -------
    Figure
        Two rows: segmentations by columns; in the last column the scan alone and the votes.
    """
    import matplotlib.pyplot as plt

    drawn = readings.manual if segmentations is None else tuple(segmentations)
    whole = [readings.whole(each.mask).array for each in drawn]
    votes = np.sum(whole, axis=0) if whole else np.zeros(stir.shape, int)
    view = view_of(stir)
    box = box_of(stir.with_array(_only(votes > 0, index, stir.slice_axis)), view)
    look: dict[str, Any] = {"box": box, "window": window_of(stir, votes > 0)}
    columns = -(-len(drawn) // 2) + 1
    high, wide = (
        (part.stop - part.start) * stir.spacing_mm[axis]
        for part, axis in zip(box, (view.rows, view.columns), strict=True)
    )
    size = (WIDTH, 2 * (WIDTH / columns * high / wide + 0.35))
    figure, grid = plt.subplots(2, columns, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat:
        axes.set_axis_off()
    # Row by row a reader's trials, as they are in the order of the readers.
    for axes, each, mask in zip(grid[:, :-1].flat, drawn, whole, strict=False):
        draw_slice(axes, stir, index, outline=mask, title="", **look)
        dress(axes, title=each.name, simulated=simulated)
    draw_slice(grid[0, -1], stir, index, title="", **look)
    dress(grid[0, -1], title=f"STIR alone, slice {index}", simulated=simulated)
    title = "how many mark it"
    look |= {"title": title, "simulated": simulated}
    draw_votes(grid[1, -1], stir, index, votes, of=len(drawn), **look)
    plt.close(figure)
    return figure


def draw_bootstrap(
    axes: Axes,
    resampled: ArrayLike,
    *,
    interval: tuple[float, float] | None = None,
    middle: float | None = None,
    label: str = "median Dice",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw which values resampled medians have, each as a line as high as its share.

    A histogram would hide that there are only a few different ones.

    Parameters
    ----------
    axes
        Where to draw.
    resampled
        One median for each resample, at least one.
    interval
        For the true median, drawn as a red bar below.
    middle
        The median of the data, drawn as a red dot.
    label, title, simulated
        What is written.
    """
    values, counts = np.unique(np.round(np.asarray(resampled, float), 12), return_counts=True)
    axes.vlines(values, 0, 100 * counts / counts.sum(), color=BLUE, linewidth=2, gid="share")
    below = -0.06 * 100 * counts.max() / counts.sum()
    if interval is not None:
        axes.hlines(
            below, *interval, color=RED, linewidth=4, gid="interval", label="order statistics"
        )
    if middle is not None:
        axes.plot([middle], [below], "o", color=DARK, markersize=6, label="median of the data")
    axes.set_xlabel(label)
    axes.set_ylabel("share of resamples (%)")
    axes.axhline(0, color=GREY, linewidth=0.8)
    dress(axes, title=title, simulated=simulated)
    key(axes)


def draw_shared_start(
    axes: Axes,
    points: Mapping[str, tuple[float, float]],
    *,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw the Dice of cleaned masks against the Dice that shared candidates give by chance.

    Parameters
    ----------
    axes
        Where to draw.
    points
        For each scan, its Dice by chance and its Dice; those that are not finite are left out.
    title, simulated
        What is written.
    """
    known = {scan: both for scan, both in points.items() if np.isfinite(both).all()}
    axes.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=0)
    for scan, (x, y) in known.items():
        axes.plot([x, x], [x, y], color=PALE, linewidth=2, zorder=1)
        axes.plot([x], [y], "o", color=DARK, mfc=BLUE, markersize=5, gid="scan")
        axes.annotate(scan, (x, y), (0, 6), textcoords="offset points", fontsize=7, ha="center")
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.08))
    axes.set_xlabel("Dice of two who keep as much at random")
    axes.set_ylabel("Dice of the cleaned masks")
    dress(axes, title=title, simulated=simulated)


def _only(mask: NDArray[np.bool_], index: int, slice_axis: int) -> NDArray[np.bool_]:
    """Return the mask in one slice alone."""
    kept = np.zeros_like(mask)
    plane = tuple(index if axis == slice_axis else slice(None) for axis in range(mask.ndim))
    kept[plane] = mask[plane]
    return kept
