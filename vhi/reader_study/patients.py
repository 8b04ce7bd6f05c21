"""A table of patients: measurements at two visits by one or more readers.

One row per patient and visit:

=====================  ==========================================================================
column                 what it holds
=====================  ==========================================================================
``patient``            a name; the same for both visits
``visit``              ``before`` or ``after`` treatment
``vhi_mm3_<reader>``   VHI of that reader in mm³, or ``vhi_voxels_<reader>`` in voxels
``sparcc_<reader>``    SPARCC score of that reader, 0 to 72
``basdai``             0 to 10
``spinal_vas_cm``      spinal pain on a visual analogue scale, 0 to 10 cm
``asdas``              0 or more
``response_<name>``    ``yes`` or ``no``, a judgement of response, on the row ``after``
``voxels_lower``       cleaned voxels at or above the lower threshold
``voxels_upper``       cleaned voxels at or above the upper threshold
``disagreement``       why the readers disagree: a class of `vhi.statistics.failures`
=====================  ==========================================================================

At least one measurement column is required; every other column and any value may be missing.
Analyses that need both visits leave out patients without one of them and count them.

The table that `vhi measure --all` writes is read too: its subjects are the patients, measured by
the one reader `PROGRAM`. A proposal that nobody has read is never mixed with readings: rows that
hold one are left out, unless all do; then the reader is called `PROPOSAL`.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vhi.cases.known_tables import MEASUREMENTS, PATIENTS
from vhi.cases.names import check_different, likeness, tidy
from vhi.cases.table import Row, check_names, check_unique, read_header, read_table
from vhi.cases.values import Number, Parser, choice, plain_text
from vhi.checks import Note
from vhi.errors import InputError, readable
from vhi.statistics.failures import CLASSES
from vhi.statistics.rules import RANGES
from vhi.steps.edits import MODEL, is_model

BEFORE, AFTER = VISITS = ("before", "after")

UNITS = {"vhi_mm3": "mm³", "vhi_voxels": "voxels", "sparcc": "points"}
"""Measurements by more than one reader, and their units."""

SCORES = ("basdai", "spinal_vas_cm", "asdas")

MOST, LEAST = 1e9, 1e-6
"""A volume outside these limits, unless it is 0, has a wrong unit."""

PROGRAM = "vhi"
"""The reader of a table that `vhi measure --all` wrote."""

PROPOSAL = f"{MODEL}proposal"
"""The reader of such a table where a model cleaned every scan and nobody has read any."""

PROPOSED = "proposed"
"""In the column `cleaned` of that table: what a model proposed was applied, and nobody read it."""

SUMMARIES = frozenset(("mean", "median", "average", "sum", "total", "mittelwert", "summe"))
"""Where a patient is called so, the row is a summary that somebody added. Chosen."""

_RANGES = {
    **{name: (0.0, MOST) for name in ("vhi_mm3", "vhi_voxels", "voxels_lower", "voxels_upper")},
    **{name: RANGES[name] for name in ("sparcc", *SCORES)},
    "asdas": (0.0, 20.0),
}
_ANSWERS = {"yes": 1.0, "no": 0.0, "": math.nan}
_READINGS = re.compile(rf"({'|'.join(UNITS)})_(?!(?:slice_thickness|low|high)$)(.+)", re.IGNORECASE)
_RESPONSE = "response_"


@dataclass(frozen=True)
class Patients:
    """A checked table of patients.

    Attributes
    ----------
    name : str
        Name of the data, such as that of the file.
    table : pandas.DataFrame
        One row per patient and visit, in the file's order; numbers are floats, NaN where missing,
        responses 1 and 0.
    simulated : bool
        Whether the patients are simulated.
    unused : tuple of str
        Columns of the file that no analysis uses.
    notes : tuple of Note
        What to know of the file before reading a number.
    """

    name: str
    table: pd.DataFrame
    simulated: bool = False
    unused: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def readers(self) -> dict[str, tuple[str, ...]]:
        """Names of the readers of each measurement."""
        matches = [match for column in self.table if (match := _READINGS.fullmatch(column))]
        readers = {name: tuple(m[2] for m in matches if m[1] == name) for name in UNITS}
        return {name: names for name, names in readers.items() if names}

    @property
    def vhi(self) -> str:
        """The measurement of VHI, ``vhi_mm3`` or ``vhi_voxels``; empty where there is none."""
        return next((name for name in self.readers if name.startswith("vhi_")), "")

    @property
    def responses(self) -> tuple[str, ...]:
        """Names of the judgements that the table holds, without ``response_``."""
        return tuple(c.removeprefix(_RESPONSE) for c in self.table if c.startswith(_RESPONSE))

    @property
    def names(self) -> list[str]:
        """Names of the patients, in the table's order."""
        return list(dict.fromkeys(self.table["patient"]))

    def pairs_of_readers(self, measure: str) -> list[tuple[str, str]]:
        """Every two readers of a measurement, in the table's order."""
        return list(combinations(self.readers.get(measure, ()), 2))

    def readings(self, measure: str, *readers: str) -> pd.DataFrame:
        """Return the rows that all `readers` have read: patient, visit and a column each."""
        columns = {f"{measure}_{reader}": reader for reader in readers}
        rows = self.table[["patient", "visit", *columns]].rename(columns=columns)
        return rows.dropna(subset=list(readers)).reset_index(drop=True)

    def at(self, quantity: str, visit: str) -> np.ndarray:
        """Return one value per patient, in the order of `names`, NaN without that visit.

        Parameters
        ----------
        quantity
            ``"vhi_mm3"``, ``"vhi_voxels"`` or ``"sparcc"``: the mean of the readers, NaN where
            one of them has not read the scan, as the mean of the others would not be comparable.
            A model, whose name begins with "vhi ", counts only where there is no reader. Or the
            name of any other column.
        visit
            ``before`` or ``after``.
        """
        rows = self.table[self.table["visit"] == visit].set_index("patient")
        if quantity in UNITS:
            names = self.readers.get(quantity, ())
            readers = [name for name in names if not is_model(name)] or names
            columns = [f"{quantity}_{reader}" for reader in readers]
            values = rows[columns].mean(axis="columns", skipna=False)
        else:
            values = rows[quantity]
        return values.reindex(self.names).to_numpy(float)


