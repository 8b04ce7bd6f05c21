"""Place: whether the two masks fit the scans and each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.images.image import Image
from vhi.plausibility.coarse import Coarse, coarse, side_axis, wide_enough
from vhi.plausibility.coverage import counts, per_slice

RIM_EDGES = 1.4
"""Edges of T1w at the rim of the disease region over those inside it. Cortical bone is a dark line
around bright marrow. The study's regions have 1.55 to 1.83, drawn or predicted, the phantom's 1.66
to 2.25, the evaluation scans' 1.47 to 1.98; the study's regions on another patient 1.20 at most,
either's own moved by 5 mm 1.36 at most."""

NORMAL_BONE_T1W = (0.8, 1.33)
"""Median T1w intensity of normal bone over that of the disease region. The study and the phantom
have 0.90 to 1.17, drawn or predicted; muscle and vessels 0.76 at most, fat 1.55 at least."""

NORMAL_BONE_STIR = (0.5, 1.4)
"""The same on STIR. The study and the phantom have 0.75 (where a third of the region is inflamed)
to 1.32; their large lesions 1.54 at least, vessels and fluid 2.5, air 0.05 at most."""

NORMAL_BONE_OFF_MM = 35.0
"""Largest distance, from right to left, of normal bone's middle from the disease region's. The
sacral foramina, between which it belongs, lie some 20 to 35 mm off the midline. The study's areas
lie 5 mm off at most, drawn or proposed, those proposed on the phantom 14 mm."""

NORMAL_BONE_ML = 20.0
"""Largest volume of normal bone. The study has 1.5 to 9.2 ml; both thresholds grow with the
volume, because a maximum does."""

ONE_SIDE = 0.5
"""Difference between the disease region's volumes right and left of the scan's middle, over their
sum. The study and the phantom, drawn or predicted, have 0.06 at most, the evaluation scans 0.08."""

REGION_ML = 30.0
"""Smallest disease region. Chosen: the bone beside one sacroiliac joint; the study has 332 to 458
ml, predicted on the phantom 291 at least and on the evaluation scans 254."""

SHARE_OF_BODY = 0.35
"""Largest disease region, as a share of the body in view. The study, the phantom and
the evaluation scans have 0.08 to 0.15; a mask with 0 and 1 exchanged has 0.91 and more."""


def notes_on_masks(
    stir: Image,
    t1w: Image | None,
    normal_bone: Image | None,
    disease_region: Image | None,
    *,
    by_stir: bool = True,
) -> tuple[Note, ...]:
    """Return notes on where the two areas lie; all images are on one grid.

    Where there is no STIR scan, T1w takes its place; a mask that is not used is None. Nothing is
    said where a mask is empty, or of a scan too narrow for a pelvis. Intensities of STIR are judged
    only `by_stir`.
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
    region = notes_on_region(stir, t1w, disease_region)
    too_much = region_ml > REGION_ML and any(note.check == "region-volume" for note in region)
    judged = (None, None) if too_much else (t1w, stir if by_stir and stir is not t1w else None)
    blocks = np.asarray(coarse(stir).at_blocks(disease_region.array), bool)
    return (
        *region,
        *_place(*judged, normal_bone, disease_region, blocks),
        *_size_of_normal_bone(normal_bone),
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
    return float(int(counts(mask).sum()) * mask.voxel_volume_mm3 / 1000)


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
    axis = side_axis(mask)
    along = per_slice(counts(mask), axis)
    return along, (np.arange(len(along)) - (len(along) - 1) / 2) * -mask.affine[0, axis]


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
            "15 %; check that the mask marks bone, and not everything else"
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


def _place(
    t1w: Image | None,
    stir: Image | None,
    normal_bone: Image,
    disease_region: Image,
    blocks: NDArray[np.bool_],
) -> list[Note]:
    """Return one note on the tissue and the side in which normal bone lies; a scan may be None."""
    reasons = []
    ratio = 1.0 if t1w is None else marrow_ratio(t1w, normal_bone, blocks, shown=True)
    if t1w is not None and (words := _out_of(ratio, NORMAL_BONE_T1W)):
        tissue = "muscle, fluid, a lesion or air" if ratio < 1 else "fat"
        reasons.append(Note("normal-bone-t1w", f"{words.format('T1w')}, like {tissue}"))
    ratio = 1.0 if stir is None else marrow_ratio(stir, normal_bone, blocks)
    if words := _out_of(ratio, NORMAL_BONE_STIR):
        tissue = "air" if ratio < 1 else "a lesion or vessel"
        reasons.append(Note("normal-bone-stir", f"{words.format('STIR')}, like {tissue}"))
    middles = [
        float(np.average(place, weights=along))
        for along, place in map(_from_right_to_left, (normal_bone, disease_region))
    ]
    off_mm = abs(middles[0] - middles[1])
    if off_mm > NORMAL_BONE_OFF_MM and abs(side_difference(disease_region)) <= ONE_SIDE:
        text = (
            f"lies {off_mm:.0f} mm to one side of the middle of the disease region, but normal "
            "bone belongs in the sacrum between the foramina"
        )
        reasons.append(Note("normal-bone-side", text))
    text = f"{normal_bone.name}: {'; '.join(reasons)}; check where normal bone was drawn"
    return [Note(reasons[0].check, text)] if reasons else []


def _box(mask: Image) -> tuple[slice, ...]:
    """Return a box round a mask: many times as fast to index within as the whole mask."""
    known = counts(mask)
    return tuple(
        slice(int(places.min()), int(places.max()) + 1) if length > 1 else slice(None)
        for places, length in zip(np.nonzero(known), known.shape, strict=True)
    )


def _out_of(ratio: float, limits: tuple[float, float]) -> str:
    """Return words on a ratio out of its range, with a place for the contrast; else nothing."""
    low, high = limits
    if low <= ratio <= high:
        return ""
    return (
        f"too {'dark' if ratio < low else 'bright'} on {{}} for normal bone ({ratio:.2f} times "
        f"the median of the disease region, expected {low:g} to {high:g})"
    )


def _size_of_normal_bone(normal_bone: Image) -> tuple[Note, ...]:
    """Return notes on the volume and the slices of normal bone."""
    notes, name = [], normal_bone.name
    marked_ml = volume_ml(normal_bone)
    if marked_ml > NORMAL_BONE_ML:
        text = (
            f"{name}: marks {marked_ml:.1f} ml of normal bone, but the study's areas have 1.5 to "
            "9.2 ml; thresholds rise with the volume, so draw a smaller area"
        )
        notes.append(Note("normal-bone-volume", text))
    if np.count_nonzero(per_slice(counts(normal_bone), normal_bone.slice_axis)) == 1:
        text = (
            f"{name}: normal bone lies in one slice only (3 to 6 in the study); draw it on "
            "neighbouring slices too"
        )
        notes.append(Note("normal-bone-slices", text))
    return tuple(notes)


def marrow_ratio(
    scan: Image, normal_bone: Image, blocks: NDArray[np.bool_], *, shown: bool = False
) -> float:
    """Return the median intensity of normal bone over the region's; 1 where that is 0.

    With `shown`, voxels of intensity 0 are left out: T1w may not cover them.
    """
    values = coarse(scan).array[blocks]
    values = values[values > 0] if shown else values
    marrow = float(np.median(values)) if values.size else 0.0
    if marrow <= 0:
        return 1.0
    box = _box(normal_bone)
    drawn = scan.array[box][normal_bone.array[box]]
    drawn = drawn[drawn != 0] if shown else drawn
    return float(np.median(drawn)) / marrow if drawn.size else 1.0
