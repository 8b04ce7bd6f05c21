"""The store's tables, how a file is brought to them, and what SQLite's refusals mean."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vhi.errors import InputError
from vhi.files.atomic import explain_write_errors
from vhi.reading_room.store.migrations import to_version_2

APPLICATION_ID = 0x76686901
"""By this number in its header a SQLite file is known as a store of readings."""

VERSION = 2

WAIT_SECONDS = 10.0
"""How long a write waits for another process's. Chosen: a write takes milliseconds."""

TABLES = """
CREATE TABLE readers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    "case" TEXT NOT NULL,
    visit TEXT NOT NULL,
    scan_sha256 TEXT,
    masks TEXT,
    UNIQUE ("case", visit)
);
CREATE TABLE actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id INTEGER NOT NULL REFERENCES cases,
    reader_id INTEGER NOT NULL REFERENCES readers,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX actions_of ON actions (case_id, reader_id, id);
"""

TRIGGERS = """
CREATE TRIGGER no_update BEFORE UPDATE ON actions
BEGIN SELECT raise(ABORT, 'actions are only ever added'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON actions
BEGIN SELECT raise(ABORT, 'actions are only ever added'); END;
"""

MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: to_version_2}
"""Version to what brings a file from it to the next one."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, check an old one, and bring an older one to `VERSION`.

    Before an older file is changed a copy is put beside it, ``readings.version-N.sqlite``.

    Raises
    ------
    InputError
        The file is damaged, a newer vhi's, too old, or no store of readings. It stays as it is.
    sqlite3.Error
        It cannot be read or written.
    """
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = EXTRA")
    is_new = connection.execute("PRAGMA schema_version").fetchone()[0] == 0
    if not is_new:
        _check(connection, path)
    # All that was saved is in the one file at any time, so that a copy of it is whole; a log beside
    # it (WAL) would be a millisecond faster, and lost to who copies or puts back that file alone.
    mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise InputError(
            f"{path}: cannot be written safely there; name another folder with --store"
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may just have made the tables.
        if connection.execute("PRAGMA schema_version").fetchone()[0] == 0:
            _run(connection, TABLES + TRIGGERS)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        else:
            _migrate(connection, path)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is damaged, foreign, or of a version that is not known."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise InputError(damaged(path))
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise InputError(f"{path}: is another program's; name another folder with --store")
    version = _version(connection)
    if version > VERSION:
        raise InputError(
            f"{path}: was written by a newer vhi (version {version} of the store, this one knows "
            f"{VERSION}); update vhi, or name another folder with --store"
        )
    if any(step not in MIGRATIONS for step in range(version, VERSION)):
        raise InputError(
            f"{path}: was written by a vhi too old to carry over (version {version} of the "
            "store); open it with the vhi that wrote it, or name another folder with --store"
        )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version < VERSION:
        _copy(path, path.with_name(f"{path.stem}.version-{version}{path.suffix}"))
    with explain_broken(path):
        for step in range(version, VERSION):
            for trigger in ("no_update", "no_delete"):
                connection.execute(f"DROP TRIGGER {trigger}")
            MIGRATIONS[step](connection)
            _run(connection, TRIGGERS)


def _copy(path: Path, copy: Path) -> None:
    """Copy a store; a copy that is there already stays."""
    if copy.exists():
        return
    part = copy.with_name(f".{copy.name}.part")
    with explain_write_errors(copy):
        # A connection of its own: one cannot copy from within its own transaction.
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        os.chmod(part, 0o600)
        os.replace(part, copy)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run statements one by one: `executescript` would first commit what is open."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def check_log(path: Path) -> None:
    """Refuse a missing or empty file whose log lies beside it: SQLite would delete the log.

    Stores of the first version had one.
    """
    log = path.with_name(f"{path.name}-wal")
    if not _holds(path) and _holds(log):
        raise InputError(
            f"{path}: is missing or empty, but {log.name} beside it still holds what was read; "
            "put the file that it belongs to back, or move the log to another place"
        )


def _holds(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def damaged(path: Path) -> str:
    """Return what is said of a file that cannot be read as a store."""
    return (
        f"{path}: is damaged or no store of readings; it was left as it is: put a copy of it back, "
        "or name another folder with --store"
    )


@contextmanager
def explain_broken(path: Path) -> Iterator[None]:
    """Say in one line that what a store holds is nothing that vhi has written."""
    try:
        yield
    except InputError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, zlib.error) as error:
        raise InputError(
            f"{path}: holds something that cannot be read ({type(error).__name__}); it was left as "
            "it is: put a copy of it back, or name another folder with --store"
        ) from error


@contextmanager
def explain_refusal(path: Path) -> Iterator[None]:
    """Turn SQLite's refusal into one line for the user."""
    try:
        yield
    except sqlite3.Error as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF  # the kind; what lies above it seldom says what a user can use
        if extended == sqlite3.SQLITE_READONLY_DBMOVED or (
            code == sqlite3.SQLITE_CANTOPEN and not path.exists()
        ):
            line = "was moved, replaced or removed; put it back, or start vhi open again"
        elif code == sqlite3.SQLITE_FULL:
            line = "the disk is full; free some space: what was saved before is kept, this was not"
        elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            line = "not allowed to write there; name a folder that you own with --store"
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise InputError(damaged(path)) from error
        elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            line = "another program holds it; close that and try again"
        elif code == sqlite3.SQLITE_IOERR:
            line = "the disk refuses to write or read; what was saved before is kept, this was not"
        else:
            line = f"cannot be used ({error}); name another folder with --store"
        raise InputError(f"{path}: {line}") from error
