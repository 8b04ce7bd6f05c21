"""Checks of Li et al. 2024: sets of patients, shares, the Dice that precision and recall allow.

Tables 4 and 5 are in `vhi.papers.ledger.li_readers`.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2_contingency

from vhi.papers.ledger.answers import Among, Answer, Within
from vhi.papers.ledger.check import Check, Reading, Sources, bound, consistent, from_counts
from vhi.papers.ledger.li_counts import READERS, UNAIDED
from vhi.papers.ledger.rules import extremes, percentage, remainder, same, same_value, total

OTHER_MODELS = ("2d", "3d", "resunet", "unetr", "attention")
MODELS = ("ours", *OTHER_MODELS)
SETS = ("all", "training", "test")
LOW_CASES = {"text-dsc-axspa": "text-dsc-non", "text-dsc-non": "text-dsc-axspa"}
CUT = 80.0  # the text tells of "only 2 cases where the DSC was below 80.00%"
WITH_DICE = (
    *(f"table2-{model}-{of}" for model in MODELS for of in ("internal", "external")),
    *(f"table3-{reader}" for reader in READERS),
)


def dice_ceiling(precision: float, recall: float) -> float:
    r"""Return the highest mean Dice that a mean precision and a mean recall allow, in their unit.

    A case's Dice is the harmonic mean of its precision and recall. The harmonic mean is concave,
    so that the mean over cases cannot exceed that of the means (Jensen's inequality),

    .. math:: \frac{2\,\bar p\,\bar r}{\bar p + \bar r}
    """
    return 2 * precision * recall / (precision + recall)


def _dice(row: str) -> Check:
    """Check that a mean Dice does not exceed what mean precision and recall allow."""

    def compute(s: Sources) -> Within:
        precision, recall = (
            s[part] + s.last_digit(part) / 2 for part in (f"{row}-precision", f"{row}-recall")
        )
        return Within(((0, dice_ceiling(precision, recall)),))

    return bound(compute)


def _median_of_all(name: str) -> Check:
    """Check that each quantile of all patients lies between those of the two sets."""

    def compute(s: Sources) -> Within:
        sets = np.array([s.numbers(f"table1-{name}-{of}") for of in SETS[1:]])
        return Within(tuple(zip(sets.min(axis=0), sets.max(axis=0), strict=True)))

    return bound(compute)


def _low_case(key: str) -> Check:
    """Check one of the two cases below 80 %: the mean and spread of all must allow it.

    Given the mean and standard deviation of all n cases and the other low case, the rest have at
    least no spread, which limits how far this one can lie from the mean.
    """

    def compute(s: Sources) -> Within:
        mean, sd, n = s["table3-model-dsc"], s["table3-model-dsc-sd"], s.n(key)
        # With the rest all equal, their deviation r from the mean follows from the two cases':
        # x + y + (n - 2) r = 0 and x² + y² + (n - 2) r² <= (n - 1) sd².
        y, rest = s[LOW_CASES[key]] - mean, n - 2
        room = (n - 1) * sd**2 - y**2 * (1 + 1 / rest)
        a, b = 1 + 1 / rest, 2 * y / rest
        return Within(((mean + (-b - np.sqrt(b**2 + 4 * a * room)) / (2 * a), CUT),))

    return bound(compute)


def _rest_to_hundred(*others: str) -> Reading:
    """Return the reading that a share is what the other shares leave of 100 %."""
    return Reading(
        "it is what the two shares beside it leave of 100 %",
        lambda s: 100 - sum(s[other] for other in others),
    )


def _without(left_out: str, of: str) -> Reading:
    """Return the reading that a range leaves out one of the named models."""
    keys = [f"table2-{model}-{of}-dsc" for model in OTHER_MODELS if model != left_out]

    def compute(s: Sources) -> Answer:
        # The sentence gives both ranges of the same models: it must hold for the other one too.
        other = "external" if of == "internal" else "internal"
        rest = [s[f"table2-{model}-{other}-dsc"] for model in OTHER_MODELS if model != left_out]
        if (min(rest), max(rest)) != (s.low(f"text-{other}-range"), s.high(f"text-{other}-range")):
            return Among(())
        numbers = [s[key] for key in keys]
        return min(numbers), max(numbers)

    return Reading(f"{left_out} is left out of both ranges", compute)


def _chi_squared(*names: str) -> Check:
    """Check P of the chi-squared test, training against test set, of given rows."""

    def compute(s: Sources) -> float:
        table = [[s.counted(f"table1-{name}-{of}")[0] for of in SETS[1:]] for name in names]
        return float(chi2_contingency(table, correction=False)[1])

    return from_counts(compute)


def _marks() -> dict[str, Check]:
    """Check the text's P of the other models by the marks of Table 2."""
    marked = [f"table2-p-{model}-{of}" for model in OTHER_MODELS for of in ("internal", "external")]
    named = [key for key in marked if "-3d-" not in key]
    return {
        "text-p-classification": consistent(
            lambda s: min(
                s[f"p-{reader}-{name}"]
                for reader in UNAIDED
                for name in ("accuracy", "sensitivity", "specificity")
            )
        ),
        "text-p-others": consistent(lambda s: max(s[key] for key in named)),
        "text-p-3d": consistent(lambda s: s["table2-p-3d-external"]).or_if(
            Reading(
                "the exception is meant for the internal cross-validation only",
                lambda s: s["table2-p-3d-internal"],
            )
        ),
    }


REPEATS = {
    **{
        f"text-{of}-{name}": f"table2-ours-{of}-{name}"
        for of in ("internal", "external")
        for name in ("dsc", "dsc-sd")
    },
    **{f"discussion-{of}-dsc": f"table2-ours-{of}-dsc" for of in ("internal", "external")},
    **{
        f"abstract-{of}-{name}": f"table2-ours-{of}-{name}"
        for of in ("internal", "external")
        for name in ("dsc", "dsc-sd")
    },
    **{f"abstract-dsc-{reader}": f"table3-{reader}-dsc" for reader in READERS},
    **{f"text-dsc-{reader}": f"table3-{reader}-dsc" for reader in ("model", *READERS)},
    "table3-model-dsc": "table2-ours-external-dsc",
    "table3-model-dsc-sd": "table2-ours-external-dsc-sd",
    "table3-model-precision": "table2-ours-external-precision",
    "table3-model-recall": "table2-ours-external-recall",
    **{f"text-p-dsc-{reader}": f"table3-p-{reader}" for reader in READERS},
    "abstract-p-resident": "table3-p-resident-assisted",
    "abstract-p-expert": "table3-p-expert-assisted",
    "n-segmentation-training": "table1-n-training",
    "n-segmentation-test": "table1-n-test",
    "table1-n-training": "n-segmentation-training",
    "table1-n-test": "n-segmentation-test",
    **{
        f"abstract-{of}-auc{end}": f"{of}-auc{end}"
        for of, end in (("internal", ""), ("internal", "-interval"), ("external", ""))
    },
    **{
        f"text-{of}-auc{end}": f"{of}-auc{end}"
        for of in ("internal", "external")
        for end in ("", "-interval")
    },
    **{
        f"text-{of}-{name}": f"{of}-{name}"
        for of in ("internal", "external")
        for name in ("accuracy", "sensitivity", "specificity")
    },
    **{
        f"text-{reader}-{name}": f"{reader}-{name}"
        for reader in READERS
        for name in ("accuracy", "sensitivity", "specificity")
    },
}
"""Numbers that stand in two places, and where else."""


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
    **{key: same(other) for key, other in REPEATS.items()},
    **{
        f"text-precision-{reader}-assisted": same_value(f"table3-{reader}-assisted-precision")
        for reader in UNAIDED
    },
    **_marks(),
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
    "text-p-crp": same("table1-p-crp").or_if(
        Reading("the test is one-sided", lambda s: s["table1-p-crp"] / 2),
    ),
    "table1-b27-training": percentage("table1-b27-training").or_if(
        _rest_to_hundred("table1-b27-negative-training", "table1-b27-missing-training"),
    ),
    "table1-b27-missing-all": percentage("table1-b27-missing-all").or_if(
        _rest_to_hundred("table1-b27-all", "table1-b27-negative-all"),
    ),
    **{f"{row}-dsc": _dice(row) for row in WITH_DICE},
    "text-internal-range": extremes(f"table2-{model}-internal-dsc" for model in OTHER_MODELS).or_if(
        *(_without(model, "internal") for model in OTHER_MODELS)
    ),
    "text-external-range": extremes(f"table2-{model}-external-dsc" for model in OTHER_MODELS),
    "discussion-range": extremes(f"table2-{model}-external-dsc" for model in MODELS),
    **{key: _low_case(key) for key in LOW_CASES},
}
