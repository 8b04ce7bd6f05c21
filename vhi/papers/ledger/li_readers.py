"""Checks of Li et al. 2024, tables 4 and 5: how many patients each reader called rightly.

The paper prints percentages without their counts. The counts that come nearest to the percentages
are computed, and everything else follows from them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from scipy.stats import binom, norm

from vhi.papers.ledger.answers import Among, Answer, Numbers, Within
from vhi.papers.ledger.check import Check, Reading, Sources, bound, consistent, from_counts
from vhi.papers.ledger.rules import (
    chi_squared_p,
    extremes,
    largest,
    other_intervals,
    other_tests,
    paired_tests,
)
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
    """Return the standard errors (...) of Cohen's kappa of many tables (..., 4), as `kappa_of`."""
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


def kappa_of(counts: Counts) -> Kappa:
    """Return Cohen's kappa of the calls with the truth."""
    return cohen_kappa(np.reshape(counts, (2, 2)))


def counts_of(s: Sources, who: str) -> Counts:
    """Return the counts nearest to the percentages printed for a test set or a reader.

    A percentage that is being checked is left out; the other four determine the counts.
    """
    keys = [f"{who}-{name}" for name in FIGURES]
    percentages = tuple(None if s.hides(key) else s[key] for key in keys)
    known = None if who == "internal" else int(s["center2-axspa"])
    return nearest_counts(percentages, s.n(f"{who}-accuracy"), known)


SAMPLES, REPEATS = 1000, 100
"""Samples of a bootstrap, as many authors draw; bootstraps simulated to see how its ends vary."""

RESAMPLED = 55
"""Cases in a sample: the ends of the accuracies' intervals are shares of 55, not of 58."""

MEANS_WITHIN = 3
"""Standard errors of a mean of `SAMPLES` within which it is taken to lie."""

_MEASURES = (*FIGURES, "kappa")


def _measures(counts: np.ndarray) -> np.ndarray:
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
    values = _measures(samples)
    percentile = np.nanpercentile if np.isnan(values).any() else np.percentile
    ends = percentile(values, [2.5, 97.5], axis=-1)
    errors = np.nanstd(values, axis=(1, 2)) / np.sqrt(SAMPLES)
    return np.nanmean(values, axis=(1, 2)), errors, np.moveaxis(ends, 0, 1)


def _bootstrap_mean(who: str, index: int) -> Reading:
    """Return the reading that a figure is the mean of a bootstrap's samples."""

    def compute(s: Sources) -> Within:
        counts = counts_of(s, who)
        means, errors, _ = bootstrap_of(counts, sum(counts))
        room = MEANS_WITHIN * errors[index]
        return Within(((means[index] - room, means[index] + room),))

    return Reading(f"it is a mean over {SAMPLES} bootstrap samples", compute)


def _bootstrap_interval(who: str, index: int) -> Check:
    """Check a percentile bootstrap's interval by what simulated bootstraps give."""

    def compute(s: Sources) -> Within:
        counts = counts_of(s, who)
        ends = bootstrap_of(counts, sum(counts))[2][index]
        return Within(tuple(zip(ends.min(axis=-1), ends.max(axis=-1), strict=True)))

    return consistent(compute).tolerant(
        f"bootstraps of {SAMPLES} samples differ; the limits are those of {REPEATS} simulated ones"
    )


def _accuracy_interval(who: str) -> Check:
    """Check the interval of accuracy, whose ends can only be shares of the cases in a sample."""

    def binomial(s: Sources) -> Numbers:
        right, n = figures(counts_of(s, who))[0]
        low, high = 100 * binom.ppf([0.025, 0.975], n, right / n) / n
        return low, high

    def simulated(s: Sources, *, cases: int | None = None) -> Among:
        counts = counts_of(s, who)
        low, high = bootstrap_of(counts, cases or sum(counts))[2][0]
        return Among(tuple((a, b) for a in np.unique(low) for b in np.unique(high)))

    methods = other_intervals(lambda s: figures(counts_of(s, who))[0], ends_only=True)
    return consistent(binomial).or_if(
        Reading("a bootstrap of all cases varies", simulated),
        *methods,
        Reading(
            f"each of {SAMPLES} bootstrap samples has {RESAMPLED} of the 58 cases",
            partial(simulated, cases=RESAMPLED),
        ),
    )


def _kappa(who: str) -> Check:
    check = from_counts(lambda s: kappa_of(counts_of(s, who)).value)
    if who in READERS:
        return check
    return check.or_if(_bootstrap_mean(who, 5)).tolerant(_MEANS_VARY)


def _share(who: str, index: int) -> Check:
    """Check a reader's percentage by the patients that the reader's other four count."""

    def compute(s: Sources) -> float:
        count, n = figures(counts_of(s, who))[index]
        return 100 * count / n

    check = from_counts(compute)
    if who in READERS:
        return check
    return check.or_if(_bootstrap_mean(who, index)).tolerant(_MEANS_VARY)


_MEANS_VARY = f"means of {SAMPLES} bootstrap samples vary"


