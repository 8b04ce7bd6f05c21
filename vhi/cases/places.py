"""Look for the supplement's files in the folders of this machine: the mirror, then the cache."""

from __future__ import annotations

import concurrent.futures
import itertools
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vhi.cases.verify import Check, Record, StudyFile, check_file

WORKERS = 4  # hashing and reading overlap

_log = logging.getLogger("vhi.cases.supplement")


@dataclass(frozen=True)
class Found:
    """Where a file was found, or why it was not.

    Attributes
    ----------
    file : StudyFile
    path : Path or None
        A copy that was verified; None when there is none.
    where : str
        ``mirror``, ``cache``, ``wrong`` (only wrong copies) or ``missing``.
    reasons : tuple of str
        Why each place has no right copy, in the order of the places; empty when one has.
    """

    file: StudyFile
    path: Path | None
    where: str
    reasons: tuple[str, ...] = ()


def look(
    files: Sequence[StudyFile],
    mirror: Path | None,
    store: Path,
    record: Record,
    *,
    set_aside: bool,
) -> Iterator[Found]:
    """Look for a right copy of each file, several at once; answers come in the order asked.

    Parameters
    ----------
    files
        What to look for.
    mirror, store
        The user's mirror (only ever read; None when there is none) and the cache's folder. Both
        are laid out as the supplement and absolute.
    record
        Files found right before; saved at the end.
    set_aside
        Whether a wrong file of the cache is renamed to ``*.wrong``. Wrong files are named in a
        warning of the logger ``vhi.cases.supplement`` in any case.
    """
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        try:
            yield from pool.map(lambda file: _find(file, mirror, store, record, set_aside), files)
        finally:
            record.save()


def _find(
    file: StudyFile, mirror: Path | None, store: Path, record: Record, set_aside: bool
) -> Found:
    reasons = []
    wrong = False
    if mirror is None:
        reasons.append("VHI_DATA_MIRROR is not set")
    elif not mirror.is_dir():
        reasons.append(f"VHI_DATA_MIRROR names {mirror}, which is no folder")
    for where, folder in (("mirror", mirror), ("cache", store)):
        if folder is None or not folder.is_dir():
            continue
        path = folder / file.path
        if not os.path.lexists(path):
            reasons.append(f"not in the {where} {folder}")
            continue
        check = check_file(path, file, record)
        if not check.problem:
            return Found(file, path, where)
        wrong = True
        reasons.append(f"the {where}'s copy {check.problem}")
        aside = _set_aside(path, check) if set_aside and where == "cache" else None
        _log.warning(
            "%s: the %s's copy %s; it is not used%s",
            file.path,
            where,
            check.problem,
            f" and was renamed to {aside.name}" if aside else "",
        )
    return Found(file, None, "wrong" if wrong else "missing", tuple(reasons))


def _set_aside(path: Path, check: Check) -> Path | None:
    """Rename a wrong file of the cache; return its new place, or None when it stays."""
    if check.seen is None:
        return None
    names = (f"{path.name}.wrong{number or ''}" for number in itertools.count())
    aside = next(place for place in map(path.with_name, names) if not os.path.lexists(place))
    try:
        os.rename(path, aside)
        moved = os.stat(aside)
        if (moved.st_dev, moved.st_ino) != (check.seen.st_dev, check.seen.st_ino):
            os.replace(aside, path)  # another process has just put the right file there
            return None
    except OSError:
        return None
    return aside
