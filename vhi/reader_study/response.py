"""Response to treatment as tables: who responds by which rule, and how much the values change.

Source: Hepburn et al. 2023, sections 2.7.3 and 3.5. A patient's value is the mean of the readers,
a tie is no response, and a patient with a missing value is left out of that comparison and counted.
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
from vhi.reader_study.patients import AFTER, BEFORE, UNITS, VISITS, Patients
from vhi.statistics.change import standardised_response_mean, upper_share
from vhi.statistics.regression import Line, deming, least_squares
from vhi.statistics.reliability import measurement_error
from vhi.statistics.response import ResponderTable, responder_table
from vhi.statistics.rules import RULES, responders

RESPONSE_COLUMNS = (
    "data", "simulated", "first", "second", "n", "both", "first_only", "second_only", "neither",
    "dropped", "agreement", "agreement_low", "agreement_high", "kappa", "kappa_low", "kappa_high",
    "mcnemar_p", "mcnemar_p_holm", "note",
)  # fmt: skip
CHANGE_COLUMNS = (
    "data", "simulated", "what", "unit", "quantity", "value", "low", "high", "n", "p", "form",
    "note",
)  # fmt: skip

PAPERS_RULES = ("clinical-as-printed", "vhi-fall", "sparcc-fall")
BESIDE = ("nice-ta383", "vhi-fall-beyond-sdc", "sparcc-fall-beyond-sdc")
CLINICAL = "clinical"
"""A column ``response_clinical`` takes the place of the rule made from scores."""


def responses_of(
    patients: Patients, rules: Sequence[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return who responds by each rule: 1, 0, NaN where a value is missing.

    Parameters
    ----------
    patients
        The table.
    rules
        Names of `vhi.statistics.response.RULES` or of the table's ``response_`` columns. Default:
        every such column, the paper's rules and what belongs beside them, as far as the table
        has their values.

    Raises
    ------
    InputError
        A rule is unknown, or the table lacks what it needs.
    """
    values = {visit: _values(patients, visit) for visit in (BEFORE, AFTER)}
    if rules is None:
        chosen = [*patients.responses]
        if CLINICAL not in chosen:
            chosen.append(PAPERS_RULES[0])
        chosen += [rule for rule in (*PAPERS_RULES[1:], *BESIDE) if rule not in chosen]
        chosen = [rule for rule in chosen if not _lacks(rule, patients, values)]
    else:
        chosen = list(dict.fromkeys(rules))
        for rule in chosen:
            if rule not in RULES and rule not in patients.responses:
                known = ", ".join([*patients.responses, *RULES])
                raise InputError(f"no rule is called {rule!r}; choose from {known}")
            if lack := _lacks(rule, patients, values):
                raise InputError(f"{patients.name}: rule {rule!r} needs {lack}")
    answers = {}
    for rule in chosen:
        if rule in patients.responses:
            answers[rule] = patients.at(f"response_{rule}", AFTER)
        else:
            sdc = _sdc_for(rule, patients)
            answers[rule] = responders(rule, values[BEFORE], values[AFTER], sdc=sdc)
    return answers


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
        With the `RESPONSE_COLUMNS`.
    """
    adjusted = holm([table.mcnemar.exact_p for table in tables.values()])
    note = f"one of {len(tables)} tests; a P above .05 does not show that rules agree"
    rows = [
        (
            data, "yes" if simulated else "no", *rules, table.n, table.both, table.first_only,
            table.second_only, table.neither, table.dropped, table.agreement.share,
            table.agreement.low, table.agreement.high, table.kappa.value, *table.kappa.interval,
            table.mcnemar.exact_p, p_holm, note,
        )
        for (rules, table), p_holm in zip(tables.items(), adjusted, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(RESPONSE_COLUMNS))


def change_table(patients: Patients) -> pd.DataFrame:
    """Describe changes (after − before): their size, how they go together, Figure 8's shares.

    Returns
    -------
    pandas.DataFrame
        With the `CHANGE_COLUMNS`.
    """
    constant = {
        "data": patients.name,
        "simulated": "yes" if patients.simulated else "no",
        "form": "beside",
    }
    rows = [*_mean_changes(patients), *_lines(patients), *_upper_shares(patients)]
    return pd.DataFrame([constant | row for row in rows], columns=list(CHANGE_COLUMNS))


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
        yield _row(measure, "", name, mean.srm, mean.n, mean.interval, note=note)
        sdc = sdc_of(patients, measure)
        if np.isfinite(sdc):
            note = "of a patient's value, the mean of the readers"
            yield _row(measure, unit, "smallest detectable change", sdc, mean.n, note=note)


def _lines(patients: Patients) -> Rows:
    for name, line in change_lines(patients).items():
        vhi = str(_vhi(patients))
        what, unit = f"{vhi} change on sparcc change, {name}", UNITS[vhi]
        form = "paper" if name == LEAST_SQUARES else "beside"
        more: dict[str, Any] = {"p": line.slope_p, "form": form, "note": _LINE_NOTES[name]}
        slope = (line.slope, line.n, line.slope_interval)
        yield _row(what, f"{unit} per point", "slope", *slope, **more)
        intercept = (line.intercept, line.n, line.intercept_interval)
        yield _row(what, unit, "intercept", *intercept, p=line.intercept_p, form=form)
        if name == LEAST_SQUARES:
            yield _row(what, "", "r", line.r, line.n)


def _upper_shares(patients: Patients) -> Rows:
    note = "share of the cleaned volume that reaches the upper threshold"
    for visit, shares in upper_shares(patients).items():
        finite = shares[np.isfinite(shares)]
        if finite.size:
            median = float(np.median(finite))
            yield _row("upper share", "", f"median {visit}", median, finite.size, note=note)


LEAST_SQUARES, DEMING = "least squares", "Deming"
_LINE_NOTES = {
    LEAST_SQUARES: "takes the change of SPARCC for free of error, which flattens the slope",
    DEMING: "gives both changes their measurement error (from the readers' differences)",
}


def change_lines(patients: Patients) -> dict[str, Line]:
    """Return the lines through VHI changes on SPARCC changes; none where one was not measured."""
    vhi = _vhi(patients)
    if vhi is None or "sparcc" not in patients.readers:
        return {}
    x, y = _complete(changes(patients, "sparcc"), changes(patients, vhi))
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
    if not {"voxels_lower", "voxels_upper"} <= set(patients.table.columns):
        return {}
    return {
        visit: upper_share(patients.at("voxels_lower", visit), patients.at("voxels_upper", visit))
        for visit in (BEFORE, AFTER)
    }


def sdc_of(patients: Patients, measure: str) -> float:
    r"""Return the smallest detectable change of a patient's value, NaN with fewer than two readers.

    The value is the mean of k readers, so its error is that of one reading over :math:`\sqrt{k}`;
    with more than two readers the error is the root mean square over all pairs of them.
    """
    squares = []
    for pair in patients.pairs_of_readers(measure):
        rows = patients.readings(measure, *pair)
        first, second = (rows[reader].to_numpy(float) for reader in pair)
        readings = len(patients.readers[measure])
        squares.append(measurement_error(first, second, readings=readings).sdc ** 2)
    return float(np.sqrt(np.mean(squares))) if squares else float("nan")


def _values(patients: Patients, visit: str) -> dict[str, NDArray[np.float64]]:
    """Return what rules may ask for, under the rules' own names."""
    vhi = _vhi(patients)
    names = {"vhi": vhi, "sparcc": "sparcc" if "sparcc" in patients.readers else None}
    names |= {name: name for name in ("basdai", "spinal_vas_cm", "asdas") if name in patients.table}
    return {name: patients.at(column, visit) for name, column in names.items() if column}


