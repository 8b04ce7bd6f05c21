"""Corrections of a draw: the shortest way to the sums, whole numbers within their bounds."""

import numpy as np
import pytest

from vhi.papers.simulated.corrections import (
    NotReachedError,
    adjust_sums,
    nearest_of_parity,
    reach,
)


def test_the_shortest_way_to_a_sum_changes_all_alike():
    def total(values):
        return np.array([values.sum()]), np.ones((1, values.size))

    start, asked = np.array([0.0, 0.1, 0.2]), np.array([0.9])
    assert reach(start, total, asked, scale=np.ones(1)) == pytest.approx(start + 0.2)
    assert start.tolist() == [0, 0.1, 0.2]


def test_what_cannot_be_reached_ends():
    def square(values):
        return np.array([values[0] ** 2]), np.array([[2 * values[0]]])

    with pytest.raises(NotReachedError, match="in 100 rounds"):
        reach(np.array([1.0]), square, np.array([-1.0]), scale=np.ones(1))


def test_whole_numbers_get_their_sums_within_their_bounds():
    values, bound = np.array([3, -2, 5, 0]), np.array([6, 6, 6, 0])
    found = adjust_sums(values, -bound, bound, step=1, total=(4.0, 0.5), squares=(24.0, 0.5))
    assert found.sum() == 4 and (found**2).sum() == 24
    assert (np.abs(found) <= bound).all() and values.tolist() == [3, -2, 5, 0]
    with pytest.raises(NotReachedError):
        adjust_sums(values, -bound, bound, step=1, total=(30.0, 0.5), squares=(9.0, 0.5))


def test_a_step_of_two_keeps_numbers_even_or_odd():
    values = np.array([4, 3, -1, 8])
    bound = np.full(4, 20)
    found = adjust_sums(values, -bound, bound, step=2, total=(0.0, 1.0), squares=(0.0, np.inf))
    assert (found % 2 == values % 2).all() and found.sum() == 0


def test_the_nearest_number_of_a_parity():
    assert nearest_of_parity(np.array([2.2, 2.2, -0.4]), np.array([0, 1, 1])).tolist() == [2, 3, -1]
