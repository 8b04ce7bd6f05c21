"""Li et al. 2024: what bootstraps of right and wrong calls give, simulated."""

from __future__ import annotations

from functools import cache

import numpy as np

from vhi.papers.ledger.li_counts import FIGURES, Counts, figures

SAMPLES, REPEATS = 1000, 100
"""Samples of a bootstrap, as many authors draw; bootstraps simulated to see how its ends vary."""

RESAMPLED = 55
"""Cases in a sample: the ends of the accuracies' intervals are shares of 55, not of 58."""

MEANS_WITHIN = 3
"""Standard errors of a mean of `SAMPLES` within which it is taken to lie."""

BOOTSTRAPPED = (*FIGURES, "kappa")


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
