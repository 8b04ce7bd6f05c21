"""How often every interval of the project holds the true value: ``python -m benchmarks coverage``.

Simulated samples of known truth go through the library's own functions. Rows are written as soon as
they are done, so that a run that was stopped goes on where it was; delete the table to start anew.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.stats import norm

from vhi.statistics.agreement import (
    limits_of_agreement,
    proportional_bias,
    ratio_limits,
    spread_against_mean,
)
from vhi.statistics.change import standardised_response_mean
from vhi.statistics.coverage import CORRELATED, HALF, HEAVY, MORE, NORMAL, TABLE
from vhi.statistics.failures import worklist
from vhi.statistics.kappa import cohen_kappa, kappa_interval
from vhi.statistics.medians import median_interval
from vhi.statistics.proportions import exact_proportion
from vhi.statistics.regression import deming, least_squares
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.repeated import repeated_limits

SIZES = (8, 20, 29, 60)
REPEATS = 2000
"""So that a share of 95 % has a Monte Carlo standard error of 0.5 %."""
FEWER_REPEATS = {"weighted kappa, posterior": 1000}
"""Where a sample takes long; then 0.7 %."""
RESAMPLES = 500
"""Of a bootstrap or posterior distribution, where the library draws 10,000; with 10,000 the shares
differ by less than 1 %."""
FREEDOM = 5
"""Degrees of freedom of Student's t for heavy tails: the fewest with a finite fourth moment."""
WIDTH = 1.96

EVEN, RARE = "even categories", "rare category"

Result = tuple[float, tuple[float, float]]
"""The true value and an interval."""


@dataclass(frozen=True)
class Coverage:
    """One row of the table."""

    interval: str
    quantity: str
    data: str
    n: int
    nominal: float
    coverage: float
    mc_error: float
    undefined: float
    repeats: int


@dataclass(frozen=True)
class Sample:
    """What a study draws from: n patients of some kind of data."""

    rng: np.random.Generator
    n: int
    data: str

    def values(self, *shape: int) -> np.ndarray:
        """Return independent values of mean 0 and SD 1."""
        if self.data == HEAVY:
            return self.rng.standard_t(FREEDOM, shape) / math.sqrt(FREEDOM / (FREEDOM - 2))
        return self.rng.normal(size=shape)

    def rows(self, correlation: float | None = None) -> np.ndarray:
        """Return a value of each patient, or of both scans of each where they correlate."""
        if correlation is None:
            if self.data not in CORRELATED:
                return self.values(self.n)
            correlation = 0.5 if self.data == HALF else 0.7
        own, apart = self.values(self.n, 1), self.values(self.n, 2)
        return (math.sqrt(correlation) * own + math.sqrt(1 - correlation) * apart).ravel()


Study = Callable[[Sample], dict[str, Result]]


def _limits(limits: object, middle: str = "bias", change: Callable = float) -> dict[str, Result]:
    return {
        middle: (change(0), getattr(limits, f"{middle}_interval")),
        "lower limit": (change(-WIDTH), limits.lower_interval),
        "upper limit": (change(WIDTH), limits.upper_interval),
    }


def exact(sample: Sample) -> dict[str, Result]:
    rows = sample.rows()
    return _limits(limits_of_agreement(rows, np.zeros(len(rows))))


def approximate(sample: Sample) -> dict[str, Result]:
    rows = sample.rows()
    return _limits(limits_of_agreement(rows, np.zeros(len(rows)), interval="approximate"))


def ratios(sample: Sample) -> dict[str, Result]:
    rows = np.exp(sample.rows())
    return _limits(ratio_limits(rows, np.ones(len(rows))), "ratio", math.exp)


