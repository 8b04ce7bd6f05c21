"""One case as one reader reads it: what a page shows of it, and what the reader does to it.

A page and this module speak of positions as (slice, row, column) as shown, see
`vhi.reading_room.case.orientation`.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.reading_room.case.export import export_reading
from vhi.reading_room.case.opening import Start, load_start
from vhi.reading_room.case.orientation import Layout, layout_of
from vhi.reading_room.case.standing import Stand, Stands
from vhi.reading_room.case.strokes import drawing_from
from vhi.reading_room.page.codes import codes_of
from vhi.reading_room.page.labs import LABS, lab_data
from vhi.reading_room.page.payloads import edits_from, reviewed_from, seconds_from, state_from
from vhi.reading_room.page.screen import Screen, facts_of
from vhi.reading_room.store.actions import KINDS, Action, check_reader
from vhi.reading_room.store.history import History, replay, told, words
from vhi.reading_room.store.schema import explain_broken
from vhi.reading_room.store.store import Store

SCANS = ("stir", "t1w")
DRAWN = ("normal_bone", "disease_region")
CHANGING = ("labels", "regions", *DRAWN)
"""The arrays that actions change."""

OTHERS = {
    "candidates": "the candidates are others than those it was done with",
    "t1w": "the T1w scan is another than the one it was done with",
}


def open_reading(
    case: Case,
    store: Store,
    reader: str,
    *,
    network: str | None = None,
    resample_masks: bool = False,
) -> Reading:
    """Open a case for a reader, with all that she did to it before.

    Parameters
    ----------
    case
        A mask that it lacks is found by a network when it is first opened, and kept in `store`.
    store
        What readers did.
    reader
        Her name.
    network
        The network that finds a disease region; default ``"default"``.
    resample_masks
        Carry what lies on another grid to that of STIR, as for `vhi.measure`.

    Returns
    -------
    Reading

    Raises
    ------
    InputError
        A file or mask cannot be used, as for `vhi.measure`; another scan was read under the
        case's name; the store cannot be used.
    """
    start = load_start(case, store, network=network, resample_masks=resample_masks)
    return Reading(start, store, check_reader(reader))


class Reading:
    """A case being read; see `open_reading`. Threads take turns.

    Parameters
    ----------
    start
        Scans and masks.
    store
        What readers did.
    reader
        Her name.
    """

    def __init__(self, start: Start, store: Store, reader: str) -> None:
        self._start, self._store, self._reader = start, store, reader
        self._layout: Layout = layout_of(start.stir)
        self._lock = threading.RLock()
        self._stands = Stands(start, self._layout)
        self._screen = Screen(self._layout)
        self._scans = {
            name: codes_of(self._layout.shown(image.array))
            for name, image in zip(SCANS, (start.stir, start.t1w), strict=True)
        }
        self._actions: list[Action] = []
        self._told: list[dict[str, Any]] = []
        self._history: History = replay(())
        self._stand: Stand = self._stands.at(self._history)
        self._catch_up()
        self._reopen()

    def describe(self) -> dict[str, Any]:
        """Return what a page has to know of the case, and how it stands (``now``)."""
        with self._lock:
            self._catch_up()
            return {
                **facts_of(self._start, self._layout, self._scans),
                "reader": self._reader,
                "arrays": {name: str(self._array(name).dtype) for name in (*SCANS, *CHANGING)},
                "actions": self._told,
                "now": self._now(None),
            }

    def array(self, name: str, index: int | None = None) -> bytes:
        """Return an array as shown, or one slice of it: little-endian, C order.

        Raises
        ------
        ValueError
            There is no such array or slice.
        """
        if name not in (*SCANS, *CHANGING):
            raise ValueError(f"name: {name!r} is none of the arrays of a reading")
        self._check_slice(index)
        with self._lock:
            array = self._array(name)
        shown = array if index is None else array[index]
        return shown.astype(shown.dtype.newbyteorder("<"), copy=False).tobytes()

    def sync(self, *, known: int = 0, table: int | None = None) -> dict[str, Any]:
        """Return the actions after `known`, of any tab, and how the case stands."""
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
        """Do one thing; when this returns it is in the store.

        Parameters
        ----------
        kind
            One of `vhi.reading_room.store.actions.KINDS`.
        payload
            ``edit``: action, scope, points, reason, and for a cut line; ``reviewed``: points,
            reviewed; ``normal_bone`` and ``disease_region``: slices, of each what is set and
            cleared; ``state``: state; ``seconds``: intervals, in seconds since 1970; ``undo`` and
            ``redo``: nothing. See `vhi.reading_room.page.payloads` and
            `vhi.reading_room.case.strokes`.
        known
            The last action that the page has seen. An undo takes back the newest that stands of
            those.
        table
            Checksum of the region table that the page has.

        Returns
        -------
        dict
            ``actions``, all after `known`; ``now``.

        Raises
        ------
        InputError
            It cannot be done, or not be saved; nothing has changed.
        """
        if kind not in KINDS:
            raise InputError(f"kind: give one of {', '.join(KINDS)}")
        with self._lock:
            self._catch_up()
            stored, stand = self._stored(kind, payload, known)
            if stored is not None:
                self._append(kind, stored, stand)
            return self._answer(known, table)

    def export(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the result as `vhi.measure` would, into a new folder.

        ``vhi measure`` with the folder's masks and ``edits.json`` gives the same voxels.

        Parameters
        ----------
        folder
            The folder to create.
        overwrite
            Put an earlier result in it aside, as ``<folder>.earlier-1``; it is never deleted.

        Raises
        ------
        InputError
            No thresholds follow from normal bone, the folder holds something, or it cannot be
            written.
        """
        with self._lock:
            self._catch_up()
            stand = self._stand
        return export_reading(self._start, stand, Path(folder), overwrite=overwrite)

    def lab(self, name: str, index: int | None = None) -> dict[str, Any]:
        """Return what a control computes on, for the case as it stands.

        Parameters
        ----------
        name
            One of `vhi.reading_room.page.labs.LABS`.
        index
            Slice to begin with.

        Raises
        ------
        ValueError
            There is no such control or slice.
        InputError
            No candidates follow from the masks as they stand.
        """
        if name not in LABS:
            raise ValueError(f"name: {name!r} is none of {', '.join(LABS)}")
        self._check_slice(index)
        with self._lock:
            self._catch_up()
            stand = self._stand
        return lab_data(name, self._start, stand, slice_index=index)

    def _check_slice(self, index: int | None) -> None:
        if index is not None and not 0 <= index < self._layout.shape[0]:
            raise ValueError(f"index: {index} is no slice of 0 to {self._layout.shape[0] - 1}")

    def _catch_up(self) -> None:
        """Take in what others, another server on the same store, have added."""
        case, known = self._start.case, self._history.known
        self._take(self._store.actions(case.case, case.visit, self._reader, after=known))

    def _append(self, kind: str, stored: dict[str, Any], stand: Stand | None = None) -> None:
        """Store an action; `stand` is where it leads, where that is known already."""
        case, known = self._start.case, self._history.known
        newer = self._store.append(case.case, case.visit, self._reader, kind, stored, known=known)
        self._take(newer, stand if len(newer) == 1 else None)

    def _take(self, newer: list[Action], stand: Stand | None = None) -> None:
        """Take in new actions; `stand` is where they lead, where that is known already."""
        if not newer:
            return
        actions = [*self._actions, *newer]
        with explain_broken(self._store.path):
            history, said = replay(actions), told(actions)
            if stand is not None:
                self._stands.know(history, stand)
            self._stand = self._stands.at(history)
        self._actions, self._history, self._told = actions, history, said

    def _reopen(self) -> None:
        """Put a case that is done in progress where what it was done with is another now."""
        if self._history.progress.state != "done":
            return
        done = next(action for action in reversed(self._actions) if action.kind == "state")
        now = self._stands.seen(self._stand)
        why = [
            OTHERS[name] for name, seen in done.payload.get("seen", {}).items() if now[name] != seen
        ]
        if why:
            self._append("state", {"state": "in progress", "why": "; ".join(why)})

    def _stored(
        self, kind: str, payload: Mapping[str, Any], known: int
    ) -> tuple[dict[str, Any] | None, Stand | None]:
        """Return what the store keeps of an action, None for one that changes nothing.

        For edits also where they lead, which had to be computed to check them.
        """
        now, stand = dt.datetime.now(dt.UTC), self._stand
        if kind == "edit":
            time = now.isoformat(timespec="seconds")
            records, edits, pieces = edits_from(
                payload, self._layout, stand.pieces, reader=self._reader, time=time
            )
            return {"edits": records}, replace(stand, pieces=pieces, edits=(*stand.edits, *edits))
        if kind in DRAWN:
            return drawing_from(payload, self._layout), None
        if kind in ("undo", "redo"):
            history = self._history
            target = history.to_undo(known) if kind == "undo" else history.to_redo()
            return (None if target is None else {"action": target.id}), None
        if kind == "reviewed":
            return reviewed_from(payload, self._layout, stand.pieces), None
        if kind == "seconds":
            return seconds_from(payload, now.timestamp()), None
        stored = state_from(payload)
        if stored["state"] == "done":
            stored["seen"] = self._stands.seen(stand)
        return stored, None

    def _answer(self, known: int, table: int | None) -> dict[str, Any]:
        newer = [each for each in self._told if each["id"] > known]
        return {"actions": newer, "now": self._now(table)}

    def _now(self, table: int | None) -> dict[str, Any]:
        """Return how the case stands; the region table only where the page has another one."""
        history = self._history
        undo, redo = history.to_undo(history.known), history.to_redo()
        numbers = self._screen.numbers(self._stand, self._start)
        rows = numbers.pop("regions")
        return {
            "known": history.known,
            "state": history.progress.state,
            "seconds": round(history.progress.seconds, 3),
            "undo": None if undo is None else words(undo, {}),
            "redo": None if redo is None else words(redo, {}),
            "changed": self._stand.to_look_at(),
            **numbers,
            "revisions": {
                name: self._screen.checksums(name, self._source(name)) for name in CHANGING
            },
            **({} if table == numbers["table"] else {"regions": rows}),
        }

    def _mask(self, name: str) -> NDArray[np.bool_]:
        steps = self._stand.steps
        return steps.normal_bone if name == "normal_bone" else steps.disease_region

    def _source(self, name: str) -> NDArray[Any]:
        if name in DRAWN:
            return self._mask(name)
        pieces = self._stand.pieces
        return pieces.labels.array if name == "labels" else pieces.regions

    def _array(self, name: str) -> NDArray[Any]:
        if name in self._scans:
            return self._scans[name].codes
        return self._screen.shown(name, self._source(name))
