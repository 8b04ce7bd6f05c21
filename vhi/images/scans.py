"""The two scans of one visit, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vhi.images.image import Image


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
    """

    stir: Image
    t1w: Image | None = None
    t1w_as_stored: Image | None = None
    case: str = ""
    visit: str = ""
    slice_thickness_mm: float | None = None
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    resampled: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings and notes about the STIR scan."""
        stir, thickness = self.stir, self.slice_thickness_mm
        notes = []
        if stir.array.min() < 0:
            notes.append(
                f"{stir.name}: holds negative intensities, unlike any magnitude image; check that "
                "it is the STIR scan"
            )
        if thickness is not None and thickness > 1.5 * max(stir.spacing_mm):
            notes.append(
                f"{stir.name}: a slice thickness of {thickness:g} mm does not fit slices "
                f"{max(stir.spacing_mm):.2f} mm apart; check it"
            )
        if not stir.oriented:
            notes.append(
                f"{stir.name}: stores no orientation, so right and left are only assumed; "
                "convert it again from DICOM"
            )
        return tuple(notes)
