"""All notes at once: on a scan that comes alone, on two areas, on a stage of a measurement."""

from __future__ import annotations

from pathlib import Path

from vhi.checks import Note
from vhi.images.image import Image
from vhi.images.nifti import load_scan
from vhi.images.scans import Scans, notes_on_files
from vhi.images.sidecar import scan_record
from vhi.plausibility.coverage import notes_on_coverage
from vhi.plausibility.masks import notes_on_masks
from vhi.plausibility.scans import notes_on_scans
from vhi.plausibility.statements import STIR, T1W, notes_on_statement
from vhi.plausibility.thresholds import notes_on_candidates
from vhi.steps.candidates import Candidates


def load_stir(path: Path) -> Scans:
    """Load a STIR scan that is used alone, with the notes on it; errors as for `load_scan`."""
    return _alone(path, STIR)


def load_t1w(path: Path) -> Scans:
    """Load a T1w scan that is used alone and takes the place of STIR too; see `load_stir`."""
    return _alone(path, T1W)


def _alone(path: Path, role: str) -> Scans:
    scan, (record, unreadable) = load_scan(path), scan_record(path)
    t1w = scan if role == T1W else None
    notes = (
        *notes_on_scans(Scans(scan, t1w, t1w)),
        *notes_on_statement(scan.name, record, role),
        *notes_on_files([scan]),
        *unreadable,
    )
    return Scans(scan, t1w, t1w, notes=notes)


def notes_on_areas(
    scans: Scans, normal_bone: Image | None, disease_region: Image | None
) -> tuple[Note, ...]:
    """Return notes on the place of masks, on the field of view and on coverage.

    All on the grid of `scans.stir`; a mask is None where it is not used.
    """
    return (
        *notes_on_masks(scans.stir, scans.t1w, normal_bone, disease_region),
        *notes_on_coverage(scans, disease_region),
    )


def notes_on_stage(scans: Scans, candidates: Candidates) -> tuple[Note, ...]:
    """Return notes on areas, thresholds and candidates; those on the scans are `scans.notes`."""
    areas = candidates.normal_bone, candidates.disease_region
    return (*notes_on_candidates(candidates), *notes_on_areas(scans, *areas))
