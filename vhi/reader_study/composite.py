"""Segmentations compared with references made of segmentations.

The paper's reference (its section 2.7.1) contains the masks that it judges, and half of its members
come from one of the two methods under comparison. The other references avoid this.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vhi.reader_study.overlap import RECOMPUTED
from vhi.reader_study.readings import ScanReadings, Segmentation
from vhi.statistics.composite import majority
from vhi.statistics.overlap import dice, volume_similarity

BOTH_METHODS = "both methods"
MANUAL = "manual"
OWN_LEFT_OUT = "manual, own left out"
OTHER_READER = "other reader's manual"
KNOWN = "truth"

KINDS = {
    BOTH_METHODS: "the paper's: at least three of one manual trial of each of two readers and "
    "their two cleaned masks; the paper does not say which trials, so every choice is used",
    MANUAL: "more than half of all manual masks",
    OWN_LEFT_OUT: "more than half of the manual masks without the one that is judged",
    OTHER_READER: "more than half of the manual trials of all readers but the one who is judged; "
    "of two trials, both",
    KNOWN: "the true inflammation of a simulated scan",
}
"""The kinds of reference and their members."""

REFERENCE_COLUMNS = (
    "reference", "members", "at_least", "segmentation", "is_member", "scan", "subject", "dice",
    "volume_similarity", "reference_voxels", "source",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Reference:
    """One reference of one scan.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    members : tuple of str
        Names of the segmentations it consists of; none for the truth.
    at_least : int
        Number of members that must mark a voxel.
    mask : ndarray of bool
        Within the readings' box.
    judged : tuple of Segmentation
        The segmentations to compare with it.
    """

    kind: str
    members: tuple[str, ...]
    at_least: int
    mask: NDArray[np.bool_]
    judged: tuple[Segmentation, ...]


def references(readings: ScanReadings) -> list[Reference]:
    """Make every reference that the segmentations of a scan allow.

    Returns
    -------
    list of Reference
        In the order of `KINDS`. ``both methods`` needs two readers with a cleaned and a manual
        mask each, ``manual`` three manual masks, ``manual, own left out`` three besides the one
        that is judged, ``other reader's manual`` a manual mask of another reader, ``truth`` a
        simulated scan. A kind whose masks are missing is left out.
    """
    segmentations, manual = readings.segmentations, readings.manual
    kinds = [_majority(BOTH_METHODS, choice, segmentations) for choice in _paper_choices(readings)]
    if len(manual) >= 3:
        kinds.append(_majority(MANUAL, manual, segmentations))
    if len(manual) >= 4:
        for judged in manual:
            others = tuple(mask for mask in manual if mask is not judged)
            kinds.append(_majority(OWN_LEFT_OUT, others, (judged,)))
    for reader in dict.fromkeys(mask.reader for mask in segmentations):
        if others := tuple(mask for mask in manual if mask.reader != reader):
            by_reader = tuple(mask for mask in segmentations if mask.reader == reader)
            kinds.append(_majority(OTHER_READER, others, by_reader))
    if readings.truth is not None:
        kinds.append(Reference(KNOWN, (), 1, readings.truth, segmentations))
    return kinds


def reference_table(readings: Iterable[ScanReadings]) -> pd.DataFrame:
    """Compare the segmentations of each scan with its references.

    Returns
    -------
    pandas.DataFrame
        With the `REFERENCE_COLUMNS`, one row for each reference, segmentation and scan.
        `is_member` is ``yes`` where the reference contains the segmentation that it judges, which
        raises their overlap. Summarise one kind with
        ``overlap_summary(table, by=("members", "segmentation"))``.
    """
    rows = [
        (
            reference.kind, " ".join(reference.members), reference.at_least, segmentation.name,
            "yes" if segmentation.name in reference.members else "no", scan.scan, scan.subject,
            dice(reference.mask, segmentation.mask),
            volume_similarity(reference.mask, segmentation.mask),
            int(np.count_nonzero(reference.mask)), RECOMPUTED,
        )
        for scan in readings
        for reference in references(scan)
        for segmentation in reference.judged
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(REFERENCE_COLUMNS))


def _paper_choices(readings: ScanReadings) -> Iterator[tuple[Segmentation, ...]]:
    """Yield every choice of one manual trial of each of two readers, with both cleaned masks."""
    cleaned = {mask.reader: mask for mask in readings.segmentations if mask.cleaned}
    for pair in itertools.combinations(cleaned, 2):
        trials = [[mask for mask in readings.manual if mask.reader == reader] for reader in pair]
        for choice in itertools.product(*trials):
            yield (*choice, *(cleaned[reader] for reader in pair))


def _majority(
    kind: str, members: tuple[Segmentation, ...], judged: tuple[Segmentation, ...]
) -> Reference:
    """Make a reference of the voxels that more than half of its members mark."""
    at_least = len(members) // 2 + 1
    mask = majority([member.mask for member in members], at_least=at_least)
    return Reference(kind, tuple(member.name for member in members), at_least, mask, judged)
