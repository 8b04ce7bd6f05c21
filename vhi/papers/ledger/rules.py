"""Checks that many rows share: sums, complements, numbers printed twice, what others allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from vhi.papers.ledger.check_result import Found

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

Check = Callable[["Material"], Found]
"""Computes a printed number again, or raises `NotHere`."""


def total(*keys: str) -> Check:
    """Return the check that a number is the sum of others."""
    return lambda material: Found(sum(map(material.value, keys)), how="counts")


def remainder(whole: str, *parts: str, how: str = "consistent") -> Check:
    """Return the check that a number is what other parts leave of a whole.

    It is called consistent where the whole is checked as the sum of its parts: one sum does not
    confirm each of its terms.
    """
    return lambda material: Found(material.value(whole) - sum(map(material.value, parts)), how=how)


def same(key: str) -> Check:
    """Return the check that a number is printed alike in another place."""
    return lambda material: Found(material.value(key), how="consistent")


def middle(key: str) -> Check:
    """Return the check that a number is the middle of printed limits."""
    return lambda material: Found((material.low(key) + material.high(key)) / 2, how="counts")


def evenly_about(middle_key: str, key: str) -> Check:
    """Return the check that limits lie evenly about a printed middle: each from the other.

    The middle is taken as exact as rounding allows: one end and a rounded middle would give the
    other end only to within a whole last digit.
    """

    def check(material: Material) -> Found:
        low, high = material.low(key), material.high(key)
        printed, half = material.value(middle_key), 0.5 * material.last_digit(middle_key)
        twice = 2 * min(max((low + high) / 2, printed - half), printed + half)
        return Found(low=twice - high, high=twice - low, how="consistent")

    return check


def nearest(allowed: Iterable[float], printed: float) -> float:
    """Return the number nearest to the printed one among those that other numbers allow.

    NaN, which agrees with nothing, where they allow none.
    """
    return min(allowed, key=lambda number: abs(number - printed), default=math.nan)
