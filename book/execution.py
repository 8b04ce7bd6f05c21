"""Execute the book's pages, once, two at a time, into the cache from which the engine takes them.

The same executed pages are what the tests compare with the references (``tests/book``). The cache
knows a page by its code; what else decides its outputs (the library, the data, the edition) is in
the stamp beside it, and `build.py` empties the cache when that changes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jupytext
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
BUILD = BOOK / "_build"
STAMP = BUILD / "built-from.json"
CACHE = BUILD / ".jupyter_cache"  # where the engine looks
NOTEBOOKS = ROOT / "notebooks"
PAGES = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.py"))

AT_ONCE = 2  # pages; each may use several threads itself
CELL_TIMEOUT_S = 600


def environment(source: str) -> dict[str, str]:
    """Return what a page's kernel needs to run this checkout on a source of cases."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "VHI_CASES": source,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a debugger's remark, none of the page's
    }


def read_page(page: str) -> Any:
    """Return a page as a notebook without outputs, as the engine reads it."""
    text = (NOTEBOOKS / f"{page}.py").read_text(encoding="utf-8")
    return jupytext.reads(text, fmt="py:percent")


async def execute(page: str, source: str, folder: Path) -> Any:
    """Return a page as an executed notebook.

    Parameters
    ----------
    page
        Its file's name without ``.py``.
    source
        ``"study"``, ``"phantom"`` or the path of a table of cases.
    folder
        Working directory of the kernel.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails.
    """
    client = NotebookClient(
        read_page(page),
        timeout=CELL_TIMEOUT_S,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,  # a kernel may send a text in parts
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # a remark on its transport is none of the page's
    )
    return await client.async_execute(env=environment(source))


def executed(page: str) -> Any:
    """Return a page with its outputs from the cache.

    Raises
    ------
    KeyError
        The page, as it is now, has not been executed.
    """
    return get_cache(CACHE).merge_match_into_notebook(read_page(page))[1]


def execute_missing(pages: Iterable[str], edition: str, folder: Path) -> list[str]:
    """Execute the pages that the cache lacks, `AT_ONCE` at a time; return those that failed."""
    return asyncio.run(_execute_missing(pages, edition, folder))


async def _execute_missing(pages: Iterable[str], edition: str, folder: Path) -> list[str]:
    cache, gate, failed = get_cache(CACHE), asyncio.Semaphore(AT_ONCE), []

    async def run(page: str) -> None:
        async with gate:
            started = time.monotonic()
            try:
                notebook = await execute(page, edition, folder)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                failed.append(page)
                print(f"\nvhi: {page} failed\n{error}", flush=True)
                return
            seconds = time.monotonic() - started
            bundle = CacheBundleIn(notebook, page, data={"execution_seconds": seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            print(f"vhi: executed {page} ({seconds:.0f} s)", flush=True)

    missing = [page for page in pages if not _is_cached(cache, page)]
    await asyncio.gather(*map(run, missing))
    return failed


def _is_cached(cache: Any, page: str) -> bool:
    try:
        cache.match_cache_notebook(read_page(page))
    except KeyError:
        return False
    return True


# ---------------------------------------------------------------------- what the cache was made of


def read_stamp() -> dict[str, str]:
    """Return what the build folder was made from; empty where there is none."""
    return json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}


def write_stamp(state: dict[str, str]) -> None:
    """Remember what the build folder was made from."""
    BUILD.mkdir(exist_ok=True)
    STAMP.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def code_hash() -> str:
    """Return a hash of whatever a page's outputs depend on besides its own code."""
    package = [p for p in (ROOT / "vhi").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    tables = [*(ROOT / "data-manifest").rglob("*.csv"), *(ROOT / "networks").glob("*/*.csv")]
    records = (ROOT / "networks").glob("*/*.json")
    drawings = (BOOK / "drawings").glob("*.py")
    return fingerprint([*package, *tables, *records, *drawings, ROOT / "constraints.txt"])


def fingerprint(files: Iterable[Path]) -> str:
    """Return one hash over names and contents, the same for the same files in any order."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()
