"""Checks of Bressem et al. 2022: P of two AUCs, and of shares whose table is not printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from scipy.stats import norm

from vhi.papers.ledger.answers import Among, Answer, Within, among, cut_off_to
from vhi.papers.ledger.bressem_tables import SHARES
from vhi.papers.ledger.check import Check, Reading, Sources, consistent
from vhi.papers.ledger.printed import agrees
from vhi.papers.ledger.rules import chi_squared_p, fisher_p


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


def is_the_test(s: Sources, test: PTest) -> bool:
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


def asas_p(measure: str, *, joint: bool) -> Check:
    """Check a P against the test set among those of every possible validation table.

    `joint`: the table must give the other measure's P as well, and the test must give both P of
    structural changes, whose tables are printed: one paper, one test.
    """
    other = next(name for name in SHARES if name != measure)

    def compute(s: Sources, test: PTest = fisher_p) -> Among:
        tables = list(_validation_tables(s))
        if joint:
            printed, counts = s.text(f"p-asas-{other}"), s.counted(f"asas-test-{other}")
            tables = tables if is_the_test(s, test) else []
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


def auc_p(change: str) -> Check:
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

    sides = {"test above validation": 1, "test below validation": -1, "towards what was seen": 0}
    return (
        consistent(two_sided)
        .or_if(
            *(
                Reading(f"all three tests are one-sided, {side}", partial(one_sided, sign=sign))
                for side, sign in sides.items()
            ),
            Reading("it is Fisher's of the accuracies", of_accuracy),
        )
        .tolerant("AUCs and intervals are rounded to two decimals, which leaves a wide range of P")
    )
