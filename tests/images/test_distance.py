import numpy as np
import pytest

from vhi.images.distance import signed_distance_mm


def test_distances_run_from_centre_to_centre_and_are_positive_inside():
    mask = np.array([[0, 0, 1, 1, 1]], bool)
    assert signed_distance_mm(mask, (9.0, 0.5)).tolist() == [[-1, -0.5, 0.5, 1, 1.5]]


def test_one_spacing_serves_all_axes():
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    distance = signed_distance_mm(mask, 2.0)
    assert (distance[2, 2], distance[2, 4]) == (2, -4)
    assert distance[1, 1] == pytest.approx(-2 * np.sqrt(2))


@pytest.mark.parametrize(("value", "expected"), [(True, np.inf), (False, -np.inf)])
def test_a_mask_without_an_outline_is_infinitely_far_from_it(value, expected):
    assert (signed_distance_mm(np.full((2, 3), value), 1.0) == expected).all()
