"""What `vhi study` computes from readers' masks, before it becomes tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vhi.reader_study.pairs import ReaderPair
from vhi.reader_study.readings import ScanReadings

Disagreement = tuple[ScanReadings, Mapping[str, Any]]
"""A scan, and the row of the region in which two of its segmentations differ most."""


@dataclass(frozen=True, eq=False)
class MaskComparison:
    """The tables that come from readers' masks.

    Attributes
    ----------
    overlap, summary, composite, ceiling, disagreements, threshold, curve : pandas.DataFrame
        As their modules make them.
    pairs : list of ReaderPair
        Volumes of every two segmentations, those in `drawn` first.
    drawn : list of ReaderPair
        The pairs that compare two readers: their cleaned masks, or one manual trial of each.
    places : list of (ScanReadings, row of `disagreements`)
        The largest disagreement of each scan.
    """

    overlap: pd.DataFrame
    summary: pd.DataFrame
    composite: pd.DataFrame
    ceiling: pd.DataFrame
    disagreements: pd.DataFrame
    threshold: pd.DataFrame
    curve: pd.DataFrame
    pairs: list[ReaderPair]
    drawn: list[ReaderPair]
    places: list[Disagreement]
