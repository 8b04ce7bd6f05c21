"""Rounds of the cleaning game: one slice of a case each, with the masks to compare with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vhi.cases.case import Case
from vhi.controls.page import grey_levels
from vhi.images.image import Image, check_same_grid
from vhi.images.orientation import box_of, fullest_slices, view_of
from vhi.measurement import Measurement
from vhi.reader_study.ceiling import best_regions
from vhi.reader_study.readings import CLEANED, ScanReadings, Segmentation, load_readings
from vhi.statistics.composite import majority
from vhi.statistics.overlap import dice
from vhi.steps.regions import label_regions
from vhi.workflow import measure

MOST_MEASURED = 8
"""Cases looked at to choose rounds from. Chosen: those of the study that readers drew on."""


@dataclass(frozen=True)
class Reference:
    """A mask to compare a cleaning with, in one slice.

    Attributes
    ----------
    name : str
    mask : ndarray of bool, shape (rows, columns)
    best : tuple of int
        Numbers of the regions that the best cleaning by whole regions keeps, for this mask.
    """

    name: str
    mask: NDArray[np.bool_]
    best: tuple[int, ...]


@dataclass(frozen=True)
class Score:
    """A cleaning held against a mask, beside the best that whole regions can give.

    Attributes
    ----------
    name : str
        Of the mask.
    dice, ceiling_dice : float
        From 0 to 1.
    difference_mm3, ceiling_difference_mm3 : float
        Volume of the cleaning minus that of the mask.
    """

    name: str
    dice: float
    ceiling_dice: float
    difference_mm3: float
    ceiling_difference_mm3: float


@dataclass(frozen=True)
class Round:
    """One slice to clean. Planes are as the picture is read: rows down, columns across.

    Attributes
    ----------
    case : str
        With the visit, as the case's folder of results.
    simulated : bool
        Whether scan and readers are simulated.
    index : int
        The slice, counted from 0.
    stir, t1w : ndarray of uint8
        Grey levels, to look at; `t1w` may be None.
    labels : ndarray of uint8
        Candidates 0, 1, 2 after small regions went.
    regions : ndarray of int32
        Numbers of the regions in reading order, 0 outside.
    references : tuple of Reference
        The one that counts first: the readers' consensus. Empty where no reader drew.
    voxel_mm3, pixel_aspect : float
    left, right : str
        Sides of the patient, as letters.
    """

    case: str
    simulated: bool
    index: int
    stir: NDArray[np.uint8]
    t1w: NDArray[np.uint8] | None
    labels: NDArray[np.uint8]
    regions: NDArray[np.int32]
    references: tuple[Reference, ...]
    voxel_mm3: float
    pixel_aspect: float
    left: str
    right: str

    @property
    def sizes(self) -> dict[int, int]:
        """Pixels of each region by its number, largest first."""
        pixels = np.bincount(self.regions.ravel())
        return {int(n): int(pixels[n]) for n in np.argsort(-pixels[1:], kind="stable") + 1}

    @property
    def ceiling(self) -> float:
        """Best Dice that whole regions reach with the first reference; NaN without one."""
        if not self.references:
            return float("nan")
        return self.score((), self.references[0]).ceiling_dice

    def without(self, removed: Collection[int]) -> NDArray[np.bool_]:
        """Return what is left after some regions went."""
        return (self.regions > 0) & ~np.isin(self.regions, list(removed))

    def score(self, removed: Collection[int], reference: Reference) -> Score:
        """Compare what is left after some regions went with a reference."""
        best = np.isin(self.regions, reference.best)
        masks = self.without(removed), best
        voxels = [np.count_nonzero(each) - np.count_nonzero(reference.mask) for each in masks]
        yours, theirs = (dice(each, reference.mask) for each in masks)
        return Score(reference.name, yours, theirs, *(float(n * self.voxel_mm3) for n in voxels))


def load_rounds(cases: Iterable[Case], *, most: int) -> list[Round]:
    """Measure some cases and choose a slice of each, easy ones first.

    Where readers drew, the slice is the one in which their consensus and the candidates share
    most voxels, and the order is by the ceiling of that slice. Where the two share nothing in
    any slice, no region is to be kept, Dice tells no cleaning from another, and the case is left
    out if there are others.

    Parameters
    ----------
    cases
        From `vhi.load_cases`. One visit of each is taken. If any has manual masks, only such
        cases are, the first `MOST_MEASURED` of them; else the first `most`, in their order.
    most
        How many rounds at most; of more, some are taken at even steps of their order.

    Raises
    ------
    InputError
        A case cannot be measured, or its masks cannot be read or lie on another grid.
    """
    once = list({case.case: case for case in reversed(list(cases))}.values())[::-1]
    drawn_on = [case for case in map(_by_hand, once) if case.reader_masks]
    if not drawn_on:
        return [_round(measure(case), case, None) for case in once[:most]]
    readings = load_readings(drawn_on[:MOST_MEASURED])
    rounds = [_round(measure(each.case), each.case, each) for each in readings]
    rounds = [each for each in rounds if each.references[0].best] or rounds
    rounds.sort(key=lambda each: -each.ceiling)
    if len(rounds) <= most:
        return rounds
    return [rounds[i] for i in np.linspace(0, len(rounds) - 1, most).round().astype(int)]


def _by_hand(case: Case) -> Case:
    """Leave out the masks that were made by cleaning: they are the game's own answer."""
    manual = tuple(mask for mask in case.reader_masks if mask.trial != CLEANED)
    return replace(case, reader_masks=manual)


