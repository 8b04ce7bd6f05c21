"""Pictures of treatment: each patient before and after, and one change against another.

They draw what was computed elsewhere. Source of the forms: Hepburn et al. 2023, Figure 9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vhi.reader_study.figures.style import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    RED,
    Floats,
    dress,
    key,
    named,
    number,
    pairs_of,
    say_outside,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vhi.statistics.regression import Line

LINE_STYLES = ((RED, "-"), (DARK, "--"), (BLUE, "-."))


def draw_spaghetti(
    axes: Axes,
    before: ArrayLike,
    after: ArrayLike,
    responders: ArrayLike | None = None,
    *,
    kinds: tuple[str, str] = ("improving", "worsening"),
    zoom: float | None = None,
    log: bool = False,
    name: str = "VHI",
    unit: str = "voxels",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw a line for each patient from before to after treatment (Figure 9, rows 1 and 2).

    Improving patients are green with full lines, worsening ones red and dashed, those of whom it
    is not known grey and dotted. Patients who lack a visit are left out, and counted in a remark.

    Parameters
    ----------
    axes
        Where to draw.
    before, after
        A value for each patient, in one order; NaN where a visit is missing.
    responders
        1 improving, 0 not, NaN not known; by the sign of the change when not given, where a tie
        is neither.
    kinds
        What 1 and 0 are called.
    zoom
        Cut the axis here; how many patients reach beyond is said.
    log
        Draw log(x + 1).
    name, unit, title
        What is written.
    simulated
        Say so.
    """
    start, end = pairs_of(before, after)
    if responders is None:
        better = np.where(start == end, math.nan, (end < start).astype(float))
    else:
        better = pairs_of(responders, start)[0]
    there = np.isfinite(start) & np.isfinite(end)
    for which, kind, colour, style, marker in (
        (better == 1, kinds[0], GREEN, "-", "o"),
        (better == 0, kinds[1], RED, "--", "s"),
        (np.isnan(better), "neither, or not known", GREY, ":", "."),
    ):
        lines = np.stack([start, end])[:, which & there]
        if lines.size:
            shown = np.log1p(lines) if log else lines
            axes.plot([0, 1], shown, style, color=colour, marker=marker, markersize=4, lw=1.1)
            said = f"{kind} (n = {lines.shape[1]})"
            axes.plot([], [], style, color=colour, marker=marker, markersize=4, label=said)
    missing = np.count_nonzero(~there)
    remarks = [f"without both visits: {missing} of {there.size}"] if missing else []
    axes.set_xticks([0, 1], ["before", "after"])
    axes.set_xlim(-0.15, 1.15)
    axes.set_ylabel(named(name, unit, log=log))
    if zoom is not None:
        top = math.log1p(zoom) if log else zoom
        axes.set_ylim(-0.04 * top, top)
        beyond = np.count_nonzero(there & (np.maximum(start, end) > zoom))
        remarks.append(f"beyond this view: {beyond} of {there.sum()}")
    axes.set_xlabel("; ".join(remarks))
    dress(axes, title=title, simulated=simulated)
    key(axes)


def draw_changes(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    lines: Mapping[str, Line],
    *,
    zoom: tuple[float, float] | None = None,
    x_label: str = "change of SPARCC score",
    y_label: str = "change of VHI (voxels)",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw one change against another with fitted lines (Figure 9, row 3).

    Parameters
    ----------
    x, y
        Changes, after − before, one of each for every patient; patients with a NaN are left out.
    lines
        Fitted to these, by the method's name. A line that could not be fitted is not drawn.
    zoom
        Lowest and highest change shown on the vertical axis; the lines stay as they are, and how
        many points lie outside is said.

    Others as for `draw_spaghetti`.
    """
    x, y = pairs_of(x, y)
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    axes.plot(x, y, "o", color=BLUE, mfc="none", markersize=4.5, label=f"patients (n = {x.size})")
    for (name, line), (colour, style) in zip(lines.items(), LINE_STYLES * 3, strict=False):
        if math.isfinite(line.slope) and math.isfinite(line.intercept):
            ends = _ends(x)
            said = f"{name}: slope {_with_interval(line)}"
            height = line.intercept + line.slope * ends
            axes.plot(ends, height, style, color=colour, linewidth=1.6, label=said)
    if zoom is not None:
        axes.set_ylim(*zoom)
        outside = np.count_nonzero((y < zoom[0]) | (y > zoom[1]))
        say_outside(axes, int(outside), y.size)
    axes.set(xlabel=x_label, ylabel=y_label)
    dress(axes, title=title, simulated=simulated)
    key(axes, columns=1)


def _ends(x: Floats) -> Floats:
    """Return the ends of a line a little beyond the points."""
    low, high = float(x.min()), float(x.max())
    margin = 0.05 * (high - low)
    return np.array([low - margin, high + margin])


def _with_interval(line: Line) -> str:
    low, high = line.slope_interval
    if not (math.isfinite(low) and math.isfinite(high)):
        return number(line.slope)
    return f"{number(line.slope)} ({number(low)} to {number(high)})"
