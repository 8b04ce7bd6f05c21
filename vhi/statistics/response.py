"""Response to treatment: how the rules that call a patient a responder agree.

The rules are in :mod:`vhi.statistics.rules`, changes in :mod:`vhi.statistics.change`; what they
offer can be had from here as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vhi.statistics.change import (
    ResponseMean,
    expected_regression_to_mean,
    same_patients,
    standardised_response_mean,
    upper_share,
)
from vhi.statistics.kappa import Kappa, cohen_kappa
from vhi.statistics.proportions import McNemar, Proportion, exact_proportion, mcnemar
from vhi.statistics.rules import RULES, Rule, responders

__all__ = [
    "RULES",
    "ResponderTable",
    "ResponseMean",
    "Rule",
    "expected_regression_to_mean",
    "responder_table",
    "responder_table_of_counts",
    "responders",
    "standardised_response_mean",
    "upper_share",
]


@dataclass(frozen=True)
class ResponderTable:
    """How two yes/no ratings of the same patients go together.

    Attributes
    ----------
    n : int
        Patients with both ratings.
    both, first_only, second_only, neither : int
        Responders by both rules, by one, by none.
    dropped : int
        Patients who lack a rating.
    agreement : Proportion
        `both` and `neither` of `n`.
    kappa : Kappa
    mcnemar : McNemar
        Whether one rule finds more responders than the other.
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
    """Hold two ratings of the same patients against each other.

    Parameters
    ----------
    first, second
        1 for a responder, 0 for none, NaN where it is not known; see :func:`responders`.

    Returns
    -------
    ResponderTable
        Patients who lack a rating are left out and counted. For what is undefined without
        patients, or where a rule says the same of all, see its parts' classes.

    Raises
    ------
    ValueError
        Lengths differ, or a value is none of the three.
    """
    ratings = same_patients(first, second)
    known = ~np.isnan(ratings).any(axis=0)
    a, b = (each[known] for each in ratings)
    if not np.isin([a, b], (0, 1)).all():
        raise ValueError("first and second hold 1 (responder), 0 (none) and NaN (missing) only")
    counts = [int(np.sum((a == x) & (b == y))) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
    return responder_table_of_counts(*counts, dropped=int(np.sum(~known)))


def responder_table_of_counts(
    both: int, first_only: int, second_only: int, neither: int, *, dropped: int = 0
) -> ResponderTable:
    """Hold two ratings against each other of which only the counts are known, as in a paper.

    Examples
    --------
    The preprint's counts: of 16 clinical responders 11 have a fall of VHI, of 13 others 9.

    >>> table = responder_table_of_counts(11, 5, 9, 4)
    >>> f"{table.agreement.count}/{table.n}, kappa {table.kappa.value:.3f}"
    '15/29, kappa -0.005'
    """
    table = [[both, first_only], [second_only, neither]]
    n = both + first_only + second_only + neither
    return ResponderTable(
        n,
        both,
        first_only,
        second_only,
        neither,
        dropped,
        exact_proportion(both + neither, n),
        cohen_kappa(table),
        mcnemar(table),
    )
