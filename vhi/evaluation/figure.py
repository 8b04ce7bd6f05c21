"""Figure of an evaluation: Dice along the stack of each scan, or under each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.evaluation.evaluate import Evaluation
from vhi.statistics import summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]


def draw_evaluation(evaluation: Evaluation, *, title: str = "") -> Figure:
    """Draw Dice slice by slice, and its spread.

    Left, one line for each scan along its slices (dotted if the network saw the scan in
    training); right, the same slices as points, one column for each scan, with median (bar) and
    range. Where scans were changed, one column for each change instead, and no lines.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    rows = [row for row in evaluation.slices if "dice" in row]
    changes = list(dict.fromkeys(row["change"] for row in evaluation.scans))
    if len(changes) > 1:
        groups = {change: [row for row in rows if row["change"] == change] for change in changes}
        figure = Figure(figsize=(1.5 + 1.1 * len(groups), 4.2), layout="constrained")
        axes = figure.subplots()
        axes.set_ylabel("Dice of the slice")
        _draw_spread(axes, groups, ["#44525f"] * len(groups))
    else:
        groups = {}
        for row in rows:
            groups.setdefault(f"{row['case']} {row['visit']}".strip(), []).append(row)
        figure = Figure(figsize=(7 + 0.45 * len(groups), 4.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(5, 1.6 + 0.45 * len(groups)))
        # Colours that differ in brightness, for readers who tell few hues apart.
        colours = [colormaps["viridis"](share) for share in np.linspace(0, 0.9, len(groups))]
        _draw_along_slices(left, groups, colours)
        figure.legend(frameon=False, fontsize=7, loc="outside lower center", ncols=7)
        _draw_spread(right, groups, colours)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def _draw_along_slices(axes: Axes, groups: Mapping[str, Rows], colours: Sequence[Any]) -> None:
    """Draw the Dice of each scan along its slices."""
    for (name, rows), colour in zip(groups.items(), colours, strict=True):
        slices, dice = zip(*((row["slice"], row["dice"]) for row in rows), strict=True)
        line = ":" if rows[0]["seen_in_training"] == "yes" else "-"
        axes.plot(slices, dice, line, color=colour, marker=".", label=name)
    axes.set_xlabel("slice (as stored, counted from 0)")
    axes.set_ylabel("Dice of the slice")
    if any(rows[0]["seen_in_training"] == "yes" for rows in groups.values()):
        axes.plot([], [], ":", color="grey", label="seen in training")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_spread(axes: Axes, groups: Mapping[str, Rows], colours: Sequence[Any]) -> None:
    """Draw the slices of each group as points, their median as a bar, their range as a line."""
    for place, (rows, colour) in enumerate(zip(groups.values(), colours, strict=True)):
        values = [row["dice"] for row in rows]
        if values:
            summary = summarise(values)
            # Points side by side in slice order: the same on every run.
            across = place + np.linspace(-0.25, 0.25, len(values))
            axes.plot(across, values, ".", color=colour, markersize=3, alpha=0.6)
            axes.vlines(place, summary.min, summary.max, color=colour, linewidth=1)
            axes.hlines(summary.median, place - 0.35, place + 0.35, color=colour, linewidth=2.5)
    counts = sorted({len(rows) for rows in groups.values()})
    slices = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    axes.set_title(f"slices (n = {slices} each), median and range", fontsize=8)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.tick_params(axis="x", labelsize=7, labelrotation=90 if len(groups) > 4 else 0)
    axes.spines[["top", "right"]].set_visible(False)
