"""An ellipse of normal bone: what is bright beside it, and its part of the scan for a page.

The bright spot is for teaching: a vessel at the rim is what readers are told to avoid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.page import MOST_SLICES, encode, places_of
from vhi.images.image import Image
from vhi.images.orientation import View, view_of
from vhi.steps.thresholds import FEW_VOXELS, FIRST_MULTIPLE, MOST_PLAUSIBLE_MULTIPLE, STEP

WITHIN_MM = 25.0
"""How far from the centre is looked. Chosen: about the width of the interforaminal sacrum."""

DEPTH = 0.8
"""Part of the radii within which the spot comes to lie. Chosen: so that its neighbours come too."""

MARGINS_MM = (28.0, 20.0, 5.0)
"""How far a page's part of the scan may reach beyond the ellipse. Chosen: `WITHIN_MM` and some, so
that there is room to move, and few enough pixels to be shown twice as large on a phone."""

MOST_PIXELS = 330_000
"""On all slices of a page: the widest margin is taken that stays below. Chosen: under 1 MB."""


def brightest_nearby(
    stir: Image,
    area: NDArray[np.bool_],
    *,
    centre: Sequence[int],
    bone: NDArray[np.bool_] | None = None,
    within_mm: float = WITHIN_MM,
) -> tuple[int, int, int] | None:
    """Return the brightest voxel beside an area, on the area's slices.

    Parameters
    ----------
    stir
        The scan.
    area
        Mask of normal bone, the scan's shape.
    centre
        Voxel (i, j, k) of the area's centre.
    bone
        Mask to look in; everywhere when not given.
    within_mm
        Largest distance from the centre within the slice, in mm.

    Returns
    -------
    tuple of int, or None
        The first in array order of equally bright ones; None where there is no voxel to choose.
    """
    a, b = (axis for axis in range(3) if axis != stir.slice_axis)
    place = np.ogrid[tuple(slice(n) for n in stir.shape)]
    across, along = ((place[axis] - centre[axis]) * stir.spacing_mm[axis] for axis in (a, b))
    near = across * across + along * along <= within_mm * within_mm
    candidates = near & area.any(axis=(a, b), keepdims=True) & ~area
    if bone is not None:
        candidates &= bone
    if not candidates.any():
        return None
    where = np.argmax(np.where(candidates, stir.array, -np.inf))
    i, j, k = np.unravel_index(where, stir.shape)
    return int(i), int(j), int(k)


def nearest_centre(
    stir: Image, voxel: Sequence[int], *, centre: Sequence[int], radius_mm: Sequence[float]
) -> tuple[int, int, int]:
    """Return the centre nearest to the present one from which an ellipse takes a voxel in.

    Parameters
    ----------
    stir
        The scan.
    voxel
        To be taken in: it comes to lie within `DEPTH` of the radii.
    centre
        Present centre (i, j, k); its slice stays.
    radius_mm
        Two radii, along the first and the second in-plane array axis.

    Returns
    -------
    tuple of int
        The first in array order of equally near ones.
    """
    a, b = (axis for axis in range(3) if axis != stir.slice_axis)
    depth, moved = np.zeros((1, 1)), np.zeros((1, 1))
    for position, (axis, radius) in enumerate(zip((a, b), radius_mm, strict=True)):
        shape = [1, 1]
        shape[position] = -1
        at = np.arange(stir.shape[axis]).reshape(shape)
        part = (voxel[axis] - at) * stir.spacing_mm[axis] / radius
        way = (at - centre[axis]) * stir.spacing_mm[axis]
        depth, moved = depth + part * part, moved + way * way
    nearest = np.argmin(np.where(depth <= DEPTH * DEPTH, moved, np.inf))
    first, second = np.unravel_index(nearest, moved.shape)
    new = list(centre)
    new[a], new[b] = int(first), int(second)
    return new[0], new[1], new[2]


def area_data(
    stir: Image,
    *,
    centre: Sequence[int],
    radius_mm: Sequence[float],
    slices: int,
    window: tuple[float, float],
    bone: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Return an ellipse's surroundings for a page: its slices, filled up to five, cropped.

    Parameters
    ----------
    stir
        The scan.
    centre, radius_mm, slices
        As for `vhi.draw_normal_bone`, with two radii.
    window
        Intensities shown as black and white.
    bone
        Mask in which voxels above the thresholds are counted and bright spots sought.

    Returns
    -------
    dict
        For `decodeStack` in core.js and for area.js.
    """
    view, axis = view_of(stir), stir.slice_axis
    first = centre[axis] - (slices - 1) // 2
    more = max(MOST_SLICES - slices, 0)
    low = max(first - more // 2, 0)
    shown = range(low, min(first + slices + more - more // 2, stir.shape[axis]))
    in_plane = [a for a in range(3) if a != axis]
    radii = dict(zip(in_plane, radius_mm, strict=True))
    for margin_mm in MARGINS_MM:
        down, across = (
            _along(stir, view, a, centre[a], radii[a] + margin_mm)
            for a in (view.rows, view.columns)
        )
        if down["count"] * across["count"] * len(shown) <= MOST_PIXELS:
            break
    box = down.pop("cut"), across.pop("cut")
    planes = [view.plane(stir.array, index)[box] for index in shown]
    values = np.unique(np.stack(planes))
    marked = np.zeros(stir.shape, bool) if bone is None else bone
    return {
        "values": encode(values.astype(np.float64)),
        "width": across["count"],
        "height": down["count"],
        "pixel_aspect": down["spacing_mm"] / across["spacing_mm"],
        "voxel_mm3": stir.voxel_volume_mm3,
        "left": view.left,
        "right": view.right,
        "window": list(window),
        "slices": [
            {
                "index": index,
                "stir": places_of(plane, values),
                "bone": encode(view.plane(marked, index)[box]),
            }
            for index, plane in zip(shown, planes, strict=True)
        ],
        "across": across,
        "down": down,
        "array_order": ["slice" if a == axis else "ijk"[a] for a in range(3)],
        "scan_slices": stir.shape[axis],
        "has_bone": bone is not None,
        "within_mm": WITHIN_MM,
        "depth": DEPTH,
        "doubtful": {
            "voxels_below": FEW_VOXELS,
            "multiple_above": MOST_PLAUSIBLE_MULTIPLE,
            "multiple_below": FIRST_MULTIPLE - STEP / 2,
        },
    }


def holds_area(data: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Return whether the part of the scan in `area_data` holds all of an ellipse.

    Parameters
    ----------
    data
        From `area_data`.
    settings
        Of the ellipse, named as in `vhi.controls.NormalBoneControl`.
    """
    first = settings["slice"] - (settings["slices"] - 1) // 2
    asked = range(max(first, 0), min(first + settings["slices"], data["scan_slices"]))
    if not {each["index"] for each in data["slices"]}.issuperset(asked):
        return False
    for axis in (data["across"], data["down"]):
        low, high = sorted((axis["first"], axis["first"] + axis["step"] * (axis["count"] - 1)))
        at, reach = settings[axis["name"]], ceil(settings[axis["radius"]] / axis["spacing_mm"])
        if (low > 0 and at - reach < low) or (high < axis["length"] - 1 and at + reach > high):
            return False
    return True


def _along(stir: Image, view: View, axis: int, centre: int, reach_mm: float) -> dict[str, Any]:
    """Return how the cropped picture lies along one array axis, and the cut itself."""
    length, spacing_mm = stir.shape[axis], stir.spacing_mm[axis]
    reach = int(np.ceil(reach_mm / spacing_mm))
    low, high = max(centre - reach, 0), min(centre + reach + 1, length)
    flipped = view.flip_rows if axis == view.rows else view.flip_columns
    return {
        "name": "ijk"[axis],
        "radius": "radius_2_mm" if axis == max(view.rows, view.columns) else "radius_1_mm",
        "first": high - 1 if flipped else low,
        "step": -1 if flipped else 1,
        "spacing_mm": spacing_mm,
        "count": high - low,
        "length": length,
        "cut": slice(length - high, length - low) if flipped else slice(low, high),
    }
