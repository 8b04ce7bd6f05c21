from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.helpers.scans import SPACING_MM, oblique_affine, permuted
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid, corner_misfit_mm, outside, resample


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


# ------------------------------------------------------------------------------------ resampling


def lattices(count=40):
    """A large grid of any tilt and a small one on the same lattice, both in 32-bit numbers."""
    random = np.random.default_rng(0)
    for _ in range(count):
        tilts = Rotation.from_rotvec(random.normal(0, 0.3, 3)).as_matrix()
        affine = np.eye(4)
        affine[:3, :3] = tilts @ np.diag([random.uniform(0.5, 0.9)] * 2 + [random.uniform(3, 5)])
        affine[:3, 3] = random.uniform(-150, 150, 3)
        low = random.integers(1, 20, 3)
        small = affine.copy()
        small[:3, 3] = (affine @ [*low, 1])[:3]
        yield affine.astype(np.float32).astype(float), small.astype(np.float32).astype(float), low


@pytest.mark.parametrize("order", [0, 1])
def test_a_box_on_the_same_lattice_comes_back_whole(order):
    box = np.random.default_rng(1).integers(1, 900, (20, 20, 6)).astype(float)
    for affine, small, low in lattices():
        grid = Image(np.zeros((50, 50, 30)), affine, "S")
        wanted = np.zeros(grid.shape)
        wanted[tuple(slice(a, a + n) for a, n in zip(low, box.shape, strict=True))] = box
        array = resample(Image(box, small, "T"), grid, order=order).array
        assert np.abs(array - wanted).max() <= (0.5 if order else 0)
        assert outside(Image(box > 0, small), grid) == 0
        there_and_back = resample(Image(wanted, affine), Image(box, small), order=0).array
        assert (there_and_back == box).all()


@pytest.mark.parametrize("order", [0, 1])
def test_half_a_voxel_of_rim_is_kept_undimmed_and_nothing_beyond(order):
    coarse = Image(np.full((4, 4, 3), 100.0), np.diag([3.0, 3, 3, 1]), "T")
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = -1
    fine = Image(np.zeros((14, 12, 9)), affine, "S")
    array = resample(coarse, fine, order=order).array
    assert np.allclose(array[:12, :12, :9], 100)  # centres from -1 to 10 mm: within half of 3 mm
    assert (array[12:] == 0).all()


def test_a_tie_falls_on_one_side_whatever_the_last_digits():
    mask = np.zeros((30, 30, 8), bool)
    mask[10:20, 10:20, 2:6] = True
    for affine, *_ in lattices(10):
        half = affine.copy()
        half[:3, 3] += affine[:3, :3] @ [0.5, 0.5, 0.5]
        half = half.astype(np.float32).astype(float)
        array = resample(Image(mask, affine), Image(np.zeros(mask.shape), half)).array
        assert (array == np.roll(mask, (-1, -1, -1), axis=(0, 1, 2))).all()


def test_voxels_outside_a_grid_are_counted():
    grid = Image(np.zeros((10, 10, 5)), np.diag([1.0, 1, 3, 1]), "S")
    for shift, count in ((0, 0), (0.4, 0), (0.6, 50), (2, 100), (20, 500)):
        affine = np.diag([1.0, 1, 3, 1])
        affine[0, 3] = shift
        assert outside(Image(np.ones((10, 10, 5), bool), affine), grid) == count


def test_nothing_without_a_place_is_resampled():
    placed, lost = image(), replace(image(), oriented=False)
    for pair in ((placed, lost), (lost, placed)):
        with pytest.raises(InputError) as caught:
            resample(*pair)
        assert caught.value.check == "no-place"
