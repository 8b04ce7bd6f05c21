"""The place of a result: it can be written, and no other run of vhi writes there.

Both are checked before the work starts.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from vhi.errors import InputError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


NEW, OLD = "new", "old"
"""Ends of hidden names beside a result: ``new`` may be removed at any time; ``old`` is an earlier
result while its place is empty, and is put back."""

LOCKED = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
"""Errors that say that another process holds the lock; others say that there are no locks."""

BACK_SECONDS = 2.0
"""Longest wait for a folder to go back to its name. Chosen: more than a virus scanner takes to look
into a folder that was renamed."""

MAX_STEM_BYTES = 200

_held: Counter[Path] = Counter()
_guard = threading.Lock()


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
        elif error.errno in (errno.EBUSY, errno.ETXTBSY):
            reason = "is in use by another program; close that program, or choose another place"
        elif isinstance(error, PermissionError) or error.errno == errno.EROFS:
            reason = "not allowed to write there; choose a folder that you own"
        elif isinstance(error, (NotADirectoryError, FileExistsError)):
            reason = "a file has the name that a folder needs; choose another place"
        elif isinstance(error, FileNotFoundError):
            reason = "its folder does not exist; create it first, or choose another place"
        elif error.errno == errno.ENAMETOOLONG:
            reason = "the name is too long; choose a shorter one"
        else:
            reason = f"cannot be written ({error.strerror or error}); choose another place"
        raise InputError(f"{path}: {reason}", check="writable") from error


def named_folder(variable: str, default: Callable[[], str]) -> Path:
    """Return the folder that an environment variable names, else the default.

    Raises
    ------
    InputError
        The folder starts at a home folder, and this account has none.
    """
    try:
        path = os.path.expanduser(os.environ.get(variable) or default())
    except RuntimeError:  # the default's; versions of platformdirs before it returned "~"
        path = "~"
    if path.startswith("~"):
        raise InputError(
            f"this account has no home folder; set the environment variable {variable} to the "
            "full path of a folder that you own",
            check="no-home",
        )
    return Path(path).absolute()


def real_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the folder that a path leads to, through links.

    Raises
    ------
    InputError
        The path is a link that leads nowhere.
    """
    for path in (Path(folder), *Path(folder).parents):
        if os.path.islink(path) and not os.path.exists(path):
            raise InputError(
                f"{path}: is a link to a folder that does not exist; create that folder (connect "
                "its disk), or name another",
                check="broken-link",
            )
    return Path(os.path.realpath(folder))


def hidden_name(path: Path, end: str = NEW) -> Path:
    """Return a name beside `path` that no other process uses."""
    return path.with_name(f".{_stem(path)}.{secrets.token_hex(6)}.{end}")


def is_leftover(name: str, of: str) -> bool:
    """Return whether `name` is what a killed process left beside the file `of`."""
    return _hidden(Path(of), NEW).fullmatch(name) is not None


