"""Figures of a table of patients, in the paper's form, for `vhi study` and the book."""

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
from vhi.reader_study.figures.style import new_figure
from vhi.reader_study.pairs import NAMES, ReaderPair
from vhi.reader_study.patients import AFTER, BEFORE, UNITS, VISITS, Patients
from vhi.reader_study.response import change_lines, changes
from vhi.statistics.agreement import limits_of_agreement, ratio_limits
from vhi.statistics.failures import worklist
from vhi.statistics.repeated import repeated_limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from vhi.statistics.agreement import LimitsOfAgreement
    from vhi.statistics.repeated import RepeatedLimits


def agreement_figure(pairs: ReaderPair) -> Figure:
    """Draw two readers' values against each other, and differences against means (Figure 7).

    Columns: all data; axes cut at `upper_fence`, with the limits of all data; log(x + 1). Bottom:
    ratios, which are not in the paper. Where patients have several scans, limits are those of
    repeated measures.
    """
    first, second = pairs.first, pairs.second
    limits = _limits(pairs, first, second)
    log_limits = _limits(pairs, np.log1p(first), np.log1p(second))
    cut = _cut(upper_fence(pairs.means), np.maximum(first, second))
    figure = new_figure(11, 9.5)
    axes = figure.subplot_mosaic(
        [["raw", "zoom", "log"], ["d raw", "d zoom", "d log"], ["ratio"] * 3],
        height_ratios=(1, 1, 0.8),
    )
    draw_scatter_of_readers(axes["raw"], pairs, truncate_at=cut, title="all data")
    draw_scatter_of_readers(axes["zoom"], pairs, zoom=cut, title="axes cut")
    draw_scatter_of_readers(axes["log"], pairs, log=True, title="log(x + 1)")
    draw_bland_altman(axes["d raw"], pairs, limits, truncate_at=cut)
    draw_bland_altman(axes["d zoom"], pairs, limits, zoom=cut)
    draw_bland_altman(axes["d log"], pairs, log_limits, log=True)
    draw_ratios(axes["ratio"], pairs, ratio_limits(first, second, patients=pairs.people))
    return figure


def _limits(
    pairs: ReaderPair, first: NDArray[np.float64], second: NDArray[np.float64]
) -> LimitsOfAgreement | RepeatedLimits:
    """Return limits with intervals by patient."""
    if pairs.people is None:
        return limits_of_agreement(first, second)
    return repeated_limits(first, second, pairs.people)


def vhi_sparcc_figure(patients: Patients) -> Figure:
    """Draw VHI against SPARCC, means of readers: all data, axis cut, log(x + 1) (Figure 6)."""
    sparcc, vhi, visits = scans_with_both(patients)
    options: dict[str, Any] = {"unit": UNITS[patients.vhi], "simulated": patients.simulated}
    figure = new_figure(12, 3.8)
    raw, near, logarithm = figure.subplots(1, 3)
    cut = _cut(upper_fence(vhi) if vhi.size else 0.0, vhi)
    draw_against(raw, sparcc, vhi, visits, truncate_at=cut, title="all data", **options)
    draw_against(near, sparcc, vhi, visits, zoom=cut, title="axis cut", **options)
    draw_against(logarithm, sparcc, vhi, visits, log=True, title="log(x + 1)", **options)
    return figure


def response_figure(patients: Patients, answers: Any = None, rule: str = "") -> Figure:
    """Draw each patient's change, clinical responders and others apart (Figure 9, rows 1 and 2).

    Parameters
    ----------
    answers, rule
        Whether each patient responds clinically (1, 0, NaN), and the name of the rule. Without a
        known answer all patients share one panel.
    """
    groups: dict[str, Any] = {"all patients": np.ones(len(patients.names), bool)}
    if answers is not None and np.isfinite(answers).any():
        groups = {f"responders ({rule})": answers == 1, f"non-responders ({rule})": answers == 0}
        if (missing := np.isnan(answers)).any():
            groups[f"not known ({rule})"] = missing
    shape = len(patients.readers), len(groups)
    figure = new_figure(4.6 * shape[1], 3.6 * shape[0])
    for row, measure in zip(figure.subplots(*shape, squeeze=False), patients.readers, strict=True):
        before, after = (patients.at(measure, visit) for visit in (BEFORE, AFTER))
        for axes, (title, members) in zip(row, groups.items(), strict=True):
            draw_spaghetti(
                axes, before[members], after[members], name=NAMES[measure], unit=UNITS[measure],
                title=title, simulated=patients.simulated,
            )  # fmt: skip
    return figure


def changes_figure(patients: Patients) -> Figure:
    """Draw changes of VHI against changes of SPARCC with lines: all, axis cut (Figure 9, row 3)."""
    x, y = changes(patients, "sparcc"), changes(patients, patients.vhi)
    sizes = np.abs(y[np.isfinite(x) & np.isfinite(y)])
    options: dict[str, Any] = {"unit": UNITS[patients.vhi], "simulated": patients.simulated}
    figure = new_figure(10, 4.2)
    raw, near = figure.subplots(1, 2)
    lines = change_lines(patients)
    draw_changes(raw, x, y, lines, title="all data", **options)
    zoom = (upper_fence(sizes) if sizes.size else 0.0) or 1.0
    draw_changes(near, x, y, lines, zoom=zoom, title="axis cut", **options)
    return figure


def failures_figure(pairs: ReaderPair) -> Figure:
    """Draw all differences in order, with the limits of both worklists."""
    paper, robust = (
        worklist(pairs.first, pairs.second, rule=rule) for rule in ("two-sd", "robust")
    )
    limits = {"2 SD": paper.limit, "robust": robust.limit}
    limits = {name: limit for name, limit in limits.items() if np.isfinite(limit)}
    figure = new_figure(7.5, 4)
    draw_flagged(figure.subplots(), pairs, limits, paper.flagged | robust.flagged)
    return figure


def scans_with_both(
    patients: Patients,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Return SPARCC, VHI (means of readers) and visit of the scans that have both values."""
    sparcc, vhi = (
        np.concatenate([patients.at(name, visit) for visit in VISITS])
        for name in ("sparcc", patients.vhi)
    )
    both = np.isfinite(sparcc) & np.isfinite(vhi)
    visits = np.repeat(VISITS, len(patients.names))[both]
    return sparcc[both], vhi[both], [str(visit) for visit in visits]


def _cut(fence: float, values: NDArray[np.float64]) -> float | None:
    """Return where to cut an axis: only where a value lies beyond, and never to nothing."""
    return fence if fence > 0 and (values > fence).any() else None
