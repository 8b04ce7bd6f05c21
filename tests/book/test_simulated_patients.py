"""Drawings of patients show what they are given, and say when it is simulated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from book.drawings.simulated_patients import (
    draw_intervals,
    draw_sparcc,
    fits_figure,
)
from vhi.reader_study.figures.of_patients import scans_with_both
from vhi.reader_study.figures.style import BLUE, PALE, RED
from vhi.reader_study.patients import Patients


def new_axes():
    return Figure().subplots()


def texts(axes) -> list[str]:
    return [each.get_text() for each in axes.texts]


def patients(*, simulated: bool = True) -> Patients:
    """Three patients; the last one has no score after treatment. VHI is 100 times the score."""
    scores = [1.0, 2.0, 3.0, 4.0, 5.0, np.nan]
    table = pd.DataFrame(
        {
            "patient": ["a", "a", "b", "b", "c", "c"],
            "visit": ["before", "after"] * 3,
            "vhi_voxels_R1": [100.0, 200, 300, 400, 500, 600],
            "sparcc_R1": scores,
        }
    )
    return Patients("three", table, simulated=simulated)


@pytest.fixture
def ticks():
    oedema, deep = np.zeros((6, 2, 4), bool), np.zeros((6, 2), bool)
    oedema[2, 0, :3] = deep[2, 0] = True
    oedema[5, 1, 0] = True
    return oedema, deep, np.zeros((6, 2), bool)


def test_a_reading_shows_the_sum_of_each_slice_and_the_total(ticks) -> None:
    axes = new_axes()
    draw_sparcc(axes, *ticks)
    assert texts(axes) == ["right joint", "left joint", "0", "0", "4", "0", "0", "1", "= 5"]


def test_a_reading_has_a_square_for_each_of_its_72_marks_and_fills_those_ticked(ticks) -> None:
    axes = new_axes()
    draw_sparcc(axes, *ticks, simulated=True)
    (squares,) = axes.collections
    faces = [to_hex(face) for face in squares.get_facecolor()]
    assert len(faces) == len(squares.get_offsets()) == 72
    assert (faces.count(RED), faces.count(BLUE), faces.count(PALE)) == (4, 1, 67)
    filled = squares.get_offsets()[[face != PALE for face in faces]]
    assert sorted(filled.tolist()) == [[0, 2], [1, 2], [2, 2], [4, 2], [7, 5]]
    assert axes.get_title(loc="right") == "simulated"


def test_a_reading_that_contradicts_itself_is_refused(ticks) -> None:
    oedema, deep, intense = ticks
    deep[0, 0] = True
    with pytest.raises(ValueError, match="no quadrant has oedema"):
        draw_sparcc(new_axes(), oedema, deep, intense)


def test_intervals_run_from_low_to_high_in_the_order_given() -> None:
    axes = new_axes()
    draw_intervals(axes, ["a", "b"], [0.5, 0.2], [0.4, 0.1], [0.7, 0.9], mark_at=0.95)
    segments = [each.tolist() for each in axes.collections[0].get_segments()]
    assert segments == [[[0.4, 0], [0.7, 0]], [[0.1, 1], [0.9, 1]]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.lines[0].get_xdata()[0] == 0.95


def test_hollow_points_are_drawn_apart_and_missing_values_not_at_all() -> None:
    axes = new_axes()
    nan = np.nan
    draw_intervals(axes, "abc", [1, 2, nan], [0, 1, nan], [2, 3, nan], hollow=[False, True, False])
    _, points = axes.collections
    assert points.get_offsets().compressed().tolist() == [1, 0, 2, 1]
    faces = [to_hex(face) for face in points.get_facecolor()]
    assert faces[1] == "#ffffff" and faces[0] != faces[1]


def test_scans_that_lack_the_score_are_left_out() -> None:
    sparcc, vhi, visits = scans_with_both(patients())
    assert sparcc.tolist() == [1, 3, 5, 2, 4]
    assert vhi.tolist() == [100, 300, 500, 200, 400]
    assert visits == ["before"] * 3 + ["after"] * 2


def test_fits_have_a_row_for_each_cohort_and_give_the_lines_r_squared() -> None:
    figure = fits_figure({"one": patients(), "two": patients(simulated=False)})
    assert len(figure.axes) == 4
    raw, log, other, _ = figure.axes
    assert raw.get_title(loc="left") == "one: r² = 1.00"
    assert log.get_title(loc="left") != "one: r² = 1.00"
    assert raw.get_title(loc="right") == "simulated"
    assert other.get_title(loc="right") == ""