@contextlib.contextmanager
def sole_writer(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Keep every other run of vhi from writing to `folder` until the block ends.

    The lock is on a hidden file beside the folder and ends with the process, however it ends. Where
    a file system has no locks, there is none. What a killed run left beside the folder is removed,
    an earlier result that it had renamed gets its name back. The parents of `folder` are created.

    A folder that is filled and never replaced is locked by the name of a file in it.

    Raises
    ------
    InputError
        Another run writes there, or nothing can be written or renamed there.
    """
    place = real_folder(folder)
    if not place.name or (os.path.isdir(place) and not os.access(place.parent, os.W_OK)):
        raise InputError(
            f"{folder}: cannot be replaced, because its parent folder is not writable; name a new "
            "folder inside it",
            check="writable",
        )
    with _guard:
        _held[place] += 1
        outermost = _held[place] == 1
    try:
        with _locked(place, Path(folder)) if outermost else contextlib.nullcontext():
            yield
    finally:
        with _guard:
            _held[place] -= 1
            if not _held[place]:
                del _held[place]


@contextlib.contextmanager
def _locked(place: Path, shown: Path) -> Iterator[None]:
    with _parents_of(place, shown):
        path = place.with_name(f".{_stem(place)}.lock")
        with explain_write_errors(shown):
            descriptor = _lock_file(path)
        if descriptor is None:
            raise InputError(
                f"{shown}: another run of vhi is writing there; wait until it has ended, or name "
                "another folder",
                check="one-writer",
            )
        try:
            with explain_write_errors(shown):
                recover(place)
            check_writable(place, shown)
            yield
        finally:
            if sys.platform == "win32":  # which removes no open file
                os.close(descriptor)
            with contextlib.suppress(OSError):
                path.unlink()
            if sys.platform != "win32":
                os.close(descriptor)


def _lock_file(path: Path) -> int | None:
    """Return a locked file; None where another process has locked it."""
    while True:
        flags = os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            descriptor = os.open(path, os.O_RDWR | flags, 0o666)
        except PermissionError:
            if not os.path.exists(path):
                raise
            descriptor = os.open(path, os.O_RDONLY)  # another user's, left by a killed run
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in LOCKED:
                os.close(descriptor)
                return None
            return descriptor
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)  # the run before has removed it in between


@contextlib.contextmanager
def _parents_of(place: Path, shown: Path) -> Iterator[None]:
    """Create the parents of a folder; remove those that stay empty."""
    missing = [path for path in place.parents if not os.path.lexists(path)]
    try:
        with explain_write_errors(shown.parent):
            place.parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for path in missing:
            with contextlib.suppress(OSError):
                path.rmdir()  # only ever removes an empty one


def recover(path: Path) -> None:
    """Remove what a killed run left beside `path`; put back what it had renamed."""
    for entry in list(os.scandir(path.parent)):
        beside = Path(entry.path)
        if _hidden(path, OLD).fullmatch(entry.name) and not os.path.lexists(path):
            os.rename(beside, path)
        elif not _hidden(path, NEW).fullmatch(entry.name):
            continue
        elif entry.is_dir(follow_symlinks=False):
            shutil.rmtree(beside, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                beside.unlink()


def check_writable(path: Path, shown: Path | None = None) -> None:
    """Refuse a place beside which no file and no folder can be made, renamed and removed.

    `shown`: the name of the place in the message.
    """
    shown, first, second = shown or path, hidden_name(path), hidden_name(path)
    try:
        with explain_write_errors(shown):
            first.mkdir()
            for name in ("a", "b"):
                (first / name).write_bytes(b"vhi")
        try:
            os.replace(first / "a", first / "b")
            os.rename(first, second)
        except OSError as error:
            raise InputError(
                f"{shown}: files can be written there but not renamed ({error.strerror}); write "
                "to another disk, then copy the result",
                check="writable",
            ) from error
    finally:
        for probe in (first, second):
            shutil.rmtree(probe, ignore_errors=True)


def check_movable(folder: Path) -> None:
    """Refuse an earlier result that cannot be renamed, as when a program has a file of it open."""
    with sole_writer(folder):
        place = real_folder(folder)
        aside = hidden_name(place, OLD)
        try:
            os.rename(place, aside)
        except OSError as error:
            if error.errno == errno.EXDEV:  # it can be copied
                return
            raise InputError(
                f"{folder}: cannot be replaced ({error.strerror}); close every program that has "
                "one of its files open, or name another folder",
                check="in-use",
            ) from error
        patience = time.monotonic() + BACK_SECONDS
        while True:
            try:
                os.rename(aside, place)
                return
            except OSError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.05)


def move_folder(source: Path, target: Path) -> None:
    """Rename a folder of files; where the file system cannot, as in a container, copy them."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        try:
            target.mkdir()
            for file in filter(Path.is_file, source.iterdir()):
                shutil.copyfile(file, target / file.name)  # without the mode, which may be refused
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        shutil.rmtree(source)


def _stem(path: Path) -> str:
    """Return the name, cut where a hidden one would be longer than the 255 bytes of most disks."""
    name = os.fsencode(path.name)
    if len(name) <= MAX_STEM_BYTES:
        return path.name
    return f"{path.name[:40]}-{hashlib.sha256(name).hexdigest()[:16]}"


def _hidden(path: Path, end: str) -> re.Pattern[str]:
    return re.compile(rf"\.{re.escape(_stem(path))}\.[0-9a-f]{{12}}\.{end}")
