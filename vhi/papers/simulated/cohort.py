"""A cohort's measurements as arrays: two visits and two readers of every patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

VHI, SPARCC = "vhi_voxels", "sparcc"


class Cohort:
    """Two readers' VHI and SPARCC of patients before and after treatment.

    Parameters
    ----------
    table
        From `vhi.papers.simulated.simulate_cohort`, or as in `vhi.reader_study.patients`.

    Attributes
    ----------
    readings : dict of str to ndarray
        By measure (`VHI`, `SPARCC`), each (patients, 2 visits, 2 readers); NaN where missing.
    clinical : ndarray of bool, shape (patients,)
        Clinical responders: ``yes``, or 1.

    Raises
    ------
    ValueError
        Rows are not those of one patient after the other, each before and then after.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        patients, visits = table["patient"].tolist(), table["visit"].tolist()
        if patients[::2] != patients[1::2] or visits != ["before", "after"] * (len(visits) // 2):
            raise ValueError(
                "cohort needs two rows for each patient, before and then after, one patient after "
                "the other; put its rows into that order"
            )
        self.readings: dict[str, Floats] = {
            measure: table[[f"{measure}_R1", f"{measure}_R2"]].to_numpy(float).reshape(-1, 2, 2)
            for measure in (VHI, SPARCC)
        }
        self.clinical = table["response_clinical"].isin(["yes", 1.0]).to_numpy()[1::2]

    def pairs(self, measure: str, *, log: bool = False) -> Floats:
        """Return both readers' values (2, scans) of scans that both have read, or log(x + 1)."""
        values = self.readings[measure].reshape(-1, 2)
        values = values[np.isfinite(values).all(axis=1)].T
        return np.log1p(values) if log else values

    def means(self, measure: str) -> Floats:
        """Return the readers' means (patients, 2 visits), NaN where a reading is missing."""
        return self.readings[measure].mean(axis=2)

    def changes(self, measure: str) -> Floats:
        """Return after − before of the readers' means (patients,), NaN where one is missing."""
        return np.diff(self.means(measure))[:, 0]

    def responses(self, measure: str) -> Floats:
        """Return 1 where the readers' mean fell, 0 where it did not, NaN where it is missing."""
        changes = self.changes(measure)
        return np.where(np.isfinite(changes), changes < 0, np.nan)

    def scans_with_both(self) -> tuple[Floats, Floats]:
        """Return VHI and SPARCC of scans that have both."""
        return _complete(self.means(VHI).ravel(), self.means(SPARCC).ravel())

    def changes_of_both(self) -> tuple[Floats, Floats]:
        """Return the changes of VHI and SPARCC of patients who have both."""
        return _complete(self.changes(VHI), self.changes(SPARCC))


def _complete(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(first) & np.isfinite(second)
    return first[known], second[known]
