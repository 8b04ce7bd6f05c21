"""The study's analyses on a table of patients: everything that `vhi study --table` writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.reader_study.agreement import COLUMNS as AGREEMENT_COLUMNS
from vhi.reader_study.agreement import RAW, agreement_table
from vhi.reader_study.failures import classes_of, count_classes, worklist_table
from vhi.reader_study.figures.of_patients import (
    agreement_figure,
    changes_figure,
    failures_figure,
    response_figure,
    vhi_sparcc_figure,
)
from vhi.reader_study.pairs import ReaderPair, reader_pairs, small_volumes, units_differ
from vhi.reader_study.patients import AFTER, BEFORE, Patients
from vhi.reader_study.report import MOST_PAIRS, SIMULATED, Picture, StudyResult, Table, stack
from vhi.reader_study.response import change_table, response_table, responses_of
from vhi.reader_study.rows_left_out import rows_left_out

NOTE_SIMULATED = "These patients are simulated; no number here was measured in a patient."

Part = TypeVar("Part", Table, Picture)


def study_of_patients(patients: Patients, *, rules: Sequence[str] | None = None) -> StudyResult:
    """Analyse agreement, response and failures in a table of patients.

    Parameters
    ----------
    patients
        From `vhi.reader_study.patients.read_patients`, or simulated.
    rules
        Rules of response to compare, see `vhi.reader_study.response.responses_of`.

    Returns
    -------
    StudyResult
        Analyses whose values the table lacks are left out, and a note says so.

    Raises
    ------
    InputError
        A rule is unknown, or the table lacks what it needs.
    """
    pairs = [pair for pair in reader_pairs(patients) if len(pair.first)]
    agreement = stack(map(agreement_table, pairs), AGREEMENT_COLUMNS)
    responses = responses_of(patients, rules)
    compared = response_table(patients, rules)
    failures = worklist_table(pairs, classes_of(patients))
    tables = [
        Table(
            "agreement", "Agreement of readers", agreement,
            "Differences are first − second reader; limits of agreement are bias ± 1.96 SD. Rows "
            "with form paper are analyses of the paper; the others are added here. coverage: how "
            "often such an interval holds the true value in simulated samples.",
        ),
        Table(
            "response", "Who responds, by two rules at a time", compared,
            "Agreement with its exact interval; kappa with two intervals, the second for few "
            "patients; McNemar's exact P, and P with all tests of the table as one family (Holm).",
        ),
        Table(
            "changes", "Change with treatment", change_table(patients),
            "Change is after − before, of the mean of readers.",
        ),
        failures,
    ]  # fmt: skip
    left_out = rows_left_out(patients)
    if len(left_out):
        tables.append(
            Table(
                "rows-left-out", "Rows left out", left_out,
                "Rows of the table that an analysis does not use, and why.",
            )
        )  # fmt: skip
    notes = list(_notes(patients, pairs, compared, left_out))
    pictures = list(_pictures(patients, pairs, responses))
    if patients.simulated:
        tables, pictures = list(map(_simulated, tables)), list(map(_simulated, pictures))
    raw = agreement[agreement["scale"] == RAW].groupby(["measure", "readers"], sort=False)
    values = {pair: rows.set_index("quantity")["value"].to_dict() for pair, rows in raw}
    return StudyResult(
        title=f"Agreement, response and failures: {patients.name}",
        tables=tuple(tables),
        pictures=tuple(pictures),
        summary={
            "data": patients.name,
            "simulated": patients.simulated,
            "patients": len(patients.names),
            "with_both_visits": _both_visits(patients),
            "rows": len(patients.table),
            "rows_left_out": left_out.to_dict("records"),
            "columns_unused": list(patients.unused),
            "notes": notes,
            "agreement": {" ".join(pair): quantities for pair, quantities in values.items()},
            "response": {
                f"{row.first} / {row.second}": {
                    "agreements": row.both + row.neither, "n": row.n, "kappa": row.kappa
                }
                for row in compared.itertuples()
            },
            "failures": count_classes(failures.frame),
        },
        notes=tuple(notes),
        lines=tuple(_lines(patients, pairs, values, responses)),
    )  # fmt: skip


def _simulated(part: Part) -> Part:
    """Begin the file name and title of a table or figure with the word simulated."""
    return replace(part, name=f"{SIMULATED}{part.name}", title=f"Simulated: {part.title}")


def _pictures(
    patients: Patients, pairs: Sequence[ReaderPair], responses: Mapping[str, NDArray[np.float64]]
) -> Iterator[Picture]:
    start = "Simulated patients. " if patients.simulated else ""
    for number, pair in enumerate(pairs[:MOST_PAIRS], start=1):
        readers = f"{pair.readers[0]} − {pair.readers[1]}"
        yield Picture(
            f"agreement-{number}", f"Agreement: {pair.name}, {readers}",
            f"{start}{pair.name} in {pair.unit} by {pair.readers[0]} and {pair.readers[1]}, n = "
            f"{pair.size}. Top row: one reader against the other. Middle row: difference "
            f"({readers}) against mean, with bias, 95 % limits of agreement and their "
            f"{pair.intervals}. Bottom row: the same as ratios. Panels with cut axes show the "
            "limits of all data.",
            f"Scatter and Bland-Altman plots of {pair.name}, two readers: all data, cut axes, log, "
            "ratio",
            partial(agreement_figure, pair),
        )  # fmt: skip
    both = "sparcc" in patients.readers and len(patients.readers) == 2
    n = len(patients.names)
    if both:
        yield Picture(
            "vhi-sparcc", "VHI and SPARCC",
            f"{start}VHI against SPARCC, means of the readers, n = {n} patients at both visits.",
            "VHI against SPARCC as scatter plots: all data, cut axis, logarithm",
            partial(vhi_sparcc_figure, patients),
        )  # fmt: skip
    rule, answers = next(iter(responses.items()), ("", None))
    if rule.startswith(("vhi-", "sparcc-")):
        rule, answers = "", None
    yield Picture(
        "response", "Before and after treatment",
        f"{start}One line for each patient with both visits, of n = {n} patients; green: the value "
        "falls.",
        "Lines from before to after treatment, one for each patient",
        partial(response_figure, patients, answers, rule),
    )  # fmt: skip
    if both:
        yield Picture(
            "changes", "Change of VHI against change of SPARCC",
            f"{start}Change (after − before), n = {n} patients, with least-squares and Deming "
            "lines.",
            "Change of VHI against change of SPARCC with two fitted lines",
            partial(changes_figure, patients),
        )  # fmt: skip
    for number, pair in enumerate(pairs[:MOST_PAIRS], start=1):
        yield Picture(
            f"failures-{number}", f"Worklist: {pair.name}, {pair.readers[0]} − {pair.readers[1]}",
            f"{start}Differences in {pair.unit}, in order of size, n = {len(pair.first)} scans, "
            "with the limits of both rules; red: scans to look at again.",
            f"Differences of {pair.name} between two readers, sorted, some beyond the limits",
            partial(failures_figure, pair),
        )  # fmt: skip


def _notes(
    patients: Patients,
    pairs: Sequence[ReaderPair],
    compared: pd.DataFrame,
    left_out: pd.DataFrame,
) -> Iterator[str]:
    count = len(patients.names)
    if patients.simulated:
        yield NOTE_SIMULATED
    yield from patients.notes
    yield from filter(None, [*map(units_differ, pairs), small_volumes(patients)])
    if not pairs:
        yield "no measurement has two readers, so there is no agreement to analyse"
    if rows := len(left_out.drop_duplicates(["patient", "visit"])):
        lost = count - _both_visits(patients)
        changes = f", and {lost} of {count} patients out of changes" if lost else ""
        yield Note(
            "rows-left-out",
            f"{rows} of {len(patients.table)} rows are left out of an analysis{changes}, because a "
            "visit or a value is missing; the table 'Rows left out' lists them",
        )
    if compared.empty:
        yield "fewer than two rules of response can be applied, so none are compared"
    if len(pairs) > MOST_PAIRS:
        yield f"{len(pairs)} pairs of readers; only the first {MOST_PAIRS} are drawn"
    few = min((len(pair.first) for pair in pairs), default=99)
    if few < 10:
        yield (
            f"only {few} scan{'s' if few != 1 else ''}; intervals are wide or cannot be computed"
        )


def _lines(
    patients: Patients,
    pairs: Sequence[ReaderPair],
    values: Mapping[tuple[str, str], Mapping[str, float]],
    responses: Mapping[str, NDArray[np.float64]],
) -> Iterator[str]:
    count = len(patients.names)
    yield f"{count} patient{'s' if count != 1 else ''}, {_both_visits(patients)} with both visits"
    for pair in pairs:
        raw = values[pair.measure, pair.labels["readers"]]
        start = "repeated measures: " if pair.people else ""
        bias, *limits = (raw[f"{start}{name}"] for name in ("bias", "lower limit", "upper limit"))
        yield (
            f"{pair.name} {pair.labels['readers']} ({pair.unit}): bias {bias:.4g}, limits "
            f"{limits[0]:.4g} to {limits[1]:.4g}, n = {pair.size}"
        )
    for rule, answers in responses.items():
        rated = answers[np.isfinite(answers)]
        yield f"{rule}: {int(rated.sum())} of {rated.size} respond"


def _both_visits(patients: Patients) -> int:
    """Count patients of whom some measurement is complete at both visits."""
    complete = [
        np.isfinite(patients.at(measure, BEFORE) + patients.at(measure, AFTER))
        for measure in patients.readers
    ]
    return int(np.any(complete, axis=0).sum())
