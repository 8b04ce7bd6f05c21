"""The store of readers' actions: one SQLite file to which actions are only ever added.

Every action is on the disk before `Store.append` returns. Nothing is changed or deleted: undo and
redo are actions too, and `vhi.reading_room.store.history` replays them.
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
from typing import Any

from vhi.cases.names import likeness, shown, similar
from vhi.errors import InputError
from vhi.files.place import explain_write_errors, named_folder
from vhi.reading_room.store import schema
from vhi.reading_room.store.actions import KINDS, PASSIVE, Action, Progress, progress_of
from vhi.reading_room.store.schema import explain_invalid_content, explain_sqlite_errors

FILE = "readings.sqlite"
_PASSIVE = ", ".join(f"'{kind}'" for kind in PASSIVE)

READ_SECONDS = 2.0
"""Longest wait of the worklist for a write to finish. Chosen: a write takes milliseconds."""


def default_store_folder() -> Path:
    """Return the folder named by ``VHI_STORE``, else the platform's folder for user data."""
    import platformdirs

    return named_folder("VHI_STORE", lambda: platformdirs.user_data_dir("vhi", appauthor=False))


class Store:
    """The readings in one folder: the file ``readings.sqlite``.

    Several processes and threads of one machine may use a store at once. In a network folder only
    one machine at a time may use it, because network folders do not lock files reliably. The file
    holds everything that was saved; only a crash leaves a second one (``-journal``) that belongs
    to it: copy both, or open the store once first.

    `folder`: created with its parents if it does not exist.
    InputError: the folder cannot be written, or the file is damaged, another program's or another
    version's. The file is left unchanged.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder) / FILE
        self._lock = threading.RLock()
        try:
            with explain_write_errors(self.path):
                # Only the user may read the readings.
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Not an existing file: closing it would release this process's other locks on it.
                with suppress(FileExistsError):
                    os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except InputError as error:
            raise InputError(
                f"{error} (--store, or the environment variable VHI_STORE)", check=error.check
            ) from error
        with explain_sqlite_errors(self.path):
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
        """Return the store."""
        return self

    def __exit__(self, *exception: object) -> None:
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
        after: int = 0,
    ) -> list[Action]:
        """Add one action; it is on the disk when this returns.

        Return all actions of this case and reader after number `after`, which the caller has seen;
        the new one last. Actions of other tabs are included. InputError if it could not be saved;
        the store is then unchanged.
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
            # Inside the transaction, so that no other action can come last.
            return self._read(case, visit, reader, after)

    def actions(self, case: str, visit: str, reader: str, *, after: int = 0) -> list[Action]:
        """Return the actions of a case and reader after number `after`, oldest first."""
        with self._lock, explain_sqlite_errors(self.path):
            return self._read(case, visit, reader, after)

    def progress(self, reader: str) -> dict[tuple[str, str], Progress]:
        """Return a reader's progress by (case, visit); cases without an action are left out."""
        # A separate connection: the worklist does not wait for a thread that waits to write.
        with (
            explain_sqlite_errors(self.path),
            closing(
                sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=rw", READ_SECONDS, uri=True)
            ) as connection,
        ):
            rows = connection.execute(
                'SELECT "case", visit, kind, payload FROM actions '
                "JOIN cases ON cases.id = case_id JOIN readers ON readers.id = reader_id "
                "WHERE name = ? AND (kind IN ('state', 'seconds') OR actions.id IN "
                f"(SELECT max(id) FROM actions WHERE kind NOT IN ('state', {_PASSIVE}) "
                "GROUP BY case_id, reader_id)) ORDER BY actions.id",
                (reader,),
            ).fetchall()
        by_case: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {}
        with explain_invalid_content(self.path):
            for case, visit, kind, payload in rows:
                by_case.setdefault((case, visit), []).append((kind, json.loads(payload)))
            return {case: progress_of(actions) for case, actions in by_case.items()}

    def check_reader(self, name: str) -> None:
        """Refuse a new reader whose name looks like that of another one: InputError."""
        with self._lock, explain_sqlite_errors(self.path):
            names = [name for (name,) in self._connection.execute("SELECT name FROM readers")]
        if name not in names and (other := similar(name, names)):
            new, known = shown(name, other)
            raise InputError(
                f"--reader: {new} looks like {known}, whose readings are in {self.path}; start as "
                f"{known}, or give two readers names that differ clearly",
                check="names-alike",
            )

    def bind(self, case: str, visit: str, scan_sha256: str) -> None:
        """Bind a case's name to a scan; refuse another scan once the case was read.

        A case that was only viewed is bound again, and the masks predicted on the former scan are
        dropped.

        InputError: another STIR scan was read under this name, or this one under a name that looks
        like it.
        """
        with self._writing():
            self._check_case(case, visit, scan_sha256)
            case_id = self._case_id(case, visit)
            bound_sha256, was_read = self._connection.execute(
                "SELECT scan_sha256, EXISTS (SELECT 1 FROM actions "
                f"WHERE case_id = cases.id AND kind NOT IN ({_PASSIVE})) FROM cases WHERE id = ?",
                (case_id,),
            ).fetchone()
            if bound_sha256 == scan_sha256:
                return
            if bound_sha256 is not None and was_read:
                raise InputError(
                    f"case {' '.join([case, visit]).strip()}: another STIR scan was read under "
                    "this name; give this scan another name with --case or in the worklist, or "
                    f"name a folder other than {self.path.parent} with --store"
                )
            self._connection.execute(
                "UPDATE cases SET masks = CASE WHEN scan_sha256 IS NULL THEN masks END, "
                "scan_sha256 = ? WHERE id = ?",
                (scan_sha256, case_id),
            )

    def _check_case(self, case: str, visit: str, scan_sha256: str) -> None:
        read = self._connection.execute(
            'SELECT "case", visit FROM cases WHERE scan_sha256 = ? AND EXISTS (SELECT 1 FROM '
            f"actions WHERE case_id = cases.id AND kind NOT IN ({_PASSIVE}))",
            (scan_sha256,),
        ).fetchall()
        like = [(likeness(c), likeness(v)) == (likeness(case), likeness(visit)) for c, v in read]
        if any(like) and (case, visit) not in read:
            (old, old_visit), new = read[like.index(True)], " ".join([case, visit]).strip()
            raise InputError(
                f"case {new}: this scan was read as {' '.join([old, old_visit]).strip()!r} in "
                f"{self.path}; use that name, with --case and --visit or in the worklist",
                check="names-alike",
            )

    def masks(self, case: str, visit: str) -> dict[str, Any] | None:
        """Return the record that `keep_masks` stored for a case; None without one."""
        with self._lock, explain_sqlite_errors(self.path):
            row = self._connection.execute(
                'SELECT masks FROM cases WHERE "case" = ? AND visit = ?', (case, visit)
            ).fetchone()
        with explain_invalid_content(self.path):
            return json.loads(row[0]) if row and row[0] else None

    def keep_masks(self, case: str, visit: str, record: dict[str, Any]) -> None:
        """Store predicted masks, so that all readers start from the same ones.

        A record that is already stored stays.
        """
        with self._writing():
            case_id = self._case_id(case, visit)
            self._connection.execute(
                "UPDATE cases SET masks = ? WHERE id = ? AND masks IS NULL",
                (json.dumps(record, allow_nan=False), case_id),
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Run a transaction: afterwards all of it is on the disk, or nothing."""
        with self._lock, explain_sqlite_errors(self.path):
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
        with explain_invalid_content(self.path):
            return [
                Action(number, case, visit, reader, time, kind, json.loads(payload))
                for number, time, kind, payload in rows
            ]
