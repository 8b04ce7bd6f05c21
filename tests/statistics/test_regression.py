"""Lines whose answers can be worked out on paper, published ones, and those of another library."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vhi.statistics.regression import Line, deming, least_squares

# The example data and settings of the chapter on Deming regression in the manual of NCSS
# (DemingReg1: variance of y's error 0.008, of x's 0.032), which is also that of R's SimplyAgree.
NCSS_X = (7, 8.3, 10.5, 9, 5.1, 8.2, 10.2, 10.3, 7.1, 5.9)
NCSS_Y = (7.9, 8.2, 9.6, 9, 6.5, 7.3, 10.2, 10.6, 6.3, 5.2)
LINES = (least_squares, deming)

few = st.lists(
    st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=4, max_size=12, unique=True
)


def test_least_squares_by_hand():
    # Residuals -1/2, 1, -1/2: 1.5 in all with one degree of freedom; s_xx is 2, t(1) 12.7062.
    line = least_squares([1, 2, 3], [1, 3, 2])
    assert (line.n, line.slope, line.intercept, line.r) == pytest.approx((3, 0.5, 1, 0.5))
    assert line.residual_sd == pytest.approx(math.sqrt(1.5))
    half = 12.7062047 * math.sqrt(1.5 / 2)
    assert line.slope_interval == pytest.approx((0.5 - half, 0.5 + half))
    half = 12.7062047 * math.sqrt(1.5 * (1 / 3 + 2**2 / 2))
    assert line.intercept_interval == pytest.approx((1 - half, 1 + half))


def test_least_squares_are_those_of_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    x = rng.normal(50, 9, 29)
    y = 3 * x + rng.normal(0, 40, 29)
    ours, theirs = least_squares(x, y, confidence=0.9), sm.OLS(y, sm.add_constant(x)).fit()
    assert (ours.intercept, ours.slope) == pytest.approx(tuple(theirs.params))
    assert (ours.intercept_p, ours.slope_p) == pytest.approx(tuple(theirs.pvalues))
    intervals = np.array([ours.intercept_interval, ours.slope_interval])
    assert intervals == pytest.approx(theirs.conf_int(0.1))
    assert ours.residual_sd == pytest.approx(math.sqrt(theirs.mse_resid))
    assert ours.r**2 == pytest.approx(theirs.rsquared)


def test_the_papers_line_has_the_p_that_its_interval_implies():
    # Simulated to have the printed line: slope 2408 (1230 to 3586), intercept 894 (-10760 to
    # 12547), n = 29. Printed P: 0.0003 and 0.88; from the intervals 0.00026 and 0.876.
    n, t = 29, 2.0518305
    slope_error, intercept_error = (3586 - 1230) / 2 / t, (12547 + 10760) / 2 / t
    rng = np.random.default_rng(2)
    x, noise = rng.normal(size=(2, n))
    x = (x - x.mean()) / math.sqrt(((x - x.mean()) ** 2).sum())
    noise -= noise.mean()
    noise -= (noise @ x) * x
    noise /= math.sqrt(noise @ noise / (n - 2))
    sd = 25000.0
    x = x * sd / slope_error + math.sqrt(intercept_error**2 - sd**2 / n) / slope_error
    line = least_squares(x, 894 + 2408 * x + sd * noise)
    assert line.slope_interval == pytest.approx((1230, 3586))
    assert line.intercept_interval == pytest.approx((894 - 11653.5, 894 + 11653.5))
    assert line.slope_p == pytest.approx(0.00026, abs=5e-6)
    assert line.intercept_p == pytest.approx(0.876, abs=5e-4)
    assert round(line.r, 2) == 0.63


def test_deming_by_hand():
    # Deviations -1, 0, 1 and -1, -1, 2: s_xx 2, s_yy 6, s_xy 3; slope (4 + root of 52) / 6.
    line = deming([0, 1, 2], [1, 1, 4])
    assert line.slope == pytest.approx((4 + math.sqrt(52)) / 6)
    assert line.intercept == pytest.approx(2 - line.slope)


def test_deming_is_the_published_example():
    line = deming(NCSS_X, NCSS_Y, error_ratio=0.008 / 0.032)
    assert round(line.intercept, 5) == -0.08974
    assert round(line.slope, 4) == 1.0012
    assert np.round(line.intercept_interval, 3).tolist() == [-4.061, 3.881]
    assert np.round(line.slope_interval, 3).tolist() == [0.570, 1.433]


def test_deming_of_equal_errors_is_the_long_axis_of_the_cloud():
    axis = np.linalg.eigh(np.cov(NCSS_X, NCSS_Y))[1][:, 1]
    assert deming(NCSS_X, NCSS_Y).slope == pytest.approx(axis[1] / axis[0])


def test_deming_is_least_squares_where_x_has_no_error():
    ours, theirs = deming(NCSS_X, NCSS_Y, error_ratio=1e9), least_squares(NCSS_X, NCSS_Y)
    assert (ours.slope, ours.intercept) == pytest.approx((theirs.slope, theirs.intercept))


@given(few, st.sampled_from((0.25, 1.0, 3.0)))
def test_exchanging_x_and_y_gives_the_same_deming_line(points, ratio):
    x, y = np.array(points, float).T
    assume(abs(np.cov(x, y)[0, 1]) > 0.5)
    line, exchanged = deming(x, y, error_ratio=ratio), deming(y, x, error_ratio=1 / ratio)
    assert exchanged.slope == pytest.approx(1 / line.slope)
    assert exchanged.intercept == pytest.approx(-line.intercept / line.slope, abs=1e-6)


@given(few)
def test_deming_lies_between_the_two_lines_of_least_squares(points):
    x, y = np.array(points, float).T
    assume(abs(np.cov(x, y)[0, 1]) > 0.5)
    flat, steep = abs(least_squares(x, y).slope), 1 / abs(least_squares(y, x).slope)
    assert flat * (1 - 1e-9) <= abs(deming(x, y).slope) <= steep * (1 + 1e-9)


@pytest.mark.parametrize("line_of", LINES)
def test_points_on_a_line_have_intervals_of_no_width(line_of):
    line = line_of([0, 1, 2, 4], [3, 5, 7, 11])
    assert (line.slope, line.intercept, line.r) == pytest.approx((2, 3, 1))
    assert (*line.slope_interval, *line.intercept_interval) == pytest.approx((2, 2, 3, 3))
    assert line.slope_p < 1e-6
    assert line.residual_sd == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("line_of", LINES)
def test_a_y_that_never_varies_has_a_flat_line_without_correlation(line_of):
    line = line_of([1, 2, 3, 7], [5, 5, 5, 5])
    assert (line.slope, line.intercept, line.residual_sd) == (0, 5, 0)
    assert (line.slope_interval, line.intercept_interval) == ((0, 0), (5, 5))
    assert math.isnan(line.r)
    assert math.isnan(line.slope_p)


@pytest.mark.parametrize("line_of", LINES)
def test_rounding_is_no_variation(line_of):
    tenths = np.array([0.3, 1.3, 2.3]) - np.array([0.2, 1.2, 2.2])
    assert len(set(tenths)) > 1
    line = line_of([1, 2, 4], tenths)
    assert (line.slope, line.residual_sd, line.slope_interval) == (0, 0, (0, 0))
    assert math.isnan(line.r) and math.isnan(line.slope_p)
    assert math.isnan(line_of(tenths, [1, 2, 4]).slope)
    assert line_of([1, 2, 4], [1e6, 1e6 + 1e-3, 1e6 + 3e-3]).slope == pytest.approx(1e-3)


@pytest.mark.parametrize("line_of", LINES)
@pytest.mark.parametrize("points", [([], []), ([1], [2]), ([3, 3, 3], [1, 2, 4])])
def test_too_few_points_and_vertical_lines_give_no_line(line_of, points):
    line = line_of(*points)
    assert line.n == len(points[0])
    assert all(np.isnan(value).all() for name, value in vars(line).items() if name != "n")


@pytest.mark.parametrize("line_of", LINES)
def test_two_points_give_a_line_without_intervals(line_of):
    line = line_of([0, 2], [1, 5])
    assert (line.slope, line.intercept) == pytest.approx((2, 1))
    rest = (*line.slope_interval, *line.intercept_interval, line.slope_p, line.residual_sd)
    assert np.isnan(rest).all()


def test_a_round_cloud_has_no_deming_line():
    square = deming([0, 0, 1, 1], [0, 1, 0, 1])
    assert math.isnan(square.slope)


def test_a_deming_line_that_hangs_on_one_point_has_no_interval():
    line = deming([1, 1, 3], [1, 2, 3])
    assert math.isfinite(line.slope)
    assert np.isnan(line.slope_interval).all()


@pytest.mark.parametrize("line_of", LINES)
@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([1, 2], [1, 2, 3], "one length; got 2 and 3"),
        ([1, math.nan], [1, 2], "x holds nan at place 2"),
        ([1, 2], [math.inf, 2], "y holds inf at place 1"),
        ([[1, 2]], [1, 2], "x is a plain list of numbers; got shape"),
        (["a", "b"], [1, 2], "x holds numbers only"),
    ],
)
def test_what_are_no_pairs_of_numbers_is_refused(line_of, x, y, said):
    with pytest.raises(ValueError, match=said):
        line_of(x, y)


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match="confidence lies between 0 and 1"):
        least_squares([1, 2], [1, 2], confidence=95)
    for ratio in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="error_ratio"):
            deming([1, 2], [1, 2], error_ratio=ratio)


def test_inputs_stay_as_they_are():
    x, y = np.array([1.0, 2, 3]), np.array([2.0, 1, 5])
    for line_of in LINES:
        assert isinstance(line_of(x, y), Line)
    assert (x.tolist(), y.tolist()) == ([1, 2, 3], [2, 1, 5])
