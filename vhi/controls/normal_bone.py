"""A control for step i by hand: place the ellipse of normal bone."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.control import Control, Twin
from vhi.controls.page import MOST_SLICES, encode, encode_positions, frame_data
from vhi.controls.twins import draw_plane
from vhi.digits import digits
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.images.orientation import View, view_of, window_of
from vhi.plausibility.thresholds import FEW_VOXELS, MOST_PLAUSIBLE_MULTIPLE
from vhi.results.figures import draw_histogram
from vhi.steps.normal_bone import draw_normal_bone
from vhi.steps.thresholds import (
    FIRST_MULTIPLE,
    STEP,
    Thresholds,
    estimate_thresholds,
    normal_bone_intensities,
)

MIN_RADIUS_MM, MAX_RADIUS_MM = 0.5, 40.0
"""Where the sliders end. Chosen: far more than the interforaminal sacrum is wide."""

MARGINS_MM = (28.0, 20.0, 5.0)
"""How far a page's part of the scan may reach beyond the ellipse. Chosen: a little more than the
25 mm within which area.js seeks bright spots, so that there is room to move, and few enough pixels
to be shown twice as large on a phone."""

MOST_PIXELS = 330_000
"""On all slices of a page: the widest margin is taken that stays below. Chosen: under 1 MB."""


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


class NormalBoneControl(Control):
    """Move the ellipse; histogram and thresholds follow.

    Settings: the centre's in-plane voxel indices under their letters (``i`` and ``j`` where
    slices are stacked along the last array axis), ``slice``, ``radius_1_mm``, ``radius_2_mm``,
    ``slices``. Whether the ellipse lies on normal bone only a reader can tell.

    Parameters
    ----------
    stir
        The scan to draw on.
    centre
        Voxel (i, j, k) to start from, counted from 0; the middle of the scan when not given.
    radius_mm
        One radius, or two: along the first and the second in-plane array axis.
    slices
        How many slices to draw on.
    bone
        The disease region: bright spots are then sought in bone only, and a page shows which bone
        reaches the thresholds.

    Raises
    ------
    InputError
        A setting is outside the range of its slider, or `bone` lies on another grid.
    """

    module = "normal_bone"
    label = "normal-bone control"

    def __init__(
        self,
        stir: Image,
        *,
        centre: Sequence[int] | None = None,
        radius_mm: Sequence[float] = (12, 8),
        slices: int = 3,
        bone: Image | None = None,
    ) -> None:
        if bone is not None:
            check_same_grid(stir, bone)
        self.stir, self.bone = stir, None if bone is None else bone.array.astype(bool)
        middle = [n // 2 for n in stir.shape] if centre is None else [int(n) for n in centre]
        radii = [float(radius) for radius in radius_mm] * (2 if len(radius_mm) == 1 else 1)
        if len(middle) != 3 or len(radii) != 2:
            raise InputError("normal bone: give a centre of 3 voxel indices and 1 or 2 radii in mm")
        self._centre = tuple("slice" if a == stir.slice_axis else "ijk"[a] for a in range(3))
        values: dict[str, Any] = dict(zip(self._centre, middle, strict=True))
        values |= {"radius_1_mm": radii[0], "radius_2_mm": radii[1], "slices": int(slices)}
        for name, (low, high) in self._ranges().items():
            if not low <= values[name] <= high:
                raise InputError(f"{name}={values[name]}: give a number from {low} to {high}")
        super().__init__({name: values[name] for name in self._ranges()})
        around = self.bone
        if around is None:
            doubled = [2 * radius for radius in radii]
            around = draw_normal_bone(stir, centre=middle, radius_mm=doubled)
        # However dark the marked part is, a quarter of the scan's own range stays visible.
        black, white = window_of(stir, np.zeros(stir.shape, bool))
        dark, bright = window_of(stir, around)
        self._window = (min(black, dark), max(bright, black + (white - black) / 4))

    def _ranges(self) -> dict[str, tuple[float, float]]:
        """Return the lowest and the highest value of each setting, in the order of the sliders."""
        length = dict(zip(self._centre, self.stir.shape, strict=True))
        ranges: dict[str, tuple[float, float]] = {"slice": (0, length["slice"] - 1)}
        ranges |= {name: (0, length[name] - 1) for name in self._centre if name != "slice"}
        ranges |= {f"radius_{n}_mm": (MIN_RADIUS_MM, MAX_RADIUS_MM) for n in (1, 2)}
        return {**ranges, "slices": (1, length["slice"])}

    def ellipse(self) -> dict[str, Any]:
        """Return the settings as `vhi.draw_normal_bone` and ``vhi normal-bone`` take them."""
        now = self.settings
        return {
            "centre": tuple(now[name] for name in self._centre),
            "radius_mm": (now["radius_1_mm"], now["radius_2_mm"]),
            "slices": now["slices"],
        }

    def data(self) -> dict[str, Any]:
        """Return the scan around the ellipse, up to five slices in all, cropped, for area.js."""
        stir, bone = self.stir, self.bone
        centre, radius_mm, slices = self.ellipse().values()
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
            "window": list(self._window),
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
            "sliders": self._ranges(),
        }

    def shows(self, data: dict[str, Any]) -> bool:
        """Return whether all of the ellipse lies in the part of the scan in `data`."""
        settings = self.settings
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

    def whole_scan(self) -> dict[str, Any]:
        """Return the voxels of bone at or above the lower threshold; None without either."""
        thresholds = self._measure(self.ellipse())[2]
        if self.bone is None or thresholds is None:
            return {"bone_above": None}
        return {"bone_above": int(np.count_nonzero(self.stir.array[self.bone] >= thresholds.lower))}

    def _measure(
        self, ellipse: dict[str, Any]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64], Thresholds | None, str]:
        """Return mask, intensities and thresholds of an ellipse, and a line that tells of them."""
        mask, intensities = np.zeros(self.stir.shape, bool), np.zeros(0)
        try:
            mask = draw_normal_bone(self.stir, **ellipse)
            area = self.stir.with_array(mask, "the ellipse")
            intensities = normal_bone_intensities(self.stir, area)
            t = estimate_thresholds(intensities)
        except InputError as error:
            return mask, intensities, None, str(error)
        line = f"{intensities.size:,} voxels, thresholds {digits(t.lower)} and {digits(t.upper)}"
        return mask, intensities, t, f"{line}, n = {t.multiple:.2f}"

    def twin(self) -> Twin:
        """Draw the ellipse as placed, and with both radii doubled."""
        from matplotlib.figure import Figure

        ellipse, index, view = self.ellipse(), self.settings["slice"], view_of(self.stir)
        doubled = {**ellipse, "radius_mm": tuple(2 * r for r in ellipse["radius_mm"])}
        figure, alt = Figure(figsize=(8.4, 6)), []
        grid = figure.subplots(2, 2, height_ratios=(1.5, 1))
        shown = {"as placed": ellipse, "both radii doubled": doubled}
        for (above, below), (name, drawn) in zip(grid.T, shown.items(), strict=True):
            mask, intensities, thresholds, line = self._measure(drawn)
            draw_plane(
                above,
                view.plane(self.stir.array, index),
                view=view,
                window=self._window,
                outline=view.plane(mask, index),
                title=f"{name}\n{fill(line, 62)}",
            )
            if thresholds is None:
                below.set_axis_off()
            else:
                draw_histogram(below, intensities, thresholds)
            alt.append(f"{name}: {line}")
        figure.subplots_adjust(left=0.07, right=0.99, bottom=0.08, top=0.93, hspace=0.14)
        radii = " and ".join(f"{r:g}" for r in ellipse["radius_mm"])
        return Twin(
            figure,
            f"An ellipse with radii of {radii} mm on {ellipse['slices']} slices around slice "
            f"{index}, and one twice as wide and high. Both thresholds depend on the brightest "
            "voxels inside, so a larger ellipse can move them. Where scripts are on, the ellipse "
            "can be moved here; no kernel is needed.",
            f"Slice {index} twice with a blue ellipse, above histograms of the intensities inside "
            f"it. {'; '.join(alt)}.",
        )
