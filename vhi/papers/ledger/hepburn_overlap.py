"""Checks of Hepburn et al. 2023, sections 3.2 and 3.3: the network's Dice, the readers' Dice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vhi.papers.hepburn.authors import MANUAL_PAIRS
from vhi.papers.ledger.check import Check, Sources, consistent, from_files
from vhi.papers.ledger.rules import remainder, same, total

if TYPE_CHECKING:
    import pandas as pd

WITHIN, BETWEEN = list(MANUAL_PAIRS[:2]), list(MANUAL_PAIRS[2:])
"""Pairs of manual segmentations by one reader, and by two."""


def _medians(s: Sources) -> pd.Series:
    """Return the median Dice of each pair of manual segmentations by two readers."""
    return s.files.manual_overlap[BETWEEN].median()


def _cleaned(s: Sources) -> float:
    return s.files.cleaned["dice"].median()


def _network_dice(s: Sources) -> tuple[float, float, float]:
    values = s.files.network_overlap
    return values.mean(), values.min(), values.max()


def _manual_range(s: Sources) -> tuple[float, float]:
    values = s.files.manual_overlap.to_numpy()
    return values.min(), values.max()


def _gain(s: Sources) -> tuple[float, float]:
    gains = 100 * (_cleaned(s) - _medians(s))
    return gains.min(), gains.max()


def _outliers(s: Sources) -> int:
    """Count scans whose cleaned Dice is below the mean of their manual Dice between readers."""
    return (s.files.cleaned["dice"] < s.files.manual_overlap[BETWEEN].mean(axis=1)).sum()


_median_cleaned = from_files(_cleaned, kind="median Dice of the cleaned masks")

CHECKS: dict[str, Check] = {
    "abstract-dice-cleaned": _median_cleaned,
    # The highest of four medians; the paper does not say which it took.
    "abstract-dice-manual": consistent(lambda s: _medians(s).max()),
    "network-slices": from_files(lambda s: len(s.files.network_overlap)),
    "network-subjects": from_files(lambda s: len(s.files.network_overlap.groupby("scan"))),
    "network-dice": from_files(_network_dice),
    "network-further": total("network-satisfactory", "network-failed"),
    "network-satisfactory": remainder("network-further", "network-failed"),
    "network-failed": remainder("network-further", "network-satisfactory"),
    "s3-subjects": same("network-failed"),
    "dice-manual-range": from_files(_manual_range),
    "dice-intra-r1": from_files(lambda s: s.files.manual_overlap[WITHIN[0]].median()),
    "dice-intra-r2": from_files(lambda s: s.files.manual_overlap[WITHIN[1]].median()),
    "dice-inter": from_files(lambda s: (_medians(s).min(), _medians(s).max())),
    "dice-cleaned": _median_cleaned,
    "dice-gain": from_files(_gain),
    "dice-outlier": from_files(_outliers),
}
