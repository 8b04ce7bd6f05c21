"""Place: whether the two masks fit the scans and each other."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.images.image import Image
from vhi.plausibility.coarse import Coarse, coarse, wide_enough
from vhi.plausibility.coverage import per_slice

RIM_EDGES = 1.4
"""Edges of T1w at the rim of the disease region over those inside it. Cortical bone is a dark line
around bright marrow. The study's regions have 1.57 to 1.86, drawn or predicted, the phantom's 1.68
to 2.25; regions of another patient 1.25 at most, the study's own moved by 5 mm 1.34 at most."""

NORMAL_BONE_T1W = (0.8, 1.33)
"""Median T1w intensity of normal bone over that of the disease region. The study and the phantom
have 0.89 to 1.15, drawn or predicted; muscle and vessels 0.73 at most, fat 1.55 at least."""

NORMAL_BONE_STIR = (0.5, 1.4)
"""The same on STIR. The study and the phantom have 0.74 (where a third of the region is inflamed)
to 1.31; their large lesions 1.53 at least, vessels and fluid 2.5, air 0.2 at most."""

NORMAL_BONE_OFF_MM = 35.0
"""Largest distance, from right to left, of normal bone's middle from the disease region's. The
sacral foramina, between which it belongs, lie some 20 to 35 mm off the midline. The study's areas
lie 4 mm off at most, proposed ones 14 mm."""

NORMAL_BONE_ML = 20.0
"""Largest volume of normal bone. The study has 1.5 to 9.2 ml; both thresholds grow with the
volume, because a maximum does."""

ONE_SIDE = 0.5
"""Difference between the disease region's volumes right and left of the scan's middle, over their
sum. The study and the phantom, drawn or predicted, have 0.06 at most, the evaluation scans 0.09."""

REGION_ML = 30.0
"""Smallest disease region. Chosen: the bone beside one sacroiliac joint; the study has 312 to 458
ml, predicted on the phantom 291 at least."""

SHARE_OF_BODY = 0.35
"""Largest disease region, as a share of the body in view. The study and the phantom have 0.08 to
0.16; a mask with 0 and 1 exchanged has 0.84 and more."""


def notes_on_masks(
    stir: Image, t1w: Image | None, normal_bone: Image | None, disease_region: Image | None
) -> tuple[Note, ...]:
    """Return notes on where the two areas lie; all images are on one grid.

    Where there is no STIR scan, T1w takes its place; a mask that is not used is None. Nothing is
    said where a mask is empty, or of a scan too narrow for a pelvis.
    """
    if normal_bone is None:
        return () if disease_region is None else notes_on_region(stir, t1w, disease_region)
    if disease_region is None:
        return _size_of_normal_bone(normal_bone) if wide_enough(stir) else ()
    bone_ml, region_ml = (volume_ml(mask) for mask in (normal_bone, disease_region))
    if not (wide_enough(stir) and bone_ml and region_ml):
        return ()
    if bone_ml > region_ml:
        text = (
            f"normal bone and disease region look exchanged: {normal_bone.name} marks "
            f"{bone_ml:.1f} ml, {disease_region.name} {region_ml:.1f} ml; check which mask is which"
        )
        return (Note("exchanged-masks", text),)
    return (
        *notes_on_region(stir, t1w, disease_region),
        *_normal_bone(stir, t1w, normal_bone, disease_region),
    )


def notes_on_region(stir: Image, t1w: Image | None, disease_region: Image) -> tuple[Note, ...]:
    """Return notes on the place and size of a disease region; all images are on one grid.

    Where there is no STIR scan, T1w takes its place.
    """
    marked_ml, name = volume_ml(disease_region), disease_region.name
    if not (wide_enough(stir) and marked_ml):
        return ()
    scan = coarse(stir)
    blocks = np.asarray(scan.at_blocks(disease_region.array), bool)
    notes = _size(scan, blocks, name, marked_ml)
    if t1w is not None:
        notes += _rim(coarse(t1w), blocks, name, t1w.name)
    difference = side_difference(disease_region)
    if abs(difference) > ONE_SIDE:
        side, other = ("left", "right") if difference > 0 else ("right", "left")
        text = (
            f"{name}: {50 * (1 + abs(difference)):.0f} % of the region lies in the patient's "
            f"{side} half, so little or nothing of the {other} was searched; check the mask"
        )
        notes.append(Note("region-side", text))
    return tuple(notes)


def volume_ml(mask: Image) -> float:
    """Return the volume of a mask in ml."""
    return float(np.count_nonzero(mask.array) * mask.voxel_volume_mm3 / 1000)


def rim_edges(t1w: Coarse, blocks: NDArray[np.bool_]) -> float:
    """Return the edges at the rim of a region over those inside it; NaN where it has no inside.

    `blocks` is the region in the blocks of `t1w`.
    """
    inside = ~_grown(~blocks)
    rim = _grown(blocks) & ~inside
    steep, shown = t1w.edges, (t1w.array > 0)[1:-1, 1:-1]
    inside, rim = inside[1:-1, 1:-1] & shown, rim[1:-1, 1:-1] & t1w.body[1:-1, 1:-1]
    if np.count_nonzero(inside) < 500 or not rim.any():
        return float("nan")
    within = float(steep[inside].mean())
    return float(steep[rim].mean()) / within if within > 0 else float("nan")


def side_difference(mask: Image) -> float:
    """Return (left − right) / (left + right) of a mask's voxels about the scan's middle."""
    along, place = _from_right_to_left(mask)
    left, right = int(along[place > 0].sum()), int(along[place < 0].sum())
    return (left - right) / max(1, left + right)


