"""Questions that a cohort of 29 patients answers with yes or no, one for each conclusion."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from vhi.papers.simulated.check import (
    both_readings,
    by_visit,
    change,
    changes_of_both,
    clinical_responders,
)
from vhi.statistics._pairs import WIDTH
from vhi.statistics.agreement import limits_of_agreement, spread_against_mean
from vhi.statistics.regression import least_squares
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.response import ResponderTable, responder_table, standardised_response_mean

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

VHI, SPARCC = "vhi_voxels", "sparcc"

SIMILAR_RATIO = 1.5
"""Widths are similar where neither is more than half again the other."""

MODERATE_KAPPA = 0.4
"""Agreement from here on is called more than fair: Landis & Koch 1977, Biometrics 33:159."""

ICC_MARGIN = 0.05
"""An intraclass correlation lower by no more than this is similar."""

AGREEMENT_MARGIN = 0.20
"""Shares of patients rated as the clinic does are similar within this."""

SRM_MARGIN = 0.3
"""Standardised response means are similar within this."""

SMALL_CURVATURE = 0.05
"""A curve that explains no more than this share of the variance beyond a line is about a line."""


def narrower_limits(cohort: pd.DataFrame) -> bool:
    """Whether limits are narrower for VHI, relative to the range of means."""
    return _relative_width(cohort, VHI) < _relative_width(cohort, SPARCC)


def similar_log_limits(cohort: pd.DataFrame) -> bool:
    """Whether widths of limits of log(x + 1) are similar, relative to the range of means."""
    ratio = _relative_width(cohort, VHI, np.log1p) / _relative_width(cohort, SPARCC, np.log1p)
    return bool(1 / SIMILAR_RATIO <= ratio <= SIMILAR_RATIO)


def more_disagreement_at_small_burden(cohort: pd.DataFrame) -> bool:
    """Whether readers' differences of log(VHI + 1) get smaller with the burden, P < 0.05."""
    line = spread_against_mean(*map(np.log1p, both_readings(cohort, VHI)))
    return line.slope < 0 and line.slope_p < 0.05


def curved(cohort: pd.DataFrame) -> bool:
    """Whether VHI against SPARCC is curved: a square term, above 0, P < 0.05."""
    vhi, sparcc = _scans(cohort)
    _, p, square = _curvature(sparcc, vhi)
    return bool(p < 0.05 and square > 0)


def straighter_after_log(cohort: pd.DataFrame) -> bool:
    """Whether log(VHI + 1) is nearer to a line of SPARCC than VHI, and bends little."""
    vhi, sparcc = _scans(cohort)
    before, after = (least_squares(sparcc, each).r ** 2 for each in (vhi, np.log1p(vhi)))
    return bool(after > before and _curvature(sparcc, np.log1p(vhi))[0] <= SMALL_CURVATURE)


def icc_not_lower(cohort: pd.DataFrame) -> bool:
    """Whether ICC(2,1) of VHI is at least that of SPARCC, less a margin."""
    return _icc(cohort, VHI) >= _icc(cohort, SPARCC) - ICC_MARGIN


def log_icc_not_lower(cohort: pd.DataFrame) -> bool:
    """Whether ICC(2,1) of log(VHI + 1) is at least that of log(SPARCC + 1), less a margin."""
    return _icc(cohort, VHI, np.log1p) >= _icc(cohort, SPARCC, np.log1p) - ICC_MARGIN


def smaller_detectable_change(cohort: pd.DataFrame) -> bool:
    """Whether the smallest detectable change is smaller for VHI, relative to the SD of changes."""
    return _detectable(cohort, VHI) < _detectable(cohort, SPARCC)


def smaller_detectable_log_change(cohort: pd.DataFrame) -> bool:
    """Whether the same holds of log(x + 1)."""
    return _detectable(cohort, VHI, np.log1p) < _detectable(cohort, SPARCC, np.log1p)


def superior_on_both_scales(cohort: pd.DataFrame) -> bool:
    """Whether ICC(2,1) is higher for VHI, raw and of log(x + 1)."""
    return all(_icc(cohort, VHI, f) > _icc(cohort, SPARCC, f) for f in (_same, np.log1p))


def most_falls_detectable(cohort: pd.DataFrame) -> bool:
    """Whether most falls of VHI exceed the smallest detectable change of two readers' mean."""
    fall = -changes_of_both(cohort)[0]
    limit = measurement_error(*both_readings(cohort, VHI), readings=2).sdc
    return bool(np.mean(fall[fall > 0] > limit) > 0.5)


def same_responders(cohort: pd.DataFrame) -> bool:
    """Whether responders by VHI and by SPARCC agree more than fairly: κ from 0.4."""
    return _responders(cohort, "vhi", "sparcc").kappa.value >= MODERATE_KAPPA


