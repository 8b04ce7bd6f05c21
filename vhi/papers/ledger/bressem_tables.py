"""Checks of the tables of Bressem et al. 2022: patients, exclusions and confusion matrices."""

from __future__ import annotations

import numpy as np

from vhi.papers.ledger.check import Check, Sources, consistent, from_counts
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
MEASURES = ("accuracy", "sensitivity", "specificity")


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
        return consistent(lambda s: s[key] - sign * (left(s) - s[included]))

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


CHECKS: dict[str, Check] = {
    "patients": total(*(f"n-{cohort}" for cohort in COHORTS)),
    "key-patients": total(*(f"n-{cohort}" for cohort in COHORTS)),
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
            *(f"table-{what}-{cohort}" for what in CHARACTERISTICS for cohort in COHORTS),
        )
    },
    "training-inflammatory-count": _counts_of("table-inflammatory", TRAINING),
    "training-asas-count": _counts_of("table-asas-definition", TRAINING),
    "training-structural-count": _counts_of("table-structural", TRAINING),
    "no-majority-count": _counts_of("no-majority", TRAINING),
    **{key: check for change in CHANGES for key, check in _confusion_matrix(change).items()},
}
"""The tables, the counts of patients in the text, and Figure 4."""
