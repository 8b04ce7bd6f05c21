"""Checks of Bressem et al. 2022: three nonexperts' shares, intervals, counts and denominators."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import combinations_with_replacement

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from vhi.papers.ledger.answers import Among, Answer, among, cut_off_to
from vhi.papers.ledger.bressem_p import TESTS, PTest, is_the_test
from vhi.papers.ledger.bressem_tables import CHANGES, SHARES
from vhi.papers.ledger.check import Check, Reading, Sources, consistent
from vhi.papers.ledger.printed import agrees
from vhi.papers.ledger.rules import fisher, fisher_p, interval_of, same

READERS = 3  # "three board-certified radiologists", section Data Labeling


def _patients(change: str, measure: str) -> str:
    """Return the row of Figure 4 that counts the patients behind a share."""
    return f"figure-{change}-{'positive' if measure == 'sensitivity' else 'negative'}"


def intervals(counts: np.ndarray, n: int, method: str = "beta") -> np.ndarray:
    """Return 95 % intervals in per cent (2, counts), also of counts that are not whole.

    The mean of several readers' counts is no whole number; Clopper and Pearson's beta quantiles
    are defined for it all the same. `method` is one of `INTERVAL_METHODS`.
    """
    return 100 * np.array(proportion_confint(counts, n, method=method))


def with_intervals(counts: np.ndarray, n: int, method: str = "beta") -> Among:
    """Return share and interval of each of several counts, as `intervals`."""
    low, high = intervals(counts, n, method)
    return Among(tuple(map(tuple, np.column_stack([100 * counts / n, low, high]).tolist())))


def _means(n: int) -> np.ndarray:
    """Return all means of three readers' counts of n patients."""
    return np.arange(READERS * n + 1) / READERS


@cache
def _averaged_intervals(n: int) -> Among:
    """Return share and mean of three readers' exact intervals, for all their counts of n."""
    low, high = intervals(np.arange(n + 1), n)
    counts = np.array(list(combinations_with_replacement(range(n + 1), READERS)))
    means = [100 * counts.mean(axis=1) / n, low[counts].mean(axis=1), high[counts].mean(axis=1)]
    return Among(tuple(map(tuple, np.column_stack(means).tolist())))


def _nonexperts(change: str, measure: str) -> Check:
    """Check three readers' mean share of Figure 4's patients, with exact interval.

    Any whole number to which three readers' counts may add up is possible. So generous a check
    fails only where no such number gives what is printed.
    """
    key = f"nonexpert-{change}-{measure}"

    def patients(s: Sources) -> int:
        return int(s[_patients(change, measure)])

    def means(s: Sources, method: str = "beta") -> Among:
        return with_intervals(_means(patients(s)), patients(s), method)

    def rounded(s: Sources) -> Among:
        return with_intervals(np.arange(101) / 100 * patients(s), patients(s))

    def pooled(s: Sources) -> Among:
        n = READERS * patients(s)
        return with_intervals(np.arange(n + 1), n)

    if measure == "specificity":
        return consistent(means).tolerant("several counts of three readers round to one percentage")
    return consistent(means).or_if(
        Reading("the interval is the exact one of the rounded percentage of the class", rounded),
        Reading(
            "the interval is the exact one of the printed counts",
            lambda s: interval_of(*s.counted(key)),
        ),
        Reading("the interval is the exact one of all three readers' calls", pooled),
        Reading(
            "the interval is the mean of the three readers' exact ones",
            lambda s: _averaged_intervals(patients(s)),
        ),
        Reading("the interval is the normal approximation's", partial(means, method="normal")),
        Reading("the interval is Wilson's", partial(means, method="wilson")),
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


def _p(s: Sources, *, test: PTest) -> Answer:
    """P of model against nonexperts by another test, if that is the paper's test."""
    counts = [
        s.counted(f"{key}-sensitivity") for key in ("inflammatory-test", "nonexpert-inflammatory")
    ]
    return among([test(*counts[0], *counts[1])] if is_the_test(s, test) else [])


def _pooled_p(s: Sources) -> Answer:
    """P of the model's sensitivity against calls of three readers that give their percentage."""
    count, n = s.counted("inflammatory-test-sensitivity")
    share = s.text("nonexpert-inflammatory-sensitivity")
    calls = [calls for calls in range(READERS * n + 1) if agrees(share, 100 * calls / READERS / n)]
    return among([fisher_p(count, n, call, READERS * n) for call in calls])


CHECKS: dict[str, Check] = {
    f"nonexpert-{change}-{measure}{end}": check
    for change in CHANGES
    for measure in SHARES
    for end, check in (
        ("", _nonexperts(change, measure)),
        ("-of", _denominator(change, measure)),
        ("-count", _nonexpert_count(change, measure)),
    )
} | {
    "p-nonexpert-sensitivity": fisher(
        "inflammatory-test-sensitivity", "nonexpert-inflammatory-sensitivity"
    ).or_if(
        *(Reading(name, partial(_p, test=test)) for name, test in TESTS.items()),
        Reading("it is Fisher's of all three readers' calls", _pooled_p),
    ),
}
