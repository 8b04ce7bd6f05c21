"""Checks of Bressem et al. 2022: shares with exact intervals, Fisher's tests, times.

Patients and confusion matrices are in `vhi.papers.ledger.bressem_tables`. All that the paper says
of counts can be computed from other counts in it. Statements about curves, raters and times cannot:
the scores, votes and measurements behind them are not published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from vhi.papers.ledger.answers import Among, Answer, Within, among, cut_off_to
from vhi.papers.ledger.bressem_tables import CHANGES, MEASURES
from vhi.papers.ledger.check import Check, Reading, Sources, consistent, from_counts
from vhi.papers.ledger.printed import agrees
from vhi.papers.ledger.rules import (
    chi_squared_p,
    fisher,
    fisher_p,
    interval_of,
    other_intervals,
    percentage,
    percentage_with_interval,
    same,
    same_value,
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


def _means(n: int) -> np.ndarray:
    """Return all means of three readers' counts of n patients."""
    return np.arange(READERS * n + 1) / READERS


def _with_exact_interval(counts: np.ndarray, n: int) -> Among:
    """Return share and exact interval of each of several counts, which need not be whole."""
    low, high = exact_intervals(counts, n)
    return Among(tuple(map(tuple, np.column_stack([100 * counts / n, low, high]).tolist())))


@cache
def _mean_intervals(n: int, total: int) -> tuple[float, ...]:
    """Return share and extremes of the mean of three readers' exact intervals, over all splits."""
    low, high = exact_intervals(np.arange(n + 1), n)
    splits = [
        (a, b, total - a - b)
        for a in range(n + 1)
        for b in range(a, n + 1)
        if b <= total - a - b <= n
    ]
    means = [(low[list(split)].mean(), high[list(split)].mean()) for split in splits]
    return (100 * total / READERS / n, *np.min(means, axis=0), *np.max(means, axis=0))


def _nonexperts(change: str, measure: str) -> Check:
    """Check three readers' mean share of Figure 4's patients, with exact interval.

    Any whole number to which three readers' counts may add up is possible. So generous a check
    fails only where no such number gives what is printed.
    """
    key = f"nonexpert-{change}-{measure}"

    def patients(s: Sources) -> int:
        return int(s[_patients(change, measure)])

    def means(s: Sources) -> Answer:
        return _with_exact_interval(_means(patients(s)), patients(s))

    def rounded(s: Sources) -> Answer:
        shares = np.arange(101) / 100
        return _with_exact_interval(shares * patients(s), patients(s))

    def counts(s: Sources) -> Answer:
        return interval_of(*s.counted(key))

    def pooled(s: Sources) -> Answer:
        n = READERS * patients(s)
        return _with_exact_interval(np.arange(n + 1), n)

    def averaged(s: Sources, *, side: int) -> Answer:
        n = patients(s)
        rows = [_mean_intervals(n, total) for total in range(READERS * n + 1)]
        return Among(tuple((row[0], row[1 + side], row[4 - side]) for row in rows))

    def normal(s: Sources) -> Answer:
        n = patients(s)
        return Among(tuple(interval_of(count, n, "normal") for count in _means(n)))

    def wilson(s: Sources) -> Answer:
        n = patients(s)
        return Among(tuple(interval_of(count, n, "wilson") for count in _means(n)))

    if measure == "specificity":
        return consistent(means).tolerant("several counts of three readers round to one percentage")
    return consistent(means).or_if(
        Reading("the interval is the exact one of the rounded percentage of the class", rounded),
        Reading("the interval is the exact one of the printed counts", counts),
        Reading("the interval is the exact one of all three readers' calls", pooled),
        Reading("the interval is the mean of the readers' exact ones", partial(averaged, side=0)),
        Reading("the interval is as narrow as that mean can be", partial(averaged, side=1)),
        Reading("the interval is the normal approximation's", normal),
        Reading("the interval is Wilson's", wilson),
    )


AS_PRINTED = (("inflammatory", "specificity"), ("structural", "sensitivity"))
"""Nonexperts' counts that give the percentage beside them."""


def _nonexpert_count(change: str, measure: str) -> Check:
    """Check the nonexperts' printed count by the percentage and the total printed beside it."""
    key = f"nonexpert-{change}-{measure}"

    def counts(s: Sources, *, readers: int, rule: Callable[[str, float], bool]) -> Answer:
        n, share = int(s[f"{key}-of"]), s.text(key)
        calls = range(readers * n + 1)
        return among([call / readers for call in calls if rule(share, 100 * call / readers / n)])

    check = consistent(partial(counts, readers=1, rule=agrees))
    if (change, measure) in AS_PRINTED:
        return check
    return check.or_if(
        Reading(
            "it is the mean of three readers' counts, rounded",
            partial(counts, readers=READERS, rule=agrees),
        ),
        Reading(
            "the percentage beside it is cut off, not rounded",
            partial(counts, readers=1, rule=cut_off_to),
        ),
    )


