"""Normal bone is drawn in discs at the most probable places, without vessels."""

import numpy as np
import pytest

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.segmentation.normal_bone_area import choose_area, plausible_areas
from vhi.steps.thresholds import estimate_thresholds


def image(array, spacing=(1.0, 1.0, 2.0)):
    return Image(np.asarray(array, float), np.diag([*spacing, 1.0]), "scan.nii.gz")


@pytest.fixture
def probability():
    """Return a hill around (20, 20) in the middle one of three slices."""
    i, j, k = np.indices((41, 41, 3))
    return image(np.exp(-((i - 20) ** 2 + (j - 20) ** 2) / 160 - 3 * (k - 1) ** 2))


def noisy_stir(seed=0):
    return image(np.random.default_rng(seed).uniform(100, 110, (41, 41, 3)))


def everywhere(voxels, shape=(41, 41, 3)):
    mask = np.zeros(shape, bool)
    mask[voxels] = True
    return image(mask).with_array(mask)


def test_one_disc_has_the_radius_that_its_volume_asks_for(probability):
    # 2 mm x 3.5 mm x 3.5 mm x pi = 77 mm3; 37 pixel centres lie within 3.5 mm of a centre.
    areas = plausible_areas(probability, noisy_stir(), volume_mm3=77 / 0.3, discs=1, count=1)
    marked = np.argwhere(areas.proposed.array)
    assert len(marked) == 37
    assert np.ptp(marked, axis=0).tolist() == [6, 6, 0]


def test_more_discs_of_the_same_volume_are_smaller_and_lie_apart(probability):
    one, many = (
        plausible_areas(probability, noisy_stir(), volume_mm3=200, discs=discs, count=7).proposed
        for discs in (1, 5)
    )
    voxels = [np.count_nonzero(area.array) for area in (one, many)]
    assert 0.5 < voxels[1] / voxels[0] < 2
    assert (
        np.ptp(np.argwhere(many.array), axis=0).max() > np.ptp(np.argwhere(one.array), axis=0).max()
    )


def test_the_proposed_area_has_the_middle_of_all_lower_thresholds(probability):
    stir = noisy_stir()
    areas = plausible_areas(probability, stir, volume_mm3=200, count=9)
    assert list(areas.lower) == sorted(areas.lower)
    assert len(areas.lower) == 9 and len(set(areas.lower)) > 3
    lower = estimate_thresholds(stir.array[areas.proposed.array]).lower
    assert lower == pytest.approx(areas.lower[4], rel=1e-12)


def test_areas_without_a_threshold_are_left_out(probability):
    stir = noisy_stir()
    stir.array[:] = 5.0
    areas = plausible_areas(probability, stir, volume_mm3=200)
    assert areas.lower == () and areas.proposed.array.any()


def test_discs_gather_where_the_probability_is_highest(probability):
    area = choose_area(probability, noisy_stir(), volume_mm3=100).array
    assert area.any() and not area[..., [0, 2]].any()
    assert np.abs(np.argwhere(area).mean(axis=0)[:2] - 20).max() < 5


def test_a_vessel_and_its_neighbours_are_left_out(probability):
    stir = noisy_stir()
    stir.array[20, 22, 1] = 300
    for seed in range(5):
        area = plausible_areas(probability, stir, volume_mm3=600, seed=seed).proposed.array
        assert not area[19:22, 21:24, 1].any()
        assert area.any()


def test_a_visible_structure_is_left_out_where_lone_pixels_as_bright_are_not(probability):
    inside, levels = [], np.random.default_rng(0).uniform(100, 110, (41, 41, 3))
    for pixels in (np.s_[19:23, 19:23, 1], np.s_[17:25:4, 17:25:4, 1]):  # 16 in one place; 4 apart
        stir = image(levels.copy())
        stir.array[pixels] = 118  # above the upper quartile by 1 to 3.5 interquartile ranges
        areas = [
            plausible_areas(probability, stir, volume_mm3=900, discs=1, seed=seed, count=1)
            for seed in range(5)
        ]
        inside.append([area.proposed.array[pixels].any() for area in areas])
    assert inside == [[False] * 5, [True] * 5]


def test_an_infinite_fence_removes_nothing(probability):
    stir = noisy_stir()
    stir.array[18:23, 18:23, 1] = 300
    areas = plausible_areas(probability, stir, volume_mm3=900, fence=np.inf)
    assert areas.proposed.array[18:23, 18:23, 1].any()


def test_a_vessel_outside_the_area_changes_nothing(probability):
    stir, other = noisy_stir(), noisy_stir()
    other.array[0, 0, 0] = 1e6
    same = (choose_area(probability, scan, volume_mm3=200).array for scan in (stir, other))
    np.testing.assert_array_equal(*same)


def test_neighbours_of_a_vessel_are_taken_within_the_slice_whatever_axis_it_is():
    i, j, k = np.indices((3, 41, 41))
    hill = image(np.exp(-((k - 20) ** 2 + (j - 20) ** 2) / 800 - (i - 1) ** 2 / 4), (2.0, 1.0, 1.0))
    stir = image(np.random.default_rng(0).uniform(100, 110, hill.shape), (2.0, 1.0, 1.0))
    stir.array[:, 20, 20] = 300
    areas = [
        plausible_areas(hill, stir, volume_mm3=4000, seed=seed).proposed.array for seed in range(5)
    ]
    assert not any(area[:, 19:22, 19:22].any() for area in areas)
    assert any(area[1].any() for area in areas)


def test_nothing_is_taken_outside_bone(probability):
    bone = everywhere(np.s_[:20])
    area = choose_area(probability, noisy_stir(), bone, volume_mm3=100).array
    assert area.any() and not area[20:].any()


def test_inputs_stay_as_they_were(probability):
    stir = noisy_stir()
    before = probability.array.copy(), stir.array.copy()
    choose_area(probability, stir, volume_mm3=100)
    np.testing.assert_array_equal(probability.array, before[0])
    np.testing.assert_array_equal(stir.array, before[1])


def test_an_area_at_the_edge_of_the_scan_stays_inside(probability):
    corner = image(np.roll(probability.array, (-20, -20, -1), (0, 1, 2)))
    area = choose_area(corner, noisy_stir(), volume_mm3=2000).array
    assert area.any()


def test_the_areas_do_not_depend_on_the_order_in_which_a_scan_is_stored(probability):
    stir = noisy_stir()
    stored = plausible_areas(probability, stir, volume_mm3=300)
    affine = stir.affine @ np.array([[0, -1, 0, 40], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])

    def turned(array):  # new voxel (a, b) is old voxel (40 - b, a)
        return array[::-1].swapaxes(0, 1)

    again = plausible_areas(
        Image(turned(probability.array), affine, "scan.nii.gz"),
        Image(turned(stir.array), affine, "scan.nii.gz"),
        volume_mm3=300,
    )
    np.testing.assert_array_equal(again.proposed.array, turned(stored.proposed.array))
    assert again.lower == stored.lower


def test_a_scan_in_other_units_gives_the_same_area(probability):
    stir = noisy_stir()
    scaled = stir.with_array(stir.array * 4)
    areas = [plausible_areas(probability, scan, volume_mm3=300) for scan in (stir, scaled)]
    np.testing.assert_array_equal(*(area.proposed.array for area in areas))
    np.testing.assert_allclose(areas[1].lower, 4 * np.array(areas[0].lower), rtol=1e-12)


def test_no_place_at_all_is_said():
    with pytest.raises(InputError, match="draw normal bone by hand"):
        choose_area(image(np.zeros((41, 41, 3))), noisy_stir())
