"""Normal bone drawn as an ellipse and written as a mask with its record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vhi.checks import Note
from vhi.masks.origin import DRAWN, check_mask_place, write_mask
from vhi.plausibility.stage import load_stir, notes_on_areas
from vhi.plausibility.thresholds import notes_on_thresholds
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
        Notes on the scan, the area and the thresholds.

    Raises
    ------
    InputError
        As for `load_scan`, `draw_normal_bone` and `estimate_thresholds`: an area that gives no
        threshold is not written.
    """
    check_mask_place(out, never=(stir,))
    scans = load_stir(stir)
    scan = scans.stir
    drawn = draw_normal_bone(scan, centre=centre, radius_mm=radius_mm, slices=slices)
    mask = scan.with_array(drawn, out.name)
    intensities = normal_bone_intensities(scan, mask)
    thresholds = estimate_thresholds(intensities)
    record = {
        "from": DRAWN,
        "stir": stir.name,
        "centre": list(centre),
        "radius_mm": list(radius_mm),
        "slices": slices,
    }
    write_mask(out, mask, record, never=(stir,))
    areas = notes_on_areas(scans, mask, None)
    notes = (*scans.notes, *areas, *notes_on_thresholds(thresholds, intensities.size, out.name))
    return intensities.size, thresholds, notes