def _from_right_to_left(mask: Image) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return a mask's voxels in each plane across the patient, and the planes' place in mm.

    From the scan's middle to the left; the array axis nearest to left-right is taken for it.
    """
    steps = mask.affine[0, :3]
    axis = int(np.argmax(np.abs(steps)))
    along = per_slice(mask.array, axis)
    return along, (np.arange(len(along)) - (len(along) - 1) / 2) * -steps[axis]


def _grown(blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a region with its eight neighbours in the slice."""
    for axis in (0, 1):
        wide = np.moveaxis(blocks, axis, 0)
        grown = wide.copy()
        grown[1:] |= wide[:-1]
        grown[:-1] |= wide[1:]
        blocks = np.moveaxis(grown, 0, axis)
    return blocks


def _size(scan: Coarse, blocks: NDArray[np.bool_], name: str, marked_ml: float) -> list[Note]:
    share = int(blocks.sum()) / max(1, int(scan.body.sum()))
    if share > SHARE_OF_BODY:
        text = (
            f"{name}: covers {100 * share:.0f} % of the body in view, but bone covers about 8 to "
            "16 %; check that the mask marks bone, and not everything else"
        )
    elif marked_ml < REGION_ML:
        text = (
            f"{name}: marks {marked_ml:.1f} ml, but the bone around both sacroiliac joints has "
            "about 300 to 450 ml; check that the mask marks all bone to be searched"
        )
    else:
        return []
    return [Note("region-volume", text)]


def _rim(t1w: Coarse, blocks: NDArray[np.bool_], name: str, t1w_name: str) -> list[Note]:
    if not rim_edges(t1w, blocks) < RIM_EDGES:  # not a number says nothing
        return []
    text = (
        f"{name}: its outline does not follow the edges of bone on {t1w_name}; check that mask and "
        "scans are from one patient and visit"
    )
    return [Note("region-edges", text)]


def _normal_bone(
    stir: Image, t1w: Image | None, normal_bone: Image, disease_region: Image
) -> list[Note]:
    notes, name = [], normal_bone.name
    remedy = "check where normal bone was drawn"
    blocks = np.asarray(coarse(stir).at_blocks(disease_region.array), bool)
    middles = [
        float(np.average(place, weights=along))
        for along, place in map(_from_right_to_left, (normal_bone, disease_region))
    ]
    off_mm = abs(middles[0] - middles[1])
    if off_mm > NORMAL_BONE_OFF_MM and abs(side_difference(disease_region)) <= ONE_SIDE:
        text = (
            f"{name}: lies {off_mm:.0f} mm to one side of the middle of the disease region, but "
            f"normal bone belongs in the sacrum between the foramina; {remedy}"
        )
        notes.append(Note("normal-bone-side", text))
    ratio = 1.0 if t1w is None else marrow_ratio(t1w, normal_bone, blocks)
    low, high = NORMAL_BONE_T1W
    if t1w is not None and not low <= ratio <= high:
        compared, tissue = ("too dark", "muscle or fluid") if ratio < low else ("too bright", "fat")
        text = (
            f"{name}: {compared} on T1w for normal bone ({ratio:.2f} times the median of the "
            f"disease region, expected {low:g} to {high:g}), like {tissue}; {remedy}"
        )
        notes.append(Note("normal-bone-t1w", text))
    ratio = marrow_ratio(stir, normal_bone, blocks)
    low, high = NORMAL_BONE_STIR
    if stir is not t1w and not low <= ratio <= high:
        compared, tissue = (
            ("too dark", "air") if ratio < low else ("too bright", "a lesion or vessel")
        )
        text = (
            f"{name}: {compared} on STIR for normal bone ({ratio:.2f} times the median of the "
            f"disease region, expected {low:g} to {high:g}), like {tissue}; {remedy}"
        )
        notes.append(Note("normal-bone-stir", text))
    return [*notes, *_size_of_normal_bone(normal_bone)]


def _size_of_normal_bone(normal_bone: Image) -> tuple[Note, ...]:
    notes, name = [], normal_bone.name
    marked_ml = volume_ml(normal_bone)
    if marked_ml > NORMAL_BONE_ML:
        text = (
            f"{name}: marks {marked_ml:.1f} ml of normal bone, but the study's areas have 1.5 to "
            "9.2 ml; thresholds rise with the volume, so draw a smaller area"
        )
        notes.append(Note("normal-bone-volume", text))
    if np.count_nonzero(per_slice(normal_bone.array, normal_bone.slice_axis)) == 1:
        text = (
            f"{name}: normal bone lies in one slice only (3 to 6 in the study); draw it on "
            "neighbouring slices too"
        )
        notes.append(Note("normal-bone-slices", text))
    return tuple(notes)


def marrow_ratio(scan: Image, normal_bone: Image, blocks: NDArray[np.bool_]) -> float:
    """Return the median intensity of normal bone over the region's; 1 where that is 0."""
    values = coarse(scan).array[blocks]
    marrow = float(np.median(values)) if values.size else 0.0
    if marrow <= 0:
        return 1.0
    mask = normal_bone.array
    # Several times as fast as indexing with the mask, in the order in which it is stored.
    order: Literal["F", "C"] = "F" if mask.flags.f_contiguous else "C"
    voxels = np.unravel_index(np.flatnonzero(mask.ravel(order)), mask.shape, order)
    return float(np.median(scan.array[voxels])) / marrow
