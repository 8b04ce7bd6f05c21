"""Tables mutated from a good one: the right numbers, one line of refusal, or a note."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.cases.names import likeness
from vhi.errors import InputError

pytest.importorskip("pandas", reason='needs pandas: pip install "vhi[study]"')

from vhi.reader_study.pairs import reader_pairs, small_volumes, units_differ
from vhi.reader_study.patients import read_patients
from vhi.reader_study.rows_left_out import rows_left_out

HEAD = ["patient", "visit", "vhi_mm3_A", "vhi_mm3_B"]
ROWS = [
    [f"P0{k}", visit, f"{value:.1f}", f"{value * 1.1 + 3:.1f}"]
    for k in range(1, 5)
    for visit, value in (("before", 1234.5 * k), ("after", 321.2 * k))
]
SEEN = ["p0{}", "P{}", "P-0{}", "P 0{}", "Р0{}", "P0{}\u200b", "\ufeffP0{}", "P\u00a00{}", "P0{}.0"]
CELLS = ["NA", "-", "#N/A", "12 mm3", "1,5", "1.5%", "x", "", "1e400", "-3", "٣", "=1+1", "nan"]
ARABIC_THREE = 3.0
COLUMNS = ["vhi_mm3_a", "vhi mm3 B", "VHI_MM3_B", "", "B"]


@st.composite
def mutated(draw):
    """Return the bytes of a table with one to three mutations."""
    rows = [list(row) for row in ROWS]
    head, separator, ending, encoding = list(HEAD), ",", "\n", "utf-8"
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, len(rows) - 1))
        column = draw(st.integers(2, 3))
        match draw(st.integers(0, 9)):
            case 0:
                rows[row][0] = draw(st.sampled_from(SEEN)).format(rows[row][0][-1:])
            case 1:
                rows[row][column] = draw(st.sampled_from(CELLS))
            case 2:
                del rows[row]
            case 3:
                rows.append(list(rows[row]))
            case 4:
                separator = draw(st.sampled_from([";", "\t", ", ", "|"]))
            case 5:
                ending = draw(st.sampled_from(["\r\n", "\r", ",,\n", "\n\n"]))
            case 6:
                encoding = draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-32"]))
            case 7:
                head[column] = draw(
                    st.sampled_from(["vhi_mm3_a", "vhi mm3 B", "VHI_MM3_B", "", "B"])
                )
            case 8:
                for values in rows:  # a reader in ml
                    if values[column].replace(".", "").isdecimal():
                        values[column] = f"{float(values[column]) / 1000:.6f}"
            case 9:
                rows.append(
                    [draw(st.sampled_from(["mean", "Total", ""])), "before", "1000", "1000"]
                )
    return ending.join(separator.join(line) for line in [head, *rows]).encode(encoding)


@given(mutated())
def test_no_number_changes_without_a_word(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "t.csv"
    path.write_bytes(content)
    try:
        patients = read_patients(path)
    except InputError as error:
        assert len(str(error).splitlines()) == 1 and "t.csv" in str(error)
        return
    left_out = set(rows_left_out(patients)["patient"])
    units = [*map(units_differ, reader_pairs(patients)), small_volumes(patients)]
    noted = patients.notes or any(units)
    good = {(likeness(row[0]), row[1]): np.array(row[2:], float) for row in ROWS}
    for patient in patients.names:
        visits = set(patients.table.query("patient == @patient")["visit"])
        assert len(visits) == 2 or patient in left_out
    for row in patients.table.itertuples(index=False):
        values = np.array(row[2:], float)
        expected = good.get((likeness(row.patient), row.visit), np.array([]))
        same = values.shape == expected.shape and np.allclose(values, expected)
        assert same or row.patient in left_out or noted or ARABIC_THREE in values, row
