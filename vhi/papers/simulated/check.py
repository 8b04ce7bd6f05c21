"""What the preprint prints of its 29 patients, beside what a simulated cohort has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from vhi.papers.simulated.patients import Targets
from vhi.statistics.agreement import limits_of_agreement
from vhi.statistics.failures import worklist
from vhi.statistics.regression import least_squares

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T", bound=np.generic)
Floats = NDArray[np.float64]
Number = tuple[str, float, float, int]  # quantity, asked, reached, decimals

ASKED_COLUMNS = ("quantity", "asked", "reached", "agrees")


def both_readings(cohort: pd.DataFrame, measure: str) -> tuple[Floats, Floats]:
    """Return both readers' values of all scans that both have read."""
    values = cohort[[f"{measure}_R1", f"{measure}_R2"]].to_numpy(float)
    values = values[np.isfinite(values).all(axis=1)]
    return values[:, 0], values[:, 1]


def changes_of_both(cohort: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return after − before of VHI and SPARCC, means of readers, NaN where a visit is missing."""
    vhi, sparcc = (
        cohort[[f"{measure}_R1", f"{measure}_R2"]].to_numpy(float).mean(axis=1)
        for measure in ("vhi_voxels", "sparcc")
    )
    return change(cohort, vhi), change(cohort, sparcc)


def change(cohort: pd.DataFrame, values: Floats) -> Floats:
    """Return after − before of one value for each row, patient by patient."""
    before, after = by_visit(cohort, values).T
    return after - before


def clinical_responders(cohort: pd.DataFrame) -> NDArray[np.bool_]:
    """Return who responds clinically: ``yes``, or 1 as in `vhi.reader_study.patients.Patients`."""
    return by_visit(cohort, cohort["response_clinical"].isin(["yes", 1.0]).to_numpy())[:, 1]


def by_visit(cohort: pd.DataFrame, values: NDArray[T]) -> NDArray[T]:
    """Return values (rows, …) as (patients, before and after, …).

    Raises
    ------
    ValueError
        Rows are not those of one patient after the other, each before and then after.
    """
    patients, visits = cohort["patient"].tolist(), cohort["visit"].tolist()
    if patients[::2] != patients[1::2] or visits != ["before", "after"] * (len(visits) // 2):
        raise ValueError(
            "cohort needs two rows for each patient, before and then after, one patient after the "
            "other; put its rows into that order"
        )
    return values.reshape(-1, 2, *values.shape[1:])


def asked_and_reached(cohort: pd.DataFrame, targets: Targets | None = None) -> list[dict[str, Any]]:
    """Return one row for each printed number: quantity, asked, reached, agrees.

    Parameters
    ----------
    cohort
        From `vhi.papers.simulated.simulate_cohort`: two rows per patient, before and after.
    targets
        Those that the cohort was made for.

    Returns
    -------
    list of dict
        ``asked`` and ``reached`` as text, with the printed number of decimals; ``agrees`` where
        they are the same.
    """
    targets = targets or Targets()
    numbers = [
        *_agreement(
            "VHI", "voxels", both_readings(cohort, "vhi_voxels"),
            targets.vhi_bias, targets.vhi_limits, targets.vhi_range, decimals=0,
        ),
        ("scans beyond 2 SD from 0", targets.vhi_beyond, _beyond(cohort), 0),
        *_agreement(
            "SPARCC", "points", both_readings(cohort, "sparcc"),
            targets.sparcc_bias, targets.sparcc_limits, targets.sparcc_range, decimals=1,
        ),
        *_counts(cohort),
        *_regression(cohort, targets),
    ]  # fmt: skip
    rows = []
    for quantity, wanted, found, decimals in numbers:
        asked, reached = (f"{value:z.{decimals}f}" for value in (wanted, found))
        row = (quantity, asked, reached, asked == reached)
        rows.append(dict(zip(ASKED_COLUMNS, row, strict=True)))
    return rows


def _agreement(
    name: str,
    unit: str,
    read: tuple[Floats, Floats],
    bias: float,
    limits: tuple[float, float],
    span: tuple[float, float],
    *,
    decimals: int,
) -> list[Number]:
    found = limits_of_agreement(*read, interval="approximate")
    means = (read[0] + read[1]) / 2
    return [
        (f"{name}: bias, {unit}", bias, found.bias, decimals),
        (f"{name}: lower limit of agreement, {unit}", limits[0], found.lower, decimals),
        (f"{name}: upper limit of agreement, {unit}", limits[1], found.upper, decimals),
        (f"{name}: smallest mean of readers, {unit}", span[0], float(means.min()), 1),
        (f"{name}: largest mean of readers, {unit}", span[1], float(means.max()), 1),
    ]


def _beyond(cohort: pd.DataFrame) -> int:
    return int(worklist(*both_readings(cohort, "vhi_voxels")).flagged.sum())


def _regression(cohort: pd.DataFrame, targets: Targets) -> list[Number]:
    vhi, sparcc = changes_of_both(cohort)
    known = np.isfinite(sparcc)
    line = least_squares(sparcc[known], vhi[known])
    numbers: list[Number] = [
        ("slope of changes, voxels per point", targets.slope, line.slope, 0),
        ("slope: lower end", targets.slope_interval[0], line.slope_interval[0], 0),
        ("slope: upper end", targets.slope_interval[1], line.slope_interval[1], 0),
        ("intercept of changes, voxels", targets.intercept, line.intercept, 0),
        ("intercept: lower end", targets.intercept_interval[0], line.intercept_interval[0], 0),
        ("intercept: upper end", targets.intercept_interval[1], line.intercept_interval[1], 0),
    ]
    if targets == Targets():  # other targets have no printed P
        numbers.append(("slope: P", 0.0003, line.slope_p, 4))
        numbers.append(("intercept: P", 0.88, line.intercept_p, 2))
    return numbers


def _counts(cohort: pd.DataFrame) -> list[Number]:
    """Return the printed counts of responders, and the cohort's (section 3.5)."""
    clinical = clinical_responders(cohort)
    vhi, sparcc = changes_of_both(cohort)
    known = np.isfinite(sparcc)
    by_vhi, by_sparcc = vhi < 0, sparcc < 0
    found = [
        ("patients", 29, np.ones_like(clinical)),
        ("clinical responders", 16, clinical),
        ("of 16 clinical responders, by VHI", 11, clinical & by_vhi),
        ("of 16 clinical responders, by SPARCC", 12, clinical & known & by_sparcc),
        ("of 13 clinical non-responders, not by VHI", 4, ~clinical & ~by_vhi),
        ("clinical non-responders with a SPARCC change", 12, ~clinical & known),
        ("of 12 clinical non-responders, not by SPARCC", 6, ~clinical & known & ~by_sparcc),
        ("VHI and clinical response agree", 15, clinical == by_vhi),
        ("SPARCC and clinical response agree", 18, known & (clinical == by_sparcc)),
        ("SPARCC and VHI agree", 19, known & (by_vhi == by_sparcc)),
    ]
    return [(quantity, asked, int(np.sum(reached)), 0) for quantity, asked, reached in found]
