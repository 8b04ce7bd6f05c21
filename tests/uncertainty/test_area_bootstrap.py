import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from vhi import estimate_thresholds
from vhi.errors import InputError
from vhi.uncertainty.area_bootstrap import area_blocks, percentile_interval, resample_thresholds


def partition(normal_bone, blocks):
    """The blocks as a set of sets of voxels, whatever their numbers."""
    place = np.argwhere(normal_bone)
    return {frozenset(map(tuple, place[blocks == b])) for b in np.unique(blocks)}


def draws(blocks, resamples, seed):
    """What the docstring promises is drawn: the raw stream of PCG64."""
    count = int(max(blocks)) + 1
    raw = np.random.PCG64(seed).random_raw(resamples * count)
    return (raw % np.uint64(count)).astype(int).reshape(resamples, count)


def test_an_area_of_20_by_10_mm_on_two_slices_is_four_tiles():
    area = np.zeros((60, 60, 5), bool)
    area[10:30, 7:17, 2:4] = True
    blocks = area_blocks(area, (1.0, 1.0, 3.3))
    assert np.bincount(blocks).tolist() == [100] * 4
    place = np.argwhere(area)
    expected = (place[:, 0] >= 20) * 2 + (place[:, 2] == 3)
    assert (blocks == expected).all()


def test_tiles_are_equal_parts_of_the_box_nearest_to_the_wanted_side():
    area = np.ones((24, 1, 1), bool)
    assert np.bincount(area_blocks(area, (1.0, 1.0, 3.0))).tolist() == [12, 12]
    assert np.bincount(area_blocks(area, (1.0, 1.0, 3.0), block_mm=8)).tolist() == [8, 8, 8]
    assert np.bincount(area_blocks(area, (2.0, 1.0, 3.0), block_mm=12)).tolist() == [6] * 4


def test_tiles_without_a_voxel_are_no_blocks():
    area = np.zeros((30, 30, 1), bool)
    area[0:10, 0:10] = area[20:30, 20:30] = True
    assert np.bincount(area_blocks(area, (1.0, 1.0, 3.0))).tolist() == [100, 100]


def test_the_order_of_the_array_axes_does_not_change_the_tiles():
    area = np.random.default_rng(0).random((30, 26, 4)) < 0.3
    straight = partition(area, area_blocks(area, (1.0, 0.8, 3.0)))
    turned = area.transpose(2, 0, 1)
    blocks = area_blocks(turned, (3.0, 1.0, 0.8), slice_axis=0)
    back = {frozenset((i, j, k) for k, i, j in block) for block in partition(turned, blocks)}
    assert back == straight


def test_tiles_smaller_than_a_voxel_make_each_voxel_a_block():
    area = np.ones((3, 4, 2), bool)
    assert sorted(area_blocks(area, (1.0, 1.0, 3.0), block_mm=0.1)) == list(range(24))


def test_no_area_has_no_blocks_and_a_tile_has_a_size():
    assert area_blocks(np.zeros((3, 3, 3), bool), (1, 1, 3)).size == 0
    for size in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="block_mm"):
            area_blocks(np.ones((3, 3, 3), bool), (1, 1, 3), block_mm=size)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4)), min_size=1, max_size=60),
    st.integers(0, 1000),
)
def test_each_resample_has_the_thresholds_of_its_own_voxels(voxels, seed):
    values = np.array([value * 1.39 for value, _ in voxels])
    _, blocks = np.unique([block for _, block in voxels], return_inverse=True)
    found = resample_thresholds(values, blocks, beyond=False, resamples=8, seed=seed)
    for n, drawn in enumerate(draws(blocks, 8, seed)):
        own = np.concatenate([values[blocks == block] for block in drawn])
        try:
            expected = estimate_thresholds(own)
        except InputError:  # no spread
            assert np.isnan([found.lower[n], found.upper[n], found.multiple[n]]).all()
            continue
        assert (found.lower[n], found.upper[n]) == (expected.lower, expected.upper)
        assert found.multiple[n] == expected.multiple
    assert not (found.upper > values.max()).any()


def test_resamples_without_spread_have_no_threshold_and_are_counted():
    values = np.array([5.0] * 9 + [1.0, 2.0, 3.0])
    blocks = np.array([0] * 3 + [1] * 3 + [2] * 3 + [3] * 3)
    found = resample_thresholds(values, blocks, resamples=400)
    drawn = draws(blocks, 400, 1)
    # Up to one block of four with spread: three quarters of the voxels at least are 5.
    assert found.without == ((drawn == 3).sum(axis=1) == 0).sum() > 0
    assert np.isnan(found.lower).sum() == found.without


