"""Agreement on categories beyond what chance would give: Cohen's kappa, weighted or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from vhi.statistics._pairs import check_confidence
from vhi.statistics.proportions import check_counts

_NAN = float("nan")
# A variance below this is rounding around 0.
_NO_VARIANCE = 1e-14


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance.

    Attributes
    ----------
    n : int
        Subjects.
    value : float
        1: full agreement; 0: as much as chance would give; below 0: less. NaN where chance alone
        would give full agreement: everybody uses one and the same category.
    standard_error, interval : float, tuple of float
        NaN where data show no spread: fewer than two subjects, full agreement, one rating that
        never varies. The interval is cut at −1 and 1.
    observed, expected : float
        Share of agreement found, and expected by chance; with weights, near misses count in part.
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

    where :math:`p_{ij}` is the share of subjects in row i and column j. It is low where one
    category is rare, however well the ratings agree: read it beside the share of agreement. The
    interval is for many subjects; below about 30 it is rough.

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
        The table is not square or holds something that is no count, or an option is unknown.

    References
    ----------
    Cohen 1960, Educational and Psychological Measurement 20:37, and 1968, Psychological Bulletin
    70:213; standard error: Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72:323.

    Examples
    --------
    >>> round(cohen_kappa([[11, 5], [9, 4]]).value, 3)
    -0.005
    """
    check_confidence(confidence)
    if weights not in (None, "linear", "quadratic"):
        raise ValueError(f'weights are None, "linear" or "quadratic"; got {weights!r}')
    counts = check_counts(table, "table")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"table must be square; got shape {counts.shape}")
    n = int(counts.sum())
    if n == 0:
        return _kappa(0, _NAN, _NAN, _NAN, _NAN, _NAN)
    shares = counts / n
    agreement = _agreement_weights(len(counts), weights)
    observed = float((agreement * shares).sum())
    if (counts.sum(axis=1) * counts.sum(axis=0)).sum() == n * n:  # all in one cell
        return _kappa(n, _NAN, _NAN, _NAN, observed, 1.0)
    from statsmodels.stats.inter_rater import cohens_kappa

    # statsmodels divides by the standard error for tests that are not used here; it may be 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        result = cohens_kappa(counts, wt=weights)
    expected = float((agreement * np.outer(shares.sum(axis=1), shares.sum(axis=0))).sum())
    error = _standard_error(n, float(result.var_kappa))
    factor = float(norm.ppf((1 + confidence) / 2))
    return _kappa(n, float(result.kappa), error, factor, observed, expected)


def _agreement_weights(categories: int, weights: str | None) -> NDArray[np.float64]:
    """Return how far each pair of categories agrees, 0 to 1."""
    if weights is None or categories == 1:
        return np.eye(categories)
    rank = np.arange(categories)
    distance = np.abs(rank[:, None] - rank) / (categories - 1)
    return 1 - distance ** {"linear": 1, "quadratic": 2}[weights]


def _standard_error(n: int, variance: float) -> float:
    return float(np.sqrt(variance)) if n > 1 and variance > _NO_VARIANCE else _NAN


def _kappa(
    n: int, value: float, error: float, factor: float, observed: float, expected: float
) -> Kappa:
    half = factor * error
    # numpy's minimum and maximum keep NaN.
    ends = float(np.maximum(-1, value - half)), float(np.minimum(1, value + half))
    return Kappa(n, value, error, ends, observed, expected)
