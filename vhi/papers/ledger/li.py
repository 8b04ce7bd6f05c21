"""Checks of Li et al. 2024: sets of patients, shares, the Dice that precision and recall allow.

Tables 4 and 5 are in `vhi.papers.ledger.li_readers`.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2_contingency

from vhi.papers.ledger.check import Check, Sources, consistent, from_counts
from vhi.papers.ledger.li_readers import WHO
from vhi.papers.ledger.rules import extremes, percentage, remainder, same, total

OTHER_MODELS = ("2d", "3d", "resunet", "unetr", "attention")
MODELS = ("ours", *OTHER_MODELS)
SETS = ("all", "training", "test")
LOW_CASES = {"text-dsc-axspa": "text-dsc-non", "text-dsc-non": "text-dsc-axspa"}
CUT = 80.0  # the text tells of "only 2 cases where the DSC was below 80.00%"
WITH_DICE = (
    *(f"table2-{model}-{of}" for model in MODELS for of in ("internal", "external")),
    *(f"table3-{who}" for who in ("model", *WHO)),
)


def dice_ceiling(precision: float, recall: float) -> float:
    r"""Return the highest mean Dice that a mean precision and a mean recall allow, in their unit.

    A case's Dice is the harmonic mean of its precision and recall. The harmonic mean is concave,
    so that the mean over cases cannot exceed that of the means (Jensen's inequality),

    .. math:: \frac{2\,\bar p\,\bar r}{\bar p + \bar r}
    """
    return 2 * precision * recall / (precision + recall)


def _dice(row: str, key: str) -> Check:
    """Check that a mean Dice does not exceed what mean precision and recall allow."""

    def compute(s: Sources) -> float:
        precision, recall = (
            s[part] + s.last_digit(part) / 2 for part in (f"{row}-precision", f"{row}-recall")
        )
        return min(s[key], dice_ceiling(precision, recall))

    return consistent(compute)


def _median_of_all(name: str) -> Check:
    """Check that each quantile of all patients lies between those of the two sets."""

    def compute(s: Sources) -> tuple[float, ...]:
        keys = [f"table1-{name}-{of}" for of in SETS]
        pooled, *sets = np.array([(s[key], s.low(key), s.high(key)) for key in keys])
        return tuple(np.clip(pooled, np.minimum(*sets), np.maximum(*sets)))

    return consistent(compute)


def _low_case(key: str) -> Check:
    """Check one of the two cases below 80 %: the mean and spread of all must allow it.

    Given the mean and standard deviation of all n cases and the other low case, the rest have at
    least no spread, which limits how far this one can lie from the mean.
    """

    def compute(s: Sources) -> float:
        mean, sd, n = s["table3-model-dsc"], s["table3-model-dsc-sd"], s.n(key)
        # With the rest all equal, their deviation r from the mean follows from the two cases':
        # x + y + (n - 2) r = 0 and x² + y² + (n - 2) r² <= (n - 1) sd².
        y, rest = s[LOW_CASES[key]] - mean, n - 2
        room = (n - 1) * sd**2 - y**2 * (1 + 1 / rest)
        a, b = 1 + 1 / rest, 2 * y / rest
        lowest = mean + (-b - np.sqrt(b**2 + 4 * a * room)) / (2 * a)
        return float(np.clip(s[key], lowest, CUT))

    return consistent(compute)


def _chi_squared(*names: str) -> Check:
    """Check P of the chi-squared test, training against test set, of given rows."""

    def compute(s: Sources) -> float:
        table = [[s.counted(f"table1-{name}-{of}")[0] for of in SETS[1:]] for name in names]
        return float(chi2_contingency(table, correction=False)[1])

    return from_counts(compute)


CHECKS: dict[str, Check] = {
    "patients": total("center1", "center2"),
    **{center: total(f"{center}-axspa", f"{center}-non") for center in ("center1", "center2")},
    **{
        f"{center}-{one}": remainder(center, f"{center}-{other}")
        for center in ("center1", "center2")
        for one, other in (("axspa", "non"), ("non", "axspa"))
    },
    "n-training": remainder("center1", "n-validation", "n-internal"),
    "n-validation": remainder("center1", "n-training", "n-internal"),
    "n-internal": remainder("center1", "n-training", "n-validation"),
    "n-segmentation-training": same("table1-n-training"),
    "n-segmentation-test": same("table1-n-test"),
    "table1-n-all": total("table1-n-training", "table1-n-test"),
    "male": percentage("male"),
    **{
        key: percentage(key)
        for name in ("male", "female", "b27", "b27-negative", "b27-missing")
        for key in (f"table1-{name}-{of}" for of in SETS)
    },
    **{f"table1-{name}-all": _median_of_all(name) for name in ("age", "duration", "esr", "crp")},
    "table1-p-sex": _chi_squared("male", "female"),
    "table1-p-b27": _chi_squared("b27", "b27-negative"),
    "text-p-crp": same("table1-p-crp"),
    **{f"{row}-dsc": _dice(row, f"{row}-dsc") for row in WITH_DICE},
    "abstract-internal-dsc": _dice("table2-ours-internal", "abstract-internal-dsc"),
    "abstract-external-dsc": _dice("table2-ours-external", "abstract-external-dsc"),
    **{f"abstract-dsc-{who}": _dice(f"table3-{who}", f"abstract-dsc-{who}") for who in WHO},
    "abstract-p-resident": same("table3-p-resident-assisted"),
    "abstract-p-expert": same("table3-p-expert-assisted"),
    "text-internal-range": extremes(f"table2-{model}-internal-dsc" for model in OTHER_MODELS),
    "text-external-range": extremes(f"table2-{model}-external-dsc" for model in OTHER_MODELS),
    "discussion-range": extremes(f"table2-{model}-external-dsc" for model in MODELS),
    **{key: _low_case(key) for key in LOW_CASES},
}
