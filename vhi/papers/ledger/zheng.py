"""Checks of Zheng et al. 2023: shares of 195 patients, and averages over five folds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vhi.papers.ledger.counts import average, computed, extremes, percentage
from vhi.papers.ledger.rules import Check, nearest, remainder, same, total

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

PARTS = ("femur", "lesion")
FOLDS = {part: [f"zheng-table3-fold{fold}-{part}" for fold in range(1, 6)] for part in PARTS}
MODELS = {
    part: [f"zheng-table2-{model}-{part}" for model in ("unet", "unetpp", "hrnet", "attention")]
    for part in PARTS
}
DRUGS = ("dmards", "adalimumab", "infliximab", "etanercept")
LEAST_SLICES, MOST_SLICES = 5, 15  # section "HIMRISS scores and clinical manifestation evaluation"


def _best(keys: list[str]) -> Check:
    return computed(lambda material: max(map(material.value, keys)))


def _share_of_patients(key: str) -> Check:
    """Make the check of a percentage without its count: the nearest one that a count gives."""

    def share(material: Material) -> float:
        n = material.n(key)
        return nearest((100 * count / n for count in range(n + 1)), material.value(key))

    return computed(share, how="consistent")


def _clipped(key: str, limits: Callable[[Material], tuple[float, float]]) -> Check:
    """Make the check that a number lies within limits: itself, or the limit that it passes."""
    return computed(
        lambda material: float(np.clip(material.value(key), *limits(material))), how="consistent"
    )


def _slices(material: Material) -> tuple[float, float]:
    patients = material.value("zheng-patients")
    return LEAST_SLICES * patients, MOST_SLICES * patients


def _himriss(material: Material) -> tuple[float, float]:
    """Sum of the mean scores of bone marrow lesions and synovitis, as near as rounding allows."""
    parts = ("zheng-bml-mean", "zheng-synovitis-mean")
    middle, room = sum(map(material.value, parts)), sum(map(material.last_digit, parts)) / 2
    return middle - room, middle + room


def _himriss_spread(material: Material) -> tuple[float, float]:
    """Standard deviations that a sum of two scores can have: correlated by −1 to by 1."""
    one, other = (material.value(f"zheng-{part}-sd") for part in ("bml", "synovitis"))
    return abs(one - other), one + other


CHECKS: dict[str, Check] = {
    "zheng-patients": total("zheng-bilateral", "zheng-unilateral"),
    "zheng-bilateral": remainder("zheng-patients", "zheng-unilateral"),
    "zheng-unilateral": remainder("zheng-patients", "zheng-bilateral"),
    "zheng-hips": computed(lambda material: 2 * material.value("zheng-patients")),
    "zheng-slices": _clipped("zheng-slices", _slices),
    "zheng-himriss-mean": _clipped("zheng-himriss-mean", _himriss),
    "zheng-himriss-sd": _clipped("zheng-himriss-sd", _himriss_spread),
    **{key: _share_of_patients(key) for key in ("zheng-male", "zheng-text-male", "zheng-b27")},
    **{f"zheng-{drug}": percentage(f"zheng-{drug}") for drug in DRUGS},
    **{
        f"zheng-{drug}-count": remainder(
            "zheng-patients", *(f"zheng-{other}-count" for other in DRUGS if other != drug)
        )
        for drug in DRUGS
    },
    **{f"zheng-abstract-{part}": average(FOLDS[part]) for part in PARTS},
    **{f"zheng-abstract-{part}-best": _best(MODELS[part]) for part in PARTS},
    **{f"zheng-text-{part}": _best(MODELS[part]) for part in PARTS},
    **{f"zheng-table2-unet-{part}": same(FOLDS[part][0]) for part in PARTS},
    **{f"zheng-table3-average-{part}": average(FOLDS[part]) for part in PARTS},
    **{f"zheng-text-{part}-range": extremes(FOLDS[part]) for part in PARTS},
}
"""One function for each row that something can be said of."""