def _share_with_interval(of: str, index: int) -> Check:
    """Check a percentage of a test set and its normal interval."""

    def pair(s: Sources) -> tuple[int, int]:
        return figures(counts_of(s, of))[index]

    def compute(s: Sources) -> Numbers:
        count, n = pair(s)
        return tuple(100 * share for share in (count / n, *normal_interval(count / n, n)))

    def bootstrap(s: Sources) -> Answer:
        count, n = pair(s)
        low, high = 100 * binom.ppf([0.025, 0.975], n, count / n) / n
        return 100 * count / n, low, high

    def simulated(s: Sources) -> Answer:
        counts = counts_of(s, of)
        means, errors, ends = bootstrap_of(counts, sum(counts))
        rooms = MEANS_WITHIN * errors
        lowest = np.stack([means - rooms, *ends.min(axis=-1).T])
        highest = np.stack([means + rooms, *ends.max(axis=-1).T])
        # One bootstrap gives all five figures: as a reading, it must hold for the others too.
        for other, name in enumerate(FIGURES):
            if other != index:
                numbers = np.array(s.numbers(f"{of}-{name}"))
                if (numbers < lowest[:, other]).any() or (numbers > highest[:, other]).any():
                    return Among(())
        return Within(tuple(zip(lowest[:, index], highest[:, index], strict=True)))

    # One cause makes all five figures of the internal test set differ.
    equation = f"{FIGURES[index]} and interval, external" if of == "external" else ""
    check = from_counts(compute, equation=equation)
    if (of, index) == ("external", 0):
        return check
    return check.or_if(
        *other_intervals(pair, "normal"),
        Reading("the interval is that of the binomial distribution", bootstrap),
        Reading(f"all are of a bootstrap of {SAMPLES} samples", simulated),
    )


def _kappa_with_interval(of: str) -> Check:
    """Check kappa and its interval, from three decimals as statistics programs print.

    0.477 and a standard error of 0.120 give 0.242 to 0.712; unrounded, the upper end is 0.713.
    """

    def of_counts(counts: np.ndarray) -> np.ndarray:
        kappa, error = _measures(counts)[-1], kappa_errors(counts)
        value, half = np.round(kappa, 3), _Z * np.round(error, 3)
        return np.stack([kappa, value - half, value + half], axis=-1)

    def compute(s: Sources) -> Numbers:
        return tuple(of_counts(np.array(counts_of(s, of))).tolist())

    def other_table(s: Sources) -> Among:
        # As many with axSpA as in all of the center: 462 of 648, so 92 of 129.
        n = s.n(f"{of}-kappa")
        axspa = round(n * s["center1-axspa"] / s["center1"])
        tables = [
            (tp, axspa - tp, n - axspa - tn, tn)
            for tp in range(1, axspa + 1)
            for tn in range(1, n - axspa + 1)
        ]
        return Among(tuple(map(tuple, of_counts(np.array(tables)).tolist())))

    check = from_counts(compute)
    if of == "external":
        return check
    return check.or_if(
        Reading("it is of another table of all 129 cases than the figures beside it", other_table)
    )


def _pairs(reader: str, index: int) -> Callable[[Sources], tuple[int, int, int, int]]:
    """Return a function that gives count and total without the model, and with it."""

    def compute(s: Sources) -> tuple[int, int, int, int]:
        before, after = (
            figures(counts_of(s, who))[index] for who in (reader, f"{reader}-assisted")
        )
        return (*before, *after)

    return compute


def _p(reader: str, index: int) -> Check:
    """Check P of a reader without against with the model: chi-squared, as the paper says."""
    pairs = _pairs(reader, index)
    return from_counts(lambda s: chi_squared_p(*pairs(s), corrected=False)).or_if(
        *other_tests(pairs), *paired_tests(pairs)
    )


def _corrected(reader: str) -> Check:
    """Limit the number of corrected cases: at least the gain on balance."""

    def compute(s: Sources) -> Within:
        before, n, after, _ = _pairs(reader, 0)(s)
        return Within(((after - before, min(n - before, after)),))

    return bound(compute)


def _superior(name: str) -> Check:
    """Check that the model's figure is the highest of model, resident and expert."""
    keys = [f"{who}-{name}" for who in ("external", *READERS)]

    def than_the_mean(s: Sources) -> Answer:
        # The sentence says it of three figures: as a reading, it must hold for all of them.
        means = {
            figure: np.mean([s[f"{reader}-{figure}"] for reader in READERS])
            for figure in FIGURES[:3]
        }
        holds = all(s[f"external-{figure}"] > mean for figure, mean in means.items())
        return s[f"external-{name}"] if holds else float(means[name])

    return largest(keys).or_if(Reading("it is above the two readers' mean", than_the_mean))


# A proportion's interval, which an AUC's is not; the paper names the bootstrap.
_auc_interval = consistent(
    lambda s: normal_interval(s["external-auc"], s.n("external-auc")),
    equation="interval of the external AUC",
)

CHECKS: dict[str, Check] = {
    **{
        f"{of}-{name}": _share_with_interval(of, index)
        for of in ("internal", "external")
        for index, name in enumerate(FIGURES)
    },
    "internal-kappa": _kappa_with_interval("internal"),
    "external-kappa": _kappa_with_interval("external"),
    "external-auc-interval": _auc_interval,
    "abstract-external-auc-interval": _auc_interval,
    **{f"{who}-{name}": _share(who, i) for who in WHO for i, name in enumerate(FIGURES)},
    **{f"{who}-kappa": _kappa(who) for who in WHO},
    **{f"{who}-accuracy-interval": _accuracy_interval(who) for who in WHO},
    **{
        f"{who}-{name}-interval": _bootstrap_interval(who, index)
        for who in WHO
        for index, name in enumerate(_MEASURES)
        if index
    },
    **{
        f"p-{reader}-{name}": _p(reader, index)
        for reader in READERS
        for index, name in enumerate(FIGURES[:3])
    },
    **{f"corrected-{reader}": _corrected(reader) for reader in READERS},
    **{f"superior-{name}": _superior(name) for name in FIGURES[:3]},
    "specificity-range": extremes(f"{who}-specificity" for who in ("external", *READERS)),
}
"""Tables 4 and 5, and the statements of the text about them."""
