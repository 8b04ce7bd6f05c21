import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted
from vhi.images.image import Image
from vhi.images.orientation import box_of, fullest_slices, view_of, window_of

ORDERS = [((0, 1, 2), (0, 0, 0)), ((2, 0, 1), (0, 1, 0)), ((1, 2, 0), (1, 1, 1))]


def marked(right_head_voxel_value=1.0):
    """One bright voxel on the patient's right, toward the head, toward the front slice."""
    array = np.zeros((20, 30, 6))
    array[2, 25, 1] = right_head_voxel_value
    return Image(array, oblique_affine(), "S")


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
@pytest.mark.parametrize("tilt", [0, 25, 35, 52, -40])
def test_the_patients_right_is_on_the_left_and_the_head_is_up(axes, flips, tilt):
    image = Image(marked().array, oblique_affine(tilt_degrees=tilt))
    stored = permuted(image, axes, flips)
    view = view_of(stored)
    index = int(np.nonzero(stored.array)[stored.slice_axis][0])
    shown = view.plane(stored.array, index)
    assert shown.shape == (30, 20)
    assert np.argwhere(shown).tolist() == [[30 - 1 - 25, 2]]
    assert (view.left, view.right, view.top, view.bottom) == ("R", "L", "S", "I")


def test_axial_slices_show_the_front_up():
    affine = np.diag([0.6, 0.6, 4.0, 1.0])  # RAS: first axis right, second front, third head
    array = np.zeros((10, 12, 5))
    array[9, 11, 2] = 1  # the patient's right, front
    view = view_of(Image(array, affine))
    assert (view.top, view.bottom) == ("A", "P")
    assert np.argwhere(view.plane(array, 2)).tolist() == [[0, 0]]


def test_sagittal_slices_show_the_front_on_the_left():
    affine = np.zeros((4, 4))
    affine[0, 2], affine[1, 0], affine[2, 1], affine[3, 3] = 4.0, 0.6, 0.6, 1
    array = np.zeros((10, 12, 5))
    array[9, 11, 2] = 1  # front, head
    view = view_of(Image(array, affine))
    assert (view.left, view.right) == ("A", "P")
    assert np.argwhere(view.plane(array, 2)).tolist() == [[0, 0]]


def test_the_window_begins_at_0_unless_all_is_below():
    scan = Image(np.arange(-1.0, 999.0).reshape(10, 10, 10), np.eye(4))
    nowhere = np.zeros(scan.shape, bool)
    assert window_of(scan, nowhere) == (0.0, pytest.approx(993.0, abs=1))
    black, white = window_of(scan.with_array(-scan.array - 5), nowhere)
    assert black == pytest.approx(-998.0, abs=1) and white == pytest.approx(-9.0, abs=1)
    assert window_of(scan.with_array(scan.array * 0), nowhere) == (0.0, 1.0)


@pytest.mark.parametrize(("axes", "flips"), ORDERS)
def test_the_box_holds_the_mask(axes, flips):
    mask = Image(marked().array > 0, oblique_affine())
    stored = permuted(mask, axes, flips)
    view = view_of(stored)
    rows, columns = box_of(stored, view)
    index = int(np.nonzero(stored.array)[stored.slice_axis][0])
    assert view.plane(stored.array, index)[rows, columns].sum() == 1


def test_the_fullest_slices_come_in_order():
    labels = np.zeros((4, 4, 6), np.uint8)
    labels[:3, 0, 4], labels[:2, 0, 1], labels[0, 0, 0] = 1, 2, 1
    assert fullest_slices(labels, 2, 2) == [1, 4]
    assert len(fullest_slices(labels * 0, 2, 3)) == 3
