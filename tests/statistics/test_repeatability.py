"""Repeatability: worked by hand, and intervals that hold as often as they say."""

import math

import numpy as np
import pytest

from vhi.statistics import measurement_error, repeatability


def test_worked_example():
    # Variances 2, 0, 8; means 10, 20, 4: wSD² = 10/3, wCV² = (0.02 + 0 + 0.5) / 3.
    result = repeatability([[9, 11], [20, 20], [2, 6]])
    assert result.within_sd == pytest.approx(math.sqrt(10 / 3))
    assert result.within_cv == pytest.approx(math.sqrt(0.52 / 3))
    assert result.coefficient == pytest.approx(1.96 * math.sqrt(2) * result.within_sd)
    assert result.coefficient_share == pytest.approx(1.96 * math.sqrt(2) * result.within_cv)
    assert (result.n, result.repeats, result.zeros) == (3, 2, 0)


def test_pairs_without_mean_difference_have_the_standard_error_of_measurement():
    table = np.array([[9, 11], [11, 9], [20, 22], [22, 20]])
    error = measurement_error(*table.T)
    # The same squares over n degrees of freedom here, n - 1 there.
    assert repeatability(table).within_sd == pytest.approx(error.sem * math.sqrt(3 / 4))


def test_a_constant_difference_counts():
    assert repeatability([[10, 12], [20, 22]]).within_sd == pytest.approx(math.sqrt(2))


def test_subjects_with_mean_zero_have_no_coefficient_of_variation():
    result = repeatability([[0, 0], [9, 11]])
    assert result.zeros == 1
    assert result.within_cv == pytest.approx(math.sqrt(0.02))
    assert math.isnan(repeatability([[0, 0]]).within_cv)


def test_no_subject_gives_nothing():
    result = repeatability(np.zeros((0, 2)))
    assert result.n == 0 and math.isnan(result.within_sd)


@pytest.mark.parametrize("values", [[1, 2], [[1], [2]], [[1, math.nan]], [[-1, 2]]])
def test_what_is_no_table_of_volumes_is_refused(values):
    with pytest.raises(ValueError, match="values"):
        repeatability(values)


def test_the_interval_holds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(1000):
        low, high = repeatability(100 + rng.normal(size=(20, 2))).within_sd_interval
        held.append(low <= 1 <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
