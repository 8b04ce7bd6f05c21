"""A control over step v: how small a region may be and still stay, and which pixels touch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.controls.control import Control, Twin
from vhi.controls.inputs import Choice, Setting, Slider
from vhi.controls.page import has_slice, stack_data
from vhi.controls.pictures import SlicePainter, first_slice, volume_text
from vhi.images.orientation import fullest_slices
from vhi.steps.regions import MIN_PIXELS, label_regions
from vhi.steps.volume import measure_volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vhi.measurement import Measurement

MAX_MIN_PIXELS = 20
"""Where the slider ends. Chosen: five times the paper's limit."""

NEIGHBOURS = 8
"""Pixels touch at a side or at a corner, as the authors' numbers need it; 4 is sides only."""

SHOWN = ("index", "stir", "bone")
"""Parts of a page's slice that the control works with."""

PAGE_SLICES = 3
"""Slices that a page carries to compute on. Chosen: under 1 MB of a scan of the study."""

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

    Settings: ``slice``, ``min_pixels`` (the smallest region that stays; 1 removes nothing),
    ``neighbours`` (8: pixels touch at sides and corners, as in the paper; 4: at sides only).

    Attributes
    ----------
    measurement : Measurement
    kept : ndarray of uint8
        Labels 0, 1, 2 after the small regions went.
    """

    _title = "speck control"
    _module = "specks"
    _counted = ("regions_before", "regions", "voxels")

    def __init__(self, measurement: Measurement, *, slice_index: int | None = None) -> None:
        self.measurement = measurement
        self._axis = measurement.stir.slice_axis
        self._painter = SlicePainter(measurement.stir, measurement.disease_region)
        limit = min(measurement.candidates.min_pixels, MAX_MIN_PIXELS)
        begin = {"slice": first_slice(measurement), "min_pixels": limit}
        super().__init__({**begin, "neighbours": NEIGHBOURS})
        if slice_index is not None:
            self.set(slice=slice_index)

    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""
        touching = (("sides and corners (8)", NEIGHBOURS), ("sides only (4)", 4))
        return {
            "slice": Slider("Slice", 0, self.measurement.stir.shape[self._axis] - 1),
            "min_pixels": Slider("Smallest region that stays (pixels)", 1, MAX_MIN_PIXELS),
            "neighbours": Choice("Pixels touch at", touching),
        }

    def page_data(self) -> dict[str, Any]:
        """Return the settings, and the slices with most candidates as ``data``."""
        m, shown = self.measurement, self._values["slice"]
        slices = fullest_slices(m.candidates.labels.array, self._axis, PAGE_SLICES)
        if shown not in slices:
            slices = sorted([shown, *slices[: PAGE_SLICES - 1]])
        before, after = (
            self._count(self._keep(limit, NEIGHBOURS), NEIGHBOURS) for limit in (1, MIN_PIXELS)
        )
        stack = stack_data(m, slices)
        data = {
            **stack,
            # T1w and normal bone are not looked at here: nearly a third of the size.
            "slices": [{name: each[name] for name in SHOWN} for each in stack["slices"]],
            "thresholds": asdict(m.thresholds),
            "most": MAX_MIN_PIXELS,
            "paper": {"min_pixels": MIN_PIXELS, "neighbours": NEIGHBOURS},
            "whole": {
                "slices": m.stir.shape[self._axis],
                "regions_before": before[0],
                "regions": after[0],
                "voxels": after[1],
            },
        }
        return {"data": data, **self._values}

    def can_show(self, data: dict[str, Any]) -> bool:
        """Return whether the slice is among those in ``data``."""
        return has_slice(data, self._values["slice"])

    def _compute(self) -> dict[str, Any]:
        neighbours = self._values["neighbours"]
        self.kept = self._keep(self._values["min_pixels"], neighbours)
        before = self._count(self.measurement.candidates.labels.array, neighbours)
        regions, voxels = self._count(self.kept, neighbours)
        return {
            "regions_before": before[0],
            "regions": regions,
            "voxels_before": before[1],
            "voxels": voxels,
            "mm3": measure_volume(self.kept > 0, self.measurement.stir.spacing_mm).mm3,
        }

    def _keep(self, min_pixels: int, neighbours: int) -> NDArray[np.uint8]:
        """Return the candidates without regions of fewer pixels."""
        candidates = self.measurement.candidates.labels.array
        numbered, count = self._number(candidates, neighbours)
        pixels = np.bincount(numbered.ravel(), minlength=count + 1)
        return candidates * (pixels >= min_pixels)[numbered]

    def _number(self, labels: NDArray[np.uint8], neighbours: int) -> tuple[NDArray[Any], int]:
        """Return the regions as numbers from 1 on, and how many there are."""
        if neighbours == NEIGHBOURS:
            return label_regions(labels > 0, slice_axis=self._axis)
        sides = ndimage.generate_binary_structure(3, 1)
        np.moveaxis(sides, self._axis, 0)[[0, 2]] = False
        numbered, count = ndimage.label(labels > 0, sides)
        return numbered, int(count)

    def _count(self, labels: NDArray[np.uint8], neighbours: int) -> tuple[int, int]:
        """Return how many regions and how many voxels there are."""
        return self._number(labels, neighbours)[1], int(np.count_nonzero(labels))

    def _numbers(self) -> str:
        now = self.state()
        touching = "" if now["neighbours"] == NEIGHBOURS else ", pixels touch at sides only"
        return (
            f"regions under {now['min_pixels']} pixels removed{touching}\n"
            f"regions {now['regions_before']:,} → {now['regions']:,}, voxels "
            f"{now['voxels_before']:,} → {now['voxels']:,}, {now['mm3']:,.0f} mm³ left"
        )

    def figure(self) -> Figure:
        """Draw the slice, removed specks in turquoise."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 5.9))
        gone = (self.measurement.candidates.labels.array > 0) & (self.kept == 0)
        self._painter.draw(figure.subplots(), self._values["slice"], labels=self.kept, gone=gone)
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.95)
        return figure

    def _twin(self) -> Twin:
        index, candidates = self._values["slice"], self.measurement.candidates.labels.array
        neighbours = self._values["neighbours"]
        shown, said = {}, []
        for limit in TWIN_MIN_PIXELS:
            kept = self._keep(limit, neighbours)
            name = f"from {limit} pixels on" if limit > 1 else "every region"
            regions = f"{self._count(kept, neighbours)[0]:,} regions"
            text = volume_text(measure_volume(kept > 0, self.measurement.stir.spacing_mm))
            shown[f"{name}\n{regions}\n{text}"] = kept, (candidates > 0) & (kept == 0)
            said.append(f"{name}: {regions}, {text}")
        return Twin(
            self._painter.draw_beside(index, shown),
            f"Smallest region that stays, at three settings, slice {index}. Turquoise: removed. "
            f"The paper keeps regions of {MIN_PIXELS} pixels or more. Regions and volumes are of "
            "the whole scan. Where scripts may run, the limit is moved here, without a kernel.",
            f"Slice {index} three times, removed specks in turquoise. " + "; ".join(said) + ".",
        )
