"""Straight lines through pairs of values, with intervals: least squares, and Deming's line."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from vhi.statistics._pairs import NOWHERE, check_confidence, checked_pairs, without_rounding


@dataclass(frozen=True)
class Line:
    """A straight line, y = intercept + slope · x, through n pairs; NaN where undetermined.

    Slopes are in units of y for each unit of x, intercepts in units of y. `slope_p` and
    `intercept_p` are two-sided P of a slope or intercept of 0; `r` is Pearson's correlation;
    `residual_sd` is that of y about the line, with n - 2 degrees of freedom.
    """

    n: int
    slope: float
    intercept: float
    slope_interval: tuple[float, float]
    intercept_interval: tuple[float, float]
    slope_p: float
    intercept_p: float
    r: float
    residual_sd: float


def least_squares(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Line:
    r"""Return the line with the least squares of vertical distances, with t-intervals.

    It is for an x known without error: error in x makes the slope too flat (see `deming`). Its
    intervals hold for independent pairs whose y scatters normally and equally about the line.

    .. math:: b = s_{xy} / s_{xx}, \quad a = \bar y - b \bar x, \quad
              b \pm t_{n-2}\,\mathrm{SE}(b)

    Parameters
    ----------
    x, y
        Finite numbers, one of each for every independent subject, in one order.
    confidence
        Of both intervals, above 0 and below 1.

    Returns
    -------
    Line
        All NaN but `n` for fewer than two pairs or an x that never varies. Two pairs give a line
        without intervals. Where y never varies `r` and `slope_p` are NaN. Rounding is no variation.

    Raises
    ------
    ValueError
        The arrays are not two lists of finite numbers of one length, or `confidence` is out of
        its range.

    References
    ----------
    Altman, Practical Statistics for Medical Research, 1991, section 11.10. Computed by pingouin.

    Examples
    --------
    >>> line = least_squares([0, 1, 2, 3], [1, 3, 5, 7])
    >>> round(line.slope, 9), round(line.intercept, 9)
    (2.0, 1.0)
    """
    x, y = _checked(x, y, confidence)
    if _constant(x):
        return _no_line(len(x))
    if _constant(y):  # the residuals of a computed line would be rounding
        return _line(x, y, 0.0, float(y[0]), (0.0, 0.0), confidence)
    if len(x) == 2:  # no freedom left, on which pingouin insists
        slope = float((y[1] - y[0]) / (x[1] - x[0]))
        return _line(x, y, slope, float(y[0] - slope * x[0]), NOWHERE, confidence)
    # Imported here: it loads pandas, statsmodels, scikit-learn and seaborn.
    import pingouin

    with np.errstate(divide="ignore", invalid="ignore"):  # a line without residuals
        fit = pingouin.linear_regression(x, y, as_dataframe=False)
    (intercept, slope), (intercept_error, slope_error) = fit["coef"], fit["se"]
    errors = (float(slope_error), float(intercept_error))
    return _line(x, y, float(slope), float(intercept), errors, confidence)


def deming(
    x: ArrayLike, y: ArrayLike, *, error_ratio: float = 1.0, confidence: float = 0.95
) -> Line:
    r"""Return Deming's line, for an x that is measured with error as y is.

    With :math:`\delta` the variance of y's errors over that of x's errors,

    .. math:: b = \frac{s_{yy} - \delta s_{xx} +
              \sqrt{(s_{yy} - \delta s_{xx})^2 + 4 \delta s_{xy}^2}}{2 s_{xy}}, \quad
              a = \bar y - b \bar x.

    A very large ratio gives `least_squares` of y on x; exchanging x with y and inverting the ratio
    gives the same line. The ratio must be known from repeated measurements: a wrong one tilts the
    line. The intervals are jackknifed, with n - 2 degrees of freedom; below about ten pairs they
    are rough.

    Parameters
    ----------
    x, y
        Finite numbers, one of each for every independent subject, in one order.
    error_ratio
        :math:`\delta`, above 0; in units of y² / x², so it changes with the units. Some programs
        ask for its inverse.
    confidence
        Of both intervals, above 0 and below 1.

    Returns
    -------
    Line
        All NaN but `n` for fewer than two pairs, or points whose line is vertical or has no
        direction. Two pairs give a line without intervals; so do points that lack a line once one
        of them is left out.

    Raises
    ------
    ValueError
        As `least_squares`, or `error_ratio` is not a finite number above 0.

    References
    ----------
    Linnet 1993, Clinical Chemistry 39:424, for the slope, the jackknife and n - 2.

    Examples
    --------
    >>> round(deming([0, 1, 2], [1, 1, 4]).slope, 9)
    1.868517092
    """
    x, y = _checked(x, y, confidence)
    if not (math.isfinite(error_ratio) and error_ratio > 0):
        raise ValueError(f"error_ratio is a finite number above 0; got {error_ratio}")
    n = len(x)
    slope, intercept = _deming(x, y, error_ratio) if n > 1 else NOWHERE
    if math.isnan(slope):
        return _no_line(n)
    errors = NOWHERE
    if n > 2:
        kept = ~np.eye(n, dtype=bool)
        without = np.array([_deming(x[others], y[others], error_ratio) for others in kept])
        # The spread of the n pseudo-values n·b - (n - 1)·b(i), over the root of n.
        slope_error, intercept_error = (n - 1) * without.std(axis=0, ddof=1) / math.sqrt(n)
        errors = (float(slope_error), float(intercept_error))
    return _line(x, y, slope, intercept, errors, confidence)


def _checked(
    x: ArrayLike, y: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = checked_pairs(x, y, names=("x", "y"))
    check_confidence(confidence)
    return without_rounding(x, of=x), without_rounding(y, of=y)


def _deming(x: NDArray[np.float64], y: NDArray[np.float64], ratio: float) -> tuple[float, float]:
    """Return slope and intercept, NaN where the line is vertical or has no direction."""
    from_x, from_y = x - x.mean(), y - y.mean()
    cross = float(from_x @ from_y)
    excess = float(from_y @ from_y - ratio * (from_x @ from_x))
    root = math.hypot(excess, 2 * math.sqrt(ratio) * cross)
    # Two forms of one root: each is used where it does not subtract nearly equal numbers.
    above, below = (excess + root, 2 * cross)
    if excess <= 0:
        above, below = (2 * ratio * cross, root - excess)
    if below == 0:
        return NOWHERE
    slope = above / below
    return slope, float(y.mean() - slope * x.mean())


def _line(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    slope: float,
    intercept: float,
    errors: tuple[float, float],
    confidence: float,
) -> Line:
    """Return a line from its estimates and their standard errors; two pairs have no intervals."""
    n = len(x)
    if n < 3:
        errors = NOWHERE
    freedom = max(n - 2, 1)
    residuals = y - intercept - slope * x
    wide = float(student.ppf((1 + confidence) / 2, freedom))
    return Line(
        n,
        slope,
        intercept,
        (slope - wide * errors[0], slope + wide * errors[0]),
        (intercept - wide * errors[1], intercept + wide * errors[1]),
        _p(slope, errors[0], freedom),
        _p(intercept, errors[1], freedom),
        math.nan if _constant(x) or _constant(y) else float(np.corrcoef(x, y)[0, 1]),
        math.sqrt(float(residuals @ residuals) / freedom) if n > 2 else math.nan,
    )


def _no_line(n: int) -> Line:
    return Line(n, math.nan, math.nan, NOWHERE, NOWHERE, *[math.nan] * 4)


def _p(estimate: float, error: float, freedom: int) -> float:
    if error == 0:
        return math.nan if estimate == 0 else 0.0
    return float(2 * student.sf(abs(estimate / error), freedom))


def _constant(values: NDArray[np.float64]) -> bool:
    return len(values) < 2 or bool((values == values[0]).all())
