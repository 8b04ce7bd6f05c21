"""Drawings of the pages on readers show all values they are given. Numbers are made up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from book.drawings.readers import (
    draw_bootstrap,
    draw_shared_start,
    draw_votes,
    readings_figure,
)
from tests.helpers.scans import oblique_affine
from vhi.cases.case import Case
from vhi.images.image import Image
from vhi.reader_study.readings import ScanReadings, Segmentation

SHAPE = (30, 24, 3)


@pytest.fixture
def axes():
    return Figure(layout="constrained").subplots()


@pytest.fixture
def stir():
    return Image(np.ones(SHAPE, np.float32), oblique_affine())


def readings(stir, *names):
    segmentations = []
    for number, name in enumerate(names):
        mask = np.zeros(SHAPE, bool)
        mask[4 : 6 + number, 5:9, 1] = True
        mask[20, 20, 2] = True  # in another slice, which the picture must not make room for
        segmentations.append(Segmentation(name, name[1], name[2:] or "cleaned", mask))
    box = tuple(slice(0, size) for size in SHAPE)
    grid = stir.with_array(np.zeros(SHAPE, bool))
    path = stir.name
    return ScanReadings("S", Case("S", "S", "", path, path), tuple(segmentations), box, grid)


def names(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_votes_are_coloured_by_their_number_and_none_is_not(axes, stir):
    votes = np.zeros(SHAPE, int)
    votes[4, 5, 1], votes[5, 5, 1], votes[6, 6, 0] = 1, 3, 2
    draw_votes(axes, stir, 1, votes, of=4, simulated=True)
    _, shown = (image.get_array() for image in axes.images)
    assert sorted(shown.compressed()) == [1, 3]
    assert names(axes) == ["1", "2", "3", "4"]
    assert axes.get_title(loc="right") == "simulated"


@pytest.mark.parametrize("wrong", [np.full(SHAPE, 5), np.full(SHAPE, -1), np.zeros((2, 2, 2), int)])
def test_votes_that_cannot_be_are_refused(axes, stir, wrong):
    with pytest.raises(ValueError, match="votes"):
        draw_votes(axes, stir, 1, wrong, of=4)


@pytest.mark.parametrize(
    ("drawn", "panels"), [(("R11", "R21"), 4), (("R11", "R12", "R21"), 6), (("R11",), 4)]
)
def test_each_segmentation_has_a_panel_and_the_votes_are_their_sum(stir, drawn, panels):
    figure = readings_figure(stir, readings(stir, *drawn), 1)
    assert len(figure.axes) == panels
    titles = [each.get_title(loc="left") for each in figure.axes]
    assert [title for title in titles if title in drawn] == list(drawn)
    (votes,) = (each for each in figure.axes if each.get_title(loc="left") == "number of masks")
    shown = votes.images[1].get_array().compressed()
    assert shown.max() == len(drawn)
    assert shown.size == (2 + len(drawn) - 1) * 4
    assert {each.get_title(loc="right") for each in figure.axes} == {""}


def test_a_slice_that_nobody_marked_is_drawn(stir):
    readings_figure(stir, readings(stir, "R11", "R21"), 0, simulated=True).draw_without_rendering()


def test_cleaned_masks_are_drawn_when_asked_for(stir):
    masks = readings(stir, "R11", "R1")
    figure = readings_figure(stir, masks, 1, segmentations=masks.segmentations)
    assert {"R11", "R1"} <= {each.get_title(loc="left") for each in figure.axes}
    alone = readings_figure(stir, masks, 1)
    assert "R1" not in {each.get_title(loc="left") for each in alone.axes}


def test_every_value_of_resampled_medians_is_one_line_as_high_as_its_share(axes):
    draw_bootstrap(axes, [0.5, 0.5, 0.1 + 0.2, 0.3], interval=(0.3, 0.5), middle=0.4)
    lines = {each.get_gid(): each for each in axes.collections}
    ends = [segment[1].tolist() for segment in lines["share"].get_segments()]
    assert ends == [[0.3, 50.0], [0.5, 50.0]]
    assert lines["interval"].get_segments()[0][:, 0].tolist() == [0.3, 0.5]
    axes.figure.draw_without_rendering()


def test_a_scan_without_a_number_is_no_point(axes):
    draw_shared_start(axes, {"a": (0.2, 0.9), "b": (math.nan, 1.0)}, simulated=True)
    points = [c.get_offsets().tolist() for c in axes.collections if isinstance(c, PathCollection)]
    assert points == [[[0.2, 0.9]]]
    assert [text.get_text() for text in axes.texts] == ["a"]
    draw_shared_start(Figure().subplots(), {})
    axes.figure.draw_without_rendering()
