"""What brightness and place alone can do, on slices small enough to check by eye."""

import numpy as np
import pytest

from book.drawings.baselines import best_range, brightness_by_depth, dice_of_other_subjects
from vhi.training.dataset import Example


def example(image, mask, subject="A"):
    mask = np.asarray(mask, np.float32)
    return Example(subject, "", subject, np.asarray(image, np.float32)[:, None], mask, mask > 0.5)


def square(first=4, last=12, size=16):
    mask = np.zeros((2, size, size))
    mask[:, first:last, first:last] = 1
    return mask


def test_brightness_by_depth_reads_marrow_rim_and_surroundings():
    mask, image = square(), np.full((2, 16, 16), 3.0)
    image[:, 4:12, 4:12] = 1.0  # a dark rim one pixel wide
    image[:, 5:11, 5:11] = 5.0
    found = brightness_by_depth(
        example(image, mask), spacing_mm=2.0, edges_mm=(-2.0, 0.0, 2.0, 4.0, 100.0, 200.0)
    )
    assert found[:4].tolist() == [3.0, 1.0, 5.0, 5.0]
    assert np.isnan(found[4])


def test_the_best_range_is_exact_where_brightness_decides():
    mask = square()
    low, high, overlap = best_range(example(mask * 2 + 1 + 0.1 * np.eye(16), mask), levels=256)
    assert overlap == 1
    assert 1.1 < low <= 3.0
    assert high == np.inf


def test_the_best_range_has_an_upper_end_where_something_is_brighter_than_bone():
    mask, ramp = square(), np.linspace(0, 0.2, 512).reshape(2, 16, 16)
    image = ramp + mask
    image[:, :3] = 9
    low, high, overlap = best_range(example(image, mask), levels=512)
    assert overlap == 1
    assert 0.2 < low < high <= 9


def test_most_others_decide_by_place():
    everybody = [example(square() * 0, square(), name) for name in "ABC"]
    everybody[2] = example(square() * 0, square(0, 4), "C")
    assert dice_of_other_subjects(everybody, everybody[2]) == 0
    # For A most others means B and C both, and they share nothing.
    assert dice_of_other_subjects(everybody, everybody[0]) == 0
    assert dice_of_other_subjects(everybody[:2], everybody[0]) == 1
    assert np.isnan(dice_of_other_subjects(everybody[:1], everybody[0]))


def test_others_of_another_size_are_laid_middle_on_middle():
    small = example(square(2, 10, 12) * 0, square(2, 10, 12), "S")
    large = example(square() * 0, square(), "L")
    both = [small, large]
    assert dice_of_other_subjects(both, large) == pytest.approx(1)
    assert dice_of_other_subjects(both, small) == pytest.approx(1)
