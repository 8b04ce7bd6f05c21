"""What two readers measured on the same scans: from a table of patients, or from their masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.reader_study.patients import UNITS, Patients

NAMES = {"vhi_mm3": "VHI", "vhi_voxels": "VHI", "sparcc": "SPARCC"}
"""What measurements are called in figures and sentences."""


@dataclass(frozen=True, eq=False)
class ReaderPair:
    """What two readers measured on the same scans.

    Attributes
    ----------
    first, second : ndarray, shape (n,)
    measure, unit : str
    readers : tuple of str
        Their names; differences are first − second.
    data : str
        What the numbers are, for every table and caption.
    simulated : bool
    patients, visits : sequence of str, shape (n,), or None
        Whose scan each is and when; None where every scan is another patient's.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    measure: str
    unit: str
    readers: tuple[str, str]
    data: str
    simulated: bool = False
    patients: Sequence[str] | None = None
    visits: Sequence[str] | None = None

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean of the two readers, scan by scan."""
        return (self.first + self.second) / 2

    @property
    def name(self) -> str:
        """What was measured, as figures and sentences call it."""
        return NAMES.get(self.measure, self.measure)

    @property
    def scans(self) -> list[str]:
        """What to call each scan: the patient, and the visit where there are several."""
        names = self.patients or [str(number + 1) for number in range(len(self.first))]
        if self.visits is None:
            return list(names)
        return [f"{name} {visit}" for name, visit in zip(names, self.visits, strict=True)]

    @property
    def known(self) -> dict[str, str]:
        """What every row of a table says of them."""
        return {
            "data": self.data,
            "simulated": "yes" if self.simulated else "no",
            "measure": self.measure,
            "unit": self.unit,
            "readers": " - ".join(self.readers),
        }


def reader_pairs(patients: Patients) -> list[ReaderPair]:
    """Return the readings of every measurement and every two readers of a table."""
    found = []
    for measure in patients.readers:
        for pair in patients.pairs_of_readers(measure):
            rows = patients.readings(measure, *pair)
            first, second = (rows[reader].to_numpy(float) for reader in pair)
            found.append(
                ReaderPair(
                    first,
                    second,
                    measure,
                    UNITS[measure],
                    pair,
                    patients.name,
                    patients.simulated,
                    list(rows["patient"]),
                    list(rows["visit"]),
                )
            )
    return found


def volume_pairs(
    overlap: Iterable[Mapping[str, Any]], name: str, *, simulated: bool = False
) -> dict[tuple[str, str], ReaderPair]:
    """Return the volumes, in voxels, of every two segmentations over the scans that have both.

    Parameters
    ----------
    overlap
        Rows of `vhi.reader_study.overlap.overlap_rows`.
    name
        Of the source; whether the volumes are recomputed or published is added.
    simulated
        Whether scans or readers are simulated.
    """
    pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in overlap:
        pairs.setdefault((row["first"], row["second"]), []).append(row)
    return {
        pair: ReaderPair(
            np.array([row["first_voxels"] for row in rows], float),
            np.array([row["second_voxels"] for row in rows], float),
            "vhi_voxels",
            UNITS["vhi_voxels"],
            pair,
            f"{name}, {rows[0]['source']}",
            simulated,
            [row["scan"] for row in rows],
        )
        for pair, rows in pairs.items()
    }
