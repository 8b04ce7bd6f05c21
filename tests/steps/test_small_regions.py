import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from vhi.steps.small_regions import remove_small_regions

MASKS = arrays(bool, (6, 5, 4), elements=st.booleans())


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
