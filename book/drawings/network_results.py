"""Drawings of network masks beside drawn ones, and of their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vhi.images.image import Image
from vhi.images.orientation import box_of, view_of
from vhi.results.figures import BLUE, RED, YELLOW, draw_slice
from vhi.statistics import summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORANGE, GREY, DARK = "#e07b00", "#8aa1b4", "#1c2733"
Box = tuple[slice, slice]


def box_on(index: int, *masks: Image) -> Box:
    """Return the part of a slice that holds masks of one grid, with a margin."""
    first = masks[0]
    union = np.zeros(first.shape, bool)
    plane = tuple(index if axis == first.slice_axis else slice(None) for axis in range(3))
    union[plane] = np.any([mask.array[plane] for mask in masks], axis=0)
    return box_of(first.with_array(union), view_of(first))


def draw_difference(
    axes: Axes,
    image: Image,
    index: int,
    *,
    predicted: Image,
    truth: Image,
    box: Box | None = None,
    window: tuple[float, float] | None = None,
    title: str = "",
) -> None:
    """Draw a slice; what was predicted wrongly is yellow, what was missed red."""
    labels = np.zeros(image.shape, np.uint8)
    labels[predicted.array & ~truth.array] = 1
    labels[truth.array & ~predicted.array] = 2
    draw_slice(axes, image, index, labels=labels, box=box, window=window, title=title)


def draw_outlines(
    axes: Axes,
    image: Image,
    index: int,
    *,
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    box: Box | None = None,
    window: tuple[float, float] | None = None,
    title: str = "",
) -> None:
    """Draw a slice with two outlines: drawn by a person blue, predicted yellow and dashed."""
    draw_slice(axes, image, index, outline=truth, box=box, window=window, title=title)
    rows, columns = box or (slice(None), slice(None))
    plane = view_of(image).plane(predicted, index)[rows, columns]
    if plane.any():
        axes.contour(plane, levels=[0.5], colors=[YELLOW], linewidths=1.1, linestyles="--")


def outline_keys(axes: Axes, *, truth: str, predicted: str) -> None:
    """Name the two lines of `draw_outlines` in a legend."""
    axes.plot([], [], color=BLUE, linewidth=1.5, label=truth)
    axes.plot([], [], color=YELLOW, linewidth=1.5, linestyle="--", label=predicted)
    axes.legend(loc="lower center", fontsize=7, ncols=2, framealpha=0.8, borderpad=0.3)


def draw_slice_scores(
    axes: Axes, ours: Sequence[float], authors: Sequence[float] | None, *, title: str = ""
) -> None:
    """Draw the Dice of each slice of a scan along its stack, the paper's network beside ours."""
    places = np.arange(len(ours))
    if authors is not None:
        axes.vlines(places, authors, ours, color="#c9d3dc", linewidth=2, zorder=0)
        axes.plot(places, authors, "s", color=ORANGE, markersize=4, label="the paper's ensemble")
    axes.plot(places, ours, "o", color=BLUE, markersize=5, label="study, of this library")
    axes.set(xlabel="slice (counted from 0)", ylabel="Dice of the slice", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def draw_groups(axes: Axes, groups: Mapping[str, Sequence[float]], *, goal: float) -> None:
    """Draw the Dice of slices of each group as points, their mean as a bar, the goal as a line."""
    for place, values in enumerate(groups.values()):
        across = place + np.linspace(-0.3, 0.3, len(values))
        axes.plot(across, values, ".", color=GREY, markersize=3)
        axes.hlines(summarise(values).mean, place - 0.38, place + 0.38, color=DARK, linewidth=2.5)
    axes.axhline(goal, color=RED, linestyle=":", linewidth=1.2)
    axes.set_xticks(range(len(groups)), [name.replace(" ", "\n") for name in groups])
    axes.set_ylabel("Dice of the slice")
    axes.spines[["top", "right"]].set_visible(False)


def draw_effects(
    axes: Axes,
    cases: Sequence[str],
    proposed: Sequence[float],
    halved: Sequence[Sequence[float]],
    *,
    label: str,
) -> None:
    """Draw for each case the change by the proposed area, over that by halves of the drawn one."""
    rows = np.repeat(np.arange(len(cases)), [len(values) for values in halved])
    style = {"color": GREY, "markersize": 12, "markeredgewidth": 2, "label": "half as drawn"}
    axes.plot(np.concatenate(halved), rows, "|", **style)
    axes.plot(proposed, range(len(cases)), "o", color=BLUE, label="proposed (left out)")
    axes.axvline(0, color=DARK, linewidth=1)
    axes.set_yticks(range(len(cases)), cases)
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)


def draw_warning(
    axes: Axes,
    scores: Sequence[float],
    dice: Sequence[float],
    warned: Sequence[bool],
    *,
    poor_below: float,
    title: str = "",
) -> None:
    """Draw the Dice of held-out slices against their scores, warnings in red."""
    flags = np.asarray(warned, bool)
    x, y = np.asarray(scores, float), np.asarray(dice, float)
    axes.plot(x[~flags], y[~flags], ".", color=GREY, markersize=4, label="no warning")
    axes.plot(x[flags], y[flags], "x", color=RED, markersize=5, label="warning")
    axes.axhline(poor_below, color=DARK, linestyle=":", linewidth=1)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def draw_sheet(
    grid: Sequence[Axes],
    image: Image,
    mask: Image,
    slices: Sequence[int],
    *,
    to_check: Sequence[int] = (),
    box: Box | None = None,
    window: tuple[float, float] | None = None,
) -> None:
    """Draw slices of a scan in a row with the predicted outline.

    Slices with a warning have their number in red, with an exclamation mark.
    """
    for axes, index in zip(grid, slices, strict=True):
        draw_slice(axes, image, index, outline=mask.array, box=box, window=window)
        if index in to_check:
            axes.set_title(f"slice {index} !", fontsize=8, pad=3, color=RED, fontweight="bold")
