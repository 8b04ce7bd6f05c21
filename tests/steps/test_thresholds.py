import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.steps.thresholds import estimate_thresholds, normal_bone_intensities, thresholds_at


def with_maximum(maximum):
    """Quartiles 1 and 2 (IQR 1) for any maximum from 2 on."""
    return [0, 1, 1.5, 2, maximum]


def test_n_stays_at_one_and_a_half_when_the_gap_is_below_half_the_iqr():
    found = estimate_thresholds(with_maximum(3.9))  # 2 + 1.5 = 3.5; 0.4 below the maximum
    assert (found.lower, found.upper, found.multiple) == (3.5, 3.9, 1.5)
    assert (found.upper_quartile, found.iqr) == (2, 1)


def test_n_grows_by_a_twentieth_until_the_gap_is_below_half_the_iqr():
    found = estimate_thresholds(with_maximum(4.22))  # 3.5 leaves 0.72, 3.75 leaves 0.47
    assert found.multiple == pytest.approx(1.75)
    assert found.lower == pytest.approx(3.75)


def test_a_gap_of_exactly_half_the_iqr_is_too_wide():
    assert estimate_thresholds(with_maximum(4.0)).multiple == pytest.approx(1.55)


def test_n_shrinks_when_one_and_a_half_overshoots_the_maximum():
    found = estimate_thresholds(with_maximum(2.52))
    assert found.multiple == pytest.approx(0.5)
    assert found.lower < found.upper


def test_equal_thresholds_do_not_count_as_ordered():
    found = estimate_thresholds(with_maximum(3.5))  # n = 1.5 gives the maximum itself
    assert found.multiple == pytest.approx(1.45)


@given(st.lists(st.integers(0, 1000), min_size=5), st.sampled_from([0.001, 0.37, 1, 4.2, 1e4]))
def test_the_rule_does_not_depend_on_the_intensity_scale(values, scale):
    try:
        plain = estimate_thresholds(values)
    except InputError:
        return
    scaled = estimate_thresholds(np.array(values) * scale)
    # Where a gap is exactly IQR/2, the last digit decides and n may differ by one step.
    assert scaled.multiple == pytest.approx(plain.multiple, abs=0.0501)
    assert scaled.lower < scaled.upper


@given(st.lists(st.floats(0, 1e4), min_size=4))
def test_the_lower_threshold_lies_within_half_an_iqr_below_the_upper(values):
    try:
        found = estimate_thresholds(values)
    except InputError:
        return
    assert 0 < found.upper - found.lower < 0.5 * found.iqr


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "no intensities"),
        ([5.0] * 100, "no spread"),
        ([1, 2, 3, np.nan], "NaN"),
        ([*range(100), 1e6], "brightest"),
    ],
)
def test_areas_that_give_no_threshold_raise_and_never_loop(values, words):
    with pytest.raises(InputError, match=words):
        estimate_thresholds(values)


@pytest.mark.parametrize(("voxels", "words"), [(0, "no voxel"), (19, "19 voxels")])
def test_too_small_an_area_is_refused(voxels, words):
    mask = np.zeros((5, 5, 5), bool)
    mask.flat[:voxels] = True
    stir = Image(np.zeros(mask.shape), np.eye(4), "S")
    with pytest.raises(InputError, match=words):
        normal_bone_intensities(stir, Image(mask, np.eye(4), "N"))


def test_twenty_voxels_are_accepted():
    mask = np.zeros((5, 5, 5), bool)
    mask.flat[:20] = True
    stir = Image(np.arange(125.0).reshape(5, 5, 5), np.eye(4))
    assert normal_bone_intensities(stir, Image(mask, np.eye(4))).tolist() == list(range(20))


def test_a_multiple_by_hand_moves_only_the_lower_threshold():
    values = with_maximum(4.22)
    assert thresholds_at(values, 1.0).lower == 3.0
    assert thresholds_at(values, 99).lower == thresholds_at(values, 99).upper == 4.22
