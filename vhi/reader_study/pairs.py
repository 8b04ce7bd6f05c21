"""Two readers' measurements of the same scans, from a table of patients or from their masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.reader_study.patients import UNITS, Patients, yes_or_no

UNIT_RATIO = 100.0
"""Readers whose values differ by more than this factor use different units: two readings of one
scan seldom differ tenfold, and 1 ml is 1000 mm³. Chosen."""

SMALL_MM3 = 50.0
"""A table whose largest VHI is below this may be in ml: the study's scans have hundreds to tens of
thousands of mm³, which are 0.1 to 50 ml. Chosen."""

NAMES = {"vhi_mm3": "VHI", "vhi_voxels": "VHI", "sparcc": "SPARCC"}
"""What measurements are called in figures and sentences."""


@dataclass(frozen=True, eq=False)
class ReaderPair:
    """Two readers' measurements of the same scans.

    Attributes
    ----------
    first, second : ndarray, shape (n,)
        In `unit`.
    measure, unit : str
    readers : tuple of str
        Their names; differences are first − second.
    data : str
        Name of the data, for tables and captions.
    simulated : bool
    patients, visits : sequence of str, shape (n,), or None
        The patient and visit of each scan; None where every scan is of a different patient.
    subjects : sequence of str, shape (n,), or None
        Whose scan it is, where `patients` names scans rather than people.
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
    subjects: Sequence[str] | None = None

    @property
    def people(self) -> list[str] | None:
        """Whose scans these are; None where every scan is of another person."""
        people = list(self.subjects or self.patients or ())
        return people if len(set(people)) < len(people) else None

    @property
    def size(self) -> str:
        """How many scans, and of how many people where some have several: ``58 scans of 29``."""
        scans = f"{len(self.first)} scan{'s' if len(self.first) != 1 else ''}"
        return f"{scans} of {len(set(self.people))} patients" if self.people else scans

    @property
    def intervals(self) -> str:
        """What the intervals of limits are, for captions."""
        return "intervals by patient (repeated measures)" if self.people else "exact intervals"

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean of the two readers, scan by scan."""
        return (self.first + self.second) / 2

    @property
    def name(self) -> str:
        """The measurement's name in figures and sentences."""
        return NAMES.get(self.measure, self.measure)

    @property
    def scans(self) -> list[str]:
        """A name for each scan: the patient, and the visit where there are several."""
        names = self.patients or [str(number + 1) for number in range(len(self.first))]
        if self.visits is None:
            return list(names)
        return [f"{name} {visit}" for name, visit in zip(names, self.visits, strict=True)]

    @property
    def labels(self) -> dict[str, str]:
        """The columns that are the same in every row of a table about this pair."""
        return {
            "data": self.data,
            "simulated": yes_or_no(self.simulated),
            "measure": self.measure,
            "unit": self.unit,
            "readers": " - ".join(self.readers),
        }


def reader_pairs(patients: Patients) -> list[ReaderPair]:
    """Pair the readings of every measurement and every two readers of a table."""
    pairs = []
    for measure in patients.readers:
        for readers in patients.pairs_of_readers(measure):
            rows = patients.readings(measure, *readers)
            first, second = rows[list(readers)].to_numpy(float).T
            pairs.append(
                ReaderPair(
                    first, second, measure, UNITS[measure], readers, patients.name,
                    patients.simulated, list(rows["patient"]), list(rows["visit"]),
                )
            )  # fmt: skip
    return pairs


def units_differ(pair: ReaderPair) -> Note | None:
    """Return a note where the readers' values differ as units do: by their median ratio."""
    both = (pair.first > 0) & (pair.second > 0)
    if not both.any():
        return None
    ratio = float(np.median(pair.first[both] / pair.second[both]))
    if 1 / UNIT_RATIO < ratio < UNIT_RATIO:
        return None
    (more, less), times = (pair.readers, ratio) if ratio > 1 else (pair.readers[::-1], 1 / ratio)
    return Note(
        "units-differ",
        f"{pair.name} of {more} is {times:,.0f} times that of {less} (median of {both.sum()} "
        "scans): check whether both are in one unit (1 ml = 1 cm³ = 1000 mm³)",
    )


def small_volumes(patients: Patients) -> Note | None:
    """Return a note where every VHI of a table, of four or more above 0, is small for mm³."""
    columns = [f"vhi_mm3_{reader}" for reader in patients.readers.get("vhi_mm3", ())]
    values = patients.table[columns].to_numpy(float)
    values = values[values > 0]
    if len(values) < 4 or values.max() >= SMALL_MM3:
        return None
    return Note(
        "units-differ",
        f"the largest VHI of the table is {values.max():.3g} mm³: check whether it is in another "
        "unit (1 ml = 1 cm³ = 1000 mm³)",
    )


def volume_pairs(
    overlap: pd.DataFrame, name: str, *, simulated: bool = False
) -> dict[tuple[str, str], ReaderPair]:
    """Pair the volumes, in voxels, of every two segmentations over the scans that have both.

    Parameters
    ----------
    overlap
        From `vhi.reader_study.overlap.overlap_table`.
    name
        Of the source; whether the volumes are recomputed or published is added.
    simulated
        Whether scans or readers are simulated.
    """
    return {
        names: ReaderPair(
            rows["first_voxels"].to_numpy(float), rows["second_voxels"].to_numpy(float),
            "vhi_voxels", UNITS["vhi_voxels"], names, f"{name}, {rows['source'].iloc[0]}",
            simulated, list(rows["scan"]), subjects=list(rows["subject"]),
        )
        for names, rows in overlap.groupby(["first", "second"], sort=False)
    }  # fmt: skip
