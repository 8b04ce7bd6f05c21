"""Reading a small file that a user names."""

from __future__ import annotations

import errno
from pathlib import Path


def read_plain_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    OSError
        It cannot be read, or is a pipe or a device, whose end could be waited for for ever.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "not a plain file")
    return path.read_bytes()