def _two_scans(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return differences of two scans of each patient, and the patients."""
    correlation = {NORMAL: 0.0, HALF: 0.5, MORE: 0.7, HEAVY: 0.5}[sample.data]
    return sample.rows(correlation), np.repeat(np.arange(sample.n), 2)


def repeated(sample: Sample) -> dict[str, Result]:
    rows, patients = _two_scans(sample)
    return _limits(repeated_limits(rows, np.zeros(len(rows)), patients))


def trends(sample: Sample) -> dict[str, Result]:
    means, differences = sample.rows(), sample.rows()
    first, second = means + differences / 2, means - differences / 2
    return {
        "difference on mean": (0.0, proportional_bias(first, second).slope_interval),
        "|difference| on mean": (0.0, spread_against_mean(first, second).slope_interval),
    }


def line(sample: Sample) -> dict[str, Result]:
    x, errors = sample.rows(), sample.rows()
    fit = least_squares(x, 0.8 * x + 0.6 * errors)
    return {"slope": (0.8, fit.slope_interval), "intercept": (0.0, fit.intercept_interval)}


def deming_line(sample: Sample) -> dict[str, Result]:
    true, x_error, y_error = sample.values(3, sample.n)
    fit = deming(true + 0.5 * x_error, true + 0.5 * y_error)
    return {"slope": (1.0, fit.slope_interval), "intercept": (0.0, fit.intercept_interval)}


def error_of_reading(sample: Sample) -> dict[str, Result]:
    rows = math.sqrt(2) * sample.rows()
    return {"SEM, SDC": (1.0, measurement_error(rows, np.zeros(len(rows))).sem_interval)}


def correlations(sample: Sample) -> dict[str, Result]:
    """Subjects of variance 1, readers of 0.05 and errors of 0.2.

    The same two readers read every subject, as in a reader study; ICC(1) assumes other readers for
    each subject.
    """
    readers = math.sqrt(0.05) * sample.rng.normal(size=2)
    errors = math.sqrt(0.2) * np.column_stack([sample.rows(), sample.rows()])
    table = sample.rows()[:, None] + readers + errors
    single = {"1": 1 / 1.25, "2": 1 / 1.25, "3": 1 / 1.2}
    results = {}
    for icc in intraclass_correlations(table):
        value = single[icc.shrout_fleiss[4]]
        true = 2 * value / (1 + value) if "k" in icc.shrout_fleiss else value
        results[icc.shrout_fleiss] = (true, icc.interval)
    return results


def _table(sample: Sample, kappa: float, even: list[float], rare: list[float]) -> np.ndarray:
    """Draw a table of two ratings with equal margins, whose kappa is the same with any weights."""
    margin = np.array(rare if sample.data == RARE else even)
    shares = kappa * np.diag(margin) + (1 - kappa) * np.outer(margin, margin)
    return sample.rng.multinomial(sample.n, shares.ravel()).reshape(shares.shape)


KAPPAS = (0.0, 0.4, 0.7)
Margins = tuple[list[float], list[float]]
TWO, THREE = ([0.5, 0.5], [0.9, 0.1]), ([1 / 3] * 3, [0.7, 0.2, 0.1])
"""Even categories, and a rare one: one in ten. The ratings have equal margins."""


@cache
def _kappa(counts: tuple[int, ...], weights: str | None, few: bool) -> tuple[float, float]:
    """Return an interval of kappa; many samples of few patients are the same table."""
    table = np.reshape(counts, (math.isqrt(len(counts)),) * 2)
    if few:
        return kappa_interval(table, weights=weights, draws=RESAMPLES)
    return cohen_kappa(table, weights=weights).interval


def _kappas(sample: Sample, margins: Margins, weights: str | None, few: bool) -> dict[str, Result]:
    tables = {kappa: _table(sample, kappa, *margins) for kappa in KAPPAS}
    return {
        f"kappa {k:g}": (k, _kappa(tuple(table.ravel().tolist()), weights, few))
        for k, table in tables.items()
    }


def kappa_study(margins: Margins, weights: str | None, *, few: bool) -> Study:
    return lambda sample: _kappas(sample, margins, weights, few)


_share = cache(exact_proportion)


def shares(sample: Sample) -> dict[str, Result]:
    results = {}
    for share in (0.5, 0.9):
        rows = sample.rows() < norm.ppf(share)  # correlated where two scans of a patient are
        found = _share(int(np.count_nonzero(rows)), len(rows))
        results[f"share {share:g}"] = (share, (found.low, found.high))
    return results


def difference_of_shares(sample: Sample) -> dict[str, Result]:
    """Two ratings of the same patients: 20 % say yes by the first alone, 10 % by the second."""
    first, second, _ = sample.rng.multinomial(sample.n, [0.2, 0.1, 0.7])
    apart = int(first + second)
    split = _share(int(first), apart)
    low, high = ((2 * end - 1) * apart / sample.n for end in (split.low, split.high))
    return {"difference": (0.1, (low, high))}


def median(sample: Sample) -> dict[str, Result]:
    found = median_interval(sample.rows())
    return {"median": (0.0, (found.low, found.high))}


def bootstrapped_median(sample: Sample) -> dict[str, Result]:
    values = sample.rows()
    drawn = values[sample.rng.integers(len(values), size=(RESAMPLES, len(values)))]
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return {"median": (0.0, (float(low), float(high)))}


def bootstrapped_mean(sample: Sample) -> dict[str, Result]:
    values = sample.rows()
    drawn = values[sample.rng.integers(len(values), size=(RESAMPLES, len(values)))]
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return {"mean": (0.0, (float(low), float(high)))}


def response_mean(sample: Sample) -> dict[str, Result]:
    change = sample.rows() - 0.8
    return {"SRM": (-0.8, standardised_response_mean(np.zeros(len(change)), change).interval)}


def listed(sample: Sample) -> dict[str, Result]:
    """A further pair lies within the limit of a worklist, which should list 4.55 % of them."""
    rows, further = sample.rows(), float(sample.values(1)[0])
    limits = {rule: worklist(rows, np.zeros(len(rows)), rule=rule).limit for rule in RULES}
    return {rule: (further, (-limit, limit)) for rule, limit in limits.items()}


RULES = ("two-sd", "robust")
INSIDE = float(1 - 2 * norm.sf(2))
"""The share of normal differences that a worklist leaves out."""

OF_ROWS, OF_PATIENTS, OF_CATEGORIES = (NORMAL, HEAVY, *CORRELATED), (NORMAL, HEAVY), (EVEN, RARE)

STUDIES: dict[str, tuple[Study, tuple[str, ...]]] = {
    "limits, exact": (exact, OF_ROWS),
    "limits, approximate": (approximate, OF_PATIENTS),
    "limits, ratios": (ratios, OF_ROWS),
    "limits, repeated measures": (repeated, OF_ROWS),
    "trend": (trends, OF_ROWS),
    "least squares": (line, OF_ROWS),
    "Deming": (deming_line, OF_PATIENTS),
    "measurement error": (error_of_reading, OF_ROWS),
    "intraclass correlation": (correlations, (NORMAL, HEAVY, HALF)),
    "Cohen's kappa": (kappa_study(TWO, None, few=False), OF_CATEGORIES),
    "Cohen's kappa, posterior": (kappa_study(TWO, None, few=True), OF_CATEGORIES),
    "weighted kappa": (kappa_study(THREE, "quadratic", few=False), OF_CATEGORIES),
    "weighted kappa, posterior": (kappa_study(THREE, "quadratic", few=True), OF_CATEGORIES),
    "share, exact": (shares, (NORMAL, *CORRELATED)),
    "difference of shares": (difference_of_shares, (NORMAL,)),
    "median, order statistics": (median, OF_ROWS),
    "median, bootstrap": (bootstrapped_median, OF_PATIENTS),
    "mean, bootstrap": (bootstrapped_mean, OF_PATIENTS),
    "standardised response mean": (response_mean, OF_PATIENTS),
    "worklist": (listed, OF_PATIENTS),
}
"""Every interval, and the data for which it is tried.

Not here: the intervals of VHI, which `benchmarks.vhi_coverage` tries on simulated scans; sample
sizes, which promise a width; Fleiss' kappa, which is only quoted.
"""


def measure(interval: str, data: str, n: int, *, repeats: int | None = None) -> list[Coverage]:
    """Return the rows of one interval, one kind of data and one size; always the same."""
    repeats = repeats or FEWER_REPEATS.get(interval, REPEATS)
    study = STUDIES[interval][0]
    sample = Sample(np.random.default_rng(crc32(f"{interval} {data} {n}".encode())), n, data)
    held: dict[str, list[float]] = {}
    for _ in range(repeats):
        for quantity, (true, (low, high)) in study(sample).items():
            inside = low <= true <= high if low == low and high == high else math.nan
            held.setdefault(quantity, []).append(inside)
    return [
        _row(interval, quantity, data, n, np.array(inside, float))
        for quantity, inside in held.items()
    ]


def _row(interval: str, quantity: str, data: str, n: int, held: np.ndarray) -> Coverage:
    defined = held[~np.isnan(held)]
    share = float(defined.mean()) if defined.size else math.nan
    error = math.sqrt(share * (1 - share) / max(defined.size, 1))
    numbers = (share, error, 1 - defined.size / held.size)
    return Coverage(
        interval, quantity, data, n, nominal_of(interval, n),
        *(round(number, 4) for number in numbers), held.size,
    )  # fmt: skip


def nominal_of(interval: str, n: int) -> float:
    """Return how often an interval should hold."""
    if interval == "worklist":
        return round(INSIDE, 4)
    if interval == "median, order statistics":
        found = median_interval(range(n))
        return round(found.coverage, 4)
    return 0.95


def settings() -> Iterator[tuple[str, str, int]]:
    """Yield every interval, kind of data and size."""
    for interval, (_, kinds) in STUDIES.items():
        for data in kinds:
            for n in SIZES:
                yield interval, data, n


def main(path: Path = TABLE, *, repeats: int | None = None) -> int:
    """Fill the table with the rows that it lacks, and print them."""
    names = [field.name for field in fields(Coverage)]
    rows: list[dict[str, str]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    order = {setting: place for place, setting in enumerate(settings())}
    done = {(row["interval"], row["data"], int(row["n"])) for row in rows}
    for setting in order:
        if setting in done:
            continue
        new = [asdict(row) for row in measure(*setting, repeats=repeats)]
        for row in new:
            print(*(row[name] for name in names), sep="\t", flush=True)
        rows += [{name: str(row[name]) for name in names} for row in new]
        rows.sort(key=lambda row: order[row["interval"], row["data"], int(row["n"])])
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return 0
