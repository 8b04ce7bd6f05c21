"""The controls of `vhi.controls` on the case being read.

A lab receives data and changes nothing. An area that a reader accepts in it arrives as a drawing
action.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls import NormalBoneControl, SpeckControl, ThresholdControl
from vhi.controls.normal_bone import MAX_RADIUS_MM
from vhi.errors import InputError
from vhi.reading_room.case.opening import OpenCase
from vhi.reading_room.case.state import ReadingState

MEASURED = {"thresholds": ThresholdControl, "specks": SpeckControl}
"""Labs that need candidates, by the name of their ES module."""

LABS = (*MEASURED, "normal_bone")

RADIUS_MM = (12.0, 8.0)
SLICES = 3
"""The ellipse if normal bone is empty. Chosen: the default of `NormalBoneControl`."""


def lab_data(
    name: str, opened: OpenCase, state: ReadingState, *, slice_index: int | None = None
) -> dict[str, Any]:
    """Return the input of a control's ES module: its settings by name, and ``data``.

    The masks of `state` are used, its edits are not. `slice_index` is the slice to start with,
    counted from 0. InputError if the current masks give no candidates.
    """
    if name not in MEASURED:
        return _normal_bone(opened, state, slice_index).page_data()
    drawn = state.candidates
    if drawn.stage is None:
        raise InputError(str(drawn.problem))
    t1w = opened.scans.t1w
    return MEASURED[name](drawn.stage, t1w=t1w, slice_index=slice_index).page_data()


def _normal_bone(
    opened: OpenCase, state: ReadingState, slice_index: int | None
) -> NormalBoneControl:
    """Return the control with an ellipse in the middle of normal bone, on its slices.

    A reader's normal bone is seldom one ellipse; this ellipse is a starting point.
    """
    stir, areas = opened.scans.stir, state.candidates.areas
    area = areas.normal_bone.mask.array
    axis, count = stir.slice_axis, stir.shape[stir.slice_axis]
    in_plane = [a for a in range(3) if a != axis]
    centre = [length // 2 for length in stir.shape]
    radii, slices = list(RADIUS_MM), min(SLICES, count)
    shown = centre[axis] if slice_index is None else slice_index
    first = min(max(shown - (slices - 1) // 2, 0), count - slices)
    if area.any():
        on = np.flatnonzero(area.any(axis=tuple(in_plane)))
        first, slices = int(on[0]), int(on[-1] - on[0]) + 1
        centre = [round(float(middle)) for middle in np.argwhere(area).mean(axis=0)]
        radii = _radii_mm(np.moveaxis(area, axis, 0), [stir.spacing_mm[a] for a in in_plane])
    centre[axis] = first + (slices - 1) // 2
    return NormalBoneControl(
        stir, centre=centre, radius_mm=radii, slices=slices, bone=areas.disease_region.mask
    )


def _radii_mm(by_slice: NDArray[np.bool_], spacing_mm: Sequence[float]) -> list[float]:
    """Return the radii of an ellipse with the shape and size of an area on its slices.

    A radius of an ellipse is twice the standard deviation along it. Each slice is centred on its
    own middle. In steps of 0.5 mm, those of the control's sliders.
    """
    planes = [np.argwhere(plane) for plane in by_slice if plane.any()]
    around = np.concatenate([points - points.mean(axis=0) for points in planes])
    pixel_mm = np.array(spacing_mm)
    within_pixel = 1 / 12  # variance, in pixels
    spread = pixel_mm * np.sqrt((around**2).mean(axis=0) + within_pixel)
    mm2 = len(around) / len(planes) * pixel_mm.prod()
    radii = spread * np.sqrt(mm2 / (np.pi * spread.prod()))
    return [float(r) for r in np.clip((2 * radii).round() / 2, 0.5, MAX_RADIUS_MM)]
