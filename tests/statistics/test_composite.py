"""A reference by majority, on masks small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vhi.statistics.composite import majority

# Marked by: all four, three, two, one, none.
FOUR = list(
    np.array(
        [
            [1, 1, 1, 1, 0],
            [1, 1, 1, 0, 0],
            [1, 1, 0, 0, 0],
            [1, 0, 0, 0, 0],
        ],
        bool,
    )
)

STACKS = hnp.array_shapes(min_dims=3, max_dims=4, max_side=4).flatmap(
    lambda shape: hnp.arrays(bool, shape)
)


@pytest.mark.parametrize("at_least", [1, 2, 3, 4])
def test_at_least_so_many_of_four_mark_a_voxel(at_least):
    assert majority(FOUR, at_least=at_least).sum() == 5 - at_least


def test_one_mask_is_its_own_majority_and_equal_masks_are_theirs():
    assert (majority(FOUR[:1], at_least=1) == FOUR[0]).all()
    assert (majority([FOUR[0]] * 3, at_least=2) == FOUR[0]).all()


def test_empty_masks_have_an_empty_majority():
    assert not majority([np.zeros((2, 3), bool)] * 4, at_least=3).any()


def test_more_than_255_masks_are_counted():
    assert majority([np.ones(2, bool)] * 300, at_least=300).all()


@given(STACKS)
def test_the_lowest_bar_is_the_union_and_the_highest_the_intersection(stack):
    masks = list(stack)
    assert (majority(masks, at_least=1) == stack.any(0)).all()
    assert (majority(masks, at_least=len(masks)) == stack.all(0)).all()


@given(STACKS, st.data())
def test_a_higher_bar_takes_nothing_in_and_order_does_not_matter(stack, data):
    masks = list(stack)
    bar = data.draw(st.integers(1, len(masks)))
    kept = majority(masks, at_least=bar)
    assert (majority(masks[::-1], at_least=bar) == kept).all()
    if bar > 1:
        assert not (kept & ~majority(masks, at_least=bar - 1)).any()


def test_masks_are_not_modified():
    before = [mask.copy() for mask in FOUR]
    majority(FOUR, at_least=3)
    assert all((a == b).all() for a, b in zip(before, FOUR, strict=True))


@pytest.mark.parametrize(
    ("masks", "at_least", "words"),
    [
        ([], 1, "got none"),
        (FOUR, 0, "between 1 and the number of masks, 4; got 0"),
        (FOUR, 5, "got 5"),
        ([FOUR[0], FOUR[1][:3]], 1, "one shape"),
        ([FOUR[0], FOUR[1].astype(int)], 1, "boolean"),
    ],
)
def test_what_is_no_majority_is_refused(masks, at_least, words):
    with pytest.raises(ValueError, match=words):
        majority(masks, at_least=at_least)
