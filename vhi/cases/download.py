"""Download files of the supplement: several at once, each whole and right or not at all."""

from __future__ import annotations

import concurrent.futures
import contextlib
import errno
import itertools
import os
import queue
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from vhi.cases.verify import StudyFile, check_file

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0  # silence in the middle of a file
WORKERS = 4  # enough to hide the server's latency, few enough to be a polite guest
ATTEMPTS = 2  # a connection that breaks once is common, twice is a reason
FAILURES_BEFORE_GIVING_UP = 3
REMEMBER_UNREACHABLE_S = 15.0  # so that several calls in a row wait for one time-out only
_STALE_PART_S = 24 * 3600.0
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)

# Until when, on the monotonic clock, an address counts as unreachable, and why.
_unreachable: dict[str, tuple[float, str]] = {}


class _WrongBytesError(Exception):
    """What arrived is not the file that the manifest names."""


def download_files(
    files: Sequence[StudyFile],
    folder: Path,
    base_url: str,
    done: Callable[[StudyFile], None] | None = None,
) -> dict[str, str]:
    """Download `files` from `base_url` into `folder`, under their own paths.

    A file takes its final name only after its size and hash were checked, so any number of
    processes may download into one folder at once. One short request first tells whether there
    is an internet at all: without one this returns in about ten seconds whatever the number of
    files. After three files that failed the rest are not tried.

    Parameters
    ----------
    files
        What to download; nothing is asked about what is already there.
    folder
        Where to; it is created.
    base_url
        The address that the files' paths are joined to, with its last slash.
    done
        Called in this thread after each file that arrived.

    Returns
    -------
    dict of str to str
        The reason for each path that failed; empty when all went well.
    """
    if not files:
        return {}
    until, unreachable = _unreachable.get(base_url, (0.0, ""))
    if time.monotonic() >= until:
        unreachable = _why_unreachable(_address(base_url, files[0]))
        _unreachable[base_url] = (time.monotonic() + REMEMBER_UNREACHABLE_S, unreachable)
    if unreachable:
        return {file.path: unreachable for file in files}
    reasons: dict[str, str] = {}
    stop = threading.Event()

    failures = itertools.count(1)

    def fetch(file: StudyFile) -> str | None:
        """Say why a file failed: "" for a success, None for one that was not tried."""
        if stop.is_set():
            return None
        reason = _fetch_one(file, folder, base_url)
        # Told here, in the worker, so that no further file is begun before we hear of it.
        if reason and next(failures) >= FAILURES_BEFORE_GIVING_UP:
            stop.set()
        return reason

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        jobs = {pool.submit(fetch, file): file for file in files}
        try:
            for job in concurrent.futures.as_completed(jobs):
                file, reason = jobs[job], job.result()
                if reason:
                    reasons[file.path] = reason
                elif reason == "" and done is not None:
                    done(file)
        finally:  # also when the user interrupts: what runs is finished, the rest is not begun
            stop.set()
        last = next(reversed(reasons.values()), "")
        for job, file in jobs.items():
            if job.result() is None:
                reasons[file.path] = (
                    f"not tried after {FAILURES_BEFORE_GIVING_UP} failures ({last})"
                )
    return reasons


def _fetch_one(file: StudyFile, folder: Path, base_url: str) -> str:
    """Download and check one file; return why it failed, or an empty text."""
    target = folder / file.path
    url = _address(base_url, file)
    reason = ""
    for _ in range(ATTEMPTS):
        # Unique, so that two processes never write one file; hidden, so that no one reads it.
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_stale_parts(target)
            _http(READ_TIMEOUT_S)(url, str(part), None)
            problem = check_file(part, file).problem
            if problem:
                _keep_one_as_wrong(part, target)
                raise _WrongBytesError(f"what arrived {problem}")
            os.replace(part, target)
            return ""
        except _WrongBytesError as error:
            return str(error)
        except OSError as error:  # requests' errors are OSErrors too
            reason = _explain(error, url)
            if _status(error) or error.errno in _CANNOT_WRITE:
                return reason  # asking again at once would not help
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return reason


def _why_unreachable(url: str) -> str:
    """Ask for a file's header only; return why there is no answer, or an empty text.

    The question is asked in a thread of its own because looking up a name and trying several
    addresses of one server have no time limit that we could set.
    """
    answer: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ask() -> None:
        try:
            _http(CONNECT_TIMEOUT_S)(url, None, None, check_only=True)
        except Exception as error:  # handed to the thread that waits
            answer.put(_explain(error, url))
        else:
            answer.put("")  # any status is an answer; a missing file is told by its own request

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.get(timeout=CONNECT_TIMEOUT_S + 2.0)
    except queue.Empty:
        return f"{_host(url)} does not answer"


def _http(read_timeout_s: float) -> Callable[..., object]:
    import pooch

    return pooch.HTTPDownloader(chunk_size=1 << 16, timeout=(CONNECT_TIMEOUT_S, read_timeout_s))


def _keep_one_as_wrong(part: Path, target: Path) -> None:
    """Leave the first wrong download of a file to be looked at; later ones are dropped."""
    aside = target.with_name(f"{target.name}.wrong")
    if not aside.exists():
        os.replace(part, aside)


def _remove_stale_parts(target: Path) -> None:
    """Remove what downloads of this file left behind when they were killed, a day later."""
    for part in target.parent.glob(f".{target.name}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > _STALE_PART_S:
                part.unlink()


def _explain(error: Exception, url: str) -> str:
    """Say in a few words what went wrong; requests' own texts run over several lines."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if _status(error):
        return f"{_host(url)} answers with HTTP status {_status(error)}"
    for kind, words in (
        ("Timeout", "does not answer"),
        ("SSLError", "has no certificate that this machine trusts"),
        ("ProxyError", "cannot be reached through the proxy"),
        ("ChunkedEncodingError", "stopped in the middle of the file"),
        ("ConnectionError", "cannot be reached"),
    ):
        if kind in kinds:
            return f"{_host(url)} {words}"
    if isinstance(error, OSError) and error.strerror:
        return f"the cache cannot be written ({error.strerror})"
    return f"{type(error).__name__} from {_host(url)}"


def _status(error: Exception) -> int | None:
    """Return the HTTP status the server answered with, when that is what went wrong."""
    response = getattr(error, "response", None)
    return None if response is None else response.status_code


def _address(base_url: str, file: StudyFile) -> str:
    return base_url + urllib.parse.quote(file.path)


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url
