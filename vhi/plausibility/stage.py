"""All notes on a stage of a measurement."""

from __future__ import annotations

from vhi.checks import Note
from vhi.images.scans import Scans
from vhi.plausibility.coverage import notes_on_coverage
from vhi.plausibility.masks import notes_on_masks
from vhi.plausibility.thresholds import notes_on_candidates
from vhi.steps.candidates import Candidates


def notes_on_stage(scans: Scans, candidates: Candidates) -> tuple[Note, ...]:
    """Return notes on masks, coverage, thresholds and candidates; those on `scans` are apart."""
    bone, region = candidates.normal_bone, candidates.disease_region
    return (
        *notes_on_masks(scans.stir, scans.t1w, bone, region),
        *notes_on_candidates(candidates),
        *notes_on_coverage(scans, region),
    )