def _denominator(change: str, measure: str) -> Check:
    """Check a nonexperts' denominator by the class of Figure 4, counted there in two ways."""
    at = f"figure-{change}-"
    cells = ("fn", "tp") if measure == "sensitivity" else ("tn", "fp")
    test = f"test-{change}"

    def by_prevalence(s: Sources) -> Answer:
        count, n = s.counted(test)
        return float(count if measure == "sensitivity" else n - count)

    return same(_patients(change, measure)).or_if(
        Reading("it is the sum of Figure 4's cells", lambda s: sum(s[at + cell] for cell in cells)),
        Reading("it is the number of the text on prevalence", by_prevalence),
    )


def _validation_tables(s: Sources) -> Iterator[dict[str, tuple[int, int]]]:
    """List every validation table for the ASAS definition.

    The table is not printed in words, only that 60 of its 73 patients are right. At most those 27
    who have any inflammatory changes can have such as ASAS defines them.
    """
    right, n = s.counted("asas-validation-accuracy")
    for positive in range(1, s.n("inflammatory-validation-sensitivity") + 1):
        for hits in range(max(0, right - (n - positive)), positive + 1):
            yield {"sensitivity": (hits, positive), "specificity": (right - hits, n - positive)}


PTest = Callable[[int, int, int, int], float]
TESTS: dict[str, PTest] = {
    "the tests are Fisher's": fisher_p,
    "the tests are Fisher's, one-sided (less)": partial(fisher_p, side="less"),
    "the tests are Fisher's, one-sided (greater)": partial(fisher_p, side="greater"),
    "the tests are chi-squared, uncorrected": partial(chi_squared_p, corrected=False),
    "the tests are chi-squared, corrected": partial(chi_squared_p, corrected=True),
    "the tests are chi-squared, one-sided": lambda *counts: (
        chi_squared_p(*counts, corrected=False) / 2
    ),
}
"""Tests of two shares that every P of sensitivity and specificity may come from."""


def _reads_as(text: str, number: float) -> bool:
    """Whether a number is rounded or cut off to a text."""
    return agrees(text, number) or cut_off_to(text, number)


def _is_the_test(s: Sources, test: PTest) -> bool:
    """Whether a test gives both P of structural changes, whose counts are all printed."""
    return all(
        _reads_as(
            s.text(f"p-structural-{share}"),
            test(
                *s.counted(f"structural-validation-{share}"), *s.counted(f"structural-test-{share}")
            ),
        )
        for share in SHARES
    )


def _asas_p(measure: str, *, joint: bool) -> Check:
    """Check a P against the test set among those of every possible validation table.

    `joint`: the table must give the other measure's P as well, and the test must give both P of
    structural changes, whose tables are printed: one paper, one test.
    """
    other = next(name for name in SHARES if name != measure)

    def compute(s: Sources, test: PTest = fisher_p) -> Among:
        tables = list(_validation_tables(s))
        if joint:
            printed, counts = s.text(f"p-asas-{other}"), s.counted(f"asas-test-{other}")
            tables = tables if _is_the_test(s, test) else []
            tables = [table for table in tables if _reads_as(printed, test(*table[other], *counts))]
        return among(
            [test(*table[measure], *s.counted(f"asas-test-{measure}")) for table in tables]
        )

    tests = list(TESTS.items())[1:] if joint else []
    return consistent(compute).or_if(
        *(Reading(name, partial(compute, test=test)) for name, test in tests)
    )


SPREAD = 0.9
"""Least ratio of a bootstrap's standard deviation to its 95 % interval / 3.92: for AUCs of 0.86 to
0.94 and these numbers of patients, simulated scores give 0.96 to 1.13."""


def auc_p_limits(s: Sources, change: str) -> tuple[float, float]:
    """Return the least and greatest z of the AUCs, validation against test set, within rounding.

    pROC compares two AUCs by their difference over the bootstrap's standard deviation of it, taken
    as normal. The intervals come from the same bootstrap, so that their widths give the deviation.
    """
    values, widths = [], []
    for of in ("validation", "test"):
        value, low, high = s.numbers(f"auc-{of}-{change}")
        values.append(value)
        widths.append(high - low)
    unit = 0.01
    deviation = [
        np.linalg.norm(np.array(widths) + sign * unit) / (2 * norm.ppf(0.975)) for sign in (-1, 1)
    ]
    difference = abs(values[0] - values[1])
    return (
        max(difference - unit, 0) * SPREAD / deviation[1],
        (difference + unit) / SPREAD / deviation[0],
    )


