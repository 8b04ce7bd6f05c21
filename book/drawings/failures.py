"""Drawings that only the book's pages on failures and on the area of normal bone need.

They draw what was computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from vhi.reader_study.figures.style import BLUE, DARK, GREY, READERS, RED, dress, key
from vhi.results import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOTH = "both readers"


def draw_shares(
    axes: Axes,
    rows: Iterable[Mapping[str, Any]],
    *,
    readers: tuple[str, str] = READERS,
    simulated: bool = False,
) -> None:
    """Draw the regions that two masks differ in as bars of their shares, a line for each scan.

    Parameters
    ----------
    axes
        Where to draw.
    rows
        From `vhi.reader_study.failures.disagreement_rows`, of all regions of each scan; the colour
        says who marked anything of a region.
    readers
        Names of the two.
    simulated
        Say so.
    """
    colours = {
        BOTH: GREY,
        f"{readers[0]} alone": figures.YELLOW,
        f"{readers[1]} alone": figures.RED,
    }
    scans: dict[str, float] = {}
    named: set[str] = set()
    for row in rows:
        start = scans.get(row["scan"], 0.0)
        first, second = row["first_only"] or row["both"], row["second_only"] or row["both"]
        who = BOTH if first and second else f"{readers[0 if first else 1]} alone"
        axes.barh(
            row["scan"], row["share_of_difference"], left=start, color=colours[who],
            edgecolor="white", linewidth=0.6, label=None if who in named else who,
        )  # fmt: skip
        named.add(who)
        scans[row["scan"]] = start + row["share_of_difference"]
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
    """Draw by how many times a value moves, a line for each case, on a logarithmic scale.

    Parameters
    ----------
    axes
        Where to draw.
    moves
        By case: values over the case's own, above 0. A case without any keeps an empty line.
    spans
        Join a case's values to an interval, with a mark at 1.
    label
        Of the axis.
    title, simulated
        What is written.
    """
    for place, values in enumerate(moves.values()):
        x = np.asarray(values, float)
        if spans and x.size:
            axes.plot(x, [place] * x.size, color=BLUE, linewidth=2.5, marker="|", markersize=9)
            axes.plot([1], [place], "D", color=RED, markersize=5)
        else:
            axes.plot(x, [place] * x.size, "o", color=BLUE, markersize=5, mfc="none")
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=0)
    axes.set_xscale("log")
    known = np.concatenate([np.ones(1), *(np.asarray(each, float) for each in moves.values())])
    marks = [m for m in (0.25, 0.5, 0.7, 1, 1.4, 2, 3, 4, 6, 10) if known.min() / 1.4 <= m]
    marks = [m for m in marks if m <= known.max() * 1.4]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_yticks(range(len(moves)), list(moves))
    axes.set_ylim(len(moves) - 0.5, -0.5)
    axes.set_xlabel(label)
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
    """Draw how a value changes with the part of the area it is taken from, a line for each case.

    Parameters
    ----------
    axes
        Where to draw.
    shares
        Parts of the area, above 0 to 1, without gaps between doublings.
    lines
        By case, one value for each share.
    label
        Of the vertical axis.
    title, simulated
        What is written.
    """
    x = np.asarray(shares, float)
    for values in lines.values():
        axes.plot(x, np.asarray(values, float), color=GREY, linewidth=1, marker=".", markersize=4)
    middle = np.median([np.asarray(values, float) for values in lines.values()], axis=0)
    axes.plot(x, middle, color=RED, linewidth=2, marker="o", markersize=4, label="median of cases")
    axes.axhline(1, color=DARK, linewidth=0.7, linestyle=":", zorder=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(x, [f"1/{1 / share:g}" if share < 1 else "all" for share in x])
    axes.set_xlabel("part of the area")
    axes.set_ylabel(label)
    dress(axes, title=title, simulated=simulated)
