"""What readers did, kept so that nothing is lost: one SQLite file, to which is only ever added.

Every action is on the disk before `Store.append` returns. Nothing is changed or deleted: undo and
redo are actions too, and what stands is a replay (`vhi.reading_room.store.history`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from vhi.errors import InputError
from vhi.files.atomic import explain_write_errors
from vhi.reading_room.store import schema
from vhi.reading_room.store.actions import KINDS, Action, Progress, progress_of
from vhi.reading_room.store.schema import explain_broken, explain_refusal

FILE = "readings.sqlite"

READ_SECONDS = 2.0
"""How long the worklist waits for who writes. Chosen: a write takes milliseconds."""


def default_store_folder() -> Path:
    """Folder for what readers did: ``VHI_STORE``, else the platform's place for user data."""
    named = os.environ.get("VHI_STORE")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs  # comes with pooch, which uses it for the cache

    return Path(platformdirs.user_data_dir("vhi", appauthor=False)).absolute()


class Store:
    """The readings in one folder, as the file ``readings.sqlite``.

    Several processes of one machine, and the threads of one, may use a store at once; in a network
    folder one machine at a time, as the locks of network folders cannot be trusted. That file
    alone holds all that was saved. Only what a crash leaves beside it (``-journal``) belongs to
    it too: copy both, or open the store once before.

    Parameters
    ----------
    folder
        Made, with its parents, where it does not exist.

    Raises
    ------
    InputError
        The folder cannot be written, or the file is damaged, another program's or a newer vhi's.
        It then stays as it is.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder) / FILE
        self._lock = threading.RLock()
        with explain_write_errors(self.path):
            # What readers did is nobody else's to read.
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            schema.check_log(self.path)
            # Never one that exists: closing it would end the locks that others here have on it.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with explain_refusal(self.path):
            self._connection = sqlite3.connect(
                self.path,
                timeout=schema.WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                schema.prepare(self._connection, self.path)
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Store:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def append(
        self,
        case: str,
        visit: str,
        reader: str,
        kind: str,
        payload: dict[str, Any],
        *,
        known: int = 0,
    ) -> list[Action]:
        """Add one action; when this returns it is on the disk.

        Parameters
        ----------
        case, visit, reader
            Whose action on what.
        kind
            One of `KINDS`.
        payload
            What can be written as JSON.
        known
            The last action that the caller has seen.

        Returns
        -------
        list of Action
            All actions of this case and reader after `known`, others' (of another tab) included,
            the new one last.

        Raises
        ------
        InputError
            It could not be saved, which leaves all as it was.
        """
        if kind not in KINDS:
            raise ValueError(f"kind: {kind!r} is none of {', '.join(KINDS)}")
        text = json.dumps(payload, allow_nan=False)
        time = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        with self._writing():
            case_id = self._case_id(case, visit)
            reader_id = self._reader_id(reader)
            self._connection.execute(
                "INSERT INTO actions (case_id, reader_id, time, kind, payload) "
                "VALUES (?, ?, ?, ?, ?)",
                (case_id, reader_id, time, kind, text),
            )
            # Within the transaction: nobody can add one in between that would come last.
            newer = self._read(case, visit, reader, known)
        return newer

    def actions(self, case: str, visit: str, reader: str, *, after: int = 0) -> list[Action]:
        """Return the actions of a case and reader, oldest first, that came after action `after`."""
        with self._lock, explain_refusal(self.path):
            return self._read(case, visit, reader, after)

    def progress(self, reader: str) -> dict[tuple[str, str], Progress]:
        """Return how far a reader is, by (case, visit); cases she never touched are left out."""
        # A connection of its own: the worklist need not wait for who waits to write.
        with (
            explain_refusal(self.path),
            closing(
                sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=rw", READ_SECONDS, uri=True)
            ) as connection,
        ):
            rows = connection.execute(
                'SELECT "case", visit, kind, payload FROM actions '
                "JOIN cases ON cases.id = case_id JOIN readers ON readers.id = reader_id "
                "WHERE name = ? AND (kind IN ('state', 'seconds') OR actions.id IN "
                "(SELECT max(id) FROM actions WHERE kind NOT IN ('state', 'seconds') "
                "GROUP BY case_id, reader_id)) ORDER BY actions.id",
                (reader,),
            ).fetchall()
        found: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
        with explain_broken(self.path):
            for case, visit, kind, payload in rows:
                found.setdefault((case, visit), []).append((kind, json.loads(payload)))
            return {name: progress_of(actions) for name, actions in found.items()}

    def bind(self, case: str, visit: str, scan_sha256: str) -> None:
        """Refuse a case that is not the one which was read under this name before.

        A case that was only looked at is bound anew, and what networks found on the former scan
        is dropped.

        Raises
        ------
        InputError
            Another STIR scan was read under this name.
        """
        with self._writing():
            case_id = self._case_id(case, visit)
            before, read = self._connection.execute(
                "SELECT scan_sha256, EXISTS (SELECT 1 FROM actions "
                "WHERE case_id = cases.id AND kind != 'seconds') FROM cases WHERE id = ?",
                (case_id,),
            ).fetchone()
            if before == scan_sha256:
                return
            if before is not None and read:
                raise InputError(
                    f"case {' '.join([case, visit]).strip()}: another STIR scan was read under "
                    "this name; give this one another name with --case or in the worklist, or "
                    f"name another folder than {self.path.parent} with --store"
                )
            self._connection.execute(
                "UPDATE cases SET masks = CASE WHEN scan_sha256 IS NULL THEN masks END, "
                "scan_sha256 = ? WHERE id = ?",
                (scan_sha256, case_id),
            )

    def masks(self, case: str, visit: str) -> dict[str, Any] | None:
        """Return what `keep_masks` has kept for a case; None where that is nothing."""
        with self._lock, explain_refusal(self.path):
            row = self._connection.execute(
                'SELECT masks FROM cases WHERE "case" = ? AND visit = ?', (case, visit)
            ).fetchone()
        with explain_broken(self.path):
            return json.loads(row[0]) if row and row[0] else None

    def keep_masks(self, case: str, visit: str, record: dict[str, Any]) -> None:
        """Keep the masks that networks found, so that all readers begin with the same ones.

        The first that were kept stay.
        """
        with self._writing():
            case_id = self._case_id(case, visit)
            self._connection.execute(
                "UPDATE cases SET masks = ? WHERE id = ? AND masks IS NULL",
                (json.dumps(record, allow_nan=False), case_id),
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run a transaction: all of it is on the disk afterwards, or nothing."""
        with self._lock, explain_refusal(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _case_id(self, case: str, visit: str) -> int:
        self._connection.execute(
            'INSERT INTO cases ("case", visit) VALUES (?, ?) ON CONFLICT DO NOTHING', (case, visit)
        )
        row = self._connection.execute(
            'SELECT id FROM cases WHERE "case" = ? AND visit = ?', (case, visit)
        ).fetchone()
        return int(row[0])

    def _reader_id(self, reader: str) -> int:
        self._connection.execute(
            "INSERT INTO readers (name) VALUES (?) ON CONFLICT DO NOTHING", (reader,)
        )
        row = self._connection.execute("SELECT id FROM readers WHERE name = ?", (reader,))
        return int(row.fetchone()[0])

    def _read(self, case: str, visit: str, reader: str, after: int) -> list[Action]:
        rows = self._connection.execute(
            "SELECT actions.id, time, kind, payload FROM actions "
            "JOIN cases ON cases.id = case_id JOIN readers ON readers.id = reader_id "
            'WHERE "case" = ? AND visit = ? AND name = ? AND actions.id > ? ORDER BY actions.id',
            (case, visit, reader, after),
        ).fetchall()
        with explain_broken(self.path):
            return [
                Action(number, case, visit, reader, time, kind, json.loads(payload))
                for number, time, kind, payload in rows
            ]