def same_agreement_with_clinic(cohort: pd.DataFrame) -> bool:
    """Whether VHI and SPARCC agree with the clinic equally often, within a margin.

    The 95 % interval of the difference of paired shares (Wald) has to lie within it.
    """
    ratings = _ratings(cohort)
    known = np.isfinite(ratings["sparcc"])
    right = [(ratings[name] == ratings["clinical"])[known] for name in ("vhi", "sparcc")]
    apart = right[0].astype(float) - right[1]
    far = WIDTH * np.sqrt(apart.var() / known.sum())
    return bool(np.abs([apart.mean() - far, apart.mean() + far]).max() <= AGREEMENT_MARGIN)


def similar_response_means(cohort: pd.DataFrame) -> bool:
    """Whether standardised response means of the same patients are similar."""
    means = by_visit(cohort, np.stack(_scans(cohort, complete=False), axis=1))
    known = means[np.isfinite(means).all(axis=(1, 2))]  # patients, visits, measures
    srm = [standardised_response_mean(*known[:, :, index].T).srm for index in (0, 1)]
    return abs(srm[0] - srm[1]) <= SRM_MARGIN


def neither_close_to_clinic(cohort: pd.DataFrame) -> bool:
    """Whether κ with clinical response is below 0.4 for VHI and for SPARCC."""
    tables = [_responders(cohort, name, "clinical") for name in ("vhi", "sparcc")]
    return all(table.kappa.value < MODERATE_KAPPA for table in tables)


def related_changes(cohort: pd.DataFrame) -> bool:
    """Whether the slope of VHI changes on SPARCC changes is above 0, P < 0.05."""
    return _related(*_changed(cohort))


def related_without_any_one(cohort: pd.DataFrame) -> bool:
    """Whether the slope is above 0, P < 0.05, whichever one patient is left out."""
    vhi, sparcc = _changed(cohort)
    return all(_related(np.delete(vhi, i), np.delete(sparcc, i)) for i in range(vhi.size))


def related_by_rank(cohort: pd.DataFrame) -> bool:
    """Whether Spearman's correlation of the changes is above 0, P < 0.05."""
    found = stats.spearmanr(*_changed(cohort))
    return bool(found.statistic > 0 and found.pvalue < 0.05)


def _same(values: Floats) -> Floats:
    return values


def _relative_width(
    cohort: pd.DataFrame, measure: str, scale: Callable[[Floats], Floats] = _same
) -> float:
    first, second = map(scale, both_readings(cohort, measure))
    found = limits_of_agreement(first, second, interval="approximate")
    return (found.upper - found.lower) / float(np.ptp((first + second) / 2))


def _icc(cohort: pd.DataFrame, measure: str, scale: Callable[[Floats], Floats] = _same) -> float:
    values = scale(np.stack(both_readings(cohort, measure), axis=1))
    return _icc_of(tuple(map(tuple, values.tolist())))


@lru_cache(maxsize=8)  # three questions ask for the same four coefficients of a cohort
def _icc_of(values: tuple[tuple[float, float], ...]) -> float:
    """Return ICC(2,1)."""
    return intraclass_correlations(values)[1].value


def _detectable(
    cohort: pd.DataFrame, measure: str, scale: Callable[[Floats], Floats] = _same
) -> float:
    values = scale(cohort[[f"{measure}_R1", f"{measure}_R2"]].to_numpy(float))
    read = values[np.isfinite(values).all(axis=1)]
    spread = float(np.nanstd(change(cohort, values.mean(axis=1)), ddof=1))
    return measurement_error(*read.T).sdc / spread


def _scans(cohort: pd.DataFrame, *, complete: bool = True) -> tuple[Floats, Floats]:
    """Return VHI and SPARCC of scans, means of readers, by default of those that have both."""
    vhi, sparcc = (
        cohort[[f"{measure}_R1", f"{measure}_R2"]].to_numpy(float).mean(axis=1)
        for measure in (VHI, SPARCC)
    )
    known = np.isfinite(sparcc) | (not complete)
    return vhi[known], sparcc[known]


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


def _ratings(cohort: pd.DataFrame) -> dict[str, Floats]:
    vhi, sparcc = changes_of_both(cohort)
    clinical = clinical_responders(cohort)
    by_sparcc = np.where(np.isfinite(sparcc), sparcc < 0, np.nan)
    return {"clinical": clinical.astype(float), "vhi": (vhi < 0) * 1.0, "sparcc": by_sparcc}


def _responders(cohort: pd.DataFrame, first: str, second: str) -> ResponderTable:
    ratings = _ratings(cohort)
    return responder_table(ratings[first], ratings[second])


def _changed(cohort: pd.DataFrame) -> tuple[Floats, Floats]:
    vhi, sparcc = changes_of_both(cohort)
    known = np.isfinite(sparcc)
    return vhi[known], sparcc[known]


def _related(vhi: Floats, sparcc: Floats) -> bool:
    line = least_squares(sparcc, vhi)
    return line.slope > 0 and line.slope_p < 0.05
