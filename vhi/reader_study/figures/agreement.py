"""Pictures of two readers: scatter, Bland and Altman's plot, ratios, VHI against SPARCC.

Limits come in and are never computed here, so that a zoomed picture shows the limits of all data.
Source of the forms: Hepburn et al. 2023, Figures 6 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vhi.reader_study.figures.style import (
    DARK,
    GREY,
    draw_cut,
    draw_points,
    dress,
    key,
    named,
    number,
    pairs_of,
    remark,
    say_outside,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vhi.reader_study.pairs import ReaderPair
    from vhi.statistics.agreement import LimitsOfAgreement, RatioLimits

Row = tuple[str, float, tuple[float, float]]
"""A line to draw: its name, its value, the value's interval."""


def draw_against(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    visits: Sequence[str] | None = None,
    *,
    truncate_at: float | None = None,
    zoom: float | None = None,
    log: bool = False,
    x_label: str = "SPARCC score (0–72)",
    y_name: str = "VHI",
    unit: str = "voxels",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw volumes against visual scores (Figure 6), before red and after blue.

    Parameters
    ----------
    x, y, visits
        Score and volume of each scan, in one order, and ``before`` or ``after``.
    truncate_at
        Draw a blue dotted line at this volume: where another panel is cut.
    zoom
        Cut the axis at this volume; how many points lie above is said.
    log, simulated
        Draw log(y + 1); say that the data are simulated.
    x_label, y_name, unit, title
        What is written.
    """
    x, y = pairs_of(x, y)
    draw_points(axes, x, np.log1p(y) if log else y, visits)
    axes.set_xlabel(x_label)
    axes.set_ylabel(named(y_name, unit, log=log))
    draw_cut(axes, y=None if truncate_at is None else _scaled(truncate_at, log))
    if zoom is not None:
        top = _scaled(zoom, log)
        axes.set_ylim(-0.04 * top, top)
        say_outside(axes, int(np.count_nonzero(y > zoom)), y.size)
    dress(axes, title=title, simulated=simulated)
    key(axes)


def draw_scatter_of_readers(
    axes: Axes,
    pairs: ReaderPair,
    *,
    truncate_at: float | None = None,
    zoom: float | None = None,
    log: bool = False,
    title: str = "",
) -> None:
    """Draw one reader against the other with the line of equality (Figure 7, rows 1 and 3).

    Parameters as for `draw_against`; `truncate_at` and `zoom` cut both axes.
    """
    first, second = pairs_of(pairs.first, pairs.second)
    x, y = (np.log1p(first), np.log1p(second)) if log else (first, second)
    top = max(float(np.max(x, initial=0)), float(np.max(y, initial=0)), 1e-9)
    if zoom is not None:
        top = _scaled(zoom, log)
        outside = np.count_nonzero((first > zoom) | (second > zoom))
        say_outside(axes, int(outside), first.size)
    axes.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=0)
    draw_points(axes, x, y, pairs.visits)
    if truncate_at is not None:
        cut = _scaled(truncate_at, log)
        draw_cut(axes, x=cut, y=cut)
    axes.set(xlim=(-0.04 * top, 1.04 * top), ylim=(-0.04 * top, 1.04 * top), aspect="equal")
    value = named(pairs.name, pairs.unit, log=log)
    axes.set(xlabel=f"{pairs.readers[0]}: {value}", ylabel=f"{pairs.readers[1]}: {value}")
    axes.locator_params(axis="x", nbins=4)  # numbers of five digits, in a narrow panel
    dress(axes, title=title, simulated=pairs.simulated)
    key(axes)


def draw_bland_altman(
    axes: Axes,
    pairs: ReaderPair,
    limits: LimitsOfAgreement,
    *,
    truncate_at: float | None = None,
    zoom: float | None = None,
    log: bool = False,
    bands: bool = True,
    title: str = "",
) -> None:
    """Draw differences against means, with bias and limits of agreement (Figure 7, rows 2 and 4).

    Parameters
    ----------
    limits
        Of these values, or of log(x + 1) of them with `log`.
    zoom
        Cut the axis of means here. The axis of differences holds the limits, which stay as given,
        and every point in view; how many lie beyond is said.
    bands
        Show the intervals of bias and limits; without, the paper's form.

    Others as for `draw_scatter_of_readers`.
    """
    first, second = pairs_of(pairs.first, pairs.second)
    x, y = (np.log1p(first), np.log1p(second)) if log else (first, second)
    means, differences = (x + y) / 2, x - y
    rows = [("bias", limits.bias, limits.bias_interval), *_limits_of(limits)]
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    _draw_lines(axes, rows, bands=bands)
    draw_points(axes, means, differences, pairs.visits)
    draw_cut(axes, x=None if truncate_at is None else _scaled(truncate_at, log))
    if zoom is not None:
        end = _scaled(zoom, log)
        seen = means <= end
        lines = [value for _, middle, ends in rows for value in (middle, *(ends if bands else ()))]
        heights = np.array([0.0, *differences[seen], *filter(math.isfinite, lines)])
        margin = 0.06 * max(float(np.ptp(heights)), 1e-9)
        axes.set_xlim(-0.04 * end, 1.02 * end)
        axes.set_ylim(heights.min() - margin, heights.max() + margin)
        say_outside(axes, int(np.count_nonzero(~seen)), means.size, "lower right")
    value = named(pairs.name, pairs.unit, log=log)
    one, two = pairs.readers
    axes.set(xlabel=f"mean: {value}", ylabel=f"{one} − {two}:\n{value}")
    axes.locator_params(axis="x", nbins=4)
    dress(axes, title=title, simulated=pairs.simulated)
    key(axes)


def draw_ratios(
    axes: Axes,
    pairs: ReaderPair,
    limits: RatioLimits,
    *,
    bands: bool = True,
    title: str = "",
) -> None:
    """Draw ratios first / second against geometric means, both axes logarithmic.

    Pairs with a zero have no ratio: they are left out, and their number is said. Parameters as
    for `draw_bland_altman`.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    first, second = pairs_of(pairs.first, pairs.second)
    there = (first > 0) & (second > 0)
    visits = pairs.visits
    kept = None if visits is None else [each for each, ok in zip(visits, there, strict=True) if ok]
    a, b = first[there], second[there]
    axes.set(xscale="log", yscale="log")
    axes.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    rows = [("ratio", limits.ratio, limits.ratio_interval), *_limits_of(limits)]
    _draw_lines(axes, rows, bands=bands)
    draw_points(axes, np.sqrt(a * b), a / b, kept)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if axis is axes.yaxis else (1, 3)))
        axis.set_major_formatter(lambda value, _: f"{value:,g}")
        axis.set_minor_locator(NullLocator())
    if not there.all():
        remark(axes, f"{np.count_nonzero(~there)} of {there.size} with a zero", "lower right")
    one, two = pairs.readers
    axes.set_xlabel(f"geometric mean: {named(pairs.name, pairs.unit)}")
    axes.set_ylabel(f"{one} / {two}:\nratio of {pairs.name}")
    dress(axes, title=title, simulated=pairs.simulated)
    key(axes)


def _limits_of(limits: LimitsOfAgreement | RatioLimits) -> list[Row]:
    return [
        ("lower limit", limits.lower, limits.lower_interval),
        ("upper limit", limits.upper, limits.upper_interval),
    ]


def _draw_lines(axes: Axes, rows: Sequence[Row], *, bands: bool) -> None:
    """Draw horizontal lines with their values at the right edge, and bands of their intervals."""
    for name, value, (low, high) in rows:
        if not math.isfinite(value):
            continue
        middle = name in ("bias", "ratio")
        axes.axhline(value, color=DARK, linestyle="-" if middle else "--", linewidth=1.2, gid=name)
        said = number(value)
        if bands and math.isfinite(low) and math.isfinite(high):
            axes.axhspan(low, high, color=GREY, alpha=0.25, linewidth=0, gid=f"{name} interval")
            said += f"\n({number(low)} to {number(high)})"
        axes.annotate(
            said, (1.01, value), xycoords=("axes fraction", "data"), fontsize=7, va="center"
        )


def _scaled(value: float, log: bool) -> float:
    return math.log1p(value) if log else value
