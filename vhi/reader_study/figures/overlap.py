"""Overlap of segmentations, and the ceiling of cleaning by whole regions.

Source of the forms: Hepburn et al. 2023, Figures 4 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns

from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, key

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_overlaps(
    axes: Axes,
    table: pd.DataFrame,
    by: str = "pair",
    *,
    linked: bool = False,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw Dice as a boxplot for each group, with every scan as a point (Figures 4 and 5).

    Box: quartiles; whiskers: to the farthest value within 1.5 times the box; red line: median;
    below each box: n, the number of values that are not missing.

    Parameters
    ----------
    table
        Columns ``scan``, ``dice`` and `by`, the groups in order of appearance.
    linked
        Join the points of one scan.
    intervals
        Intervals of the medians, by group: red bars at the left of the boxes.
    """
    names = list(dict.fromkeys(table[by]))
    table = table.dropna(subset="dice")
    columns = {"data": table, "x": by, "y": "dice", "ax": axes}
    if len(table):
        sns.boxplot(
            **columns, order=names, width=0.6, showfliers=False, color="white", linecolor=GREY,
            medianprops={"color": RED, "linewidth": 2},
        )  # fmt: skip
        sns.stripplot(
            **columns, order=names, jitter=False, size=5, color=BLUE, edgecolor=DARK, linewidth=0.5,
            alpha=0.8,
        )  # fmt: skip
    if linked and len(table):
        style = {"color": GREY, "linewidth": 0.8, "alpha": 0.7, "zorder": 0.5}
        sns.lineplot(**columns, units="scan", estimator=None, **style)
    for place, name in enumerate(names):
        low, high = (intervals or {}).get(name, (np.nan, np.nan))
        if np.isfinite([low, high]).all():
            axes.vlines(place - 0.38, low, high, color=RED, linewidth=3, gid="interval")
    counts = table[by].value_counts()
    axes.set_xticks(range(len(names)), [f"{name}\nn = {counts.get(name, 0)}" for name in names])
    axes.set(xlim=(-0.6, len(names) - 0.4), xlabel="", ylabel="Dice")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, title=title, simulated=simulated)


CEILING_MARKS = {
    "uncleaned_dice": ("candidates, not cleaned", {"marker": "|", "color": GREY, "s": 70}),
    "reached_dice": ("cleaned by a reader", {"marker": "x", "color": RED, "s": 36}),
    "ceiling_dice": (
        "ceiling: perfect cleaning",
        {"marker": "o", "facecolor": "none", "edgecolor": BLUE, "s": 36},
    ),
}


def draw_ceiling(axes: Axes, table: pd.DataFrame, *, simulated: bool = False) -> None:
    """Draw for each scan the best overlap that cleaning by whole regions could reach.

    Parameters
    ----------
    table
        Columns ``scan`` and any of `CEILING_MARKS`: the Dice with each manual mask of the
        candidates, the readers' cleaned masks and the best choice of regions. Values that are not
        finite are left out.
    """
    table = table.reset_index(drop=True)  # seaborn joins columns by their index
    scans = list(dict.fromkeys(table["scan"]))
    places = table["scan"].map({scan: place for place, scan in enumerate(scans)})
    for column, (label, style) in CEILING_MARKS.items():
        if column in table:
            style = {"linewidth": 1.3, "label": label, "legend": False, **style}
            sns.scatterplot(x=table[column], y=places, ax=axes, **style)
    axes.set_yticks(range(len(scans)), scans)
    axes.set(xlim=(-0.02, 1.02), ylim=(max(len(scans), 1) - 0.5, -0.5))
    axes.set(xlabel="Dice with a manual mask", ylabel="scan")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, simulated=simulated)
    key(axes, columns=3)
