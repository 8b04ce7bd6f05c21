"""Agreement on categories beyond chance: Cohen's kappa, weighted or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from vhi.statistics._pairs import NOWHERE, check_confidence
from vhi.statistics.proportions import check_counts

POWERS = {"linear": 1, "quadratic": 2}
_NO_VARIANCE = 1e-14  # a smaller variance is rounding around 0


@dataclass(frozen=True)
class Kappa:
    """Agreement of `n` subjects' ratings beyond chance.

    `value` is 1 for full agreement, 0 for as much as chance gives, below 0 for less; NaN where
    everybody uses one and the same category. `standard_error` and `interval` (cut at −1 and 1) are
    NaN where data show no spread: fewer than two subjects, full agreement, one rating that never
    varies. `observed` and `expected` are the shares of agreement; with weights, near misses count
    in part.
    """

    n: int
    value: float
    standard_error: float
    interval: tuple[float, float]
    observed: float
    expected: float


def cohen_kappa(
    table: ArrayLike,
    *,
    weights: Literal["linear", "quadratic"] | None = None,
    confidence: float = 0.95,
) -> Kappa:
    r"""Return Cohen's kappa of two ratings of the same subjects.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \qquad
              p_o = \sum_{ij} w_{ij} p_{ij}, \quad p_e = \sum_{ij} w_{ij} p_{i\cdot} p_{\cdot j}

    where :math:`p_{ij}` is the share of subjects in row i and column j. Kappa is low where one
    category is rare, however well the ratings agree: read it with the share of agreement. Below
    about 30 subjects the interval is rough.

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
    check_confidence(confidence)
    if weights not in (None, *POWERS):
        raise ValueError(f'weights are None, "linear" or "quadratic"; got {weights!r}')
    counts = check_counts(table, "table")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"table must be square; got shape {counts.shape}")
    n = int(counts.sum())
    if n == 0:
        return Kappa(0, math.nan, math.nan, NOWHERE, math.nan, math.nan)
    shares = counts / n
    rank = np.arange(len(counts))
    distance = np.abs(rank[:, None] - rank) / max(len(counts) - 1, 1)
    agreement = 1 - (distance > 0 if weights is None else distance ** POWERS[weights])
    observed = float((agreement * shares).sum())
    if (counts.sum(axis=1) * counts.sum(axis=0)).sum() == n * n:  # all in one cell
        return Kappa(n, math.nan, math.nan, NOWHERE, observed, 1.0)
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
    return Kappa(n, value, error, interval, observed, expected)
