"""Pictures of a cohort: a SPARCC reading's ticks, values with intervals, VHI fitted to SPARCC.

Colours and marks are those of `vhi.reader_study.figures.style`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.reader_study.figures.agreement import draw_against
from vhi.reader_study.figures.of_patients import vhi_of
from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress
from vhi.reader_study.patients import UNITS, VISITS, Patients
from vhi.statistics.regression import least_squares
from vhi.statistics.sparcc import JOINTS, QUADRANTS, SLICES, sparcc_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = (*QUADRANTS, "deep", "intense")


def draw_sparcc(
    axes: Axes,
    oedema: NDArray[np.bool_],
    deep: NDArray[np.bool_],
    intense: NDArray[np.bool_],
    *,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw what a reader ticked: a row for each slice, with its sum at the right.

    Parameters
    ----------
    axes
        Where to draw.
    oedema, deep, intense
        As for `vhi.statistics.sparcc.sparcc_score`, which checks them.
    title, simulated
        What is written.
    """
    total = sparcc_score(oedema, deep, intense).total
    marks = np.concatenate([oedema, deep[..., None], intense[..., None]], axis=2)
    width = len(_COLUMNS)
    colours = [RED] * len(QUADRANTS) + [BLUE, DARK]
    for joint, name in enumerate(JOINTS):
        left = joint * (width + 1)
        axes.text(left + (width - 1) / 2, -0.9, f"{name} joint", ha="center", fontsize=9)
        for column, colour in enumerate(colours):
            for place in range(SLICES):
                axes.plot(
                    left + column, place, "s", markersize=13, color=GREY,
                    markerfacecolor=colour if marks[place, joint, column] else PALE,
                    markeredgewidth=0.5,
                )  # fmt: skip
    right = 2 * width + 1
    for place, count in enumerate(marks.sum(axis=(1, 2))):
        axes.text(right + 0.2, place, f"{count}", va="center", ha="right", fontsize=9)
    axes.text(right + 0.2, SLICES - 0.1, f"= {total}", ha="right", fontsize=10, weight="bold")
    axes.set(xlim=(-0.7, right + 0.5), ylim=(SLICES + 0.2, -1.3))
    ticks = [joint * (width + 1) + column for joint in range(2) for column in range(width)]
    names = [name.replace("_", " ") for name in _COLUMNS] * 2
    axes.set_xticks(ticks, names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(SLICES), [f"slice {number}" for number in range(1, SLICES + 1)])
    dress(axes, title=title, simulated=simulated)
    axes.spines[["left", "bottom"]].set_visible(False)
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
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw values with their intervals, one below the other.

    Parameters
    ----------
    axes
        Where to draw.
    names, values, low, high
        One of each for every row; a row without a value stays empty.
    hollow
        Rows whose point is not filled.
    mark_at
        A value to hold the others against: a red dotted line.
    limits
        Ends of the axis.
    label, title, simulated
        What is written.

    Raises
    ------
    ValueError
        The lists differ in length.
    """
    value, ends = np.asarray(values, float), np.array([low, high], float)
    empty = np.zeros(len(names), bool) if hollow is None else np.asarray(hollow, bool)
    if not value.shape == empty.shape == ends.shape[1:] == (len(names),):
        raise ValueError(
            f"expected a value, two ends and a mark for each of {len(names)} names; got "
            f"{value.size}, {ends.size} and {empty.size}"
        )
    rows = np.arange(len(names))
    if mark_at is not None:
        axes.axvline(mark_at, color=RED, linestyle=":", linewidth=1.2, zorder=0)
    axes.hlines(rows, ends[0], ends[1], color=GREY, linewidth=2, zorder=1)
    for which, face in ((~empty, DARK), (empty, "white")):
        axes.plot(
            value[which], rows[which], "o", color=DARK, markerfacecolor=face, markersize=5.5,
            linestyle="",
        )  # fmt: skip
    axes.set_yticks(rows, list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    if limits is not None:
        axes.set_xlim(*limits)
    axes.set_xlabel(label)
    dress(axes, title=title, simulated=simulated)


def fits_figure(cohorts: Mapping[str, Patients]) -> Figure:
    """Draw VHI and log(VHI + 1) on SPARCC with least-squares lines, a row for each cohort.

    Parameters
    ----------
    cohorts
        By the name to write; values are means of readers.

    Raises
    ------
    ValueError
        There is no cohort.
    """
    import matplotlib.pyplot as plt

    if not cohorts:
        raise ValueError("cohorts needs at least one cohort; got none")
    figure, grid = plt.subplots(
        len(cohorts), 2, figsize=(9.5, 3.7 * len(cohorts)), squeeze=False, layout="constrained"
    )
    for row, (name, patients) in zip(grid, cohorts.items(), strict=True):
        sparcc, vhi, visits = scans_with_both(patients)
        for axes, log in zip(row, (False, True), strict=True):
            line = least_squares(sparcc, np.log1p(vhi) if log else vhi)
            title = f"{name}: r² = {line.r**2:.2f}"
            draw_against(
                axes, sparcc, vhi, visits, log=log, unit=UNITS[vhi_of(patients)], title=title,
                simulated=patients.simulated,
            )  # fmt: skip
            axes.axline((0, line.intercept), slope=line.slope, color=DARK, linewidth=1.2, zorder=0)
    plt.close(figure)
    return figure


def scans_with_both(
    patients: Patients,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Return SPARCC, VHI (means of readers) and visit of the scans that have both."""
    sparcc, vhi = (
        np.concatenate([patients.at(name, visit) for visit in VISITS])
        for name in ("sparcc", vhi_of(patients))
    )
    known = np.isfinite(sparcc) & np.isfinite(vhi)
    visits = np.repeat(VISITS, len(patients.names))[known]
    return sparcc[known], vhi[known], [str(visit) for visit in visits]
