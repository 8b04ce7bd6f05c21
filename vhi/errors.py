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
_ANY_PATH = re.compile(rf"(?<![\w.])(?:[A-Za-z]:)?{_SEPARATOR}(?:[^\s/\\:'\"]+{_SEPARATOR})+")


class InputError(ValueError):
    """The input cannot be used.

    Commands print the message on standard error and exit with status 2. `check` is the name of
    the check in `vhi.checks` that refuses; empty where none does.
    """

    def __init__(self, message: str, *, check: str = "") -> None:
        super().__init__(message)
        self.check = check


class NothingFound(InputError):
    """A network's prediction is empty."""


class EditsError(InputError):
    """A reader's record does not fit the candidates it is replayed on."""


def one_line(message: object) -> str:
    """Return a message without line breaks."""
    return " ".join(str(message).split())


def without_folders(message: str, folders: Iterable[Path | None]) -> str:
    """Return a message that names files without the folders that hold them.

    A folder can be named after a patient.

    Parameters
    ----------
    message
        A message, one line.
    folders
        The folders that the message can name; None counts as no folder. Other folders are
        recognised where their path is absolute and their names hold no spaces.

    Examples
    --------
    >>> without_folders("/data/DOE JANE/stir.nii: no such file", [Path("/data/DOE JANE")])
    'stir.nii: no such file'
    """
    names = {str(path) for folder in folders if folder for path in (folder, folder.absolute())}
    for name in sorted(names - {"."}, key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(name)}{_SEPARATOR}", "", message)
    return _ANY_PATH.sub("", message)
