"""A control over step vi: remove or restore a region, as a record that replays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.control import Control, Twin
from vhi.controls.inputs import Choice, Setting, Slider
from vhi.controls.pictures import SlicePainter, first_slice, volume_text
from vhi.errors import InputError
from vhi.steps.cleaning import apply_edits
from vhi.steps.edits import REASONS, SCOPES
from vhi.steps.regions import Region, label_regions
from vhi.steps.volume import Vhi, measure_volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vhi.measurement import Measurement


def cleaning_control(
    measurement: Measurement,
    *,
    reader: str = "",
    reason: str = "vessel",
    slice_index: int | None = None,
) -> CleaningControl:
    """Return a control that removes and restores regions.

    Parameters
    ----------
    measurement
        Of any case; it stays as it is. Cleaning goes on from its edits.
    reader
        Who cleans, for the record.
    reason
        Reason to begin with, one of `vhi.steps.edits.REASONS`.
    slice_index
        Slice to begin with, counted from 0; the one with most candidates when not given.

    Returns
    -------
    CleaningControl

    Raises
    ------
    InputError
        There is no such slice or reason.
    """
    return CleaningControl(measurement, reader=reader, reason=reason, slice_index=slice_index)


class CleaningControl(Control):
    """Choose a region, remove or restore it; the record grows and the volume follows.

    Settings: ``slice``, ``region`` (id as in ``measurement.regions``; setting it goes to its
    slice), ``scope``, ``reason``.

    Attributes
    ----------
    measurement : Measurement
    reader : str
    edits : Edits
        The record, for `vhi.save_edits` or ``vhi.measure(case, edits=...)``.
    inflammation : ndarray of uint8
        Labels 0, 1, 2 that are left after the edits.
    """

    _title = "cleaning control"

    def __init__(
        self, measurement: Measurement, *, reader: str, reason: str, slice_index: int | None
    ) -> None:
        self.measurement, self.reader = measurement, reader
        self.edits = self._begun_with = measurement.edits
        self._painter = SlicePainter(measurement.stir, measurement.disease_region)
        self._numbered, _ = label_regions(
            measurement.kept.array > 0, slice_axis=measurement.stir.slice_axis
        )
        self._regions = {region.id: region for region in measurement.regions}
        index = first_slice(measurement)
        values = {"slice": index, "region": self._largest(index), "scope": SCOPES[0]}
        super().__init__({**values, "reason": REASONS[0]})
        self.set(reason=reason, **({} if slice_index is None else {"slice": slice_index}))

    def settings_offered(self) -> dict[str, Setting]:
        """Return what can be set now, by name."""
        here = tuple((self._described(r), r.id) for r in self._on(self._values["slice"]))
        stir = self.measurement.stir
        return {
            "slice": Slider("Slice", 0, stir.shape[stir.slice_axis] - 1),
            "region": Choice("Region of this slice", here, tuple(self._regions)),
            "scope": Choice("Remove or restore", tuple((s, s) for s in SCOPES)),
            "reason": Choice("Reason", tuple((r, r) for r in REASONS)),
        }

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what the buttons do, by their text."""
        return {"Remove": self.remove, "Restore": self.restore, "Undo": self.undo}

    def remove(self) -> None:
        """Remove the chosen region, or its whole lesion."""
        self._edit("remove")

    def restore(self) -> None:
        """Take the chosen region, or its whole lesion, back in."""
        self._edit("restore")

    def undo(self) -> None:
        """Take back the last action; not further than the record that cleaning went on from."""
        if len(self.edits.edits) > len(self._begun_with.edits):
            self.edits = replace(self.edits, edits=self.edits.edits[:-1])
            self._follow()

    def _edit(self, action: str) -> None:
        if self._values["region"] is None:
            raise InputError(f"slice {self._values['slice']}: has no region; choose another slice")
        self.edits = self.edits.add(
            action,
            self._regions[self._values["region"]].voxel,
            scope=self._values["scope"],
            reason=self._values["reason"],
            reader=self.reader,
        )
        self._follow()

    def _take(self, values: dict[str, Any]) -> dict[str, Any]:
        now = {**self._values, **values}
        if values.get("region") is not None:
            now["slice"] = self._regions[now["region"]].slices[0]
        elif now["slice"] != self._values["slice"]:
            now["region"] = self._largest(now["slice"])
        return now

    def _compute(self) -> dict[str, Any]:
        self.inflammation = apply_edits(self.measurement.kept, self.edits)
        volume = self._volume(self.inflammation)
        return {"edits": len(self.edits.edits), "voxels": volume.voxels, "mm3": volume.mm3}

    def _volume(self, labels: NDArray[np.uint8]) -> Vhi:
        return measure_volume(labels > 0, self.measurement.stir.spacing_mm)

    def _numbers(self) -> str:
        before = volume_text(self._volume(self.measurement.kept.array))
        after = volume_text(self._volume(self.inflammation))
        count = len(self.edits.edits)
        return f"{count} edit{'s' * (count != 1)}: {before} before cleaning, {after} now"

    def _on(self, index: int) -> list[Region]:
        """Return the regions of a slice, largest first."""
        return [r for r in self._regions.values() if r.slices[0] == index]

    def _largest(self, index: int) -> int | None:
        return next((region.id for region in self._on(index)), None)

    def _described(self, region: Region) -> str:
        gone = "" if self.inflammation[region.voxel] else ", removed"
        return f"{region.id}: {region.voxels} pixels, {region.side}{gone}"

    def _chosen(self) -> NDArray[np.bool_] | None:
        """Return the mask of the chosen region, or of its lesion; None where there is none."""
        region = self._regions.get(self._values["region"])
        if region is None:
            return None
        parts = [region]
        if self._values["scope"] == "lesion":
            parts = [r for r in self._regions.values() if r.lesion == region.lesion]
        return np.isin(self._numbered, [self._numbered[r.voxel] for r in parts])

    def _gone(self, labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return (self.measurement.kept.array > 0) & (labels == 0)

    def figure(self) -> Figure:
        """Draw the slice, removed regions in turquoise, the chosen one outlined."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 5.9))
        self._painter.draw(
            figure.subplots(),
            self._values["slice"],
            labels=self.inflammation,
            outline=self._chosen(),
            gone=self._gone(self.inflammation),
        )
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.95)
        return figure

    def _twin(self) -> Twin:
        index = self._values["slice"]
        largest = next(iter(self._on(index)), None)
        records = {"before": self.edits}
        if largest:
            name = f"after region {largest.id} ({largest.voxels} pixels) is removed"
            records[name] = self.edits.add("remove", largest.voxel)
        shown, said = {}, []
        for name, edits in records.items():
            labels = apply_edits(self.measurement.kept, edits)
            text = volume_text(self._volume(labels))
            shown[f"{name}\n{text}"] = labels, self._gone(labels)
            said.append(f"{name}: {text}")
        example = (
            f"Slice {index} before and after its largest region is removed: an example of what a "
            "removal does, no judgement on this region. Turquoise: removed."
            if largest
            else f"Slice {index} has no region to remove."
        )
        return Twin(
            self._painter.draw_beside(index, shown),
            f"{example} Volumes are of the whole scan. In a notebook with a kernel, regions are "
            "removed and restored here and the record grows.",
            f"Slice {index} with inflammation in yellow and red. " + "; ".join(said) + ".",
        )
