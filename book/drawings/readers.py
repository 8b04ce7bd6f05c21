"""Drawings of the pages on readers: votes, all masks of a scan, bootstrap, shared candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import seaborn as sns
from numpy.typing import ArrayLike, NDArray

from vhi.images.image import Image
from vhi.images.orientation import box_of, view_of, window_of
from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, key, new_figure
from vhi.reader_study.readings import ScanReadings, Segmentation
from vhi.results.figures import draw_slice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Box = tuple[slice, slice]

VOTES = "autumn_r"
"""Colours from few votes (yellow) to all (red)."""

WIDTH = 11.0
"""Width of a figure of scans, in inches."""


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
    """Draw one slice with the number of masks that mark each voxel, yellow for one, red for all.

    Parameters
    ----------
    image
        Intensities, with the grid of `votes`.
    index
        Slice, counted from 0.
    votes
        Whole numbers of 0 (not coloured) to `of`, the number of masks; shape of the image.
    outline
        A mask drawn as a dark line.
    box, window
        As for `vhi.results.figures.draw_slice`.

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
    """Draw one slice with the outline of each segmentation, and with all votes.

    Parameters
    ----------
    stir
        Intensities, on the grid of the readings.
    index
        Slice, counted from 0.
    segmentations
        The readings' manual ones when not given.

    Returns
    -------
    Figure
        Two rows: segmentations by columns; in the last column the scan alone and the votes.
    """
    drawn = readings.manual if segmentations is None else tuple(segmentations)
    masks = [readings.whole(segmentation.mask).array for segmentation in drawn]
    votes = np.sum(masks, axis=0) if masks else np.zeros(stir.shape, int)
    in_slice = np.zeros(stir.shape, bool)
    plane = tuple(index if axis == stir.slice_axis else slice(None) for axis in range(3))
    in_slice[plane] = votes[plane] > 0
    view = view_of(stir)
    box = box_of(stir.with_array(in_slice), view)
    look: dict[str, Any] = {"box": box, "window": window_of(stir, votes > 0)}
    columns = -(-len(drawn) // 2) + 1
    high, wide = (
        (part.stop - part.start) * stir.spacing_mm[axis]
        for part, axis in zip(box, (view.rows, view.columns), strict=True)
    )
    figure = new_figure(WIDTH, 2 * (WIDTH / columns * high / wide + 0.35))
    grid = figure.subplots(2, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    # Row by row the trials of a reader, in the order of the readers.
    for axes, segmentation, mask in zip(grid[:, :-1].flat, drawn, masks, strict=False):
        draw_slice(axes, stir, index, outline=mask, title="", **look)
        dress(axes, title=segmentation.name, simulated=simulated)
    draw_slice(grid[0, -1], stir, index, title="", **look)
    dress(grid[0, -1], title=f"STIR alone, slice {index}", simulated=simulated)
    look |= {"title": "number of masks", "simulated": simulated}
    draw_votes(grid[1, -1], stir, index, votes, of=len(drawn), **look)
    return figure


def draw_bootstrap(
    axes: Axes,
    resampled: ArrayLike,
    *,
    interval: tuple[float, float] | None = None,
    middle: float,
    label: str = "median Dice",
    simulated: bool = False,
) -> None:
    """Draw the different values of resampled medians, each as a line as high as its share.

    A histogram would hide that there are only a few different ones.

    Parameters
    ----------
    resampled
        One median for each resample, at least one.
    interval
        Of the median, drawn as a red bar below.
    middle
        The median of the data, drawn as a dot.
    """
    values, counts = np.unique(np.round(np.asarray(resampled, float), 12), return_counts=True)
    shares = 100 * counts / counts.sum()
    below = -0.06 * shares.max()
    axes.vlines(values, 0, shares, color=BLUE, linewidth=2, gid="share")
    if interval is not None:
        axes.hlines(
            below, *interval, color=RED, linewidth=4, gid="interval", label="order statistics"
        )
    axes.plot([middle], [below], "o", color=DARK, markersize=6, label="median of the data")
    axes.set(xlabel=label, ylabel="share of resamples (%)")
    axes.axhline(0, color=GREY, linewidth=0.8)
    dress(axes, simulated=simulated)
    key(axes)


def draw_shared_start(
    axes: Axes, points: Mapping[str, tuple[float, float]], *, simulated: bool = False
) -> None:
    """Draw the Dice of cleaned masks against the Dice that shared candidates give by chance.

    Parameters
    ----------
    points
        For each scan, its Dice by chance and its Dice; scans without both values are left out.
    """
    table = pd.DataFrame.from_dict(points, "index", float, ["chance", "dice"]).dropna()
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.08))
    axes.set(xlabel="Dice of two who keep as much at random", ylabel="Dice of the cleaned masks")
    axes.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=0)
    axes.vlines(table["chance"], table["chance"], table["dice"], color=PALE, linewidth=2, zorder=1)
    sns.scatterplot(
        table, x="chance", y="dice", s=30, color=BLUE, edgecolor=DARK, linewidth=1, ax=axes
    )
    for scan, *place in table.itertuples():
        axes.annotate(scan, place, (0, 6), textcoords="offset points", fontsize=7, ha="center")
    dress(axes, simulated=simulated)
