"""The store's tables, the check of an existing file, and messages for SQLite's errors."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vhi.errors import InputError

APPLICATION_ID = 0x76686901
"""Number in the header of the SQLite file that identifies a store of readings."""

VERSION = 2

WAIT_SECONDS = 10.0
"""Longest wait for another process to finish writing. Chosen: a write takes milliseconds."""

NO_LOCKS = (
    sqlite3.SQLITE_IOERR_LOCK,
    sqlite3.SQLITE_IOERR_RDLOCK,
    sqlite3.SQLITE_IOERR_UNLOCK,
    sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
)
"""SQLite's errors on a file system without locks, such as some network folders."""

TABLES = (
    """CREATE TABLE readers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
)""",
    """CREATE TABLE cases (
    id INTEGER PRIMARY KEY,
    "case" TEXT NOT NULL,
    visit TEXT NOT NULL,
    scan_sha256 TEXT,
    masks TEXT,
    UNIQUE ("case", visit)
)""",
    """CREATE TABLE actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id INTEGER NOT NULL REFERENCES cases,
    reader_id INTEGER NOT NULL REFERENCES readers,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL
)""",
    "CREATE INDEX actions_of ON actions (case_id, reader_id, id)",
)

TRIGGERS = tuple(
    f"CREATE TRIGGER no_{verb} BEFORE {verb} ON actions "
    "BEGIN SELECT raise(ABORT, 'actions are only ever added'); END"
    for verb in ("update", "delete")
)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or check those of an existing one, which is left unchanged.

    InputError if the file is damaged, of another version of vhi, or not a store of readings;
    `sqlite3.Error` if it cannot be read or written.
    """
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = EXTRA")
    if not _is_empty(connection):
        _check(connection, path)
    # The one file then holds everything at any time. With a log beside it (WAL), writing would be a
    # millisecond faster, and a copy of the file alone would lose the log.
    if connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
        raise InputError(f"{path}: cannot be written safely; name another folder with --store")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_empty(connection):  # checked under the lock: another process may have been faster
            for statement in (*TABLES, *TRIGGERS):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_empty(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA schema_version").fetchone()[0] == 0)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is damaged, foreign, or of another version."""
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise InputError(damaged(path))
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise InputError(f"{path}: belongs to another program; name another folder with --store")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise InputError(
            f"{path}: was written by another version of vhi (store version {version}; this vhi "
            f"reads version {VERSION}); open it with that version, or name "
            "another folder with --store"
        )


def damaged(path: Path) -> str:
    """Return the message about a file that cannot be read as a store."""
    return (
        f"{path}: is damaged or not a store of readings; it was left unchanged: restore a copy of "
        "it, or name another folder with --store"
    )


@contextmanager
def explain_invalid_content(path: Path) -> Iterator[None]:
    """Turn an error about content that vhi did not write into one line for the user."""
    try:
        yield
    except InputError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, zlib.error) as error:
        raise InputError(
            f"{path}: contains an entry that cannot be read ({type(error).__name__}); it was left "
            "unchanged: restore a copy of it, or name another folder with --store"
        ) from error


@contextmanager
def explain_sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's error into one line for the user."""
    try:
        yield
    except sqlite3.Error as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF  # the kind; the higher bits seldom help a user
        if extended == sqlite3.SQLITE_READONLY_DBMOVED or (
            code == sqlite3.SQLITE_CANTOPEN and not path.exists()
        ):
            line = "was moved, replaced or removed; put it back, or start vhi open again"
        elif code == sqlite3.SQLITE_FULL:
            line = "the disk is full; free some space: earlier actions are saved, this one is not"
        elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            line = "not allowed to write there; name a folder that you own with --store"
        elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise InputError(damaged(path)) from error
        elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            line = "is in use by another program; close that program and try again"
        elif extended in NO_LOCKS or code in (sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS):
            line = "its disk does not lock files; name a folder on a local disk with --store"
        elif code == sqlite3.SQLITE_IOERR:
            line = (
                "the disk refuses to read or write; earlier actions are saved, this one is not; "
                "check the disk"
            )
        else:
            line = f"cannot be used ({error}); name another folder with --store"
        raise InputError(f"{path}: {line}") from error
