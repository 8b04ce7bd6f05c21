"""The picture of an evaluation: Dice along the stack of each scan, or under each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.evaluation.evaluate import Evaluation
from vhi.statistics import summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEEN_LINE = {"yes": ":", "no": "-", "": "-"}
"""Scans that the network has seen in training are dotted."""


def draw_evaluation(evaluation: Evaluation, *, title: str = "") -> Figure:
    """Draw Dice slice by slice, and how it spreads.

    Left, one line for each scan along its slices (scans seen in training dotted); right, the
    same slices as points, one column for each scan, with median (bar) and range. Where the scans
    were changed, one column for each change instead, and no lines.
    """
    from matplotlib.figure import Figure

    rows = [row for row in evaluation.slices if "dice" in row]
    changes = list(dict.fromkeys(row["change"] for row in evaluation.scans))
    if len(changes) > 1:
        groups = [(name, [row for row in rows if row["change"] == name]) for name in changes]
        figure = Figure(figsize=(1.5 + 1.1 * len(groups), 4.2), layout="constrained")
        axes = figure.subplots()
        _draw_spread(axes, groups, ["#44525f"] * len(groups))
    else:
        names = list(dict.fromkeys((row["case"], row["visit"]) for row in rows))
        groups = [
            (
                " ".join(name).strip(),
                [row for row in rows if (row["case"], row["visit"]) == name],
            )
            for name in names
        ]
        figure = Figure(figsize=(7 + 0.45 * len(groups), 4.4), layout="constrained")
        left, axes = figure.subplots(1, 2, sharey=True, width_ratios=(5, 1.6 + 0.45 * len(groups)))
        colours = _colours(len(groups))
        for (name, own), colour in zip(groups, colours, strict=True):
            line = SEEN_LINE[own[0]["seen_in_training"]]
            left.plot(
                [row["slice"] for row in own],
                [row["dice"] for row in own],
                line,
                color=colour,
                marker=".",
                label=name,
            )
        left.set_xlabel("slice (as stored, counted from 0)")
        left.set_ylabel("Dice of the slice")
        if any(row["seen_in_training"] == "yes" for row in rows):
            left.plot([], [], ":", color="grey", label="seen in training")
        figure.legend(frameon=False, fontsize=7, loc="outside lower center", ncols=7)
        left.spines[["top", "right"]].set_visible(False)
        _draw_spread(axes, groups, colours)
    if len(changes) > 1:
        axes.set_ylabel("Dice of the slice")
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def _draw_spread(
    axes: Axes, groups: Sequence[tuple[str, list[dict[str, Any]]]], colours: Sequence[Any]
) -> None:
    """Draw the slices of each group as points, their median as a bar, their range as a line."""
    for place, ((_, rows), colour) in enumerate(zip(groups, colours, strict=True)):
        values = [row["dice"] for row in rows]
        if not values:
            continue
        summary = summarise(values)
        # Points side by side in slice order: what lies where is the same on every run.
        across = place + np.linspace(-0.25, 0.25, len(values))
        axes.plot(across, values, ".", color=colour, markersize=3, alpha=0.6)
        axes.vlines(place, summary.min, summary.max, color=colour, linewidth=1)
        axes.hlines(summary.median, place - 0.35, place + 0.35, color=colour, linewidth=2.5)
    counts = {len(rows) for _, rows in groups}
    slices = f"n = {min(counts)}" if len(counts) == 1 else f"n = {min(counts)} to {max(counts)}"
    axes.set_title(f"slices ({slices} each), median and range", fontsize=8)
    axes.set_xticks(range(len(groups)), [name for name, _ in groups])
    axes.tick_params(axis="x", labelsize=7, labelrotation=90 if len(groups) > 4 else 0)
    axes.spines[["top", "right"]].set_visible(False)


def _colours(count: int) -> list[Any]:
    """Return as many colours that differ in brightness, for readers who tell few hues apart."""
    from matplotlib import colormaps

    return [colormaps["viridis"](each) for each in np.linspace(0, 0.9, max(count, 1))]
