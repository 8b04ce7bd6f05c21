"""Style shared by the figures: colours, visits, axes, legends, the word "simulated"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns
from numpy.typing import ArrayLike, NDArray

from vhi.digits import digits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RED, BLUE, GREEN = "#c8102e", "#1f6fb2", "#1a8a4a"
GREY, DARK, PALE = "#8aa1b4", "#1c2733", "#dbe2e8"

VISIT_MARKS = {
    "before": {"facecolor": RED, "edgecolor": RED, "marker": "o"},
    "after": {"facecolor": "none", "edgecolor": BLUE, "marker": "^"},
    "": {"facecolor": "none", "edgecolor": DARK, "marker": "o"},
}
"""Before treatment red, after it blue (Hepburn et al. 2023, Figures 6 and 7), in two shapes that
stay apart in grey; dark where no visit is given."""

SIMULATED = "simulated"
READERS = ("reader 1", "reader 2")
LEGEND_POINTS = 36
"""Distance from the axes down to the legend: room for tick labels and the axis label."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure (inches), which pyplot does not keep open."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(width, height), layout="constrained")
    plt.close(figure)
    return figure


def dress(axes: Axes, *, title: str = "", simulated: bool = False) -> None:
    """Write the title at the left, ``simulated`` at the right if so, and remove the frame."""
    if title:
        axes.set_title(title, loc="left", fontsize=9)
    if simulated:
        axes.set_title(SIMULATED, loc="right", fontsize=9, color=RED, style="italic", weight="bold")
    sns.despine(ax=axes)
    axes.tick_params(labelsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_fontsize(9)


def draw_points(axes: Axes, x: ArrayLike, y: ArrayLike, visits: Sequence[str] | None) -> None:
    """Draw pairs of values as points, each visit in its own colour and shape.

    Label the axes first: seaborn then has no reason to lay out their ticks.
    """
    table = pd.DataFrame({"x": x, "y": y, "visit": "" if visits is None else visits})
    for visit, points in table.groupby("visit", sort=False):
        sns.scatterplot(
            points, x="x", y="y", s=26, linewidth=1.1, alpha=0.85, legend=False, ax=axes,
            label=f"{visit} (n = {len(points)})" if visit else None, **VISIT_MARKS[visit],
        )  # fmt: skip


def draw_cut(axes: Axes, *, x: float | None = None, y: float | None = None) -> None:
    """Draw a blue dotted line where another panel cuts its axis, as the paper does."""
    for value, draw in ((x, axes.axvline), (y, axes.axhline)):
        if value is not None:
            draw(value, color=BLUE, linestyle=":", linewidth=1.2)


def remark(axes: Axes, hidden: NDArray[np.bool_], what: str, *, low: bool = False) -> None:
    """Write into a corner how many points are not shown; nothing where all are."""
    if hidden.any():
        axes.text(
            0.98 if low else 0.02, 0.02 if low else 0.98, f"{hidden.sum()} of {hidden.size} {what}",
            transform=axes.transAxes, fontsize=7, style="italic", ha="right" if low else "left",
            va="bottom" if low else "top", zorder=6,
        )  # fmt: skip


def key(axes: Axes, *, columns: int = 2) -> None:
    """Put the legend below the axes, where it hides no point; none where nothing has a label."""
    from matplotlib.transforms import ScaledTranslation

    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure = axes.get_figure(root=True)
        assert figure is not None
        # Below the axis labels, however high the axes are.
        down = ScaledTranslation(0, -LEGEND_POINTS / 72, figure.dpi_scale_trans)
        axes.legend(
            handles, labels, frameon=False, fontsize=8, loc="upper center", ncols=columns,
            bbox_to_anchor=(0.5, 0), borderaxespad=0, bbox_transform=axes.transAxes + down,
        )  # fmt: skip


def named(name: str, unit: str, *, log: bool = False) -> str:
    """Return the axis label of a quantity, with its unit."""
    if log:
        return f"log({name} in {unit} + 1)" if unit else f"log({name} + 1)"
    return f"{name} ({unit})" if unit else name


def number(value: float) -> str:
    """Return a number with three significant digits, thousands separated, and a true minus."""
    return digits(value).replace("-", "−")


def with_interval(value: float, interval: tuple[float, float], separator: str = " ") -> str:
    """Return a number followed by its interval in brackets, where that is finite."""
    low, high = interval
    if not np.isfinite([low, high]).all():
        return number(value)
    return f"{number(value)}{separator}({number(low)} to {number(high)})"
