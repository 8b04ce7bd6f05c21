"""Normal bone is the most probable place, about as large as readers draw it, without vessels."""

import numpy as np
import pytest

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.segmentation.normal_bone_area import choose_area, plausible_thresholds


def image(array, spacing=(1.0, 1.0, 2.0)):
    return Image(np.asarray(array, float), np.diag([*spacing, 1.0]), "scan.nii.gz")


@pytest.fixture
def probability():
    """Return a hill around (10, 10) in the middle one of three slices."""
    i, j, k = np.indices((21, 21, 3))
    return image(np.exp(-((i - 10) ** 2 + (j - 10) ** 2) / 40 - 3 * (k - 1) ** 2))


def flat_stir(seed=0):
    return image(np.random.default_rng(seed).uniform(100, 110, (21, 21, 3)))


def test_the_area_is_the_asked_volume_around_the_top(probability):
    area = choose_area(probability, flat_stir(), volume_mm3=100)
    assert 50 <= np.count_nonzero(area.array) < 60  # voxels of 2 mm³; equals stay together
    assert area.array[10, 10, 1]
    assert probability.array[area.array].min() >= probability.array[~area.array].max()


def test_a_vessel_and_its_neighbours_are_left_out(probability):
    stir = flat_stir()
    stir.array[10, 12, 1] = 300
    area = choose_area(probability, stir, volume_mm3=200).array
    assert not area[9:12, 11:14, 1].any()
    assert area[10, 10, 1]


def test_a_vessel_outside_the_area_changes_nothing(probability):
    stir, other = flat_stir(), flat_stir()
    other.array[0, 0, 0] = 1e6
    same = (choose_area(probability, each, volume_mm3=200).array for each in (stir, other))
    np.testing.assert_array_equal(*same)


def test_neighbours_are_taken_within_the_slice_whatever_axis_it_is():
    i, j, k = np.indices((3, 21, 21))
    hill = image(np.exp(-((k - 10) ** 2 + (j - 10) ** 2) / 200 - (i - 1) ** 2 / 4), (2.0, 1.0, 1.0))
    stir = image(np.random.default_rng(0).uniform(100, 110, (3, 21, 21)), (2.0, 1.0, 1.0))
    stir.array[1, 10, 10] = 300
    area = choose_area(hill, stir, volume_mm3=600).array
    assert not area[1, 9:12, 9:12].any()
    assert area[0, 10, 10] and area[2, 10, 10]


def test_nothing_is_taken_outside_bone(probability):
    bone = image(np.zeros(probability.shape))
    bone.array[:10] = 1
    bone = bone.with_array(bone.array > 0)
    area = choose_area(probability, flat_stir(), bone, volume_mm3=100).array
    assert area.any() and not area[10:].any()


def test_of_two_places_the_more_probable_is_taken():
    i, j, _ = np.indices((41, 21, 3))
    two = np.exp(-((i - 8) ** 2 + (j - 10) ** 2) / 60) + 0.95 * np.exp(
        -((i - 32) ** 2 + (j - 10) ** 2) / 60
    )
    stir = image(np.random.default_rng(0).uniform(100, 110, two.shape))
    area = choose_area(image(two), stir, volume_mm3=300).array
    assert area[8, 10, 1] and not area[20:].any()


def test_voxels_that_are_rather_not_normal_bone_are_not_taken(probability):
    area = choose_area(probability, flat_stir(), volume_mm3=400).array
    assert probability.array[area].min() > 0.5


def test_inputs_stay_as_they_were(probability):
    stir = flat_stir()
    before = probability.array.copy(), stir.array.copy()
    choose_area(probability, stir, volume_mm3=100)
    np.testing.assert_array_equal(probability.array, before[0])
    np.testing.assert_array_equal(stir.array, before[1])


def test_the_area_does_not_hang_on_the_order_of_the_axes(probability):
    rounded = image(np.round(probability.array, 1))  # many equals
    stir = flat_stir()
    area = choose_area(rounded, stir, volume_mm3=100).array
    turned = choose_area(
        image(rounded.array[::-1].swapaxes(0, 1)),
        image(stir.array[::-1].swapaxes(0, 1)),
        volume_mm3=100,
    ).array
    np.testing.assert_array_equal(turned, area[::-1].swapaxes(0, 1))


def test_no_place_at_all_is_said(probability):
    with pytest.raises(InputError, match="draw normal bone by hand"):
        choose_area(image(np.zeros((21, 21, 3))), flat_stir())


def test_every_plausible_area_gives_one_threshold_in_ascending_order(probability):
    stir = flat_stir()
    lower = plausible_thresholds(probability, stir, volume_mm3=200)
    assert len(lower) > 2 and list(lower) == sorted(lower)
    assert 100 < lower[0] < lower[-1] <= 110
