"""Figures of a reader study show all values they are given, with units, and say simulated.

The content of a figure is tested, not its pixels. All numbers here are made up.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tests.helpers.scans import oblique_affine
from vhi.files.encode import encode_figure
from vhi.images.image import Image
from vhi.reader_study.figures.agreement import (
    draw_against,
    draw_bland_altman,
    draw_ratios,
    draw_scatter_of_readers,
)
from vhi.reader_study.figures.failures import draw_flagged, draw_side_by_side
from vhi.reader_study.figures.of_masks import overlap_figure
from vhi.reader_study.figures.of_patients import agreement_figure
from vhi.reader_study.figures.overlap import draw_ceiling, draw_overlaps
from vhi.reader_study.figures.response import draw_changes, draw_spaghetti
from vhi.reader_study.figures.style import BLUE, GREEN, GREY, RED, number
from vhi.reader_study.figures.thresholds import draw_threshold_curve
from vhi.reader_study.overlap import overlaps_of
from vhi.reader_study.pairs import ReaderPair
from vhi.statistics.agreement import limits_of_agreement, ratio_limits
from vhi.statistics.regression import deming, least_squares
from vhi.statistics.repeated import repeated_limits

FIRST = [0, 10, 250, 4000, 90_000]
SECOND = [5, 12, 180, 4400, 88_000]
VISITS = ["before", "before", "after", "after", "before"]


def both(first, second, visits=None, **more):
    """What two readers measured, VHI in voxels."""
    values = np.asarray(first, float), np.asarray(second, float)
    readers = ("reader 1", "reader 2")
    return ReaderPair(*values, "vhi_voxels", "voxels", readers, "made up", visits=visits, **more)


@pytest.fixture
def axes():
    return Figure(layout="constrained").subplots()


def points(axes):
    """Return every point drawn, as (x, y)."""
    marks = [c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)]
    return np.concatenate(marks) if marks else np.empty((0, 2))


def overlaps(groups):
    """Return a table of overlaps from {pair: {scan: dice}}."""
    rows = [(pair, *item) for pair, values in groups.items() for item in values.items()]
    return pd.DataFrame(rows, columns=["pair", "scan", "dice"])


def heights(axes, name):
    """Return the heights of the horizontal lines of this name."""
    return [line.get_ydata()[0] for line in axes.lines if line.get_gid() == name]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


# ------------------------------------------------------------------------------------------ overlap


def test_every_finite_overlap_is_a_point_and_the_red_line_is_the_median(axes):
    groups = {"R11–R12": {"a": 0.5, "b": 0.7, "c": 0.9}, "R21–R22": {"a": 0.4, "b": math.nan}}
    draw_overlaps(axes, overlaps(groups), intervals={"R11–R12": (0.5, 0.9)})
    assert sorted(points(axes).tolist()) == [[0, 0.5], [0, 0.7], [0, 0.9], [1, 0.4]]
    red = [line for line in axes.lines if line.get_color() == RED]
    assert [line.get_ydata()[0] for line in red] == [0.7, 0.4]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "R11–R12\nn = 3",
        "R21–R22\nn = 1",
    ]
    (bar,) = (c for c in axes.collections if c.get_gid() == "interval")
    assert bar.get_segments()[0][:, 1].tolist() == [0.5, 0.9]
    assert axes.get_ylabel() == "Dice"


def test_linked_overlaps_join_the_points_of_one_scan(axes):
    groups = {"one": {"a": 0.5, "b": 0.7}, "two": {"b": 0.6, "a": 0.8}}
    draw_overlaps(axes, overlaps(groups), linked=True)
    links = [line.get_ydata().tolist() for line in axes.lines if len(line.get_ydata()) == 2]
    assert [0.5, 0.8] in links and [0.7, 0.6] in links
    draw_overlaps(other := Figure().subplots(), overlaps(groups))
    assert len(other.lines) == len(axes.lines) - 2


def test_a_pair_without_a_value_gets_a_place_and_no_box(axes):
    draw_overlaps(axes, overlaps({"R1–R2": {"a": math.nan}}), linked=True)
    assert axes.get_xticklabels()[0].get_text() == "R1–R2\nn = 0"
    assert not axes.patches


def test_the_ceiling_has_a_row_for_each_scan_and_a_mark_for_each_value(axes):
    table = pd.DataFrame(
        [("1003", 0.2, 0.1), ("1003", 0.3, math.nan), ("1007", 0.8, 0.7)],
        columns=["scan", "ceiling_dice", "reached_dice"],
        index=[0, 1, 0],  # as tables that were put together have it
    )
    draw_ceiling(axes, table)
    assert sorted(points(axes).tolist()) == [[0.1, 0], [0.2, 0], [0.3, 0], [0.7, 1], [0.8, 1]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1003", "1007"]
    assert legend(axes) == ["cleaned by a reader", "ceiling: perfect cleaning"]


def test_overlaps_are_of_two_manual_masks_or_of_two_cleaned_ones():
    pairs = [("R11", "R12"), ("R1", "R11"), ("R1", "R2"), ("ann 1", "ann cleaned")]
    rows = [{"first": a, "second": b, "scan": "s", "dice": 0.5} for a, b in pairs]
    table = pd.DataFrame(rows)
    assert overlaps_of(table, cleaned=False)["pair"].tolist() == ["R11–R12"]
    assert overlaps_of(table, cleaned=True)["pair"].tolist() == ["R1–R2"]
    assert overlaps_of(table[:0], cleaned=True).empty


# ---------------------------------------------------------------------------------------- agreement


def test_bland_altman_shows_every_pair_and_the_limits_where_they_were_computed(axes):
    limits = limits_of_agreement(FIRST, SECOND)
    draw_bland_altman(axes, both(FIRST, SECOND, VISITS), limits)
    x, y = np.array(FIRST), np.array(SECOND)
    expected = np.column_stack([(x + y) / 2, x - y])
    assert sorted(points(axes).tolist()) == sorted(expected.tolist())
    assert heights(axes, "bias") == [limits.bias]
    assert heights(axes, "lower limit") == [limits.lower]
    assert heights(axes, "upper limit") == [limits.upper]
    bands = {"bias interval", "lower limit interval", "upper limit interval"}
    assert {band.get_gid() for band in axes.patches} == bands
    assert axes.get_xlabel() == "mean: VHI (voxels)"
    assert axes.get_ylabel() == "reader 1 − reader 2:\nVHI (voxels)"
    assert legend(axes) == ["before (n = 3)", "after (n = 2)"]


def test_zooming_keeps_the_limits_of_all_data_and_says_what_is_not_in_view(axes):
    limits = limits_of_agreement(FIRST, SECOND)
    draw_bland_altman(axes, both(FIRST, SECOND), limits, zoom=5000)
    assert heights(axes, "upper limit") == [limits.upper]
    assert 5000 < axes.get_xlim()[1] < 6000
    low, high = axes.get_ylim()
    assert low < limits.lower_interval[0] and high > limits.upper_interval[1]
    assert "1 of 5 not in view" in texts(axes)


def test_logarithms_are_those_of_one_more_than_the_value(axes):
    limits = limits_of_agreement(np.log1p(FIRST), np.log1p(SECOND))
    draw_bland_altman(axes, both(FIRST, SECOND), limits, log=True)
    assert np.allclose(points(axes)[0], [math.log(6) / 2, -math.log(6)])
    assert axes.get_xlabel() == "mean: log(VHI in voxels + 1)"


def test_limits_that_are_not_known_are_not_drawn(axes):
    draw_bland_altman(axes, both([3], [1]), limits_of_agreement([3], [1]))
    assert heights(axes, "bias") == [2]
    assert heights(axes, "upper limit") == []
    assert points(axes).tolist() == [[2, 2]]


def test_limits_of_patients_with_two_scans_are_drawn_by_patient():
    pairs = replace(both(FIRST, SECOND, VISITS), patients=["a", "b", "c", "a", "b"])
    figure = agreement_figure(pairs)
    limits = repeated_limits(FIRST, SECOND, pairs.patients)
    axes = next(axes for axes in figure.axes if axes.get_ylabel().startswith("reader 1 − reader 2"))
    assert heights(axes, "upper limit") == [limits.upper]
    (band,) = [band for band in axes.patches if band.get_gid() == "upper limit interval"]
    box = band.get_bbox()
    assert (box.y0, box.y1) == pytest.approx(limits.upper_interval)
    assert pairs.intervals.startswith("intervals by patient") and pairs.size.endswith("3 patients")


def test_the_interval_of_a_median_is_that_of_subjects():
    values = dict(zip("abcdefgh", np.linspace(0.1, 0.8, 8), strict=True))
    alone = overlaps({"R1–R2": values}).assign(subject=list("abcdefgh"))
    twice = pd.concat([alone, alone.assign(scan=alone["scan"] + "2")])
    bars = [
        next(c for c in overlap_figure(table).axes[0].collections if c.get_gid() == "interval")
        for table in (alone, twice)
    ]
    ends = [bar.get_segments()[0].tolist() for bar in bars]
    assert ends[0] == ends[1]


def test_ratios_leave_out_pairs_with_a_zero_and_count_them(axes):
    limits = ratio_limits(FIRST, SECOND)
    draw_ratios(axes, both(FIRST, SECOND, VISITS), limits)
    assert len(points(axes)) == 4
    assert heights(axes, "ratio") == [limits.ratio]
    assert "1 of 5 with a zero" in texts(axes)
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert legend(axes) == ["before (n = 2)", "after (n = 2)"]


def test_the_scatter_of_readers_has_equal_axes_and_marks_where_another_panel_is_cut(axes):
    draw_scatter_of_readers(axes, both(FIRST, SECOND, VISITS), truncate_at=5000)
    assert sorted(points(axes).tolist()) == sorted(map(list, zip(FIRST, SECOND, strict=True)))
    assert axes.get_xlim() == axes.get_ylim()
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert len(dotted) == 2 and all(line.get_color() == BLUE for line in dotted)
    assert axes.get_xlabel() == "reader 1: VHI (voxels)"


def test_before_is_red_and_after_is_blue_in_another_shape(axes):
    draw_against(axes, [1, 2, 3, 4, 5], FIRST, VISITS, truncate_at=100)
    before, after = axes.collections
    assert to_hex(before.get_edgecolor()[0]) == RED and to_hex(after.get_edgecolor()[0]) == BLUE
    assert len(before.get_paths()[0].vertices) != len(after.get_paths()[0].vertices)
    assert before.get_offsets()[:, 0].tolist() == [1, 2, 5]
    assert axes.get_xlabel() == "SPARCC score (0–72)" and axes.get_ylabel() == "VHI (voxels)"
    assert [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [100]


def test_lists_of_different_length_are_refused(axes):
    with pytest.raises(ValueError, match="must be of the same length"):
        draw_against(axes, [1, 2], [1], None)
    with pytest.raises(ValueError, match="must be of the same length"):
        draw_against(axes, [1, 2], [1, 2], ["before"])


# ----------------------------------------------------------------------------------------- failures


def test_the_scans_of_a_worklist_are_marked_and_named_beside_both_limits(axes):
    pairs = both([0, 0, 12, 1], [0, 30, 0, 0], patients=["a", "b", "c", "d"])
    draw_flagged(axes, pairs, {"2 SD": 25, "robust": 10}, [False, True, True, False])
    assert texts(axes) == ["b", "c"]
    others, marked = (c.get_offsets().tolist() for c in axes.collections)
    assert marked == [[1, -30], [4, 12]]
    assert others == [[2, 0], [3, 1]]
    dashed = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert dashed == [25, -25]
    assert legend(axes) == ["± 2 SD", "± robust", "to look at (2 of 4)"]


def test_two_masks_are_outlines_and_their_difference_is_labelled():
    array = np.linspace(0, 1, 20 * 30 * 4).reshape(20, 30, 4)
    stir = Image(array, oblique_affine(), "STIR")
    first, second = np.zeros((2, *stir.shape), bool)
    first[5:10, 5:10, 2] = second[5:10, 8:14, 2] = True
    panels = Figure().subplots(1, 3)
    draw_side_by_side(panels, stir, 2, first, second, simulated=True)
    assert all(len(panel.collections) == 1 for panel in panels[:2])
    assert panels[0].get_title(loc="left") == "reader 1, slice 2"
    labels = panels[2].images[1].get_array()
    assert np.count_nonzero(labels.filled(0) == 1) == 5 * 3
    assert np.count_nonzero(labels.filled(0) == 2) == 5 * 4
    assert legend(panels[2]) == ["only reader 1", "only reader 2"]
    assert all(panel.get_title(loc="right") == "simulated" for panel in panels)


def test_side_by_side_needs_three_panels_and_masks_of_the_grid():
    stir = Image(np.zeros((4, 4, 3)), oblique_affine(), "STIR")
    mask = np.zeros(stir.shape, bool)
    with pytest.raises(ValueError, match="three axes, got 2"):
        draw_side_by_side(Figure().subplots(1, 2), stir, 0, mask, mask)
    with pytest.raises(ValueError, match=r"second has shape \(2, 2, 2\)"):
        draw_side_by_side(Figure().subplots(1, 3), stir, 0, mask, np.zeros((2, 2, 2), bool))


def test_two_empty_masks_show_the_slice_alone():
    stir = Image(np.ones((4, 4, 3)), oblique_affine(), "STIR")
    panels = Figure().subplots(1, 3)
    empty = np.zeros(stir.shape, bool)
    draw_side_by_side(panels, stir, 1, empty, empty)
    assert not any(panel.collections for panel in panels)


# ----------------------------------------------------------------------------------------- response


def test_improving_patients_are_green_and_full_worsening_ones_red_and_dashed(axes):
    draw_spaghetti(axes, [100, 50, 7, math.nan], [20, 80, 7, 3])
    lines = {
        (line.get_color(), line.get_linestyle()): line.get_ydata().tolist() for line in axes.lines
    }
    assert lines == {(GREEN, "-"): [100, 20], (RED, "--"): [50, 80], (GREY, ":"): [7, 7]}
    assert axes.get_xlabel() == "without both visits: 1 of 4"
    assert axes.get_ylabel() == "VHI (voxels)"
    assert legend(axes) == ["improving (n = 1)", "worsening (n = 1)", "unchanged (n = 1)"]


def test_every_patient_is_one_line_from_before_to_after(axes):
    draw_spaghetti(axes, [3, 5, 9], [1, 6, 2], name="SPARCC", unit="")
    lines = sorted(line.get_xydata().tolist() for line in axes.lines)
    assert lines == [[[0, 3], [1, 1]], [[0, 5], [1, 6]], [[0, 9], [1, 2]]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["before", "after"]
    assert legend(axes) == ["improving (n = 2)", "worsening (n = 1)"]
    assert axes.get_ylabel() == "SPARCC"


def test_fitted_lines_run_through_the_changes_with_their_slopes_written(axes):
    x, y = [-4.0, -2, 0, 2, math.nan], [-8.0, -4, 0, 4, 1]
    lines = {"least squares": least_squares(x[:4], y[:4]), "Deming": deming(x[:4], y[:4])}
    draw_changes(axes, x, y, lines, zoom=5)
    assert len(points(axes)) == 4
    full = [line for line in axes.lines if str(line.get_label()).startswith("least squares")]
    assert np.allclose(full[0].get_ydata(), 2 * np.asarray(full[0].get_xdata()))
    assert legend(axes)[:2] == ["patients (n = 4)", "least squares: slope 2.00 (2.00 to 2.00)"]
    assert len(legend(axes)) == 3
    assert "1 of 4 not in view" in texts(axes)
    assert axes.get_ylim() == (-5, 5)


def test_a_line_that_could_not_be_fitted_is_left_out(axes):
    draw_changes(axes, [1.0], [2.0], {"least squares": least_squares([1.0], [2.0])})
    assert legend(axes) == ["patients (n = 1)"]


# ---------------------------------------------------------------------------------------- threshold


def curve(multiples, volumes):
    return pd.DataFrame({"multiple": multiples, "mm3": volumes}, dtype=float)


def test_the_chosen_multiple_lies_on_the_curve_with_its_interval(axes):
    draw_threshold_curve(axes, curve([1, 2, 3], [900, 400, 100]), 2.0, 400, interval=(300, 600))
    assert axes.lines[0].get_xydata().tolist() == [[1, 900], [2, 400], [3, 100]]
    assert points(axes).tolist() == [[2, 400]]
    assert len(axes.patches) == 1
    assert "chosen n = 2.00" in legend(axes) and "400 mm³" in legend(axes)
    assert "interval of the volume: 300 to 600" in legend(axes)
    assert axes.get_ylabel() == "candidates (mm³)"


# ------------------------------------------------------------------------------------ all of them


CEILING = pd.DataFrame({"scan": ["a"], "ceiling_dice": [0.5]})
DRAW = {
    "overlaps": lambda a, **k: draw_overlaps(a, overlaps({"one": {"a": 0.5, "b": 0.7}}), **k),
    "ceiling": lambda a, **k: draw_ceiling(a, CEILING, **k),
    "against": lambda a, **k: draw_against(a, [1, 2, 3, 4, 5], FIRST, VISITS, **k),
    "scatter": lambda a, **k: draw_scatter_of_readers(a, both(FIRST, SECOND, **k)),
    "limits": lambda a, **k: draw_bland_altman(
        a, both(FIRST, SECOND, **k), limits_of_agreement(FIRST, SECOND)
    ),
    "ratios": lambda a, **k: draw_ratios(a, both(FIRST, SECOND, **k), ratio_limits(FIRST, SECOND)),
    "flagged": lambda a, **k: draw_flagged(a, both(FIRST, SECOND, **k), {"2 SD": 3}, [True] * 5),
    "spaghetti": lambda a, **k: draw_spaghetti(a, FIRST, SECOND, **k),
    "changes": lambda a, **k: draw_changes(a, FIRST, SECOND, {}, **k),
    "threshold": lambda a, **k: draw_threshold_curve(a, curve([1, 2], [5, 3]), 1.5, 4, **k),
}


@pytest.mark.parametrize("kind", sorted(DRAW))
def test_simulated_data_are_called_so_in_the_axes_and_nothing_else_is(axes, kind):
    DRAW[kind](axes, simulated=True)
    DRAW[kind](other := Figure().subplots())
    assert axes.get_title(loc="right") == "simulated"
    assert other.get_title(loc="right") == ""
    assert axes.get_ylabel()
    axes.figure.draw_without_rendering()


@pytest.mark.parametrize("kind", ["overlaps", "against", "spaghetti", "changes", "threshold"])
def test_titles_stand_at_the_left(axes, kind):
    DRAW[kind](axes, title="a title")
    assert axes.get_title(loc="left") == "a title"


@pytest.mark.parametrize("kind", sorted(DRAW))
def test_a_figure_is_drawn_the_same_every_time(kind):
    content = set()
    for _ in range(2):
        figure = Figure()
        DRAW[kind](figure.subplots())
        content.add(encode_figure(figure, "svg"))
    assert len(content) == 1


EMPTY = limits_of_agreement([], [])


@pytest.mark.parametrize(
    "draw",
    [
        lambda a: draw_overlaps(a, overlaps({}), linked=True),
        lambda a: draw_ceiling(a, CEILING[:0]),
        lambda a: draw_against(a, [], [], []),
        lambda a: draw_scatter_of_readers(a, both([], [])),
        lambda a: draw_scatter_of_readers(a, both([0, 0], [0, 0])),
        lambda a: draw_bland_altman(a, both([], []), EMPTY, zoom=10),
        lambda a: draw_bland_altman(
            a, both([2, 2], [2, 2]), limits_of_agreement([2, 2], [2, 2]), zoom=9
        ),
        lambda a: draw_ratios(a, both([], []), ratio_limits([], [])),
        lambda a: draw_ratios(a, both([0], [3]), ratio_limits([0], [3])),
        lambda a: draw_flagged(a, both([], []), {"2 SD": math.nan}, []),
        lambda a: draw_spaghetti(a, [], []),
        lambda a: draw_changes(a, [], [], {"least squares": least_squares([], [])}),
        lambda a: draw_threshold_curve(a, curve([], []), 1.5, 0, interval=(math.nan, math.nan)),
    ],
)
def test_nothing_or_next_to_nothing_is_drawn_without_a_warning(axes, draw):
    draw(axes)
    axes.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (-4119, "−4,119"), (0.5, "0.500"), (1.234, "1.23"), (-0.0456, "−0.0456"),
     (math.nan, "nan"), (90_081.4, "90,081")],
)  # fmt: skip
def test_numbers_beside_lines_have_three_digits_and_a_true_minus(value, written):
    assert number(value) == written
