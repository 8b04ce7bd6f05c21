"""Treatment: each patient before and after, and one change against another.

Source of the forms: Hepburn et al. 2023, Figure 9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns
from numpy.typing import ArrayLike

from vhi.reader_study.figures.style import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    RED,
    dress,
    key,
    named,
    remark,
    with_interval,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vhi.statistics.regression import Line

TRENDS = {
    -1: ("improving", {"color": GREEN, "linestyle": "-", "marker": "o"}),
    1: ("worsening", {"color": RED, "linestyle": "--", "marker": "s"}),
    0: ("unchanged", {"color": GREY, "linestyle": ":", "marker": "D"}),
}
"""By the sign of the change."""

LINE_STYLES = ((RED, "-"), (DARK, "--"), (BLUE, "-."))


def draw_spaghetti(
    axes: Axes,
    before: ArrayLike,
    after: ArrayLike,
    *,
    name: str = "VHI",
    unit: str = "voxels",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw a line for each patient from before to after treatment (Figure 9, rows 1 and 2).

    Improving patients: green, solid; worsening: red, dashed; unchanged: grey, dotted. Patients
    without both visits are left out and counted below the axes.

    Parameters
    ----------
    before, after
        A value for each patient, in one order; NaN where a visit is missing.
    """
    patients = pd.DataFrame({"before": before, "after": after}, dtype=float)
    complete = patients.dropna()
    for trend, (label, style) in TRENDS.items():
        group = complete[np.sign(complete["after"] - complete["before"]) == trend]
        if len(group):
            sns.lineplot(
                group.melt(ignore_index=False).reset_index(), x="variable", y="value",
                units="index", estimator=None, sort=False, markersize=5, linewidth=1.1,
                markeredgewidth=0, legend=False, ax=axes, **style,
            )  # fmt: skip
            axes.lines[-1].set_label(f"{label} (n = {len(group)})")
    missing = len(patients) - len(complete)
    axes.set_xticks([0, 1], ["before", "after"])
    axes.set(xlim=(-0.15, 1.15), ylabel=named(name, unit))
    axes.set_xlabel(f"without both visits: {missing} of {len(patients)}" if missing else "")
    dress(axes, title=title, simulated=simulated)
    key(axes)


def draw_changes(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    lines: Mapping[str, Line],
    *,
    zoom: float | None = None,
    unit: str = "voxels",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw changes of VHI against changes of SPARCC with fitted lines (Figure 9, row 3).

    Parameters
    ----------
    x, y
        Changes of SPARCC and VHI (after − before); patients with a NaN are left out.
    lines
        Fitted to these, by the method's name. A line that could not be fitted is not drawn.
    zoom
        Cut the vertical axis at ± this change and write the number of points outside; the lines
        stay those of all data.
    """
    points = pd.DataFrame({"x": x, "y": y}, dtype=float).dropna()
    axes.set(xlabel="change of SPARCC score", ylabel=f"change of VHI ({unit})")
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    sns.scatterplot(
        points, x="x", y="y", s=26, facecolor="none", edgecolor=BLUE, linewidth=1.1, legend=False,
        label=f"patients (n = {len(points)})", ax=axes,
    )  # fmt: skip
    for (name, line), (colour, style) in zip(lines.items(), LINE_STYLES * 3, strict=False):
        if math.isfinite(line.slope) and math.isfinite(line.intercept):
            ends = np.array([points["x"].min(), points["x"].max()])
            sns.lineplot(
                x=ends, y=line.intercept + line.slope * ends, color=colour, linestyle=style,
                linewidth=1.6, legend=False, ax=axes,
                label=f"{name}: slope {with_interval(line.slope, line.slope_interval)}",
            )  # fmt: skip
    if zoom is not None:
        axes.set_ylim(-zoom, zoom)
        remark(axes, np.abs(points["y"].to_numpy()) > zoom, "not in view")
    dress(axes, title=title, simulated=simulated)
    key(axes, columns=1)
