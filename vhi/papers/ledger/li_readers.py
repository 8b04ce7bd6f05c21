"""Checks of Li et al. 2024, tables 4 and 5: who called how many of the patients rightly.

The paper prints percentages without their counts; the table of counts that comes nearest to them
is found, and everything else follows from it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, chi2_contingency

from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.counts import computed, extremes, normal_interval, span
from vhi.papers.ledger.rules import Check
from vhi.statistics.kappa import Kappa, cohen_kappa

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

FIGURES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
READERS = ("resident", "expert")
WHO = ("resident", "expert", "resident-assisted", "expert-assisted")
_Z = 1.96  # as authors use it with a standard error rounded to three decimals

Counts = tuple[int, int, int, int]
"""axSpA called so, axSpA missed, others called axSpA, others called so."""


def figures(counts: Counts) -> tuple[tuple[int, int], ...]:
    """Return count and total behind each of `FIGURES`."""
    tp, fn, fp, tn = counts
    return (
        (tp + tn, tp + fn + fp + tn),
        (tp, tp + fn),
        (tn, tn + fp),
        (tp, tp + fp),
        (tn, tn + fn),
    )


@cache
def nearest_counts(percentages: tuple[float, ...], n: int, positive: int | None = None) -> Counts:
    """Return the counts of n patients whose `FIGURES` lie nearest to five percentages.

    Nearest by the sum of absolute differences. `positive` is how many have axSpA, where it is
    printed. Counts that leave one of the figures without patients are passed over.
    """
    best, least = (0, 0, 0, n), np.inf
    for with_axspa in range(1, n) if positive is None else (positive,):
        tp, tn = np.meshgrid(
            np.arange(1, with_axspa + 1), np.arange(1, n - with_axspa + 1), indexing="ij"
        )
        fn, fp = with_axspa - tp, n - with_axspa - tn
        shares = [(tp + tn) / n, tp / with_axspa, tn / (n - with_axspa), tp / (tp + fp)]
        shares.append(tn / (tn + fn))
        away = np.abs(100 * np.stack(shares, axis=-1) - percentages).sum(axis=-1)
        at = np.unravel_index(int(np.argmin(away)), away.shape)
        if away[at] < least:
            least = float(away[at])
            best = (int(tp[at]), int(fn[at]), int(fp[at]), int(tn[at]))
    return best


def kappa_of(counts: Counts) -> Kappa:
    """Return Cohen's kappa of the calls with the truth."""
    return cohen_kappa(np.reshape(counts, (2, 2)))


def counts_of(material: Material, who: str) -> Counts:
    """Return the counts nearest to what is printed for a test set or a reader."""
    percentages = tuple(material.value(f"li-{who}-{name}") for name in FIGURES)
    n = material.n(f"li-{who}-accuracy")
    known = None if who == "internal" else int(material.value("li-center2-axspa"))
    return nearest_counts(percentages, n, known)


def _share(who: str, index: int) -> Check:
    """Make the check of a percentage without its interval."""

    def share(material: Material) -> float:
        count, n = figures(counts_of(material, who))[index]
        return 100 * count / n

    return computed(share)


def _share_with_interval(who: str, index: int) -> Check:
    """Make the check of a percentage and its normal interval, of the patients that it counts."""

    def check(material: Material) -> Found:
        count, n = figures(counts_of(material, who))[index]
        low, high = normal_interval(count / n, n)
        return Found(100 * count / n, 100 * low, 100 * high, how="counts")

    return check


def _kappa(who: str) -> Check:
    return computed(lambda material: kappa_of(counts_of(material, who)).value)


def _kappa_with_interval(who: str) -> Check:
    """Make the check of kappa and its interval, from three decimals as statistics programs print.

    0.477 and a standard error of 0.120 give 0.242 to 0.712; unrounded, the upper end is 0.713.
    """

    def check(material: Material) -> Found:
        kappa = kappa_of(counts_of(material, who))
        value, half = round(kappa.value, 3), _Z * round(kappa.standard_error, 3)
        return Found(kappa.value, value - half, value + half, how="counts")

    return check


def _bootstrap_of_accuracy(who: str) -> Check:
    """Make the check of a percentile bootstrap's interval: the binomial distribution's."""

    def ends(material: Material) -> tuple[float, float]:
        right, n = figures(counts_of(material, who))[0]
        low, high = binom.ppf([0.025, 0.975], n, right / n) / n
        return 100 * float(low), 100 * float(high)

    return span(ends, how="consistent")


def _p(reader: str, index: int) -> Check:
    """Make the check of a P of the chi-squared test, of a reader without and with the model."""

    def p(material: Material) -> float:
        alone, helped = (
            figures(counts_of(material, who))[index] for who in (reader, f"{reader}-assisted")
        )
        table = [[count, n - count] for count, n in (alone, helped)]
        return float(chi2_contingency(table, correction=False)[1])

    return computed(p)


def _corrected(reader: str) -> Check:
    """Make the check of the number of corrected cases: at least what was won on balance."""

    def cases(material: Material) -> float:
        (before, n), (after, _) = (
            figures(counts_of(material, who))[0] for who in (reader, f"{reader}-assisted")
        )
        return float(np.clip(material.value(f"li-corrected-{reader}"), after - before, n - before))

    return computed(cases, how="consistent")


def _highest(name: str, *who: str) -> Check:
    return computed(lambda material: max(material.value(f"li-{each}-{name}") for each in who))


def _auc_interval(material: Material) -> tuple[float, float]:
    return normal_interval(material.value("li-external-auc"), material.n("li-external-auc"))


CHECKS: dict[str, Check] = {
    **{
        f"li-{of}-{name}": _share_with_interval(of, index)
        for of in ("internal", "external")
        for index, name in enumerate(FIGURES)
    },
    "li-internal-kappa": _kappa_with_interval("internal"),
    "li-external-kappa": _kappa_with_interval("external"),
    "li-external-auc-interval": span(_auc_interval),
    "li-abstract-external-auc-interval": span(_auc_interval),
    **{f"li-{who}-{name}": _share(who, i) for who in WHO for i, name in enumerate(FIGURES)},
    **{f"li-{who}-kappa": _kappa(who) for who in WHO},
    **{f"li-{who}-accuracy-interval": _bootstrap_of_accuracy(who) for who in WHO},
    **{f"li-p-{reader}-accuracy": _p(reader, 0) for reader in READERS},
    **{f"li-p-{reader}-specificity": _p(reader, 2) for reader in READERS},
    **{f"li-corrected-{reader}": _corrected(reader) for reader in READERS},
    "li-superior-accuracy": _highest("accuracy", "external", "expert"),
    "li-superior-sensitivity": _highest("sensitivity", "external", *READERS),
    "li-superior-specificity": _highest("specificity", "external", *READERS),
    "li-specificity-range": extremes(f"li-{who}-specificity" for who in ("external", *READERS)),
}
"""Of tables 4 and 5, and of what the text says of them."""
