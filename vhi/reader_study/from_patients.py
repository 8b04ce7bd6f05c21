"""The study's analyses on a table of patients: everything that `vhi study --table` writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from vhi.reader_study.agreement import COLUMNS as AGREEMENT_COLUMNS
from vhi.reader_study.agreement import RAW, agreement_table
from vhi.reader_study.failures import FAILURE_COLUMNS, classes_of, count_classes, failure_table
from vhi.reader_study.figures.of_patients import (
    agreement_figure,
    changes_figure,
    failures_figure,
    response_figure,
    vhi_sparcc_figure,
)
from vhi.reader_study.pairs import ReaderPair, reader_pairs
from vhi.reader_study.patients import AFTER, BEFORE, Patients
from vhi.reader_study.report import MOST_PAIRS, SIMULATED, Picture, StudyResult, Table, stack
from vhi.reader_study.response import change_table, response_table, responses_of

NOTE_SIMULATED = "These patients are simulated: no number here was measured on anybody."
LIMITS_NOTE = (
    "Differences are first − second reader; limits of agreement are bias ± 1.96 SD, with exact "
    "intervals. Rows of the form paper are what the paper gives; the others belong beside it."
)


def study_of_patients(patients: Patients, *, rules: Sequence[str] | None = None) -> StudyResult:
    """Analyse agreement, response and failures of a table of patients.

    Parameters
    ----------
    patients
        From `vhi.reader_study.patients.read_patients`, or simulated.
    rules
        Rules of response to compare, see `vhi.reader_study.response.responses_of`.

    Returns
    -------
    StudyResult
        Analyses whose values the table does not have are left out, and a note says so.

    Raises
    ------
    InputError
        A rule is unknown, or the table lacks what it needs.
    """
    pairs = [pair for pair in reader_pairs(patients) if len(pair.first)]
    agreement = stack(map(agreement_table, pairs), AGREEMENT_COLUMNS)
    responses = responses_of(patients, rules)
    compared = response_table(patients, rules)
    judged = classes_of(patients)
    failures = stack((failure_table(pair, judged) for pair in pairs), FAILURE_COLUMNS)
    tables: list[Any] = [
        Table("agreement", "Agreement of readers", agreement, LIMITS_NOTE),
        Table(
            "response",
            "Who responds, by two rules at a time",
            compared,
            "Agreement with its exact interval; kappa; McNemar's exact P, and P with all tests "
            "of the table as one family (Holm).",
        ),
        Table(
            "changes",
            "Change with treatment",
            change_table(patients),
            "Change is after − before, of the mean of readers.",
        ),
        Table(
            "failures",
            "Worklist: where readers differ most",
            failures,
            "A worklist, not a rate of failure: 2 SD lists about one in twenty of any data.",
        ),
    ]
    pictures: list[Any] = _pictures(patients, pairs, responses)
    if patients.simulated:
        tables, pictures = _marked_as_simulated(tables), _marked_as_simulated(pictures)
    return StudyResult(
        title=f"Agreement, response and failures: {patients.name}",
        tables=tuple(tables),
        pictures=tuple(pictures),
        summary=_summary(patients, pairs, agreement, compared, failures),
        notes=tuple(_notes(patients, pairs, compared)),
        lines=tuple(_lines(patients, pairs, agreement, responses)),
    )


def _marked_as_simulated(parts: Sequence[Any]) -> list[Any]:
    """Begin the file names and titles of tables or figures with the word simulated."""
    return [
        replace(part, name=f"{SIMULATED}{part.name}", title=f"Simulated: {part.title}")
        for part in parts
    ]


def _pictures(
    patients: Patients, pairs: Sequence[ReaderPair], responses: dict[str, Any]
) -> list[Picture]:
    called = "Simulated patients. " if patients.simulated else ""
    shown: list[Picture] = []
    for number, pair in enumerate(pairs[:MOST_PAIRS]):
        name = f"agreement-{number + 1}"
        what, readers = pair.name, f"{pair.readers[0]} − {pair.readers[1]}"
        caption = (
            f"{called}{what} in {pair.unit} by {pair.readers[0]} and {pair.readers[1]}, n = "
            f"{len(pair.first)} scans. Above: one reader against the other. Below: difference "
            f"({readers}) against mean with bias, 95 % limits of agreement and their exact "
            "intervals; last row: the same as ratios. Cut axes keep the limits of all data."
        )
        alt = (
            f"Scatter and Bland-Altman plots of {what}, two readers: all data, cut axes, log, ratio"
        )
        shown.append(
            Picture(
                name, f"Agreement: {what}, {readers}", caption, alt, partial(agreement_figure, pair)
            )
        )
    both = "sparcc" in patients.readers and len(patients.readers) == 2
    n = len(patients.names)
    if both:
        shown.append(
            Picture(
                "vhi-sparcc",
                "VHI and SPARCC",
                f"{called}VHI against SPARCC, means of readers, both visits of n = {n} patients.",
                "VHI against SPARCC as scatter plots: all data, cut axis, logarithm",
                partial(vhi_sparcc_figure, patients),
            )
        )
    clinical = next(iter(responses.items()), None)
    rule, answers = clinical or ("", None)
    if rule.startswith(("vhi-", "sparcc-")):
        rule, answers = "", None
    shown.append(
        Picture(
            "response",
            "Before and after treatment",
            f"{called}One line for each of n = {n} patients who have both visits; green: the value "
            "falls.",
            "Lines from before to after treatment, one for each patient",
            partial(response_figure, patients, answers, rule),
        )
    )
    if both:
        shown.append(
            Picture(
                "changes",
                "Change of VHI against change of SPARCC",
                f"{called}After − before, n = {n} patients, with least squares and Deming lines.",
                "Change of VHI against change of SPARCC with two fitted lines",
                partial(changes_figure, patients),
            )
        )
    for number, pair in enumerate(pairs[:MOST_PAIRS]):
        what, readers = pair.name, f"{pair.readers[0]} − {pair.readers[1]}"
        shown.append(
            Picture(
                f"failures-{number + 1}",
                f"Worklist: {what}, {readers}",
                f"{called}Differences of n = {len(pair.first)} scans in order of size, in "
                f"{pair.unit}, with both limits; red: to look at again.",
                f"Differences of {what} between two readers, sorted, some beyond the limits",
                partial(failures_figure, pair),
            )
        )
    return shown


def _summary(
    patients: Patients,
    pairs: Sequence[ReaderPair],
    agreement: pd.DataFrame,
    compared: pd.DataFrame,
    failures: pd.DataFrame,
) -> dict[str, Any]:
    return {
        "data": patients.name,
        "simulated": patients.simulated,
        "patients": len(patients.names),
        "with_both_visits": int(_both_visits(patients)),
        "agreement": {
            f"{pair.measure} {pair.labels['readers']}": _raw_values(agreement, pair)
            for pair in pairs
        },
        "response": {
            f"{row['first']} / {row['second']}": {
                "agreements": row["both"] + row["neither"], "n": row["n"], "kappa": row["kappa"]
            }
            for row in compared.to_dict("records")
        },
        "failures": count_classes(failures),
    }  # fmt: skip


def _raw_values(agreement: pd.DataFrame, pair: ReaderPair) -> dict[str, float]:
    """Return the quantities of a pair in the unit of its readings."""
    rows = agreement[
        (agreement["scale"] == RAW)
        & (agreement["measure"] == pair.measure)
        & (agreement["readers"] == pair.labels["readers"])
    ]
    return rows.set_index("quantity")["value"].to_dict()


def _notes(patients: Patients, pairs: Sequence[ReaderPair], compared: pd.DataFrame) -> list[str]:
    notes = [NOTE_SIMULATED] if patients.simulated else []
    if patients.unused:
        notes.append(f"columns that no analysis uses: {', '.join(patients.unused)}")
    if not pairs:
        notes.append("no measurement has two readers, so there is no agreement to analyse")
    lost = len(patients.names) - _both_visits(patients)
    if lost:
        notes.append(
            f"{lost} of {len(patients.names)} patients lack a visit or a value: left out of changes"
        )
    if compared.empty:
        notes.append("fewer than two rules of response can be applied, so none are compared")
    if len(pairs) > MOST_PAIRS:
        notes.append(f"{len(pairs)} pairs of readers: the first {MOST_PAIRS} are drawn")
    few = min((len(pair.first) for pair in pairs), default=99)
    if few < 10:
        notes.append(
            f"only {few} scan{'s' if few != 1 else ''}: intervals are wide, some cannot be given"
        )
    return notes


def _lines(
    patients: Patients,
    pairs: Sequence[ReaderPair],
    agreement: pd.DataFrame,
    responses: dict[str, Any],
) -> list[str]:
    count = len(patients.names)
    lines = [
        f"{count} patient{'s' if count != 1 else ''}, {_both_visits(patients)} with both visits"
    ]
    for pair in pairs:
        values = _raw_values(agreement, pair)
        lines.append(
            f"{pair.name} {pair.labels['readers']} ({pair.unit}): bias {values['bias']:.4g}, "
            f"limits {values['lower limit']:.4g} to {values['upper limit']:.4g}, "
            f"n = {len(pair.first)}"
        )
    for rule, answers in responses.items():
        rated = answers[np.isfinite(answers)]
        lines.append(f"{rule}: {int(rated.sum())} of {rated.size} respond")
    return lines


def _both_visits(patients: Patients) -> int:
    """Count patients of whom some measurement is complete at both visits."""
    complete = [
        np.isfinite(patients.at(measure, BEFORE)) & np.isfinite(patients.at(measure, AFTER))
        for measure in patients.readers
    ]
    return int(np.any(complete, axis=0).sum())
