"""Build the book: choose the edition, execute what has changed, write the pages.

    python book/build.py                   the study's scans if available, else the phantom
    python book/build.py --cases phantom   the edition that anyone may publish
    python book/build.py --cases study     the study's scans or an error

    python book/build.py --only 05_cleaning    execute these pages; write none

The notebooks learn the edition from the environment variable VHI_CASES (``study`` or ``phantom``).
Pages are executed by `book/execution.py`; the engine finds their outputs in its cache.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from book.execution import (
    BOOK,
    BUILD,
    NOTEBOOKS,
    PAGES,
    ROOT,
    code_hash,
    environment,
    execute_missing,
    fingerprint,
    read_stamp,
    write_stamp,
)

COPIES = BOOK / "notebooks"  # under a suffix that only pages have; git ignores them
PAGE_SUFFIX = ".nb.py"
BAD_INPUT = 2  # the commands' exit status for missing data


def main() -> int:
    """Build; 0 when the pages are written without a warning."""
    arguments = parse()
    started = time.monotonic()
    edition = choose_edition(arguments.cases)
    copy_notebooks()
    now = {"edition": edition, "code": code_hash(), "pages": engine_hash()}
    clear_what_is_stale(now)
    # The engine warns about a page only when it reads it: after a build that failed or was stopped,
    # the next one reads every page again (the outputs of executed pages stay).
    write_stamp(now | {"pages": "unfinished"})
    print("vhi: executing what has changed, two pages at a time", flush=True)
    if failed := execute_missing(arguments.only or PAGES, edition, COPIES):
        print(f"\nvhi: the book was not built; these pages failed: {', '.join(failed)}")
        return 1
    if arguments.only:
        return 0
    if run_engine(edition) != 0:
        print("\nvhi: the book was not built; the warnings and errors above say why.")
        return 1
    write_stamp(now)
    say_where(edition, time.monotonic() - started)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the book.")
    parser.add_argument(
        "--cases", choices=("study", "phantom"), help="default: study if available, else phantom"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="PAGE", choices=PAGES, help="execute these pages only"
    )
    return parser.parse_args()


# ------------------------------------------------------------------------------------------ edition


def choose_edition(wanted: str | None) -> str:
    """Choose the study's scans unless the phantom is asked for; say so when falling back."""
    if wanted == "phantom":
        return "phantom"
    print("vhi: getting the study's scans (vhi fetch --only study)", flush=True)
    status = subprocess.run(
        [sys.executable, "-m", "vhi", "fetch", "--only", "study"], cwd=ROOT
    ).returncode
    if status == 0:
        return "study"
    if status != BAD_INPUT or wanted == "study":
        sys.exit(f"vhi: vhi fetch --only study ended with status {status}; nothing was built.")
    print(
        "\n"
        "  *************************************************************************************\n"
        "  *  The study's scans are not available (the reason is above).                        *\n"
        "  *  Building the PHANTOM EDITION: simulated scans; every page says so.                *\n"
        "  *************************************************************************************\n",
        flush=True,
    )
    return "phantom"


# --------------------------------------------------------------------------------- what has changed


def engine_hash() -> str:
    """Return a hash of whatever changes every page but no output; the engine watches the rest."""
    return fingerprint([*(BOOK / "_ext").glob("*.py"), BOOK / "_config.yml"])


def clear_what_is_stale(now: dict[str, str]) -> None:
    """Drop results when code or edition changed, pages when the engine's set-up did."""
    before = read_stamp()
    if any(before.get(key) != now[key] for key in ("edition", "code")):
        if before:
            print("vhi: library, lock file or edition have changed: executing every page again")
        # An edition's pictures must not outlive it: the phantom's folder may be published.
        shutil.rmtree(BUILD, ignore_errors=True)
    elif before.get("pages") != now["pages"]:
        forget_pages()


def forget_pages() -> None:
    """Drop the pages; results of executed notebooks stay in the cache."""
    for folder in (BUILD / "html", BUILD / ".doctrees"):
        shutil.rmtree(folder, ignore_errors=True)


def copy_notebooks() -> None:
    """Mirror notebooks/NN_name.py; what is unchanged keeps its time and is not read again."""
    COPIES.mkdir(exist_ok=True)
    sources = {f"{page}{PAGE_SUFFIX}": NOTEBOOKS / f"{page}.py" for page in PAGES}
    for old in COPIES.iterdir():
        if old.name not in sources and old.is_file():
            old.unlink()
    for name, source in sources.items():
        target, content = COPIES / name, source.read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)


# ------------------------------------------------------------------------------------------- engine


def run_engine(edition: str) -> int:
    """Write the pages; a warning is an error, but every one is shown first."""
    beside = Path(sys.executable).with_name("jupyter-book")
    engine = str(beside) if beside.exists() else shutil.which("jupyter-book")
    if engine is None:
        sys.exit('vhi: no jupyter-book here; install the book\'s tools: pip install -e ".[book]"')
    command = [engine, "build", str(BOOK), "-W", "--keep-going", "--quiet"]
    settings = environment(edition) | {"VHI_BOOK_EDITION": edition}
    return subprocess.run(command, cwd=ROOT, env=settings).returncode


def say_where(edition: str, seconds: float) -> None:
    page = BUILD / "html" / "index.html"
    print(
        f"\nvhi: the {edition} edition is built ({seconds:.0f} s). Open it in a browser:\n  {page}"
    )
    print(f"  {page.as_uri()}")
    if edition == "study":
        print(
            "vhi: it shows the study's scans: do not publish it (make book CASES=phantom for that)."
        )


if __name__ == "__main__":
    sys.exit(main())
