"""What the study's figures share: colours, marks of visits, tidy axes, the word "simulated"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RED, BLUE, GREEN = "#c8102e", "#1f6fb2", "#1a8a4a"
GREY, DARK, PALE = "#8aa1b4", "#1c2733", "#dbe2e8"

VISIT_MARKS: dict[str, dict[str, Any]] = {
    "before": {"color": RED, "marker": "o"},
    "after": {"color": BLUE, "marker": "^", "markerfacecolor": "none"},
}
"""Before treatment red, after it blue (Hepburn et al. 2023, Figures 6 and 7); the shapes tell
them apart in grey too."""

OTHER_MARK: dict[str, Any] = {"color": DARK, "marker": "o", "markerfacecolor": "none"}

SIMULATED = "simulated"
READERS = ("reader 1", "reader 2")
KEY_POINTS = 36
"""How far below the axes the legend begins: under tick labels and the axis label."""

Floats = NDArray[np.float64]


def dress(axes: Axes, *, title: str = "", simulated: bool = False) -> None:
    """Give axes a title at their left, ``simulated`` at their right where so, and no frame."""
    if title:
        axes.set_title(title, loc="left", fontsize=9)
    if simulated:
        axes.set_title(SIMULATED, loc="right", fontsize=9, color=RED, style="italic", weight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_fontsize(9)


def groups_of(visits: Sequence[str] | None, count: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Give each visit with its members, before and after first; without visits, all as ``""``."""
    if visits is None:
        yield "", np.ones(count, bool)
        return
    if len(visits) != count:
        raise ValueError(
            f"visits has {len(visits)} entries for {count} pairs; give one for each pair"
        )
    for visit in sorted(set(visits), key=lambda each: (each not in VISIT_MARKS, each != "before")):
        yield visit, np.array([each == visit for each in visits], bool)


def draw_points(axes: Axes, x: ArrayLike, y: ArrayLike, visits: Sequence[str] | None) -> None:
    """Draw pairs of values as points, each visit in its own colour and shape."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    for visit, members in groups_of(visits, len(x)):
        mark = VISIT_MARKS.get(visit, OTHER_MARK)
        name = f"{visit} (n = {np.count_nonzero(members)})" if visit else None
        axes.plot(
            x[members], y[members], linestyle="", markersize=4.5, alpha=0.85, label=name, **mark
        )


def pairs_of(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    """Return two lists of numbers of one length as arrays.

    Raises
    ------
    ValueError
        They are not two lists of one length.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(
            f"expected two lists of one length, got shapes {a.shape} and {b.shape}; "
            "give a value of each kind for every scan"
        )
    return a, b


def draw_cut(axes: Axes, *, x: float | None = None, y: float | None = None) -> None:
    """Draw where another panel cuts its axes: a blue dotted line, as the paper does."""
    style: dict[str, Any] = {"color": BLUE, "linestyle": ":", "linewidth": 1.2}
    if x is not None:
        axes.axvline(x, **style)
    if y is not None:
        axes.axhline(y, **style)


def remark(axes: Axes, words: str, place: str = "upper left") -> None:
    """Write a short remark into a corner, such as how many points the axes do not show."""
    up, right = place.startswith("upper"), place.endswith("right")
    axes.text(
        0.98 if right else 0.02, 0.98 if up else 0.02, words, transform=axes.transAxes, fontsize=7,
        style="italic", ha="right" if right else "left", va="top" if up else "bottom", zorder=6,
    )  # fmt: skip


def say_outside(axes: Axes, outside: int, count: int, place: str = "upper left") -> None:
    """Say how many points cut axes do not show, so that nothing is hidden in silence."""
    if outside:
        remark(axes, f"{outside} of {count} not in view", place)


def key(axes: Axes, *, columns: int = 2) -> None:
    """Put the legend below the axes, where it hides no point; none where nothing has a name."""
    from matplotlib.transforms import ScaledTranslation

    handles, _ = axes.get_legend_handles_labels()
    if handles:
        figure = axes.get_figure(root=True)
        assert figure is not None
        # Below the axis labels, however high the axes are.
        down = ScaledTranslation(0, -KEY_POINTS / 72, figure.dpi_scale_trans)
        axes.legend(
            frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=columns,
            borderaxespad=0, bbox_transform=axes.transAxes + down,
        )  # fmt: skip


def named(name: str, unit: str, *, log: bool = False) -> str:
    """Return how a quantity is written on an axis, with its unit."""
    if log:
        return f"log({name} in {unit} + 1)" if unit else f"log({name} + 1)"
    return f"{name} ({unit})" if unit else name


def number(value: float) -> str:
    """Return a number as it is written beside a line: thousands separated, three digits."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    decimals = max(2 - int(np.floor(np.log10(abs(value)))), 0)
    return f"{value:,.{decimals}f}".replace("-", "−")
