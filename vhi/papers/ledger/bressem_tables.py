"""Checks of the tables of Bressem et al. 2022: patients, exclusions and confusion matrices."""

from __future__ import annotations

import numpy as np

from vhi.papers.ledger.answers import Answer, among
from vhi.papers.ledger.check import Check, Reading, Sources, consistent, from_counts
from vhi.papers.ledger.rules import percentage, remainder, same, total

CHANGES = ("inflammatory", "asas", "structural")
GESPIC = ("gespic-as", "gespic-crohn", "gespic-uveitis")
TRAINING = (*GESPIC, "optiref")
COHORTS = (*TRAINING, "asas")
CHARACTERISTICS = (
    *("men", "women", "back-pain", "inflammatory-back-pain", "peripheral-arthritis", "enthesitis"),
    *("dactylitis", "bowel-disease", "uveitis", "psoriasis", "family-history", "b27", "diagnosed"),
    *("inflammatory", "asas-definition", "structural"),
)
SUMS = {
    "inflammatory": "training-inflammatory-count",
    "asas-definition": "training-asas-count",
    "structural": "training-structural-count",
}
"""The text's sums of the counts of the training cohorts."""
MEASURES = ("accuracy", "sensitivity", "specificity")
SHARES = MEASURES[1:]
"""Measures that are shares of one class of patients."""


def _counts_of(start: str, cohorts: tuple[str, ...]) -> Check:
    """Check a count by the counts in the words of several cohorts' rows."""
    return from_counts(lambda s: sum(s.counted(f"{start}-{cohort}")[0] for cohort in cohorts))


def _pooled_age(cohorts: tuple[str, ...], *, sd: bool) -> Check:
    """Check mean or standard deviation of age, pooled from the cohorts' rounded ones."""

    def compute(s: Sources) -> float:
        n, mean, spread = (
            np.array([s[f"{name}-{cohort}"] for cohort in cohorts])
            for name in ("n", "table-age-mean", "table-age-sd")
        )
        overall = n @ mean / n.sum()
        squares = (n - 1) @ spread**2 + n @ (mean - overall) ** 2
        return float(np.sqrt(squares / (n.sum() - 1)) if sd else overall)

    return consistent(compute)


def _flow(included: str, groups: tuple[str, ...], excluded: tuple[str, ...]) -> dict[str, Check]:
    """Check a chart of exclusions: the patients included, and each term by the others."""

    def left(s: Sources) -> float:
        return sum(s[key] for key in groups) - sum(s[key] for key in excluded)

    def term(key: str, sign: int) -> Check:
        def others(s: Sources) -> float:
            rest = sum(s[group] for group in groups if group != key)
            rest -= sum(s[group] for group in excluded if group != key)
            return sign * (s[included] - rest)

        return consistent(others)

    signs = dict.fromkeys(groups, 1) | dict.fromkeys(excluded, -1)
    return {included: from_counts(left)} | {key: term(key, sign) for key, sign in signs.items()}


def _confusion_matrix(change: str) -> dict[str, Check]:
    """Check one matrix of Figure 4: cells, sums and shares."""
    at = f"figure-{change}-"
    cells = {
        "tn": ("negative", "fp"),
        "fp": ("called-positive", "tp"),
        "fn": ("called-negative", "tn"),
        "tp": ("positive", "fn"),
    }
    sums = {
        "negative": ("tn", "fp"),
        "positive": ("fn", "tp"),
        "called-negative": ("tn", "fn"),
        "called-positive": ("fp", "tp"),
    }
    checks = {at + cell: remainder(at + whole, at + part) for cell, (whole, part) in cells.items()}
    checks |= {at + name: total(at + first, at + second) for name, (first, second) in sums.items()}
    return checks | {at + measure: percentage(at + measure) for measure in MEASURES}


OTHER_PERCENTAGES = (
    "table-inflammatory-gespic-as",
    "table-asas-definition-gespic-uveitis",
    "table-asas-definition-optiref",
)
"""Percentages of the table that their counts do not give."""


