"""Place: whether the thresholds are those of normal marrow."""

from __future__ import annotations

import numpy as np

from vhi.checks import Note
from vhi.plausibility.coarse import coarse, wide_enough
from vhi.plausibility.coverage import counts
from vhi.steps.candidates import Candidates
from vhi.steps.thresholds import FIRST_MULTIPLE, STEP, Thresholds

FEW_VOXELS = 200
"""A reader is warned about areas of fewer voxels. Chosen: a sixth of the study's smallest."""

MOST_PLAUSIBLE_MULTIPLE = 5.0
"""Multiples beyond this give a warning. Chosen: the study's scans have 1.50 to 3.00; an area
that contains a vessel, fluid or a disc has more."""

LOWER_OVER_MEDIAN = 2.4
"""Lower threshold over the median of the disease region. The study has 1.32 to 1.86, drawn or
proposed, the phantom 1.29 to 1.50; normal bone on large lesions gives 1.8 to 5.4, on vessels and
fluid 3.7 at least."""

SHARE_ABOVE = 0.5
"""Share of the disease region at or above the lower threshold. The study has 0.00 to 0.32, and the
paper's largest volume is a quarter of a region; normal bone on air gives 0.98 and more."""


def notes_on_thresholds(thresholds: Thresholds, voxels: int, name: str = "") -> tuple[Note, ...]:
    """Return notes on an area of normal bone from its intensities alone.

    Parameters
    ----------
    thresholds
        The thresholds that the area gives.
    voxels
        Number of voxels in the area.
    name
        Of the mask, for the messages.

    Returns
    -------
    tuple of Note
        One line each, with what to do.
    """
    n, of = thresholds.multiple, f"{name}: " if name else ""
    notes = []
    if voxels < FEW_VOXELS:
        text = (
            f"{of}only {voxels} voxels of normal bone; below {FEW_VOXELS} the thresholds are "
            "uncertain, so draw a larger area"
        )
        notes.append(Note("few-voxels", text))
    if n > MOST_PLAUSIBLE_MULTIPLE:
        text = (
            f"{of}n = {n:.2f} (1.50 to 3.00 on the study's scans), so the area contains something "
            "much brighter than marrow (vessel, fluid, artefact); draw the area again without it"
        )
        notes.append(Note("large-multiple", text))
    if n < FIRST_MULTIPLE - STEP / 2:
        text = (
            f"{of}n = {n:.2f} is below the paper's starting value of 1.50: the area contains no "
            "bright voxels. Draw a larger area, and check that it does not lie on a lesion"
        )
        notes.append(Note("small-multiple", text))
    return tuple(notes)


def notes_on_candidates(candidates: Candidates) -> tuple[Note, ...]:
    """Return notes on thresholds and on how much of the disease region reaches them."""
    thresholds, name = candidates.thresholds, candidates.normal_bone.name
    notes = list(notes_on_thresholds(thresholds, candidates.intensities.size, name))
    if not wide_enough(candidates.stir):
        return tuple(notes)
    region = candidates.disease_region.array
    share = np.count_nonzero(candidates.labels.array) / int(counts(candidates.disease_region).sum())
    if share > SHARE_ABOVE:
        text = (
            f"{name}: {100 * share:.0f} % of the disease region reaches the lower threshold (at "
            "most 32 % on the study's scans); check that normal bone lies on marrow, and that the "
            "STIR scan and the disease region are correct"
        )
        notes.append(Note("share-above", text))
    scan = coarse(candidates.stir)
    median = float(np.median(scan.array[np.asarray(scan.at_blocks(region), bool)]))
    if median > 0 and thresholds.lower > LOWER_OVER_MEDIAN * median:
        text = (
            f"{name}: the lower threshold is {thresholds.lower / median:.1f} times the median of "
            "the disease region (1.3 to 1.9 times on the study's scans), so inflammation may be "
            "missed; check that normal bone does not lie on a lesion, vessel or fluid"
        )
        notes.append(Note("high-threshold", text))
    return tuple(notes)
