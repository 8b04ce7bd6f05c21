"""One case as one reader reads it: what the page shows, and the actions that it sends.

Positions exchanged with the page are (slice, row, column) as shown; see
`vhi.images.orientation.View`.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.orientation import View, view_of
from vhi.reading_room.case.cache import StateCache
from vhi.reading_room.case.export import export_reading
from vhi.reading_room.case.opening import MASKS, OpenCase, open_case
from vhi.reading_room.case.proposal import acceptance
from vhi.reading_room.case.state import ReadingState
from vhi.reading_room.case.strokes import strokes_from
from vhi.reading_room.page.codes import codes_of
from vhi.reading_room.page.labs import LABS, lab_data
from vhi.reading_room.page.payloads import edits_from, reviewed_from, seconds_from, state_from
from vhi.reading_room.page.screen import Screen, facts_of
from vhi.reading_room.store.actions import KINDS, Action, check_reader
from vhi.reading_room.store.history import History, describe_action, list_for_page, replay
from vhi.reading_room.store.schema import explain_invalid_content
from vhi.reading_room.store.store import Store

SCANS = ("stir", "t1w")
CHANGING = ("labels", "regions", *MASKS)
"""Arrays that actions change."""

REOPENED = {
    "candidates": "the candidates have changed since it was done",
    "t1w": "the T1w scan has changed since it was done",
}


def open_reading(
    case: Case,
    store: Store,
    reader: str,
    *,
    network: str | None = None,
    resample_masks: bool = False,
    propose: bool = False,
) -> Reading:
    """Open a case for a reader, with all earlier actions of this reader.

    Parameters and errors as for `open_case`; InputError also if the store cannot be used.
    `propose`: show a model's proposal; the store keeps that it was shown.
    """
    reader = check_reader(reader)
    store.check_reader(reader)
    opened = open_case(case, store, network=network, resample_masks=resample_masks)
    return Reading(opened, store, reader, propose=propose)


class Reading:
    """A case being read by one reader; see `open_reading`. Threads take turns."""

    def __init__(
        self, opened: OpenCase, store: Store, reader: str, *, propose: bool = False
    ) -> None:
        self.opened, self._propose = opened, propose
        self._store, self._reader = store, reader
        self._view: View = view_of(opened.scans.stir)
        self._lock = threading.RLock()
        self._cache = StateCache(opened, self._view, propose=propose)
        self._screen = Screen(self._view, opened.scans.stir, opened.scans.slice_thickness_mm)
        self._scans = {
            name: codes_of(self._view.shown(image.array))
            for name, image in zip(SCANS, (opened.scans.stir, opened.t1w), strict=True)
        }
        self._actions: list[Action] = []
        self._action_list: list[dict[str, Any]] = []
        self._history: History = replay(())
        self._state: ReadingState = self._cache.state_of(self._history)
        self._catch_up()
        # Before anything is sent: whoever has seen a proposal cannot read blinded any more.
        if propose and all(action.kind != "proposal_shown" for action in self._actions):
            self._append("proposal_shown", {})
        self._reopen()

    def describe(self) -> dict[str, Any]:
        """Return the facts that a page needs about the case, and its state (``now``)."""
        with self._lock:
            self._catch_up()
            return {
                **facts_of(self.opened, self._view, self._scans),
                "reader": self._reader,
                "proposal": self._propose,
                "arrays": {name: str(self._array(name).dtype) for name in (*SCANS, *CHANGING)},
                "actions": self._action_list,
                "now": self._now(None),
            }

    def array(self, name: str, index: int | None = None) -> bytes:
        """Return an array as shown, or one slice of it: little-endian, C order.

        ValueError: no array or slice has this name or number.
        """
        if name not in (*SCANS, *CHANGING):
            raise ValueError(f"name: {name!r} is not one of {', '.join((*SCANS, *CHANGING))}")
        self._check_slice(index)
        with self._lock:
            array = self._array(name)
        shown = array if index is None else array[index]
        return shown.astype(shown.dtype.newbyteorder("<"), copy=False).tobytes()

    def sync(self, *, known: int = 0, table: int | None = None) -> dict[str, Any]:
        """Return the actions after number `known`, of any tab, and the state."""
        with self._lock:
            self._catch_up()
            return self._answer(known, table)

    def act(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        known: int = 0,
        table: int | None = None,
    ) -> dict[str, Any]:
        """Perform one action; it is in the store when this returns.

        Parameters
        ----------
        kind
            One of `vhi.reading_room.store.actions.KINDS`.
        payload
            ``edit``: action, scope, points, reason, and for a cut line; ``reviewed``: points,
            reviewed; ``normal_bone`` and ``disease_region``: slices, each with the pixels set and
            cleared; ``state``: state; ``seconds``: intervals, in seconds since 1970; ``undo``,
            ``redo`` and ``accept``, of what the model is sure of: empty.
        known
            Number of the last action that the page has seen. An undo takes back the newest action
            in effect up to this one.
        table
            Checksum of the region table that the page has.

        Returns
        -------
        dict
            ``actions``, all after `known`; ``now``.

        Raises
        ------
        InputError
            The action is not possible or could not be saved; nothing has changed.
        """
        if kind not in KINDS or kind == "proposal_shown":
            raise InputError(f"kind: give one of {', '.join(KINDS)}")
        with self._lock:
            self._catch_up()
            stored, state = self._stored(kind, payload, known)
            if stored is not None:
                self._append(kind, stored, state)
            return self._answer(known, table)

    def export(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the result into a new folder; see `export_reading`.

        ``vhi measure`` with the folder's masks and ``edits.json`` gives the same voxels.
        """
        with self._lock:
            self._catch_up()
            state, done, shown = self._state, self._done(), self._history.proposal_shown
        return export_reading(
            self.opened,
            state,
            Path(folder),
            reader=self._reader,
            finished=None if done is None else done.time,
            proposal_shown=shown,
            overwrite=overwrite,
        )

    def lab(self, name: str, index: int | None = None) -> dict[str, Any]:
        """Return the data of a control for the current state of the case; see `lab_data`.

        ValueError if no control or slice has this name or number.
        """
        if name not in LABS:
            raise ValueError(f"name: {name!r} is not one of {', '.join(LABS)}")
        self._check_slice(index)
        with self._lock:
            self._catch_up()
            state = self._state
        return lab_data(name, self.opened, state, slice_index=index)

    def _check_slice(self, index: int | None) -> None:
        if index is not None and not 0 <= index < self._view.shape[0]:
            raise ValueError(f"index: {index} is not a slice from 0 to {self._view.shape[0] - 1}")

    def _catch_up(self) -> None:
        """Take over the actions that other servers on the same store have added."""
        case, last = self.opened.case, self._history.last_id
        self._take(self._store.actions(case.case, case.visit, self._reader, after=last))

    def _append(self, kind: str, stored: dict[str, Any], state: ReadingState | None = None) -> None:
        """Store an action; `state` is the state after it, if already computed."""
        case, last = self.opened.case, self._history.last_id
        newer = self._store.append(case.case, case.visit, self._reader, kind, stored, after=last)
        self._take(newer, state if len(newer) == 1 else None)

    def _take(self, newer: list[Action], state: ReadingState | None = None) -> None:
        """Take over new actions; `state` is the state after them, if already computed."""
        if not newer:
            return
        actions = [*self._actions, *newer]
        with explain_invalid_content(self._store.path):
            history, action_list = replay(actions), list_for_page(actions)
            if state is not None:
                self._cache.add(history, state)
            self._state = self._cache.state_of(history)
        self._actions, self._history, self._action_list = actions, history, action_list

    def _done(self) -> Action | None:
        """Return the action by which the reader finished the case; None while it is open."""
        if self._history.progress.state != "done":
            return None
        return next(action for action in reversed(self._actions) if action.kind == "state")

    def _reopen(self) -> None:
        """Put a finished case back in progress if its candidates or T1w scan have changed."""
        done = self._done()
        if done is None:
            return
        now = self._cache.checksums(self._state)
        reasons = [
            REOPENED[name]
            for name, checksum in done.payload.get("seen", {}).items()
            if now[name] != checksum
        ]
        if reasons:
            self._append("state", {"state": "in progress", "why": "; ".join(reasons)})

    def _stored(
        self, kind: str, payload: Mapping[str, Any], known: int
    ) -> tuple[dict[str, Any] | None, ReadingState | None]:
        """Return what the store keeps of an action, None for one that changes nothing.

        For edits also the state after them, which checking them has computed.
        """
        now, state = dt.datetime.now(dt.UTC), self._state
        if kind == "edit":
            time = now.isoformat(timespec="seconds")
            records, edits, judged = edits_from(
                payload, self._view, state, reader=self._reader, time=time
            )
            return {"edits": records}, replace(state, judged=judged, edits=(*state.edits, *edits))
        if kind == "accept":
            time = now.isoformat(timespec="seconds")
            return acceptance(state, reader=self._reader, time=time), None
        if kind in MASKS:
            return strokes_from(payload, self._view), None
        if kind in ("undo", "redo"):
            history = self._history
            target = history.to_undo(known) if kind == "undo" else history.to_redo()
            return (None if target is None else {"action": target.id}), None
        if kind == "reviewed":
            return reviewed_from(payload, self._view, state), None
        if kind == "seconds":
            return seconds_from(payload, now.timestamp()), None
        stored = state_from(payload)
        if stored["state"] == "done":
            stored["seen"] = self._cache.checksums(state)
        return stored, None

    def _answer(self, known: int, table: int | None) -> dict[str, Any]:
        newer = [action for action in self._action_list if action["id"] > known]
        return {"actions": newer, "now": self._now(table)}

    def _now(self, table: int | None) -> dict[str, Any]:
        """Return the state for the page; the region table only if the page has another one."""
        history = self._history
        undo, redo = history.to_undo(history.last_id), history.to_redo()
        numbers = self._screen.numbers(self._state)
        rows = numbers.pop("regions")
        return {
            "known": history.last_id,
            "state": history.progress.state,
            "seconds": round(history.progress.seconds, 3),
            "undo": None if undo is None else describe_action(undo, {}),
            "redo": None if redo is None else describe_action(redo, {}),
            "changed": self._state.changes_to_review(),
            **numbers,
            "revisions": {
                name: self._screen.checksums(name, self._source(name)) for name in CHANGING
            },
            **({} if table == numbers["table"] else {"regions": rows}),
        }

    def _source(self, name: str) -> NDArray[Any]:
        regions, areas = self._state.regions, self._state.candidates.areas
        return {
            "labels": regions.labels.array,
            "regions": regions.numbers,
            "normal_bone": areas.normal_bone.mask.array,
            "disease_region": areas.disease_region.mask.array,
        }[name]

    def _array(self, name: str) -> NDArray[Any]:
        if name in self._scans:
            return self._scans[name].codes
        return self._screen.shown(name, self._source(name))
