"""The rows of a table of patients that an analysis cannot use, and why."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from vhi.reader_study.pairs import NAMES
from vhi.reader_study.patients import VISITS, Patients

COLUMNS = ("patient", "visit", "analysis", "why")


def rows_left_out(patients: Patients) -> pd.DataFrame:
    """List the rows that the analyses of agreement and of change leave out.

    Returns
    -------
    pandas.DataFrame
        The `COLUMNS`; one row for each row of the table and analysis.
    """
    return pd.DataFrame(list(_left_out(patients)), columns=list(COLUMNS))


def _left_out(patients: Patients) -> Iterator[tuple[str, str, str, str]]:
    for measure, readers in patients.readers.items():
        columns = [f"{measure}_{reader}" for reader in readers]
        missing = {
            (row.patient, row.visit): ", ".join(np.array(readers)[row.isna])
            for row in patients.table[["patient", "visit"]]
            .assign(isna=list(patients.table[columns].isna().to_numpy()))
            .itertuples()
        }
        for (patient, visit), lost in missing.items():
            if lost and len(readers) > 1:
                yield patient, visit, f"agreement of {NAMES[measure]}", f"no value of {lost}"
            reasons = [
                f"no visit {other}" if (patient, other) not in missing
                else f"no value of {missing[patient, other]} at {other}"
                for other in VISITS
                if missing.get((patient, other), "no visit")
            ]  # fmt: skip
            if reasons:
                yield patient, visit, f"change of {NAMES[measure]}", "; ".join(reasons)
