from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.segmentation.slices import normalise, slicing_of, with_neighbours

ORDERS = [
    ((0, 1, 2), (0, 0, 0)),
    ((2, 0, 1), (0, 1, 0)),
    ((1, 2, 0), (1, 1, 1)),
    ((1, 0, 2), (1, 0, 1)),
]
SPACING_MM = (4.0, 4.0, 6.0)


def scan(spacing_mm=SPACING_MM, shape=(40, 44, 5), seed=0):
    array = np.random.default_rng(seed).random(shape)
    return Image(array, oblique_affine(spacing_mm), "T")


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_cutting_and_joining_gives_the_array_back(axes, flips):
    image = permuted(scan(), axes, flips)
    slicing = slicing_of(image, spacing_mm=4.0, multiple=16)
    slices = slicing.cut(image.array)
    assert slices.shape == (5, 48, 48)
    assert np.array_equal(slicing.join(slices), image.array.astype(np.float32))


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_the_order_of_storage_changes_no_slice(axes, flips):
    image = scan()
    here = slicing_of(image, spacing_mm=4.0, multiple=8).cut(image.array)
    stored = permuted(image, axes, flips)
    there = slicing_of(stored, spacing_mm=4.0, multiple=8).cut(stored.array)
    if flips[axes.index(2)]:  # slices come in the order in which they are stored
        there = there[::-1]
    assert np.array_equal(here, there)


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_the_patients_left_is_on_the_right_and_the_head_is_up(axes, flips):
    image = scan()
    array = np.zeros(image.shape)
    left_and_high = image.voxel(image.world([[35, 40, 2]]))[0]
    array[tuple(left_and_high)] = 1
    marked = permuted(image.with_array(array), axes, flips)
    slices = slicing_of(marked, spacing_mm=4.0, multiple=4).cut(marked.array)
    _, row, column = np.argwhere(slices)[0]
    # The fixture's first axis runs toward the patient's left, its second toward the head.
    assert row < slices.shape[1] / 4 and column > slices.shape[2] * 3 / 4


@pytest.mark.parametrize("spacing_mm", [2.0, 3.3, 6.5])
def test_a_smooth_scan_survives_another_spacing(spacing_mm):
    i, j, k = np.meshgrid(*(np.arange(n) for n in (40, 44, 5)), indexing="ij")
    image = scan().with_array(np.sin(i / 8) + np.cos(j / 9) + k)
    slicing = slicing_of(image, spacing_mm=spacing_mm, multiple=8)
    slices = slicing.cut(image.array)
    assert all(length % 8 == 0 for length in slices.shape[1:])
    assert slicing.zoomed == (round(44 * 4 / spacing_mm), round(40 * 4 / spacing_mm))
    inner = np.abs(slicing.join(slices) - image.array)[4:-4, 4:-4]
    assert inner.max() < 0.06


def test_a_mask_keeps_its_size_at_another_spacing():
    mask = np.zeros((40, 44, 5), bool)
    mask[10:30, 12:32, 1:4] = True
    image = scan().with_array(mask)
    slicing = slicing_of(image, spacing_mm=2.6, multiple=4)
    slices = slicing.cut(mask, order=0)
    assert set(np.unique(slices)) == {0, 1}
    assert slices.sum() * 2.6**2 == pytest.approx(mask.sum() * 4.0**2, rel=0.05)
    assert np.array_equal(slicing.join(slices) > 0.5, mask)


def test_nothing_is_interpolated_for_a_hundredth():
    image = scan()
    assert slicing_of(image, spacing_mm=4.03, multiple=4).zoom == (1.0, 1.0)


def test_scans_that_hold_no_pelvis_are_refused():
    with pytest.raises(InputError, match=r"T: slices lie 8\.5 mm apart.*drawn by hand"):
        slicing_of(scan((4.0, 4.0, 8.5)), spacing_mm=4, multiple=4)
    with pytest.raises(InputError, match=r"T: slices of 132 x 120 mm cannot hold"):
        slicing_of(scan((3.0, 3.0, 6.0)), spacing_mm=3, multiple=4)


