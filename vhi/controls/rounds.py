"""Slices to clean, as rounds of the cleaning game, with the readers' masks to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.cases.case import Case
from vhi.controls.page import encode, frame_data, grey_levels, planes
from vhi.images.image import Image, check_same_grid
from vhi.images.orientation import View, fullest_slices, view_of, window_of
from vhi.measurement import Measurement
from vhi.statistics.composite import majority
from vhi.statistics.overlap import dice
from vhi.steps.small_regions import label_regions
from vhi.workflow import measure

if TYPE_CHECKING:  # it draws with seaborn, which the reading room's controls do without
    from vhi.reader_study.readings import ScanReadings, Segmentation

MOST_ROUNDS = 5
"""Rounds of a game. Chosen: a page carries about 0.3 MB for each."""

MOST_MEASURED = 8
"""Cases measured to choose rounds from. Chosen: those of the study that readers drew on."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A mask to compare a cleaning with, shape (rows, columns).

    `best` are the numbers of the regions that the best cleaning by whole regions keeps for it.
    """

    name: str
    mask: NDArray[np.bool_]
    best: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Round:
    """One slice to clean. Planes are the right way up: rows down, columns across.

    Attributes
    ----------
    case : str
        With the visit, as the case's folder of results.
    simulated : bool
        Whether scan and readers are simulated.
    index : int
        The slice, counted from 0.
    stir, t1w : ndarray of uint8
        Grey levels for display.
    labels : ndarray of uint8
        Candidates 0, 1, 2 after small regions were removed.
    regions : ndarray of int32
        Numbers of the regions in reading order, 0 outside.
    references : tuple of Reference
        The one that counts first: the readers' consensus. Empty where no reader drew.
    proposals : list of dict or None
        What a model proposes for each region, in reading order; None where nothing is proposed.
    """

    case: str
    simulated: bool
    index: int
    stir: NDArray[np.uint8]
    t1w: NDArray[np.uint8] | None
    labels: NDArray[np.uint8]
    regions: NDArray[np.int32]
    references: tuple[Reference, ...]
    view: View
    proposals: list[dict[str, Any]] | None = None

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
        first = self.references[0]
        return dice(np.isin(self.regions, first.best), first.mask)

    def encoded(self) -> dict[str, Any]:
        """Return the round for `decodeRound` in rounds.js."""
        return {
            "case": self.case,
            "simulated": self.simulated,
            "index": self.index,
            **frame_data(self.labels, self.view),
            "stir": encode(self.stir),
            "t1w": None if self.t1w is None else encode(self.t1w),
            "candidates": encode(self.labels > 0),
            "upper": encode(self.labels > 1),
            "references": [
                {"name": r.name, "mask": encode(r.mask), "best": list(r.best)}
                for r in self.references
            ],
            "proposals": self.proposals,
        }


def load_rounds(cases: Iterable[Case], *, most: int = MOST_ROUNDS) -> list[Round]:
    """Measure some cases and choose a slice of each, easy ones first.

    Where readers drew, the slice is the one in which their consensus and the candidates share
    most voxels, and the order is by the ceiling of that slice. Where the two share nothing in
    any slice, no region is to be kept, Dice cannot tell one cleaning from another, and the case
    is left out if there are others.

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
    from vhi.reader_study.readings import load_readings

    once = list({case.case: case for case in reversed(list(cases))}.values())[::-1]
    drawn_on = [case for case in map(_without_cleaned, once) if case.reader_masks]
    if not drawn_on:
        return [_chosen_round(case, None) for case in once[:most]]
    rounds = [_chosen_round(r.case, r) for r in load_readings(drawn_on[:MOST_MEASURED])]
    rounds = [played for played in rounds if played.references[0].best] or rounds
    rounds.sort(key=lambda played: -played.ceiling)
    if len(rounds) <= most:
        return rounds
    return [rounds[i] for i in np.linspace(0, len(rounds) - 1, most).round().astype(int)]


def round_of(
    measurement: Measurement,
    index: int,
    masks: Mapping[str, NDArray[np.bool_]] | None = None,
    *,
    case: str,
    simulated: bool = False,
    around: NDArray[np.bool_] | None = None,
) -> Round:
    """Return one slice (counted from 0) of a measurement, before a reader's edits, as a round.

    Parameters
    ----------
    masks
        Whole masks to compare with, by name, the one that counts first.
    around
        Whole mask whose bounds on the slice are the crop; candidates and `masks` when not given.
    """
    stir, t1w, kept, masks = measurement.stir, measurement.t1w, measurement.kept.array, masks or {}
    if around is None:
        around = np.logical_or.reduce([kept > 0, *masks.values()])
    shown = stir.with_array(around)

    def plane(array: NDArray) -> NDArray:
        return np.ascontiguousarray(planes(array, [index], around=shown)[0])

    def grey(scan: Image) -> NDArray[np.uint8]:
        return grey_levels(plane(scan.array), window_of(scan, measurement.disease_region.array))

    labels = plane(kept)
    regions = label_regions(labels[..., None] > 0)[0][..., 0]
    return Round(
        case=case,
        simulated=simulated,
        index=index,
        stir=grey(stir),
        t1w=None if t1w is None else grey(t1w),
        labels=labels,
        regions=regions,
        references=tuple(_reference(name, plane(m), regions) for name, m in masks.items()),
        view=view_of(stir),
        proposals=_proposals(measurement, plane(measurement.candidates.regions.numbers)),
    )


def _proposals(measurement: Measurement, ids: NDArray[np.int32]) -> list[dict[str, Any]] | None:
    """Return what a model proposes for the regions of a plane of ids, in reading order."""
    proposal = measurement.proposal
    if proposal is None:
        return None
    present, first = np.unique(ids, return_index=True)
    return [
        {
            "removes": not proposal.kept[n],
            "reason": proposal.reasons[n],
            "keep": round(float(proposal.keep[n]), 3),
            "doubt": bool(proposal.in_doubt[n]),
        }
        for n in present[np.argsort(first)].tolist()
        if n
    ]


def _without_cleaned(case: Case) -> Case:
    """Leave out the masks that were made by cleaning: they are the game's own answer."""
    from vhi.reader_study.readings import CLEANED

    manual = tuple(mask for mask in case.reader_masks if mask.trial != CLEANED)
    return replace(case, reader_masks=manual)


def _chosen_round(case: Case, readings: ScanReadings | None) -> Round:
    measurement, simulated = measure(case), case.source == "phantom"
    masks = _masks(readings, simulated=simulated) if readings else {}
    if readings:
        check_same_grid(measurement.stir, readings.grid)
    index = _slice(measurement.kept.array, masks, measurement.stir.slice_axis)
    return round_of(measurement, index, masks, case=case.folder, simulated=simulated)


def _masks(readings: ScanReadings, *, simulated: bool) -> dict[str, NDArray[np.bool_]]:
    """Return whole masks by name: the consensus of several, each manual one, the truth."""
    drawn = {_name(manual, simulated=simulated): manual.mask for manual in readings.manual}
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
    shared = kept * next(iter(masks.values()), kept > 0)
    return fullest_slices(shared if shared.any() else kept, axis, 1)[0]


def _reference(name: str, mask: NDArray[np.bool_], regions: NDArray[np.int32]) -> Reference:
    from vhi.reader_study.ceiling import best_regions

    best = best_regions(regions[..., None] > 0, mask[..., None]).mask[..., 0]
    return Reference(name, mask, tuple(int(number) for number in np.unique(regions[best])))
