"""Response to treatment as tables: who responds by which rule, and how much the values change.

A patient's value is the mean of the readers, and an unchanged value is no response. Each comparison
leaves out patients with a missing value and counts them.
Source: Hepburn et al. 2023, sections 2.7.3 and 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.reader_study.agreement import holm
from vhi.reader_study.patients import AFTER, BEFORE, SCORES, UNITS, VISITS, Patients, yes_or_no
from vhi.statistics.change import standardised_response_mean, upper_share
from vhi.statistics.coverage import coverage_note
from vhi.statistics.kappa import Kappa, kappa_interval
from vhi.statistics.regression import Line, deming, least_squares
from vhi.statistics.reliability import measurement_error
from vhi.statistics.response import ResponderTable, responder_table
from vhi.statistics.rules import RULES, responders

RESPONSE_COLUMNS = (
    "data", "simulated", "first", "second", "n", "both", "first_only", "second_only", "neither",
    "dropped", "agreement", "agreement_low", "agreement_high", "kappa", "kappa_low", "kappa_high",
    "kappa_posterior_low", "kappa_posterior_high", "mcnemar_p", "mcnemar_p_holm", "note",
    "coverage",
)  # fmt: skip
CHANGE_COLUMNS = (
    "data", "simulated", "what", "unit", "quantity", "value", "low", "high", "n", "p", "form",
    "note", "coverage",
)  # fmt: skip

PAPERS_RULES = ("clinical-as-printed", "vhi-fall", "sparcc-fall")
BESIDE = ("nice-ta383", "vhi-fall-beyond-sdc", "sparcc-fall-beyond-sdc")
CLINICAL = "clinical"
"""A column ``response_clinical`` replaces the rule computed from scores."""
_COLUMNS_OF = {"vhi": "vhi_mm3_<reader> or vhi_voxels_<reader>", "sparcc": "sparcc_<reader>"}


def responses_of(
    patients: Patients, rules: Sequence[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return who responds by each rule: 1, 0, NaN where a value is missing.

    Parameters
    ----------
    rules
        Names of `vhi.statistics.rules.RULES` or of the table's ``response_`` columns. Default:
        every such column, the paper's rules and the further rules of `BESIDE`, as far as the
        table has their values.

    Raises
    ------
    InputError
        A rule is unknown, or the table lacks what it needs.
    """
    columns = {"vhi": patients.vhi, "sparcc": "sparcc" if "sparcc" in patients.readers else ""}
    columns |= {name: name for name in SCORES if name in patients.table}
    columns = {name: column for name, column in columns.items() if column}
    chosen = list(dict.fromkeys(rules or ()))
    if rules is None:
        printed = [] if CLINICAL in patients.responses else [PAPERS_RULES[0]]
        chosen = [*patients.responses, *printed, *PAPERS_RULES[1:], *BESIDE]
        chosen = [rule for rule in dict.fromkeys(chosen) if not _lacks(rule, patients, columns)]
    for rule in chosen:
        if rule not in RULES and rule not in patients.responses:
            known = ", ".join([*patients.responses, *RULES])
            raise InputError(f"no rule is called {rule!r}; choose from {known}")
        if lack := _lacks(rule, patients, columns):
            raise InputError(f"{patients.name}: rule {rule!r} needs {lack}")
    before, after = (
        {name: patients.at(column, visit) for name, column in columns.items()} for visit in VISITS
    )
    return {
        rule: patients.at(f"response_{rule}", AFTER)
        if rule in patients.responses
        else responders(rule, before, after, sdc=_sdc_for(rule, patients))
        for rule in chosen
    }


def response_table(patients: Patients, rules: Sequence[str] | None = None) -> pd.DataFrame:
    """Compare every two rules of response; parameters as for `responses_of`."""
    answers = responses_of(patients, rules)
    tables = {
        (first, second): responder_table(answers[first], answers[second])
        for first, second in combinations(answers, 2)
    }
    return compare_rules(tables, data=patients.name, simulated=patients.simulated)


