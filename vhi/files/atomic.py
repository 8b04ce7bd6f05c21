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
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vhi.errors import InputError

# It can only be read by setting it, which is safe while no other thread writes: once, here.
_UMASK = os.umask(0)
os.umask(_UMASK)


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
            raise InputError(
                f"{path}: the disk is full; free some space or choose another place"
            ) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise InputError(
                f"{path}: not allowed to write there; choose a folder that you own"
            ) from error
        if isinstance(error, (NotADirectoryError, FileExistsError)):
            raise InputError(
                f"{path}: a file stands where a folder has to be; name another place"
            ) from error
        if isinstance(error, FileNotFoundError):
            raise InputError(
                f"{path}: its folder does not exist; create it first, or name another place"
            ) from error
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place"
        ) from error


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path` in one step: the old file or the new one, never a part.

    Parameters
    ----------
    path
        The file to write; its folder must exist. An existing file is replaced.
    content
        All bytes of the file.

    Raises
    ------
    InputError
        The file cannot be written; nothing has changed on disk.
    """
    path = Path(path)
    with explain_write_errors(path):
        if os.path.isdir(path):
            raise InputError(f"{path}: is a folder; name a file")
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o666 & ~_UMASK)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


@contextlib.contextmanager
def staged_folder(
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    known: frozenset[str] | None = None,
    keep_earlier: bool = False,
) -> Iterator[Path]:
    """Give an empty folder to fill, which takes the place of `folder` when all went well.

    Parameters
    ----------
    folder
        The folder to create; its parents are created too.
    overwrite
        Whether an earlier result in `folder` may be replaced.
    known
        The names that an earlier result may hold. A folder that holds anything else is never
        replaced, so that `--overwrite` cannot delete files that vhi did not write.
    keep_earlier
        Put what is replaced aside, as ``<folder>.earlier-1`` and so on, instead of deleting it.

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
    check_free(folder, overwrite=overwrite, known=known)
    # Through ".." or a link the place would be lost once a part of the way is renamed.
    folder = Path(os.path.realpath(folder))
    with explain_write_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent))
    try:
        try:
            yield stage
        except InputError as error:
            raise InputError(str(error).replace(str(stage), str(folder))) from error
        with explain_write_errors(folder):
            os.chmod(stage, 0o777 & ~_UMASK)
            # Once more: somebody may have put something there while the result was being made.
            check_free(folder, overwrite=overwrite, known=known)
            _swap(stage, folder, keep_earlier=keep_earlier)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def check_free(
    folder: str | os.PathLike[str], *, overwrite: bool = False, known: frozenset[str] | None = None
) -> None:
    """Refuse a folder that a result must not replace (see `staged_folder`)."""
    folder = Path(folder)
    with explain_write_errors(folder):
        linked, there = os.path.islink(folder), os.path.lexists(folder)
        if linked or (there and not os.path.isdir(folder)):
            raise InputError(f"{folder}: is not a folder; name a new folder for the result")
        if there and (os.path.samefile(folder, os.curdir) or os.path.ismount(folder)):
            raise InputError(
                f"{folder}: cannot be replaced while it is in use; name a new folder inside it"
            )
        entries = sorted(os.scandir(folder), key=lambda e: e.name) if there else []
    if not entries:
        return
    foreign = [
        entry.name
        for entry in entries
        if known is not None
        and (entry.name not in known or not entry.is_file(follow_symlinks=False))
    ]
    if foreign:
        raise InputError(
            f"{folder}: holds files that are not a result of vhi ({foreign[0]}); "
            "name a new folder for the result"
        )
    if not overwrite:
        raise InputError(
            f"{folder}: already holds a result; add --overwrite to replace it, or name another"
        )


def _swap(stage: Path, folder: Path, *, keep_earlier: bool) -> None:
    """Rename `stage` to `folder`; an old `folder` is kept aside until the new one stands."""
    with contextlib.suppress(OSError):
        folder.rmdir()  # only ever removes an empty one
    if not folder.exists():
        os.rename(stage, folder)  # fails, and replaces nothing, if a filled one has just appeared
        return
    if keep_earlier:
        names = (folder.with_name(f"{folder.name}.earlier-{n}") for n in itertools.count(1))
        _exchange(stage, folder, next(name for name in names if not os.path.lexists(name)))
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.old.", dir=folder.parent))
    try:
        _exchange(stage, folder, aside / "old")
    finally:
        if folder.exists():
            shutil.rmtree(aside / "old", ignore_errors=True)
        with contextlib.suppress(OSError):
            aside.rmdir()


def _exchange(stage: Path, folder: Path, old: Path) -> None:
    """Rename `folder` to `old` and `stage` to `folder`; where that fails, `folder` stands again."""
    os.rename(folder, old)
    try:
        os.rename(stage, folder)
    except BaseException:
        os.rename(old, folder)
        raise
