"""A control over step ii: the multiple n, or either threshold by hand."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.control import Control, Twin
from vhi.controls.inputs import Setting, Slider
from vhi.controls.page import has_slice, stack_data
from vhi.controls.pictures import (
    SlicePainter,
    first_slice,
    slice_and_histogram,
    volume_text,
)
from vhi.errors import InputError
from vhi.images.orientation import fullest_slices
from vhi.results.figures import draw_histogram
from vhi.steps.candidates import label_candidates
from vhi.steps.regions import UPPER, remove_small_regions
from vhi.steps.thresholds import Thresholds, thresholds_at
from vhi.steps.volume import Vhi, measure_volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vhi.measurement import Measurement

PAGE_SLICES = 3
"""Slices that a page carries to compute on. Chosen: about 1.3 MB of a scan of the study."""

SETTABLE = ("multiple", "lower", "upper")


def threshold_control(
    measurement: Measurement, *, slice_index: int | None = None
) -> ThresholdControl:
    """Return a control over the multiple n, or either threshold by hand.

    Parameters
    ----------
    measurement
        Of any case. It stays as it is.
    slice_index
        Slice to begin with, counted from 0; the one with most candidates when not given.

    Returns
    -------
    ThresholdControl

    Raises
    ------
    InputError
        There is no such slice.
    """
    return ThresholdControl(measurement, slice_index=slice_index)


class ThresholdControl(Control):
    """Move n or a threshold; candidates, histogram and volume follow.

    The volume is that before a reader's cleaning: edits belong to the candidates they were made
    on. The lower threshold never passes the upper one: n is held there, as in
    `vhi.thresholds_at`, and an upper threshold moved below the lower one takes it along.

    Settings: ``slice``, ``multiple``, ``lower``, ``upper``. A lower threshold set by hand is
    shown as the n that it amounts to.

    Attributes
    ----------
    measurement : Measurement
    thresholds : Thresholds
    kept : ndarray of uint8
        Labels 0, 1, 2 at these thresholds, after small regions went.
    """

    _title = "threshold control"
    _module = "thresholds"
    _counted = ("voxels",)

    def __init__(self, measurement: Measurement, *, slice_index: int | None = None) -> None:
        self.measurement = measurement
        self._painter = SlicePainter(measurement.stir, measurement.disease_region)
        begin = _settable(measurement.thresholds)
        super().__init__({"slice": first_slice(measurement), **begin})
        if slice_index is not None:
            self.set(slice=slice_index)

    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""
        rule, intensities = self.measurement.thresholds, self.measurement.intensities
        low = min(0.0, float(intensities.min()))
        high = max(self._painter.window[1], rule.upper + 2 * rule.iqr)
        step = 1.0 if high - low > 200 else (high - low) / 200
        n = rule.multiple
        return {
            "slice": Slider(
                "Slice", 0, self.measurement.stir.shape[self.measurement.stir.slice_axis] - 1
            ),
            "multiple": Slider(
                "Multiple n of the IQR", min(0.0, math.floor(n)), max(6.0, math.ceil(n) + 2.0), 0.05
            ),
            "lower": Slider("Lower threshold (intensity)", low, high, step),
            "upper": Slider("Upper threshold (intensity)", low, high, step),
        }

    def page_data(self) -> dict[str, Any]:
        """Return the settings, and the slices with most candidates as ``data``."""
        m, axis = self.measurement, self.measurement.stir.slice_axis
        slices = {self._values["slice"], *fullest_slices(m.kept.array, axis, PAGE_SLICES)}
        sliders = {
            name: [setting.low, setting.high, setting.step]
            for name, setting in self.settings_offered().items()
            if isinstance(setting, Slider) and name != "slice"
        }
        data = {
            **stack_data(m, sorted(slices)),
            "rule": asdict(m.thresholds),
            "sliders": sliders,
            "whole": {
                "voxels": measure_volume(m.kept.array > 0, m.stir.spacing_mm).voxels,
                "slices": m.stir.shape[axis],
            },
        }
        return {"data": data, **self._values}

    def can_show(self, data: dict[str, Any]) -> bool:
        """Return whether the slice is among those in ``data``."""
        return has_slice(data, self._values["slice"])

    def reset(self) -> None:
        """Go back to the thresholds that the rule decided on."""
        self.set(**_settable(self.measurement.thresholds))

    def adopt(self, **values: Any) -> None:
        """Take settings as its module has settled them among each other, as `Control.adopt`."""
        try:
            self.settings_offered()["multiple"].check("multiple", values["multiple"])
        except InputError:
            # The n that a lower threshold by hand amounts to may lie beyond its slider: it follows.
            del values["multiple"]
        super().adopt(**values)

    def _take(self, values: dict[str, Any]) -> dict[str, Any]:
        now = {**self._values, **values}
        if "multiple" in values and "lower" not in values:
            now["lower"] = thresholds_at(self.measurement.intensities, now["multiple"]).lower
        now["lower"] = min(now["lower"], now["upper"])
        if "multiple" not in values and now["lower"] != self._values["lower"]:
            rule = self.measurement.thresholds
            now["multiple"] = (now["lower"] - rule.upper_quartile) / rule.iqr
        return now

    def _compute(self) -> dict[str, Any]:
        settable = {name: self._values[name] for name in SETTABLE}
        self.thresholds = replace(self.measurement.thresholds, **settable)
        self.kept = _label(self.measurement, self.thresholds)
        volume, upper = _volumes(self.measurement, self.kept)
        return {
            "voxels": volume.voxels,
            "mm3": volume.mm3,
            "voxels_upper": upper.voxels,
            "mm3_upper": upper.mm3,
        }

    def _numbers(self) -> str:
        volume, upper = _volumes(self.measurement, self.kept)
        t = self.thresholds
        return (
            f"n = {t.multiple:.2f}, lower threshold {t.lower:.0f}, upper {t.upper:.0f}; before "
            f"cleaning\nfrom the lower one on: {volume_text(volume)}\n"
            f"from the upper one on: {volume_text(upper)}"
        )

    def figure(self) -> Figure:
        """Draw the slice beside the histogram of normal bone."""
        figure, left, right = slice_and_histogram()
        self._painter.draw(left, self._values["slice"], labels=self.kept)
        draw_histogram(right, self.measurement.intensities, self.thresholds)
        return figure

    def _twin(self) -> Twin:
        index, n = self._values["slice"], self.measurement.thresholds.multiple
        shown, said = {}, []
        for multiple in (n - 1 if n > 1 else n / 2, n, n + 1):
            t = thresholds_at(self.measurement.intensities, multiple)
            labels = _label(self.measurement, t)
            name = f"n = {t.multiple:.2f}" + (", by the rule" if multiple == n else "")
            lower = f"lower threshold {t.lower:.0f}" + (
                " (the upper)" if t.lower == t.upper else ""
            )
            text = volume_text(_volumes(self.measurement, labels)[0])
            shown[f"{name}\n{lower}\n{text}"] = labels, None
            said.append(f"{name}, {lower}: {text}")
        return Twin(
            self._painter.draw_beside(index, shown),
            f"The multiple n at three settings, slice {index}. Yellow: from the lower threshold "
            "on; red: from the upper one on. Volumes are of the whole scan, before cleaning. n "
            "carries the lower threshold no further than the upper one. Where scripts may run, n "
            "and both thresholds are moved here, without a kernel.",
            f"Slice {index} three times, candidates in yellow and red. " + "; ".join(said) + ".",
        )


def _settable(thresholds: Thresholds) -> dict[str, float]:
    """Return the part of the thresholds that a reader can move."""
    return {name: getattr(thresholds, name) for name in SETTABLE}


def _label(measurement: Measurement, thresholds: Thresholds) -> NDArray[np.uint8]:
    """Return what `vhi.measure` keeps at these thresholds: candidates without small regions."""
    region = measurement.disease_region.array
    if measurement.candidates.exclude_normal_bone:
        region = region & ~measurement.normal_bone.array
    return remove_small_regions(
        label_candidates(measurement.stir.array, region, thresholds),
        min_pixels=measurement.candidates.min_pixels,
        slice_axis=measurement.stir.slice_axis,
    )


def _volumes(measurement: Measurement, labels: NDArray[np.uint8]) -> tuple[Vhi, Vhi]:
    """Return the volumes from the lower and from the upper threshold on."""
    spacing_mm = measurement.stir.spacing_mm
    return measure_volume(labels > 0, spacing_mm), measure_volume(labels == UPPER, spacing_mm)
