import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from tests.helpers.scans import oblique_affine
from vhi.images.image import Image
from vhi.steps.candidates import (
    group_lesions,
    label_candidates,
    label_regions,
    list_regions,
    remove_small_regions,
)
from vhi.steps.thresholds import Thresholds

MASKS = arrays(bool, (6, 5, 4), elements=st.booleans())


def test_both_thresholds_are_inclusive_and_only_the_disease_region_counts():
    stir = np.array([[[9.99, 10, 19.99, 20, 99]]])
    region = np.array([[[1, 1, 1, 1, 0]]], bool)
    labels = label_candidates(stir, region, Thresholds(10, 20, 0, 0, 0))
    assert labels.tolist() == [[[0, 1, 1, 2, 0]]]
    assert labels.dtype == np.uint8


def test_shapes_that_differ_raise():
    with pytest.raises(ValueError, match="shape"):
        label_candidates(np.zeros((2, 2, 2)), np.zeros((2, 2, 3), bool), Thresholds(1, 2, 0, 0, 0))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_three_pixels_go_and_four_stay_diagonals_included(axis):
    plane = np.array(
        [
            [1, 1, 0, 0, 0, 2, 0],
            [1, 0, 0, 0, 2, 0, 0],
            [0, 0, 0, 1, 0, 0, 0],
            [0, 0, 1, 0, 0, 0, 0],
        ],
        np.uint8,
    )
    labels = np.moveaxis(np.stack([plane * 0, plane, plane * 0]), 0, axis)
    kept = np.moveaxis(remove_small_regions(labels, slice_axis=axis), axis, 0)[1]
    assert kept[:2, :2].sum() == 0  # an L of three pixels
    assert (kept[:, 2:] == plane[:, 2:]).all()  # a diagonal of four, of both labels
    assert (kept[:, :2] == 0).all()


def test_pixels_of_other_slices_do_not_count():
    labels = np.zeros((5, 5, 4), np.uint8)
    labels[1:3, 1, :] = 1  # two pixels a slice, eight voxels in all
    assert not remove_small_regions(labels).any()


def test_removal_leaves_its_input_alone():
    labels = np.ones((1, 1, 1), np.uint8)
    remove_small_regions(labels)
    assert labels.all()


@given(MASKS, st.integers(1, 6))
def test_removal_agrees_with_labelling_slice_by_slice(mask, min_pixels):
    kept = remove_small_regions(mask.astype(np.uint8), min_pixels=min_pixels)
    for k in range(mask.shape[2]):
        regions, count = ndimage.label(mask[..., k], np.ones((3, 3)))
        sizes = [(regions == n).sum() for n in range(count + 1)]
        expected = mask[..., k] & (np.take(sizes, regions) >= min_pixels)
        assert (kept[..., k].astype(bool) == expected).all()


@given(MASKS)
def test_lesions_are_the_26_connected_sets(mask):
    regions, count = label_regions(mask)
    lesions = group_lesions(regions, count)[regions]
    expected, number = ndimage.label(mask, np.ones((3, 3, 3)))
    pairs = {(int(a), int(b)) for a, b in zip(lesions[mask], expected[mask], strict=True)}
    assert len(pairs) == number == len({a for a, _ in pairs})


def described():
    stir = Image(np.zeros((20, 20, 5)), oblique_affine(), "S")
    labels = np.zeros(stir.shape, np.uint8)
    labels[2:4, 5:8, 1] = 1  # six pixels on the patient's right (low i: array axis runs left)
    labels[2:4, 5:7, 2] = 2  # four more, the same lesion
    labels[15:17, 5:7, 2] = 2  # four on the left
    stir.array[labels > 0] = 50.0
    stir.array[2, 5, 1] = 80.0
    return list_regions(labels, stir), list_regions(labels, stir, lesions=True)


def test_regions_are_described_largest_first():
    regions, _ = described()
    assert [r.voxels for r in regions] == [6, 4, 4]
    first = regions[0]
    assert first.id == 1 and first.slices == (1, 1) and first.voxels_upper == 0
    assert first.area_mm2 == pytest.approx(6 * 0.25)
    assert first.volume_mm3 == pytest.approx(6 * 0.25 * 3.3)
    assert first.mean == pytest.approx((5 * 50 + 80) / 6) and first.peak == 80
    middle = Image(np.zeros((20, 20, 5)), oblique_affine()).world([2.5, 6.0, 1.0])
    assert first.centroid_mm == pytest.approx(tuple(middle))
    assert first.voxel in {(2, 6, 1), (3, 6, 1)}


def test_lesions_join_regions_across_slices():
    regions, lesions = described()
    assert [lesion.voxels for lesion in lesions] == [10, 4]
    assert lesions[0].slices == (1, 2) and lesions[0].voxels_upper == 4
    assert [r.lesion for r in regions] == [1, 1, 2]


def test_sides_are_the_patients():
    _, lesions = described()
    assert [lesion.side for lesion in lesions] == ["right", "left"]


def test_the_midline_decides_the_side():
    stir = Image(np.zeros((20, 20, 5)), oblique_affine(), "S")
    labels = np.zeros(stir.shape, np.uint8)
    labels[2:4, 5:8, 1] = 1
    (region,) = list_regions(labels, stir)
    x = region.centroid_mm[0]
    assert list_regions(labels, stir, midline_mm=x + 1)[0].side == "left"
    assert list_regions(labels, stir, midline_mm=x - 1)[0].side == "right"


def test_no_candidates_give_an_empty_list():
    stir = Image(np.zeros((4, 4, 4)), np.eye(4))
    assert list_regions(np.zeros((4, 4, 4), np.uint8), stir) == []