def compare_rules(
    tables: Mapping[tuple[str, str], ResponderTable], *, data: str, simulated: bool = False
) -> pd.DataFrame:
    """Put responder tables into one table, a row each; their P values are one family (Holm).

    Returns
    -------
    pandas.DataFrame
        With the `RESPONSE_COLUMNS`. `kappa_low` and `kappa_high` are kappa ± 1.96 standard errors,
        `kappa_posterior_low` and `kappa_posterior_high` the interval for few patients
        (`vhi.statistics.kappa_interval`); `coverage` says how often each held in simulation.
    """
    adjusted = holm([table.mcnemar.exact_p for table in tables.values()])
    note = f"one of {len(tables)} tests; a P above .05 does not show that rules agree"
    rows = [
        (
            data, yes_or_no(simulated), *rules, table.n, table.both, table.first_only,
            table.second_only, table.neither, table.dropped, table.agreement.share,
            table.agreement.low, table.agreement.high, table.kappa.value, *table.kappa.interval,
            *kappa_interval([[table.both, table.first_only], [table.second_only, table.neither]]),
            table.mcnemar.exact_p, p_holm, _with_reason(note, table.kappa), kappa_coverage(table.n),
        )
        for (rules, table), p_holm in zip(tables.items(), adjusted, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(RESPONSE_COLUMNS))


def _with_reason(note: str, kappa: Kappa) -> str:
    """Add to a note why a table has no kappa, or no interval of it."""
    if not kappa.reason:
        return note
    missing = "no kappa" if np.isnan(kappa.value) else "no standard error of kappa"
    return f"{note}; {missing}: {kappa.reason}"


def kappa_coverage(n: int) -> str:
    """Say how often both intervals of kappa held the true value in simulation."""
    names = {
        "kappa ± 1.96 standard errors": "Cohen's kappa",
        "posterior": "Cohen's kappa, posterior",
    }
    return "; ".join(f"{name}: {coverage_note(kind, n)}" for name, kind in names.items())


def change_table(patients: Patients) -> pd.DataFrame:
    """Describe changes (after − before): size, fitted lines, the shares of Figure 8.

    Returns
    -------
    pandas.DataFrame
        With the `CHANGE_COLUMNS`.
    """
    rows = [*_mean_changes(patients), *_lines(patients), *_upper_shares(patients)]
    table = pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))
    table["data"], table["simulated"] = patients.name, yes_or_no(patients.simulated)
    return table.fillna({"form": "beside"})


Rows = Iterator[dict[str, Any]]


def _row(
    what: str, unit: str, quantity: str, value: float, n: int, interval: Any = (), **more: Any
) -> dict[str, Any]:
    low, high = interval or (np.nan, np.nan)
    row = {"what": what, "unit": unit, "quantity": quantity, "value": value, "low": low}
    return {**row, "high": high, "n": n, **more}


def _mean_changes(patients: Patients) -> Rows:
    for measure in patients.readers:
        mean = standardised_response_mean(*(patients.at(measure, visit) for visit in VISITS))
        unit = UNITS[measure]
        yield _row(measure, unit, "mean change", mean.mean_change, mean.n)
        yield _row(measure, unit, "SD of changes", mean.sd_change, mean.n)
        note = "mean change / SD of changes; where patients are chosen for a high first value, "
        note += "part of any fall is regression to the mean"
        name = "standardised response mean"
        held = coverage_note("standardised response mean", mean.n)
        yield _row(measure, "", name, mean.srm, mean.n, mean.interval, note=note, coverage=held)
        sdc = sdc_of(patients, measure)
        if np.isfinite(sdc):
            note = "of a patient's value, the mean of the readers"
            yield _row(measure, unit, "smallest detectable change", sdc, mean.n, note=note)


