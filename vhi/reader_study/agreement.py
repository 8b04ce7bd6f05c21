"""Agreement of two readers as a table: the paper's analyses and further ones.

One row for each quantity; `form` says whether it is an analysis of the paper (``paper``) or an
additional one (``beside``), `note` explains the number in one sentence, and `coverage` says how
often such an interval held the true value in simulation.
Source: Hepburn et al. 2023, sections 2.7.2 and 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vhi.reader_study.pairs import ReaderPair
from vhi.reader_study.patients import VISITS
from vhi.statistics.agreement import (
    limits_of_agreement,
    proportional_bias,
    ratio_limits,
    spread_against_mean,
)
from vhi.statistics.coverage import coverage_note
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.repeated import repeated_limits

COLUMNS = (
    "data", "simulated", "measure", "unit", "readers", "scale", "quantity", "value", "low", "high",
    "n", "p", "p_holm", "form", "note", "coverage",
)  # fmt: skip

RAW, TRUNCATED, LOG, RATIO = "raw", "truncated", "log(x + 1)", "ratio"
_TRANSFORMS: dict[str, Callable[[Any], Any]] = {RAW: np.asarray, LOG: np.log1p}

Rows = Iterator[dict[str, Any]]


def agreement_table(pair: ReaderPair) -> pd.DataFrame:
    """Describe the agreement of two readers, one row for each quantity.

    Returns
    -------
    pandas.DataFrame
        With the `COLUMNS`. A value or interval that needs more scans is NaN; without any scan the
        table is empty. Where patients have several scans, limits that reckon with it come first.
    """
    if not len(pair.first):
        return pd.DataFrame(columns=list(COLUMNS))
    rows = chain(
        _repeated(pair), _limits(pair, RAW), _truncated(pair), _limits(pair, LOG), _ratios(pair),
        _trends(pair), _error(pair), _visits(pair), _correlations(pair),
    )  # fmt: skip
    constant = {**pair.labels, "n": len(pair.first), "form": "beside"}
    return pd.DataFrame([constant | row for row in rows], columns=list(COLUMNS))


def upper_fence(values: ArrayLike) -> float:
    """Return Tukey's upper fence: upper quartile + 1.5 times the interquartile range.

    The paper truncates its plots "to remove the highest V_HI values" and does not say where.
    """
    lower, upper = np.percentile(np.asarray(values, float), [25, 75])
    return float(upper + 1.5 * (upper - lower))


def _row(
    scale: str, quantity: str, value: float, interval: Any = (), **more: Any
) -> dict[str, Any]:
    low, high = interval or (np.nan, np.nan)
    return {"scale": scale, "quantity": quantity, "value": value, "low": low, "high": high, **more}


def _three(
    scale: str,
    limits: Any,
    held: Callable[[str], str] | None = None,
    *,
    middle: str = "bias",
    start: str = "",
    **more: Any,
) -> Rows:
    """Give the bias (or ratio) and both limits; with `held`, intervals and how often these hold."""
    for name, field in ((middle, middle), ("lower limit", "lower"), ("upper limit", "upper")):
        interval = getattr(limits, f"{field}_interval") if held else ()
        words = held(name) if held else ""
        yield _row(
            scale, f"{start}{name}", getattr(limits, field), interval, coverage=words, **more
        )


def _coverage(pair: ReaderPair, interval: str, quantity: str | None = None) -> str:
    """Say how often an interval holds that treats the scans as independent."""
    n = len(set(pair.people or range(len(pair.first))))
    return coverage_note(interval, n, quantity, scans=2 if pair.people else 1)


def _taken(pair: ReaderPair, note: str) -> str:
    """Say what an analysis assumes of scans of the same patients."""
    return f"treats the {pair.size} as independent; {note}" if pair.people else note


def _limits(pair: ReaderPair, scale: str) -> Rows:
    first, second = (_TRANSFORMS[scale](values) for values in (pair.first, pair.second))
    limits = limits_of_agreement(first, second)
    if scale == LOG:
        note = "the size of log(x + 1) depends on the unit; see the ratios"
    else:
        note = "interval: exact (noncentral t); the preprint prints none"
    held = partial(_coverage, pair, "limits, exact")
    rows = _three(scale, limits, held, form="paper", note=_taken(pair, note))
    bias, *both_limits = rows
    yield from (bias, _row(scale, "SD of differences", limits.sd), *both_limits)
    means = (first + second) / 2
    span = float(np.ptp(means))
    yield _row(scale, "lowest mean of readers", float(means.min()), form="paper")
    yield _row(scale, "highest mean of readers", float(means.max()), form="paper")
    width = (limits.upper - limits.lower) / span if span > 0 else np.nan
    note = "one large scan widens the range and so makes this ratio small"
    yield _row(scale, "width of limits / range of means", width, form="paper", note=note)


def _truncated(pair: ReaderPair) -> Rows:
    fence = upper_fence(pair.means)
    below = pair.means <= fence
    limits = limits_of_agreement(pair.first[below], pair.second[below])
    note = (
        f"{np.count_nonzero(~below)} of {below.size} scans with a mean above {fence:.4g} left out: "
        "what truncation hides; our plots zoom the axes and keep the limits of all data"
    )
    yield from _three(TRUNCATED, limits, form="paper", n=limits.n, note=note)


def _ratios(pair: ReaderPair) -> Rows:
    ratios = ratio_limits(pair.first, pair.second)
    note = "first / second reader, the same in any unit; scans with a zero are counted apart"
    more: dict[str, Any] = {
        "note": _taken(pair, note),
        "held": partial(_coverage, pair, "limits, ratios"),
    }
    yield from _three(RATIO, ratios, middle="ratio", n=ratios.n, **more)
    yield _row(RATIO, "scans with a zero", float(ratios.zeros), note=note)


def _trends(pair: ReaderPair) -> Rows:
    lines = {
        "proportional bias: slope of difference on mean": proportional_bias,
        "spread: slope of |difference| on mean": spread_against_mean,
    }
    fits = [fit(pair.first, pair.second) for fit in lines.values()]
    note = f"{len(lines)} tests for each pair of readers, Holm; plain limits assume a slope of 0"
    for name, fit, p in zip(lines, fits, holm([fit.slope_p for fit in fits]), strict=True):
        more = {"note": _taken(pair, note)}
        more["coverage"] = _coverage(pair, "trend", name.partition("slope of ")[2])
        yield _row(RAW, name, fit.slope, fit.slope_interval, p=fit.slope_p, p_holm=p, **more)


def _error(pair: ReaderPair) -> Rows:
    error = measurement_error(pair.first, pair.second)
    held = _coverage(pair, "measurement error")
    note = _taken(
        pair,
        "uncertainty of one reading, in its unit, which does not depend on the range of values",
    )
    name = "standard error of measurement (SEM)"
    yield _row(RAW, name, error.sem, error.sem_interval, note=note, coverage=held)
    note = _taken(pair, "a smaller change between two readings may be measurement error alone")
    name = "smallest detectable change (SDC)"
    yield _row(RAW, name, error.sdc, error.sdc_interval, note=note, coverage=held)


def _correlations(pair: ReaderPair) -> Rows:
    for scale, transform in _TRANSFORMS.items():
        values = np.column_stack([transform(pair.first), transform(pair.second)])
        for icc in intraclass_correlations(values):
            name = f"{icc.shrout_fleiss} = {icc.mcgraw_wong}"
            note = icc.reason or _taken(pair, "Shrout & Fleiss = McGraw & Wong")
            held = _coverage(pair, "intraclass correlation", icc.shrout_fleiss)
            yield _row(scale, name, icc.value, icc.interval, note=note, coverage=held)


def _repeated(pair: ReaderPair) -> Rows:
    """Give limits for patients with several scans; nothing where each patient has one."""
    if pair.people is None:
        return
    note = f"{pair.size}, which are not independent"
    held = partial(coverage_note, "limits, repeated measures", len(set(pair.people)))
    more: dict[str, Any] = {"start": "repeated measures: "}
    for scale, transform in _TRANSFORMS.items():
        limits = repeated_limits(transform(pair.first), transform(pair.second), pair.people)
        yield from _three(scale, limits, held, note=note, **more)
    ratios = ratio_limits(pair.first, pair.second, patients=pair.people)
    note += f"; {ratios.zeros} with a zero left out" * bool(ratios.zeros)
    more |= {"middle": "ratio", "n": ratios.n, "note": note}
    # A ratio's interval is that of the bias of logarithms.
    more["held"] = lambda quantity: held("bias" if quantity == "ratio" else quantity)
    yield from _three(RATIO, ratios, **more)


def _visits(pair: ReaderPair) -> Rows:
    """Give limits of each visit alone, where patients have several scans."""
    note = "one scan of each patient"
    for visit in VISITS if pair.people and pair.visits else ():
        rows = np.array(pair.visits, str) == visit
        if rows.any():
            one = limits_of_agreement(pair.first[rows], pair.second[rows])
            held = partial(coverage_note, "limits, exact", one.n)
            yield from _three(RAW, one, held, start=f"{visit}: ", n=one.n, note=note)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Adjust P values for a family of tests after Holm 1979; NaN stays NaN."""
    import pingouin

    values = np.asarray(p_values, float)
    return pingouin.multicomp(values, method="holm")[1] if np.isfinite(values).any() else values
