"""Is a file the one that the manifest names? Asked of every file, answered once per file.

Hashing the study's hundred megabytes at every command would be felt, so what was found right is
remembered in a small record, beside the moment the file last changed. The record only ever saves
time: without it, or when it cannot be written, files are hashed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from vhi.errors import InputError
from vhi.files.atomic import write_whole

# A file changed so recently may change again without its time telling: coarse clocks of file
# systems tick every two seconds (FAT) at worst. Such a file is hashed again next time.
SETTLED_AFTER_S = 2.0

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class StudyFile:
    r"""One file of the supplement, as the manifest lists it.

    Attributes
    ----------
    path : str
        Path inside the supplement, with forward slashes.
    bytes : int or None
        Size; None for the files that nobody could obtain when the manifest was made.
    sha256 : str or None
        Hexadecimal SHA-256; None for the same files.
    git_blob_sha1 : str
        Hexadecimal git blob name: SHA-1 over ``b"blob <size>\0"`` and the file's bytes. Git
        knows it for every file of a commit, obtained or not.
    """

    path: str
    bytes: int | None
    sha256: str | None
    git_blob_sha1: str

    @property
    def expected(self) -> str:
        """The strongest hash known, with its kind: ``sha256:...`` or else ``git-blob:...``."""
        return f"sha256:{self.sha256}" if self.sha256 else f"git-blob:{self.git_blob_sha1}"


@dataclass(frozen=True)
class Check:
    """What looking at one copy of a file showed.

    Attributes
    ----------
    problem : str
        Why the copy must not be used, as the end of a sentence about it; empty when it is right.
    seen : os.stat_result or None
        The state of the file that was judged; None when it could not be opened.
    """

    problem: str
    seen: os.stat_result | None = None


class Record:
    """The files found right so far, kept as JSON between runs.

    Parameters
    ----------
    path
        The record's file. A missing or damaged one counts as empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries = self._read()
        self._new: dict[str, list[object]] = {}

    def __contains__(self, question: tuple[Path, os.stat_result, str]) -> bool:
        path, seen, expected = question
        return self._entries.get(str(path)) == self._entry(seen, expected)

    def add(self, path: Path, seen: os.stat_result, expected: str) -> None:
        """Remember that `path`, as `seen`, has the `expected` hash."""
        if time.time() - seen.st_mtime >= SETTLED_AFTER_S:
            self._new[str(path)] = self._entry(seen, expected)

    def save(self) -> None:
        """Write what is new; another process's entries are kept, and no failure is raised."""
        if not self._new:
            return
        entries = self._read() | self._new
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(entries, indent=0, sort_keys=True).encode())
        except (OSError, InputError):
            return  # only means that the files are hashed again next time
        self._entries, self._new = entries, {}

    def _read(self) -> dict[str, list[object]]:
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}

    @staticmethod
    def _entry(seen: os.stat_result, expected: str) -> list[object]:
        # The change time cannot be set back by copying tools as the modification time can.
        return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, expected]


def check_file(path: Path, file: StudyFile, record: Record | None = None) -> Check:
    """Compare the copy at `path` with the manifest's size and hash.

    Parameters
    ----------
    path
        An existing file, absolute.
    file
        What it should be.
    record
        Files found right before, and where this one is noted if it is.

    Returns
    -------
    Check
        With an empty `problem` when the size (where known) and the hash agree: SHA-256, or the
        git blob's SHA-1 where there is no SHA-256.
    """
    try:
        with open(path, "rb") as stream:
            seen = os.fstat(stream.fileno())
            if file.bytes is not None and seen.st_size != file.bytes:
                return Check(f"has {seen.st_size} bytes instead of {file.bytes}", seen)
            if record is not None and (path, seen, file.expected) in record:
                return Check("", seen)
            kind, _, wanted = file.expected.partition(":")
            if kind == "sha256":
                digest = hashlib.sha256()
            else:
                digest = hashlib.sha1(b"blob %d\0" % seen.st_size, usedforsecurity=False)
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        return Check(f"cannot be read ({error.strerror or error})")
    if digest.hexdigest() != wanted:
        name = "SHA-256" if kind == "sha256" else "git blob SHA-1"
        return Check(f"has another {name} than the manifest", seen)
    if record is not None:
        record.add(path, seen, file.expected)
    return Check("", seen)
