"""The part of a scan around an ellipse of normal bone that a page is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.page import MOST_SLICES, encode, encode_positions, frame_data
from vhi.images.image import Image
from vhi.images.orientation import View, view_of
from vhi.steps.thresholds import FEW_VOXELS, FIRST_MULTIPLE, MOST_PLAUSIBLE_MULTIPLE, STEP

MARGINS_MM = (28.0, 20.0, 5.0)
"""How far a page's part of the scan may reach beyond the ellipse. Chosen: a little more than the
25 mm within which area.js seeks bright spots, so that there is room to move, and few enough pixels
to be shown twice as large on a phone."""

MOST_PIXELS = 330_000
"""On all slices of a page: the widest margin is taken that stays below. Chosen: under 1 MB."""


def area_data(
    stir: Image,
    *,
    centre: Sequence[int],
    radius_mm: Sequence[float],
    slices: int,
    window: tuple[float, float],
    bone: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Return the surroundings of an ellipse for a page: its slices, up to five in all, cropped.

    For `decodeStack` in core.js and for area.js. The ellipse is given as for
    `vhi.draw_normal_bone`, with two radii. `window` are the intensities shown as black and white.
    In `bone` voxels above the thresholds are counted and bright spots sought.
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
        **frame_data(planes[0], view),
        "window": list(window),
        "slices": [
            {
                "index": index,
                "stir": encode_positions(plane, values),
                "bone": encode(view.plane(marked, index)[box]),
            }
            for index, plane in zip(shown, planes, strict=True)
        ],
        "across": across,
        "down": down,
        "array_order": ["slice" if a == axis else "ijk"[a] for a in range(3)],
        "scan_slices": stir.shape[axis],
        "has_bone": bone is not None,
        "doubtful": {
            "voxels_below": FEW_VOXELS,
            "multiple_above": MOST_PLAUSIBLE_MULTIPLE,
            "multiple_below": FIRST_MULTIPLE - STEP / 2,
        },
    }


def holds_area(data: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Return whether `data` (from `area_data`) hold all of the ellipse that `settings` describe."""
    first = settings["slice"] - (settings["slices"] - 1) // 2
    asked = range(max(first, 0), min(first + settings["slices"], data["scan_slices"]))
    if not {part["index"] for part in data["slices"]}.issuperset(asked):
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
    reach = ceil(reach_mm / spacing_mm)
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
