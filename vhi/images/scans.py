"""The two scans of one visit, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vhi.checks import Note
from vhi.images.image import Image, times
from vhi.images.sidecar import number_of

USUAL_SPACING_MM = (0.2, 12.0)
"""Voxel spacings beyond these get a note. Chosen: pelvic MRI has pixels of 0.3 to 2 mm and slices
1 to 10 mm apart; centimetres in place of millimetres fall below, and ten times as much above."""

THICKNESS_FITS = (0.5, 1.5)
"""Slice thickness over slice spacing. Chosen: gaps up to the thickness itself, and overlap by half
of it; the study's is 0.91."""

THICKNESS_USED = (0.2, 5.0)
"""Beyond these a slice thickness is not used. Chosen: between what a protocol may do (2, where a
scanner interpolates between slices) and a slip of the decimal point (10)."""

SAME_SPACING = 0.02
"""Spacings further apart than this share contradict each other. Chosen: sidecars round."""


@dataclass(frozen=True, eq=False)
class Scans:
    """STIR and T1w of one visit, loaded.

    Attributes
    ----------
    stir : Image
        Scaled intensities; every later image lies on its grid.
    t1w : Image or None
        On the grid of `stir`; None where only STIR is measured.
    t1w_as_stored : Image or None
        T1w on its own grid, where the disease region is predicted; `t1w` unless it was resampled.
    case, visit : str
        Names for the record.
    slice_thickness_mm : float or None
        Thickness of the excited slice, where known.
    files : dict
        ``"stir"`` and ``"t1w"`` to file name (no folder) and SHA-256.
    resampled : tuple of str
        Names of the scans that were resampled to the STIR grid.
    notes : tuple of Note
        Warnings about the scans and their files.
    """

    stir: Image
    t1w: Image | None = None
    t1w_as_stored: Image | None = None
    case: str = ""
    visit: str = ""
    slice_thickness_mm: float | None = None
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    resampled: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def notes_on_files(scans: Iterable[Image]) -> tuple[Note, ...]:
    """Return notes on loaded scans: odd intensities or spacing, and a missing orientation."""
    notes: list[Note] = []
    for scan in scans:
        notes += scan.notes
        if scan.array.min() < 0:
            notes.append(
                Note(
                    "negative-intensities",
                    f"{scan.name}: holds negative intensities, which no magnitude image has; check "
                    "that this is the scan and that its scaling (scl_slope) is correct",
                )
            )
        low, high = USUAL_SPACING_MM
        if min(scan.spacing_mm) < low or max(scan.spacing_mm) > high:
            brick = times(f"{length:.3g}" for length in scan.spacing_mm)
            notes.append(
                Note(
                    "usual-spacing",
                    f"{scan.name}: voxels of {brick} mm are unusual for a scan of the pelvis; "
                    "check the unit",
                )
            )
        if not scan.oriented:
            lost = "no orientation, so right and left are only assumed"
            if np.allclose(scan.spacing_mm, 1.0, atol=1e-6):
                lost = (
                    "no orientation and no spacing (1 mm is the default of many programs), so "
                    "sides and volumes are only assumed"
                )
            notes.append(
                Note(
                    "no-orientation",
                    f"{scan.name}: stores {lost}; convert it from DICOM again",
                )
            )
    return tuple(notes)


def usable_thickness_mm(
    stir: Image, stated: float | None, record: Mapping[str, Any], sidecar: str
) -> tuple[float | None, tuple[Note, ...]]:
    """Return the slice thickness to measure with, and notes on it.

    Parameters
    ----------
    stir
        The scan.
    stated
        By a person; None where nobody did, and the record counts.
    record, sidecar
        The scan's BIDS sidecar and its name, see `vhi.images.sidecar`.

    Returns
    -------
    float or None, tuple of Note
        In mm; None where it is unknown or cannot be that of these slices.
    """
    spacing, notes, thickness = max(stir.spacing_mm), [], stated
    if thickness is None and record.get("SliceThickness") is not None:
        thickness = number_of(record["SliceThickness"])
        if thickness is None or thickness <= 0:
            thickness = None
            notes.append(
                Note(
                    "sidecar-value",
                    f"{sidecar}: SliceThickness is not a single number above 0, so it is not used; "
                    "correct it, or give the slice thickness yourself",
                )
            )
    between = number_of(record.get("SpacingBetweenSlices"))
    if between and abs(abs(between) / spacing - 1) > SAME_SPACING:
        notes.append(
            Note(
                "sidecar-spacing",
                f"{sidecar}: states that slices lie {abs(between):g} mm apart, but the slices of "
                f"{stir.name} lie {spacing:.2f} mm apart, and volumes use {spacing:.2f} mm; check "
                "which is correct",
            )
        )
    if thickness is not None:
        ratio = thickness / spacing
        if not THICKNESS_FITS[0] <= ratio <= THICKNESS_FITS[1]:
            used = THICKNESS_USED[0] <= ratio <= THICKNESS_USED[1]
            notes.append(
                Note(
                    "slice-thickness",
                    f"{stir.name}: a slice thickness of {thickness:g} mm does not fit slices "
                    f"{spacing:.2f} mm apart{'' if used else ', so it is not used'}; check it",
                )
            )
            thickness = thickness if used else None
    return thickness, tuple(notes)
