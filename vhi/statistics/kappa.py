"""Agreement on categories beyond what chance would give: Cohen's, weighted and Fleiss' kappa."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

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


def count_table(
    first: Iterable[object], second: Iterable[object], *, categories: Sequence[Hashable]
) -> NDArray[np.int64]:
    """Count how often each pair of categories was given.

    Parameters
    ----------
    first, second
        Ratings of the same subjects in the same order. A subject that lacks one of the two (None
        or NaN) is left out: the table's sum says how many stayed.
    categories
        All that may occur, each once; in their natural order where weights will be used.

    Returns
    -------
    ndarray of int
        Shape (categories, categories): rows are the first rating, columns the second.

    Raises
    ------
    ValueError
        Numbers of ratings differ, a category is listed twice, or a rating is no category.

    Examples
    --------
    >>> count_table(["yes", "no", None], ["yes", "yes", "no"], categories=["yes", "no"]).tolist()
    [[1, 0], [1, 0]]
    """
    ratings = list(first), list(second)
    if len(ratings[0]) != len(ratings[1]):
        raise ValueError(
            "first and second must rate the same subjects; got "
            f"{len(ratings[0])} and {len(ratings[1])} ratings"
        )
    rank = {category: place for place, category in enumerate(categories)}
    if len(rank) != len(categories):
        raise ValueError(f"categories must differ from each other; got {list(categories)}")
    table = np.zeros((len(rank), len(rank)), np.int64)
    for pair in zip(*ratings, strict=True):
        if any(rating is None or rating != rating for rating in pair):  # NaN differs from itself
            continue
        for rating in pair:
            if rating not in rank:
                raise ValueError(f"{rating!r} is none of the categories {list(categories)}")
        table[rank[pair[0]], rank[pair[1]]] += 1
    return table


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
        Counts, square: rows are the first rating, columns the second; see :func:`count_table`.
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


def fleiss_kappa(counts: ArrayLike, *, confidence: float = 0.95) -> Kappa:
    r"""Return Fleiss' kappa of several ratings of each subject.

    With r ratings of each of n subjects, :math:`r_{ik}` of them in category k,

    .. math:: \kappa = \frac{\bar P - P_e}{1 - P_e}, \qquad
              P_i = \frac{\sum_k r_{ik}(r_{ik} - 1)}{r (r - 1)}, \quad
              P_e = \sum_k \pi_k^2, \quad \pi_k = \frac{\sum_i r_{ik}}{n r}

    The readers may differ between subjects. With two it is Scott's pi, close to Cohen's kappa
    where both use the categories equally often.

    Parameters
    ----------
    counts
        Shape (subjects, categories): how many readers chose the category. Every subject has the
        same number of ratings, two or more.
    confidence
        Above 0 and below 1.

    Returns
    -------
    Kappa
        All NaN without subjects.

    Raises
    ------
    ValueError
        Something is no count, or the numbers of ratings differ or are below 2.

    Notes
    -----
    The standard error is the spread over subjects of kappa's linear approximation,

    .. math:: \mathrm{SE}^2 = \frac{1}{n (n - 1)} \sum_i (\kappa_i^* - \kappa)^2, \qquad
              \kappa_i^* = \frac{P_i - P_e}{1 - P_e}
                           - 2 (1 - \kappa) \frac{\sum_k \pi_k r_{ik} / r - P_e}{1 - P_e}

    and the interval takes Student's t with n − 1 degrees of freedom. The standard error of Fleiss,
    Nee and Landis 1979 holds for a true kappa of 0 only: it gives no interval.

    References
    ----------
    Fleiss 1971, Psychological Bulletin 76:378; standard error: Gwet 2021, Educational and
    Psychological Measurement 81:781.

    Examples
    --------
    >>> fleiss_kappa([[2, 0], [0, 2], [1, 1], [1, 1]]).value
    0.0
    """
    check_confidence(confidence)
    array = check_counts(counts, "counts")
    if array.ndim != 2:
        raise ValueError(f"counts must have the shape (subjects, categories); got {array.shape}")
    n = len(array)
    if n == 0:
        return _kappa(0, _NAN, _NAN, _NAN, _NAN, _NAN)
    ratings = int(array[0].sum())
    if ratings < 2 or (array.sum(axis=1) != ratings).any():
        raise ValueError(
            "every subject needs the same number of ratings, two or more; got "
            f"{sorted(set(array.sum(axis=1).tolist()))}; leave incomplete subjects out"
        )
    share = array.sum(axis=0) / (n * ratings)
    agreement = (array * (array - 1)).sum(axis=1) / (ratings * (ratings - 1))
    observed = float(agreement.mean())
    if np.count_nonzero(share) == 1:
        return _kappa(n, _NAN, _NAN, _NAN, observed, 1.0)
    from statsmodels.stats import inter_rater

    value = float(inter_rater.fleiss_kappa(array))
    expected = float((share**2).sum())
    linear = (agreement - expected) / (1 - expected)
    linear -= 2 * (1 - value) * (array @ share / ratings - expected) / (1 - expected)
    error = _standard_error(n, float(((linear - value) ** 2).sum() / (n * max(n - 1, 1))))
    factor = float(t.ppf((1 + confidence) / 2, max(n - 1, 1)))
    return _kappa(n, value, error, factor, observed, expected)


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
