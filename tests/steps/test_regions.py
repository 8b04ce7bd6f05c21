import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from tests.helpers.scans import oblique_affine, permuted
from vhi.errors import EditsError
from vhi.images.image import Image
from vhi.steps.regions import find_regions
from vhi.steps.small_regions import label_regions, remove_small_regions

MASKS = arrays(bool, (6, 5, 4), elements=st.booleans())


@given(MASKS)
def test_lesions_are_the_26_connected_sets(mask):
    regions = find_regions(Image(mask.astype(np.uint8), oblique_affine()))
    lesions = regions.lesion_of[regions.numbers]
    expected, number = ndimage.label(mask, np.ones((3, 3, 3)))
    pairs = {(int(a), int(b)) for a, b in zip(lesions[mask], expected[mask], strict=True)}
    assert len(pairs) == number == len({a for a, _ in pairs})


def described():
    stir = Image(np.zeros((20, 20, 5)), oblique_affine(), "S")
    labels = np.zeros(stir.shape, np.uint8)
    labels[2:4, 5:8, 1] = 1  # six pixels on the patient's right (low i: array axis runs left)
    labels[2:4, 5:7, 2] = 2  # four more, the same lesion
    labels[15:17, 5:7, 2] = 2  # four on the left
    stir.array[labels > 0] = 50.0
    stir.array[2, 5, 1] = 80.0
    regions = find_regions(stir.with_array(labels))
    return regions.describe(stir), regions.describe_lesions(stir)


def test_regions_are_described_largest_first():
    regions, _ = described()
    assert [r.voxels for r in regions] == [6, 4, 4]
    first = regions[0]
    assert first.id == 1 and first.slices == (1, 1) and first.voxels_upper == 0
    assert first.area_mm2 == pytest.approx(6 * 0.25)
    assert first.volume_mm3 == pytest.approx(6 * 0.25 * 3.3)
    assert first.mean == pytest.approx((5 * 50 + 80) / 6) and first.peak == 80
    middle = Image(np.zeros((20, 20, 5)), oblique_affine()).world([2.5, 6.0, 1.0])
    assert first.centroid_mm == pytest.approx(tuple(middle))
    assert first.voxel in {(2, 6, 1), (3, 6, 1)}


def test_lesions_join_regions_across_slices():
    regions, lesions = described()
    assert [lesion.voxels for lesion in lesions] == [10, 4]
    assert lesions[0].slices == (1, 2) and lesions[0].voxels_upper == 4
    assert [r.lesion for r in regions] == [1, 1, 2]


def test_sides_are_the_patients():
    _, lesions = described()
    assert [lesion.side for lesion in lesions] == ["right", "left"]


def test_the_midline_decides_the_side():
    stir = Image(np.zeros((20, 20, 5)), oblique_affine(), "S")
    labels = np.zeros(stir.shape, np.uint8)
    labels[2:4, 5:8, 1] = 1
    regions = find_regions(stir.with_array(labels))
    x = regions.describe(stir)[0].centroid_mm[0]
    assert regions.describe(stir, midline_mm=x + 1)[0].side == "left"
    assert regions.describe(stir, midline_mm=x - 1)[0].side == "right"


def test_no_candidates_give_an_empty_list():
    stir = Image(np.zeros((4, 4, 4)), np.eye(4))
    regions = find_regions(stir.with_array(np.zeros((4, 4, 4), np.uint8)))
    assert regions.describe(stir) == regions.describe_lesions(stir) == []


@given(MASKS, st.integers(1, 6))
def test_numbers_are_those_of_label_regions_without_small_ones_largest_first(mask, min_pixels):
    image = Image(mask.astype(np.uint8), oblique_affine())
    regions = find_regions(image, min_pixels=min_pixels)
    kept = remove_small_regions(image.array, min_pixels=min_pixels)
    assert (regions.labels.array == kept).all()
    by_order, count = label_regions(kept > 0)
    assert regions.count == count
    sizes = np.bincount(by_order.ravel(), minlength=count + 1)[1:]
    largest_first = np.argsort(-sizes, kind="stable") + 1  # ties in array order
    for number, region in enumerate(largest_first, start=1):
        assert ((regions.numbers == number) == (by_order == region)).all()


@given(MASKS, st.permutations(range(3)), st.tuples(*[st.booleans()] * 3))
def test_the_order_of_the_array_axes_changes_no_region(mask, axes, flips):
    image = Image(mask.astype(np.uint8), oblique_affine())
    turned = find_regions(permuted(image, axes, flips))
    straight = find_regions(image)
    assert sorted(np.bincount(turned.part)[1:]) == sorted(np.bincount(straight.part)[1:])
    assert turned.lesion_of.max() == straight.lesion_of.max()


def two_regions():
    labels = np.zeros((12, 9, 3), np.uint8)
    labels[2:10, 4, 1] = 1  # eight in a row
    labels[5:7, 1:3, 1] = 2  # a square of four
    return find_regions(Image(labels, oblique_affine()))


