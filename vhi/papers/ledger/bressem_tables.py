"""Checks of the tables of Bressem et al. 2022: patients, exclusions and confusion matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vhi.papers.ledger.counts import computed, counted, percentage
from vhi.papers.ledger.rules import Check, remainder, same, total

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

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


def _added_counts(keys: list[str]) -> Check:
    return computed(lambda material: sum(counted(material, key)[0] for key in keys))


def _table_count(characteristic: str, cohorts: tuple[str, ...]) -> Check:
    return _added_counts([f"bressem-table-{characteristic}-{cohort}" for cohort in cohorts])


def _pooled_age(cohorts: tuple[str, ...], *, sd: bool) -> Check:
    """Make the check of mean or standard deviation of age, pooled from cohorts' rounded ones."""

    def pooled(material: Material) -> float:
        n, mean, spread = (
            np.array([material.value(f"bressem-{what}-{cohort}") for cohort in cohorts])
            for what in ("n", "table-age-mean", "table-age-sd")
        )
        overall = n @ mean / n.sum()
        squares = (n - 1) @ spread**2 + n @ (mean - overall) ** 2
        return float(np.sqrt(squares / (n.sum() - 1)) if sd else overall)

    return computed(pooled, how="consistent")


def _flow(included: str, groups: tuple[str, ...], excluded: tuple[str, ...]) -> dict[str, Check]:
    """Make the checks of a chart of exclusions: what was included, and each term from the rest."""
    here, out = ([f"bressem-{name}" for name in names] for names in (groups, excluded))
    end = f"bressem-{included}"

    def left(material: Material) -> float:
        return sum(map(material.value, here)) - sum(map(material.value, out))

    def missing(key: str, sign: int) -> Check:
        return computed(
            lambda material: material.value(key) - sign * (left(material) - material.value(end)),
            how="consistent",
        )

    signs = dict.fromkeys(here, 1) | dict.fromkeys(out, -1)
    return {end: computed(left)} | {key: missing(key, sign) for key, sign in signs.items()}


def _confusion_matrix(change: str) -> dict[str, Check]:
    """Make the checks of one matrix of Figure 4: cells, sums and shares."""
    at = f"bressem-figure-{change}-"
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
    "bressem-patients": total(*(f"bressem-n-{cohort}" for cohort in COHORTS)),
    "bressem-key-patients": total(*(f"bressem-n-{cohort}" for cohort in COHORTS)),
    "bressem-gespic": total(*(f"bressem-n-{cohort}" for cohort in GESPIC)),
    "bressem-n-optiref": remainder("bressem-training", "bressem-gespic"),
    "bressem-n-asas": same("bressem-test"),
    **{
        f"bressem-n-{cohort}": remainder(
            "bressem-gespic", *(f"bressem-n-{other}" for other in GESPIC if other != cohort)
        )
        for cohort in GESPIC
    },
    "bressem-age-mean": _pooled_age(COHORTS, sd=False),
    "bressem-age-sd": _pooled_age(COHORTS, sd=True),
    "bressem-gespic-age-mean": _pooled_age(GESPIC, sd=False),
    "bressem-gespic-age-sd": _pooled_age(GESPIC, sd=True),
    "bressem-women": _table_count("women", COHORTS),
    "bressem-gespic-men": _table_count("men", GESPIC),
    "bressem-optiref-women": _table_count("women", ("optiref",)),
    "bressem-asas-women": _table_count("women", ("asas",)),
    "bressem-validation-share": percentage("bressem-validation-share"),
    **_flow(
        "training",
        ("gespic-before", "optiref-before"),
        ("training-no-sequences", "training-labels"),
    ),
    **_flow("test", ("asas-before",), ("test-no-sequences", "test-labels")),
    **{
        key: percentage(key)
        for key in (
            *(f"bressem-{of}-{change}" for of in ("training", "test") for change in CHANGES),
            *(f"bressem-abstract-{of}-{c}" for of in ("training", "test") for c in CHANGES[::2]),
            *(f"bressem-abstract-{c}-{measure}" for c in CHANGES[::2] for measure in MEASURES[1:]),
            *(f"bressem-no-majority-{where}" for where in ("training", *TRAINING)),
            *(f"bressem-table-{what}-{cohort}" for what in CHARACTERISTICS for cohort in COHORTS),
        )
    },
    "bressem-training-inflammatory-count": _table_count("inflammatory", TRAINING),
    "bressem-training-asas-count": _table_count("asas-definition", TRAINING),
    "bressem-training-structural-count": _table_count("structural", TRAINING),
    "bressem-no-majority-count": _added_counts([f"bressem-no-majority-{c}" for c in TRAINING]),
    **{key: check for change in CHANGES for key, check in _confusion_matrix(change).items()},
}
"""Of the tables, the text that counts patients, and Figure 4."""
