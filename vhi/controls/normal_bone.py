"""A control over step i by hand: place the ellipse of normal bone."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.area import WITHIN_MM, area_data, brightest_nearby, holds_area, nearest_centre
from vhi.controls.control import Control, Twin
from vhi.controls.inputs import Setting, Slider
from vhi.controls.pictures import SlicePainter, slice_and_histogram
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.results.figures import draw_histogram
from vhi.steps.normal_bone import draw_normal_bone
from vhi.steps.thresholds import Thresholds, estimate_thresholds, normal_bone_intensities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_RADIUS_MM = 40.0
"""Where the sliders end. Chosen: far more than the interforaminal sacrum is wide."""


def normal_bone_control(
    stir: Image,
    *,
    centre: Sequence[int] | None = None,
    radius_mm: Sequence[float] = (12, 8),
    slices: int = 3,
    bone: Image | None = None,
) -> NormalBoneControl:
    """Return a control that places the ellipse of normal bone.

    Parameters
    ----------
    stir
        The scan to draw on.
    centre
        Voxel (i, j, k) to begin with, counted from 0; the middle of the scan when not given.
    radius_mm
        One radius, or two: along the first and the second in-plane array axis.
    slices
        How many slices to draw on.
    bone
        The disease region: bright spots are then sought in bone only, and a page shows which
        bone the thresholds mark.

    Returns
    -------
    NormalBoneControl

    Raises
    ------
    InputError
        A setting is outside what its slider takes, or `bone` lies on another grid.
    """
    return NormalBoneControl(stir, centre=centre, radius_mm=radius_mm, slices=slices, bone=bone)


class NormalBoneControl(Control):
    """Move the ellipse; histogram and thresholds follow.

    Settings: the centre's in-plane voxel indices under their letters (``i`` and ``j`` where
    slices are stacked along the last array axis), ``slice``, ``radius_1_mm``, ``radius_2_mm``,
    ``slices``. Nothing says whether the ellipse lies on normal bone: that a reader sees.

    Attributes
    ----------
    stir : Image
    mask : ndarray of bool
        The ellipse on its slices; nothing is marked where it cannot be drawn.
    thresholds : Thresholds or None
        What follows from it; None where nothing does.
    """

    _title = "normal-bone control"
    _module = "normal_bone"
    _counted = ("bone_above",)
    _only_shown = frozenset[str]()

    def __init__(
        self,
        stir: Image,
        *,
        centre: Sequence[int] | None,
        radius_mm: Sequence[float],
        slices: int,
        bone: Image | None = None,
    ) -> None:
        if bone is not None:
            check_same_grid(stir, bone)
        self.stir, self._bone = stir, None if bone is None else bone.array.astype(bool)
        middle = [n // 2 for n in stir.shape] if centre is None else list(centre)
        radii = list(radius_mm) * (2 if len(radius_mm) == 1 else 1)
        if len(middle) != 3 or len(radii) != 2:
            raise InputError("normal bone: give a centre of 3 voxel indices and 1 or 2 radii in mm")
        self._names = ["ijk"[axis] if axis != stir.slice_axis else "slice" for axis in range(3)]
        self.thresholds: Thresholds | None = None
        begin: dict[str, Any] = dict(zip(self._names, middle, strict=True))
        begin |= {"radius_1_mm": radii[0], "radius_2_mm": radii[1], "slices": slices}
        offered = self.settings_offered()
        begin = {name: offered[name].check(name, begin[name]) for name in offered}
        around = draw_normal_bone(stir, centre=middle, radius_mm=[2 * r for r in radii])
        bright_in = around if self._bone is None else self._bone
        self._painter = SlicePainter(stir, stir.with_array(bright_in), crop=False)
        super().__init__(begin)
        self._begun_with = begin

    @property
    def settings(self) -> dict[str, Any]:
        """What to give to `vhi.draw_normal_bone`, or to ``vhi normal-bone``."""
        radii = (self._values["radius_1_mm"], self._values["radius_2_mm"])
        centre = tuple(self._values[name] for name in self._names)
        return {"centre": centre, "radius_mm": radii, "slices": self._values["slices"]}

    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""
        first, second = (name for name in self._names if name != "slice")
        length = dict(zip(self._names, self.stir.shape, strict=True))
        return {
            "slice": Slider("Slice", 0, length["slice"] - 1),
            first: Slider(f"Centre, {first} (voxels)", 0, length[first] - 1),
            second: Slider(f"Centre, {second} (voxels)", 0, length[second] - 1),
            "radius_1_mm": Slider(f"Radius along {first} (mm)", 0.5, MAX_RADIUS_MM, 0.5),
            "radius_2_mm": Slider(f"Radius along {second} (mm)", 0.5, MAX_RADIUS_MM, 0.5),
            "slices": Slider("Number of slices", 1, length["slice"]),
        }

    def take_in(self) -> None:
        """Move the ellipse just far enough to take in the brightest spot beside it.

        Nothing says what the spot is: a vessel, inflammation, or the edge of bone.

        Raises
        ------
        InputError
            There is no voxel beside the ellipse to choose from.
        """
        given = self.settings
        spot = brightest_nearby(self.stir, self.mask, centre=given["centre"], bone=self._bone)
        if spot is None:
            raise InputError(f"the ellipse: no bone beside it within {WITHIN_MM:g} mm; move it")
        del given["slices"]
        centre = nearest_centre(self.stir, spot, **given)
        self.set(**dict(zip(self._names, centre, strict=True)))

    def reset(self) -> None:
        """Go back to where the ellipse began."""
        self.set(**self._begun_with)

    def page_data(self) -> dict[str, Any]:
        """Return the settings, and the scan around the ellipse as ``data``."""
        data = area_data(self.stir, **self.settings, window=self._painter.window, bone=self._bone)
        sliders = {
            name: {"label": each.label, "low": each.low, "high": each.high, "step": each.step}
            for name, each in self.settings_offered().items()
            if isinstance(each, Slider)
        }
        return {"data": {**data, "sliders": sliders}, **self._values}

    def can_show(self, data: dict[str, Any]) -> bool:
        """Return whether all of the ellipse lies in the part of the scan in ``data``."""
        return holds_area(data, self._values)

    def _compute(self) -> dict[str, Any]:
        self.mask = np.zeros(self.stir.shape, bool)
        self.thresholds, self._intensities = None, np.zeros(0)
        self.mask = draw_normal_bone(self.stir, **self.settings)
        self._intensities, self.thresholds = _measure(self.stir, self.mask)
        t = self.thresholds
        bone = None if self._bone is None else self.stir.array[self._bone]
        return {
            "voxels": self._intensities.size,
            "lower": t.lower,
            "upper": t.upper,
            "lower_quartile": float(np.percentile(self._intensities, 25)),
            "upper_quartile": t.upper_quartile,
            "iqr": t.iqr,
            "multiple": t.multiple,
            "bone_above": None if bone is None else int(np.count_nonzero(bone >= t.lower)),
        }

    def _numbers(self) -> str:
        return _line(self._intensities, self.thresholds)

    def figure(self) -> Figure:
        """Draw the slice with the ellipse beside the histogram of what it holds."""
        figure, left, right = slice_and_histogram()
        self._painter.draw(left, self._values["slice"], outline=self.mask)
        _draw_histogram(right, self._intensities, self.thresholds)
        return figure

    def _twin(self) -> Twin:
        from matplotlib.figure import Figure

        settings, index, said = self.settings, self._values["slice"], []
        doubled = {**settings, "radius_mm": tuple(2 * r for r in settings["radius_mm"])}
        figure = Figure(figsize=(8.4, 6))
        grid = figure.subplots(2, 2, height_ratios=(1.5, 1))
        shown = {"as placed": settings, "both radii doubled": doubled}
        for (above, below), (name, given) in zip(grid.T, shown.items(), strict=True):
            mask = np.zeros(self.stir.shape, bool)
            intensities, thresholds = np.zeros(0), None
            try:
                mask = draw_normal_bone(self.stir, **given)
                intensities, thresholds = _measure(self.stir, mask)
                line = _line(intensities, thresholds)
            except InputError as error:
                line = str(error)
            self._painter.draw(above, index, outline=mask, title=f"{name}\n{fill(line, 62)}")
            _draw_histogram(below, intensities, thresholds)
            said.append(f"{name}: {line}")
        figure.subplots_adjust(left=0.07, right=0.99, bottom=0.08, top=0.93, hspace=0.14)
        radii = " and ".join(f"{r:g}" for r in settings["radius_mm"])
        return Twin(
            figure,
            f"An ellipse of {radii} mm on {settings['slices']} slices around slice {index}, and "
            "one twice as large. Both thresholds rest on the brightest voxels inside, so what is "
            "taken in with a larger area can move them. Where scripts may run, the ellipse is "
            "moved here, without a kernel.",
            f"Slice {index} twice with a blue ellipse, above histograms of the intensities inside "
            "it. " + "; ".join(said) + ".",
        )


def _measure(stir: Image, mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], Thresholds]:
    intensities = normal_bone_intensities(stir, stir.with_array(mask, "the ellipse"))
    return intensities, estimate_thresholds(intensities)


def _line(intensities: NDArray[np.float64], thresholds: Thresholds | None) -> str:
    if thresholds is None:
        return "no thresholds"
    return (
        f"{intensities.size:,} voxels, thresholds {thresholds.lower:.0f} and "
        f"{thresholds.upper:.0f}, n = {thresholds.multiple:.2f}"
    )


def _draw_histogram(
    axes: Axes, intensities: NDArray[np.float64], thresholds: Thresholds | None
) -> None:
    if thresholds is None:
        axes.set_axis_off()
    else:
        draw_histogram(axes, intensities, thresholds)