def yes_or_no(answer: bool) -> str:
    """Return how tables write a truth value."""
    return "yes" if answer else "no"


def read_patients(path: str | os.PathLike[str]) -> Patients:
    """Read a table of patients.

    Parameters
    ----------
    path
        A CSV file with a header, see the module.

    Raises
    ------
    InputError
        The file is not a table, holds no measurement, or a value is wrong. The message gives the
        file, the row (the header is row 1), the column, the value, and what to do.
    """
    path = Path(path)
    measured = set(MEASUREMENTS) <= set(read_header(path))
    rows = read_table(path, PATIENTS, _parser_of, named=_measured if measured else _column)
    columns = list(rows[0].values)
    used = [column for column in columns if _parser_of(column) is not None]
    readings = [match for column in columns if (match := _READINGS.fullmatch(column))]
    for reading in readings:
        try:
            plain_text(reading[2], path.parent)
        except InputError as error:
            where = f"{path}: column {reading[0]!r} names a reader, but"
            raise InputError(f"{where} {error}", check=error.check) from error
    check_different(((m[2], f"column {m[0]!r}") for m in readings), "reader", f"{path}: ")
    if not readings:
        raise InputError(
            f"{path}: has no measurement{_meant(columns)}; give each reader a column, "
            "vhi_mm3_<reader>, vhi_voxels_<reader> or sparcc_<reader>, such as vhi_mm3_R1"
        )
    if {"vhi_mm3", "vhi_voxels"} <= {reading[1] for reading in readings}:
        raise InputError(f"{path}: gives VHI in mm³ and in voxels; keep one of the two units")
    keys = [(row["patient"], row["visit"]) for row in rows]
    check_unique(rows, keys, "patient {patient!r} visit {visit!r}", "keep one")
    check_names(rows, "patient")
    for row in rows:
        if {part for part in likeness(row["patient"]) if part.isalpha()} & SUMMARIES:
            raise row.error(
                f"patient {row['patient']!r} looks like a summary of the other rows; remove the "
                "row, or give the patient another name",
                check="summary-row",
            )
    for row in rows:
        for column in used:
            response = column.startswith(_RESPONSE) and row["visit"] == BEFORE
            if response and not math.isnan(row[column]):
                raise row.error(
                    f"column {column!r} is filled in before treatment; move it to 'after'"
                )
        if row.values.get("voxels_upper", 0) > row.values.get("voxels_lower", math.inf):
            raise row.error(
                "column 'voxels_upper' is above 'voxels_lower', which counts these voxels too; "
                "check whether the two are exchanged"
            )
    order = [c for c in dict.fromkeys([*PATIENTS, *used]) if c != "simulated"]
    table = pd.DataFrame([row.values for row in rows])[order]
    if measured:
        table = _without_proposals(table, np.array([_cleaned(row) == PROPOSED for row in rows]))
    unused = [] if measured else _unused(rows, [c for c in columns if c not in used])
    return Patients(
        readable(path.name), table, "yes" in {row["simulated"] for row in rows}, tuple(unused),
        tuple(_notes(rows, unused)),
    )  # fmt: skip