@pytest.mark.parametrize("axes", [(2, 0, 1), (2, 1, 0), (0, 2, 1)])
def test_sagittal_slices_are_refused(axes):
    affine = np.eye(4)
    affine[:3, :3] = np.diag([6.0, 4.0, 4.0])[:, np.roll([0, 1, 2], -1)]
    sagittal = permuted(Image(np.zeros((40, 44, 5)), affine, "T"), axes, (0, 0, 0))
    with pytest.raises(InputError, match=r"T: slices do not run from .*sagittal.*coronal or axial"):
        slicing_of(sagittal, spacing_mm=4, multiple=4)
    # Where the file stores no orientation there is nothing to tell it by.
    slicing_of(replace(sagittal, oriented=False), spacing_mm=4, multiple=4)


STUDY_TILTS = (25.3, 27.8, 29.1, 33.3, 35.2, 36.7, 39.9, 41.7, 49.6, 51.0)
"""Degrees by which the rows of the study's ten scans lead to the front of straight up."""


def rows_at(degrees, axes=(0, 1, 2), flips=(0, 0, 0)):
    """Return where the rows of a cut slice lead, (front, up), when they are tilted from upright."""
    tilt = np.radians(degrees)
    affine = np.eye(4)
    affine[:3, 0] = [-4, 0, 0]
    affine[1:3, 1] = 4 * np.sin(tilt), 4 * np.cos(tilt)
    affine[1:3, 2] = -6 * np.cos(tilt), 6 * np.sin(tilt)
    image = permuted(Image(np.zeros((40, 44, 5)), affine, "T"), axes, flips)
    slicing = slicing_of(image, spacing_mm=4.0, multiple=4)
    sign = -1 if slicing.flips[0] else 1
    return sign * image.affine[1:3, slicing.axes[1]] / 4


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
@pytest.mark.parametrize("degrees", STUDY_TILTS)
def test_the_studys_slices_keep_the_head_and_the_front_up(degrees, axes, flips):
    front, up = rows_at(degrees, axes, flips)
    assert up == pytest.approx(-np.cos(np.radians(degrees))) and front < 0


def test_rows_turn_over_at_one_tilt_only():
    tilts = np.arange(-80, 100)
    rows = np.array([rows_at(degrees) for degrees in tilts])
    turns = np.flatnonzero((rows[1:] * rows[:-1]).sum(axis=1) < 0)
    # Up and back at 45 degrees: steeper, the head is up; flatter, the front is.
    assert tilts[turns].tolist() in ([-46], [-45])
    assert (rows[tilts > -45, 1] < 1e-9)[:-10].all() and (rows[tilts < -45, 0] < 0).all()
    assert rows[tilts == 90] == pytest.approx(np.array([[-1, 0]]))


def test_intensities_are_divided_by_three_standard_deviations():
    array = np.array([1.0, 3.0])  # standard deviation 1
    assert normalise(array) == pytest.approx([1 / 3, 1.0])
    assert np.allclose(normalise(array * 17), normalise(array))
    with pytest.raises(InputError, match="all intensities are equal"):
        normalise(np.ones(4))


@pytest.mark.parametrize("spacing_mm", [1.3, 2.0, 3.1, 4.4, 7.0])
def test_the_rim_of_a_slice_is_kept_at_any_spacing(spacing_mm):
    image = scan()
    slicing = slicing_of(image, spacing_mm=spacing_mm, multiple=1)
    for order in (0, 1):
        slices = slicing.cut(np.full(image.shape, 7.0), order=order)
        assert np.allclose(slices, 7) and np.allclose(slicing.join(slices), 7)


def test_a_slice_comes_with_all_channels_of_its_neighbours_and_is_its_own_at_the_ends():
    slices = np.array([[1, 10], [2, 20], [3, 30]], np.float32)[:, :, None, None]
    wide = with_neighbours(slices, 1)[:, :, 0, 0]
    assert wide.tolist() == [
        [1, 10, 1, 10, 2, 20],
        [1, 10, 2, 20, 3, 30],
        [2, 20, 3, 30, 3, 30],
    ]
    assert with_neighbours(slices, 2).shape == (3, 10, 1, 1)
    assert with_neighbours(slices[:1], 1)[0, :, 0, 0].tolist() == [1, 10] * 3
    assert with_neighbours(slices, 0) is slices
