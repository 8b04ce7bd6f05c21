"""Tables, mutated: what is read is what was meant, or a refusal in one line, or a note.

`VHI_FUZZ=20000 python -m pytest tests/fuzz -s` tries more mutants and prints what came out.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vhi
from tests.helpers.mutants import ROLES, check_refusal, fuzzed
from vhi.errors import InputError
from vhi.reader_study.pairs import reader_pairs, small_volumes, units_differ
from vhi.reader_study.patients import read_patients
from vhi.reader_study.rows_left_out import rows_left_out

pytestmark = pytest.mark.slow

LOOK_ALIKE = {
    "007": ("7", "07", " 007 ", "007\u200b", "\uff10\uff10\uff17", "7.0", "007\u00a0", "O07"),
    "Müller": ("Mu\u0308ller", "MÜLLER", "Müller\u200b", "Muller", "M\u00fcller\t"),
    "P1": ("p1", "P01", "P-1", "P 1", "\u0420" + "1", "P1 ", "P\ufeff1"),
}
"""Forms in which one row may write a patient's name; the last letters are Latin and Cyrillic."""

CELLS: dict[str, float | None] = {
    "": np.nan, "NA": np.nan, "n/a": np.nan, "-": np.nan, "#N/A": np.nan, ".": np.nan,
    "1e3": 1000.0, "1234.5": 1234.5, "1234,5": 1234.5, "1.234,5": 1234.5, "1,234.5": 1234.5,
    "1234.5 mm3": 1234.5, "1 234.5": 1234.5, "\u0663": 3.0, "-5": -5.0, "5%": 0.05, "inf": np.inf,
    "=1+1": 2.0, "1_000": 1000.0, "12.3.2024": None, "ca. 5": 5.0,
}  # fmt: skip
"""What a cell may hold, and what it means."""

EXTRA_ROWS = (
    "mean,,1000,1000", "Summe,after,1,1", "007,before,5,6", ",,,", ",,9,9", "# a comment,,,",
    "p1,before,7,8", "9,later,5,5", "Median,before,,",
)  # fmt: skip

FILE_FORMS = (
    "crlf", "cr", "bom", "utf-16", "latin-1", "tabs", "semicolons", "sep", "empties", "capitals",
)  # fmt: skip


def saved(rows, form):
    """Return the bytes of a table that was saved in one of the `FILE_FORMS`."""
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream,
        delimiter={"tabs": "\t", "semicolons": ";"}.get(form, ","),
        lineterminator={"crlf": "\r\n", "cr": "\r"}.get(form, "\n"),
    )
    if form == "capitals":
        rows = [[f" {column.upper()} " for column in rows[0]], *rows[1:]]
    writer.writerows([*row, *[""] * (2 if form == "empties" else 0)] for row in rows)
    text = ("sep=,\n" if form == "sep" else "") + stream.getvalue()
    encoding = {"bom": "utf-8-sig", "utf-16": "utf-16", "latin-1": "latin-1"}.get(form, "utf-8")
    return text.encode(encoding, errors="replace")


KINDS = ("name", "cell", "row", "file", "header", "ml", "lost")
"""What is changed; ``ml``: one reader's volumes are in ml, ``lost``: a row is missing."""


def patient_rows():
    """Rows of a good table: three patients, two visits, two readers."""
    volumes = iter(np.random.default_rng(5).lognormal(7, 1, 12).round(1))
    return [
        [patient, visit, str(next(volumes)), str(next(volumes))]
        for patient in LOOK_ALIKE
        for visit in ("before", "after")
    ]


