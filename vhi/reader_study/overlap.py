"""How the segmentations of each scan overlap, pair by pair: recomputed, or as published."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vhi.reader_study.readings import ScanReadings
from vhi.statistics.medians import MedianInterval, Summary, median_interval, summarise
from vhi.statistics.overlap import dice, volume_similarity
from vhi.statistics.surface import surface_distances

RECOMPUTED = "recomputed"

OVERLAP_COLUMNS = (
    "first",
    "second",
    "scan",
    "subject",
    "dice",
    "source",
    "volume_similarity",
    "first_voxels",
    "second_voxels",
    "surface_mean_mm",
    "surface_p95_mm",
)


def overlap_rows(
    readings: Iterable[ScanReadings], *, surfaces: bool = True
) -> Iterator[dict[str, Any]]:
    """Compare every two segmentations of each scan.

    Parameters
    ----------
    readings
        From `load_readings`.
    surfaces
        Measure distances between surfaces too, which takes most of the time; else they are NaN.

    Yields
    ------
    dict
        The `OVERLAP_COLUMNS` of one pair in one scan; `source` is ``recomputed``. What empty masks
        give is said in `vhi.statistics.dice` and its companions.
    """
    for scan in readings:
        for first, second in itertools.combinations(scan.segmentations, 2):
            pair = (first.mask, second.mask)
            distances = surface_distances(*pair, scan.grid.spacing_mm) if surfaces else None
            yield {
                "first": first.name,
                "second": second.name,
                "scan": scan.scan,
                "subject": scan.subject,
                "dice": dice(*pair),
                "source": RECOMPUTED,
                "volume_similarity": volume_similarity(*pair),
                "first_voxels": int(np.count_nonzero(first.mask)),
                "second_voxels": int(np.count_nonzero(second.mask)),
                "surface_mean_mm": distances.mean_mm if distances else math.nan,
                "surface_p95_mm": distances.p95_mm if distances else math.nan,
            }


def add_published(
    rows: Iterable[Mapping[str, Any]], published: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Add published values for pairs of segmentations whose masks are missing.

    Parameters
    ----------
    rows
        From `overlap_rows`.
    published
        Rows with the same columns; those whose pair and scan are among `rows` are left out.

    Returns
    -------
    list of dict
        `rows`, then the published ones.
    """
    recomputed = [dict(row) for row in rows]
    pairs = {(row["first"], row["second"], row["scan"]) for row in recomputed}
    return recomputed + [
        dict(row) for row in published if (row["first"], row["second"], row["scan"]) not in pairs
    ]


@dataclass(frozen=True)
class PairSummary:
    """One quantity of a pair of segmentations over scans.

    Attributes
    ----------
    first, second : str
        The segmentations, or what else the rows were grouped by.
    source : str
        ``recomputed``, ``published``, or both.
    scans, subjects : int
        How many have a finite value.
    values : Summary
        Over scans.
    interval : MedianInterval or None
        For the median over subjects, from the mean of each one's scans, which is the scan itself
        where every subject has one.
    """

    first: str
    second: str
    source: str
    scans: int
    subjects: int
    values: Summary
    interval: MedianInterval | None


def summarise_pairs(
    rows: Iterable[Mapping[str, Any]],
    *,
    quantity: str = "dice",
    by: tuple[str, str] = ("first", "second"),
) -> list[PairSummary]:
    """Summarise one quantity for each pair of segmentations, in the order of the rows.

    Parameters
    ----------
    rows
        With the `OVERLAP_COLUMNS`, or with `by`, ``scan``, ``subject``, ``source`` and `quantity`.
    quantity
        One of the numbers among the columns. Values that are not finite are left out.
    by
        The two columns that name a pair.
    """
    pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        pairs[row[by[0]], row[by[1]]].append(row)
    summaries = []
    for (first, second), every in pairs.items():
        finite = [row for row in every if math.isfinite(row[quantity])]
        subjects: dict[str, list[float]] = defaultdict(list)
        for row in finite:
            subjects[row["subject"]].append(row[quantity])
        summaries.append(
            PairSummary(
                first,
                second,
                " and ".join(sorted({row["source"] for row in every}, reverse=True)),
                len(finite),
                len(subjects),
                summarise(row[quantity] for row in finite),
                median_interval(sum(each) / len(each) for each in subjects.values()),
            )
        )
    return summaries


def paired_gains(
    rows: Iterable[Mapping[str, Any]],
    *,
    of: tuple[str, str],
    over: tuple[str, str],
    quantity: str = "dice",
) -> dict[str, float]:
    """Return how much more one pair of segmentations agrees than another, scan by scan.

    The same scans are hard for every method, so the gain is taken within each scan. The median of
    these gains is not the difference of the two pairs' medians.

    Parameters
    ----------
    rows
        With the `OVERLAP_COLUMNS`.
    of, over
        Names of two pairs, such as ``("R1", "R2")`` over ``("R11", "R21")``.
    quantity
        One of the numbers among the columns.

    Returns
    -------
    dict of str to float
        By scan; scans that lack one of the pairs are left out.
    """
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in rows:
        values[row["first"], row["second"]][row["scan"]] = row[quantity]
    there, base = values[of], values[over]
    return {scan: value - base[scan] for scan, value in there.items() if scan in base}
