"""Replay histories of one case, and keep the latest results for undo and redo."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property

from vhi.images.orientation import View
from vhi.reading_room.case.candidates import DrawnCandidates, candidates_of
from vhi.reading_room.case.opening import MASKS, OpenCase, scan_digest
from vhi.reading_room.case.state import ReadingState
from vhi.reading_room.case.strokes import apply_strokes
from vhi.reading_room.store.actions import Action
from vhi.reading_room.store.history import History
from vhi.steps.edits import candidates_sha256

JUDGEMENTS = ("edit", "accept", "reviewed")
CACHED_CANDIDATES = 3
CACHED_STATES = 12
"""Results that are kept for undo and redo. Chosen: a cut holds an array of its own, 11 MB."""


class StateCache:
    """Replays histories of one case; keeps the latest results, by the actions they follow from."""

    def __init__(self, opened: OpenCase, view: View, *, propose: bool = False) -> None:
        self._opened, self._view, self._propose = opened, view, propose
        self._candidates: OrderedDict[tuple[int, ...], DrawnCandidates] = OrderedDict()
        self._states: OrderedDict[tuple[tuple[int, ...], ...], ReadingState] = OrderedDict()

    def state_of(self, history: History) -> ReadingState:
        """Return the state after a history: masks first, then edits in their order."""
        drawings, judgements = _split(history)
        masks, ids = _ids(drawings), _ids(judgements)
        length, state = len(ids), None
        while state is None and length:
            state = self._states.get((masks, ids[:length]))
            length -= state is None
        if state is None:
            candidates = self._candidates_of(masks, drawings)
            state = ReadingState(candidates, candidates.judged)
        for action in judgements[length:]:
            state = state.after(action)
        _keep(self._states, (masks, ids), state, CACHED_STATES)
        return state

    def add(self, history: History, state: ReadingState) -> None:
        """Add a state that the caller has computed already."""
        drawings, judgements = _split(history)
        _keep(self._states, (_ids(drawings), _ids(judgements)), state, CACHED_STATES)

    def checksums(self, state: ReadingState) -> dict[str, str]:
        """Return the checksums by which a finished case is recognised as unchanged."""
        return {
            "candidates": candidates_sha256(state.regions.labels.array),
            "t1w": self._t1w_sha256,
        }

    @cached_property
    def _t1w_sha256(self) -> str:
        return scan_digest(self._opened.t1w)

    def _candidates_of(self, key: tuple[int, ...], drawings: list[Action]) -> DrawnCandidates:
        cached = [n for n in range(len(key) + 1) if key[:n] in self._candidates]
        length = cached[-1] if cached else 0
        candidates = self._candidates.get(key[:length])
        if candidates is None or length < len(key):
            areas = self._opened.areas if candidates is None else candidates.areas
            normal_bone, disease_region = (
                apply_strokes(area.mask.array, self._view, [a for a in newer if a.kind == name])
                for name, area, newer in (
                    ("normal_bone", areas.normal_bone, drawings[length:]),
                    ("disease_region", areas.disease_region, drawings[length:]),
                )
            )
            candidates = candidates_of(
                self._opened, normal_bone, disease_region, propose=self._propose
            )
        _keep(self._candidates, key, candidates, CACHED_CANDIDATES)
        return candidates


def _split(history: History) -> tuple[list[Action], list[Action]]:
    """Return the drawings, and the edits and marks."""
    drawings = [a for a in history.in_effect if a.kind in MASKS]
    return drawings, [a for a in history.in_effect if a.kind in JUDGEMENTS]


def _ids(actions: list[Action]) -> tuple[int, ...]:
    return tuple(action.id for action in actions)


def _keep(cache: OrderedDict, key: object, value: object, size: int) -> None:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > size:
        cache.popitem(last=False)
