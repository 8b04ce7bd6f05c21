"""Agreement of two readers: scatter, Bland–Altman plot, ratios, volume against visual score.

Limits are given, not computed, so that a view with cut axes shows the limits of all data.
Source of the forms: Hepburn et al. 2023, Figures 6 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.reader_study.figures.style import (
    DARK,
    GREY,
    draw_cut,
    draw_points,
    dress,
    key,
    named,
    remark,
    with_interval,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vhi.reader_study.pairs import ReaderPair
    from vhi.statistics.agreement import LimitsOfAgreement, RatioLimits
    from vhi.statistics.repeated import RepeatedLimits

    Limits = LimitsOfAgreement | RepeatedLimits


def draw_against(
    axes: Axes,
    score: ArrayLike,
    volume: ArrayLike,
    visits: Sequence[str] | None = None,
    *,
    truncate_at: float | None = None,
    zoom: float | None = None,
    log: bool = False,
    unit: str = "voxels",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw VHI against SPARCC scores (Figure 6), before treatment red and after it blue.

    Parameters
    ----------
    score, volume, visits
        Of each scan, in one order; visits ``before`` or ``after``.
    truncate_at
        Draw a blue dotted line at this volume, where another panel cuts its axis.
    zoom
        Cut the axis at this volume and write the number of points above it.
    log
        Draw log(volume + 1); not together with `truncate_at` or `zoom`.
    """
    y = np.asarray(volume, float)
    axes.set(xlabel="SPARCC score (0–72)", ylabel=named("VHI", unit, log=log))
    draw_points(axes, score, _scaled(y, log), visits)
    draw_cut(axes, y=truncate_at)
    if zoom is not None:
        axes.set_ylim(-0.04 * zoom, zoom)
        remark(axes, y > zoom, "not in view")
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

    Options as for `draw_against`; `truncate_at` and `zoom` apply to both axes.
    """
    x, y = _scaled(pairs.first, log), _scaled(pairs.second, log)
    top = max(float(np.max([x, y], initial=0)), 1e-9)
    if zoom is not None:
        top = zoom
        remark(axes, (pairs.first > zoom) | (pairs.second > zoom), "not in view")
    quantity = named(pairs.name, pairs.unit, log=log)
    axes.set(xlabel=f"{pairs.readers[0]}: {quantity}", ylabel=f"{pairs.readers[1]}: {quantity}")
    axes.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=0)
    draw_points(axes, x, y, pairs.visits)
    draw_cut(axes, x=truncate_at, y=truncate_at)
    axes.set(xlim=(-0.04 * top, 1.04 * top), ylim=(-0.04 * top, 1.04 * top), aspect="equal")
    axes.locator_params(axis="x", nbins=4)  # numbers of five digits, in a narrow panel
    dress(axes, title=title, simulated=pairs.simulated)
    key(axes)


def draw_bland_altman(
    axes: Axes,
    pairs: ReaderPair,
    limits: Limits,
    *,
    truncate_at: float | None = None,
    zoom: float | None = None,
    log: bool = False,
) -> None:
    """Draw differences against means, with bias and limits of agreement (Figure 7, rows 2 and 4).

    Parameters
    ----------
    limits
        Of these values, or of log(x + 1) of them with `log`; drawn with their intervals.
    zoom
        Cut the axis of means here and write the number of points beyond. The axis of differences
        holds the limits of all data and every point in view.

    Others as for `draw_scatter_of_readers`.
    """
    x, y = _scaled(pairs.first, log), _scaled(pairs.second, log)
    means, differences = (x + y) / 2, x - y
    quantity = named(pairs.name, pairs.unit, log=log)
    axes.set(xlabel=f"mean: {quantity}", ylabel=f"{' − '.join(pairs.readers)}:\n{quantity}")
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    heights = _draw_limits(axes, "bias", limits)
    draw_points(axes, means, differences, pairs.visits)
    draw_cut(axes, x=truncate_at)
    if zoom is not None:
        seen = means <= zoom
        in_view = np.array([0.0, *differences[seen], *filter(math.isfinite, heights)])
        margin = 0.06 * max(float(np.ptp(in_view)), 1e-9)
        axes.set_xlim(-0.04 * zoom, 1.02 * zoom)
        axes.set_ylim(in_view.min() - margin, in_view.max() + margin)
        remark(axes, ~seen, "not in view", low=True)
    axes.locator_params(axis="x", nbins=4)
    dress(axes, simulated=pairs.simulated)
    key(axes)


def draw_ratios(axes: Axes, pairs: ReaderPair, limits: RatioLimits) -> None:
    """Draw ratios first / second against geometric means, both axes logarithmic.

    Pairs with a zero have no ratio; they are left out, and a remark gives their number.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    positive = (pairs.first > 0) & (pairs.second > 0)
    first, second = pairs.first[positive], pairs.second[positive]
    visits = None if pairs.visits is None else list(np.asarray(pairs.visits)[positive])
    axes.set(xscale="log", yscale="log", xlabel=f"geometric mean: {named(pairs.name, pairs.unit)}")
    axes.set_ylabel(f"{' / '.join(pairs.readers)}:\nratio of {pairs.name}")
    axes.axhline(1, color=GREY, linewidth=0.8, zorder=0)
    _draw_limits(axes, "ratio", limits)
    draw_points(axes, np.sqrt(first * second), first / second, visits)
    for axis, digits in ((axes.xaxis, (1, 3)), (axes.yaxis, (1, 2, 5))):
        axis.set_major_locator(LogLocator(subs=digits))
        axis.set_major_formatter(lambda value, _: f"{value:,g}")
        axis.set_minor_locator(NullLocator())
    remark(axes, ~positive, "with a zero", low=True)
    dress(axes, simulated=pairs.simulated)
    key(axes)


def _draw_limits(axes: Axes, middle: str, limits: Limits | RatioLimits) -> list[float]:
    """Draw bias or ratio and both limits, where finite, with bands and numbers; return heights."""
    heights: list[float] = []
    for label, field in ((middle, middle), ("lower limit", "lower"), ("upper limit", "upper")):
        value, ends = getattr(limits, field), getattr(limits, f"{field}_interval")
        heights += [value, *ends]
        if not math.isfinite(value):
            continue
        style = "-" if field == middle else "--"
        axes.axhline(value, color=DARK, linestyle=style, linewidth=1.2, gid=label)
        if np.isfinite(ends).all():
            axes.axhspan(*ends, color=GREY, alpha=0.25, linewidth=0, gid=f"{label} interval")
        axes.annotate(
            with_interval(value, ends, "\n"), (1.01, value), xycoords=("axes fraction", "data"),
            fontsize=7, va="center",
        )  # fmt: skip
    return heights


def _scaled(values: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    return np.log1p(values) if log else values
