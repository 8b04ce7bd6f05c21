"""Calibration of the warning about poor slices, by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import mannwhitneyu, spearmanr

from networks.results import write_record, write_table
from vhi.evaluation.robustness import UNCHANGED

CHANGES = (UNCHANGED, "fatty", "sclerotic", "patchy")
"""Calibration includes marrow like that of the scans on which the published network failed,
because few slices of the study's own scans are poor."""

SIGNS = ("disagreement",)
"""Holes are not fitted, because held-out scans have almost none; see `MAX_HOLES`."""

MAX_HOLES = 0.02
"""A slice with a larger share of holes in its mask is to be checked. In the drawn masks of all bone
of the eight subjects at least 99 of 100 slices have none."""

POOR = 0.85
"""A slice with a lower Dice is poor; the lowest Dice of the paper's test slices."""

CAUGHT = 0.8
"""Share of the poor slices of unchanged scans that the warning must catch."""


def calibrate(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Fit 1 - Dice by the signs, set the threshold, and write both with their performance.

    Weights are at least 0: a sign can only raise the predicted loss. Performance is measured
    subject by subject, with weights and threshold from the other subjects.
    """
    signs = np.array([[row[sign] for sign in SIGNS] for row in rows])
    lost = np.array([1 - row["dice"] for row in rows])
    subjects = np.array([row["subject"] for row in rows])
    plain = np.array([row["change"] == UNCHANGED for row in rows])
    poor = lost > 1 - POOR

    scores, warned = np.zeros(len(rows)), np.zeros(len(rows), bool)
    for subject in np.unique(subjects):
        out = subjects == subject
        offset, weights = _fit(signs[~out], lost[~out])
        scores[out] = offset + signs[out] @ weights
        inside = offset + signs[~out] @ weights
        warned[out] = scores[out] > _threshold(inside, poor[~out] & plain[~out])
    offset, weights = _fit(signs, lost)
    warning = {
        "offset": round(float(offset), 5),
        "weights": {sign: round(float(w), 5) for sign, w in zip(SIGNS, weights, strict=True)},
        "threshold": round(float(_threshold(offset + signs @ weights, poor & plain)), 5),
        "max_holes": MAX_HOLES,
        "poor_below_dice": POOR,
    }
    judged = {
        name: _judge(scores[chosen], warned[chosen], poor[chosen], lost[chosen])
        for name, chosen in {
            "unchanged": plain,
            **{name: np.array([row["change"] == name for row in rows]) for name in CHANGES[1:]},
        }.items()
    }
    record = {"warning": warning, "held_out": judged}
    write_record("warning", record)
    write_table(
        "warning-slices",
        [
            {**row, "score": float(s), "warned": int(w)}
            for row, s, w in zip(rows, scores, warned, strict=True)
        ],
    )
    return record


def _fit(
    signs: NDArray[np.float64], lost: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return offset and weights of a non-negative least-squares fit."""
    with_one = np.column_stack([np.ones(len(signs)), signs])
    solution, _ = nnls(with_one, lost)
    return float(solution[0]), solution[1:]


def _threshold(scores: NDArray[np.float64], poor: NDArray[np.bool_]) -> float:
    """Return the highest threshold that catches the wanted share of poor slices."""
    of_poor = np.sort(scores[poor])
    if not len(of_poor):
        return float(scores.max())
    # Rounded first: 0.8 * 15 is a hair above 12.
    caught = int(np.ceil(np.round(CAUGHT * len(of_poor), 9)))
    return float(np.nextafter(of_poor[len(of_poor) - caught], -np.inf))


def _judge(
    scores: NDArray[np.float64],
    warned: NDArray[np.bool_],
    poor: NDArray[np.bool_],
    lost: NDArray[np.float64],
) -> dict[str, Any]:
    """Return the performance of the warning on held-out subjects."""
    both = 0 < poor.sum() < len(poor)
    area = (
        mannwhitneyu(scores[poor], scores[~poor]).statistic / (poor.sum() * (~poor).sum())
        if both
        else float("nan")
    )
    return {
        "slices": len(poor),
        "poor": int(poor.sum()),
        "warned": int(warned.sum()),
        "poor_and_warned": int((poor & warned).sum()),
        "mean_dice_warned": round(float(1 - lost[warned].mean()), 4) if warned.any() else None,
        "mean_dice_others": round(float(1 - lost[~warned].mean()), 4) if (~warned).any() else None,
        "area_under_curve": round(float(area), 4) if both else None,
        "rank_correlation": round(float(spearmanr(scores, lost).statistic), 4),
    }
