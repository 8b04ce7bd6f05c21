"""Cleaning: replay what a reader removed, restored or cut (step vi).

Regions are removed or kept whole; their boundaries stay as the threshold drew them, "except when
the posterior part of the joint or foramen were segmented along with a potential lesion"
(Hepburn et al. 2023, section 2.5.4). For that exception a region can be cut along a line, and
each of its parts then be removed or kept.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import EditsError
from vhi.images.image import Image
from vhi.steps.candidates import group_lesions, label_regions
from vhi.steps.edits import Edit, Edits, candidates_sha256


def apply_edits(candidates: Image, edits: Edits) -> NDArray[np.uint8]:
    """Replay a record on the unedited candidates.

    Parameters
    ----------
    candidates
        Labels 0, 1, 2 after small regions went, as they were when the record was begun.
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
    _check_belongs(candidates, edits)
    axis = candidates.slice_axis
    regions, count = label_regions(candidates.array > 0, slice_axis=axis)
    removed = np.zeros(count + 1, bool)
    lesion_of = group_lesions(regions, count, slice_axis=axis)
    for number, edit in enumerate(edits.edits, start=1):
        region = region_at(regions, candidates, edit, number)
        if edit.action == "cut":
            new = cut_in_place(regions, region, count, candidates, edit, number)
            removed = np.concatenate([removed, np.full(new, removed[region])])
            count += new
            lesion_of = group_lesions(regions, count, slice_axis=axis)
        elif edit.scope == "lesion":
            removed[lesion_of == lesion_of[region]] = edit.action == "remove"
        else:
            removed[region] = edit.action == "remove"
    return candidates.array * ~removed[regions]


def remove_regions(edits: Edits, candidates: Image, keep: NDArray[np.bool_], **why: str) -> Edits:
    """Add one removal for every region that has no voxel in `keep`.

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

    Returns
    -------
    Edits
    """
    regions, count = label_regions(candidates.array > 0, slice_axis=candidates.slice_axis)
    kept = np.zeros(count + 1, bool)
    kept[regions[keep]] = True
    kept[0] = True
    numbers, first = np.unique(regions, return_index=True)
    for number, place in zip(numbers, first, strict=True):
        if not kept[number]:
            edits = edits.add("remove", np.unravel_index(place, regions.shape), **why)
    return edits


def _check_belongs(candidates: Image, edits: Edits) -> None:
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
            "disease region or version); clean this result anew, or measure with the same masks"
        )


def region_at(regions: NDArray[np.int32], grid: Image, edit: Edit, number: int) -> int:
    """Return the region that an edit, the record's `number`-th, points to; EditsError for none."""
    voxel = grid.voxel(edit.world_mm)
    inside = bool(np.all(voxel >= 0) and np.all(voxel < grid.shape))
    region = int(regions[tuple(voxel)]) if inside else 0
    if region == 0:
        where = " ".join(f"{x:.1f}" for x in edit.world_mm)
        raise EditsError(
            f"edit {number}: no candidate lies at {where} mm (voxel {_words(tuple(voxel))}); "
            "check the record, or take this edit out"
        )
    return region


def cut_in_place(
    regions: NDArray[np.int32], region: int, count: int, grid: Image, edit: Edit, number: int
) -> int:
    """Cut one region of `regions`; its further parts get the numbers after `count`.

    Returns
    -------
    int
        How many numbers were added.
    """
    axis = grid.slice_axis
    line = grid.voxel(np.array(edit.line_mm))
    index = grid.voxel(edit.world_mm)[axis]
    plane = np.moveaxis(regions, axis, 0)[index]
    # An end ten thousand voxels away is a mistake, and drawing to it would take all memory.
    in_slice = bool((line[:, axis] == index).all() and np.abs(line).max() < 10_000)
    parts = _cut(plane == region, np.delete(line, axis, axis=1)) if in_slice else None
    if parts is None:
        raise EditsError(
            f"edit {number}: the line does not divide the region at voxel "
            f"{_words(edit.voxel)}; draw it right across the region, in its slice"
        )
    further = parts > 1
    plane[further] = count + parts[further] - 1
    return int(parts.max()) - 1


def _cut(region: NDArray[np.bool_], line: NDArray[np.int64]) -> NDArray[np.int32] | None:
    """Divide a region of one slice along a line of pixels.

    The line's own pixels go to the nearest part, so that a cut by itself removes nothing.

    Parameters
    ----------
    region
        Mask of one region, shape (na, nb).
    line
        Corner pixels of the line, shape (n, 2).

    Returns
    -------
    ndarray or None
        Parts numbered from 1, or None where the line leaves the region whole.
    """
    drawn = np.zeros(region.shape, bool)
    for start, stop in itertools.pairwise(line):
        steps = 2 * int(np.abs(stop - start).max()) + 1
        position = np.linspace(start, stop, steps + 1)
        # Both neighbours on each axis: no diagonal gap through which 8-connected parts would touch.
        for a, b in itertools.product((np.floor, np.ceil), repeat=2):
            place = np.stack([a(position[:, 0]), b(position[:, 1])], axis=1).astype(int)
            inside = ((place >= 0) & (place < region.shape)).all(axis=1)
            drawn[tuple(place[inside].T)] = True
    parts, count = ndimage.label(region & ~drawn, np.ones((3, 3), bool))
    if count < 2:
        return None
    nearest = ndimage.distance_transform_edt(
        parts == 0, return_distances=False, return_indices=True
    )
    return np.where(region, parts[tuple(nearest)], 0).astype(np.int32)


def _words(values: tuple[Any, ...]) -> str:
    return " ".join(str(int(value)) for value in values)
