"""Whole figures from a table of patients, in the paper's form, panels from the `*_figures` modules.

Each returns a new matplotlib figure; the report, `vhi study` and the book show the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.reader_study.agreement import upper_fence
from vhi.reader_study.figures.agreement import (
    draw_against,
    draw_bland_altman,
    draw_ratios,
    draw_scatter_of_readers,
)
from vhi.reader_study.figures.failures import draw_flagged
from vhi.reader_study.figures.response import draw_changes, draw_spaghetti
from vhi.reader_study.pairs import NAMES, ReaderPair
from vhi.reader_study.patients import AFTER, BEFORE, UNITS, VISITS, Patients
from vhi.reader_study.response import change_lines, changes
from vhi.statistics.agreement import limits_of_agreement, ratio_limits
from vhi.statistics.failures import worklist

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def agreement_figure(pairs: ReaderPair) -> Figure:
    """Draw two readers' values against each other, and differences against means (Figure 7).

    Columns: all data; axes cut at `upper_fence`, with the limits of all data; log(x + 1). Below:
    ratios, which the paper does not have.
    """
    import matplotlib.pyplot as plt

    first, second = pairs.first, pairs.second
    limits = limits_of_agreement(first, second)
    log_limits = limits_of_agreement(np.log1p(first), np.log1p(second))
    fence = upper_fence(pairs.means)
    # Cut only where something lies beyond, and never to nothing.
    cut = fence if fence > 0 and (np.maximum(first, second) > fence).any() else None
    figure, axes = plt.subplot_mosaic(
        [["raw", "zoom", "log"], ["d raw", "d zoom", "d log"], ["ratio"] * 3],
        figsize=(11, 9.5),
        height_ratios=(1, 1, 0.8),
        layout="constrained",
    )
    draw_scatter_of_readers(axes["raw"], pairs, truncate_at=cut, title="all data")
    draw_scatter_of_readers(axes["zoom"], pairs, zoom=cut, title="axes cut")
    draw_scatter_of_readers(axes["log"], pairs, log=True, title="log(x + 1)")
    draw_bland_altman(axes["d raw"], pairs, limits, truncate_at=cut)
    draw_bland_altman(axes["d zoom"], pairs, limits, zoom=cut)
    draw_bland_altman(axes["d log"], pairs, log_limits, log=True)
    draw_ratios(axes["ratio"], pairs, ratio_limits(first, second))
    plt.close(figure)
    return figure


def vhi_sparcc_figure(patients: Patients) -> Figure:
    """Draw VHI against SPARCC, means of readers: all data, axis cut, log(x + 1) (Figure 6)."""
    import matplotlib.pyplot as plt

    measure = vhi_of(patients)
    x, y = (
        np.concatenate([patients.at(name, visit) for visit in VISITS])
        for name in ("sparcc", measure)
    )
    visits = np.repeat(VISITS, len(patients.names))
    known = np.isfinite(x) & np.isfinite(y)
    x, y, shown = x[known], y[known], list(visits[known])
    fence = upper_fence(y) if y.size else 0.0
    look: dict[str, Any] = {"unit": UNITS[measure], "simulated": patients.simulated}
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    cut = fence if fence > 0 and (y > fence).any() else None
    draw_against(axes[0], x, y, shown, truncate_at=cut, title="all data", **look)
    draw_against(axes[1], x, y, shown, zoom=cut, title="axis cut", **look)
    draw_against(axes[2], x, y, shown, log=True, title="log(x + 1)", **look)
    plt.close(figure)
    return figure


def response_figure(patients: Patients, answers: Any = None, rule: str = "") -> Figure:
    """Draw each patient's change, clinical responders and others apart (Figure 9, rows 1 and 2).

    Parameters
    ----------
    patients
        The table.
    answers
        Who responds clinically: 1, 0, NaN. Without, or where it is known of nobody, all patients
        in one panel.
    rule
        Its name, for titles.
    """
    import matplotlib.pyplot as plt

    measures = list(patients.readers)
    groups: dict[str, Any] = {"all patients": np.ones(len(patients.names), bool)}
    if answers is not None and np.isfinite(answers).any():
        groups = {f"responders ({rule})": answers == 1, f"non-responders ({rule})": answers == 0}
        if np.isnan(answers).any():
            groups[f"not known ({rule})"] = np.isnan(answers)
    figure, grid = plt.subplots(
        len(measures),
        len(groups),
        figsize=(4.6 * len(groups), 3.6 * len(measures)),
        squeeze=False,
        layout="constrained",
    )
    for row, measure in zip(grid, measures, strict=True):
        before, after = (patients.at(measure, visit) for visit in (BEFORE, AFTER))
        for axes, (title, members) in zip(row, groups.items(), strict=True):
            draw_spaghetti(
                axes,
                before[members],
                after[members],
                name=NAMES[measure],
                unit=UNITS[measure],
                title=title,
                simulated=patients.simulated,
            )
    plt.close(figure)
    return figure


def changes_figure(patients: Patients) -> Figure:
    """Draw changes of VHI against changes of SPARCC with lines, twice (Figure 9, row 3)."""
    import matplotlib.pyplot as plt

    measure = vhi_of(patients)
    x, y = changes(patients, "sparcc"), changes(patients, measure)
    lines = change_lines(patients)
    known = np.abs(y[np.isfinite(x) & np.isfinite(y)])
    near = (upper_fence(known) if known.size else 0.0) or 1.0
    label = f"change of VHI ({UNITS[measure]})"
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    look: dict[str, Any] = {"y_label": label, "simulated": patients.simulated}
    draw_changes(axes[0], x, y, lines, title="all data", **look)
    draw_changes(axes[1], x, y, lines, zoom=(-near, near), title="axis cut", **look)
    plt.close(figure)
    return figure


def failures_figure(pairs: ReaderPair) -> Figure:
    """Draw all differences in order, with both worklists' limits."""
    import matplotlib.pyplot as plt

    lists = {
        "2 SD": worklist(pairs.first, pairs.second),
        "robust": worklist(pairs.first, pairs.second, rule="robust"),
    }
    limits = {name: each.limit for name, each in lists.items() if np.isfinite(each.limit)}
    figure, axes = plt.subplots(figsize=(7.5, 4), layout="constrained")
    draw_flagged(axes, pairs, limits, flagged=lists["2 SD"].flagged | lists["robust"].flagged)
    plt.close(figure)
    return figure


def vhi_of(patients: Patients) -> str:
    """Return the column name of VHI in the table's unit."""
    return next(name for name in patients.readers if name.startswith("vhi_"))
