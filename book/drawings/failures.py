"""Drawings of the pages on failures and on the area of normal bone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import seaborn as sns
from numpy.typing import ArrayLike

from vhi.reader_study.figures.style import BLUE, DARK, GREY, READERS, RED, dress, key
from vhi.results import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes


AIM = (0.90, 0.98)
"""How often a nominal 95 % interval should hold: the band of `draw_coverage`."""


def draw_shares(
    axes: Axes,
    rows: Iterable[Mapping[str, Any]],
    *,
    readers: tuple[str, str] = READERS,
    simulated: bool = False,
) -> None:
    """Draw the regions in which two masks differ as bars of their shares, a line for each scan.

    Parameters
    ----------
    rows
        From `vhi.reader_study.failures.disagreement_table`, of all regions of each scan; the colour
        says which reader marked any voxel of a region.
    """
    columns = ["scan", "share_of_difference", "first_only", "second_only", "both"]
    table = pd.DataFrame(rows, columns=columns).astype({"share_of_difference": float})
    first, second = (table[name] + table["both"] > 0 for name in ("first_only", "second_only"))
    table["who"] = np.where(first & second, 0, np.where(first, 1, 2))
    table["start"] = table.groupby("scan")["share_of_difference"].cumsum()
    table["start"] -= table["share_of_difference"]
    names = ("both readers", *(f"{reader} alone" for reader in readers))
    colours = (GREY, figures.YELLOW, figures.RED)
    table["line"], scans = pd.factorize(table["scan"])
    for who, regions in table.groupby("who"):
        axes.barh(
            regions["line"], regions["share_of_difference"], left=regions["start"],
            color=colours[who], edgecolor="white", linewidth=0.6, label=names[who],
        )  # fmt: skip
    axes.set_yticks(range(len(scans)), scans)
    axes.set_xlim(0, 1)
    axes.invert_yaxis()
    axes.set_xlabel("share of the voxels in which the masks differ")
    dress(axes, simulated=simulated)
    key(axes, columns=3)


def draw_moves(
    axes: Axes,
    moves: Mapping[str, ArrayLike],
    *,
    spans: bool = False,
    label: str,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw the values of each case relative to its own measurement, on a logarithmic scale.

    Parameters
    ----------
    moves
        By case: ratios above 0. A case without any keeps an empty line.
    spans
        Join a case's values to an interval, with a mark at 1.
    label
        Of the axis.
    """
    axes.set_xscale("log")
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=0)
    for place, values in enumerate(moves.values()):
        style = {"marker": "o", "markersize": 5, "mfc": "none", "linestyle": ""}
        if spans:
            style = {"marker": "|", "markersize": 9, "linewidth": 2.5}
        axes.plot(values, [place] * len(values), color=BLUE, **style)
        if spans and len(values):
            axes.plot([1], [place], "D", color=RED, markersize=5)
    ratios = np.concatenate([[1.0], *moves.values()])
    marks = np.array([0.25, 0.5, 0.7, 1, 1.4, 2, 3, 4, 6, 10])
    marks = marks[(marks >= ratios.min() / 1.4) & (marks <= ratios.max() * 1.4)]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_yticks(range(len(moves)), list(moves))
    axes.set_ylim(len(moves) - 0.5, -0.5)
    axes.set_xlabel(label)
    dress(axes, title=title, simulated=simulated)


def draw_coverage(
    axes: Axes, shares: pd.DataFrame, *, label: str, title: str = "", simulated: bool = False
) -> None:
    """Draw how often intervals held, a line for each thing that they should hold.

    Parameters
    ----------
    shares
        From 0 to 1; one row for each value of the horizontal axis (above 0), one column a line.
    label
        Of the horizontal axis, which is logarithmic.
    """
    low, high = AIM
    axes.axhspan(low, high, color=GREY, alpha=0.3, linewidth=0)
    lines = shares.melt(var_name="held", ignore_index=False).reset_index(names="x")
    sns.lineplot(
        lines, x="x", y="value", hue="held", style="held", markers=True, dashes=False,
        palette=[BLUE, RED, DARK][: shares.shape[1]], ax=axes,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(shares.index, [f"{x:,g}" for x in shares.index])
    axes.minorticks_off()
    axes.set(xlabel=label, ylabel="share of intervals that held it", ylim=(0, 1.03))
    axes.legend(title=None, loc="lower left")
    dress(axes, title=title, simulated=simulated)


def draw_growth(
    axes: Axes,
    shares: ArrayLike,
    lines: Mapping[str, ArrayLike],
    *,
    label: str,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw a value against the part of the area it is taken from, a line for each case.

    Parameters
    ----------
    shares
        Parts of the area, above 0 to 1.
    lines
        By case, one value for each share.
    label
        Of the vertical axis.
    """
    table = pd.DataFrame(lines, index=pd.Index(shares, name="share"))
    axes.set(xlabel="part of the area", ylabel=label)
    style = {"markersize": 4, "markeredgewidth": 0, "legend": False, "ax": axes}
    cases = table.melt(var_name="case", ignore_index=False).reset_index()
    sns.lineplot(
        cases, x="share", y="value", units="case", estimator=None, color=GREY, linewidth=1,
        marker="o", **style,
    )  # fmt: skip
    sns.lineplot(table.median(axis=1), color=RED, linewidth=2, marker="o", **style)
    axes.axhline(1, color=DARK, linewidth=0.7, linestyle=":", zorder=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(table.index, [f"1/{1 / x:g}" if x < 1 else "all" for x in table.index])
    dress(axes, title=title, simulated=simulated)
