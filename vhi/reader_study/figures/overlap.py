"""Pictures of how segmentations overlap, and of how far cleaning can get.

They draw what was computed elsewhere. Source of the forms: Hepburn et al. 2023, Figures 4 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, key

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_overlaps(
    axes: Axes,
    groups: Mapping[str, Mapping[str, float]],
    *,
    linked: bool = False,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    label: str = "Dice",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw each pair's overlaps as a boxplot with every scan as a point (Figures 4 and 5).

    Box: quartiles; whiskers: to the farthest value within 1.5 times the box; red line: median.

    Parameters
    ----------
    axes
        Where to draw.
    groups
        For each pair of segmentations, the value of each scan. Values that are not finite are
        left out, and n says how many there are.
    linked
        Join the points of one scan, which are at the same place beside every box.
    intervals
        Of the medians, by pair; drawn as a red bar at the left of the box.
    label, title
        What is written.
    simulated
        Say so.
    """
    scans = list(dict.fromkeys(scan for values in groups.values() for scan in values))
    offsets = dict(zip(scans, _spread(len(scans)), strict=True))
    finite = {
        name: {scan: value for scan, value in values.items() if np.isfinite(value)}
        for name, values in groups.items()
    }
    for place, (name, values) in enumerate(finite.items()):
        if values:
            axes.boxplot(
                list(values.values()), positions=[place], widths=0.6, showfliers=False,
                manage_ticks=False, patch_artist=True,
                boxprops={"facecolor": "white", "edgecolor": GREY},
                whiskerprops={"color": GREY}, capprops={"color": GREY},
                medianprops={"color": RED, "linewidth": 2, "zorder": 4},
            )  # fmt: skip
        low, high = (intervals or {}).get(name, (np.nan, np.nan))
        if np.isfinite(low) and np.isfinite(high):
            axes.vlines(place - 0.38, low, high, color=RED, linewidth=3, gid="interval")
        across = [place + offsets[scan] for scan in values]
        axes.plot(
            across, list(values.values()), "o", color=DARK, markersize=4, mfc=BLUE, mew=0.5,
            zorder=5,
        )  # fmt: skip
    if linked:
        for scan in scans:
            line = [values.get(scan, np.nan) for values in finite.values()]
            across = [place + offsets[scan] for place in range(len(line))]
            axes.plot(across, line, color=GREY, linewidth=0.7, alpha=0.7, zorder=3, gid="scan")
    ticks = [f"{name}\nn = {len(values)}" for name, values in finite.items()]
    axes.set_xticks(range(len(ticks)), ticks, fontsize=8)
    axes.set_xlim(-0.6, len(ticks) - 0.4)
    axes.set_ylabel(label)
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, title=title, simulated=simulated)


def draw_ceiling(
    axes: Axes,
    ceilings: Mapping[str, Sequence[float]],
    *,
    reached: Mapping[str, Sequence[float]] | None = None,
    uncleaned: Mapping[str, Sequence[float]] | None = None,
    label: str = "Dice with a manual mask",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw for each scan the best overlap that cleaning by whole regions could reach.

    Parameters
    ----------
    ceilings
        For each scan, the best Dice with each manual mask.
    reached
        The Dice that the readers' cleaned masks have with the same manual masks.
    uncleaned
        The same for the candidates as they are.

    Others as for `draw_overlaps`.
    """
    kinds = (
        ("candidates, not cleaned", uncleaned, {"marker": "|", "color": GREY, "mew": 1.5}),
        ("cleaned by a reader", reached, {"marker": "x", "color": RED}),
        ("ceiling: perfect cleaning", ceilings, {"marker": "o", "color": BLUE, "mfc": "none"}),
    )
    scans = list(ceilings)
    for name, values, style in kinds:
        if values is None:
            continue
        points = [(each, y) for y, scan in enumerate(scans) for each in values.get(scan, ())]
        x, y = np.array(points, float).reshape(-1, 2).T
        axes.plot(x, y, linestyle="", markersize=6, label=name, **style)
    axes.set_yticks(range(len(scans)), scans)
    axes.set(xlim=(-0.02, 1.02), ylim=(max(len(scans), 1) - 0.5, -0.5), xlabel=label, ylabel="scan")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, title=title, simulated=simulated)
    key(axes, columns=3)


def _spread(count: int) -> NDArray[np.float64]:
    """Return places side by side within a box, in the order of the scans on every run."""
    return np.linspace(-0.2, 0.2, count) if count > 1 else np.zeros(count)
