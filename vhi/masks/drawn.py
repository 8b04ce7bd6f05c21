"""Normal bone drawn as an ellipse and written as a mask with its record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vhi.checks import Note
from vhi.images.nifti import load_scan
from vhi.images.scans import Scans, notes_on_files
from vhi.masks.origin import DRAWN, check_mask_place, write_mask
from vhi.plausibility.scans import notes_on_scans
from vhi.steps.normal_bone import draw_normal_bone
from vhi.steps.thresholds import Thresholds, estimate_thresholds, normal_bone_intensities


def write_drawn_normal_bone(
    stir: Path,
    out: Path,
    *,
    centre: Sequence[int],
    radius_mm: Sequence[float],
    slices: int = 1,
) -> tuple[int, Thresholds, tuple[Note, ...]]:
    """Draw normal bone on a scan's file and write the mask.

    A small JSON file beside the mask says how it was drawn and names the mask's hash, by which
    `vhi.measure` knows it again.

    Parameters
    ----------
    stir
        The scan's file.
    out
        The mask to write, ``.nii.gz``; an existing file is replaced.
    centre, radius_mm, slices
        See `draw_normal_bone`.

    Returns
    -------
    voxels : int
        How many voxels were marked.
    thresholds : Thresholds
        What follows from them.
    notes : tuple of Note
        What speaks against the scan: its file, or a contrast that is not STIR's.

    Raises
    ------
    InputError
        As for `load_scan`, `draw_normal_bone` and `estimate_thresholds`: an area that gives no
        threshold is not written.
    """
    check_mask_place(out, never=(stir,))
    scan = load_scan(stir)
    mask = draw_normal_bone(scan, centre=centre, radius_mm=radius_mm, slices=slices)
    intensities = normal_bone_intensities(scan, scan.with_array(mask, out.name))
    thresholds = estimate_thresholds(intensities)
    record = {
        "from": DRAWN,
        "stir": stir.name,
        "centre": list(centre),
        "radius_mm": list(radius_mm),
        "slices": slices,
    }
    write_mask(out, scan.with_array(mask, out.name), record, never=(stir,))
    notes = (*notes_on_files([scan]), *notes_on_scans(Scans(scan)))
    return intensities.size, thresholds, notes