def _auc_p(change: str) -> Check:
    """Check P of two AUCs by their printed intervals."""

    def two_sided(s: Sources) -> Within:
        least, greatest = auc_p_limits(s, change)
        return Within(((2 * float(norm.sf(greatest)), 2 * float(norm.sf(least))),))

    def one_sided(s: Sources, *, sign: int) -> Answer:
        # One paper, one test: it must give the P of ASAS-compatible changes as well.
        limits = {}
        for name in {change, "asas"}:
            validation, test = (s[f"auc-{of}-{name}"] for of in ("validation", "test"))
            side = sign * float(np.sign(test - validation)) if sign else 1.0
            ends = sorted(float(norm.sf(side * z)) for z in auc_p_limits(s, name))
            limits[name] = (ends[0], ends[1])
        least, greatest = limits["asas"]
        allowed = change == "asas" or least - 0.005 <= s["p-auc-asas"] <= greatest + 0.005
        return Within((limits[change],)) if allowed else among([])

    def of_accuracy(s: Sources) -> Answer:
        pairs = (s.counted(f"{change}-{of}-accuracy") for of in ("validation", "test"))
        return fisher_p(*(number for pair in pairs for number in pair))

    return (
        consistent(two_sided)
        .or_if(
            Reading(
                "all three tests are one-sided, test above validation", partial(one_sided, sign=1)
            ),
            Reading(
                "all three tests are one-sided, test below validation", partial(one_sided, sign=-1)
            ),
            Reading(
                "all three tests are one-sided, towards what was seen", partial(one_sided, sign=0)
            ),
            Reading("it is Fisher's of the accuracies", of_accuracy),
        )
        .tolerant("AUCs and intervals are rounded to two decimals, which leaves a wide range of P")
    )


def _other_counts(share: str) -> tuple[Reading, ...]:
    """Return readings of a share with exact interval: another count, or another class."""

    def other_count(s: Sources) -> Answer:
        n = s.counted(share)[1]
        return _with_exact_interval(np.arange(n + 1), n)

    def other_class(s: Sources) -> Answer:
        totals = {s.counted(key)[1] for key in TEXT}
        return Among(
            tuple(
                option
                for n in sorted(totals)
                for option in _with_exact_interval(np.arange(n + 1), n).options
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


def _nonexpert_p(s: Sources, *, test: PTest) -> Answer:
    """P of model against nonexperts by another test, if that is the paper's test."""
    counts = [
        s.counted(f"{who}-sensitivity") for who in ("inflammatory-test", "nonexpert-inflammatory")
    ]
    return among([test(*counts[0], *counts[1])] if _is_the_test(s, test) else [])


def _pooled_nonexperts(s: Sources) -> Answer:
    """P of the model's sensitivity against calls of three readers that give their percentage."""
    count, n = s.counted("inflammatory-test-sensitivity")
    share = s.text("nonexpert-inflammatory-sensitivity")
    calls = [calls for calls in range(READERS * n + 1) if agrees(share, 100 * calls / READERS / n)]
    return among([fisher_p(count, n, call, READERS * n) for call in calls])


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
    "p-auc-inflammatory": _auc_p("inflammatory"),
    "p-auc-asas": _auc_p("asas"),
    "key-p-auc-inflammatory": same("p-auc-inflammatory"),
    "key-p-auc-structural": _auc_p("structural"),
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
    "p-asas-sensitivity": _asas_p("sensitivity", joint=True),
    "p-asas-specificity": _asas_p("specificity", joint=False).tolerant(
        "many validation tables are possible, with many P"
    ),
    **{
        f"p-structural-{measure}": fisher(
            f"structural-validation-{measure}", f"structural-test-{measure}"
        )
        for measure in SHARES
    },
    "p-nonexpert-sensitivity": fisher(
        "inflammatory-test-sensitivity", "nonexpert-inflammatory-sensitivity"
    ).or_if(
        *(Reading(name, partial(_nonexpert_p, test=test)) for name, test in TESTS.items()),
        Reading("it is Fisher's of all three readers' calls", _pooled_nonexperts),
    ),
    **{
        f"nonexpert-{change}-{measure}{end}": check
        for change in CHANGES
        for measure in SHARES
        for end, check in (
            ("", _nonexperts(change, measure)),
            ("-of", _denominator(change, measure)),
            ("-count", _nonexpert_count(change, measure)),
        )
    },
    "time-item": _time_of_one,
    "time-total": consistent(_time_of_all).tolerant("the times that it adds are rounded"),
}
