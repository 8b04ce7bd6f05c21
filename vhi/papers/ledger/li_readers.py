"""Checks of Li et al. 2024, tables 4 and 5: how many patients each reader called rightly.

The paper prints percentages without their counts. The counts that come nearest to the percentages
are computed, and everything else follows from them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import binom, chi2_contingency, norm

from vhi.papers.ledger.check import Check, Sources, consistent, from_counts
from vhi.papers.ledger.rules import extremes, largest
from vhi.statistics.kappa import Kappa, cohen_kappa

FIGURES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
READERS = ("resident", "expert")
WHO = ("resident", "expert", "resident-assisted", "expert-assisted")
_Z = 1.96  # as authors use it with a standard error rounded to three decimals

Counts = tuple[int, int, int, int]
"""axSpA called so, axSpA missed, others called axSpA, others called so."""


def figures(counts: Counts) -> tuple[tuple[int, int], ...]:
    """Return count and total behind each of `FIGURES`."""
    tp, fn, fp, tn = counts
    return (tp + tn, tp + fn + fp + tn), (tp, tp + fn), (tn, tn + fp), (tp, tp + fp), (tn, tn + fn)


@cache
def nearest_counts(percentages: tuple[float, ...], n: int, positive: int | None = None) -> Counts:
    """Return the counts of n patients whose `FIGURES` lie nearest to five percentages.

    Nearest by the sum of absolute differences; `positive` is how many have axSpA, where printed.
    Counts that leave one of the figures without patients are passed over.
    """
    best, least = (0, 0, 0, n), np.inf
    for with_axspa in range(1, n) if positive is None else (positive,):
        tp, tn = np.mgrid[1 : with_axspa + 1, 1 : n - with_axspa + 1]
        fn, fp = with_axspa - tp, n - with_axspa - tn
        shares = np.stack([100 * count / total for count, total in figures((tp, fn, fp, tn))])
        away = np.abs(shares - np.reshape(percentages, (-1, 1, 1))).sum(axis=0)
        at = np.unravel_index(away.argmin(), away.shape)
        if away[at] < least:
            least, best = away[at], (int(tp[at]), int(fn[at]), int(fp[at]), int(tn[at]))
    return best


def normal_interval(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of n by the normal approximation; not cut at 0 and 1."""
    half = float(norm.ppf(0.975) * np.sqrt(share * (1 - share) / n))
    return share - half, share + half


def kappa_of(counts: Counts) -> Kappa:
    """Return Cohen's kappa of the calls with the truth."""
    return cohen_kappa(np.reshape(counts, (2, 2)))


def counts_of(s: Sources, who: str) -> Counts:
    """Return the counts nearest to the percentages printed for a test set or a reader."""
    percentages = tuple(s[f"{who}-{name}"] for name in FIGURES)
    known = None if who == "internal" else int(s["center2-axspa"])
    return nearest_counts(percentages, s.n(f"{who}-accuracy"), known)


def _kappa(who: str) -> Check:
    return from_counts(lambda s: kappa_of(counts_of(s, who)).value)


def _share(who: str, index: int, *, interval: bool = False) -> Check:
    """Check a percentage, with or without its normal interval, by the patients that it counts."""

    def compute(s: Sources) -> tuple[float, ...]:
        count, n = figures(counts_of(s, who))[index]
        ends = normal_interval(count / n, n) if interval else ()
        return tuple(100 * share for share in (count / n, *ends))

    return from_counts(compute)


def _kappa_with_interval(who: str) -> Check:
    """Check kappa and its interval, from three decimals as statistics programs print.

    0.477 and a standard error of 0.120 give 0.242 to 0.712; unrounded, the upper end is 0.713.
    """

    def compute(s: Sources) -> tuple[float, float, float]:
        kappa = kappa_of(counts_of(s, who))
        value, half = round(kappa.value, 3), _Z * round(kappa.standard_error, 3)
        return kappa.value, value - half, value + half

    return from_counts(compute)


def _bootstrap_of_accuracy(who: str) -> Check:
    """Check a percentile bootstrap's interval: the binomial distribution's."""

    def compute(s: Sources) -> tuple[float, float]:
        right, n = figures(counts_of(s, who))[0]
        low, high = 100 * binom.ppf([0.025, 0.975], n, right / n) / n
        return low, high

    return consistent(compute)


def _p(reader: str, index: int) -> Check:
    """Check P of the chi-squared test, of a reader without and with the model."""

    def compute(s: Sources) -> float:
        shares = [figures(counts_of(s, who))[index] for who in (reader, f"{reader}-assisted")]
        table = [[count, n - count] for count, n in shares]
        return float(chi2_contingency(table, correction=False)[1])

    return from_counts(compute)


def _corrected(reader: str) -> Check:
    """Check the number of corrected cases: at least the gain on balance."""

    def compute(s: Sources) -> float:
        (before, n), (after, _) = (
            figures(counts_of(s, who))[0] for who in (reader, f"{reader}-assisted")
        )
        return float(np.clip(s[f"corrected-{reader}"], after - before, n - before))

    return consistent(compute)


_auc_interval = from_counts(lambda s: normal_interval(s["external-auc"], s.n("external-auc")))

CHECKS: dict[str, Check] = {
    **{
        f"{of}-{name}": _share(of, index, interval=True)
        for of in ("internal", "external")
        for index, name in enumerate(FIGURES)
    },
    "internal-kappa": _kappa_with_interval("internal"),
    "external-kappa": _kappa_with_interval("external"),
    "external-auc-interval": _auc_interval,
    "abstract-external-auc-interval": _auc_interval,
    **{f"{who}-{name}": _share(who, i) for who in WHO for i, name in enumerate(FIGURES)},
    **{f"{who}-kappa": _kappa(who) for who in WHO},
    **{f"{who}-accuracy-interval": _bootstrap_of_accuracy(who) for who in WHO},
    **{f"p-{reader}-accuracy": _p(reader, 0) for reader in READERS},
    **{f"p-{reader}-specificity": _p(reader, 2) for reader in READERS},
    **{f"corrected-{reader}": _corrected(reader) for reader in READERS},
    "superior-accuracy": largest(["external-accuracy", "expert-accuracy"]),
    "superior-sensitivity": largest(f"{who}-sensitivity" for who in ("external", *READERS)),
    "superior-specificity": largest(f"{who}-specificity" for who in ("external", *READERS)),
    "specificity-range": extremes(f"{who}-specificity" for who in ("external", *READERS)),
}
"""Tables 4 and 5, and the statements of the text about them."""
