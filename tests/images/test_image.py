import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.scans import SPACING_MM, oblique_affine, permuted
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid, corner_misfit_mm, resample


def image(shape=(4, 5, 3), affine=None):
    array = np.arange(np.prod(shape), dtype=float).reshape(shape)
    return Image(array, oblique_affine() if affine is None else affine, "a.nii.gz")


def test_spacing_and_voxel_volume_of_an_oblique_grid():
    assert image().spacing_mm == pytest.approx(SPACING_MM)
    assert image().voxel_volume_mm3 == pytest.approx(0.5 * 0.5 * 3.3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slice_axis_is_the_axis_of_largest_spacing(axis):
    spacing = [0.6, 0.6, 0.6]
    spacing[axis] = 3.0
    assert image(affine=np.diag([*spacing, 1])).slice_axis == axis


def test_slice_axis_of_an_isotropic_grid_is_the_last():
    assert image(affine=np.eye(4)).slice_axis == 2


@given(st.tuples(*[st.integers(0, 300)] * 3), st.floats(-60, 60))
def test_a_voxel_centre_comes_back_as_itself(voxel, tilt):
    grid = image(affine=oblique_affine(tilt_degrees=tilt))
    assert tuple(grid.voxel(grid.world(voxel))) == voxel


def test_corners_are_compared_in_mm():
    first, moved = image(), image(affine=oblique_affine(shift_mm=(11.0, -60.0, -100.0)))
    assert corner_misfit_mm(first, moved) == pytest.approx(1.0)
    with pytest.raises(InputError, match=r"1\.00 mm"):
        check_same_grid(first, moved)
    nearly = image(affine=oblique_affine(shift_mm=(10.04, -60.0, -100.0)))
    check_same_grid(first, nearly)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(0, 0, 0), (1, 0, 0), (1, 1, 1)])
def test_resampling_a_reordered_image_gives_back_the_original(axes, flips):
    grid = image((7, 6, 4))
    stored = permuted(grid, axes, flips)
    assert (resample(stored, grid).array == grid.array).all()


def test_resampling_a_shifted_mask_moves_it():
    grid = image(affine=np.diag([1, 1, 3, 1]))
    mask = np.zeros(grid.shape, bool)
    mask[2, 2, 1] = True
    moved = np.diag([1.0, 1, 3, 1])
    moved[0, 3] = 1.0
    carried = resample(Image(mask, moved), grid)
    assert carried.array.dtype == bool
    assert np.argwhere(carried.array).tolist() == [[3, 2, 1]]
