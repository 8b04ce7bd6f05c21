"""Checks of Li et al. 2024, tables 4 and 5: how many patients each reader called rightly.

The paper prints percentages without their counts. The counts that come nearest to the percentages
are computed, and everything else follows from them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.stats import binom

from vhi.papers.ledger.answers import Among, Answer, Numbers, Within
from vhi.papers.ledger.check import Check, Reading, Sources, bound, consistent, from_counts
from vhi.papers.ledger.li_counts import (
    BOOTSTRAPPED,
    FIGURES,
    MEANS_WITHIN,
    READERS,
    REPEATS,
    RESAMPLED,
    SAMPLES,
    UNAIDED,
    bootstrap_of,
    counts_of,
    figures,
    kappa_errors,
    measures_of,
    normal_interval,
)
from vhi.papers.ledger.rules import (
    chi_squared_p,
    extremes,
    largest,
    other_intervals,
    other_tests,
    paired_tests,
)

_Z = 1.96  # as authors use it with a standard error rounded to three decimals


def _bootstrap_mean(reader: str, index: int) -> Reading:
    """Return the reading that a figure is the mean of a bootstrap's samples."""

    def compute(s: Sources) -> Within:
        counts = counts_of(s, reader)
        means, errors, _ = bootstrap_of(counts, sum(counts))
        room = MEANS_WITHIN * errors[index]
        return Within(((means[index] - room, means[index] + room),))

    return Reading(f"it is a mean over {SAMPLES} bootstrap samples", compute)


def _bootstrap_interval(reader: str, index: int) -> Check:
    """Check a percentile bootstrap's interval by what simulated bootstraps give."""

    def compute(s: Sources) -> Within:
        counts = counts_of(s, reader)
        ends = bootstrap_of(counts, sum(counts))[2][index]
        return Within(tuple(zip(ends.min(axis=-1), ends.max(axis=-1), strict=True)))

    return consistent(compute).tolerant(
        f"bootstraps of {SAMPLES} samples differ; the limits are those of {REPEATS} simulated ones"
    )


def _accuracy_interval(reader: str) -> Check:
    """Check the interval of accuracy, whose ends can only be shares of the cases in a sample."""

    def binomial(s: Sources) -> Numbers:
        right, n = figures(counts_of(s, reader))[0]
        low, high = 100 * binom.ppf([0.025, 0.975], n, right / n) / n
        return low, high

    def simulated(s: Sources, *, cases: int | None = None) -> Among:
        counts = counts_of(s, reader)
        low, high = bootstrap_of(counts, cases or sum(counts))[2][0]
        return Among(tuple((a, b) for a in np.unique(low) for b in np.unique(high)))

    methods = other_intervals(lambda s: figures(counts_of(s, reader))[0], ends_only=True)
    return consistent(binomial).or_if(
        Reading("a bootstrap of all cases varies", simulated),
        *methods,
        Reading(
            f"each of {SAMPLES} bootstrap samples has {RESAMPLED} of the 58 cases",
            partial(simulated, cases=RESAMPLED),
        ),
    )


def _figure(reader: str, index: int) -> Check:
    """Check a reader's percentage, or kappa, by the patients that four percentages count."""

    def compute(s: Sources) -> float:
        return float(measures_of(np.array(counts_of(s, reader)))[index])

    check = from_counts(compute)
    if reader in UNAIDED:
        return check
    return check.or_if(_bootstrap_mean(reader, index)).tolerant(
        f"means of {SAMPLES} bootstrap samples vary"
    )


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
        kappa, error = measures_of(counts)[-1], kappa_errors(counts)
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
            figures(counts_of(s, name))[index] for name in (reader, f"{reader}-assisted")
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
    keys = [f"{reader}-{name}" for reader in ("external", *UNAIDED)]

    def than_the_mean(s: Sources) -> Answer:
        # The sentence says it of three figures: as a reading, it must hold for all of them.
        means = {
            figure: np.mean([s[f"{reader}-{figure}"] for reader in UNAIDED])
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
    **{
        f"{reader}-{name}": _figure(reader, i)
        for reader in READERS
        for i, name in enumerate(BOOTSTRAPPED)
    },
    **{f"{reader}-accuracy-interval": _accuracy_interval(reader) for reader in READERS},
    **{
        f"{reader}-{name}-interval": _bootstrap_interval(reader, index)
        for reader in READERS
        for index, name in enumerate(BOOTSTRAPPED)
        if index
    },
    **{
        f"p-{reader}-{name}": _p(reader, index)
        for reader in UNAIDED
        for index, name in enumerate(FIGURES[:3])
    },
    **{f"corrected-{reader}": _corrected(reader) for reader in UNAIDED},
    **{f"superior-{name}": _superior(name) for name in FIGURES[:3]},
    "specificity-range": extremes(f"{reader}-specificity" for reader in ("external", *UNAIDED)),
}
"""Tables 4 and 5, and the statements of the text about them."""
