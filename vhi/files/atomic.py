"""Writing: whole or not at all.

Every file and folder that vhi writes is first written under a temporary name beside its final
place and then renamed, so that a full disk, a kill or a mistake never leaves half a result.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from vhi.errors import InputError


@contextlib.contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write `path` into one line for the user.

    Raises
    ------
    InputError
        The disk is full, the folder is missing or not writable, or any other `OSError`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full; free some space or choose another place"
        elif isinstance(error, PermissionError) or error.errno == errno.EROFS:
            reason = "not allowed to write there; choose a folder that you own"
        elif isinstance(error, (NotADirectoryError, FileExistsError)):
            reason = "a file has the name that a folder needs; name another place"
        elif isinstance(error, FileNotFoundError):
            reason = "its folder does not exist; create it first, or name another place"
        else:
            reason = f"cannot be written ({error.strerror or error}); choose another place"
        raise InputError(f"{path}: {reason}") from error


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
            raise InputError(f"{path}: is a folder; name a file")
        temporary = _hidden_name(path)
        try:
            with open(temporary, "xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
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
    """Give an empty folder to fill, which takes the place of `folder` when all went well.

    Parameters
    ----------
    folder
        The folder to create; its parents are created too.
    overwrite
        Whether an earlier result in `folder` may be replaced.
    result_files
        The names that an earlier result may hold. A folder that holds anything else is never
        replaced, so that `--overwrite` cannot delete files that vhi did not write.
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
        cannot be written.
    """
    check_free(folder, overwrite=overwrite, result_files=result_files)
    # Through ".." or a link the place would be lost once a part of the way is renamed.
    folder = Path(os.path.realpath(folder))
    with explain_write_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = _hidden_name(folder)
        stage.mkdir()
    try:
        try:
            yield stage
        except InputError as error:
            raise InputError(str(error).replace(str(stage), str(folder))) from error
        with explain_write_errors(folder):
            # Once more: somebody may have put something there while the result was being made.
            check_free(folder, overwrite=overwrite, result_files=result_files)
            _swap(stage, folder, keep_earlier=keep_earlier)
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
        if not os.path.lexists(folder):
            return
        if folder.is_symlink() or not folder.is_dir():
            raise InputError(f"{folder}: is not a folder; name a new folder for the result")
        if os.path.samefile(folder, os.curdir) or os.path.ismount(folder):
            raise InputError(
                f"{folder}: cannot be replaced while it is in use; name a new folder inside it"
            )
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    for entry in entries:
        is_file = entry.is_file(follow_symlinks=False)
        if result_files is not None and not (is_file and entry.name in result_files):
            raise InputError(
                f"{folder}: holds files that are not a result of vhi ({entry.name}); "
                "name a new folder for the result"
            )
    if entries and not overwrite:
        raise InputError(
            f"{folder}: already holds a result; add --overwrite to replace it, or name another"
        )


def _hidden_name(path: Path) -> Path:
    """Return a name beside `path` that no other process uses."""
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}")


def _swap(stage: Path, folder: Path, *, keep_earlier: bool) -> None:
    """Rename `stage` to `folder`; where that fails, an earlier `folder` is put back."""
    with contextlib.suppress(OSError):
        folder.rmdir()  # only ever removes an empty one
    if not folder.exists():
        os.rename(stage, folder)  # fails, and replaces nothing, if a filled one has just appeared
        return
    earlier = _hidden_name(folder)
    if keep_earlier:
        names = (folder.with_name(f"{folder.name}.earlier-{n}") for n in itertools.count(1))
        earlier = next(name for name in names if not os.path.lexists(name))
    os.rename(folder, earlier)
    try:
        os.rename(stage, folder)
    except BaseException:
        os.rename(earlier, folder)
        raise
    if not keep_earlier:
        shutil.rmtree(earlier, ignore_errors=True)
