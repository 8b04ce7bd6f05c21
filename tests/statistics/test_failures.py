"""Which pairs are to be looked at again, with limits that can be worked out on paper."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.papers.hepburn.authors import CLEANED_PAIR, published_overlap
from vhi.statistics.failures import CLASSES, MAD_TO_SD, RULES, worklist


def test_the_papers_limit_is_two_standard_deviations_from_zero():
    # Differences 1, -1, 1, -1, 12: mean 2.4, squares about it sum to 119.2, SD 5.459.
    found = worklist([1, 0, 1, 0, 12], [0, 1, 0, 1, 0])
    assert found.differences.tolist() == [1, -1, 1, -1, 12]
    assert found.spread == pytest.approx(math.sqrt(119.2 / 4))
    assert found.limit == pytest.approx(2 * math.sqrt(119.2 / 4))
    assert found.order == (4,) and found.flagged.tolist() == [False] * 4 + [True]
    assert (found.rule, found.n) == ("two-sd", 5)


def test_it_is_measured_from_zero_not_from_the_bias():
    # Differences 9, 10, 11: SD 1 about their mean, but all lie farther than 2 from 0.
    assert worklist([9, 10, 11], [0, 0, 0]).order == (2, 1, 0)


def test_the_robust_limit_is_twice_the_scaled_median_of_the_distances():
    found = worklist([1, 0, 2, 0, 12], [0, 1, 0, 5, 0], rule="robust")  # 1 -1 2 -5 12
    assert found.spread == pytest.approx(1.4826 * 2, abs=1e-4)
    assert found.limit == pytest.approx(2 * 1.4826 * 2, abs=2e-4)
    assert found.order == (4,)
    assert pytest.approx(1.4826, abs=5e-5) == MAD_TO_SD


def test_one_large_difference_hides_another_from_the_papers_rule_only():
    first, second = [1, 1, 1, 1, 1, 1, 30, 1000], [0, 2, 0, 2, 0, 2, 0, 0]
    assert worklist(first, second).order == (7,)
    assert worklist(first, second, rule="robust").order == (7, 6)


def test_the_largest_difference_comes_first_and_ties_in_order():
    found = worklist([0, 9, 0, 0, 0, 0, 20, 0], [0, 0, 9, 0, 0, 0, 0, 0], rule="robust")
    assert found.order == (6, 1, 2)


@pytest.mark.parametrize("rule", RULES)
def test_readers_who_agree_fully_give_an_empty_list(rule):
    found = worklist([3, 5, 8], [3, 5, 8], rule=rule)
    assert (found.spread, found.limit, found.order) == (0, 0, ())


def test_where_more_than_half_agree_fully_the_robust_rule_lists_all_others():
    found = worklist([1, 2, 3, 4, 5], [1, 2, 3, 4.5, 5], rule="robust")
    assert (found.limit, found.order) == (0, (3,))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_of_up_to_four_pairs_the_papers_rule_never_lists_a_single_one(n):
    assert worklist([10_000] + [0] * (n - 1), [0] * n).order == ()
    assert worklist([10_000] + [0] * 4, [0] * 5).order == (0,)


VALUES = st.integers(-(10**9), 10**9).map(lambda thousandths: thousandths / 1000)


@given(VALUES, VALUES, st.lists(VALUES, max_size=3))
def test_of_up_to_four_pairs_rounding_lists_no_single_one(first, second, others):
    # Of four the one that differs by d lies at the limit: the SD of d, 0, 0, 0 is d / 2.
    assert worklist([first, *others], [second, *others]).order == ()


@pytest.mark.parametrize(("rule", "n"), [("two-sd", 0), ("two-sd", 1), ("robust", 0)])
def test_too_few_pairs_have_no_limit(rule, n):
    found = worklist([7] * n, [0] * n, rule=rule)
    assert math.isnan(found.spread) and math.isnan(found.limit)
    assert found.n == n and found.order == () and found.flagged.shape == (n,)


def test_one_pair_is_within_its_own_robust_limit():
    assert worklist([7], [0], rule="robust").order == ()


def test_about_one_in_twenty_of_normal_differences_is_listed_by_either_rule():
    random = np.random.default_rng(2)
    values = random.normal(size=40_000)
    for rule in RULES:
        found = worklist(values, np.zeros(values.size), rule=rule)
        assert found.expected == pytest.approx(0.0455 * found.n, rel=1e-3)
        assert len(found.order) == pytest.approx(found.expected, rel=0.05)


NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12), st.sampled_from(RULES))
def test_the_order_lists_exactly_the_flagged_and_readers_may_change_places(pairs, rule):
    first, second = ([pair[which] for pair in pairs] for which in (0, 1))
    found = worklist(first, second, rule=rule)
    assert sorted(found.order) == np.flatnonzero(found.flagged).tolist()
    distances = [abs(found.differences[index]) for index in found.order]
    assert distances == sorted(distances, reverse=True)
    assert worklist(second, first, rule=rule).order == found.order


@pytest.mark.parametrize(
    ("first", "second", "rule", "words"),
    [
        ([1, 2], [1], "two-sd", "one length; got 2 and 1"),
        ([[1, 2]], [[1, 2]], "two-sd", "first is a plain list"),
        ([1, math.nan], [1, 2], "robust", "first holds nan at place 2; leave pairs"),
        ([1, 2], [1, math.inf], "two-sd", "second holds inf"),
        ([1, 2], [1, 2], "three-sd", "one of two-sd, robust; got 'three-sd'"),
    ],
)
def test_what_cannot_be_listed_is_refused(first, second, rule, words):
    with pytest.raises(ValueError, match=words):
        worklist(first, second, rule=rule)


def test_the_papers_three_classes_are_there():
    assert list(CLASSES) == ["anatomical", "morphological", "artefact-related"]


def test_the_outlier_of_the_cleaned_masks_is_listed_by_ratio_not_by_difference(study):
    """1003 has 896 voxels against 168, but larger volumes differ by more voxels."""
    volumes = published_overlap([CLEANED_PAIR])
    first, second = (volumes[f"{which}_voxels"].to_numpy() for which in ("first", "second"))
    listed = {
        (rule, scale.__name__): [
            volumes["scan"][index]
            for index in worklist(scale(first), scale(second), rule=rule).order
        ]
        for rule in RULES
        for scale in (np.float64, np.log)
    }
    assert listed == {
        ("two-sd", "float64"): [],
        ("two-sd", "log"): ["1003"],
        ("robust", "float64"): [],
        ("robust", "log"): ["1003", "4386"],
    }