def _lines(patients: Patients) -> Rows:
    for name, line in change_lines(patients).items():
        what, unit = f"{patients.vhi} change on sparcc change, {name}", UNITS[patients.vhi]
        form = "paper" if name == LEAST_SQUARES else "beside"
        more: dict[str, Any] = {"p": line.slope_p, "form": form, "note": _LINE_NOTES[name]}
        held = {end: coverage_note(name, line.n, quantity=end) for end in ("slope", "intercept")}
        slope = (line.slope, line.n, line.slope_interval)
        yield _row(what, f"{unit} per point", "slope", *slope, coverage=held["slope"], **more)
        intercept = (line.intercept, line.n, line.intercept_interval)
        more = {"p": line.intercept_p, "form": form, "coverage": held["intercept"]}
        yield _row(what, unit, "intercept", *intercept, **more)
        if name == LEAST_SQUARES:
            yield _row(what, "", "r", line.r, line.n)


def _upper_shares(patients: Patients) -> Rows:
    note = "share of the cleaned volume that reaches the upper threshold"
    for visit, shares in upper_shares(patients).items():
        if n := int(np.isfinite(shares).sum()):
            median = float(np.nanmedian(shares))
            yield _row("upper share", "", f"median {visit}", median, n, note=note)


LEAST_SQUARES, DEMING = "least squares", "Deming"
"""Names of the lines, and of their intervals in `vhi.statistics.coverage`."""
_LINE_NOTES = {
    LEAST_SQUARES: "takes the change of SPARCC for free of error, which flattens the slope",
    DEMING: "gives both changes their measurement error (from the readers' differences)",
}


def change_lines(patients: Patients) -> dict[str, Line]:
    """Fit lines to VHI change on SPARCC change; none where one of the two was not measured."""
    vhi = patients.vhi
    if not vhi or "sparcc" not in patients.readers:
        return {}
    pairs = np.column_stack([changes(patients, "sparcc"), changes(patients, vhi)])
    x, y = pairs[np.isfinite(pairs).all(axis=1)].T
    lines = {LEAST_SQUARES: least_squares(x, y)}
    errors = sdc_of(patients, vhi), sdc_of(patients, "sparcc")
    if all(np.isfinite(error) and error > 0 for error in errors):
        lines[DEMING] = deming(x, y, error_ratio=(errors[0] / errors[1]) ** 2)
    return lines


def changes(patients: Patients, measure: str) -> NDArray[np.float64]:
    """Return after − before of each patient, NaN where a visit is missing."""
    return patients.at(measure, AFTER) - patients.at(measure, BEFORE)


def upper_shares(patients: Patients) -> dict[str, NDArray[np.float64]]:
    """Return each patient's share of voxels at or above the upper threshold, by visit."""
    columns = ("voxels_lower", "voxels_upper")
    if not {*columns} <= set(patients.table.columns):
        return {}
    return {visit: upper_share(*(patients.at(c, visit) for c in columns)) for visit in VISITS}


def sdc_of(patients: Patients, measure: str) -> float:
    r"""Return the smallest detectable change of a patient's value, NaN with fewer than two readers.

    The value is the mean of k readers, so its error is that of one reading over :math:`\sqrt{k}`;
    with more than two readers the error is the root mean square over all pairs of them.
    """
    squares = []
    for pair in patients.pairs_of_readers(measure):
        first, second = patients.readings(measure, *pair)[list(pair)].to_numpy(float).T
        readings = len(patients.readers[measure])
        squares.append(measurement_error(first, second, readings=readings).sdc ** 2)
    return float(np.sqrt(np.mean(squares))) if squares else float("nan")


def _lacks(rule: str, patients: Patients, columns: Mapping[str, str]) -> str:
    """Say what the table lacks for a rule; empty where it lacks nothing."""
    if rule in patients.responses:
        return ""
    missing = [need for need in RULES[rule].needs if need not in columns]
    if missing:
        names = "; ".join(_COLUMNS_OF.get(need, need) for need in missing)
        return f"columns for {', '.join(missing)}: {names}"
    sdc = _sdc_for(rule, patients)
    if sdc is not None and not np.isfinite(sdc):
        return "two readers, whose differences give the smallest detectable change"
    return ""


def _sdc_for(rule: str, patients: Patients) -> float | None:
    if not RULES[rule].needs_sdc:
        return None
    return sdc_of(patients, "sparcc" if RULES[rule].needs == ("sparcc",) else patients.vhi)
