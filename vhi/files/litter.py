"""Files that programs leave in every folder they open, and that nobody misses."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

FILES = (
    # file managers: macOS, Windows, KDE, Dropbox
    ".ds_store", "._*", ".localized", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini",
    ".directory", ".dropbox", ".dropbox.attr",
    # a file that is open or was deleted while it was open: LibreOffice, Office, vim, NFS, FUSE
    ".~lock.*#", "~$*", ".*.sw[a-p]", "*.swp", ".nfs*", ".fuse_hidden*",
)  # fmt: skip
FOLDERS = ("@eadir", ".appledouble", ".spotlight-v100", ".fseventsd", "__macosx")


def is_litter(entry: os.DirEntry[str] | Path) -> bool:
    """Return whether an entry of a folder is litter, by its name and kind."""
    if entry.is_symlink():
        return False
    patterns = FOLDERS if entry.is_dir() else FILES
    return any(fnmatchcase(entry.name.lower(), pattern) for pattern in patterns)