def _vhi(patients: Patients) -> str | None:
    return next((name for name in patients.readers if name.startswith("vhi_")), None)


def _lacks(
    rule: str, patients: Patients, values: Mapping[str, Mapping[str, NDArray[np.float64]]]
) -> str:
    """Say what the table lacks for a rule; empty where it lacks nothing."""
    if rule in patients.responses:
        return ""
    missing = [need for need in RULES[rule].needs if need not in values[AFTER]]
    if missing:
        return f"columns for {', '.join(missing)}: {'; '.join(map(_columns_of, missing))}"
    if RULES[rule].needs_sdc and not np.isfinite(_sdc_for(rule, patients) or 0.0):
        return "two readers, whose differences give the smallest detectable change"
    return ""


def _columns_of(measure: str) -> str:
    """Say which columns of a table hold a measure that a rule asks for."""
    known = {
        "vhi": "vhi_mm3_<reader> or vhi_voxels_<reader>",
        "sparcc": "sparcc_<reader>",
    }
    return known.get(measure, measure)


def _sdc_for(rule: str, patients: Patients) -> float | None:
    if not RULES[rule].needs_sdc:
        return None
    return sdc_of(patients, "sparcc" if RULES[rule].needs == ("sparcc",) else str(_vhi(patients)))


def _complete(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the pairs of which neither value is missing."""
    both = np.isfinite(first) & np.isfinite(second)
    return first[both], second[both]
