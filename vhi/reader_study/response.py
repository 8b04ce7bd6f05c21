"""Response to treatment as tables: who responds by which rule, and how much the values change.

Source: Hepburn et al. 2023, sections 2.7.3 and 3.5. A patient's value is the mean of the readers,
a tie is no response, and a patient who lacks a value is left out of that comparison and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.reader_study.agreement import holm
from vhi.reader_study.patients import AFTER, BEFORE, UNITS, Patients
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
    found = {}
    for rule in chosen:
        if rule in patients.responses:
            found[rule] = patients.at(f"response_{rule}", AFTER)
        else:
            sdc = _sdc_for(rule, patients)
            found[rule] = responders(rule, values[BEFORE], values[AFTER], sdc=sdc)
    return found


def response_rows(patients: Patients, rules: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return how every two rules agree, with the `RESPONSE_COLUMNS`."""
    found = responses_of(patients, rules)
    tables = {
        (first, second): responder_table(found[first], found[second])
        for first, second in combinations(found, 2)
    }
    return table_rows(tables, data=patients.name, simulated=patients.simulated)


def table_rows(
    tables: Mapping[tuple[str, str], ResponderTable], *, data: str, simulated: bool = False
) -> list[dict[str, Any]]:
    """Return responder tables as rows; P values are one family (Holm)."""
    adjusted = holm([table.mcnemar.exact_p for table in tables.values()])
    return [
        {
            "data": data,
            "simulated": "yes" if simulated else "no",
            "first": first,
            "second": second,
            "n": table.n,
            "both": table.both,
            "first_only": table.first_only,
            "second_only": table.second_only,
            "neither": table.neither,
            "dropped": table.dropped,
            "agreement": table.agreement.share,
            "agreement_low": table.agreement.low,
            "agreement_high": table.agreement.high,
            "kappa": table.kappa.value,
            "kappa_low": table.kappa.interval[0],
            "kappa_high": table.kappa.interval[1],
            "mcnemar_p": table.mcnemar.exact_p,
            "mcnemar_p_holm": p_holm,
            "note": f"one of {len(tables)} tests; a P above .05 does not show that rules agree",
        }
        for ((first, second), table), p_holm in zip(tables.items(), adjusted, strict=True)
    ]


def change_rows(patients: Patients) -> list[dict[str, Any]]:
    """Return changes (after − before): how large, how they go together, Figure 8's shares."""
    rows: list[dict[str, Any]] = []

    def add(what: str, unit: str, quantity: str, value: float, n: int, **more: Any) -> None:
        low, high = more.pop("interval", (np.nan, np.nan))
        rows.append(
            {"data": patients.name, "simulated": "yes" if patients.simulated else "no",
             "what": what, "unit": unit, "quantity": quantity, "value": value, "low": low,
             "high": high, "n": n, "form": "beside", **more}
        )  # fmt: skip

    for measure in patients.readers:
        before, after = (patients.at(measure, visit) for visit in (BEFORE, AFTER))
        mean = standardised_response_mean(before, after)
        unit = UNITS[measure]
        add(measure, unit, "mean change", mean.mean_change, mean.n)
        add(measure, unit, "SD of changes", mean.sd_change, mean.n)
        note = "mean change / SD of changes; where patients are chosen for a high first value, "
        note += "part of any fall is regression to the mean"
        add(measure, "", "standardised response mean", mean.srm, mean.n, interval=mean.interval,
            note=note)  # fmt: skip
        sdc = sdc_of(patients, measure)
        if np.isfinite(sdc):
            note = "of a patient's value, the mean of the readers"
            add(measure, unit, "smallest detectable change", sdc, mean.n, note=note)
    for name, line in change_lines(patients).items():
        vhi = _vhi(patients)
        what = f"{vhi} change on sparcc change, {name}"
        form = "paper" if name == LEAST_SQUARES else "beside"
        unit = UNITS[str(vhi)]
        add(what, f"{unit} per point", "slope", line.slope, line.n, interval=line.slope_interval,
            p=line.slope_p, form=form, note=_LINE_NOTES[name])  # fmt: skip
        add(what, unit, "intercept", line.intercept, line.n, interval=line.intercept_interval,
            p=line.intercept_p, form=form)  # fmt: skip
        if name == LEAST_SQUARES:
            add(what, "", "r", line.r, line.n)
    for visit, shares in upper_shares(patients).items():
        known = shares[np.isfinite(shares)]
        if known.size:
            note = "share of the cleaned volume that reaches the upper threshold"
            add(
                "upper share", "", f"median {visit}", float(np.median(known)), known.size, note=note
            )
    return rows


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
