"""Agreement of two ratings, or rules of `vhi.statistics.rules`, that call patients responders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vhi.statistics._pairs import checked_pairs
from vhi.statistics.kappa import Kappa, cohen_kappa
from vhi.statistics.proportions import McNemar, Proportion, exact_proportion, mcnemar


@dataclass(frozen=True)
class ResponderTable:
    """How two yes/no ratings of `n` patients agree; `dropped` patients lack a rating.

    `both`, `first_only`, `second_only` and `neither` count responders by both rules, by one and by
    none. `agreement` is the share of `both` and `neither`; `mcnemar` tests whether one rule finds
    more responders than the other.
    """

    n: int
    both: int
    first_only: int
    second_only: int
    neither: int
    dropped: int
    agreement: Proportion
    kappa: Kappa
    mcnemar: McNemar


def responder_table(first: ArrayLike, second: ArrayLike) -> ResponderTable:
    """Compare two ratings of the same patients.

    Parameters
    ----------
    first, second
        1 for a responder, 0 for a non-responder, NaN where unknown; see :func:`responders`.

    Returns
    -------
    ResponderTable
        Its parts' classes define what is NaN without patients or where a rule never varies.

    Raises
    ------
    ValueError
        Lengths differ, or a value is not 1, 0 or NaN.
    """
    ratings = np.array(checked_pairs(first, second, missing=True))
    known = ~np.isnan(ratings).any(axis=0)
    a, b = ratings[:, known]
    if not np.isin([a, b], (0, 1)).all():
        raise ValueError("first and second hold 1 (responder), 0 (none) and NaN (missing) only")
    counts = [int(np.sum((a == x) & (b == y))) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
    return responder_table_of_counts(*counts, dropped=int(np.sum(~known)))


def responder_table_of_counts(
    both: int, first_only: int, second_only: int, neither: int, *, dropped: int = 0
) -> ResponderTable:
    """Compare two ratings of which only the counts are known, as in a paper.

    Examples
    --------
    The preprint's counts: of 16 clinical responders 11 have a fall of VHI, of 13 others 9.

    >>> table = responder_table_of_counts(11, 5, 9, 4)
    >>> f"{table.agreement.count}/{table.n}, kappa {table.kappa.value:.3f}"
    '15/29, kappa -0.005'
    """
    counts = both, first_only, second_only, neither
    table, n = np.reshape(counts, (2, 2)), sum(counts)
    agreement = exact_proportion(both + neither, n)
    return ResponderTable(n, *counts, dropped, agreement, cohen_kappa(table), mcnemar(table))
