"""Where two masks differ, on masks small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from vhi.cases.case import load_cases
from vhi.reader_study.readings import load_readings
from vhi.statistics.disagreement import disagreements

SHAPE = (10, 10, 6)


def box(*where):
    mask = np.zeros(SHAPE, bool)
    mask[where] = True
    return mask


BOTH = box(slice(0, 2), slice(0, 2), slice(0, 2))  # 8 voxels that both mark
ONLY_FIRST = box(slice(5, 8), slice(5, 8), 3)  # 9
RIM = box(2, slice(0, 2), 1)  # 2, touching BOTH
FAR = box(9, 0, 5)  # 1


def test_parts_come_by_their_share_of_the_difference():
    parts = disagreements(BOTH | ONLY_FIRST, BOTH | RIM | FAR)
    assert [part.label for part in parts] == [1, 2, 3]
    assert [part.share for part in parts] == pytest.approx([9 / 12, 2 / 12, 1 / 12])
    first, second, third = parts
    assert (first.voxels, first.first_only, first.second_only, first.both) == (9, 9, 0, 0)
    assert (first.voxel, first.slices) == ((6, 6, 3), (3, 3))
    assert (second.voxels, second.first_only, second.second_only, second.both) == (10, 0, 2, 8)
    assert second.voxel[0] == 2 and second.slices == (0, 1)
    assert (third.voxel, third.slices) == ((9, 0, 5), (5, 5))


def test_corners_join_across_slices_and_a_gap_parts():
    corner = box(2, 2, 2)  # shares only a corner with BOTH
    (part,) = disagreements(BOTH, BOTH | corner)
    assert (part.voxels, part.slices) == (9, (0, 2))
    parts = disagreements(BOTH, BOTH | box(3, 3, 3))
    assert [each.voxels for each in parts] == [1]  # BOTH is a part of its own, without difference


def test_equal_and_empty_masks_differ_nowhere():
    empty = np.zeros(SHAPE, bool)
    assert disagreements(BOTH, BOTH) == disagreements(empty, empty) == []
    (part,) = disagreements(empty, BOTH)
    assert (part.second_only, part.share) == (8, 1)


def test_the_place_to_look_is_in_the_slice_that_differs_most():
    second = box(slice(4, 5), slice(4, 5), slice(0, 5)) | box(slice(3, 8), 4, 4)
    (part,) = disagreements(BOTH, BOTH | second)
    assert part.voxel == (5, 4, 4) and part.slices == (0, 4)


def test_slices_may_lie_on_any_axis():
    first, second = (np.moveaxis(mask, 2, 0) for mask in (BOTH, BOTH | ONLY_FIRST))
    (part,) = disagreements(first, second, slice_axis=0)
    assert (part.slices, part.voxel) == ((3, 3), (3, 6, 6))


PAIRS = hnp.array_shapes(min_dims=3, max_dims=3, max_side=6).flatmap(
    lambda shape: st.tuples(*[hnp.arrays(bool, shape) for _ in range(2)])
)


@given(PAIRS)
def test_parts_share_out_the_whole_difference(pair):
    first, second = pair
    parts = disagreements(first, second)
    assert sum(part.first_only for part in parts) == np.count_nonzero(first & ~second)
    assert sum(part.second_only for part in parts) == np.count_nonzero(second & ~first)
    labels, _ = ndimage.label(first | second, np.ones((3, 3, 3)))
    for part in parts:
        assert first[part.voxel] != second[part.voxel]
        assert part.voxels == part.first_only + part.second_only + part.both
        assert part.voxels == np.count_nonzero(labels == labels[part.voxel])
        assert part.slices[0] <= part.voxel[2] <= part.slices[1]
    shares = [part.share for part in parts]
    assert shares == sorted(shares, reverse=True)
    assert not parts or sum(shares) == pytest.approx(1)


@given(PAIRS)
def test_changing_the_readers_round_changes_only_who_marked_what(pair):
    there, back = disagreements(*pair), disagreements(*pair[::-1])
    assert [(p.first_only, p.second_only, p.voxel) for p in there] == [
        (p.second_only, p.first_only, p.voxel) for p in back
    ]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (BOTH.astype(int), BOTH, "boolean"),
        (BOTH, BOTH[:5], "one shape"),
        (BOTH[..., 0], BOTH[..., 0], "three axes"),
    ],
)
def test_what_is_no_pair_of_volumes_is_refused(first, second, words):
    with pytest.raises(ValueError, match=words):
        disagreements(first, second)


def test_two_parts_make_up_nine_tenths_of_what_the_readers_differ_in_on_scan_1003(study):
    """First manual trials: lesions that both readers saw, and one of them drew larger."""
    case = next(each for each in load_cases("study") if each.case == "1003")
    (readings,) = load_readings([case])
    masks = {each.name: each.mask for each in readings.segmentations}
    parts = disagreements(masks["R11"], masks["R21"])
    assert [(part.first_only, part.second_only, part.both) for part in parts] == [
        (3, 232, 49),
        (22, 107, 72),
        (26, 0, 0),
        (16, 0, 0),
    ]
    assert sum(part.share for part in parts[:2]) == pytest.approx(364 / 406)
