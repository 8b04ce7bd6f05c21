"""One run of the reading room: the worklist, the open cases, the token and the cookie."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from vhi.cases.case import Case
from vhi.files.place import explain_write_errors
from vhi.reading_room.page.reading import Reading, open_reading
from vhi.reading_room.store.actions import Progress
from vhi.reading_room.store.store import Store

ADDRESS = "127.0.0.1"
OPEN_CASES = 3
"""Cases that are kept in memory; others are opened again on request."""

EXPORTS = "exports"
MAX_FOLDER_NAME = 100


class Session:
    """The state that all requests share: cases, store, reader, token and cookie.

    `source` names the origin of the worklist; `network` and `resample_masks` as for `vhi.measure`.
    `proposal`: whether a model's proposal is shown, see `shows_proposal`.
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
        proposal: bool | None = None,
    ) -> None:
        self.cases = tuple(cases)
        self.store = store
        self.reader = reader
        self.source = source
        self.network = network
        self.resample_masks = resample_masks
        self.proposal = proposal
        self.port = 0
        self.on_admit: Callable[[], None] = lambda: None
        self.token: str | None = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)
        # Computation runs on workers, so that the loop can answer other tabs.
        self.workers = ThreadPoolExecutor(4, thread_name_prefix="vhi-room")
        # Predicting masks may take a minute, during which actions need workers.
        self.openings = ThreadPoolExecutor(2, thread_name_prefix="vhi-opening")
        self._exporting = Lock()
        self._open: OrderedDict[int, Reading] = OrderedDict()
        self._opening = [Lock() for _ in self.cases]
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The address to open; valid once."""
        return f"http://{ADDRESS}:{self.port}/?token={self.token}"

    def admit(self, token: str) -> bool:
        """Return whether a token is valid; the right one is valid once."""
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
        """Return a case as `reading` does, without blocking the loop or its workers."""
        reading = self._in_memory(number)
        if reading is None:
            reading = await asyncio.wrap_future(self.openings.submit(self.reading, number))
        return reading

    def reading(self, number: int) -> Reading:
        """Open a case; two tabs that open it at the same time share it."""
        with self._opening[number]:
            reading = self._in_memory(number)
            if reading is None:
                reading = open_reading(
                    self.cases[number],
                    self.store,
                    self.reader,
                    network=self.network,
                    resample_masks=self.resample_masks,
                    propose=shows_proposal(self.cases[number], self.proposal),
                )
                with self._lock:
                    self._open[number] = reading
                    while len(self._open) > OPEN_CASES:
                        self._open.popitem(last=False)
            return reading

    def _in_memory(self, number: int) -> Reading | None:
        with self._lock:
            if number in self._open:
                self._open.move_to_end(number)
            return self._open.get(number)

    def close(self) -> None:
        """Cancel waiting tasks; running tasks end by themselves."""
        for executor in (self.workers, self.openings):
            executor.shutdown(wait=False, cancel_futures=True)

    def worklist(self) -> dict[str, Any]:
        """List the cases with their states, as JSON."""
        progress = self.store.progress(self.reader)
        rows = []
        for number, case in enumerate(self.cases):
            of_case = progress.get((case.case, case.visit), Progress())
            names = {"id": number, "case": case.case, "visit": case.visit}
            names["proposal"] = "shown" if shows_proposal(case, self.proposal) else "hidden"
            rows.append({**names, "simulated": case.source == "phantom", **asdict(of_case)})
        return {"reader": self.reader, "source": self.source, "cases": rows}

    def export(self, number: int) -> Path:
        """Export the current state of a case; an earlier export is renamed."""
        reading = self.reading(number)
        with self._exporting:  # one after the other, so that each renames a complete result
            folder = self.export_folder(number)
            exports = Path(self.store.path).parent / EXPORTS
            with explain_write_errors(exports):
                exports.mkdir(mode=0o700, exist_ok=True)  # only the user may read it
            return reading.export(folder, overwrite=True)

    def export_folder(self, number: int) -> Path:
        """Return the folder of a case's export: beside the store, one for each reader."""
        case = self.cases[number]
        folder = Path(self.store.path).parent / EXPORTS
        name = _folder_name(case.case)
        if case.visit:
            name += "," + _folder_name(case.visit)  # quoted within each part, so unambiguous
        for part in (_folder_name(self.reader), name):
            folder = folder / _distinct_name(folder, part)
        return folder


def shows_proposal(case: Case, setting: bool | None = None) -> bool:
    """Return whether a case opens with a model's proposal; decided before anybody sees the case.

    Hidden if the setting or the case's table hides it, shown if either shows it. By default it is
    shown, and hidden where readers are compared, in the study and in tables with readers' masks:
    readers who see one proposal agree with it, and so with each other. The phantom is for practice.
    """
    table = {"shown": True, "hidden": False}.get(case.proposal)
    if setting is False or table is False:
        return False
    compared = case.source == "study" or bool(case.reader_masks)
    return bool(setting or table or case.source == "phantom" or not compared)


def _folder_name(name: str) -> str:
    """Turn any name into that of one folder, which cannot lead to another one."""
    safe = quote(name, safe=" ")
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > MAX_FOLDER_NAME:
        safe = f"{safe[:60]}-{_checksum(name)}"
    return safe or "%"


def _distinct_name(parent: Path, name: str) -> str:
    """Add a checksum if a folder there differs in capitals alone: some disks ignore them."""
    siblings = [path.name for path in parent.iterdir()] if parent.is_dir() else []
    taken = any(other != name and other.casefold() == name.casefold() for other in siblings)
    return f"{name}-{_checksum(name)}" if taken else name


def _checksum(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
