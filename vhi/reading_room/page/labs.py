"""What if …: the controls of `vhi.controls` on a case as it is being read.

A lab is given numbers to compute on and can change nothing: what a reader takes over from it comes
back as an action like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls import NormalBoneControl, normal_bone_control, speck_control, threshold_control
from vhi.controls.normal_bone import MAX_RADIUS_MM
from vhi.errors import InputError
from vhi.reading_room.case.opening import Start
from vhi.reading_room.case.standing import Stand
from vhi.workflow import measure_images

MEASURED = {"thresholds": threshold_control, "specks": speck_control}
"""Labs that need candidates, by the name of their ES module."""

LABS = (*MEASURED, "normal_bone")

RADIUS_MM = (12.0, 8.0)
SLICES = 3
"""The ellipse where there is no area yet. Chosen: as `vhi.controls.normal_bone_control` begins."""


def lab_data(
    name: str, start: Start, stand: Stand, *, slice_index: int | None = None
) -> dict[str, Any]:
    """Return what a control's ES module computes on: its settings by name, and ``data``.

    Parameters
    ----------
    name
        One of `LABS`.
    start
        Scans and masks.
    stand
        Where the reading stands: its masks are taken, its edits are not.
    slice_index
        The slice to begin with, counted from 0.

    Raises
    ------
    InputError
        No candidates follow from the masks as they stand.
    """
    if name not in MEASURED:
        return _normal_bone(start, stand, slice_index).page_data()
    steps = stand.steps
    if steps.problem is not None:
        raise InputError(steps.problem)
    measurement = measure_images(
        start.stir,
        start.normal_bone.with_array(steps.normal_bone),
        start.disease_region.with_array(steps.disease_region),
        t1w=start.t1w,
        case=start.case.case,
        visit=start.case.visit,
    )
    return MEASURED[name](measurement, slice_index=slice_index).page_data()


def _normal_bone(start: Start, stand: Stand, slice_index: int | None) -> NormalBoneControl:
    """Return the control with an ellipse in the middle of the area, on its slices.

    A reader's area is seldom one ellipse: its slices are drawn at different places. This one is
    where to begin.
    """
    stir, area = start.stir, stand.steps.normal_bone
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
    region = start.disease_region.with_array(stand.steps.disease_region)
    return normal_bone_control(stir, centre=centre, radius_mm=radii, slices=slices, bone=region)


def _radii_mm(by_slice: NDArray[np.bool_], spacing_mm: Sequence[float]) -> list[float]:
    """Return the radii of an ellipse that is shaped as an area is on its slices, and as large.

    In an ellipse a radius is twice the standard deviation along it. Each slice counts around its
    own middle. In half millimetres, as the control's sliders go.
    """
    planes = [np.argwhere(plane) for plane in by_slice if plane.any()]
    around = np.concatenate([points - points.mean(axis=0) for points in planes])
    pixel_mm = np.array(spacing_mm)
    spread = pixel_mm * np.sqrt((around**2).mean(axis=0) + 1 / 12)  # 1 / 12: a pixel's own
    mm2 = len(around) / len(planes) * pixel_mm.prod()
    radii = spread * np.sqrt(mm2 / (np.pi * spread.prod()))
    return [float(r) for r in np.clip((2 * radii).round() / 2, 0.5, MAX_RADIUS_MM)]
