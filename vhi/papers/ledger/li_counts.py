"""Li et al. 2024: counts of right and wrong calls behind percentages, and bootstraps of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import norm

from vhi.papers.ledger.check import Sources

FIGURES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
UNAIDED = ("resident", "expert")
READERS = ("resident", "expert", "resident-assisted", "expert-assisted")

SAMPLES, REPEATS = 1000, 100
"""Samples of a bootstrap, as many authors draw; bootstraps simulated to see how its ends vary."""

RESAMPLED = 55
"""Cases in a sample: the ends of the accuracies' intervals are shares of 55, not of 58."""

MEANS_WITHIN = 3
"""Standard errors of a mean of `SAMPLES` within which it is taken to lie."""

BOOTSTRAPPED = (*FIGURES, "kappa")

Counts = tuple[int, int, int, int]
"""axSpA called so, axSpA missed, others called axSpA, others called so."""


def figures(counts: Counts) -> tuple[tuple[int, int], ...]:
    """Return count and total behind each of `FIGURES`."""
    tp, fn, fp, tn = counts
    return (tp + tn, tp + fn + fp + tn), (tp, tp + fn), (tn, tn + fp), (tp, tp + fp), (tn, tn + fn)


@cache
def nearest_counts(
    percentages: tuple[float | None, ...], n: int, positive: int | None = None
) -> Counts:
    """Return the counts of n patients whose `FIGURES` lie nearest to five percentages.

    Nearest by the sum of absolute differences over the percentages that are not None; `positive`
    is how many have axSpA, where printed.
    Counts that leave one of the figures without patients are passed over.
    """
    best, least = (0, 0, 0, n), np.inf
    known = [index for index, share in enumerate(percentages) if share is not None]
    wanted = np.reshape([percentages[index] for index in known], (-1, 1, 1))
    for with_axspa in range(1, n) if positive is None else (positive,):
        tp, tn = np.mgrid[1 : with_axspa + 1, 1 : n - with_axspa + 1]
        fn, fp = with_axspa - tp, n - with_axspa - tn
        pairs = figures((tp, fn, fp, tn))
        shares = np.stack([100 * pairs[index][0] / pairs[index][1] for index in known])
        away = np.abs(shares - wanted).sum(axis=0)
        at = np.unravel_index(away.argmin(), away.shape)
        if away[at] < least:
            least, best = away[at], (int(tp[at]), int(fn[at]), int(fp[at]), int(tn[at]))
    return best


def normal_interval(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of n by the normal approximation; not cut at 0 and 1."""
    half = float(norm.ppf(0.975) * np.sqrt(share * (1 - share) / n))
    return share - half, share + half


def kappa_errors(counts: np.ndarray) -> np.ndarray:
    """Return the standard errors (...) that `cohen_kappa` gives, of many tables (..., 4)."""
    tp, fn, fp, tn = np.moveaxis(counts.astype(float), -1, 0)
    n = tp + fn + fp + tn
    yes, no, called, not_called = (tp + fn) / n, (fp + tn) / n, (tp + fp) / n, (fn + tn) / n
    chance = yes * called + no * not_called
    beyond = (1 - (tp + tn) / n) / (1 - chance)  # 1 - kappa
    alike = tp / n * (1 - (yes + called) * beyond) ** 2
    alike += tn / n * (1 - (no + not_called) * beyond) ** 2
    unlike = beyond**2 * (fn / n * (called + no) ** 2 + fp / n * (not_called + yes) ** 2)
    variance = alike + unlike - (1 - beyond - chance * beyond) ** 2
    return np.sqrt(np.maximum(variance, 0) / n) / (1 - chance)


def counts_of(s: Sources, column: str) -> Counts:
    """Return the counts nearest to the percentages printed for a test set or a reader.

    A percentage that is being checked is left out; the other four determine the counts.
    """
    keys = [f"{column}-{name}" for name in FIGURES]
    percentages = tuple(None if s.hides(key) else s[key] for key in keys)
    known = None if column == "internal" else int(s["center2-axspa"])
    return nearest_counts(percentages, s.n(f"{column}-accuracy"), known)


def measures_of(counts: np.ndarray) -> np.ndarray:
    """Return `FIGURES` in per cent and kappa (6, ...) of tables (..., 4); NaN where undefined."""
    tp, fn, fp, tn = np.moveaxis(counts.astype(float), -1, 0)
    n = tp + fn + fp + tn
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [100 * count / total for count, total in figures((tp, fn, fp, tn))]
        chance = ((tp + fn) * (tp + fp) + (fp + tn) * (fn + tn)) / n**2
        kappa = (shares[0] / 100 - chance) / (1 - chance)
    return np.stack([*shares, kappa])


@cache
def bootstrap_of(counts: Counts, cases: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate percentile bootstraps that draw so many cases: means, their errors, ends.

    Returns
    -------
    means, errors : numpy.ndarray
        (6,); the mean over all samples of each of `FIGURES` and kappa, and the standard error of a
        mean of `SAMPLES`.
    ends : numpy.ndarray
        (6, 2, `REPEATS`); lower and upper 2.5 % of each simulated bootstrap.
    """
    rng = np.random.default_rng(2024)
    shares = np.array(counts) / sum(counts)
    samples = rng.multinomial(cases, shares, size=(REPEATS, SAMPLES))
    values = measures_of(samples)
    percentile = np.nanpercentile if np.isnan(values).any() else np.percentile
    ends = percentile(values, [2.5, 97.5], axis=-1)
    errors = np.nanstd(values, axis=(1, 2)) / np.sqrt(SAMPLES)
    return np.nanmean(values, axis=(1, 2)), errors, np.moveaxis(ends, 0, 1)
