"""Checks of Bressem et al. 2022: shares with exact intervals, Fisher's tests, times.

Patients and confusion matrices are in `vhi.papers.ledger.bressem_tables`, three nonexperts in
`bressem_nonexperts`, P of AUCs and of a table that is a picture in `bressem_p`. All that the paper
says of counts can be computed from other counts in it. Statements about curves, raters and times
cannot: the scores, votes and measurements behind them are not published.
"""

from __future__ import annotations

import numpy as np

from vhi.papers.ledger import bressem_nonexperts
from vhi.papers.ledger.answers import Among, Answer, Within
from vhi.papers.ledger.bressem_nonexperts import with_intervals
from vhi.papers.ledger.bressem_p import asas_p, auc_p
from vhi.papers.ledger.bressem_tables import CHANGES, MEASURES, SHARES
from vhi.papers.ledger.check import Check, Reading, Sources, consistent, from_counts
from vhi.papers.ledger.rules import (
    fisher,
    fisher_p,
    other_intervals,
    percentage,
    percentage_with_interval,
    same,
    same_value,
)

TEXT = (
    *(f"{change}-test-{measure}" for change in CHANGES for measure in MEASURES),
    *(f"{change}-validation-{measure}" for change in CHANGES[::2] for measure in MEASURES),
    "asas-validation-accuracy",
)
"""Shares that the text gives with their intervals."""


def _other_counts(share: str) -> tuple[Reading, ...]:
    """Return readings of a share with exact interval: another count, or another class."""

    def other_count(s: Sources) -> Answer:
        n = s.counted(share)[1]
        return with_intervals(np.arange(n + 1), n)

    def other_class(s: Sources) -> Answer:
        totals = {s.counted(key)[1] for key in TEXT}
        return Among(
            tuple(
                option
                for n in sorted(totals)
                for option in with_intervals(np.arange(n + 1), n).options
            )
        )

    return (
        Reading("another count of the same patients is meant", other_count),
        Reading("the patients are another class of the paper", other_class),
    )


def _prevalence(s: Sources) -> tuple[int, int, int, int]:
    """27 of 73 and 25 of 116: patients with changes stand under the sensitivities."""
    with_changes, n = (s.n(f"inflammatory-validation-{m}") for m in ("sensitivity", "accuracy"))
    s.reads.add(f"{with_changes}/{n}")
    return (with_changes, n, *s.counted("test-inflammatory"))


@consistent
def _time_of_one(s: Sources) -> float:
    """Prediction per examination in ms, rounded to hundreds: "approximately 100 msec per item"."""
    sets = {"validation": s.n("asas-validation-accuracy"), "test": s["test"]}
    times = [s[f"time-prediction-{name}-mean"] / n for name, n in sets.items()]
    return round(1000 * sum(times) / len(times), -2)


def _time_of_all(s: Sources) -> Within:
    """Seconds for reading, denoising of two scans and prediction, as near as rounding allows."""
    reading, denoising = "time-reading-mean", "time-denoising-mean"
    middle = s[reading] + 2 * s[denoising] + s["time-item"] / 1000
    room = (s.last_digit(reading) + 2 * s.last_digit(denoising)) / 2
    return Within(((middle - room, middle + room),))


def _interval(share: str) -> Check:
    """Check a share with interval; three that do not hold, by other methods and counts too."""
    check = percentage_with_interval(share)
    if share not in OTHER_INTERVALS:
        return check
    methods = other_intervals(lambda s: s.counted(share), "beta")
    return check.or_if(*methods, *_other_counts(share))


OTHER_INTERVALS = (
    "structural-validation-specificity",
    "asas-test-specificity",
    "structural-test-specificity",
)
"""Shares whose printed interval is not the exact one."""

CHECKS: dict[str, Check] = {
    **bressem_nonexperts.CHECKS,
    **{
        f"key-{of}-{change}-{measure}": percentage(f"{change}-{of}-{measure}")
        for of in ("validation", "test")
        for change in CHANGES[::2]
        for measure in SHARES
    },
    **{share: _interval(share) for share in TEXT},
    **{f"abstract-auc-{change}": same(f"auc-test-{change}") for change in CHANGES},
    **{
        f"key-auc-{of}-{change}": same_value(f"auc-{of}-{change}")
        for of in ("validation", "test")
        for change in CHANGES[::2]
    },
    "p-auc-inflammatory": auc_p("inflammatory"),
    "p-auc-asas": auc_p("asas"),
    "key-p-auc-inflammatory": same("p-auc-inflammatory"),
    "key-p-auc-structural": auc_p("structural"),
    "p-prevalence": fisher("training-inflammatory", "test-inflammatory").or_if(
        Reading(
            "it compares ASAS-compatible changes",
            lambda s: fisher_p(*s.counted("training-asas"), *s.counted("test-asas")),
        ),
        Reading(
            "it compares the validation set with the test set, as the same P further on does",
            lambda s: fisher_p(*_prevalence(s)),
        ),
    ),
    "p-prevalence-structural": fisher("training-structural", "test-structural"),
    "p-prevalence-validation": from_counts(lambda s: fisher_p(*_prevalence(s)), kind="fisher"),
    "p-asas-sensitivity": asas_p("sensitivity", joint=True),
    "p-asas-specificity": asas_p("specificity", joint=False).tolerant(
        "many validation tables are possible, with many P"
    ),
    **{
        f"p-structural-{measure}": fisher(
            f"structural-validation-{measure}", f"structural-test-{measure}"
        )
        for measure in SHARES
    },
    "time-item": _time_of_one,
    "time-total": consistent(_time_of_all).tolerant("the times that it adds are rounded"),
}
