"""Controls for step vi: remove or keep whole regions, on one's own case or as a game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.control import Control, Twin
from vhi.controls.page import first_slice, shown_slices
from vhi.controls.rounds import Round, round_of
from vhi.controls.twins import REMOVED, draw_plane
from vhi.errors import InputError
from vhi.images.orientation import view_of
from vhi.measurement import Measurement, Seen
from vhi.steps.cleaning import replay
from vhi.steps.edits import REASONS, SCOPES


class CleaningControl(Control):
    """Remove or keep the regions of one's own case; in a notebook the record grows.

    Settings: ``slice``, ``region`` (its number in reading order), ``scope`` (one of
    `vhi.steps.edits.SCOPES`), ``reason``, ``removed``: the ids of the removed regions, as in
    ``measurement.regions``, ``finished``: the statement that the scan is read, and ``proposal``:
    whether a model's proposal is shown. Once it was, the record says how each edit relates to it.

    Parameters
    ----------
    measurement
        Of any case; it is not changed. Cleaning continues from its edits.
    reader
        Who cleans, for the record. Only a reader with a name can finish.
    reason
        Reason to start with, one of `vhi.steps.edits.REASONS`.
    slice_index
        Slice to start on, counted from 0; the one with most candidates when not given.

    Attributes
    ----------
    edits : Edits
        The record, for `vhi.save_edits` or ``vhi.measure(case, edits=...)``.

    Raises
    ------
    InputError
        There is no such slice or reason.
    """

    module = "cleaning"
    label = "cleaning control"

    def __init__(
        self,
        measurement: Measurement,
        *,
        reader: str = "",
        reason: str = REASONS[0],
        slice_index: int | None = None,
    ) -> None:
        if reason not in REASONS:
            raise InputError(f"reason {reason!r}: give one of: {', '.join(REASONS)}")
        self.measurement, self.reader, self.edits = measurement, reader, measurement.edits
        left = measurement.inflammation.array
        index = first_slice(measurement.candidates, slice_index)
        settings = {
            "slice": index,
            "region": next(iter(self._round(index).sizes), None),
            "scope": SCOPES[0],
            "reason": reason,
            "removed": [region.id for region in measurement.regions if not left[region.voxel]],
            "finished": measurement.edits.finished is not None,
            "proposal": False,
        }
        super().__init__(settings)

    def data(self) -> dict[str, Any]:
        """Return the slice and those with most candidates, and what the page needs for edits."""
        m = self.measurement
        numbers, stir = view_of(m.stir).shown(m.candidates.regions.numbers), m.stir
        slices = []
        for index in shown_slices(m.kept, self.settings["slice"]):
            present, first = np.unique(numbers[index], return_index=True)
            ids = present[np.argsort(first)]  # in reading order, as the page numbers them
            slices.append({**self._round(index).encoded(), "ids": ids[ids > 0].tolist()})
        return {
            "slices": slices,
            "lesions": {region.id: region.lesion for region in m.regions},
            "reasons": REASONS,
            "reader": self.reader,
            "whole": {"slices": stir.shape[stir.slice_axis], "regions": len(m.regions)},
        }

    def whole_scan(self) -> dict[str, Any]:
        """Return counts of removed and of seen regions, of voxels left, and of edits recorded."""
        regions = replay(self.measurement.candidates.regions, self.edits)
        return {
            "removed": len(self.settings["removed"]),
            "voxels": int(np.count_nonzero(regions.remaining())),
            "edits": len(self.edits.edits),
            "seen": Seen.count(regions).words,
        }

    def follow(self, settings: dict[str, Any]) -> None:
        """Take over the settings; record what was removed and restored, and the statement."""
        before, after = set(self.settings["removed"]), set(settings["removed"])
        super().follow(settings)
        if self.measurement.proposal is not None:
            shown = bool(settings["proposal"] or self.edits.proposal_shown)
            self.edits = replace(self.edits, proposal_shown=shown)
        kept = {region.id for region in self.measurement.regions} - after
        self._record("remove", after - before, after)
        self._record("restore", before - after, kept)
        if not settings["finished"]:
            self.edits = replace(self.edits, finished=None)
        elif self.edits.finished is None:
            self.edits = self.edits.finish(self.reader)

    def _record(self, action: str, changed: set[int], state: set[int]) -> None:
        """Add edits that bring regions into a state; one edit for a lesion that is all in it."""
        for region in self.measurement.regions:
            if region.id not in changed:
                continue
            lesion = {r.id for r in self.measurement.regions if r.lesion == region.lesion}
            whole = self.settings["scope"] == "lesion" and lesion <= state
            self.edits = self.edits.add(
                action,
                region.voxel,
                scope="lesion" if whole else "region",
                reason=self.settings["reason"],
                reader=self.reader,
                proposal=self._relation(lesion if whole else {region.id}, action == "remove"),
            )
            changed = changed - (lesion if whole else {region.id})

    def _relation(self, ids: set[int], removed: bool) -> str:
        """Return how a decision relates to the proposal, see `vhi.steps.edits.FROM_PROPOSAL`."""
        proposal = self.measurement.proposal
        if proposal is None or not self.edits.proposal_shown:
            return ""
        return "overruled" if (proposal.kept[list(ids)] == removed).any() else "accepted"

    def _round(self, index: int) -> Round:
        m = self.measurement
        return round_of(m, index, case=m.case, around=m.disease_region.array)

    def twin(self) -> Twin:
        """Draw the slice with all candidates, and without its largest region."""
        return _draw_rounds(
            [self._round(self.settings["slice"])],
            "In a notebook with a kernel, regions are removed and restored here and the record "
            "grows.",
        )


class CleaningGame(Control):
    """Remove or keep the regions of a slice; ask for the answer; compare with readers.

    A round is scored against the consensus of its manual masks, beside the ceiling that whole
    regions can reach. Masks, scores and a model's proposal stay hidden while ``answer`` is False.

    Settings: ``case``, ``region`` (its number in reading order), ``answer``, and ``removed``:
    the removed regions as ``case/number``.

    Parameters
    ----------
    rounds
        From `vhi.controls.load_rounds`. Where no reader drew, nothing is scored.

    Raises
    ------
    InputError
        There is no round.
    """

    module = "cleaning"
    label = "cleaning game"

    def __init__(self, rounds: Sequence[Round]) -> None:
        if not rounds:
            raise InputError("the cleaning game needs a case; the list of rounds is empty")
        self.rounds = tuple(rounds)
        region = next(iter(rounds[0].sizes), None)
        super().__init__({"case": rounds[0].case, "region": region, "answer": False, "removed": []})

    def data(self) -> dict[str, Any]:
        """Return all rounds."""
        return {
            "slices": [
                {**r.encoded(), "ids": [f"{r.case}/{n}" for n in sorted(r.sizes)]}
                for r in self.rounds
            ]
        }

    def shows(self, data: dict[str, Any]) -> bool:
        """Return True: a game has all its rounds."""
        return True

    def twin(self) -> Twin:
        """Draw the first and the last round, each before and after the best cleaning."""
        return _draw_rounds(
            [self.rounds[0], self.rounds[-1]][: len(self.rounds)],
            "Where scripts are on, regions can be removed here and compared with readers; no "
            "kernel is needed.",
        )


def _draw_rounds(rounds: Sequence[Round], live: str) -> Twin:
    """Draw rounds below each other, before and after a cleaning; `live` ends the caption."""
    from matplotlib.figure import Figure

    shapes = [
        played.labels.shape[0] * played.view.aspect / played.labels.shape[1] for played in rounds
    ]
    figure = Figure(figsize=(7.8, sum(3.9 * shape + 0.45 for shape in shapes)))
    grid = figure.subplots(
        len(rounds), 2, squeeze=False, gridspec_kw={"height_ratios": np.add(shapes, 0.1)}
    )
    alt = []
    for axes, played in zip(grid, rounds, strict=True):
        title = f"{'simulated ' * played.simulated}case {played.case}, slice {played.index}"
        before = f"{len(played.sizes)} regions, {np.count_nonzero(played.labels):,} voxels"
        removed, outline, name = _example(played)
        labels = np.where(removed, REMOVED, played.labels)
        after = f"{name}\n{np.count_nonzero(labels % REMOVED):,} voxels"
        look: dict[str, Any] = {"view": played.view, "window": (0, 255)}
        draw_plane(axes[0], played.stir, labels=played.labels, title=f"{title}\n{before}", **look)
        draw_plane(axes[1], played.stir, labels=labels, outline=outline, title=after, **look)
        alt.append(f"{title}: {before}; {after}".replace("\n", ", "))
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.93, wspace=0.02)
    if rounds[0].references:
        order = "; the easiest above, the hardest below" if len(rounds) > 1 else ""
        right = "the best that whole regions can give; outlined in blue: "
        right += rounds[0].references[0].name
    else:
        order = ""
        right = (
            "without its largest region, an example and no judgement on this region. No reader "
            "drew on this scan, so there is no score"
        )
    return Twin(
        figure,
        f"Slices to clean{order}. Left: all candidate regions. Right: {right}. Turquoise: removed. "
        f"{live}",
        f"Slices with candidates in yellow and red, before and after cleaning. {'; '.join(alt)}.",
    )


def _example(played: Round) -> tuple[NDArray[np.bool_], NDArray[np.bool_] | None, str]:
    """Return what to remove in the twin, an outline to show, and the name of this cleaning."""
    if not played.references:
        largest = next(iter(played.sizes), -1)
        return played.regions == largest, None, "without its largest region"
    first = played.references[0]
    removed = (played.regions > 0) & ~np.isin(played.regions, first.best)
    return removed, first.mask, f"best cleaning: Dice {played.ceiling:.3f}"
