"""One file of the supplement: is a copy right, and how a right copy is downloaded with pooch."""

from __future__ import annotations

import hashlib
import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0  # silence in the middle of a file
RETRIES = 1  # a connection that breaks once is common, twice is a reason


class NoDownloadError(Exception):
    """Nothing can be downloaded: the server cannot be reached, or the cache not be written."""


@dataclass(frozen=True)
class StudyFile:
    r"""One file of the supplement, as the manifest lists it.

    `path` is inside the supplement, with forward slashes. `bytes` and the hexadecimal `sha256` are
    None for files that nobody could obtain when the manifest was made; git knows `git_blob_sha1` of
    every file of a commit: SHA-1 over ``b"blob <size>\0"`` and the file's bytes.
    """

    path: str
    bytes: int | None
    sha256: str | None
    git_blob_sha1: str

    def problem_of(self, copy: Path) -> str:
        """Return why a copy must not be used, as the end of a sentence; empty if it is right.

        A right copy has the manifest's size and SHA-256 or, where there is none, its git blob's
        SHA-1.
        """
        try:
            with open(copy, "rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if self.bytes is not None and size != self.bytes:
                    return f"has {size} bytes instead of {self.bytes}"
                digest = hashlib.sha256()
                if self.sha256 is None:
                    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
                hashlib.file_digest(stream, lambda: digest)
        except OSError as error:
            return f"cannot be read ({error.strerror or error})"
        if digest.hexdigest() != (self.sha256 or self.git_blob_sha1):
            return f"has another {'SHA-256' if self.sha256 else 'git blob SHA-1'} than the manifest"
        return ""


def download(file: StudyFile, folder: Path, base_url: str) -> None:
    """Download a file into `folder`, under its own path.

    It takes its final name only after it was verified, so any number of processes may download
    into one folder at once. The first wrong file that arrives is kept as ``*.wrong``.

    Raises
    ------
    NoDownloadError
        The server cannot be reached, or the folder cannot be written.
    ValueError
        Twice, the server answers with an error status, or the file is wrong or not whole.
    """
    import pooch
    from requests import exceptions

    http = pooch.HTTPDownloader(chunk_size=1 << 16, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))

    def transfer(url: str, output: str, store: Any) -> None:
        """Download and verify; pooch tries again after a `ValueError` only."""
        os.unlink(output)  # pooch makes it for this user alone; a new one follows the umask
        host = urllib.parse.urlsplit(url).hostname
        try:
            http(url, output, store)
        except (exceptions.ConnectionError, exceptions.Timeout) as error:
            detail = type(error).__name__.replace("ConnectionError", "no connection")
            raise NoDownloadError(f"{host} cannot be reached ({detail})") from error
        except exceptions.RequestException as error:
            reason = "stopped in the middle of the file"
            if error.response is not None:
                reason = f"answers with HTTP status {error.response.status_code}"
            raise ValueError(f"{host} {reason}") from error
        if problem := file.problem_of(Path(output)):
            wrong = folder / f"{file.path}.wrong"
            if not wrong.exists():
                os.replace(output, wrong)
            raise ValueError(f"the downloaded file {problem}")

    pooch.get_logger().setLevel("WARNING")  # no line for every file
    registry = {file.path: f"sha256:{file.sha256}" if file.sha256 else None}
    store = pooch.create(folder, base_url, registry=registry, retry_if_failed=RETRIES)
    try:
        # Pooch would make it without regard to others who make it at the same time.
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        store.fetch(file.path, downloader=transfer)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NoDownloadError(
            f"the cache cannot be written ({reason}); set VHI_CACHE to a folder that you own"
        ) from error
