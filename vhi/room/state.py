"""Where a reading stands: its history replayed on the case."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from vhi.edits import Edit, decode_edit
from vhi.errors import EditsError
from vhi.room.actions import Action
from vhi.room.drawn import with_drawn
from vhi.room.history import History
from vhi.room.loading import Start
from vhi.room.orientation import Layout
from vhi.room.payloads import plain
from vhi.room.pieces import Pieces, edited, marked
from vhi.room.steps import Steps, take_steps

KEPT_STEPS = 3
KEPT_STANDS = 12
"""How many results are kept for undo and redo. Chosen: a cut holds an array of its own, 11 MB."""


@dataclass(frozen=True)
class Stand:
    """Where a reading stands.

    Attributes
    ----------
    steps : Steps
        What follows from the masks.
    pieces : Pieces
        The regions after all edits that apply.
    edits : tuple of Edit
        Those, in order.
    stale : tuple of str
        What of the history no longer applies, since a mask was changed.
    """

    steps: Steps
    pieces: Pieces
    edits: tuple[Edit, ...] = ()
    stale: tuple[str, ...] = ()


class Stands:
    """Replays histories of one case; keeps the latest results, by the actions that made them."""

    def __init__(self, start: Start, layout: Layout) -> None:
        self._start, self._layout = start, layout
        self._steps: OrderedDict[tuple[int, ...], Steps] = OrderedDict()
        self._stands: OrderedDict[tuple[tuple[int, ...], tuple[int, ...]], Stand] = OrderedDict()

    def at(self, history: History) -> Stand:
        """Return where a history leads: masks first, then edits in their order."""
        drawn, done = _parts(history)
        steps_key, ids = _ids(drawn), _ids(done)
        length, stand = len(ids), None
        while stand is None and length:
            stand = self._stands.get((steps_key, ids[:length]))
            length -= stand is None
        if stand is None:
            steps = self._steps_of(steps_key, drawn)
            stand = Stand(steps, steps.pieces)
        for action in done[length:]:
            stand = _after(stand, action)
        _keep(self._stands, (steps_key, ids), stand, KEPT_STANDS)
        return stand

    def know(self, history: History, stand: Stand) -> None:
        """Take in where a history leads, which the caller has computed already."""
        drawn, done = _parts(history)
        _keep(self._stands, (_ids(drawn), _ids(done)), stand, KEPT_STANDS)

    def _steps_of(self, key: tuple[int, ...], drawn: list[Action]) -> Steps:
        steps = self._steps.get(key)
        if steps is None:
            normal_bone, disease_region = (
                with_drawn(mask.array, self._layout, [a for a in drawn if a.kind == name])
                for name, mask in (
                    ("normal_bone", self._start.normal_bone),
                    ("disease_region", self._start.disease_region),
                )
            )
            steps = take_steps(self._start, normal_bone, disease_region)
        _keep(self._steps, key, steps, KEPT_STEPS)
        return steps


def _parts(history: History) -> tuple[list[Action], list[Action]]:
    """Return what was drawn, and what was done to the regions."""
    drawn = [a for a in history.standing if a.kind in ("normal_bone", "disease_region")]
    return drawn, [a for a in history.standing if a.kind in ("edit", "reviewed")]


def _ids(actions: list[Action]) -> tuple[int, ...]:
    return tuple(action.id for action in actions)


def _after(stand: Stand, action: Action) -> Stand:
    """Return where one more action leads; an edit that does not apply changes nothing."""
    if action.kind == "reviewed":
        world_mm = np.array(action.payload["world_mm"], float)
        pieces = marked(stand.pieces, world_mm, action.payload["reviewed"])
        return Stand(stand.steps, pieces, stand.edits, stand.stale)
    pieces, edits, stale = stand.pieces, list(stand.edits), list(stand.stale)
    axis = pieces.labels.slice_axis
    for record in action.payload["edits"]:
        edit = decode_edit(record)
        try:
            pieces = edited(pieces, edit)
            edits.append(edit)
        except EditsError as error:
            why = plain(error).split(";")[0]
            stale.append(f"{edit.action} in slice {edit.voxel[axis]}, {edit.time}: {why}")
    return Stand(stand.steps, pieces, tuple(edits), tuple(stale))


def _keep(kept: OrderedDict, key: object, value: object, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
