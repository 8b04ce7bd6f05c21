"""Checks of Zheng et al. 2023: shares of 195 patients, and averages over five folds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vhi.papers.ledger.check import Check, Sources, consistent, from_counts
from vhi.papers.ledger.rules import (
    average,
    extremes,
    largest,
    nearest,
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


def _share_of_patients(key: str) -> Check:
    """Check a percentage without its count: the nearest one that a count gives."""
    return consistent(
        lambda s: nearest((100 * count / s.n(key) for count in range(s.n(key) + 1)), s[key])
    )


def _clipped(key: str, limits: Callable[[Sources], tuple[float, float]]) -> Check:
    """Check that a number lies within limits: itself, or the limit that it passes."""
    return consistent(lambda s: float(np.clip(s[key], *limits(s))))


def _himriss(s: Sources) -> tuple[float, float]:
    """Sum of the mean scores of bone marrow lesions and synovitis, as near as rounding allows."""
    parts = ("bml-mean", "synovitis-mean")
    middle, room = sum(s[part] for part in parts), sum(s.last_digit(part) for part in parts) / 2
    return middle - room, middle + room


def _himriss_spread(s: Sources) -> tuple[float, float]:
    """Standard deviations that a sum of two scores can have: correlated by −1 to by 1."""
    return abs(s["bml-sd"] - s["synovitis-sd"]), s["bml-sd"] + s["synovitis-sd"]


CHECKS: dict[str, Check] = {
    "patients": total("bilateral", "unilateral"),
    "bilateral": remainder("patients", "unilateral"),
    "unilateral": remainder("patients", "bilateral"),
    "hips": from_counts(lambda s: 2 * s["patients"]),
    "slices": _clipped("slices", lambda s: (FEWEST * s["patients"], MOST * s["patients"])),
    "himriss-mean": _clipped("himriss-mean", _himriss),
    "himriss-sd": _clipped("himriss-sd", _himriss_spread),
    **{key: _share_of_patients(key) for key in ("male", "text-male", "b27")},
    **{drug: percentage(drug) for drug in DRUGS},
    **{
        f"{drug}-count": remainder("patients", *(f"{d}-count" for d in DRUGS if d != drug))
        for drug in DRUGS
    },
    **{f"abstract-{part}": average(FOLDS[part]) for part in PARTS},
    **{f"abstract-{part}-best": largest(MODELS[part]) for part in PARTS},
    **{f"text-{part}": largest(MODELS[part]) for part in PARTS},
    **{f"table2-unet-{part}": same(FOLDS[part][0]) for part in PARTS},
    **{f"table3-average-{part}": average(FOLDS[part]) for part in PARTS},
    **{f"text-{part}-range": extremes(FOLDS[part]) for part in PARTS},
}
