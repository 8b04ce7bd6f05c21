"""Errors that a user's mistake raises, and how their messages are written.

A message is a single line that a reader can act on: which file or argument, what is wrong with
it, and what to do next.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_SEPARATOR = rf"[{re.escape(os.sep + (os.altsep or ''))}]"
_UNREADABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ANY_PATH = re.compile(rf"(?<![\w.])(?:[A-Za-z]:)?{_SEPARATOR}(?:[^\s/\\:'\"]+{_SEPARATOR})+")


class InputError(ValueError):
    """The input cannot be used.

    Commands print the message on standard error and exit with status 2. `check` is the name of
    the check that refuses, as in the book's page *What vhi checks*; empty where none does.
    """

    def __init__(self, message: str, *, check: str = "") -> None:
        super().__init__(message)
        self.check = check


class NothingFound(InputError):
    """A network's prediction is empty."""


class EditsError(InputError):
    """A reader's record does not fit the candidates it is replayed on."""


def one_line(message: object) -> str:
    """Return a message without line breaks or characters that control a terminal."""
    return readable(" ".join(str(message).split()))


def readable(text: str) -> str:
    r"""Return text without characters that people cannot read or files cannot hold.

    A byte of a file name that is not UTF-8, a control character, and a mark that turns the
    direction of what follows become U+FFFD each.

    Examples
    --------
    >>> readable("caf\udce9.nii")
    'caf�.nii'
    """
    return _UNREADABLE.sub("\ufffd", text)


def reason_of(error: OSError | MemoryError) -> str:
    """Return the system's reason, with the name of the file but without its folders.

    Examples
    --------
    >>> import errno
    >>> reason_of(OSError(errno.EIO, "Input/output error", "/data/DOE JANE/stir.nii"))
    'stir.nii: Input/output error'
    """
    if isinstance(error, MemoryError):
        return "not enough memory; close other programs, or use a larger machine"
    reason = error.strerror or type(error).__name__
    if not isinstance(error.filename, str | bytes) or os.path.isdir(error.filename):
        return reason
    return f"{Path(os.fsdecode(error.filename)).name}: {reason}"


def without_folders(message: str, folders: Iterable[Path | None]) -> str:
    """Return a message that names files without the folders that hold them.

    A folder can be named after a patient.

    Parameters
    ----------
    message
        A message, one line.
    folders
        The folders that the message can name, or folders around those; None counts as no folder.
        Other folders are recognised where their path is absolute and their names hold no spaces.

    Examples
    --------
    >>> without_folders("/data/DOE JANE/stir.nii: no such file", [Path("/data/DOE JANE")])
    'stir.nii: no such file'
    """
    names = {
        str(around)
        for folder in folders
        if folder
        for path in (folder, folder.absolute(), Path(os.path.realpath(folder)))
        for around in (path, *path.parents)
    }
    for name in sorted(names - {".", os.sep}, key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(name)}{_SEPARATOR}", "", message)
        message = re.sub(rf"(?<![\w/\\]){re.escape(name)}(?=:)", "(a folder)", message)
    return _ANY_PATH.sub("", message)
