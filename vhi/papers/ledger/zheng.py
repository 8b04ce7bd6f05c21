"""Checks of Zheng et al. 2023: shares of 195 patients, and averages over five folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from vhi.papers.ledger.answers import Answer, Within, among
from vhi.papers.ledger.check import Check, Reading, Sources, bound, consistent, from_counts
from vhi.papers.ledger.rules import (
    average,
    extremes,
    largest,
    percentage,
    remainder,
    same,
    total,
)

PARTS = ("femur", "lesion")
FOLDS = {part: [f"table3-fold{fold}-{part}" for fold in range(1, 6)] for part in PARTS}
MODELS = {
    part: [f"table2-{model}-{part}" for model in ("unet", "unetpp", "hrnet", "attention")]
    for part in PARTS
}
DRUGS = ("dmards", "adalimumab", "infliximab", "etanercept")
FEWEST, MOST = 5, 15
"""Slices of a patient: section "HIMRISS scores and clinical manifestation evaluation"."""


TOTALS: dict[str, Callable[[Sources], float]] = {
    "hips involved": lambda s: s["bilateral"] + s["patients"],
    "patients with both hips involved": lambda s: s["bilateral"],
    "patients with one hip involved": lambda s: s["unilateral"],
    "training patients of a fold": lambda s: 0.8 * s["patients"],
    "test patients of a fold": lambda s: 0.2 * s["patients"],
}
"""Of what a percentage may be, if not of all patients. Totals that the paper does not print are no
reading: some total gives any percentage."""


def _shares(s: Sources, total: Callable[[Sources], float]) -> Answer:
    n = total(s)
    return among(100 * np.arange(int(n) + 1) / n)


_share_of_patients = partial(_shares, total=lambda s: s["patients"])
_male = consistent(_share_of_patients).or_if(
    *(
        Reading(f"it is a share of the {whole}", partial(_shares, total=total))
        for whole, total in TOTALS.items()
    )
)
"""A percentage of patients without its count."""


def _weighted(part: str) -> Callable[[Sources], Within]:
    """Return the limits of a fold average weighted by slices, of which patients have 5 to 15."""

    def compute(s: Sources) -> Within:
        dice = np.sort([s[key] for key in FOLDS[part]])
        share = s["patients"] / len(dice) / s["slices"]
        return Within(((_extreme(dice, share), _extreme(dice[::-1], share)),))

    return compute


def _extreme(dice: np.ndarray, share: float) -> float:
    """Return the mean with the most weight on the first folds that their slices allow."""
    weights = np.full(len(dice), FEWEST * share)
    for fold in range(len(dice)):
        weights[fold] += min((MOST - FEWEST) * share, 1 - weights.sum())
    return float(weights @ dice)


def _averages(part: str, sentence: tuple[str, ...] = ()) -> tuple[Reading, ...]:
    """Return readings of an average of folds.

    `sentence` are rows beside it: weights must give those too, by the same reading.
    """

    def weighted(s: Sources) -> Answer:
        for key in sentence:
            ends = _weighted(key.split("-")[-1])(s).limits[0]
            if not ends[0] - 0.005 <= s[key] <= ends[1] + 0.005:
                return among([])
        return _weighted(part)(s)

    return (
        Reading(
            "it is the median of the folds",
            lambda s: float(np.median([s[key] for key in FOLDS[part]])),
        ),
        Reading("it is weighted by the folds' slices", weighted),
        Reading("it is the average that Table 3 prints", lambda s: s[f"table3-average-{part}"]),
    )


def _highest(part: str) -> Check:
    """Check that U-Net's Dice is the highest of the four networks of Table 2."""

    def average_of_folds(s: Sources) -> Answer:
        mean = float(np.mean([s[key] for key in FOLDS[part]]))
        others = [s[key] for key in MODELS[part][1:]]
        return mean if mean > max(others) else max(others)

    return replace(largest(MODELS[part]), equation=f"the best network, {part}").or_if(
        Reading("the average of U-Net's folds is compared", average_of_folds)
    )


def _best_average(part: str) -> Check:
    """Check "best average": of a part alone or, as another reading, of both parts together."""

    def of_both(s: Sources) -> Answer:
        means = [np.mean([s[MODELS[name][model]] for name in PARTS]) for model in range(4)]
        return s[MODELS[part][int(np.argmax(means))]]

    return replace(largest(MODELS[part]), equation=f"the best network, {part}").or_if(
        Reading("the best average is that of both Dice together", of_both)
    )


@consistent
def _himriss(s: Sources) -> Within:
    """Sum of the mean scores of bone marrow lesions and synovitis, as near as rounding allows."""
    parts = ("bml-mean", "synovitis-mean")
    middle, room = sum(s[part] for part in parts), sum(s.last_digit(part) for part in parts) / 2
    return Within(((middle - room, middle + room),))


@bound
def _himriss_spread(s: Sources) -> Within:
    """Standard deviations that a sum of two scores can have: correlated by −1 to by 1."""
    first, second = s["bml-sd"], s["synovitis-sd"]
    return Within(((abs(first - second), first + second),))


CHECKS: dict[str, Check] = {
    "patients": total("bilateral", "unilateral"),
    "bilateral": remainder("patients", "unilateral"),
    "unilateral": remainder("patients", "bilateral"),
    "hips": from_counts(lambda s: 2 * s["patients"]),
    "slices": same("text-slices"),
    "text-slices": same("slices"),
    "text-patients": same("patients"),
    "text-age-mean": same("age-mean"),
    "text-age-sd": same("age-sd"),
    "himriss-mean": _himriss.tolerant("the two means that it adds are rounded"),
    "himriss-sd": _himriss_spread,
    "male": _male,
    "text-male": same("male"),
    "b27": bound(_share_of_patients),
    **{drug: percentage(drug) for drug in DRUGS},
    **{
        f"{drug}-count": remainder("patients", *(f"{d}-count" for d in DRUGS if d != drug))
        for drug in DRUGS
    },
    **{
        f"abstract-{part}": average(FOLDS[part]).or_if(
            *_averages(part, tuple(f"abstract-{other}" for other in PARTS if other != part))
        )
        for part in PARTS
    },
    **{f"abstract-{part}-best": _highest(part) for part in PARTS},
    **{f"text-{part}": _best_average(part) for part in PARTS},
    **{f"table2-unet-{part}": same(FOLDS[part][0]) for part in PARTS},
    "table3-average-femur": average(FOLDS["femur"]),
    "table3-average-lesion": average(FOLDS["lesion"]).or_if(*_averages("lesion")[:2]),
    **{f"text-{part}-range": extremes(FOLDS[part]) for part in PARTS},
}
