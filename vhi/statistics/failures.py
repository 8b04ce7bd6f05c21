"""Pairs of measurements to look at again, and the reasons for their differences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from vhi.statistics._pairs import ROUNDING, checked_pairs

CLASSES = {
    "anatomical": "the readers place a bright region differently: subchondral bone or not",
    "morphological": "the readers take a bright region for different things: oedema or a vessel",
    "artefact-related": "the readers disagree on whether a bright region is an artefact",
}
"""Reasons for a difference between readers; Hepburn et al. 2023, section 2.7.4."""

RULES = ("two-sd", "robust")

MULTIPLE = 2.0
"""Multiple of the spread beyond which a pair is listed: "more than two standard deviations from 0"
(Hepburn et al. 2023, section 2.7.4)."""

MAD_TO_SD = float(1 / norm.ppf(0.75))
"""1.4826, by which the median of absolute values estimates the SD of normal ones. Rousseeuw &
Croux 1993, Journal of the American Statistical Association 88:1273."""


@dataclass(frozen=True, eq=False)
class WorklistResult:
    """Which of n pairs of measurements to look at again.

    `flagged` marks the pairs whose difference, first − second, is farther from 0 than `limit` by
    more than rounding; `order` holds their indices, largest difference first, ties in order.
    `spread` is that of the differences as `rule` estimates it. `expected` is how many of n normal
    differences about 0 lie beyond the true limit: 4.55 % of them.
    """

    rule: str
    n: int
    spread: float
    limit: float
    differences: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    order: tuple[int, ...]
    expected: float


def worklist(first: ArrayLike, second: ArrayLike, *, rule: str = "two-sd") -> WorklistResult:
    r"""List the pairs that differ most between two readers.

    A pair is listed where its difference :math:`d` is farther from 0 than a limit:

    - ``two-sd``, the paper's: :math:`|d| > 2\,\mathrm{SD}(d)`, with the SD about the mean of the
      differences (n − 1). One large difference widens the limit that should find it: of up to four
      pairs, a single one that differs is never listed.
    - ``robust``: :math:`|d| > 2 \cdot 1.4826 \cdot \mathrm{median}\,|d|`. Up to half of the pairs
      may be outliers without moving the limit far; a bias widens it.

    Either lists some pairs of any data, about one in twenty where differences are normal: it is a
    worklist, not a rate of failure. Where differences grow with the measurement, only the largest
    measurements are listed; give logarithms to compare ratios.

    Parameters
    ----------
    first, second
        One measurement of each pair by either reader; finite, one length.
    rule
        One of `RULES`.

    Returns
    -------
    WorklistResult
        For ``two-sd`` with fewer than two pairs, and ``robust`` with none, spread and limit are
        NaN and nothing is flagged. A limit of 0 flags every pair that differs: ``two-sd`` gives
        it where all differences are the same, ``robust`` where more than half are 0.

    Raises
    ------
    ValueError
        Lengths differ, a value is not finite, or the rule is unknown.

    References
    ----------
    Hepburn et al. 2023, section 2.7.4. Leys et al. 2013, Journal of Experimental Social Psychology
    49:764, on deviations from a median in place of the SD to find outliers.

    Examples
    --------
    >>> worklist([11, 9, 10, 12, 8, 40], [10, 10, 11, 11, 9, 10], rule="robust").order
    (5,)
    """
    if rule not in RULES:
        raise ValueError(f"rule is one of {', '.join(RULES)}; got {rule!r}")
    differences = np.subtract(*checked_pairs(first, second))
    distance, n = np.abs(differences), differences.size
    if rule == "two-sd":
        spread = float(differences.std(ddof=1)) if n > 1 else math.nan
    else:
        spread = float(MAD_TO_SD * np.median(distance)) if n else math.nan
    limit = MULTIPLE * spread
    flagged = distance > limit * (1 + ROUNDING)  # False where the limit is NaN
    largest = np.argsort(-distance, kind="stable")
    order = tuple(largest[flagged[largest]].tolist())
    expected = float(2 * norm.sf(MULTIPLE) * n)
    return WorklistResult(rule, n, spread, limit, differences, flagged, order, expected)
