"""A control over step v: how small a region may be and still stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.biomarker import measure_volume
from vhi.candidates import MIN_PIXELS, label_regions, remove_small_regions
from vhi.widgets.control import Control, Twin
from vhi.widgets.inputs import Setting, Slider
from vhi.widgets.pictures import SlicePainter, first_slice, volume_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vhi.measurement import Measurement

MAX_MIN_PIXELS = 20
"""Where the slider ends. Chosen: five times the paper's limit."""

TWIN_MIN_PIXELS = (1, MIN_PIXELS, 10)
"""The limits that the drawn twin shows: nothing removed, the paper's limit, a strict one."""


def speck_control(measurement: Measurement, *, slice_index: int | None = None) -> SpeckControl:
    """Return a control over the size of the smallest region that stays.

    Parameters
    ----------
    measurement
        Of any case. It stays as it is.
    slice_index
        Slice to begin with, counted from 0; the one with most candidates when not given.

    Returns
    -------
    SpeckControl

    Raises
    ------
    InputError
        There is no such slice.
    """
    return SpeckControl(measurement, slice_index=slice_index)


class SpeckControl(Control):
    """Move the limit; regions below it go, and counts and volume follow.

    Settings: ``slice``, ``min_pixels`` (the smallest region that stays; 1 removes nothing).

    Attributes
    ----------
    measurement : Measurement
    kept : ndarray of uint8
        Labels 0, 1, 2 after the small regions went.
    """

    _title = "speck control"

    def __init__(self, measurement: Measurement, *, slice_index: int | None = None) -> None:
        self.measurement = measurement
        self._axis = measurement.stir.slice_axis
        self._painter = SlicePainter(measurement.stir, measurement.disease_region)
        self._before = self._count(measurement.candidates.array)
        limit = min(measurement.provenance.min_pixels, MAX_MIN_PIXELS)
        super().__init__({"slice": first_slice(measurement), "min_pixels": limit})
        if slice_index is not None:
            self.set(slice=slice_index)

    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""
        return {
            "slice": Slider("Slice", 0, self.measurement.stir.shape[self._axis] - 1),
            "min_pixels": Slider("Smallest region that stays (pixels)", 1, MAX_MIN_PIXELS),
        }

    def _compute(self) -> dict[str, Any]:
        self.kept = self._keep(self._values["min_pixels"])
        regions, voxels = self._count(self.kept)
        return {
            "regions_before": self._before[0],
            "regions": regions,
            "voxels_before": self._before[1],
            "voxels": voxels,
            "mm3": measure_volume(self.kept > 0, self.measurement.stir.spacing_mm).mm3,
        }

    def _keep(self, min_pixels: int) -> NDArray[np.uint8]:
        return remove_small_regions(
            self.measurement.candidates.array, min_pixels=min_pixels, slice_axis=self._axis
        )

    def _count(self, labels: NDArray[np.uint8]) -> tuple[int, int]:
        """Return how many regions and how many voxels there are."""
        regions = label_regions(labels > 0, slice_axis=self._axis)[1]
        return regions, measure_volume(labels > 0, self.measurement.stir.spacing_mm).voxels

    def _numbers(self) -> str:
        now = self.state()
        return (
            f"regions under {now['min_pixels']} pixels removed\n"
            f"regions {now['regions_before']:,} → {now['regions']:,}, voxels "
            f"{now['voxels_before']:,} → {now['voxels']:,}, {now['mm3']:,.0f} mm³ left"
        )

    def figure(self) -> Figure:
        """Draw the slice, removed specks in turquoise."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 5.9))
        gone = (self.measurement.candidates.array > 0) & (self.kept == 0)
        self._painter.draw(figure.subplots(), self._values["slice"], labels=self.kept, gone=gone)
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.95)
        return figure

    def _twin(self) -> Twin:
        index, candidates = self._values["slice"], self.measurement.candidates.array
        shown, said = {}, []
        for limit in TWIN_MIN_PIXELS:
            kept = self._keep(limit)
            name = f"from {limit} pixels on" if limit > 1 else "every region"
            regions = f"{self._count(kept)[0]:,} regions"
            text = volume_text(measure_volume(kept > 0, self.measurement.stir.spacing_mm))
            shown[f"{name}\n{regions}\n{text}"] = kept, (candidates > 0) & (kept == 0)
            said.append(f"{name}: {regions}, {text}")
        return Twin(
            self._painter.draw_beside(index, shown),
            f"Smallest region that stays, at three settings, slice {index}. Turquoise: removed. "
            f"The paper keeps regions of {MIN_PIXELS} pixels or more. Regions and volumes are of "
            "the whole scan. In a notebook with a kernel, a slider moves the limit.",
            f"Slice {index} three times, removed specks in turquoise. " + "; ".join(said) + ".",
        )
