"""What printed numbers say of each other: shares, intervals, tests and sums from counts.

Each function here makes a check, or computes what several checks need. Counts stand in the words
of a row, as "22 of 25 patients".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, fisher_exact, norm

from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.rules import Check
from vhi.statistics.proportions import exact_proportion

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

_COUNTED = re.compile(r"\b(\d+) of (?:the )?(\d+)\b")
_Z = float(norm.ppf(0.975))


def counted(material: Material, key: str) -> tuple[int, int]:
    """Return count and total from a row's words: (22, 25) from "22 of 25 patients"."""
    found = _COUNTED.search(material.printed[key].quantity)
    if found is None:
        raise ValueError(f"{key}: its quantity must say how many of how many, as '22 of 25'")
    return int(found[1]), int(found[2])


def computed(compute: Callable[[Material], float], *, how: str = "counts") -> Check:
    """Make a check of one value."""
    return lambda material: Found(compute(material), how=how)


def span(compute: Callable[[Material], tuple[float, float]], *, how: str = "counts") -> Check:
    """Make a check of two ends without a value between them."""
    return lambda material: Found(None, *compute(material), how=how)


def percentage(key: str) -> Check:
    """Make a check: the percentage from the counts in the words of row `key`."""

    def check(material: Material) -> Found:
        count, n = counted(material, key)
        return Found(100 * count / n, how="counts")

    return check


def percentage_with_interval(key: str) -> Check:
    """Make a check: percentage and exact (Clopper–Pearson) 95 % interval from the counts."""

    def check(material: Material) -> Found:
        found = exact_proportion(*counted(material, key))
        return Found(100 * found.share, 100 * found.low, 100 * found.high, how="counts")

    return check


def average(keys: Iterable[str]) -> Check:
    """Make a check: the mean of the values of rows."""
    rows = tuple(keys)
    return computed(lambda material: float(np.mean([material.value(key) for key in rows])))


def extremes(keys: Iterable[str]) -> Check:
    """Make a check of two ends: the lowest and the highest value of rows."""
    rows = tuple(keys)

    def ends(material: Material) -> tuple[float, float]:
        values = [material.value(key) for key in rows]
        return min(values), max(values)

    return span(ends)


@cache
def fisher_p(count: int, n: int, other_count: int, other_n: int) -> float:
    """Return the two-sided P of Fisher's exact test of two shares."""
    table = [[count, n - count], [other_count, other_n - other_count]]
    return float(fisher_exact(table)[1])


def fisher(key: str, other: str) -> Check:
    """Make a check: P of Fisher's exact test of the counts in the words of two rows."""
    return computed(lambda material: fisher_p(*counted(material, key), *counted(material, other)))


def normal_interval(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of n by the normal approximation; not cut at 0 and 1."""
    half = _Z * float(np.sqrt(share * (1 - share) / n))
    return share - half, share + half


def exact_interval_of_mean(count: float, n: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share whose count, a mean of readers, is no whole number.

    The beta quantiles of Clopper and Pearson, which whole counts only make familiar.
    """
    low = 0.0 if count <= 0 else float(beta.ppf(0.025, count, n - count + 1))
    high = 1.0 if count >= n else float(beta.ppf(0.975, count + 1, n - count))
    return low, high


def dice_ceiling(precision: float, recall: float) -> float:
    r"""Return the highest mean Dice that a mean precision and a mean recall allow, in their unit.

    A case's Dice is the harmonic mean of its precision and recall. The harmonic mean is concave,
    so that the mean over cases cannot exceed that of the means,

    .. math:: \frac{2\,\bar p\,\bar r}{\bar p + \bar r}

    References
    ----------
    Jensen's inequality.
    """
    return 2 * precision * recall / (precision + recall)
