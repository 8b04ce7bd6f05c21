import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.images.box import bounding_box


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=6))
def test_the_box_reaches_from_the_first_to_the_last_voxel_of_each_axis(voxels):
    mask = np.zeros((6, 7, 8), bool)
    mask[tuple(np.transpose(voxels))] = True
    ends = [(part.start, part.stop - 1) for part in bounding_box(mask)]
    assert ends == [(min(axis), max(axis)) for axis in zip(*voxels, strict=True)]


@pytest.mark.parametrize("shape", [(3, 4, 5), (0, 4, 5)])
def test_an_empty_mask_has_an_empty_box(shape):
    mask = np.zeros(shape, bool)
    assert mask[bounding_box(mask)].size == 0
