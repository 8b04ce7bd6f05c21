from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.marrow import images, images_of, marrow
from vhi import Image, measure_images
from vhi.uncertainty.other_thresholds import (
    NestedCandidates,
    inflammation_at,
    vhi_over_multiple,
)


def at(measurement, threshold):
    """The inflammation of a measurement at another threshold, its edits included."""
    left, finished = measurement.left, measurement.read
    return inflammation_at(measurement.candidates, threshold, left=left, finished=finished)


def blobs():
    """One slice of regions by hand; normal bone 0 ... 100 gives the thresholds 97.5 and 100.

    Row 5 of slice 2: voxels 5-8 at 99, then 90 for three voxels, then 13-16 at 99. Row 15: voxels
    5-8 at 90, a region that only a lower threshold finds.
    """
    stir = np.full((40, 40, 4), 10.0)
    normal = np.zeros(stir.shape, bool)
    normal[20:30, 20:30, 0] = True
    normal[30, 20, 0] = True
    stir[normal] = np.arange(101.0)
    stir[5:9, 5, 2] = stir[13:17, 5, 2] = 99
    stir[9:13, 5, 2] = stir[5:9, 15, 2] = 90
    return images(stir, normal, ~normal)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_candidates_counted_together_are_those_of_each_threshold(axis):
    for seed in range(3):
        stir, normal, region = (image.array.copy() for image in images_of(marrow(seed)))
        # Two pixels at either end of every slice: four if slices were not kept apart.
        for row in (0, -1):
            stir[row, 5:7], region[row, 5:7] = stir.max(), True
        affine = np.diag([*np.insert([0.6, 0.6], axis, 3.3), 1])
        turned = (np.moveaxis(array, 2, axis) for array in (stir, normal, region))
        m = measure_images(*(Image(array, affine) for array in turned))
        thresholds = np.array([0.9, 0.97, 1.0, 1.1]) * m.thresholds.lower
        nested = NestedCandidates(m.candidates, thresholds[0])
        exact = [int(inflammation_at(m.candidates, t).sum()) for t in thresholds]
        assert exact[0] > exact[-1] > 0
        assert [nested.count(t) for t in thresholds] == exact


def test_nothing_searched_gives_no_candidates():
    stir, normal, region = blobs()
    m = measure_images(stir, normal, region)
    nothing = replace(
        m.candidates, disease_region=normal, normal_bone=normal, exclude_normal_bone=True
    )
    assert NestedCandidates(nothing, 0.0).count(0.0) == 0


def test_a_new_voxel_goes_with_the_nearest_region_that_the_reader_judged():
    first = measure_images(*blobs())
    assert first.vhi.voxels == 8
    edits = first.edits.add("remove", (13, 5, 2), reason="vessel")
    at_90 = at(measure_images(*blobs(), edits=edits.finish("A")), 90.0)
    assert np.argwhere(at_90).tolist() == [[i, 5, 2] for i in range(5, 11)]
    assert at(first, 90.0).sum() == 12 + 4


def test_while_a_reader_has_not_finished_new_regions_count():
    first = measure_images(*blobs())
    nearer_to_the_kept = first.edits.add("remove", (13, 5, 2))
    at_90 = at(measure_images(*blobs(), edits=nearer_to_the_kept), 90.0)
    assert at_90[5:11, 5, 2].all() and at_90[5:9, 15, 2].all() and at_90.sum() == 10
    nearer_to_the_removed = first.edits.add("remove", (5, 5, 2))
    at_90 = at(measure_images(*blobs(), edits=nearer_to_the_removed), 90.0)
    assert at_90[11:17, 5, 2].all() and at_90.sum() == 6
    other_slice = blobs()[0].array.copy()
    other_slice[20:24, 5, 3] = 90
    stir, normal, region = blobs()
    at_90 = at(
        measure_images(stir.with_array(other_slice), normal, region, edits=nearer_to_the_removed),
        90.0,
    )
    assert at_90[20:24, 5, 3].all()


def test_looking_at_a_region_and_keeping_it_changes_no_interval():
    first = measure_images(*blobs())
    looked_at = measure_images(*blobs(), edits=first.edits.see((5, 5, 2)))
    assert not looked_at.read
    assert (at(looked_at, 90.0) == at(first, 90.0)).all()


def test_regions_that_are_new_altogether_stay_out_of_a_cleaned_measurement():
    first = measure_images(*blobs())
    everything_gone = first.edits.add("remove", (5, 5, 2)).add("remove", (13, 5, 2))
    assert at(measure_images(*blobs(), edits=everything_gone), 50.0).sum() == 0
    restored = everything_gone.add("restore", (5, 5, 2)).add("restore", (13, 5, 2))
    assert not at(measure_images(*blobs(), edits=restored), 90.0)[:, 15].any()


def test_a_region_too_small_at_a_higher_threshold_goes():
    stir, normal, region = blobs()
    brighter = stir.array.copy()
    brighter[5:8, 5, 2] = 200  # three of four voxels
    first = measure_images(stir.with_array(brighter), normal, region)
    cleaned = measure_images(
        stir.with_array(brighter), normal, region, edits=first.edits.add("remove", (13, 5, 2))
    )
    assert [at(cleaned, t).sum() for t in (98.0, 99.0, 99.5)] == [4, 4, 0]


@given(
    st.integers(0, 10_000),
    st.floats(60, 140),
    st.floats(60, 140),
    st.sampled_from(["", "edited", "finished"]),
)
@settings(max_examples=60)
def test_a_higher_threshold_gives_a_subset(seed, one, other, read):
    measurement = marrow(seed)
    if read:
        edits = measurement.edits
        for region in measurement.regions[::2]:
            edits = edits.add("remove", region.voxel, time="t")
        edits = edits.finish("A") if read == "finished" else edits
        measurement = marrow(seed, edits=edits)
    low, high = sorted((one, other))
    more, less = (at(measurement, threshold) for threshold in (low, high))
    assert not (less & ~more).any()


@pytest.mark.parametrize("exclude", [False, True])
def test_at_its_own_threshold_a_measurement_is_itself(exclude):
    stir, normal, region = (image.array for image in images_of(marrow()))
    given_images = images(stir, normal, region | normal)
    first = measure_images(*given_images, exclude_normal_bone=exclude)
    edits = first.edits.add("remove", first.regions[0].voxel)
    for record in (None, edits):
        m = measure_images(*given_images, exclude_normal_bone=exclude, edits=record)
        assert (at(m, m.thresholds.lower) == (m.inflammation.array > 0)).all()


def test_the_curve_falls_with_n_and_passes_through_the_measurement():
    m = marrow()
    points = vhi_over_multiple(m.candidates, [0, 1, m.thresholds.multiple, 3, 50])
    assert [point.voxels for point in points] == sorted((p.voxels for p in points), reverse=True)
    assert (points[2].threshold, points[2].voxels) == (m.thresholds.lower, m.vhi.voxels)
    assert points[2].mm3 == pytest.approx(m.vhi.mm3)
    assert points[0].threshold == m.thresholds.upper_quartile
    assert points[4].threshold > m.thresholds.upper and points[4].voxels == 0
    assert vhi_over_multiple(m.candidates, []) == []
    with pytest.raises(ValueError, match="finite"):
        vhi_over_multiple(m.candidates, [1.5, float("nan")])
