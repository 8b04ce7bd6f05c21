"""The preprint's conclusions from its 29 patients, and the test of each in a simulated cohort."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr
from statsmodels.regression.linear_model import OLS

from vhi.papers.simulated.cohort import SPARCC, VHI, Cohort, Floats
from vhi.statistics._pairs import WIDTH
from vhi.statistics.agreement import limits_of_agreement, spread_against_mean
from vhi.statistics.change import standardised_response_mean
from vhi.statistics.regression import least_squares
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.response import responder_table

if TYPE_CHECKING:
    import pandas as pd

SIMILAR_RATIO = 1.5
"""Widths are similar where neither is more than half again the other."""

MODERATE_KAPPA = 0.4
"""Agreement at or above it is called more than fair: Landis & Koch 1977, Biometrics 33:159."""

ICC_MARGIN = 0.05
"""An intraclass correlation lower by no more than this is similar."""

AGREEMENT_MARGIN = 0.20
"""Shares of patients rated as the clinic does are similar within this."""

SRM_MARGIN = 0.3
"""Standardised response means are similar within this."""

SMALL_CURVATURE = 0.05
"""A curve that explains no more than this share of the variance beyond a line is about a line."""


def conclusions() -> pd.DataFrame:
    """Return the conclusions in the preprint's order.

    Returns
    -------
    pandas.DataFrame
        ``conclusion`` (a name, as in `TESTS`), ``sentence`` and ``place`` (the preprint's words
        and where they stand), ``test`` (in words, with every limit; all limits were set before
        any cohort was drawn) and ``decided_by``: ``printed numbers`` where these alone decide, so
        that all cohorts answer alike.
    """
    import pandas as pd

    return pd.read_csv(Path(__file__).with_name("conclusions.csv"))


def relative_width(cohort: Cohort, measure: str, *, log: bool = False) -> float:
    """Return the width of the limits of agreement over the range of the readers' means."""
    pairs = cohort.pairs(measure, log=log)
    limits = limits_of_agreement(*pairs, interval="approximate")
    return (limits.upper - limits.lower) / float(np.ptp(pairs.mean(axis=0)))


def _similar_log_limits(cohort: Cohort) -> bool:
    ratio = relative_width(cohort, VHI, log=True) / relative_width(cohort, SPARCC, log=True)
    return bool(1 / SIMILAR_RATIO <= ratio <= SIMILAR_RATIO)


def _more_disagreement_at_small_burden(cohort: Cohort) -> bool:
    line = spread_against_mean(*cohort.pairs(VHI, log=True))
    return line.slope < 0 and line.slope_p < 0.05


