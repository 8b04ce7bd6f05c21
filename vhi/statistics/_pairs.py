"""What the statistics of pairs share: checks, and two constants."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOWHERE = (math.nan, math.nan)
"""The interval of what too few values say nothing about."""

WIDTH = 1.96
"""Standard deviations to either side of the mean: 95 % of a normal distribution lie between."""

ROUNDING = 1e-12
"""Share of the largest value up to which a spread is floating point's."""


def checked_pairs(
    first: ArrayLike, second: ArrayLike, *, names: tuple[str, str] = ("first", "second")
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two lists as arrays of one length; refuse text, tables, NaN and infinity."""
    arrays = []
    for name, values in zip(names, (first, second), strict=True):
        try:
            array = np.asarray(values, float)
        except (TypeError, ValueError):
            raise ValueError(f"{name} holds numbers only; leave out or mend what is text") from None
        if array.ndim != 1:
            raise ValueError(f"{name} is a plain list of numbers; got shape {array.shape}")
        wrong = np.flatnonzero(~np.isfinite(array))
        if len(wrong):
            raise ValueError(
                f"{name} holds {array[wrong[0]]} at place {wrong[0] + 1}; leave pairs without "
                "two finite values out, and say how many"
            )
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise ValueError(
            f"{names[0]} and {names[1]} are pairs, so of one length; "
            f"got {len(arrays[0])} and {len(arrays[1])}"
        )
    return arrays[0], arrays[1]


def without_rounding(values: NDArray[np.float64], *, of: ArrayLike) -> NDArray[np.float64]:
    """Return values that nothing but rounding sets apart as all the same, others as they are.

    0.3 − 0.2 is not 0.2 − 0.1; what is made of such a spread, a correlation for instance, is
    about floating point only.

    Parameters
    ----------
    values
        One list, or a table, each of whose columns is looked at by itself.
    of
        Numbers that they were computed from, whose size decides how much rounding may do.
    """
    if not values.size:
        return values
    alike = np.ptp(values, axis=0) <= ROUNDING * np.abs(of).max()
    return np.where(alike, values[0], values)


def check_confidence(confidence: float) -> None:
    """Refuse what is no share between 0 and 1, a percentage for instance."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1, such as 0.95; got {confidence}")
