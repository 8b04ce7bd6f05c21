"""The rows of a table of patients that an analysis cannot use, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from vhi.reader_study.pairs import NAMES
from vhi.reader_study.patients import AFTER, SCORES, VISITS, Patients

COLUMNS = ("patient", "visit", "analysis", "why")

SCORE_NAMES = {"basdai": "BASDAI", "spinal_vas_cm": "spinal pain", "asdas": "ASDAS"}


def rows_left_out(patients: Patients) -> pd.DataFrame:
    """List the rows that the analyses of agreement, of change and of response leave out.

    Returns
    -------
    pandas.DataFrame
        The `COLUMNS`; one row for each row of the table and analysis.
    """
    return pd.DataFrame(list(_left_out(patients)), columns=list(COLUMNS))


def _left_out(patients: Patients) -> Iterator[tuple[str, str, str, str]]:
    for measure, readers in patients.readers.items():
        missing = _missing(patients, {f"{measure}_{reader}": reader for reader in readers})
        for (patient, visit), names in missing.items():
            if names and len(readers) > 1:
                yield patient, visit, f"agreement of {NAMES[measure]}", f"no value of {names}"
        yield from _without_change(NAMES[measure], missing)
    for score in SCORES:
        if score in patients.table:
            name = SCORE_NAMES[score]
            yield from _without_change(name, _missing(patients, {score: name}))
    for response in patients.responses:
        missing = _missing(patients, {f"response_{response}": "an answer"})
        for (patient, visit), names in missing.items():
            if names and visit == AFTER:
                yield patient, visit, f"response ({response})", "no answer"


def _missing(patients: Patients, columns: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return for each row, by patient and visit, the names of the columns without a value."""
    values = patients.table[list(columns)].isna().to_numpy()
    names = np.array(list(columns.values()))
    rows = zip(patients.table["patient"], patients.table["visit"], strict=True)
    return {row: ", ".join(names[empty]) for row, empty in zip(rows, values, strict=True)}


def _without_change(
    name: str, missing: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of patients whose change is unknown: a visit or a value is missing."""
    for patient, visit in missing:
        reasons = [
            f"no visit {other}" if (patient, other) not in missing
            else f"no value of {missing[patient, other]} at {other}"
            for other in VISITS
            if missing.get((patient, other), "no visit")
        ]  # fmt: skip
        if reasons:
            yield patient, visit, f"change of {name}", "; ".join(reasons)