def _round(measurement: Measurement, case: Case, readings: ScanReadings | None) -> Round:
    stir, kept = measurement.stir, measurement.kept.array
    masks = _masks(readings, simulated=case.source == "phantom") if readings else {}
    if readings:
        check_same_grid(stir, readings.grid)
    index = _slice(kept, masks, stir.slice_axis)
    view = view_of(stir)
    box = box_of(stir.with_array(_in_slice(stir, index, [kept > 0, *masks.values()])), view)

    def plane(array: NDArray) -> NDArray:
        return np.ascontiguousarray(view.plane(array, index)[box])

    labels = plane(kept)
    regions, _ = label_regions(labels[..., None] > 0)
    regions = regions[..., 0]
    return Round(
        case=case.folder,
        simulated=case.source == "phantom",
        index=index,
        stir=plane(grey_levels(stir, measurement.disease_region)),
        t1w=None
        if measurement.t1w is None
        else plane(grey_levels(measurement.t1w, measurement.disease_region)),
        labels=labels,
        regions=regions,
        references=tuple(_reference(name, plane(m), regions) for name, m in masks.items()),
        voxel_mm3=float(np.prod(stir.spacing_mm)),
        pixel_aspect=stir.spacing_mm[view.rows] / stir.spacing_mm[view.columns],
        left=view.left,
        right=view.right,
    )


def _masks(readings: ScanReadings, *, simulated: bool) -> dict[str, NDArray[np.bool_]]:
    """Return whole masks by name: the consensus of several, each manual one, the truth."""
    drawn = {_name(each, simulated=simulated): each.mask for each in readings.manual}
    masks = dict(drawn)
    if len(drawn) > 1:
        most = len(drawn) // 2 + 1
        name = f"Consensus, {most} of {len(drawn)}"
        masks = {name: majority(list(drawn.values()), at_least=most), **drawn}
    if readings.truth is not None:
        masks["Truth (simulated)" if simulated else "Truth"] = readings.truth
    return {name: readings.whole(mask).array for name, mask in masks.items()}


def _name(segmentation: Segmentation, *, simulated: bool) -> str:
    reader = f"reader {segmentation.reader}, trial {segmentation.trial}"
    return f"Simulated {reader}" if simulated else reader.capitalize()


def _slice(kept: NDArray[np.uint8], masks: dict[str, NDArray[np.bool_]], axis: int) -> int:
    """Return the slice with most of what first mask and candidates share, else of candidates."""
    for first in masks.values():
        if (shared := first & (kept > 0)).any():
            return fullest_slices(shared.astype(np.uint8), axis, 1)[0]
        break
    return fullest_slices(kept, axis, 1)[0]


def _in_slice(stir: Image, index: int, masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return the union of masks in one slice, empty elsewhere."""
    union = np.zeros(stir.shape, bool)
    here = tuple(index if axis == stir.slice_axis else slice(None) for axis in range(3))
    union[here] = np.logical_or.reduce([mask[here] for mask in masks])
    return union


def _reference(name: str, mask: NDArray[np.bool_], regions: NDArray[np.int32]) -> Reference:
    best = best_regions(regions[..., None] > 0, mask[..., None]).mask[..., 0]
    return Reference(name, mask, tuple(int(number) for number in np.unique(regions[best])))
