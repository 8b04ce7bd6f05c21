import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.errors import InputError
from vhi.steps.volume import measure_volume


def test_volume_by_pitch_and_by_slice_thickness():
    mask = np.zeros((10, 10, 10), bool)
    mask[0, :7, 0] = True
    found = measure_volume(mask, (0.5952, 0.5952, 3.3), slice_thickness_mm=3.0)
    assert found.voxels == 7
    assert found.mm3 == pytest.approx(7 * 0.5952**2 * 3.3)
    assert found.mm3_slice_thickness == pytest.approx(7 * 0.5952**2 * 3.0)


def test_the_slice_axis_may_be_any():
    mask = np.ones((2, 2, 2), bool)
    first = measure_volume(mask, (3.3, 0.5, 0.5), slice_thickness_mm=3)
    assert first == measure_volume(mask, (0.5, 0.5, 3.3), slice_thickness_mm=3)


def test_no_inflammation_is_zero_and_unknown_thickness_is_none():
    found = measure_volume(np.zeros((3, 3, 3), bool), (1, 1, 3))
    assert (found.voxels, found.mm3, found.mm3_slice_thickness) == (0, 0, None)


@pytest.mark.parametrize("thickness", [0, -1, float("nan"), float("inf")])
def test_a_thickness_that_is_no_length_is_refused(thickness):
    with pytest.raises(InputError, match="slice thickness"):
        measure_volume(np.ones((1, 1, 1), bool), (1, 1, 3), slice_thickness_mm=thickness)


@given(st.floats(0.1, 10), st.integers(0, 27))
def test_volume_scales_with_spacing(factor, voxels):
    mask = np.zeros((3, 3, 3), bool)
    mask.flat[:voxels] = True
    one = measure_volume(mask, (0.6, 0.6, 3.3))
    scaled = measure_volume(mask, (0.6 * factor, 0.6, 3.3))
    assert scaled.mm3 == pytest.approx(one.mm3 * factor)
    assert scaled.voxels == one.voxels