def _characteristic(what: str, cohort: str) -> Check:
    """Check a percentage of the table; where it does not hold, by other counts and totals.

    The cohorts' counts must add up to the printed sum, and their totals to all patients, so that
    neither can be another number while the others are as printed.
    """
    key, others = f"table-{what}-{cohort}", [other for other in TRAINING if other != cohort]

    def other_count(s: Sources) -> float:
        n = s.counted(key)[1]
        left = s[SUMS[what]] - sum(s.counted(f"table-{what}-{other}")[0] for other in others)
        return 100 * left / n

    def other_total(s: Sources) -> float:
        left = s["training"] - sum(s.counted(f"table-{what}-{other}")[1] for other in others)
        return 100 * s.counted(key)[0] / left

    def of_another_cohort(s: Sources) -> Answer:
        count = s.counted(key)[0]
        totals = [s[f"n-{other}"] for other in COHORTS]
        return among([100 * count / total for total in totals if total >= count])

    if key not in OTHER_PERCENTAGES:
        return percentage(key)
    return percentage(key).or_if(
        Reading("the count is what the other cohorts leave of the sum", other_count),
        Reading("the total is what the other cohorts leave of all patients", other_total),
        Reading("it is a share of another cohort", of_another_cohort),
    )


CHECKS: dict[str, Check] = {
    **{f"raters-{of}": same(f"raters-{of}-methods") for of in ("training", "test")},
    **{f"raters-{of}-methods": same(f"raters-{of}") for of in ("training", "test")},
    **{
        f"{cohort}-age-{part}": same(f"table-age-{part}-{cohort}")
        for cohort in ("optiref", "asas")
        for part in ("mean", "sd")
    },
    "patients": total(*(f"n-{cohort}" for cohort in COHORTS)),
    "key-patients": same("patients"),
    "gespic": total(*(f"n-{cohort}" for cohort in GESPIC)),
    "n-optiref": remainder("training", "gespic"),
    "n-asas": same("test"),
    **{
        f"n-{cohort}": remainder("gespic", *(f"n-{other}" for other in GESPIC if other != cohort))
        for cohort in GESPIC
    },
    "age-mean": _pooled_age(COHORTS, sd=False),
    "age-sd": _pooled_age(COHORTS, sd=True),
    "gespic-age-mean": _pooled_age(GESPIC, sd=False),
    "gespic-age-sd": _pooled_age(GESPIC, sd=True),
    "women": _counts_of("table-women", COHORTS),
    "gespic-men": _counts_of("table-men", GESPIC),
    "optiref-women": _counts_of("table-women", ("optiref",)),
    "asas-women": _counts_of("table-women", ("asas",)),
    "validation-share": percentage("validation-share"),
    **_flow(
        "training",
        ("gespic-before", "optiref-before"),
        ("training-no-sequences", "training-labels"),
    ),
    **_flow("test", ("asas-before",), ("test-no-sequences", "test-labels")),
    **{
        key: percentage(key)
        for key in (
            *(f"{of}-{change}" for of in ("training", "test") for change in CHANGES),
            *(f"abstract-{of}-{change}" for of in ("training", "test") for change in CHANGES[::2]),
            *(f"abstract-{change}-{m}" for change in CHANGES[::2] for m in MEASURES[1:]),
            *(f"no-majority-{where}" for where in ("training", *TRAINING)),
        )
    },
    **{
        f"table-{what}-{cohort}": _characteristic(what, cohort)
        for what in CHARACTERISTICS
        for cohort in COHORTS
    },
    "training-inflammatory-count": _counts_of("table-inflammatory", TRAINING),
    "training-asas-count": _counts_of("table-asas-definition", TRAINING),
    "training-structural-count": _counts_of("table-structural", TRAINING),
    "no-majority-count": _counts_of("no-majority", TRAINING),
    **{key: check for change in CHANGES for key, check in _confusion_matrix(change).items()},
}
"""The tables, the counts of patients in the text, and Figure 4."""
