"""Checks and constants shared by the statistics of pairs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOWHERE = (math.nan, math.nan)
"""An interval that too few values leave undefined."""

WIDTH = 1.96
"""Standard deviations to either side of the mean: 95 % of a normal distribution lie between."""

ROUNDING = 1e-12
"""Share of the largest value below which a spread is rounding."""


def checked_pairs(
    first: ArrayLike,
    second: ArrayLike,
    *,
    names: tuple[str, str] = ("first", "second"),
    missing: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two lists as arrays of one length; refuse text, tables, infinity and, usually, NaN."""
    arrays = []
    for name, values in zip(names, (first, second), strict=True):
        try:
            array = np.asarray(values, float)
        except (TypeError, ValueError):
            raise ValueError(f"{name} holds numbers only; leave out or correct text") from None
        if array.ndim != 1:
            raise ValueError(f"{name} is a plain list of numbers; got shape {array.shape}")
        wrong = np.flatnonzero(np.isinf(array) if missing else ~np.isfinite(array))
        if len(wrong):
            remedy = "leave pairs without two finite values out, and say how many"
            raise ValueError(
                f"{name} holds {array[wrong[0]]} at place {wrong[0] + 1}; "
                f"{'write NaN for a missing value' if missing else remedy}"
            )
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise ValueError(
            f"{names[0]} and {names[1]} are pairs in the same order, so of one length; "
            f"got {len(arrays[0])} and {len(arrays[1])}"
        )
    return arrays[0], arrays[1]


def checked_differences(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return first − second of checked pairs, without rounding."""
    first, second = checked_pairs(first, second)
    return without_rounding(first - second, of=(first, second))


def mean_and_sd(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean and the standard deviation (n − 1); of equal values, the value and 0."""
    if (values == values[0]).all():
        return float(values[0]), 0.0
    return float(values.mean()), float(values.std(ddof=1))


def without_rounding(values: NDArray[np.float64], *, of: ArrayLike) -> NDArray[np.float64]:
    """Return values whose spread is only rounding as one value, others unchanged.

    0.3 − 0.2 is not 0.2 − 0.1: a correlation of such differences describes floating point only.
    A table is judged column by column; `of` holds the numbers the values were computed from, whose
    size decides how much rounding may do.
    """
    if not values.size:
        return values
    alike = np.ptp(values, axis=0) <= ROUNDING * np.abs(of).max()
    return np.where(alike, values[0], values)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence that is not between 0 and 1, such as a percentage."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1, such as 0.95; got {confidence}")
