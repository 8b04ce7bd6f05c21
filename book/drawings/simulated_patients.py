"""Drawings of the pages on patients: a SPARCC reading, values with intervals, VHI on SPARCC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from numpy.typing import ArrayLike, NDArray

from vhi.reader_study.figures.agreement import draw_against
from vhi.reader_study.figures.of_patients import scans_with_both
from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, new_figure
from vhi.reader_study.patients import UNITS, Patients
from vhi.statistics.regression import least_squares
from vhi.statistics.sparcc import JOINTS, QUADRANTS, SLICES, sparcc_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (*QUADRANTS, "deep", "intense")


def draw_sparcc(
    axes: Axes,
    oedema: NDArray[np.bool_],
    deep: NDArray[np.bool_],
    intense: NDArray[np.bool_],
    *,
    simulated: bool = False,
) -> None:
    """Draw a reader's marks: a row for each slice, with its sum at the right.

    Parameters
    ----------
    oedema, deep, intense
        As for `vhi.statistics.sparcc.sparcc_score`, which checks them.
    """
    total = sparcc_score(oedema, deep, intense).total
    marks = np.concatenate([oedema, deep[..., None], intense[..., None]], axis=2)
    colours = np.array([RED] * len(QUADRANTS) + [BLUE, DARK])
    row, joint, column = np.indices(marks.shape).reshape(3, -1)
    width = len(COLUMNS)
    axes.scatter(
        joint * (width + 1) + column, row, s=169, marker="s", linewidth=0.5, edgecolor=GREY,
        c=np.where(marks, colours, PALE).ravel(),
    )  # fmt: skip
    for place, name in enumerate(JOINTS):
        middle = place * (width + 1) + (width - 1) / 2
        axes.text(middle, -0.9, f"{name} joint", ha="center", fontsize=9)
    right = 2 * width + 1
    for place, count in enumerate(marks.sum(axis=(1, 2))):
        axes.text(right + 0.2, place, f"{count}", va="center", ha="right", fontsize=9)
    axes.text(right + 0.2, SLICES - 0.1, f"= {total}", ha="right", fontsize=10, weight="bold")
    axes.set(xlim=(-0.7, right + 0.5), ylim=(SLICES + 0.2, -1.3))
    names = [name.replace("_", " ") for name in COLUMNS] * 2
    ticks = [place for place in range(right) if place != width]
    axes.set_xticks(ticks, names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(SLICES), [f"slice {number}" for number in range(1, SLICES + 1)])
    dress(axes, simulated=simulated)
    sns.despine(ax=axes, left=True, bottom=True)
    axes.tick_params(length=0)


def draw_intervals(
    axes: Axes,
    names: Sequence[str],
    values: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    hollow: Sequence[bool] | None = None,
    mark_at: float | None = None,
    limits: tuple[float, float] | None = None,
    label: str = "",
    simulated: bool = False,
) -> None:
    """Draw values with their intervals, one below the other.

    Parameters
    ----------
    names, values, low, high
        One of each for every row; a row without a value stays empty.
    hollow
        Rows whose point is not filled.
    mark_at
        A value to compare the others with: a red dotted line.
    limits
        Ends of the axis.
    """
    rows = np.arange(len(names))
    if mark_at is not None:
        axes.axvline(mark_at, color=RED, linestyle=":", linewidth=1.2, zorder=0)
    axes.hlines(rows, low, high, color=GREY, linewidth=2, zorder=1)
    faces = np.where(np.zeros(len(names), bool) if hollow is None else hollow, "white", DARK)
    axes.scatter(values, rows, s=30, facecolor=faces, edgecolor=DARK, zorder=2)
    axes.set_yticks(rows, list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    if limits is not None:
        axes.set_xlim(*limits)
    axes.set_xlabel(label)
    dress(axes, simulated=simulated)


def fits_figure(cohorts: Mapping[str, Patients]) -> Figure:
    """Draw VHI and log(VHI + 1) on SPARCC with least-squares lines, a row for each cohort.

    Parameters
    ----------
    cohorts
        At least one, by the name to write; values are means of readers.
    """
    figure = new_figure(9.5, 3.7 * len(cohorts))
    grid = figure.subplots(len(cohorts), 2, squeeze=False)
    for row, (name, patients) in zip(grid, cohorts.items(), strict=True):
        sparcc, vhi, visits = scans_with_both(patients)
        for axes, log in zip(row, (False, True), strict=True):
            line = least_squares(sparcc, np.log1p(vhi) if log else vhi)
            draw_against(
                axes, sparcc, vhi, visits, log=log, unit=UNITS[patients.vhi],
                title=f"{name}: r² = {line.r**2:.2f}", simulated=patients.simulated,
            )  # fmt: skip
            axes.axline((0, line.intercept), slope=line.slope, color=DARK, linewidth=1.2, zorder=0)
    return figure
