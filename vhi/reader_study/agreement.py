"""Agreement of readers as a table: the paper's own form first, then what belongs beside it.

One row per quantity, so that any number can be found by its name; `form` says whether the paper
gives it (``paper``) or we put it beside (``beside``), and `note` in one sentence what changes.
Source: Hepburn et al. 2023, sections 2.7.2 and 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.reader_study.pairs import ReaderPair
from vhi.reader_study.patients import VISITS
from vhi.statistics.agreement import (
    LimitsOfAgreement,
    limits_of_agreement,
    proportional_bias,
    ratio_limits,
    spread_against_mean,
)
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.repeated import bootstrap_limits, repeated_limits

COLUMNS = (
    "data", "simulated", "measure", "unit", "readers", "scale", "quantity", "value", "low", "high",
    "n", "p", "p_holm", "form", "note",
)  # fmt: skip

RAW, TRUNCATED, LOG, RATIO = "raw", "truncated", "log(x + 1)", "ratio"


def agreement_rows(pairs: ReaderPair) -> list[dict[str, Any]]:
    """Return every quantity of the agreement of two readers.

    Parameters
    ----------
    pairs
        Of any number of scans; where there are too few for a quantity its value or interval is
        empty.

    Returns
    -------
    list of dict
        The `COLUMNS`, those without a value left out.
    """
    rows: list[dict[str, Any]] = []

    def add(scale: str, quantity: str, value: float, form: str = "beside", **more: Any) -> None:
        interval = more.pop("interval", (np.nan, np.nan))
        rows.append(
            {"scale": scale, "quantity": quantity, "value": value, "low": interval[0],
             "high": interval[1], "n": len(pairs.first), "form": form, **more}
        )  # fmt: skip

    if len(pairs.first) == 0:
        return []
    _add_limits(add, pairs, RAW, lambda x: x)
    _add_truncated(add, pairs)
    _add_limits(add, pairs, LOG, np.log1p)
    _add_ratios(add, pairs)
    _add_trends(add, pairs)
    _add_error(add, pairs)
    if pairs.patients is not None and len(set(pairs.patients)) < len(pairs.patients):
        _add_repeated(add, pairs)
    _add_correlations(add, pairs)
    return [{**pairs.known, **row} for row in rows]


def upper_fence(values: ArrayLike) -> float:
    """Return Tukey's fence, the upper quartile + 1.5 times the interquartile range.

    The paper truncates its plots "to remove the highest V_HI values" and does not say where.
    """
    lower, upper = np.percentile(np.asarray(values, float), [25, 75])
    return float(upper + 1.5 * (upper - lower))


Add = Callable[..., None]


def _add_limits(add: Add, pairs: ReaderPair, scale: str, transform: Callable[..., Any]) -> None:
    first, second = transform(pairs.first), transform(pairs.second)
    limits = limits_of_agreement(first, second)
    if scale == LOG:
        note = "the size of a log(x + 1) depends on the unit; see the ratios"
    else:
        note = "interval: exact (noncentral t); the preprint prints none"
    _add_three(add, scale, limits, note)
    means = (first + second) / 2
    span = float(np.ptp(means))
    add(scale, "lowest mean of readers", float(means.min()), "paper")
    add(scale, "highest mean of readers", float(means.max()), "paper")
    add(
        scale,
        "width of limits / range of means",
        (limits.upper - limits.lower) / span if span > 0 else np.nan,
        "paper",
        note="one large scan makes the range, so it makes this ratio small",
    )


def _add_three(add: Add, scale: str, limits: LimitsOfAgreement, note: str) -> None:
    add(scale, "bias", limits.bias, "paper", interval=limits.bias_interval, note=note)
    add(scale, "SD of differences", limits.sd)
    add(scale, "lower limit", limits.lower, "paper", interval=limits.lower_interval, note=note)
    add(scale, "upper limit", limits.upper, "paper", interval=limits.upper_interval, note=note)


def _add_truncated(add: Add, pairs: ReaderPair) -> None:
    fence = upper_fence(pairs.means)
    kept = pairs.means <= fence
    limits = limits_of_agreement(pairs.first[kept], pairs.second[kept])
    left_out = int((~kept).sum())
    note = (
        f"{left_out} of {kept.size} scans with a mean above {fence:.4g} left out: what truncation "
        "hides; our plots zoom the axes and keep the limits of all data"
    )
    add(TRUNCATED, "bias", limits.bias, "paper", n=limits.n, note=note)
    add(TRUNCATED, "lower limit", limits.lower, "paper", n=limits.n, note=note)
    add(TRUNCATED, "upper limit", limits.upper, "paper", n=limits.n, note=note)


def _add_ratios(add: Add, pairs: ReaderPair) -> None:
    ratios = ratio_limits(pairs.first, pairs.second)
    note = "first / second reader, the same in any unit; scans with a zero are counted apart"
    more = {"n": ratios.n, "note": note}
    add(RATIO, "ratio", ratios.ratio, interval=ratios.ratio_interval, **more)
    add(RATIO, "lower limit", ratios.lower, interval=ratios.lower_interval, **more)
    add(RATIO, "upper limit", ratios.upper, interval=ratios.upper_interval, **more)
    add(RATIO, "scans with a zero", float(ratios.zeros), note=note)


def _add_trends(add: Add, pairs: ReaderPair) -> None:
    lines = {
        "proportional bias: slope of difference on mean": proportional_bias,
        "spread: slope of |difference| on mean": spread_against_mean,
    }
    found = {name: fit(pairs.first, pairs.second) for name, fit in lines.items()}
    adjusted = holm([line.slope_p for line in found.values()])
    for (name, line), p_holm in zip(found.items(), adjusted, strict=True):
        add(
            RAW, name, line.slope, interval=line.slope_interval, p=line.slope_p, p_holm=p_holm,
            note=f"{len(lines)} tests for each two readers, Holm; plain limits assume a slope of 0",
        )  # fmt: skip


def _add_error(add: Add, pairs: ReaderPair) -> None:
    error = measurement_error(pairs.first, pairs.second)
    note = "what one reading is uncertain by, in its unit, whatever the range of the others"
    add(
        RAW,
        "standard error of measurement (SEM)",
        error.sem,
        interval=error.sem_interval,
        note=note,
    )
    note = "a change between two readings below it may be measurement error alone"
    add(RAW, "smallest detectable change (SDC)", error.sdc, interval=error.sdc_interval, note=note)


def _add_correlations(add: Add, pairs: ReaderPair) -> None:
    for scale, transform in ((RAW, lambda x: x), (LOG, np.log1p)):
        values = np.column_stack([transform(pairs.first), transform(pairs.second)])
        for each in intraclass_correlations(values):
            add(
                scale, f"{each.shrout_fleiss} = {each.mcgraw_wong}", each.value,
                interval=each.interval, note="Shrout & Fleiss = McGraw & Wong",
            )  # fmt: skip


def _add_repeated(add: Add, pairs: ReaderPair) -> None:
    first, second = pairs.first, pairs.second
    assert pairs.patients is not None
    limits = repeated_limits(first, second, pairs.patients)
    boot = bootstrap_limits(first, second, patients=pairs.patients)
    note = f"{limits.patients} patients with {limits.pairs} scans, which are not independent"
    name = "repeated measures: {}"
    add(RAW, name.format("bias"), limits.bias, interval=boot.bias_interval, note=note)
    add(RAW, name.format("lower limit"), limits.lower, interval=boot.lower_interval, note=note)
    add(RAW, name.format("upper limit"), limits.upper, interval=boot.upper_interval, note=note)
    for visit in VISITS:
        at = np.array([each == visit for each in pairs.visits or ()], bool)
        if at.any():
            own = limits_of_agreement(first[at], second[at])
            more = {"n": own.n, "note": "one scan of each patient"}
            add(RAW, f"{visit}: bias", own.bias, interval=own.bias_interval, **more)
            add(RAW, f"{visit}: lower limit", own.lower, interval=own.lower_interval, **more)
            add(RAW, f"{visit}: upper limit", own.upper, interval=own.upper_interval, **more)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return P values adjusted for a family of tests after Holm 1979; NaN stays NaN."""
    from statsmodels.stats.multitest import multipletests

    values = np.asarray(p_values, float)
    adjusted = np.full(values.shape, np.nan)
    known = np.isfinite(values)
    if known.any():
        adjusted[known] = multipletests(values[known], method="holm")[1]
    return adjusted
