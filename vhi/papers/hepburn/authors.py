"""The numbers for each scan that the authors published, read from their text files.

Segmentations are named as there: ``R12`` is reader 1's second manual trial, ``R2`` reader 2's
cleaned (semi-automatic) mask at the lower threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vhi.cases import supplement
from vhi.reader_study.overlap import OVERLAP_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[str, str]

MANUAL_PAIRS: tuple[Pair, ...] = (
    ("R11", "R12"),
    ("R21", "R22"),
    ("R11", "R21"),
    ("R11", "R22"),
    ("R12", "R21"),
    ("R12", "R22"),
)
"""Two trials of one reader (Figure 4a), then one trial of each (Figure 4b)."""

CLEANED_PAIR: Pair = ("R1", "R2")
"""The two readers' cleaned masks (Figure 4c)."""

PAIRS = (*MANUAL_PAIRS, CLEANED_PAIR)
"""Every pair of segmentations that the authors compare."""

NETWORK_OVERLAP = "generated_files/model_training/test_data_overlap.txt"
"""The supplement's path of the authors' network's Dice."""


def overlap_paths(pair: Pair) -> list[str]:
    """Return the supplement's paths of a pair's Dice and of its sizes.

    Raises
    ------
    ValueError
        The authors published no such pair.
    """
    if pair not in PAIRS:
        known = ", ".join("-".join(names) for names in PAIRS)
        raise ValueError(f"pair must be one that the authors published, {known}; got {pair!r}")
    name = "_".join(pair)
    return [
        f"generated_files/overlap/overlap_{name}.txt",
        f"generated_files/volume_similarity/vs_{name}.txt",
    ]


def published_overlap(pairs: Sequence[Pair] = PAIRS) -> pd.DataFrame:
    """Return how pairs of segmentations overlap and compare in size, scan by scan, as published.

    Returns
    -------
    pandas.DataFrame
        A row for each pair and scan, eight scans in ascending order, with the columns of
        `vhi.reader_study.overlap.OVERLAP_COLUMNS`. ``source`` is ``published``; distances between
        surfaces, which were not published, are NaN.

    Raises
    ------
    InputError
        The authors' files cannot be obtained.
    ValueError
        The authors published no such pair.

    References
    ----------
    Supplement of Hepburn et al. 2023, ``generated_files/overlap`` and ``volume_similarity``.
    """
    import pandas as pd

    tables = []
    for first, second in pairs:
        overlap, volumes = map(_read, overlap_paths((first, second)))
        scans = overlap[:, 0].astype(int).astype(str)
        tables.append(
            pd.DataFrame(
                {
                    "first": first, "second": second, "scan": scans, "subject": scans,
                    "dice": overlap[:, 1], "source": "published",
                    "volume_similarity": volumes[:, 1],
                    "first_voxels": volumes[:, 2].astype(int),
                    "second_voxels": volumes[:, 3].astype(int),
                }
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True).reindex(columns=list(OVERLAP_COLUMNS))


def network_overlap() -> pd.Series:
    """Return the Dice of the authors' network by scan and slice number (from 1), as published.

    48 slices of scans 1003 and 2014; an `InputError` where the file cannot be obtained.

    References
    ----------
    Supplement of Hepburn et al. 2023, ``generated_files/model_training/test_data_overlap.txt``.
    """
    import pandas as pd

    scan, number, dice = _read(NETWORK_OVERLAP).T
    index = [scan.astype(int).astype(str), number.astype(int)]
    return pd.Series(dice, index=index).rename_axis(["scan", "slice"])


def _read(path: str) -> np.ndarray:
    return np.loadtxt(supplement.fetch([path])[path], ndmin=2)
