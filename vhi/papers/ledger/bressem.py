"""Checks of Bressem et al. 2022: shares with exact intervals, Fisher's tests, times.

Patients and confusion matrices are in `vhi.papers.ledger.bressem_tables`. All that the paper says
of counts can be computed from other counts in it. Statements about curves, raters and times cannot:
the scores, votes and measurements behind them are not published.
"""

from __future__ import annotations

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from vhi.papers.ledger.bressem_tables import CHANGES, MEASURES
from vhi.papers.ledger.check import Check, Sources, consistent, from_counts
from vhi.papers.ledger.printed import agrees
from vhi.papers.ledger.rules import (
    fisher,
    fisher_p,
    nearest,
    percentage,
    percentage_with_interval,
    same,
)

SHARES = MEASURES[1:]
"""Measures that are shares of one class of patients."""

TEXT = (
    *(f"{change}-test-{measure}" for change in CHANGES for measure in MEASURES),
    *(f"{change}-validation-{measure}" for change in CHANGES[::2] for measure in MEASURES),
    "asas-validation-accuracy",
)
"""Shares that the text gives with their intervals."""

READERS = 3  # "three board-certified radiologists", section Data Labeling


def _patients(change: str, measure: str) -> str:
    """Return the row of Figure 4 that counts the patients behind a share."""
    return f"figure-{change}-{'positive' if measure == 'sensitivity' else 'negative'}"


def exact_intervals(counts: np.ndarray, n: int) -> np.ndarray:
    """Return exact 95 % intervals in per cent (2, counts), also of counts that are not whole.

    The mean of several readers' counts is no whole number; Clopper and Pearson's beta quantiles
    are defined for it all the same.
    """
    return 100 * np.array(proportion_confint(counts, n, method="beta"))


def _nonexperts(change: str, measure: str) -> Check:
    """Check three readers' mean share of Figure 4's patients, with exact interval.

    Of the whole numbers to which three readers' counts may add up and whose mean gives the printed
    percentage, the one is taken whose interval comes nearest. So generous a check fails only where
    no such number gives what is printed.
    """
    key = f"nonexpert-{change}-{measure}"

    def compute(s: Sources) -> tuple[float, ...]:
        n = int(s[_patients(change, measure)])
        means = np.arange(READERS * n + 1) / READERS
        means = means[[agrees(s.text(key), share) for share in 100 * means / n]]
        if not means.size:
            return (np.nan,) * 3
        low, high = exact_intervals(means, n)
        best = (np.abs(low - s.low(key)) + np.abs(high - s.high(key))).argmin()
        return 100 * means[best] / n, low[best], high[best]

    return consistent(compute)


def _asas_p(measure: str) -> Check:
    """Check a P against the test set among those of every possible validation table.

    The validation table is not printed, only that 60 of its 73 patients are right. At most those
    27 who have any inflammatory changes can have such as ASAS defines them.
    """

    def compute(s: Sources) -> float:
        test = s.counted(f"asas-test-{measure}")
        right, n = s.counted("asas-validation-accuracy")
        most = s.n("inflammatory-validation-sensitivity")
        tables = [
            {"sensitivity": (hits, positive), "specificity": (right - hits, n - positive)}
            for positive in range(1, most + 1)
            for hits in range(max(0, right - (n - positive)), positive + 1)
        ]
        allowed = (fisher_p(*table[measure], *test) for table in tables)
        return nearest(allowed, s[f"p-asas-{measure}"])

    return consistent(compute)


@from_counts
def _validation_prevalence(s: Sources) -> float:
    """P of 27 of 73 against 25 of 116: patients with changes stand under the sensitivities."""
    with_changes, n = (s.n(f"inflammatory-validation-{m}") for m in ("sensitivity", "accuracy"))
    return fisher_p(with_changes, n, *s.counted("test-inflammatory"))


@consistent
def _time_of_one(s: Sources) -> float:
    """Prediction per examination in ms, rounded to hundreds: "approximately 100 msec per item"."""
    sets = {"validation": s.n("asas-validation-accuracy"), "test": s["test"]}
    times = [s[f"time-prediction-{name}-mean"] / n for name, n in sets.items()]
    return round(1000 * sum(times) / len(times), -2)


@consistent
def _time_of_all(s: Sources) -> float:
    """Seconds for reading, denoising of two scans and prediction, as near as rounding allows."""
    reading, denoising = "time-reading-mean", "time-denoising-mean"
    middle = s[reading] + 2 * s[denoising] + s["time-item"] / 1000
    room = (s.last_digit(reading) + 2 * s.last_digit(denoising)) / 2
    return float(np.clip(s["time-total"], middle - room, middle + room))


CHECKS: dict[str, Check] = {
    **{
        f"key-{of}-{change}-{measure}": percentage(f"{change}-{of}-{measure}")
        for of in ("validation", "test")
        for change in CHANGES[::2]
        for measure in SHARES
    },
    **{share: percentage_with_interval(share) for share in TEXT},
    "p-prevalence": fisher("training-inflammatory", "test-inflammatory"),
    "p-prevalence-structural": fisher("training-structural", "test-structural"),
    "p-prevalence-validation": _validation_prevalence,
    **{f"p-asas-{measure}": _asas_p(measure) for measure in SHARES},
    **{
        f"p-structural-{measure}": fisher(
            f"structural-validation-{measure}", f"structural-test-{measure}"
        )
        for measure in SHARES
    },
    "p-nonexpert-sensitivity": fisher(
        "inflammatory-test-sensitivity", "nonexpert-inflammatory-sensitivity"
    ),
    **{
        f"nonexpert-{change}-{measure}{end}": check
        for change in CHANGES
        for measure in SHARES
        for end, check in (
            ("", _nonexperts(change, measure)),
            ("-of", same(_patients(change, measure))),
        )
    },
    "time-item": _time_of_one,
    "time-total": _time_of_all,
}
