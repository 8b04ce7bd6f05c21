"""How the segmentations of each scan overlap, pair by pair: recomputed, or as published."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import asdict

import numpy as np
import pandas as pd

from vhi.reader_study.readings import ScanReadings, is_cleaned
from vhi.statistics.medians import median_interval, summarise
from vhi.statistics.overlap import dice, volume_similarity
from vhi.statistics.surface import surface_distances

RECOMPUTED = "recomputed"

OVERLAP_COLUMNS = (
    "first", "second", "scan", "subject", "dice", "source", "volume_similarity", "first_voxels",
    "second_voxels", "surface_mean_mm", "surface_p95_mm",
)  # fmt: skip


def overlap_table(readings: Iterable[ScanReadings], *, surfaces: bool = True) -> pd.DataFrame:
    """Compare every two segmentations of each scan.

    Parameters
    ----------
    surfaces
        Measure distances between surfaces too, which takes most of the time; else they are NaN.

    Returns
    -------
    pandas.DataFrame
        With the `OVERLAP_COLUMNS`, one row for each pair and scan; `source` is ``recomputed``.
        `vhi.statistics.dice` and its companions define the values of empty masks.
    """
    rows = []
    for scan in readings:
        for first, second in itertools.combinations(scan.segmentations, 2):
            masks = (first.mask, second.mask)
            between = surface_distances(*masks, scan.grid.spacing_mm) if surfaces else None
            rows.append(
                (
                    first.name, second.name, scan.scan, scan.subject, dice(*masks), RECOMPUTED,
                    volume_similarity(*masks), *(int(np.count_nonzero(mask)) for mask in masks),
                    *((between.mean_mm, between.p95_mm) if between else (np.nan, np.nan)),
                )
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(OVERLAP_COLUMNS))


def add_published(overlap: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Add published rows, except those whose pair and scan are in `overlap`."""
    both = pd.concat([overlap, published], ignore_index=True)
    return both.drop_duplicates(["first", "second", "scan"], ignore_index=True)


def overlaps_of(overlap: pd.DataFrame, *, cleaned: bool) -> pd.DataFrame:
    """Return the rows of two manual masks, or of two cleaned ones, with a column ``pair``."""
    first, second = (overlap[name].map(is_cleaned) == cleaned for name in ("first", "second"))
    table = overlap[first & second]
    return table.assign(pair=table["first"] + "–" + table["second"])


def overlap_summary(
    overlap: pd.DataFrame, *, quantity: str = "dice", by: tuple[str, str] = ("first", "second")
) -> pd.DataFrame:
    """Summarise one quantity for each pair of segmentations, in the order of the table.

    Parameters
    ----------
    overlap
        With the `OVERLAP_COLUMNS`, or with `by`, ``scan``, ``subject``, ``source`` and `quantity`.
    quantity
        One of the numbers among the columns. Values that are not finite are left out.
    by
        The two columns that name a pair.

    Returns
    -------
    pandas.DataFrame
        One row for each pair: `by`; ``source`` (``recomputed``, ``published``, or both); ``n``
        scans and ``subjects`` with a finite value; the fields of `vhi.statistics.medians.Summary`
        over scans; and the interval of the median over subjects, from the mean of each one's
        scans: ``median_low, median_high, median_coverage, rank_low, rank_high``, missing with
        fewer than two subjects.
    """
    rows = []
    for pair, group in overlap.groupby(list(by), sort=False):
        finite = group[np.isfinite(group[quantity])]
        by_subject = finite.groupby("subject", sort=False)[quantity].mean()
        interval = median_interval(by_subject)
        rows.append(
            dict(zip(by, pair, strict=True))
            | {"source": " and ".join(sorted(set(group["source"]), reverse=True))}
            | asdict(summarise(finite[quantity]))
            | {"subjects": len(by_subject)}
        )
        if interval:
            values = (interval.low, interval.high, interval.coverage, *interval.ranks)
            rows[-1] |= dict(zip(_INTERVAL, values, strict=True))
    return pd.DataFrame(rows, columns=[*by, *_SUMMARY]).astype(_RANKS)


_SUMMARY = (
    "source", "n", "mean", "median", "min", "max", "lower_quartile", "upper_quartile",
    "median_low", "median_high", "median_coverage", "subjects", "rank_low", "rank_high",
)  # fmt: skip
_INTERVAL = ("median_low", "median_high", "median_coverage", "rank_low", "rank_high")
_RANKS = {"rank_low": "Int64", "rank_high": "Int64"}


def paired_gains(
    overlap: pd.DataFrame, *, of: tuple[str, str], over: tuple[str, str], quantity: str = "dice"
) -> pd.Series:
    """Subtract one pair's agreement from another's, scan by scan.

    The same scans are hard for every method, so the gain is taken within each scan. The median of
    these gains is not the difference of the two pairs' medians.

    Parameters
    ----------
    overlap, quantity
        As for `overlap_summary`.
    of, over
        Names of two pairs, such as ``("R1", "R2")`` over ``("R11", "R21")``.

    Returns
    -------
    pandas.Series
        By scan; scans without one of the pairs are left out.
    """
    values = overlap.set_index(["first", "second", "scan"])[quantity]
    pairs = values.index.droplevel("scan")
    larger, smaller = (values[pairs == pair].droplevel([0, 1]) for pair in (of, over))
    return (larger - smaller).dropna()
