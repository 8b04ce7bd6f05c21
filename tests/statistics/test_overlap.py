"""How masks agree, on arrays small enough to count by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vhi.cases.case import load_cases
from vhi.images.nifti import load_mask
from vhi.statistics import (
    MedianInterval,
    dice,
    median_interval,
    precision,
    recall,
    summarise,
    surface_distances,
    volume_similarity,
)
from vhi.statistics.surface import surface


def mask(*rows):
    return np.array([[character == "#" for character in row] for row in rows])


FOUND = mask("##..", "##..", "....")
TRUTH = mask(".##.", ".##.", ".##.")
EMPTY = np.zeros((3, 4), bool)

PAIRS = st.integers(1, 3).flatmap(
    lambda ndim: hnp.array_shapes(min_dims=ndim, max_dims=ndim, max_side=5).flatmap(
        lambda shape: st.tuples(*[hnp.arrays(bool, shape) for _ in range(2)])
    )
)


def values(distances):
    return distances.mean_mm, distances.p95_mm, distances.max_mm


def test_shares_are_counted_voxels():
    # 4 found, 6 true, 2 of both
    assert dice(FOUND, TRUTH) == pytest.approx(2 * 2 / 10)
    assert precision(FOUND, TRUTH) == pytest.approx(2 / 4)
    assert recall(FOUND, TRUTH) == pytest.approx(2 / 6)
    assert volume_similarity(FOUND, TRUTH) == pytest.approx(1 - 2 / 10)


def test_two_empty_masks_agree_and_have_no_shares():
    assert dice(EMPTY, EMPTY) == volume_similarity(EMPTY, EMPTY) == 1
    assert math.isnan(precision(EMPTY, EMPTY)) and math.isnan(recall(EMPTY, EMPTY))
    assert all(map(math.isnan, values(surface_distances(EMPTY, EMPTY, (1, 1)))))


def test_one_empty_mask_overlaps_nothing_and_lies_infinitely_far():
    assert dice(FOUND, EMPTY) == dice(EMPTY, FOUND) == volume_similarity(FOUND, EMPTY) == 0
    assert precision(FOUND, EMPTY) == 0 and math.isnan(recall(FOUND, EMPTY))
    assert math.isnan(precision(EMPTY, TRUTH)) and recall(EMPTY, TRUTH) == 0
    assert values(surface_distances(FOUND, EMPTY, (1, 1))) == (math.inf,) * 3


def test_two_points_are_their_distance_apart_in_mm():
    first, second = np.zeros((2, 5, 6, 3), bool)
    first[1, 1, 0] = second[4, 5, 1] = True
    expected = math.sqrt((3 * 0.5) ** 2 + (4 * 0.6) ** 2 + 3.3**2)
    assert (
        values(surface_distances(first, second, (0.5, 0.6, 3.3))) == (pytest.approx(expected),) * 3
    )


def test_a_mask_grown_by_one_pixel_each_way_is_one_pixel_away():
    small, large = np.zeros((2, 9, 9), bool)
    small[3:6, 3:6], large[2:7, 2:7] = True, True
    # small: 8 points, each 1 pixel away; large: 16, of which the 4 corners are on the diagonal
    distances = surface_distances(small, large, (0.5, 0.5))
    assert distances.mean_mm == pytest.approx(0.5 * (8 + 12 + 4 * math.sqrt(2)) / 24)
    assert distances.max_mm == pytest.approx(0.5 * math.sqrt(2))
    assert distances.p95_mm == pytest.approx(0.5 * math.sqrt(2))


def test_the_percentile_is_the_worse_of_both_ways_and_leaves_out_one_stray_voxel():
    line, strayed = np.zeros((2, 60, 40), bool)
    line[:40, 20] = True
    strayed[:40, 20], strayed[59, 20] = True, True
    # There 40 distances of 0; back 40 of 0 and one of 20 pixels: the 95th percentile is 0 still.
    assert values(surface_distances(line, strayed, (1, 1))) == (pytest.approx(20 / 81), 0, 20)
    many = strayed.copy()
    many[50:60, 20] = True  # 10 of 50 points are 11 to 20 pixels away; there, still 0
    assert surface_distances(line, many, (1, 1)).p95_mm == pytest.approx(17.55)


def test_the_surface_has_face_neighbours_outside_and_the_array_edge_is_none():
    solid = np.zeros((5, 5, 5), bool)
    solid[1:4, 1:4, 1:4] = True
    assert surface(solid).sum() == 27 - 1
    solid[2, 2, 2] = False  # a hole: its six face neighbours were surface already
    assert surface(solid).sum() == 26
    wall = np.zeros((4, 6), bool)
    wall[:, :3] = True
    assert np.argwhere(surface(wall)).tolist() == [[row, 2] for row in range(4)]
    full = np.ones((3, 4), bool)
    assert not surface(full).any() and not surface(EMPTY).any()
    assert surface_distances(full, TRUTH, (1, 1)).max_mm == math.inf
    assert math.isnan(surface_distances(full, full, (1, 1)).max_mm)


def test_thick_slices_weigh_their_millimetres():
    first, second = np.zeros((2, 5, 5, 6), bool)
    first[1:4, 1:4, 2] = second[1:4, 1:4, 3] = True
    assert values(surface_distances(first, second, (0.5, 0.5, 3.3))) == (pytest.approx(3.3),) * 3


@given(PAIRS)
def test_overlap_is_symmetric_bounded_and_below_its_ceiling(pair):
    first, second = pair
    assert dice(first, second) == dice(second, first)
    assert 0 <= dice(first, second) <= volume_similarity(first, second) + 1e-12 <= 1 + 2e-12
    assert dice(first, first) == 1
    if first.any() and second.any():
        p, r = precision(first, second), recall(first, second)
        harmonic = 2 * p * r / (p + r) if p + r else 0
        assert dice(first, second) == pytest.approx(harmonic)


@given(PAIRS)
def test_distances_are_symmetric_ordered_and_scale_with_spacing(pair):
    first, second = pair
    spacing = (0.5, 0.7, 3.3)[: first.ndim]
    there = surface_distances(first, second, spacing)
    back = surface_distances(second, first, spacing)
    assert values(there) == pytest.approx(values(back), nan_ok=True)
    twice = surface_distances(first, second, [2 * each for each in spacing])
    assert values(twice) == pytest.approx([2 * each for each in values(there)], nan_ok=True)
    if math.isfinite(there.max_mm):
        most = there.max_mm + 1e-9  # the mean of equal distances may differ in the last digit
        assert 0 <= there.mean_mm <= most and there.p95_mm <= most
        assert values(surface_distances(first, first, spacing)) == (0, 0, 0)


@given(PAIRS)
def test_distances_are_those_of_comparing_every_pair(pair):
    first, second = pair
    spacing = np.array((0.5, 0.7, 3.3)[: first.ndim])
    points = [np.argwhere(surface(each)) * spacing for each in pair]
    if all(map(len, points)):
        apart = np.linalg.norm(points[0][:, None] - points[1][None], axis=-1)
        ways = apart.min(1), apart.min(0)
        assert values(surface_distances(first, second, spacing)) == pytest.approx(
            (
                np.concatenate(ways).mean(),
                max(np.percentile(w, 95) for w in ways),
                max(map(max, ways)),
            )
        )


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (FOUND.astype(int), TRUTH, "boolean"),
        (FOUND, TRUTH[:2], "one shape; got "),
    ],
)
def test_what_is_no_pair_of_masks_is_refused(first, second, words):
    for measure in (dice, precision, recall, volume_similarity):
        with pytest.raises(ValueError, match=words):
            measure(first, second)
    with pytest.raises(ValueError, match=words):
        surface_distances(first, second, (1, 1))


@pytest.mark.parametrize("spacing", [(1,), (1, 1, 1), (1, 0), (1, math.nan)])
def test_a_spacing_that_does_not_fit_is_refused(spacing):
    with pytest.raises(ValueError, match="needs 2 numbers above 0"):
        surface_distances(FOUND, TRUTH, spacing)


def test_eight_values_give_the_second_to_the_seventh_at_93_percent():
    interval = median_interval([8, 1, 7, 2, 6, 3, 5, 4])
    assert interval == MedianInterval(2, 7, (2, 7), pytest.approx(238 / 256))


def test_few_values_give_the_widest_interval_and_one_gives_none():
    assert median_interval([3, 5]) == MedianInterval(3, 5, (1, 2), pytest.approx(0.5))
    assert median_interval([1, 9, 2, 8, 5]).coverage == pytest.approx(1 - 2 / 32)
    assert median_interval([4]) is None and median_interval([]) is None
    # Tables of the sign test: for n = 20 ranks 6 and 15, 95.9 %
    twenty = median_interval(range(1, 21))
    assert twenty.ranks == (6, 15) and twenty.coverage == pytest.approx(0.9586, abs=5e-5)


def test_the_interval_holds_the_median_as_often_as_it_says():
    random = np.random.default_rng(1)
    samples = random.exponential(size=(4000, 8))
    held = [
        interval.low <= math.log(2) <= interval.high for interval in map(median_interval, samples)
    ]
    assert np.mean(held) == pytest.approx(238 / 256, abs=0.015)


def test_a_summary_is_of_finite_values_only():
    summary = summarise([1, 2, 3, 6])
    assert (summary.n, summary.mean, summary.median, summary.min, summary.max) == (4, 3, 2.5, 1, 6)
    assert (summary.lower_quartile, summary.upper_quartile) == (1.75, 3.75)
    assert summarise([]).n == 0 and math.isnan(summarise([]).median)
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            summarise([1, bad])
        with pytest.raises(ValueError, match="finite"):
            median_interval([1, bad])
    with pytest.raises(ValueError, match="coverage"):
        median_interval([1, 2], coverage=1)


def test_the_readers_manual_masks_agree_as_published(study):
    """Median Dice of two trials of one reader over eight scans: 0.6286 and 0.6867."""
    for reader, expected in (("1", 0.6286), ("2", 0.6867)):
        overlaps = []
        for case in load_cases("study"):
            trials = {
                each.trial: each.path
                for each in case.reader_masks
                if each.reader == reader and each.trial in ("1", "2")
            }
            if len(trials) == 2:
                overlaps.append(dice(*(load_mask(trials[each]).array for each in "12")))
        assert len(overlaps) == 8
        assert np.median(overlaps) == pytest.approx(expected, abs=5e-5)