@st.composite
def spreadsheets(draw):
    """A table of patients as people save it: its bytes, and the values that it means."""
    rows = patient_rows()
    meant = [[float(row[2]), float(row[3])] for row in rows]
    kinds = draw(st.sets(st.sampled_from(KINDS), min_size=1))
    if "name" in kinds:
        row = draw(st.sampled_from(rows))
        row[0] = draw(st.sampled_from(LOOK_ALIKE[row[0]]))
    if "cell" in kinds:
        number, column = draw(st.integers(0, 5)), draw(st.integers(2, 3))
        rows[number][column] = draw(st.sampled_from(list(CELLS)))
        meant[number][column - 2] = CELLS[rows[number][column]]
    header = ["patient", "visit", "vhi_mm3_A", "vhi_mm3_B"]
    if "header" in kinds:
        header[3] = draw(st.sampled_from(("vhi mm3 B", "B", "", "vhi_mm3")))
    if "ml" in kinds:
        for row in rows:
            row[3] = (
                f"{float(row[3]) / 1000:.6f}" if re.fullmatch(r"\d+(\.\d+)?", row[3]) else row[3]
            )
    if "lost" in kinds and "row" not in kinds:  # which may bring it back
        lost = draw(st.integers(0, 5))
        del rows[lost], meant[lost]
    if "row" in kinds:
        rows.append(draw(st.sampled_from(EXTRA_ROWS)).split(","))
    form = draw(st.sampled_from(FILE_FORMS)) if "file" in kinds else ""
    return saved([header, *rows], form), meant


@fuzzed
@given(table=spreadsheets())
def test_tables_of_patients(tmp_path, outcomes, table):
    """Every value that is read is the one that was meant, of the patient that was meant."""
    content, meant = table
    path = tmp_path / "patients.csv"
    path.write_bytes(content)
    try:
        patients = read_patients(path)
    except InputError as error:
        check_refusal(error)
        assert "patients.csv" in str(error)
        outcome = "refused"
    else:
        read = patients.table.filter(like="vhi_mm3_").to_numpy()
        left_out = set(rows_left_out(patients).patient)
        visits = patients.table.groupby("patient").size()
        assert left_out >= set(visits.index[visits == 1])
        names_right = patients.names == list(LOOK_ALIKE)
        values_right = None not in np.ravel(np.array(meant, object)) and np.array_equal(
            read, np.array(meant, float), equal_nan=True
        )
        outcome = "right"
        if not names_right:
            # A typing mistake may name another patient: both have one visit, and are left out.
            assert left_out >= set(patients.names) - set(LOOK_ALIKE), patients.names
            outcome = "left out, by name"
        elif not values_right:
            units = [*map(units_differ, reader_pairs(patients)), small_volumes(patients)]
            assert patients.notes or any(units), read.tolist()
            outcome = "wrong, with a note"
    outcomes["tables of patients"][outcome] += 1


PATHS = "./stir.nii", " stir.nii ", "stir.nii\u200b", ".\\stir.nii", "C:\\x\\stir.nii"

OTHER_CASES = ["mean", *[""] * 5], ["", "", "9"], [""] * 6, ["x", "", "a", "b"]


@fuzzed
@given(
    name=st.sampled_from(sorted(LOOK_ALIKE)),
    other=st.integers(0, 4),
    form=st.sampled_from(("", *FILE_FORMS)),
    kind=st.sampled_from(["", "name", "path", "extra"]),
)
def test_tables_of_cases(good, tmp_path, outcomes, name, other, form, kind):
    """A case is listed once, under its own name and with its own files, or the table is refused."""
    rows = [[patient, "", *(f"{role}.nii" for role in ROLES)] for patient in LOOK_ALIKE]
    wanted = [row[0] for row in rows]
    if kind == "name":
        rows.append([LOOK_ALIKE[name][other], "", *rows[0][2:]])
    if kind == "path":
        rows[0][2] = PATHS[other]
    if kind == "extra":
        rows.append([*OTHER_CASES, rows[0]][other])
    path = good.folder / "cases.csv"
    path.write_bytes(saved([["case", "visit", *ROLES], *rows], form))
    try:
        cases = vhi.load_cases(path)
        measured = vhi.measure(cases[0])
    except InputError as error:
        check_refusal(error)
        outcome = "refused"
    else:
        assert [case.case for case in cases][: len(wanted)] == wanted
        assert (measured.vhi.voxels, measured.vhi.mm3) == (good.voxels, good.mm3)
        names = [unicodedata.normalize("NFKC", case.case).casefold() for case in cases]
        assert len(set(names)) == len(names)
        outcome = "right"
    outcomes["tables of cases"][outcome] += 1
