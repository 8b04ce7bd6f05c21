"""Checks of Li et al. 2024: sets of patients, shares, what precision and recall allow for Dice.

Tables 4 and 5 are in `vhi.papers.ledger.li_readers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2_contingency

from vhi.papers.ledger import li_readers
from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.counts import computed, counted, dice_ceiling, extremes, percentage
from vhi.papers.ledger.rules import Check, remainder, same, total

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

OTHER_MODELS = ("2d", "3d", "resunet", "unetr", "attention")
MODELS = ("ours", *OTHER_MODELS)
SETS = ("all", "training", "test")
LOW_CASES = {"li-text-dsc-axspa": "li-text-dsc-non", "li-text-dsc-non": "li-text-dsc-axspa"}
CUT = 80.0  # the text tells of "only 2 cases where the DSC was below 80.00%"
WITH_DICE = (
    *(f"li-table2-{model}-{of}" for model in MODELS for of in ("internal", "external")),
    *(f"li-table3-{who}" for who in ("model", *li_readers.WHO)),
)


def _dice(row: str, key: str) -> Check:
    """Make the check that a mean Dice does not exceed what mean precision and recall allow."""

    def allowed(material: Material) -> float:
        precision, recall = (
            material.value(part) + material.last_digit(part) / 2
            for part in (f"{row}-precision", f"{row}-recall")
        )
        return min(material.value(key), dice_ceiling(precision, recall))

    return computed(allowed, how="consistent")


def _median_of_all(name: str) -> Check:
    """Make the check that each quantile of all patients lies between those of the two sets."""
    keys = [f"li-table1-{name}-{of}" for of in SETS]

    def check(material: Material) -> Found:
        quantiles = [(material.low(key), material.value(key), material.high(key)) for key in keys]
        low, median, high = (
            float(np.clip(a, min(b, c), max(b, c))) for a, b, c in zip(*quantiles, strict=True)
        )
        return Found(median, low, high, how="consistent")

    return check


def _low_case(key: str) -> Check:
    """Make the check of one of the two cases below 80 %: the mean and spread of all must allow it.

    Given the mean and standard deviation of all n cases and the other low case, the rest have at
    least no spread, which limits how far this one can lie from the mean.
    """

    def allowed(material: Material) -> float:
        mean, sd = (material.value(f"li-table3-model-{name}") for name in ("dsc", "dsc-sd"))
        n = material.n(key)
        other = material.value(LOW_CASES[key])
        # With the rest all equal, their deviation r from the mean follows from the two cases':
        # x + y + (n - 2) r = 0 and x² + y² + (n - 2) r² <= (n - 1) sd².
        y = other - mean
        rest = n - 2
        room = (n - 1) * sd**2 - y**2 * (1 + 1 / rest)
        a, b = 1 + 1 / rest, 2 * y / rest
        lowest = mean + (-b - np.sqrt(b**2 + 4 * a * room)) / (2 * a)
        return float(np.clip(material.value(key), lowest, CUT))

    return computed(allowed, how="consistent")


def _chi_squared(names: tuple[str, ...]) -> Check:
    """Make the check of P of the chi-squared test, training against test set, of given rows."""

    def p(material: Material) -> float:
        table = [
            [counted(material, f"li-table1-{name}-{of}")[0] for of in SETS[1:]] for name in names
        ]
        return float(chi2_contingency(table, correction=False)[1])

    return computed(p)


def _p_of_table3(who: str) -> Check:
    """Make the check of a bound of P from Table 3's P, itself printed as a number or a bound."""
    return computed(
        lambda material: float(material.printed[f"li-table3-p-{who}"].value.lstrip("<>")),
        how="consistent",
    )


CHECKS: dict[str, Check] = {
    "li-patients": total("li-center1", "li-center2"),
    "li-center1": total("li-center1-axspa", "li-center1-non"),
    "li-center2": total("li-center2-axspa", "li-center2-non"),
    **{
        f"li-{center}-{one}": remainder(f"li-{center}", f"li-{center}-{other}")
        for center in ("center1", "center2")
        for one, other in (("axspa", "non"), ("non", "axspa"))
    },
    "li-n-training": remainder("li-center1", "li-n-validation", "li-n-internal"),
    "li-n-validation": remainder("li-center1", "li-n-training", "li-n-internal"),
    "li-n-internal": remainder("li-center1", "li-n-training", "li-n-validation"),
    "li-n-segmentation-training": same("li-table1-n-training"),
    "li-n-segmentation-test": same("li-table1-n-test"),
    "li-table1-n-all": total("li-table1-n-training", "li-table1-n-test"),
    "li-male": percentage("li-male"),
    **{
        key: percentage(key)
        for name in ("male", "female", "b27", "b27-negative", "b27-missing")
        for key in (f"li-table1-{name}-{of}" for of in SETS)
    },
    **{f"li-table1-{name}-all": _median_of_all(name) for name in ("age", "duration", "esr", "crp")},
    "li-table1-p-sex": _chi_squared(("male", "female")),
    "li-table1-p-b27": _chi_squared(("b27", "b27-negative")),
    "li-text-p-crp": same("li-table1-p-crp"),
    **{f"{row}-dsc": _dice(row, f"{row}-dsc") for row in WITH_DICE},
    "li-abstract-internal-dsc": _dice("li-table2-ours-internal", "li-abstract-internal-dsc"),
    "li-abstract-external-dsc": _dice("li-table2-ours-external", "li-abstract-external-dsc"),
    **{
        f"li-abstract-dsc-{who}": _dice(f"li-table3-{who}", f"li-abstract-dsc-{who}")
        for who in li_readers.WHO
    },
    "li-abstract-p-resident": _p_of_table3("resident-assisted"),
    "li-abstract-p-expert": _p_of_table3("expert-assisted"),
    "li-text-internal-range": extremes(f"li-table2-{m}-internal-dsc" for m in OTHER_MODELS),
    "li-text-external-range": extremes(f"li-table2-{m}-external-dsc" for m in OTHER_MODELS),
    "li-discussion-range": extremes(f"li-table2-{model}-external-dsc" for model in MODELS),
    **{key: _low_case(key) for key in LOW_CASES},
    **li_readers.CHECKS,
}
"""One function for each row that something can be said of."""
