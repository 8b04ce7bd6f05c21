"""Read SPARCC readings from a CSV table: one row for each joint of each slice.

=========================  =====================================================================
``slice``                  number of the slice in the scan; six consecutive ones for each scan
``joint``                  ``right`` or ``left``: the patient's
``upper_iliac`` …          and ``lower_iliac``, ``upper_sacral``, ``lower_sacral``: 1 where the
                           quadrant has oedema, else 0
``deep``                   1 where the joint's oedema reaches deep, 1 cm from its surface, else 0
``intense``                1 where it is as bright as cerebrospinal fluid, else 0
``patient``, ``visit``     and ``reader``, all optional: what was read by whom; without them the
                           table is one reading
``score``                  optional: the row's sum, checked
=========================  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vhi.cases.table import Row, check_names, check_unique, read_table
from vhi.cases.values import Parser, choice, plain_text
from vhi.errors import InputError
from vhi.statistics.sparcc import JOINTS, QUADRANTS, SLICES, SparccScore, sparcc_score

_MARKS = (*QUADRANTS, "deep", "intense")
_NAMES = ("patient", "visit", "reader")


@dataclass(frozen=True, eq=False)
class SparccReading:
    """One reader's marks in one scan.

    Attributes
    ----------
    patient, visit, reader : str
        Empty where the table has no such column.
    first_slice : int
        Number of the first of the six slices.
    oedema, deep, intense : ndarray of bool, shape (6, 2, 4), (6, 2) and (6, 2)
        See :func:`vhi.statistics.sparcc.sparcc_score`.
    score : SparccScore
    """

    patient: str
    visit: str
    reader: str
    first_slice: int
    oedema: NDArray[np.bool_]
    deep: NDArray[np.bool_]
    intense: NDArray[np.bool_]
    score: SparccScore


def read_sparcc(path: Path) -> list[SparccReading]:
    """Read SPARCC readings from a CSV file (UTF-8, columns as above, rows in any order).

    Returns
    -------
    list
        One for each patient, visit and reader, in the table's order.

    Raises
    ------
    InputError
        The file is not such a table, a value is not allowed, a joint is missing or repeated,
        slices are not six consecutive ones, depth or intensity is ticked without oedema, or a
        ``score`` is not its row's sum.
    """
    rows = read_table(path, ("slice", "joint", *_MARKS), _PARSERS.get)
    keys = [tuple(row[name] for name in (*_NAMES, "slice", "joint")) for row in rows]
    remedy = "remove one, or tell readings apart by patient, visit and reader"
    check_unique(rows, keys, "slice {slice}, {joint} joint,", remedy)
    check_names(rows, *_NAMES)
    readings: dict[tuple[str, ...], dict[tuple[int, str], Row]] = {}
    for row in rows:
        reading = readings.setdefault(tuple(row[name] for name in _NAMES), {})
        reading[row["slice"], row["joint"]] = row
    return [_reading(path, names, reading) for names, reading in readings.items()]


def _reading(path: Path, names: tuple[str, ...], rows: dict[tuple[int, str], Row]) -> SparccReading:
    slices = sorted({number for number, _ in rows})
    parts = [f"{column} {name}" for column, name in zip(_NAMES, names, strict=True) if name]
    reading = ", ".join([str(path), *parts])
    if len(slices) != SLICES or slices[-1] - slices[0] != SLICES - 1:
        raise InputError(
            f"{reading}: has the slices {', '.join(map(str, slices))}; a reading needs {SLICES} "
            "consecutive ones"
        )
    marks = np.zeros((SLICES, len(JOINTS), len(_MARKS)), bool)
    for i, number in enumerate(slices):
        for j, joint in enumerate(JOINTS):
            if (number, joint) not in rows:
                raise InputError(f"{reading}: lacks slice {number}, {joint} joint; add its row")
            marks[i, j] = _ticked(rows[number, joint])
    oedema, deep, intense = marks[..., :-2], marks[..., -2], marks[..., -1]
    score = sparcc_score(oedema, deep, intense)
    patient, visit, reader = names
    return SparccReading(patient, visit, reader, slices[0], oedema, deep, intense, score)


def _slice(value: str, folder: Path) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("write the slice's number")
    return int(value)


def _ticked(row: Row) -> list[bool]:
    """Return a row's marks, checked against each other."""
    ticked = [row[column] == "1" for column in _MARKS]
    for column in ("deep", "intense"):
        if row[column] == "1" and not any(ticked[: len(QUADRANTS)]):
            raise row.error(
                f"column {column!r} is 1, but no quadrant has oedema; correct one of them"
            )
    if row["score"] and row["score"] != str(sum(ticked)):
        raise row.error(
            f"column 'score' is {row['score']!r}, but the row's marks sum to {sum(ticked)}"
        )
    return ticked


_PARSERS: dict[str, Parser] = {
    **dict.fromkeys(_NAMES, plain_text),
    "slice": _slice,
    "joint": choice(*JOINTS),
    **{mark: choice("0", "1") for mark in _MARKS},
}
