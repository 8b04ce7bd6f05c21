"""Coverage: slices that are blank, not covered by T1w, or left out of the disease region."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.digits import runs
from vhi.images.image import Image
from vhi.images.scans import Scans
from vhi.plausibility.coarse import MIN_FIELD_MM, field_mm, side_axis, wide_enough

MIN_DEPTH_MM = 40.0
"""Smallest distance from the first to the last slice's outer side. Chosen: the sacroiliac joint is
some 50 mm deep; the study has 82 mm."""

COVERED = 0.9
"""Share of a STIR slice that T1w must cover. Chosen: less cuts into the bone at the sides."""

LAST_SLICE = 0.35
"""Area of the disease region in its first or last slice over its largest, where the scan goes on
beyond. The study's scans end before the bone does; predicted regions that end before have 0.10 at
most."""

SCANS_END = 0.75
"""The same where the scan ends. The study has 0.11 to 0.55, the phantom 0.30 at most."""

LEAST_OF_NEIGHBOURS = 0.5
"""Area of the disease region in one half of a slice over the mean of its neighbours. The study, the
phantom and the evaluation scans, drawn or predicted, have 0.70 and more."""

SMALL_PART = 0.15
"""Halves of slices whose neighbours' mean is below this share of the largest slice are not judged.
Chosen: at its ends bone comes and goes within a slice."""


BLANK_SHARE = 0.05
"""Largest share of the body that may be blank in one scan. Chosen: it is 0 in the ten study scans
and on the phantom."""

_COUNTS: WeakKeyDictionary[Image, NDArray[np.uint32]] = WeakKeyDictionary()


def notes_on_coverage(scans: Scans, disease_region: Image | None) -> tuple[Note, ...]:
    """Return notes on the field of view, and on slices that are blank or left out.

    A scan too narrow for a pelvis gets a note of that alone.
    """
    stir = scans.stir
    given = dict.fromkeys(scan for scan in (stir, scans.t1w_as_stored) if scan is not None)
    notes = _field(stir)
    if not wide_enough(stir):
        return tuple(notes)
    if disease_region is None:
        disease_region = stir.with_array(np.zeros(stir.shape, bool))
    region = per_slice(counts(disease_region), stir.slice_axis)
    blank = [note for scan in given for note in _blank(scan)]
    missing = covered(scans) < COVERED
    notes += blank or ([] if missing.any() else _blank_part(scans))
    if missing.any():
        notes.append(_t1w_note(scans, missing, region))
    elif region.any():
        notes += _ends(region, disease_region.name)
    if region.any():
        notes += _gaps(stir, disease_region)
    return tuple(notes)


def per_slice(mask: NDArray[np.generic], axis: int) -> NDArray[np.int64]:
    """Return how many voxels of a mask, or of its `counts`, lie in each plane across an axis."""
    others = tuple(other for other in range(3) if other != axis)
    return np.asarray(mask.sum(axis=others, dtype=np.int64))


def counts(mask: Image) -> NDArray[np.uint32]:
    """Return a mask's voxels summed over one axis, which keeps the length 1.

    Slices and the axis from right to left stay. Computed once for each mask in memory.
    """
    if mask not in _COUNTS:
        stay = {mask.slice_axis, side_axis(mask)}
        axis = next(axis for axis in (1, 0, 2) if axis not in stay)
        array = mask.array.view(np.uint8)  # five times as fast as bool
        _COUNTS[mask] = np.add.reduce(array, axis=axis, dtype=np.uint32, keepdims=True)
    return _COUNTS[mask]


def covered(scans: Scans) -> NDArray[np.float64]:
    """Return the share of each STIR slice that T1w, as stored, covers; 1 without T1w."""
    stir, t1w = scans.stir, scans.t1w_as_stored
    axis, slices = stir.slice_axis, stir.shape[stir.slice_axis]
    if t1w is None or t1w is scans.t1w:
        return np.ones(slices)
    places = [
        np.linspace(0, length - 1, slices if k == axis else 21)
        for k, length in enumerate(stir.shape)
    ]
    points = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1)
    inverse = np.linalg.inv(t1w.affine)
    voxels = stir.world(points) @ inverse[:3, :3].T + inverse[:3, 3]
    # Half a voxel of slack: what lies in the outer half of a rim voxel is covered.
    inside = ((voxels > -0.51) & (voxels < np.array(t1w.shape) - 0.49)).all(axis=-1)
    return np.asarray(inside.mean(axis=tuple(k for k in range(3) if k != axis)))


def ranges(slices: NDArray[np.bool_]) -> str:
    """Return the numbers of slices, from 0, as text."""
    return runs(np.flatnonzero(slices))


def _field(scan: Image) -> list[Note]:
    width, height = field_mm(scan)
    depth = scan.shape[scan.slice_axis] * scan.spacing_mm[scan.slice_axis]
    if min(width, height) >= MIN_FIELD_MM and depth >= MIN_DEPTH_MM:
        return []
    text = (
        f"{scan.name}: covers {width:.0f} x {height:.0f} mm, {depth:.0f} mm deep, but both "
        f"sacroiliac joints need {MIN_FIELD_MM:g} x {MIN_FIELD_MM:g} mm, {MIN_DEPTH_MM:g} mm deep, "
        "so inflammation may lie outside the scan"
    )
    return [Note("field-of-view", text)]


def _blank(scan: Image) -> list[Note]:
    planes = np.moveaxis(scan.array, scan.slice_axis, 0)
    few = planes[:, ::8, ::8].reshape(len(planes), -1)
    blank = few.max(axis=1) == few.min(axis=1)
    for index in np.flatnonzero(blank):
        blank[index] = planes[index].max() == planes[index].min()
    if not blank.any():
        return []
    count = np.count_nonzero(blank)
    text = (
        f"{scan.name}: {count} of {len(blank)} slices are blank ({ranges(blank)}, counted from 0), "
        "so no inflammation can be found there; check that the scan is complete"
    )
    return [Note("blank-slices", text)]


def _blank_part(scans: Scans) -> list[Note]:
    """Note a scan that is blank where the other one shows a body."""
    stir, t1w = scans.stir, scans.t1w
    if t1w is None or t1w is stir:
        return []
    notes = []
    for scan, other in ((stir, t1w), (t1w, stir)):
        few, body = (image.array[::4, ::4, ::4] for image in (scan, other))
        share = float((few[body > np.median(body)] == few.min()).mean())
        if share > BLANK_SHARE:
            text = (
                f"{scan.name}: is blank on {100 * share:.0f} % of what {other.name} shows of the "
                "body, so no inflammation can be found or judged there; check that the scan is "
                "complete"
            )
            notes.append(Note("blank-part", text))
    return notes


def _t1w_note(scans: Scans, missing: NDArray[np.bool_], region: NDArray[np.int64]) -> Note:
    assert scans.t1w_as_stored is not None
    count, slices = np.count_nonzero(missing), len(missing)
    name = scans.stir.name
    if missing.all():
        share = float(covered(scans).mean())
        return Note(
            "t1w-coverage",
            f"T1w ({scans.t1w_as_stored.name}) covers {100 * share:.0f} % of {name} and no slice "
            "completely, so the rest cannot be searched; give a T1w scan of the whole region",
        )
    beyond = int(region[missing].sum()) / max(1, int(region.sum()))
    if beyond < 0.01:
        result = f"the other {count} were not searched"
    else:
        result = f"the disease region cannot be checked on the other {count}"
    return Note(
        "t1w-coverage",
        f"T1w ({scans.t1w_as_stored.name}) covers slices {ranges(~missing)} of {slices} of {name} "
        f"(counted from 0): {result}; give a T1w scan of the whole region",
    )


def _ends(region: NDArray[np.int64], name: str) -> list[Note]:
    with_bone, largest = np.flatnonzero(region), region.max()
    first, last, end = with_bone[0], with_bone[-1], len(region) - 1
    left_out = np.zeros(len(region), bool)
    if first > 0 and region[first] > LAST_SLICE * largest:
        left_out[:first] = True
    if last < end and region[last] > LAST_SLICE * largest:
        left_out[last + 1 :] = True
    if left_out.any():
        text = (
            f"{name}: ends although bone continues; slices {ranges(left_out)} of {len(region)} "
            "(counted from 0) were not searched, so check the mask there"
        )
        return [Note("region-slices", text)]
    cut = [k for k in {0, end} if region[k] > SCANS_END * largest]
    if cut and end > 0:
        where = " and ".join(("first", "last")[int(k > 0)] for k in sorted(cut))
        text = (
            f"{name}: is nearly as large in the {where} slice as anywhere else, so bone continues "
            "beyond the scan; inflammation may lie outside the scan"
        )
        return [Note("region-cut-off", text)]
    return []


def _gaps(stir: Image, disease_region: Image) -> list[Note]:
    """Return a note on slices in which the region nearly vanishes on one side."""
    axis = side_axis(stir)
    if axis == stir.slice_axis:
        return []
    middle = stir.shape[axis] // 2
    halves = np.moveaxis(counts(disease_region), axis, 0)
    slice_axis = stir.slice_axis + (1 if stir.slice_axis < axis else 0)
    slices = stir.shape[stir.slice_axis]
    missing, within = np.zeros(slices, bool), np.zeros(slices, bool)
    areas = [per_slice(part, slice_axis) for part in (halves[:middle], halves[middle:])]
    with_bone = np.flatnonzero(areas[0] + areas[1])
    largest = max(1, int((areas[0] + areas[1]).max()))
    within[with_bone[0] : with_bone[-1] + 1] = True
    for area in areas:
        neighbours = (area[:-2] + area[2:]) / 2
        judged = neighbours > SMALL_PART * largest
        missing[1:-1] |= judged & (area[1:-1] < LEAST_OF_NEIGHBOURS * neighbours)
    missing &= within
    if not missing.any():
        return []
    text = (
        f"{disease_region.name}: on one side or both, slices {ranges(missing)} (counted from 0) "
        "hold less than half of the region in the neighbouring slices; check the mask there"
    )
    return [Note("region-gaps", text)]