def _without_proposals(table: pd.DataFrame, proposed: NDArray[np.bool_]) -> pd.DataFrame:
    """Return a table of measurements without proposals, or, where all are, under another reader."""
    column = _measured("vhi_mm3")
    if not proposed[table[column].notna()].all():
        return table.assign(**{column: table[column].mask(proposed)})
    return table.rename(columns={column: f"vhi_mm3_{PROPOSAL}"}) if proposed.any() else table


def _cleaned(row: Row) -> str:
    """Return the column `cleaned` of a table of measurements, in lower case."""
    return str(row["cleaned"]).casefold()


def _unused(rows: Sequence[Row], columns: Iterable[str]) -> list[str]:
    """Return the columns that hold something; a column without a name is ``(no name)``."""
    filled = [column for column in columns if any(row[column] for row in rows)]
    return [column or "(no name)" for column in filled]


def _notes(rows: Sequence[Row], unused: Sequence[str]) -> Iterator[Note]:
    if unused:
        yield Note(
            "columns-unused",
            f"columns that no analysis uses: {', '.join(unused)}{_meant(unused)}",
        )
    if failed := [row for row in rows if row["failure"]]:
        yield Note(
            "rows-failed",
            f"{len(failed)} of {len(rows)} rows have no measurement: "
            + "; ".join(f"{row['patient']} {row['visit']}: {row['failure']}" for row in failed),
        )
    if proposed := [row for row in rows if _cleaned(row) == PROPOSED]:
        with_volume = [row for row in rows if not math.isnan(row[_measured("vhi_mm3")])]
        others = any(_cleaned(row) != PROPOSED for row in with_volume)
        yield Note(
            "rows-proposed",
            f"{len(proposed)} of {len(rows)} measurements are proposals that nobody has read; "
            + ("left out beside the others" if others else f"their reader is called {PROPOSAL!r}"),
        )
    if as_found := [row for row in rows if _cleaned(row) == "no"]:
        yield Note(
            "rows-not-cleaned",
            f"{len(as_found)} of {len(rows)} measurements were not cleaned by a reader",
        )


def _meant(columns: Iterable[str]) -> str:
    """Say which measurement a column with a similar name may mean."""
    for column in columns:
        parts = likeness(column)
        for measure in UNITS:
            start = likeness(measure)
            meant = f"{measure}_{' '.join(parts[len(start) :])}"
            if parts[: len(start)] == start and meant not in (column, f"{measure}_"):
                return f" ({column!r}: did you mean {meant}?)"
        if parts[0] == "vhi" and not column.startswith(tuple(UNITS)):
            return f" ({column!r}: vhi_mm3_<reader> takes mm³; 1 ml = 1 cm³ = 1000 mm³)"
    return ""


def _column(name: str) -> str:
    """Return a column's name in lower case, except for the reader's name."""
    match = _READINGS.fullmatch(tidy(name))
    return f"{match[1].lower()}_{match[2]}" if match else tidy(name).lower()


def _measured(name: str) -> str:
    """Return what a column of a table of measurements is called in one of patients."""
    names = {"subject": "patient", "vhi_mm3": f"vhi_mm3_{PROGRAM}"}
    return names.get(name.lower(), name.lower())


def _parser_of(column: str) -> Parser | None:
    """Return what parses a column; None where no analysis uses it."""
    if column in _PARSERS:
        return _PARSERS[column]
    if column.startswith(_RESPONSE) and column != _RESPONSE:
        return _response
    match = _READINGS.fullmatch(column)
    return _quantity(*_RANGES[match[1]]) if match else None


def _response(value: str, folder: Path) -> float:
    return _ANSWERS[choice(*_ANSWERS)(value, folder)]


def _quantity(low: float, high: float) -> Parser:
    """Return a parser of numbers in a range, NaN where the value is empty."""
    wanted = "of 0 or more, in mm³ or voxels" if high == MOST else f"from {low:g} to {high:g}"
    return Number(
        lambda n: low <= n <= high and not 0 < n < LEAST, wanted, math.nan, thousands=high == MOST
    )


_PARSERS: dict[str, Parser] = {
    "patient": plain_text,
    "visit": choice(*VISITS),
    "disagreement": choice("", *CLASSES),
    "simulated": choice("", "yes", "no"),
    **{name: _quantity(*limits) for name, limits in _RANGES.items() if name not in UNITS},
}
