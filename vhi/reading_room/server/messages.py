"""Lines for the page without folders: a folder can be named after a patient."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_SEPARATOR = rf"[{re.escape(os.sep + (os.altsep or ''))}]"
_ANY_PATH = re.compile(rf"(?<![\w.])(?:[A-Za-z]:)?{_SEPARATOR}(?:[^\s/\\:'\"]+{_SEPARATOR})+")


def names_only(text: str, folders: Iterable[Path]) -> str:
    """Return a line with the names of files and without the folders that they lie in.

    Parameters
    ----------
    text
        A message.
    folders
        Those that it can name. Others are recognised where their names hold no spaces.

    Examples
    --------
    >>> names_only("/data/DOE JANE/stir.nii: no such file", [Path("/data/DOE JANE")])
    'stir.nii: no such file'
    """
    for folder in sorted({str(folder) for folder in folders} - {"", "."}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(folder)}{_SEPARATOR}", "", text)
    return _ANY_PATH.sub("", text)
