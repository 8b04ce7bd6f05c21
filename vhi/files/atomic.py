"""Writing: whole or not at all.

Every file and folder that vhi writes is first written under a temporary name beside its final
place and then renamed, so that a full disk, a kill or a mistake never leaves half a result.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from vhi.errors import InputError
from vhi.files.litter import is_litter
from vhi.files.place import (
    OLD,
    check_movable,
    explain_write_errors,
    hidden_name,
    is_leftover,
    move_folder,
    real_folder,
    sole_writer,
)

NO_FSYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
"""Errors of a file system that cannot say whether a file has reached the disk."""


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path` in one step: the old file or the new one, never a part.

    Raises
    ------
    InputError
        The file cannot be written, or its folder does not exist; nothing has changed on disk.
    """
    path = Path(path)
    with explain_write_errors(path):
        if os.path.isdir(path):
            raise InputError(f"{path}: is a folder; name a file", check="writable")
        temporary = hidden_name(path)
        try:
            with open(temporary, "xb") as stream:
                stream.write(content)
                stream.flush()
                _sync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise


@contextlib.contextmanager
def staged_folder(
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    result_files: frozenset[str] | None = None,
    keep_earlier: bool = False,
) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces `folder` if all goes well.

    Parameters
    ----------
    folder
        The folder to create; its parents are created too. A link to a folder is followed.
    overwrite
        Whether an earlier result in `folder` may be replaced.
    result_files
        The names that an earlier result may hold. A folder that holds anything else, litter apart,
        is never replaced, so that `--overwrite` cannot delete files that vhi did not write.
    keep_earlier
        Rename an earlier result to ``<folder>.earlier-1`` and so on, instead of deleting it.

    Yields
    ------
    Path
        A temporary folder beside `folder`. It is renamed at the end, or removed on any error.

    Raises
    ------
    InputError
        `folder` is a file, holds foreign files, holds a result and `overwrite` is false, or
        cannot be written; or another run writes there.
    """
    with sole_writer(folder):
        check_free(folder, overwrite=overwrite, result_files=result_files)
        # Through ".." or a link the place would be lost once a part of the way is renamed.
        folder = real_folder(folder)
        stage = hidden_name(folder)
        try:
            with explain_write_errors(folder):
                stage.mkdir()
            try:
                yield stage
            except InputError as error:
                text = str(error).replace(str(stage), str(folder))
                raise InputError(text, check=error.check) from error
            with explain_write_errors(folder):
                # Once more: somebody may have put something there while the result was being made.
                filled = _check_content(folder, overwrite, result_files)
                _swap(stage, folder, keep_earlier=keep_earlier and filled)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def check_free(
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    result_files: frozenset[str] | None = None,
) -> None:
    """Refuse a folder that a result must not replace (see `staged_folder`)."""
    folder = Path(folder)
    with explain_write_errors(folder):
        if _check_content(folder, overwrite, result_files):
            check_movable(folder)


def _check_content(folder: Path, overwrite: bool, result_files: frozenset[str] | None) -> bool:
    """Return whether a folder holds an earlier result that may be replaced; refuse any other."""
    place = real_folder(folder)
    if not os.path.lexists(place):
        return False
    if not place.is_dir():
        raise InputError(
            f"{folder}: is not a folder; name a new folder for the result", check="foreign-file"
        )
    if os.path.samefile(place, os.curdir) or os.path.ismount(place):
        raise InputError(
            f"{folder}: cannot be replaced while it is in use; name a new folder inside it",
            check="in-use",
        )
    entries = [entry for entry in os.scandir(place) if not is_litter(entry)]
    for entry in sorted(entries, key=lambda entry: entry.name):
        is_file = entry.is_file(follow_symlinks=False)
        if result_files is not None and not (is_file and _is_ours(entry.name, result_files)):
            raise InputError(
                f"{folder}: holds files that are not a result of vhi ({entry.name}); "
                "name a new folder for the result",
                check="foreign-file",
            )
    if entries and not overwrite:
        raise InputError(
            f"{folder}: already holds a result; add --overwrite to replace it, or name another "
            "folder",
            check="earlier-result",
        )
    return bool(entries)


def _is_ours(name: str, result_files: frozenset[str]) -> bool:
    return name in result_files or any(is_leftover(name, file) for file in result_files)


def _sync(descriptor: int) -> None:
    """Wait until a file is on the disk, where the file system can say so."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FSYNC:
            raise


def _swap(stage: Path, folder: Path, *, keep_earlier: bool) -> None:
    """Rename `stage` to `folder`; where that fails, an earlier `folder` is put back."""
    with contextlib.suppress(OSError):
        folder.rmdir()  # only ever removes an empty one
    if not folder.exists():
        os.rename(stage, folder)  # fails, and replaces nothing, if a filled one has just appeared
        return
    earlier = hidden_name(folder, OLD)
    if keep_earlier:
        names = (folder.with_name(f"{folder.name}.earlier-{n}") for n in itertools.count(1))
        earlier = next(name for name in names if not os.path.lexists(name))
    move_folder(folder, earlier)
    try:
        os.rename(stage, folder)
    except BaseException:
        move_folder(earlier, folder)
        raise
    if not keep_earlier:
        aside = hidden_name(folder)  # a name that says that it may be removed
        with contextlib.suppress(OSError):
            os.rename(earlier, aside)
            earlier = aside
        shutil.rmtree(earlier, ignore_errors=True)
