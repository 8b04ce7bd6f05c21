"""Scans on which two readers differ most: a worklist, and what was found on looking again.

Source: Hepburn et al. 2023, sections 2.7.4 and 3.6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from vhi.reader_study.pairs import ReaderPair
from vhi.reader_study.patients import Patients
from vhi.reader_study.readings import ScanReadings
from vhi.statistics.disagreement import disagreements
from vhi.statistics.failures import CLASSES, worklist

FAILURE_COLUMNS = (
    "data", "simulated", "measure", "unit", "readers", "patient", "visit", "first", "second",
    "difference", "two_sd_limit", "beyond_two_sd", "robust_limit", "beyond_robust", "class",
)  # fmt: skip
DISAGREEMENT_COLUMNS = (
    "scan", "first", "second", "rank", "share_of_difference", "voxels", "first_only",
    "second_only", "both", "i", "j", "k", "first_slice", "last_slice",
)  # fmt: skip

NOT_LOOKED = "not looked at yet"


def failure_rows(
    pairs: ReaderPair, classes: Mapping[tuple[str, str], str] | None = None
) -> list[dict[str, Any]]:
    """Return one row per scan, the largest difference first, with the `FAILURE_COLUMNS`.

    Parameters
    ----------
    pairs
        What two readers measured; its `patients` name the scans.
    classes
        By patient and visit, why the readers differ, from looking at the scan. `class` says
        `NOT_LOOKED` for a listed scan without one: only a person can tell.
    """
    paper, robust = (
        worklist(pairs.first, pairs.second, rule=rule) for rule in ("two-sd", "robust")
    )
    rows = []
    for index in sorted(range(len(pairs.first)), key=lambda i: -abs(paper.differences[i])):
        patient = pairs.patients[index] if pairs.patients is not None else str(index + 1)
        visit = pairs.visits[index] if pairs.visits is not None else ""
        listed = bool(paper.flagged[index] or robust.flagged[index])
        known = (classes or {}).get((patient, visit), "")
        rows.append(
            {
                **pairs.known,
                "patient": patient,
                "visit": visit,
                "first": pairs.first[index],
                "second": pairs.second[index],
                "difference": paper.differences[index],
                "two_sd_limit": paper.limit,
                "beyond_two_sd": "yes" if paper.flagged[index] else "no",
                "robust_limit": robust.limit,
                "beyond_robust": "yes" if robust.flagged[index] else "no",
                "class": known or (NOT_LOOKED if listed else ""),
            }
        )
    return rows


def classes_of(patients: Patients) -> dict[tuple[str, str], str]:
    """Return the table's own judgements of why readers disagree, by patient and visit."""
    if "disagreement" not in patients.table.columns:
        return {}
    rows = patients.table[["patient", "visit", "disagreement"]].itertuples(index=False)
    return {(row.patient, row.visit): row.disagreement for row in rows if row.disagreement}


def count_classes(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many scans beyond the paper's limit are of each class, every class named."""
    listed = Counter(row["class"] for row in rows if row["beyond_two_sd"] == "yes")
    return {name: listed[name] for name in (*CLASSES, NOT_LOOKED)}


def disagreement_rows(
    readings: ScanReadings, first: str, second: str, *, most: int = 20
) -> list[dict[str, Any]]:
    """Return the regions that two segmentations of a scan differ in, the largest share first.

    Parameters
    ----------
    readings
        Of the scan.
    first, second
        Names of two of its segmentations.
    most
        How many regions, at most.

    Returns
    -------
    list of dict
        The `DISAGREEMENT_COLUMNS`; i, j, k is a voxel of the whole scan to look at, counted from 0.
    """
    masks = {each.name: each.mask for each in readings.segmentations}
    axis = readings.grid.slice_axis
    start = [part.start for part in readings.box]
    rows = []
    for part in disagreements(masks[first], masks[second], slice_axis=axis)[:most]:
        place = [int(v + s) for v, s in zip(part.voxel, start, strict=True)]
        rows.append(
            {
                "scan": readings.scan,
                "first": first,
                "second": second,
                "rank": part.label,
                "share_of_difference": part.share,
                "voxels": part.voxels,
                "first_only": part.first_only,
                "second_only": part.second_only,
                "both": part.both,
                **dict(zip("ijk", place, strict=True)),
                "first_slice": part.slices[0] + start[axis],
                "last_slice": part.slices[1] + start[axis],
            }
        )
    return rows
