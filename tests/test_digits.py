import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.digits import digits, rounded, runs


@pytest.mark.parametrize(
    ("value", "decimals", "significant", "text"),
    [
        # the study's scale reads as it always did
        (590.4762, 1, 4, "590.5"), (590.4762, 0, 3, "590"), (12345.6, 0, 3, "12,346"),
        # others have as many digits
        (0.1873, 1, 4, "0.1873"), (0.02114, 1, 4, "0.02114"), (0.2222, 0, 3, "0.222"),
        (98.5, 0, 3, "98.5"), (5.904762e8, 1, 4, "590,476,200.0"), (-412.34, 1, 4, "-412.3"),
        (1.87349e-7, 1, 4, "1.873e-7"), (1e-4, 0, 3, "0.000100"), (9.9e-5, 0, 3, "9.90e-5"),
        (3.2e18, 0, 3, "3.20e18"), (0, 1, 4, "0.0"), (0.0, 0, 3, "0"),
        # volumes
        (8399.73, 1, 2, "8,399.7"), (0.4, 0, 1, "0.4"), (0.0123, 1, 2, "0.012"),
        # what no scale helps
        (float("nan"), 0, 3, "nan"), (float("-inf"), 0, 3, "-inf"),
    ],
)  # fmt: skip
def test_small_numbers_keep_their_digits(value, decimals, significant, text):
    assert digits(value, decimals, significant) == text


@given(st.floats(1e-300, 1e300), st.integers(1, 4))
def test_no_number_is_shown_as_0_or_further_off_than_its_digits(value, significant):
    shown = float(digits(value, 0, significant).replace(",", ""))
    assert shown > 0 and abs(shown / value - 1) <= 5.1 * 10.0**-significant


@given(st.floats(100, 1e15, exclude_max=True))
def test_at_the_studys_scale_the_text_is_that_of_fixed_decimals(value):
    assert digits(value, 1, 4) == f"{value:,.1f}" and digits(value) == f"{value:,.0f}"
    assert rounded(value, 3, 6) == round(value, 3)


def test_rounding_keeps_what_is_no_number():
    assert np.isnan(rounded(float("nan"), 3, 6)) and rounded(0.0, 3, 6) == 0
    assert rounded(0.0211413, 3, 6) == 0.0211413
    assert rounded(0.00002114, 3, 4) == 0.00002114


def test_runs_of_numbers_are_written_as_a_reader_says_them():
    texts = [runs(numbers) for numbers in ([], [4], [0, 1], [0, 2, 3, 5, 6, 7])]
    assert texts == ["", "4", "0 and 1", "0, 2, 3 and 5 to 7"]
