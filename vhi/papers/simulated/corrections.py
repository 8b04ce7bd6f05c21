"""Small corrections that bring simulated numbers to the sums that printed summaries ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TOLERANCE = 1e-10
STEPS, CHANGES = 100, 40
"""Rounds of `reach` and of `adjust_sums`, at most."""


class NotReachedError(ValueError):
    """A draw cannot be corrected to the targets; another draw may be."""


def reach(
    start: Floats,
    measure: Callable[[Floats], tuple[Floats, Floats]],
    asked: Floats,
    *,
    scale: Floats,
) -> Floats:
    r"""Return the values near `start` whose measures are those asked.

    Each round solves the linearised equations by the shortest step, so that a draw changes as
    little as possible:

    .. math:: z \leftarrow z + J^+ (a - g(z))

    A step moves no value by more than 1: values are on a log or logit scale.

    Parameters
    ----------
    start
        (n,) the draw.
    measure
        From (n,) values to k measures and their (k, n) derivatives.
    asked, scale
        (k,) the measures wanted, and a size of each, above 0, of which a miss may be 1e-10.

    Raises
    ------
    NotReachedError
        Not within `STEPS` rounds: the targets may be impossible.
    """
    values = np.array(start, float)
    for _ in range(STEPS):
        measures, slopes = measure(values)
        miss = (asked - measures) / scale
        if np.abs(miss).max() < TOLERANCE:
            return values
        if not np.isfinite(slopes).all():
            break
        step = np.linalg.lstsq(slopes / scale[:, None], miss, rcond=None)[0]
        values = values + step / max(1.0, float(np.abs(step).max()))
    raise NotReachedError(f"sums not reached in {STEPS} rounds")


def adjust_sums(
    values: Integers,
    low: Integers,
    high: Integers,
    *,
    step: int,
    total: tuple[float, float],
    squares: tuple[float, float],
) -> Integers:
    """Return whole numbers with a wanted sum and sum of squares, by changing a few by `step`.

    Each round makes the one or two changes that lead nearest.

    Parameters
    ----------
    values, low, high
        (n,) whole numbers and their limits, both included.
    step
        The only change, up or down: 2 keeps a number even or odd.
    total, squares
        The wanted sum and sum of squares, and how far off each may stay (infinite: any value).

    Raises
    ------
    NotReachedError
        Not within `CHANGES` rounds.
    """
    values = np.array(values, np.int64)
    asked, allowed = np.transpose([total, squares])
    for _ in range(CHANGES):
        miss = asked - (values.sum(), (values**2).sum())
        if (np.abs(miss) <= allowed).all():
            return values
        # One step up or down of each number, and none, whose place is -1.
        place = np.concatenate([np.tile(np.arange(values.size), 2), [-1]])
        change = np.concatenate([np.repeat([step, -step], values.size), [0]])
        after = values[place] + change
        possible = (place < 0) | ((low[place] <= after) & (after <= high[place]))
        place, change, after = place[possible], change[possible], after[possible]
        gains = np.stack([change, np.where(place < 0, 0, after**2 - values[place] ** 2)])
        left = miss[:, None, None] - gains[:, :, None] - gains[:, None, :]
        far = ((left / allowed[:, None, None]) ** 2).sum(axis=0)
        far[(place[:, None] == place) & (place >= 0)] = np.inf
        for move in np.unravel_index(far.argmin(), far.shape):
            if place[move] >= 0:
                values[place[move]] += change[move]
    raise NotReachedError(f"sums not reached in {CHANGES} rounds")


def nearest_of_parity(values: Floats, parity: Integers) -> Integers:
    """Return the nearest whole numbers that are even or odd as `parity` is."""
    return (2 * np.rint((values - parity) / 2) + parity).astype(np.int64)
