"""What the server's requests share: the worklist, the open cases, and the key to the door."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from vhi.cases.case import Case
from vhi.files.atomic import explain_write_errors
from vhi.reading_room.case.opening import load_start
from vhi.reading_room.case.reading import Reading
from vhi.reading_room.store.actions import check_reader
from vhi.reading_room.store.store import Store

ADDRESS = "127.0.0.1"
OPEN_CASES = 3
"""Cases that are kept in memory; others are opened again when they are asked for."""

EXPORTS = "exports"
MAX_FOLDER_NAME = 100


class Room:
    """What the handlers share: cases, store, reader, and the key to the door.

    Parameters
    ----------
    cases
        The worklist, in order.
    store
        Where readings are kept.
    reader
        Whose they are.
    source
        What the worklist was made from, to show.
    network
        The network that finds a disease region where a case has none.
    resample_masks
        Carry what lies on another grid to that of STIR, as for `vhi.measure`.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        store: Store,
        reader: str,
        *,
        source: str = "",
        network: str | None = None,
        resample_masks: bool = False,
    ) -> None:
        self.cases = tuple(cases)
        self.store = store
        self.reader = reader
        self.source = source
        self.network = network
        self.resample_masks = resample_masks
        self.port = 0
        self.on_admit: Callable[[], None] = lambda: None
        self.token: str | None = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)
        # Opening and acting take numpy a while: the loop stays free to answer other tabs.
        self.workers = ThreadPoolExecutor(4, thread_name_prefix="vhi-room")
        # Networks may look for masks for a minute, which no action has to wait for.
        self._openings = ThreadPoolExecutor(2, thread_name_prefix="vhi-opening")
        self._exporting = Lock()
        self._open: OrderedDict[int, Reading] = OrderedDict()
        self._opening = [Lock() for _ in self.cases]
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The address to open, good for one visit."""
        return f"http://{ADDRESS}:{self.port}/?token={self.token}"

    def admit(self, token: str) -> bool:
        """Say whether a token opens the door; the right one does so once."""
        with self._lock:
            right = self.token is not None and hmac.compare_digest(
                token.encode(), self.token.encode()
            )
            if right:
                self.token = None
        if right:
            self.on_admit()
        return right

    async def opened(self, number: int) -> Reading:
        """Give a case as `reading` does, without holding up the loop or its workers."""
        known = self._known(number)
        if known is not None:
            return known
        return await asyncio.wrap_future(self._openings.submit(self.reading, number))

    def reading(self, number: int) -> Reading:
        """Give a case, opened; two tabs that ask at once get the same one."""
        with self._opening[number]:
            known = self._known(number)
            if known is not None:
                return known
            start = load_start(
                self.cases[number],
                self.store,
                network=self.network,
                resample_masks=self.resample_masks,
            )
            reading = Reading(start, self.store, check_reader(self.reader))
            with self._lock:
                self._open[number] = reading
                while len(self._open) > OPEN_CASES:
                    self._open.popitem(last=False)
            return reading

    def _known(self, number: int) -> Reading | None:
        with self._lock:
            if number in self._open:
                self._open.move_to_end(number)
            return self._open.get(number)

    def close(self) -> None:
        """Begin nothing that still waits; what runs is left to end by itself."""
        for executor in (self.workers, self._openings):
            executor.shutdown(wait=False, cancel_futures=True)

    def worklist(self) -> dict[str, Any]:
        """List the cases with their states, as JSON."""
        progress = self.store.progress(self.reader)
        rows = []
        for number, case in enumerate(self.cases):
            known = progress.get((case.case, case.visit))
            rows.append(
                {
                    "id": number,
                    "case": case.case,
                    "visit": case.visit,
                    "simulated": case.source == "phantom",
                    "state": known.state if known else "new",
                    "seconds": known.seconds if known else 0,
                }
            )
        return {"reader": self.reader, "source": self.source, "cases": rows}

    def export(self, number: int) -> Path:
        """Export a case as it stands; an earlier export of it is put aside."""
        reading = self.reading(number)
        with self._exporting:  # of two at once each puts the other's result aside whole
            folder = self.export_folder(number)
            exports = Path(self.store.path).parent / EXPORTS
            with explain_write_errors(exports):
                exports.mkdir(mode=0o700, exist_ok=True)  # nobody else's to read, as the store
            return reading.export(folder, overwrite=True)

    def export_folder(self, number: int) -> Path:
        """Give the folder of a case's export: beside the store, one for each reader."""
        case = self.cases[number]
        place = Path(self.store.path).parent / EXPORTS
        name = _folder_name(case.case)
        if case.visit:
            name += "," + _folder_name(case.visit)  # which no part holds: it stands for itself
        for each in (_folder_name(self.reader), name):
            place = place / _own_name(place, each)
        return place


def _folder_name(name: str) -> str:
    """Give a name as one for a folder: whatever it holds, no other folder is reached by it."""
    safe = quote(name, safe=" ")
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > MAX_FOLDER_NAME:
        safe = f"{safe[:60]}-{_checksum(name)}"
    return safe or "%"


def _own_name(place: Path, name: str) -> str:
    """Give a folder's name, marked where one there differs in capitals alone: often that is one."""
    there = [each.name for each in place.iterdir()] if place.is_dir() else []
    taken = any(each != name and each.casefold() == name.casefold() for each in there)
    return f"{name}-{_checksum(name)}" if taken else name


def _checksum(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
