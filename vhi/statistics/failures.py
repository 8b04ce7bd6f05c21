"""Which pairs of measurements to look at again, and what is found when one does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from vhi.statistics._pairs import ROUNDING

CLASSES = {
    "anatomical": "the readers place a bright region differently: subchondral bone or not",
    "morphological": "the readers take a bright region for different things: oedema or a vessel",
    "artefact-related": "the readers disagree on whether a bright region is an artefact",
}
"""Reasons for a difference between readers; Hepburn et al. 2023, section 2.7.4."""

RULES = ("two-sd", "robust")

MULTIPLE = 2.0
"""A pair is listed beyond so many times the spread: "more than two standard deviations from 0"
(Hepburn et al. 2023, section 2.7.4)."""

MAD_TO_SD = float(1 / norm.ppf(0.75))
"""1.4826: what makes the median of absolute values estimate the SD of normal ones. Rousseeuw &
Croux 1993, Journal of the American Statistical Association 88:1273."""


@dataclass(frozen=True)
class WorklistResult:
    """Pairs of measurements that are to be looked at again.

    Attributes
    ----------
    rule : str
    n : int
        Pairs in all.
    spread : float
        Of the differences, as the rule estimates it.
    limit : float
        Pairs whose difference is farther from 0 than this, by more than rounding, are flagged.
    differences : ndarray of float
        First − second.
    flagged : ndarray of bool
        Whether a pair is on the list.
    order : tuple of int
        Indices of the flagged pairs, largest difference first, ties in order.
    expected : float
        How many of n normal differences about 0 lie beyond the true limit: 4.55 % of them.
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
      differences (n − 1). One large difference widens the limit that is to find it: of up to four
      pairs, a single one that differs is never listed.
    - ``robust``: :math:`|d| > 2 \cdot 1.4826 \cdot \mathrm{median}\,|d|`. Up to half of the pairs
      may be off without moving the limit far, and a bias is part of it, as it is of what is
      measured from 0.

    Either lists some pairs of any data, about one in twenty where differences are normal: it is a
    worklist, not a rate of failure. Both fail where differences grow with what is measured; then
    only the largest measurements are listed. Give logarithms to compare by ratio.

    Parameters
    ----------
    first, second
        One measurement of each pair by either reader; finite, one length.
    rule
        One of `RULES`.

    Returns
    -------
    WorklistResult
        For ``two-sd`` and fewer than two pairs, and for ``robust`` and none, spread and limit are
        NaN and nothing is flagged. A limit of 0 flags every pair that differs at all: it comes of
        ``two-sd`` where all differences are the same, of ``robust`` where more than half are 0.
        Equal readers flag nothing.

    Raises
    ------
    ValueError
        Lengths differ, a value is not finite, or there is no such rule.

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
    pair = [np.asarray(values, float) for values in (first, second)]
    if pair[0].ndim != 1 or pair[0].shape != pair[1].shape:
        raise ValueError(
            f"first and second are two lists of one length; got {pair[0].shape} and {pair[1].shape}"
        )
    if not all(np.isfinite(values).all() for values in pair):
        raise ValueError("values must be finite; leave pairs with a missing one out and count them")
    differences = pair[0] - pair[1]
    spread = _sd(differences) if rule == "two-sd" else _robust_sd(differences)
    limit = MULTIPLE * spread
    distance = np.abs(differences)
    flagged = distance > limit * (1 + ROUNDING)  # False where the limit is NaN
    largest = np.argsort(-distance, kind="stable")
    return WorklistResult(
        rule,
        differences.size,
        spread,
        limit,
        differences,
        flagged,
        tuple(int(index) for index in largest if flagged[index]),
        float(2 * norm.sf(MULTIPLE) * differences.size),
    )


def _sd(differences: NDArray[np.float64]) -> float:
    return float(differences.std(ddof=1)) if differences.size > 1 else float("nan")


def _robust_sd(differences: NDArray[np.float64]) -> float:
    return float(MAD_TO_SD * np.median(np.abs(differences))) if differences.size else float("nan")
