"""Where a reading stands: its history replayed on the case."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property

from vhi.reading_room.case.judging import Changed, replay_edit, replay_mark, to_look_at
from vhi.reading_room.case.opening import Start, scan_digest
from vhi.reading_room.case.orientation import Layout
from vhi.reading_room.case.pieces import Pieces
from vhi.reading_room.case.steps import Steps, take_steps
from vhi.reading_room.case.strokes import with_drawn
from vhi.reading_room.store.actions import Action
from vhi.reading_room.store.history import History
from vhi.steps.edits import Edit, candidates_sha256

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
    changed : tuple of Changed
        What of the history met another region than it was done to.
    """

    steps: Steps
    pieces: Pieces
    edits: tuple[Edit, ...] = ()
    stale: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()

    def to_look_at(self) -> list[str]:
        """Return what of `changed` nobody has judged since, to be read."""
        return to_look_at(self.pieces, self.changed)


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

    def seen(self, stand: Stand) -> dict[str, str]:
        """Return checksums of what a reader has before her who says that a case is done."""
        return {
            "candidates": candidates_sha256(stand.pieces.labels.array),
            "t1w": self._t1w_sha256,
        }

    @cached_property
    def _t1w_sha256(self) -> str:
        return scan_digest(self._start.t1w)

    def _steps_of(self, key: tuple[int, ...], drawn: list[Action]) -> Steps:
        known = [n for n in range(len(key) + 1) if key[:n] in self._steps]
        length = known[-1] if known else 0
        if not known:
            normal_bone = self._start.normal_bone.array
            disease_region = self._start.disease_region.array
        else:
            steps = self._steps[key[:length]]
            normal_bone, disease_region = steps.normal_bone, steps.disease_region
        if not known or length < len(key):
            rest = drawn[length:]
            steps = take_steps(
                self._start,
                with_drawn(normal_bone, self._layout, (a for a in rest if a.kind == "normal_bone")),
                with_drawn(
                    disease_region, self._layout, (a for a in rest if a.kind == "disease_region")
                ),
            )
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
        pieces, changed = replay_mark(stand.pieces, action.payload)
        return replace(stand, pieces=pieces, changed=(*stand.changed, *changed))
    for record in action.payload["edits"]:
        done = replay_edit(stand.pieces, record, action.id)
        stand = Stand(
            stand.steps,
            done.pieces,
            (*stand.edits, *done.edits),
            (*stand.stale, *done.stale),
            (*stand.changed, *done.changed),
        )
    return stand


def _keep(kept: OrderedDict, key: object, value: object, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
