"""Measurement error of two readings, and how well readers tell subjects apart.

Limits of agreement and measurement error are in the unit of the measurement. An intraclass
correlation compares the error with the spread of the subjects, so the same readers get a higher
one from more varied patients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2
from scipy.stats import f as fisher

from vhi.statistics._pairs import (
    NOWHERE,
    WIDTH,
    check_confidence,
    checked_differences,
    mean_and_sd,
    without_rounding,
)

NOTATIONS = (
    ("ICC(1,1)", "ICC(1)"),
    ("ICC(2,1)", "ICC(A,1)"),
    ("ICC(3,1)", "ICC(C,1)"),
    ("ICC(1,k)", "ICC(k)"),
    ("ICC(2,k)", "ICC(A,k)"),
    ("ICC(3,k)", "ICC(C,k)"),
)
"""Names of the six coefficients in Shrout & Fleiss 1979 and in McGraw & Wong 1996."""

FEWEST_VALUES = 5
"""Two readings of two subjects are too few for an analysis of variance."""


@dataclass(frozen=True)
class MeasurementError:
    """Error of a single measurement, in its own unit, from n pairs.

    `sem` is the standard error of measurement: the SD of the differences over √2, so that a
    reader's own constant error cancels. `sdc` is the smallest detectable change, 1.96 · √2 · sem:
    95 % of the differences between two measurements of an unchanged patient are smaller.
    """

    n: int
    sem: float
    sdc: float
    sem_interval: tuple[float, float]
    sdc_interval: tuple[float, float]


@dataclass(frozen=True)
class IntraclassCorrelation:
    """One of the six intraclass correlations, by both of its names.

    ICC(2,1) and ICC(A,1) are the same: a single reading, absolute agreement. `value` is at most 1
    and may be below 0; the lower end of the 95 % `interval` of a mean's may be minus infinity. `f`,
    `df1`, `df2` and `p` are those of the F test of a value of 0. `reason` says why a value is NaN.
    """

    shrout_fleiss: str
    mcgraw_wong: str
    value: float
    interval: tuple[float, float]
    f: float
    df1: int
    df2: int
    p: float
    reason: str = ""


def measurement_error(
    first: ArrayLike, second: ArrayLike, *, readings: int = 1, confidence: float = 0.95
) -> MeasurementError:
    r"""Return the standard error of measurement and the smallest detectable change.

    .. math:: \mathrm{SEM} = \frac{s_d}{\sqrt{2 k}}, \quad
              \mathrm{SDC} = 1.96 \sqrt 2 \, \mathrm{SEM}

    with k readings averaged. They hold for independent pairs whose differences are normal and do
    not grow with the value; otherwise they are too large for small values and too small for large
    ones. Readings of one scan do not include a second scan's own error, so a change between scans
    has to be larger still.

    Parameters
    ----------
    first, second
        Finite numbers, one of each for every independent subject, in one order and one unit.
    readings
        How many readers' values are averaged where the error is used: 1 for a single reader's
        values, 2 for the mean of two readers.
    confidence
        Of both intervals, above 0 and below 1.

    Returns
    -------
    MeasurementError
        Fewer than two pairs: all NaN. Equal readers: all 0.

    Raises
    ------
    ValueError
        The arrays are not two lists of finite numbers of one length, or an option is out of range.

    References
    ----------
    de Vet et al. 2006, Journal of Clinical Epidemiology 59:1033 (consistency and agreement);
    Bland & Altman 1996, BMJ 313:744.

    Examples
    --------
    >>> error = measurement_error([1, 2, 3, 4], [1, 1, 4, 4])
    >>> round(error.sem, 3), round(error.sdc, 3)
    (0.577, 1.6)
    """
    differences = checked_differences(first, second)
    check_confidence(confidence)
    if readings < 1:
        raise ValueError(f"readings is 1 or more; got {readings}")
    n, change = len(differences), WIDTH * math.sqrt(2)
    sem, (low, high) = math.nan, NOWHERE
    if n > 1:
        sem = mean_and_sd(differences)[1] / math.sqrt(2 * readings)
        tails = chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], n - 1)
        low, high = (sem * np.sqrt((n - 1) / tails)).tolist()
    intervals = (low, high), (change * low, change * high)
    return MeasurementError(n, sem, change * sem, *intervals)


def intraclass_correlations(values: ArrayLike) -> list[IntraclassCorrelation]:
    """Return all six intraclass correlations.

    Which one applies: 1 where each subject has its own readers, 2 (A) where the same readers, a
    sample of all, read every subject and their constant differences count as error, 3 (C) where
    they do not; ``1`` for a single reading, ``k`` for the mean of all.

    Parameters
    ----------
    values
        Finite numbers, shape (subjects, readers).

    Returns
    -------
    list of IntraclassCorrelation
        In the order of `NOTATIONS`. Equal readers of unequal subjects: 1, with intervals of no
        width and P 0. Fewer than two subjects or readers, fewer than five values, or subjects
        that are all alike: NaN, with a reason. Readers that differ only by constants: 1 for 3 (C),
        and for 2 (A) an interval that reflects how few readers there are. A mean's correlation is
        NaN where agreement is so far below chance that its denominator is 0 or less.

    Raises
    ------
    ValueError
        The values are not a table of finite numbers.

    References
    ----------
    Shrout & Fleiss 1979, Psychological Bulletin 86:420; McGraw & Wong 1996, Psychological Methods
    1:30. Computed by pingouin.
    """
    table = _checked_table(values)
    subjects, readers = table.shape
    df1 = max(subjects - 1, 0)
    one_way, two_way = max(subjects * (readers - 1), 0), max(df1 * (readers - 1), 0)
    reason = _why_none(table)
    if reason:
        rows = [(math.nan, NOWHERE, math.nan, math.nan)] * 6
    elif (table == table[:, :1]).all():
        rows = [(1.0, (1.0, 1.0), math.inf, 0.0)] * 6
    else:
        rows = _by_pingouin(table)
    return [
        IntraclassCorrelation(
            *names, value, interval, f, df1, df2, p, reason or _BELOW_CHANCE * math.isnan(value)
        )
        for names, (value, interval, f, p), df2 in zip(
            NOTATIONS, rows, (one_way, two_way, two_way) * 2, strict=True
        )
    ]


_BELOW_CHANCE = "readers agree so far below chance that a mean's correlation is undefined"


def _why_none(table: np.ndarray) -> str:
    """Say why a table gives no intraclass correlation; empty where it gives one."""
    subjects, readers = table.shape
    if subjects < 2 or readers < 2 or table.size < FEWEST_VALUES:
        return (
            f"too few for an intraclass correlation: {subjects} subjects, {readers} readers; give "
            "three subjects read by two"
        )
    return "all subjects are alike" if (table == table[0]).all() else ""


def _interval_of_constants(table: np.ndarray, name: str) -> tuple[float, float]:
    """Return the interval of ICC(A,1) or ICC(A,k) for readers that differ only by constants.

    McGraw & Wong 1996, table 7, without a residual: its approximate degrees of freedom are then
    those of the readers.
    """
    subjects, readers = table.shape
    between = readers * float(table.mean(axis=1).var(ddof=1))
    of_readers = subjects * float(table.mean(axis=0).var(ddof=1))
    averaged = 1 if name.endswith("k)") else readers
    low, high = fisher.ppf([0.025, 0.975], subjects - 1, readers - 1)
    ends = (
        subjects * between / (subjects * between + averaged * of_readers * f) for f in (high, low)
    )
    lower, upper = map(float, ends)
    return lower, upper


def _by_pingouin(table: np.ndarray) -> list[tuple[float, tuple[float, float], float, float]]:
    """Return value, interval, F and P of the six, in the order of `NOTATIONS`."""
    import pandas as pd
    import pingouin

    long = pd.DataFrame(table).rename_axis("subject").reset_index()
    long = long.melt("subject", var_name="reader", value_name="value")
    long["reader"] = long["reader"].astype(int)
    # pingouin rounds intervals to two digits unless told otherwise.
    rounding = {key: value for key, value in pingouin.options.items() if "round" in key}
    try:
        pingouin.options.update(dict.fromkeys(rounding))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            computed = pingouin.intraclass_corr(long, "subject", "reader", "value")
    finally:
        pingouin.options.update(rounding)
    ends = next(name for name in computed.columns if name.startswith("CI95"))
    apart = without_rounding(table - table[:, :1], of=table)
    # Readers differ only by constants, or by so little besides that no residual is left.
    constant = bool((apart == apart[0]).all()) or bool(np.isinf(computed["F"]).any())
    rows = []
    for (_, row), (_, name) in zip(computed.iterrows(), NOTATIONS, strict=True):
        value, f, p = float(row["ICC"]), float(row["F"]), float(row["pval"])
        interval = (float(row[ends][0]), float(row[ends][1]))
        if constant and "C" in name.removeprefix("ICC"):
            value, interval, f, p = 1.0, (1.0, 1.0), math.inf, 0.0
        elif constant and "A" in name:
            interval, f, p = _interval_of_constants(table, name), math.inf, 0.0
        if interval[0] > interval[1]:
            # The lower end of A,1 lies where the formula for a mean of k has turned its sign.
            interval = (-math.inf, interval[1])
        if not -math.inf < value <= 1:
            value, interval = math.nan, NOWHERE
        rows.append((value, interval, f, p))
    return rows


def _checked_table(values: ArrayLike) -> np.ndarray:
    try:
        table = np.asarray(values, float)
    except (TypeError, ValueError):
        raise ValueError("values is a table of numbers, one row for each subject") from None
    if table.ndim != 2:
        raise ValueError(f"values is a table of subjects × readers; got shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("values must be finite; leave subjects with a gap out and count them")
    return table