def test_the_same_seed_gives_the_same_thresholds_everywhere():
    values = (np.arange(400) * 7919 % 401).astype(float)
    found = resample_thresholds(values, np.arange(400) // 20, beyond=False, seed=1)
    assert found.blocks == 20
    assert found.lower[:3].tolist() == pytest.approx([392.225, 392.225, 392.9], rel=1e-12)
    assert percentile_interval(found.lower) == pytest.approx((386.1625, 398.75), rel=1e-12)
    again = resample_thresholds(values, np.arange(400) // 20, beyond=False, seed=1)
    assert (again.lower == found.lower).all()
    other = resample_thresholds(values, np.arange(400) // 20, beyond=False, seed=2)
    assert (other.lower != found.lower).any()


def test_drawn_maxima_follow_the_law_of_the_tiles_maxima():
    """Tiles whose maxima follow a Gumbel law: the median of the maximum of 400 further ones."""
    chance = (np.arange(400) + 0.5) / 400
    maxima = 100 - 5 * np.log(-np.log(chance))
    voxels = maxima[:, None] - np.arange(0, 60, 3)
    blocks = np.repeat(np.arange(400), 20)
    drawn = resample_thresholds(voxels.ravel(), blocks, resamples=2000)
    expected = 100 + 5 * (np.log(400) - np.log(np.log(2)))
    assert np.median(drawn.upper) == pytest.approx(expected, abs=0.5)
    assert (drawn.upper > maxima.max()).mean() == pytest.approx(0.5, abs=0.2)
    plain = resample_thresholds(voxels.ravel(), blocks, beyond=False, resamples=2000)
    assert plain.upper.max() == maxima.max()
    assert (plain.upper_quartile == drawn.upper_quartile).all()


def test_drawn_thresholds_scale_with_the_intensities():
    values = np.random.default_rng(3).gamma(9, 10, 600)
    blocks = np.arange(600) // 20
    once, twice = (resample_thresholds(v, blocks, resamples=50) for v in (values, 4 * values))
    assert twice.lower == pytest.approx(4 * once.lower)


def test_voxels_drawn_one_by_one_show_far_too_little_spread():
    """In marrow mottled in patches, areas differ by more than single voxels tell."""
    noise = np.random.default_rng(4).standard_normal((400, 400, 1))
    marrow = 100 + 10 * ndimage.gaussian_filter(noise, (2, 2, 0)) * np.sqrt(4 * np.pi * 4)
    areas = [
        (slice(i, i + 60), slice(j, j + 60)) for i in range(0, 340, 66) for j in range(0, 340, 66)
    ]
    spread = np.std([np.percentile(marrow[area], 75) for area in areas])
    drawn = {}
    for size in (0.1, 10.0):
        blocks = area_blocks(np.ones((60, 60, 1), bool), (1, 1, 3), block_mm=size)
        found = [resample_thresholds(marrow[area].ravel(), blocks, resamples=200) for area in areas]
        drawn[size] = np.mean([each.upper_quartile.std() for each in found])
    assert drawn[0.1] < 0.25 * spread
    assert 0.6 * spread < drawn[10.0] < 1.3 * spread


def test_the_interval_of_a_thousand_values_leaves_24_out_on_either_side():
    values = np.random.default_rng(0).permutation(np.arange(1.0, 1001))
    assert percentile_interval(values) == (25, 976)
    assert percentile_interval([*values, np.nan]) == (25, 976)
    assert percentile_interval(values, coverage=0.5) == (250, 751)


def test_few_values_give_their_range_and_none_gives_nan():
    assert percentile_interval([3.0, 1.0, 2.0]) == (1, 3)
    assert percentile_interval([7.0]) == (7, 7)
    assert np.isnan(percentile_interval([])).all()
    assert np.isnan(percentile_interval([np.nan])).all()


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="one for each"):
        resample_thresholds([1.0, 2.0], [0])
    with pytest.raises(ValueError, match="at least one"):
        resample_thresholds([], [])
    with pytest.raises(ValueError, match="at least one"):
        resample_thresholds([1.0], [0], resamples=0)
    with pytest.raises(ValueError, match="finite"):
        resample_thresholds([1.0, np.nan], [0, 0])
    for coverage in (0, 1, 95, float("nan")):
        with pytest.raises(ValueError, match="coverage"):
            percentile_interval([1.0], coverage=coverage)
