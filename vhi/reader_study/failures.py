"""Scans on which two readers differ most: a worklist, and the regions that differ.

Source: Hepburn et al. 2023, sections 2.7.4 and 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from vhi.reader_study.pairs import ReaderPair
from vhi.reader_study.patients import Patients
from vhi.reader_study.readings import ScanReadings
from vhi.reader_study.report import Table, stack
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


def failure_table(
    pair: ReaderPair, classes: Mapping[tuple[str, str], str] | None = None
) -> pd.DataFrame:
    """List the scans of two readers, the largest difference first.

    Parameters
    ----------
    classes
        Why the readers differ, judged by looking at the scan, by patient and visit.

    Returns
    -------
    pandas.DataFrame
        With the `FAILURE_COLUMNS`: differences, the limits of both worklists and whether a scan
        is beyond them. `class` is `NOT_LOOKED` for a listed scan that nobody has judged.
    """
    paper, robust = (worklist(pair.first, pair.second, rule=rule) for rule in ("two-sd", "robust"))
    count = len(pair.first)
    patients = list(pair.patients or map(str, range(1, count + 1)))
    visits = list(pair.visits or [""] * count)
    default = np.where(paper.flagged | robust.flagged, NOT_LOOKED, "")
    judged = [(classes or {}).get(scan, "") for scan in zip(patients, visits, strict=True)]
    values = (
        patients, visits, pair.first, pair.second, paper.differences,
        paper.limit, np.where(paper.flagged, "yes", "no"),
        robust.limit, np.where(robust.flagged, "yes", "no"),
        np.where(np.array(judged, object) != "", judged, default),
    )  # fmt: skip
    columns = dict(zip(FAILURE_COLUMNS, (*pair.labels.values(), *values), strict=True))
    order = np.argsort(-np.abs(paper.differences), kind="stable")
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def worklist_table(
    pairs: Iterable[ReaderPair], classes: Mapping[tuple[str, str], str] | None = None
) -> Table:
    """Return the `failure_table` of several pairs of readers as one table of the report."""
    return Table(
        "failures",
        "Worklist: where readers differ most",
        stack((failure_table(pair, classes) for pair in pairs), FAILURE_COLUMNS),
        "A worklist, not a failure rate: 2 SD lists about one scan in twenty in any data.",
    )


def classes_of(patients: Patients) -> dict[tuple[str, str], str]:
    """Return why the readers disagree, as the table says, by patient and visit."""
    if "disagreement" not in patients.table:
        return {}
    judged = patients.table[patients.table["disagreement"] != ""]
    return judged.set_index(["patient", "visit"])["disagreement"].to_dict()


def count_classes(failures: pd.DataFrame) -> dict[str, int]:
    """Count the scans beyond the paper's limit in each class, every class named."""
    counts = failures.loc[failures["beyond_two_sd"] == "yes", "class"].value_counts()
    return {name: int(counts.get(name, 0)) for name in (*CLASSES, NOT_LOOKED)}


def disagreement_table(
    readings: ScanReadings, first: str, second: str, *, most: int = 20
) -> pd.DataFrame:
    """List the regions in which two segmentations of a scan differ, the largest share first.

    Parameters
    ----------
    first, second
        Names of two segmentations of `readings`.
    most
        Largest number of regions.

    Returns
    -------
    pandas.DataFrame
        With the `DISAGREEMENT_COLUMNS`; i, j, k is a voxel of the region in the whole scan,
        counted from 0.
    """
    masks = {segmentation.name: segmentation.mask for segmentation in readings.segmentations}
    axis = readings.grid.slice_axis
    start = [part.start for part in readings.box]
    regions = disagreements(masks[first], masks[second], slice_axis=axis)[:most]
    rows = [
        (
            readings.scan, first, second, region.label, region.share, region.voxels,
            region.first_only, region.second_only, region.both,
            *(int(v + s) for v, s in zip(region.voxel, start, strict=True)),
            *(number + start[axis] for number in region.slices),
        )
        for region in regions
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(DISAGREEMENT_COLUMNS))
