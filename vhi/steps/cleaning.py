"""Cleaning: replay what a reader removed, restored or cut (step vi).

Regions are removed or kept whole; their boundaries stay as the threshold drew them, except where
a reader cuts a region (Hepburn et al. 2023, section 2.5.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from vhi.errors import EditsError
from vhi.images.image import Image
from vhi.steps.edits import Edit, Edits, SeenRegion, candidates_sha256
from vhi.steps.regions import Regions, Which, find_regions


def apply_edits(candidates: Image, edits: Edits) -> NDArray[np.uint8]:
    """Replay a record on the unedited candidates.

    Parameters
    ----------
    candidates
        Labels 0, 1, 2 after small regions were removed, as they were when the record was begun.
    edits
        The record. An empty one keeps every candidate.

    Returns
    -------
    ndarray of uint8
        The labels that are left. Replaying again from the same candidates gives the same.

    Raises
    ------
    EditsError
        The record belongs to another grid or other candidates, an edit points where no candidate
        is, or a cut does not divide its region.
    """
    return replay(find_regions(candidates), edits).remaining()


def replay(regions: Regions, edits: Edits) -> Regions:
    """Replay a record on unedited regions, with what a reader has judged.

    Edits apply in order; after each, the regions that were looked at and kept then are judged. A
    removed or restored region is judged too, with scope ``lesion`` each of its regions; the parts
    of a cut are new regions, which nobody has judged. The statement that the scan is read judges
    no region. Errors as for `apply_edits`, and where no candidate lies at a region that was seen.
    """
    check_belongs(regions.labels, edits)
    seen: dict[int, list[SeenRegion]] = {}
    for region in edits.seen:
        seen.setdefault(region.after, []).append(region)
    regions = _see(regions, seen.get(0, []))
    for number, edit in enumerate(edits.edits, start=1):
        try:
            regions = apply_edit(regions, edit)
        except EditsError as error:
            raise EditsError(f"edit {number}: {error}") from error
        regions = _see(regions, seen.get(number, []))
    return regions


def _see(regions: Regions, seen: Sequence[SeenRegion]) -> Regions:
    """Mark regions that were looked at and kept as judged."""
    if not seen:
        return regions
    numbers = regions.at([region.world_mm for region in seen])
    if not numbers.all():
        missing = seen[int(np.argmin(numbers > 0))]
        raise EditsError(f"a region that was seen: {_nowhere(regions, missing)}")
    return regions.judge(numbers[[region.looked_at for region in seen]])


def apply_edit(regions: Regions, edit: Edit) -> Regions:
    """Apply one edit; removed and restored regions are judged, if a reader has looked at them.

    Raises
    ------
    EditsError
        No candidate lies where the edit points, or a cut does not divide its region.
    """
    number = region_at(regions, edit)
    if edit.action == "cut":
        return regions.cut(number, regions.labels.voxel(np.array(edit.line_mm)))
    which: Which = number
    if edit.scope == "lesion":
        which = regions.lesion_of == regions.lesion_of[number]
    regions = regions.remove(which) if edit.action == "remove" else regions.restore(which)
    return regions.judge(which, edit.looked_at)


def region_at(regions: Regions, edit: Edit) -> int:
    """Return the number of the region that an edit points to; EditsError where there is none."""
    number = int(regions.at(edit.world_mm))
    if number == 0:
        raise EditsError(f"{_nowhere(regions, edit)}, or remove this edit")
    return number


def _nowhere(regions: Regions, point: Edit | SeenRegion) -> str:
    """Return what is said of a point on no candidate."""
    where = " ".join(f"{x:.1f}" for x in point.world_mm)
    voxel = _words(regions.labels.voxel(point.world_mm))
    return f"no candidate lies at {where} mm (voxel {voxel}); check the record"


def remove_regions(edits: Edits, candidates: Image, keep: NDArray[np.bool_], **why: str) -> Edits:
    """Add one removal for every region that has no voxel in `keep`; mark the others as seen.

    This is cleaning by rule, for demonstrations and for simulated readers: a reader decides.

    Parameters
    ----------
    edits
        The record to extend.
    candidates
        The unedited candidates it belongs to.
    keep
        Mask on the same grid.
    **why
        ``reason``, ``reader`` and ``time`` of the edits.
    """
    regions = find_regions(candidates)
    removed = np.ones(regions.count + 1, bool)
    removed[regions.numbers[keep]] = False
    place = np.ravel_multi_index(tuple(regions.voxels.T), candidates.shape)
    first = np.full(regions.count + 1, place.size and place.max() + 1)
    np.minimum.at(first, regions.part, place)
    for flat in np.sort(first[1:][removed[1:]]):
        edits = edits.add("remove", np.unravel_index(flat, candidates.shape), **why)
    for flat in np.sort(first[1:][~removed[1:]]):
        voxel = np.unravel_index(flat, candidates.shape)
        edits = edits.see(voxel, reader=why.get("reader", ""))
    return edits


def check_belongs(candidates: Image, edits: Edits) -> None:
    """Refuse a record made on another grid or on other candidates."""
    affine = np.array(edits.affine)
    same_grid = edits.shape == candidates.shape and affine.shape == (4, 4)
    if not same_grid or not np.allclose(affine, candidates.affine, atol=1e-3):
        raise EditsError(
            f"the edits belong to another grid ({_words(edits.shape)} voxels of case "
            f"{edits.case}); use the record that was made on this scan"
        )
    if edits.candidates_sha256 != candidates_sha256(candidates.array):
        raise EditsError(
            f"the edits of case {edits.case} were made on other candidates (another normal bone, "
            "disease region or version); clean this result again, or measure with the same masks"
        )


def _words(values: Iterable[int]) -> str:
    return " ".join(str(int(value)) for value in values)