def _curvature(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Return what a square term adds to r², its P (F test), and its coefficient."""
    x = x - x.mean()
    line, curve = (OLS(y, np.vander(x, terms, increasing=True)).fit() for terms in (2, 3))
    return curve.rsquared - line.rsquared, curve.compare_f_test(line)[1], curve.params[2]


def _curved(cohort: Cohort) -> bool:
    vhi, sparcc = cohort.scans_with_both()
    _, p, square = _curvature(sparcc, vhi)
    return bool(p < 0.05 and square > 0)


def _straighter_after_log(cohort: Cohort) -> bool:
    vhi, sparcc = cohort.scans_with_both()
    before, after = (least_squares(sparcc, y).r ** 2 for y in (vhi, np.log1p(vhi)))
    return bool(after > before and _curvature(sparcc, np.log1p(vhi))[0] <= SMALL_CURVATURE)


@lru_cache(maxsize=8)  # three conclusions ask for the same four coefficients of a cohort
def _icc(cohort: Cohort, measure: str, *, log: bool = False) -> float:
    """Return ICC(2,1)."""
    return intraclass_correlations(cohort.pairs(measure, log=log).T)[1].value


def _superior(cohort: Cohort) -> bool:
    return all(_icc(cohort, VHI, log=log) > _icc(cohort, SPARCC, log=log) for log in (False, True))


def _detectable(cohort: Cohort, measure: str, *, log: bool = False) -> float:
    """Return the smallest detectable change over the SD of changes."""
    values = cohort.readings[measure]
    changes = np.diff((np.log1p(values) if log else values).mean(axis=2))
    error = measurement_error(*cohort.pairs(measure, log=log))
    return error.sdc / float(np.nanstd(changes, ddof=1))


def _most_falls_detectable(cohort: Cohort) -> bool:
    fall = -cohort.changes(VHI)
    limit = measurement_error(*cohort.pairs(VHI), readings=2).sdc
    return bool(np.mean(fall[fall > 0] > limit) > 0.5)


def _same_agreement_with_clinic(cohort: Cohort) -> bool:
    """Whether the 95 % interval (Wald) of the difference of paired shares lies within a margin."""
    vhi, sparcc = cohort.responses(VHI), cohort.responses(SPARCC)
    known = np.isfinite(sparcc)
    apart = (vhi == cohort.clinical)[known] * 1.0 - (sparcc == cohort.clinical)[known]
    half = WIDTH * np.sqrt(apart.var() / known.sum())
    return bool(abs(apart.mean()) + half <= AGREEMENT_MARGIN)


def _similar_response_means(cohort: Cohort) -> bool:
    both = np.stack([cohort.means(VHI), cohort.means(SPARCC)])  # measures, patients, visits
    both = both[:, np.isfinite(both).all(axis=(0, 2))]
    vhi, sparcc = (standardised_response_mean(*means.T).srm for means in both)
    return abs(vhi - sparcc) <= SRM_MARGIN


def _kappa(first: Floats, second: Floats) -> float:
    return responder_table(first, second).kappa.value


def _neither_close_to_clinic(cohort: Cohort) -> bool:
    clinical = cohort.clinical.astype(float)
    return all(_kappa(cohort.responses(m), clinical) < MODERATE_KAPPA for m in (VHI, SPARCC))


def _related(vhi: Floats, sparcc: Floats) -> bool:
    line = least_squares(sparcc, vhi)
    return line.slope > 0 and line.slope_p < 0.05


def _related_without_any_one(cohort: Cohort) -> bool:
    vhi, sparcc = cohort.changes_of_both()
    return all(_related(np.delete(vhi, i), np.delete(sparcc, i)) for i in range(vhi.size))


def _related_by_rank(cohort: Cohort) -> bool:
    rank = spearmanr(*cohort.changes_of_both())
    return bool(rank.statistic > 0 and rank.pvalue < 0.05)


TESTS: dict[str, Callable[[Cohort], bool]] = {
    "narrower limits": lambda c: relative_width(c, VHI) < relative_width(c, SPARCC),
    "similar limits after log(x + 1)": _similar_log_limits,
    "more disagreement where little is inflamed": _more_disagreement_at_small_burden,
    "curved": _curved,
    "about a line after log(x + 1)": _straighter_after_log,
    "agreement by ICC": lambda c: _icc(c, VHI) >= _icc(c, SPARCC) - ICC_MARGIN,
    "agreement by ICC of log(x + 1)": lambda c: (
        _icc(c, VHI, log=True) >= _icc(c, SPARCC, log=True) - ICC_MARGIN
    ),
    "agreement by detectable change": lambda c: _detectable(c, VHI) < _detectable(c, SPARCC),
    "agreement by detectable change of log(x + 1)": lambda c: (
        _detectable(c, VHI, log=True) < _detectable(c, SPARCC, log=True)
    ),
    "superior": _superior,
    "precise": _most_falls_detectable,
    "same responders": lambda c: _kappa(c.responses(VHI), c.responses(SPARCC)) >= MODERATE_KAPPA,
    "same agreement with the clinic": _same_agreement_with_clinic,
    "similar response means": _similar_response_means,
    "neither close to the clinic": _neither_close_to_clinic,
    "related changes": lambda c: _related(*c.changes_of_both()),
    "related changes without any one patient": _related_without_any_one,
    "related changes by rank": _related_by_rank,
}
"""Whether each conclusion holds in a cohort, in the words of ``test`` in `conclusions`."""
