"""SPARCC scores: totals, what contradicts itself, and the table they are read from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vhi.errors import InputError
from vhi.reader_study.sparcc_table import read_sparcc
from vhi.statistics import sparcc
from vhi.statistics.sparcc import SparccScore, sparcc_score

HEADER = "slice,joint,upper_iliac,lower_iliac,upper_sacral,lower_sacral,deep,intense"
EMPTY = np.zeros((6, 2, 4), bool), np.zeros((6, 2), bool), np.zeros((6, 2), bool)


def rows(first=8, **changed):
    """Rows of a reading without oedema; `right_9="1,0,0,0,1,0"` changes one."""
    return [
        f"{number},{joint},{changed.get(f'{joint}_{number}', '0,0,0,0,0,0')}"
        for number in range(first, first + 6)
        for joint in ("right", "left")
    ]


@pytest.fixture
def table(tmp_path):
    """Write a table, return its path."""

    def write(lines, header=HEADER):
        path = tmp_path / "sparcc.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def refused(path, *words):
    with pytest.raises(InputError) as caught:
        read_sparcc(path)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(str(path))
    for word in words:
        assert word in message


def test_everything_ticked_is_48_and_12_and_12():
    full = sparcc_score(*(~array for array in EMPTY))
    assert full == SparccScore(48, 12, 12)
    assert full.total == 72
    assert (sparcc.MAX_QUADRANTS, sparcc.MAX_DEEP, sparcc.MAX_INTENSE) == (48, 12, 12)
    assert sparcc.MAX_TOTAL == 72


def test_nothing_ticked_is_0():
    assert sparcc_score(*EMPTY).total == 0


def test_depth_and_intensity_count_once_for_a_joint_not_for_each_quadrant():
    oedema, deep, intense = (array.copy() for array in EMPTY)
    oedema[0, 1] = True  # four quadrants of one joint
    deep[0, 1] = intense[0, 1] = True
    assert sparcc_score(oedema, deep, intense) == SparccScore(4, 1, 1)


@given(hnp.arrays(bool, (6, 2, 4)), hnp.arrays(bool, (6, 2)), hnp.arrays(bool, (6, 2)))
def test_the_total_is_the_number_of_ticks(oedema, deep, intense):
    deep, intense = deep & oedema.any(axis=2), intense & oedema.any(axis=2)
    assert sparcc_score(oedema, deep, intense).total == oedema.sum() + deep.sum() + intense.sum()


@given(st.integers(0, 5), st.integers(0, 1), st.sampled_from(["deep", "intense"]))
def test_depth_or_intensity_without_oedema_is_refused_with_its_place(place, joint, what):
    oedema = np.zeros((6, 2, 4), bool)
    oedema[place, 1 - joint] = True
    marks = {"deep": np.zeros((6, 2), bool), "intense": np.zeros((6, 2), bool)}
    marks[what][place, joint] = True
    words = f"{what} is ticked in slice {place + 1} of 6, {('right', 'left')[joint]} joint"
    with pytest.raises(ValueError, match=words):
        sparcc_score(oedema, **marks)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ((np.zeros((5, 2, 4), bool), *EMPTY[1:]), r"oedema must be.*\(5, 2, 4\)"),
        ((EMPTY[0], np.zeros((6, 2, 4), bool), EMPTY[2]), "deep must be"),
        ((*EMPTY[:2], np.zeros((6, 2))), "intense must be a boolean array.*float64"),
    ],
)
def test_other_shapes_and_kinds_are_refused(arrays, words):
    with pytest.raises(ValueError, match=words):
        sparcc_score(*arrays)


def test_a_table_of_one_scan_is_one_reading(table):
    path = table(rows(right_9="1,1,0,0,1,0", left_13="0,0,0,1,1,1"))
    (reading,) = read_sparcc(path)
    assert (reading.patient, reading.visit, reading.reader) == ("", "", "")
    assert reading.first_slice == 8
    assert reading.score == SparccScore(3, 2, 1) and reading.score.total == 6
    assert np.argwhere(reading.oedema).tolist() == [[1, 0, 0], [1, 0, 1], [5, 1, 3]]
    assert np.argwhere(reading.deep).tolist() == [[1, 0], [5, 1]]
    assert np.argwhere(reading.intense).tolist() == [[5, 1]]


def test_patients_visits_and_readers_are_told_apart_in_any_order_of_rows(table):
    header = f"patient,visit,reader,{HEADER}"
    lines = [f"P1,before,R1,{row}" for row in rows(right_8="1,0,0,0,0,0")]
    lines += [f"P1,after,R1,{row}" for row in rows(first=7)]
    lines += [f"P1,before,R2,{row}" for row in rows(right_8="1,1,1,0,0,0")]
    found = read_sparcc(table(lines[::2] + lines[1::2], header))
    assert [(each.patient, each.visit, each.reader, each.score.total) for each in found] == [
        ("P1", "before", "R1", 1),
        ("P1", "after", "R1", 0),
        ("P1", "before", "R2", 3),
    ]
    assert [each.first_slice for each in found] == [8, 7, 8]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ("1,0,0,0,2,0", "column 'deep' is '2'; write 0 or 1"),
        ("yes,0,0,0,0,0", "column 'upper_iliac' is 'yes'"),
        ("0,0,0,,0,0", "column 'lower_sacral' is empty"),
        ("0,0,0,0,1,0", "column 'deep' is 1, but no quadrant has oedema"),
        ("0,0,0,0,0,1", "column 'intense' is 1, but no quadrant has oedema"),
    ],
)
def test_a_wrong_mark_is_named_by_row_and_column(table, marks, words):
    refused(table(rows(left_8=marks)), "row 3", words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("8,middle,0,0,0,0,0,0", "column 'joint' is 'middle'"),
        ("8.5,left,0,0,0,0,0,0", "column 'slice' is '8.5'"),
        ("-8,left,0,0,0,0,0,0", "column 'slice' is '-8'"),
        (",left,0,0,0,0,0,0", "column 'slice' is empty"),
        ("8,Right,0,0,0,0,0,0", "slice 8, right joint, is in row 2 too"),
    ],
)
def test_a_wrong_place_is_named_by_row(table, line, words):
    lines = rows()
    refused(table([lines[0], line, *lines[2:]]), "row 3", words)


def test_six_consecutive_slices_are_needed(table):
    few, gap = rows()[:10], [*rows()[:10], *(row.replace("13,", "14,", 1) for row in rows()[10:])]
    refused(table(few), "8, 9, 10, 11, 12;", "6 consecutive")
    refused(table(gap), "8, 9, 10, 11, 12, 14;", "6 consecutive")
    refused(table([*rows(), *rows(first=14)[:2]]), "6 consecutive")


def test_a_missing_joint_is_named_with_its_reading(table):
    lines = [f"P1,{row}" for row in rows()[:-1]]
    refused(table(lines, f"patient,{HEADER}"), "patient P1", "lacks slice 13, left joint")


def test_a_score_beside_the_marks_is_checked(table):
    lines = [f"{row},0" for row in rows()]
    assert read_sparcc(table(lines, f"{HEADER},score"))[0].score.total == 0
    lines[4] = "10,right,1,1,0,0,1,0,2"
    refused(table(lines, f"{HEADER},score"), "row 6", "'score' is '2'", "sum to 3")


def test_a_table_without_the_columns_is_refused(table):
    refused(table(["8,right"], "slice,joint"), "no columns 'upper_iliac'")
