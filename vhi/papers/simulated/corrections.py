"""Small corrections that make simulated numbers have the sums that printed summaries ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class NotReachedError(ValueError):
    """A draw that cannot be corrected to what is asked; another one may be."""


def reach(
    start: Floats,
    measure: Callable[[Floats], tuple[Floats, Floats]],
    asked: Floats,
    *,
    scale: Floats,
    rounds: int = 100,
    tolerance: float = 1e-10,
) -> Floats:
    r"""Return the values near `start` whose measures are those asked.

    Each round solves the linearised equations by the shortest step, so that a draw changes as
    little as it has to:

    .. math:: z \leftarrow z + J^+ (a - g(z))

    A step moves no value by more than 1: steps are meant for values on a log or logit scale.

    Parameters
    ----------
    start
        (n,) the draw.
    measure
        From (n,) values to k measures and their (k, n) derivatives.
    asked, scale
        (k,) the measures wanted, and a size of each, above 0, that tells what a small miss is.
    rounds
        At most.
    tolerance
        Of each miss, as a share of `scale`.

    Raises
    ------
    NotReachedError
        Not within `rounds`: what is asked may be impossible.
    """
    values = np.array(start, float)
    for _ in range(rounds):
        found, slopes = measure(values)
        miss = (asked - found) / scale
        if np.abs(miss).max() < tolerance:
            return values
        if not np.isfinite(slopes).all():
            break
        step = np.linalg.lstsq(slopes / scale[:, None], miss, rcond=None)[0]
        values = values + step / max(1.0, float(np.abs(step).max()))
    raise NotReachedError(f"sums not reached in {rounds} rounds")


def adjust_sums(
    values: Integers,
    low: Integers,
    high: Integers,
    *,
    step: int,
    total: tuple[float, float],
    squares: tuple[float, float],
    rounds: int = 40,
) -> Integers:
    """Return whole numbers with a wanted sum and sum of squares, by changing a few by `step`.

    Each round takes the one or two changes that lead nearest.

    Parameters
    ----------
    values, low, high
        (n,) whole numbers and what each must stay between, both included.
    step
        The only change, up or down: 2 keeps a number even or odd.
    total, squares
        What the sum and the sum of squares should be, and how far off each may stay (infinite:
        no matter).
    rounds
        At most.

    Raises
    ------
    NotReachedError
        Not within `rounds`.
    """
    values = np.array(values, np.int64)
    allowed = np.array([total[1], squares[1]])
    for _ in range(rounds):
        miss = np.array([total[0] - values.sum(), squares[0] - (values**2).sum()])
        if (np.abs(miss) <= allowed).all():
            return values
        change = np.concatenate([np.full(values.size, step), np.full(values.size, -step), [0]])
        which = np.concatenate([np.arange(values.size)] * 2 + [[-1]])
        after = values[which] + change
        possible = (which < 0) | ((low[which] <= after) & (after <= high[which]))
        change, which, after = change[possible], which[possible], after[possible]
        moves = np.stack([change, np.where(which < 0, 0, after**2 - values[which] ** 2)])
        both = moves[:, :, None] + moves[:, None, :]
        far = (((miss[:, None, None] - both) / allowed[:, None, None]) ** 2).sum(0)
        far[(which[:, None] == which[None, :]) & (which[:, None] >= 0)] = np.inf
        for index in np.unravel_index(int(far.argmin()), far.shape):
            if which[index] >= 0:
                values[which[index]] += change[index]
    raise NotReachedError(f"sums not reached in {rounds} rounds")


def nearest_of_parity(values: Floats, parity: Integers) -> Integers:
    """Return the nearest whole numbers that are even or odd as `parity` is."""
    return (2 * np.rint((values - parity) / 2) + parity).astype(np.int64)


def logit(share: Floats) -> Floats:
    """Return log(p / (1 − p)), shares kept a little inside 0 and 1."""
    inside = np.clip(share, 1e-4, 1 - 1e-4)
    return np.log(inside / (1 - inside))


def logistic(value: Floats) -> Floats:
    """Return the share whose logit is `value`."""
    return 1 / (1 + np.exp(-np.clip(value, -500, 500)))
