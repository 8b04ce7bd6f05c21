"""The numbers for each scan that the paper's authors published, read from their text files.

Segmentations are named as there: ``R12`` is reader 1's second manual trial, ``R2`` reader 2's
cleaned (semi-automatic) mask at the lower threshold.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vhi.cases import supplement
from vhi.reader_study.overlap import OVERLAP_COLUMNS

MANUAL_PAIRS = (
    ("R11", "R12"),
    ("R21", "R22"),
    ("R11", "R21"),
    ("R11", "R22"),
    ("R12", "R21"),
    ("R12", "R22"),
)
"""Two trials of one reader (Figure 4a), then one trial of each (Figure 4b)."""

CLEANED_PAIR = ("R1", "R2")
"""The two readers' cleaned masks (Figure 4c)."""

PAIRS = (*MANUAL_PAIRS, CLEANED_PAIR)
"""Every pair of segmentations that the authors compare."""


NETWORK_OVERLAP = "generated_files/model_training/test_data_overlap.txt"
"""The supplement's path of the authors' network's Dice."""


class Volumes(NamedTuple):
    """How two segmentations of one scan compare in size.

    Attributes
    ----------
    similarity : float
        See `vhi.statistics.volume_similarity`.
    first, second : int
        Voxels of each.
    """

    similarity: float
    first: int
    second: int


def overlap_published(pair: tuple[str, str]) -> dict[str, float]:
    """Return the Dice coefficient of a pair of segmentations, scan by scan.

    Parameters
    ----------
    pair
        One of `PAIRS`, in their order.

    Returns
    -------
    dict of str to float
        By scan; eight, in ascending order.

    Raises
    ------
    InputError
        The file cannot be had.
    ValueError
        The authors published no such pair.

    References
    ----------
    Supplement of Hepburn et al. 2023, ``generated_files/overlap``.
    """
    rows = _rows(overlap_path(pair))
    return {_scan(scan): float(value) for scan, value in rows}


def volumes_published(pair: tuple[str, str]) -> dict[str, Volumes]:
    """Return the sizes of a pair of segmentations and how alike they are, scan by scan.

    Parameters and errors as for `overlap_published`.

    References
    ----------
    Supplement of Hepburn et al. 2023, ``generated_files/volume_similarity``.
    """
    rows = _rows(volumes_path(pair))
    return {
        _scan(scan): Volumes(float(similarity), int(first), int(second))
        for scan, similarity, first, second in rows
    }


def published_overlap_rows() -> list[dict[str, Any]]:
    """Return the published overlap of all `PAIRS`, as rows of `vhi.reader_study.overlap`.

    Returns
    -------
    list of dict
        One row for each pair and scan; `source` is ``published``, and distances between surfaces,
        which were not published, are NaN.

    Raises
    ------
    InputError
        The authors' files cannot be had.
    """
    rows = []
    for pair in PAIRS:
        volumes = volumes_published(pair)
        for scan, overlap in overlap_published(pair).items():
            values = (*pair, scan, scan, overlap, "published", *volumes[scan], math.nan, math.nan)
            rows.append(dict(zip(OVERLAP_COLUMNS, values, strict=True)))
    return rows


def network_overlap_published() -> dict[tuple[str, int], float]:
    """Return the Dice coefficient of the authors' network for each slice of their two test scans.

    Returns
    -------
    dict of (str, int) to float
        By scan and slice number as published, counted from 1; 48 slices of scans 1003 and 2014.

    Raises
    ------
    InputError
        The file cannot be had.

    References
    ----------
    Supplement of Hepburn et al. 2023, ``generated_files/model_training/test_data_overlap.txt``.
    """
    rows = _rows(NETWORK_OVERLAP)
    return {(_scan(scan), int(number)): float(value) for scan, number, value in rows}


def overlap_path(pair: tuple[str, str]) -> str:
    """Return the supplement's path of a pair's Dice; errors as `overlap_published`."""
    return f"generated_files/overlap/overlap_{_pair_name(pair)}.txt"


def volumes_path(pair: tuple[str, str]) -> str:
    """Return the supplement's path of a pair's sizes; errors as `overlap_published`."""
    return f"generated_files/volume_similarity/vs_{_pair_name(pair)}.txt"


def _pair_name(pair: tuple[str, str]) -> str:
    if pair not in PAIRS:
        known = ", ".join("-".join(names) for names in PAIRS)
        raise ValueError(f"pair must be one that the authors published, {known}; got {pair!r}")
    return "_".join(pair)


def _rows(path: str) -> NDArray[np.float64]:
    return np.loadtxt(supplement.fetch([path])[path], ndmin=2)


def _scan(number: float) -> str:
    return f"{number:.0f}"
