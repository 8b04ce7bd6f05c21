"""The preprint's conclusions from its 29 patients, each with a test that a cohort passes or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from vhi.papers.simulated.cohort import SPARCC, VHI, Cohort, Floats
from vhi.statistics._pairs import WIDTH
from vhi.statistics.agreement import limits_of_agreement, spread_against_mean
from vhi.statistics.regression import least_squares
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.response import responder_table, standardised_response_mean

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


@dataclass(frozen=True)
class Conclusion:
    """One sentence of the preprint, and the test of it.

    Attributes
    ----------
    name : str
    place, sentence : str
        Where it stands, and the preprint's words.
    test : str
        The test in words, with every limit; all limits were set before any cohort was drawn.
    decided : bool
        Whether the printed numbers alone decide, so that all cohorts answer alike.
    holds : callable
        From a cohort to the answer.
    """

    name: str
    place: str
    sentence: str
    test: str
    decided: bool
    holds: Callable[[Cohort], bool]


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
    coefficients = np.polyfit(x, y, 2)
    left = ((y - np.polyval(coefficients, x)) ** 2).sum()
    total = ((y - y.mean()) ** 2).sum()
    gained = (1 - least_squares(x, y).r ** 2) * total - left
    freedom = x.size - 3
    p = stats.f.sf(gained / (left / freedom), 1, freedom)
    return float(gained / total), float(p), float(coefficients[0])


def _curved(cohort: Cohort) -> bool:
    vhi, sparcc = cohort.scans_with_both()
    _, p, square = _curvature(sparcc, vhi)
    return p < 0.05 and square > 0


def _straighter_after_log(cohort: Cohort) -> bool:
    vhi, sparcc = cohort.scans_with_both()
    before, after = (least_squares(sparcc, y).r ** 2 for y in (vhi, np.log1p(vhi)))
    return after > before and _curvature(sparcc, np.log1p(vhi))[0] <= SMALL_CURVATURE


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
    rank = stats.spearmanr(*cohort.changes_of_both())
    return bool(rank.statistic > 0 and rank.pvalue < 0.05)


_AGREEMENT = "VHI measurements show similar or better inter-observer agreement than visual scoring"
_SUPERIOR = "VHI measurements provide a precise assessment of inflammation"
_RESPONSE = "VHI and visual scoring provide broadly similar response assessments"
_CHANGES = (
    "There was a significant linear relationship between the change in VHI and the change in "
    "SPARCC scores"
)

CONCLUSIONS = (
    Conclusion(
        "narrower limits", "Section 3.4",
        "the limits are narrower for VHI than visual scoring relative to the range of mean values",
        "width of the limits of agreement over the range of means is smaller for VHI",
        True, lambda c: relative_width(c, VHI) < relative_width(c, SPARCC),
    ),
    Conclusion(
        "similar limits after log(x + 1)", "Section 3.4",
        "After logarithmic transformation, the widths of the LoA were similar for VHI and visual "
        "scoring relative to the range of values in the data",
        f"of the two relative widths neither is more than {SIMILAR_RATIO} times the other",
        False, _similar_log_limits,
    ),
    Conclusion(
        "more disagreement where little is inflamed", "Section 3.4",
        "the log-transformed data highlights greater disagreement in cases where the clinical "
        "burden of inflammation is small",
        "size of differences of log(VHI + 1) falls with their mean, P < 0.05",
        False, _more_disagreement_at_small_burden,
    ),
    Conclusion(
        "curved", "Section 3.4",
        "VHI shows a nonlinear relationship with SPARCC scoring",
        "a square term of SPARCC, above 0, improves the fit of VHI, P < 0.05",
        False, _curved,
    ),
    Conclusion(
        "about a line after log(x + 1)", "Section 3.4",
        "The relationship becomes approximately linear with logarithmic transformation",
        "r² of a line is higher for log(VHI + 1) than for VHI, and a square term adds no more than "
        f"{SMALL_CURVATURE}",
        False, _straighter_after_log,
    ),
    Conclusion(
        "agreement by ICC", "Section 4", _AGREEMENT,
        f"ICC(2,1) of VHI is at least that of SPARCC less {ICC_MARGIN}",
        False, lambda c: _icc(c, VHI) >= _icc(c, SPARCC) - ICC_MARGIN,
    ),
    Conclusion(
        "agreement by ICC of log(x + 1)", "Section 4", _AGREEMENT,
        f"ICC(2,1) of log(VHI + 1) is at least that of log(SPARCC + 1) less {ICC_MARGIN}",
        False, lambda c: _icc(c, VHI, log=True) >= _icc(c, SPARCC, log=True) - ICC_MARGIN,
    ),
    Conclusion(
        "agreement by detectable change", "Section 4", _AGREEMENT,
        "smallest detectable change over the SD of changes is smaller for VHI",
        False, lambda c: _detectable(c, VHI) < _detectable(c, SPARCC),
    ),
    Conclusion(
        "agreement by detectable change of log(x + 1)", "Section 4", _AGREEMENT,
        "the same of log(x + 1)",
        False, lambda c: _detectable(c, VHI, log=True) < _detectable(c, SPARCC, log=True),
    ),
    Conclusion(
        "superior", "Section 4.2",
        f"{_SUPERIOR} with superior performance to visual scoring by trained expert radiologists",
        "ICC(2,1) is higher for VHI, raw and of log(x + 1)",
        False, _superior,
    ),
    Conclusion(
        "precise", "Section 4.2", _SUPERIOR,
        "of the falls of VHI more than half exceed the smallest detectable change of the mean of "
        "two readers",
        False, _most_falls_detectable,
    ),
    Conclusion(
        "same responders", "Section 4", _RESPONSE,
        f"κ of responders by VHI and by SPARCC is at least {MODERATE_KAPPA}",
        True, lambda c: _kappa(c.responses(VHI), c.responses(SPARCC)) >= MODERATE_KAPPA,
    ),
    Conclusion(
        "same agreement with the clinic", "Section 4", _RESPONSE,
        "the 95 % interval of the difference of their agreements with clinical response lies "
        f"within ± {AGREEMENT_MARGIN:.0%}",
        True, _same_agreement_with_clinic,
    ),
    Conclusion(
        "similar response means", "Section 4", _RESPONSE,
        f"standardised response means differ by no more than {SRM_MARGIN}",
        False, _similar_response_means,
    ),
    Conclusion(
        "neither close to the clinic", "Section 4",
        "neither metric agrees closely with clinical response assessments",
        f"κ with clinical response is below {MODERATE_KAPPA} for both",
        True, _neither_close_to_clinic,
    ),
    Conclusion(
        "related changes", "Section 3.5", _CHANGES, "slope above 0, P < 0.05",
        True, lambda c: _related(*c.changes_of_both()),
    ),
    Conclusion(
        "related changes without any one patient", "Section 3.5", _CHANGES,
        "slope above 0, P < 0.05, whichever patient is left out",
        False, _related_without_any_one,
    ),
    Conclusion(
        "related changes by rank", "Section 3.5", _CHANGES,
        "Spearman's correlation above 0, P < 0.05",
        False, _related_by_rank,
    ),
)  # fmt: skip
"""All of them, in the preprint's order."""
