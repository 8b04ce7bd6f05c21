"""Agreement on categories beyond chance: Cohen's kappa, weighted or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv
from scipy.stats import norm

from vhi.statistics._pairs import NOWHERE, check_confidence
from vhi.statistics.proportions import check_counts

POWERS = {"linear": 1, "quadratic": 2}
_NO_VARIANCE = 1e-14  # a smaller variance is rounding around 0

PRIOR = 2.0
"""Subjects that the prior of `kappa_interval` is worth, spread over all cells. Chosen: half a
subject in each of four cells, as Jeffreys' prior has; half in each of many cells would outweigh few
subjects."""

Weights = Literal["linear", "quadratic"] | None


@dataclass(frozen=True)
class Kappa:
    """Agreement of `n` subjects' ratings beyond chance.

    `value` is 1 for full agreement, 0 for as much as chance gives, below 0 for less; NaN where
    everybody uses one and the same category. `standard_error` and `interval` (cut at −1 and 1) are
    NaN where data show no spread; `reason` says why, and is empty elsewhere. `observed` and
    `expected` are the shares of agreement; with weights, near misses count in part.
    """

    n: int
    value: float
    standard_error: float
    interval: tuple[float, float]
    observed: float
    expected: float
    reason: str = ""


def cohen_kappa(
    table: ArrayLike,
    *,
    weights: Weights = None,
    confidence: float = 0.95,
) -> Kappa:
    r"""Return Cohen's kappa of two ratings of the same subjects.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \qquad
              p_o = \sum_{ij} w_{ij} p_{ij}, \quad p_e = \sum_{ij} w_{ij} p_{i\cdot} p_{\cdot j}

    where :math:`p_{ij}` is the share of subjects in row i and column j. Kappa is low where one
    category is rare, however well the ratings agree: read it with the share of agreement. The
    interval, kappa ± 1.96 standard errors, is for many subjects: with 29 it is somewhat too narrow,
    and far too narrow where a category is rare (`vhi.statistics.coverage` says how far).
    `kappa_interval` is for few.

    Parameters
    ----------
    table
        Counts, square: rows are the first rating, columns the second.
    weights
        None: only equal categories agree, :math:`w_{ij}` is 1 for i = j, else 0. For k ordered
        categories ``"linear"``: :math:`1 - |i - j| / (k - 1)`, or ``"quadratic"``:
        :math:`1 - (i - j)^2 / (k - 1)^2`.
    confidence
        Above 0 and below 1.

    Returns
    -------
    Kappa
        All NaN for an empty table.

    Raises
    ------
    ValueError
        The table is not square or holds something other than counts, or an option is unknown.

    References
    ----------
    Cohen 1960, Educational and Psychological Measurement 20:37, and 1968, Psychological Bulletin
    70:213; standard error: Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72:323.
    Computed by statsmodels.

    Examples
    --------
    >>> round(cohen_kappa([[11, 5], [9, 4]]).value, 3)
    -0.005
    """
    counts, agreement = _checked(table, weights, confidence)
    n = int(counts.sum())
    if n == 0:
        return Kappa(0, math.nan, math.nan, NOWHERE, math.nan, math.nan, "no subjects")
    shares = counts / n
    observed = float((agreement * shares).sum())
    if (counts.sum(axis=1) * counts.sum(axis=0)).sum() == n * n:  # all in one cell
        reason = "both ratings give every subject the same category"
        return Kappa(n, math.nan, math.nan, NOWHERE, observed, 1.0, reason)
    from statsmodels.stats.inter_rater import cohens_kappa

    # statsmodels divides by the standard error for tests that are not used here; it may be 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        result = cohens_kappa(counts, wt=weights)
    expected = float((agreement * np.outer(shares.sum(axis=1), shares.sum(axis=0))).sum())
    value, variance = float(result.kappa), float(result.var_kappa)
    error = math.sqrt(variance) if n > 1 and variance > _NO_VARIANCE else math.nan
    half = float(norm.ppf((1 + confidence) / 2)) * error
    # numpy's minimum and maximum keep NaN.
    interval = float(np.maximum(-1, value - half)), float(np.minimum(1, value + half))
    return Kappa(n, value, error, interval, observed, expected, _reason(counts, error))


def kappa_interval(
    table: ArrayLike,
    *,
    weights: Weights = None,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 20230426,
) -> tuple[float, float]:
    r"""Return an interval of Cohen's kappa for few subjects or a rare category.

    The middle of kappa's posterior distribution: tables of shares are drawn from a Dirichlet
    distribution whose parameters are the counts plus a weak prior (`PRIOR`), and each gives a
    kappa. It is defined for every table; `vhi.statistics.coverage` says how often it holds.

    Parameters
    ----------
    table, weights, confidence
        As for `cohen_kappa`.
    draws
        1 or more.
    seed
        The same seed gives the same draws on every machine and with every version of numpy.

    Returns
    -------
    low, high : float
        NaN for a table of one cell, and without subjects.

    Raises
    ------
    ValueError
        As `cohen_kappa`, or `draws` is out of range.

    References
    ----------
    Gelman et al., Bayesian Data Analysis, 3rd edition, section 3.4 (counts with a Dirichlet prior).

    Examples
    --------
    >>> low, high = kappa_interval([[11, 5], [9, 4]])
    >>> print(f"{low:.2f} to {high:.2f}")
    -0.31 to 0.33
    """
    counts, agreement = _checked(table, weights, confidence)
    if draws < 1:
        raise ValueError(f"draws is 1 or more; got {draws}")
    k = len(counts)
    if k < 2 or not counts.sum():
        return NOWHERE
    # Raw bits: other draws may change with numpy's version.
    bits = np.random.PCG64(seed).random_raw((draws, k * k))
    uniform = (bits >> np.uint64(11)) * 2.0**-53
    shares = gammaincinv(counts.ravel() + PRIOR / k**2, uniform).reshape(draws, k, k)
    shares /= shares.sum(axis=(1, 2), keepdims=True)
    observed = (agreement * shares).sum(axis=(1, 2))
    by_chance = np.einsum("ij,ni,nj->n", agreement, shares.sum(axis=2), shares.sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):  # a draw of one category only
        kappas = (observed - by_chance) / (1 - by_chance)
    ends = [50 * (1 - confidence), 50 * (1 + confidence)]
    low, high = np.nanpercentile(kappas, ends).tolist()
    return low, high


def _checked(
    table: ArrayLike, weights: Weights, confidence: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return counts, and how far two categories agree: 1 for equal ones, 0 for the farthest."""
    check_confidence(confidence)
    if weights not in (None, *POWERS):
        raise ValueError(f'weights are None, "linear" or "quadratic"; got {weights!r}')
    counts = check_counts(table, "table")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"table must be square; got shape {counts.shape}")
    rank = np.arange(len(counts))
    distance = np.abs(rank[:, None] - rank) / max(len(counts) - 1, 1)
    return counts, 1 - (distance > 0 if weights is None else distance ** POWERS[weights])


def _reason(counts: NDArray[np.int64], error: float) -> str:
    """Say why a table gives kappa no standard error; empty where it gives one."""
    if not math.isnan(error):
        return ""
    if counts.sum() < 2:
        return "a single subject"
    if (counts.sum(axis=1) > 0).sum() == 1 or (counts.sum(axis=0) > 0).sum() == 1:
        return "one rating never varies"
    if counts.trace() == counts.sum():
        return "the ratings agree in every subject"
    return "the ratings differ in every subject"
