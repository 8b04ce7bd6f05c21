"""Checks of Bressem et al. 2022: counts, their percentages, exact intervals and Fisher's tests.

All that the paper says of counts can be computed from other counts in it. What it says of curves,
raters and times cannot: the scores, votes and measurements behind them are not published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vhi.papers.ledger import bressem_tables
from vhi.papers.ledger.bressem_tables import CHANGES, MEASURES
from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.counts import (
    computed,
    counted,
    exact_interval_of_mean,
    fisher,
    fisher_p,
    percentage,
    percentage_with_interval,
)
from vhi.papers.ledger.printed import agrees
from vhi.papers.ledger.rules import Check, nearest, same

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

TEXT = (
    *(f"{change}-test-{measure}" for change in CHANGES for measure in MEASURES),
    *(f"{change}-validation-{measure}" for change in CHANGES[::2] for measure in MEASURES),
    "asas-validation-accuracy",
)
"""Shares that the text gives with their intervals."""
READERS = 3  # "three board-certified radiologists", section Data Labeling


def _patients(change: str, measure: str) -> str:
    """Return the row of Figure 4 that counts the patients behind a share."""
    return f"bressem-figure-{change}-{'positive' if measure == 'sensitivity' else 'negative'}"


def _nonexperts(change: str, measure: str) -> Check:
    """Make the check of three readers' mean share of Figure 4's patients, with exact interval.

    Of the whole numbers to which three readers' counts may add up and whose mean gives the printed
    percentage, the one is taken whose interval comes nearest. So generous a check fails only where
    no such number gives what is printed.
    """
    key = f"bressem-nonexpert-{change}-{measure}"

    def check(material: Material) -> Found:
        n, printed = int(material.value(_patients(change, measure))), material.printed[key]
        means = [total / READERS for total in range(READERS * n + 1)]
        found = [
            (100 * mean / n, *(100 * end for end in exact_interval_of_mean(mean, n)))
            for mean in means
            if agrees(printed.value, 100 * mean / n)
        ]
        ends = np.array([material.low(key), material.high(key)])
        value, low, high = min(
            found,
            key=lambda each: float(np.abs(each[1:] - ends).sum()),
            default=(np.nan, np.nan, np.nan),
        )
        return Found(value, low, high, how="consistent")

    return check


def _asas_p(measure: str) -> Check:
    """Make the check of a P against the test set, of all those that a validation table may give.

    The validation table is not printed, only that 60 of its 73 patients are right. At most those
    27 who have any inflammatory changes can have such as ASAS defines them.
    """

    def check(material: Material) -> Found:
        test = counted(material, f"bressem-asas-test-{measure}")
        right, n = counted(material, "bressem-asas-validation-accuracy")
        most = material.n("bressem-inflammatory-validation-sensitivity")
        tables = [
            {"sensitivity": (found, positive), "specificity": (right - found, n - positive)}
            for positive in range(1, most + 1)
            for found in range(max(0, right - (n - positive)), positive + 1)
        ]
        allowed = (fisher_p(*table[measure], *test) for table in tables)
        printed = material.value(f"bressem-p-asas-{measure}")
        return Found(nearest(allowed, printed), how="consistent")

    return check


def _validation_prevalence(material: Material) -> float:
    """P of 27 of 73 against 25 of 116: patients with changes stand under the sensitivities."""
    with_changes, n = (material.n(f"bressem-inflammatory-validation-{m}") for m in MEASURES[1::-1])
    return fisher_p(with_changes, n, *counted(material, "bressem-test-inflammatory"))


def _time_of_one(material: Material) -> float:
    """Prediction per examination in ms, rounded to hundreds: "approximately 100 msec per item"."""
    sets = {"validation": material.n("bressem-asas-validation-accuracy")}
    sets["test"] = int(material.value("bressem-test"))
    times = [material.value(f"bressem-time-prediction-{name}-mean") / n for name, n in sets.items()]
    return round(1000 * sum(times) / len(times), -2)


def _time_of_all(material: Material) -> float:
    """Seconds for reading, denoising of two scans and prediction, as near as rounding allows."""
    reading, denoising = "bressem-time-reading-mean", "bressem-time-denoising-mean"
    middle = material.value(reading) + 2 * material.value(denoising)
    middle += material.value("bressem-time-item") / 1000
    room = (material.last_digit(reading) + 2 * material.last_digit(denoising)) / 2
    return float(np.clip(material.value("bressem-time-total"), middle - room, middle + room))


CHECKS: dict[str, Check] = {
    **bressem_tables.CHECKS,
    **{
        f"bressem-key-{of}-{change}-{measure}": percentage(f"bressem-{change}-{of}-{measure}")
        for of in ("validation", "test")
        for change in CHANGES[::2]
        for measure in MEASURES[1:]
    },
    **{f"bressem-{share}": percentage_with_interval(f"bressem-{share}") for share in TEXT},
    "bressem-p-prevalence": fisher("bressem-training-inflammatory", "bressem-test-inflammatory"),
    "bressem-p-prevalence-structural": fisher(
        "bressem-training-structural", "bressem-test-structural"
    ),
    "bressem-p-prevalence-validation": computed(_validation_prevalence),
    **{f"bressem-p-asas-{measure}": _asas_p(measure) for measure in MEASURES[1:]},
    **{
        f"bressem-p-structural-{measure}": fisher(
            f"bressem-structural-validation-{measure}", f"bressem-structural-test-{measure}"
        )
        for measure in MEASURES[1:]
    },
    "bressem-p-nonexpert-sensitivity": fisher(
        "bressem-inflammatory-test-sensitivity", "bressem-nonexpert-inflammatory-sensitivity"
    ),
    **{
        f"bressem-nonexpert-{change}-{measure}": _nonexperts(change, measure)
        for change in CHANGES
        for measure in MEASURES[1:]
    },
    **{
        f"bressem-nonexpert-{change}-{measure}-of": same(_patients(change, measure))
        for change in CHANGES
        for measure in MEASURES[1:]
    },
    "bressem-time-item": computed(_time_of_one, how="consistent"),
    "bressem-time-total": computed(_time_of_all, how="consistent"),
}
"""One function for each row that something can be said of."""
