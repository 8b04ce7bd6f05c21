"""All notes at once, one for each cause: on a scan alone, on two areas, on a stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TypeVar

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

Text = TypeVar("Text", bound=str)

NO_STIR = {"exchanged-scans", "alike-scans", "stir-contrast"}
"""Where one of these is noted, nothing is judged by intensities of STIR."""

NO_T1W = {"exchanged-scans", "alike-scans", "t1w-contrast", "another-body", "mirrored-scans"}
"""The same of T1w."""

PREDICTED = {
    "disease_region": (NO_STIR & NO_T1W | {"t1w-contrast", "unlike-bone"}, ("region-",)),
    "normal_bone": (NO_STIR | NO_T1W | {"unlike-bone"}, ("normal-bone-", "few-voxels")),
}
"""Notes on scans that a network cannot predict an area on, and the checks of that area by their
first letters: what is odd about the area only follows."""

_THRESHOLDS = {"large-multiple", "small-multiple", "high-threshold", "share-above"}
_REGION = {"region-slices", "region-cut-off", "region-gaps"}

FOLLOWING = {
    "alike-scans": {"stated-contrast", "unlike-t1w", "unlike-bone"},
    "exchanged-scans": {"stated-contrast", "slices-to-check"},
    "stir-contrast": {"stated-contrast"},
    "t1w-contrast": {"stated-contrast"},
    "unlike-bone": {"slices-to-check"},
    "unlike-t1w": {"region-edges"},
    "another-body": {"stated-examination"},
    "exchanged-masks": _THRESHOLDS | _REGION,
    "region-volume": {"region-edges", "region-side", "high-threshold", "share-above"} | _REGION,
    "normal-bone-side": _THRESHOLDS,
    "normal-bone-stir": _THRESHOLDS,
    "normal-bone-t1w": _THRESHOLDS,
    "large-multiple": {"high-threshold"},
    "field-of-view": {"region-cut-off"},
}
"""Notes that only follow from the one before, and are left out beside it."""


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
    scans: Scans,
    normal_bone: Image | None,
    disease_region: Image | None,
    *,
    predicted: Collection[str] = (),
) -> tuple[Note, ...]:
    """Return notes on the place of masks, on the field of view and on coverage.

    All on the grid of `scans.stir`; a mask is None where it is not used. Nothing is judged by
    intensities of a scan that is the wrong one by `scans.notes`. `predicted` holds the areas that a
    network made, ``"normal_bone"`` and ``"disease_region"``.
    """
    wrong = _checks(scans.notes)
    t1w = None if wrong & NO_T1W else scans.t1w
    by_stir = not wrong & NO_STIR and scans.stir is not scans.t1w
    notes = (
        *notes_on_masks(scans.stir, t1w, normal_bone, disease_region, by_stir=by_stir),
        *notes_on_coverage(scans, disease_region),
    )
    return _beside(scans, notes, predicted)


def notes_on_stage(
    scans: Scans, candidates: Candidates, predicted: Collection[str] = ()
) -> tuple[Note, ...]:
    """Return notes on areas, thresholds and candidates; those on the scans are `scans.notes`."""
    areas = candidates.normal_bone, candidates.disease_region
    by_stir = not _checks(scans.notes) & NO_STIR
    notes = notes_on_candidates(candidates) if by_stir else ()
    return _beside(scans, (*notes, *notes_on_areas(scans, *areas, predicted=predicted)), predicted)


def leading(notes: Iterable[Text], predicted: Collection[str] = ()) -> tuple[Text, ...]:
    """Return notes, each once, without those that only follow from others.

    `predicted`: see `notes_on_areas`.
    """
    notes = tuple(dict.fromkeys(notes))
    checks = _checks(notes)
    following = {name for check in checks for name in FOLLOWING.get(check, ())}
    areas = (PREDICTED[area] for area in predicted)
    starts = tuple(start for causes, of_area in areas if causes & checks for start in of_area)
    return tuple(
        note
        for note in notes
        for check in [_check(note)]
        if check not in following and not check.startswith(starts)
    )


def _beside(scans: Scans, notes: Iterable[Note], predicted: Collection[str]) -> tuple[Note, ...]:
    """Return what is left of notes beside those on the scans."""
    kept = leading((*scans.notes, *notes), predicted)
    return tuple(note for note in kept if note not in scans.notes)


def _checks(notes: Iterable[str]) -> set[str]:
    return {_check(note) for note in notes}


def _check(note: str) -> str:
    return note.check if isinstance(note, Note) else ""