def test_removing_and_restoring_leave_the_value_before_as_it_was():
    regions = two_regions()
    removed = regions.remove(1)
    assert regions.remaining().sum() == 8 + 2 * 4 and removed.remaining().sum() == 2 * 4
    assert (removed.restore(1).remaining() == regions.remaining()).all()
    assert removed.remove(removed.lesion_of > 0).remaining().sum() == 0


def test_a_cut_gives_the_further_part_a_new_number_and_removes_nothing():
    regions = two_regions()
    cut = regions.cut(1, np.array([[5, 3, 1], [5, 5, 1]]))
    assert (regions.count, cut.count) == (2, 3)
    assert (cut.remaining() == regions.remaining()).all()
    assert {int(n) for n in np.unique(cut.numbers[2:10, 4, 1])} == {1, 3}
    assert cut.lesion_of.max() == regions.lesion_of.max() + 1
    assert cut.remove(3).remaining().sum() < cut.remaining().sum()


def test_parts_of_a_removed_region_are_removed():
    cut = two_regions().remove(1).cut(1, np.array([[5, 3, 1], [5, 5, 1]]))
    assert cut.removed.tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    "line", [[[5, 8, 1], [6, 8, 1]], [[5, 3, 0], [5, 5, 0]], [[5, 3, 1], [5, 10**6, 1]]]
)
def test_a_line_beside_the_region_or_outside_its_slice_divides_nothing(line):
    with pytest.raises(EditsError, match="does not divide"):
        two_regions().cut(1, np.array(line))


def test_positions_outside_the_scan_lie_on_no_region():
    regions = two_regions()
    inside = regions.labels.world([5, 4, 1])
    assert regions.at([inside, [1e9, 0, 0]]).tolist() == [1, 0] and regions.at(inside) == 1


def scattered(axis, seed):
    """Candidates at random, up to the rim of the scan, with slices along `axis`; intensities."""
    random = np.random.default_rng(seed)
    shape = np.insert([14, 12], axis, 5)
    affine = np.diag([*np.insert([1.0, 1.5], axis, 4.0), 1.0])
    candidates = Image(random.choice(3, shape, p=[0.7, 0.2, 0.1]).astype(np.uint8), affine)
    return candidates, candidates.with_array(random.integers(0, 500, shape).astype(float))


along_any_axis = pytest.mark.parametrize("axis", [0, 1, 2])
four_times = pytest.mark.parametrize("seed", range(4))


@along_any_axis
@four_times
def test_regions_are_described_by_their_own_voxels_along_any_axis(axis, seed):
    candidates, stir = scattered(axis, seed)
    regions = find_regions(candidates, min_pixels=3)
    described = regions.describe(stir, midline_mm=5.0)
    assert len(described) == regions.count > 5
    assert set(map(tuple, regions.voxels)) == set(map(tuple, np.argwhere(regions.numbers)))
    for region in described:
        voxels = np.argwhere(regions.numbers == region.id)
        values = stir.array[tuple(voxels.T)]
        centre = stir.world(voxels).mean(axis=0)
        assert region.voxels == len(voxels) and region.slices == (voxels[0, axis],) * 2
        assert (region.mean, region.peak) == (pytest.approx(values.mean()), values.max())
        assert region.centroid_mm == pytest.approx(tuple(centre))
        assert region.side == ("right" if centre[0] > 5 else "left")
        assert region.voxels_upper == (candidates.array[tuple(voxels.T)] == 2).sum()
        nearest = np.linalg.norm(stir.world(voxels) - centre, axis=1).min()
        assert np.linalg.norm(stir.world(region.voxel) - centre) == pytest.approx(nearest)


@along_any_axis
@four_times
def test_after_cuts_lesions_join_the_parts_that_touch_across_slices(axis, seed):
    candidates, _ = scattered(axis, seed)
    regions, cuts = find_regions(candidates, min_pixels=3), 0
    for voxel in regions.voxels:
        along = np.eye(3, dtype=int)[1 if axis == 0 else 0]
        line = np.stack([np.where(along, -1, voxel), np.where(along, 14, voxel)])
        try:
            regions = regions.cut(int(regions.numbers[tuple(voxel)]), line)
            cuts += 1
        except EditsError:
            continue  # that line divides nothing
    assert cuts > 3
    touching = {(n, n) for n in range(1, regions.count + 1)}
    padded = np.pad(regions.numbers, 1)
    for step in np.ndindex(3, 3, 3):
        if step[axis] == 2:  # the next slice, diagonals included
            window = tuple(slice(s, s + n) for s, n in zip(step, candidates.shape, strict=True))
            pairs = np.stack([regions.numbers.ravel(), padded[window].ravel()], axis=1)
            touching |= {(int(a), int(b)) for a, b in pairs if a and b}
    lesion = list(range(regions.count + 1))
    for _ in range(regions.count):
        for a, b in touching:
            lesion[a] = lesion[b] = min(lesion[a], lesion[b])
    pairs = {(lesion[n], int(regions.lesion_of[n])) for n in range(1, regions.count + 1)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
