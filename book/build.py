"""Build the book: choose the edition, execute what has changed, write the pages.

    python book/build.py                   the study's scans where they can be had, else the phantom
    python book/build.py --cases phantom   the edition that anyone may publish
    python book/build.py --cases study     the study's scans or an error

The notebooks learn the edition from the environment variable VHI_CASES (``study`` or ``phantom``).

The engine executes a notebook again when the notebook's own code changes. It cannot know that the
library or the data did: whenever they have, everything built before is thrown away here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
BUILD = BOOK / "_build"
STAMP = BUILD / "built-from.json"
NOTEBOOKS = ROOT / "notebooks"
PAGES = BOOK / "notebooks"  # copies, under a suffix that only pages have; git ignores them
PAGE_SUFFIX = ".nb.py"
KERNEL_REMARK = "Kernel is running over TCP"  # on this machine only, and only while it executes
BAD_INPUT = 2  # the commands' exit status where data cannot be had


def main() -> int:
    """Build; 0 when the pages are written without a warning."""
    arguments = parse()
    started = time.monotonic()
    edition = choose_edition(arguments.cases)
    copy_notebooks()
    now = {
        "edition": edition,
        "code": fingerprint(code_files()),
        "pages": fingerprint(page_files()),
    }
    clear_what_is_stale(now)
    # The engine warns about a page only when it reads it: after a build that failed or was stopped,
    # the next one reads every page again (the results of executed notebooks stay).
    write_stamp(now | {"pages": "unfinished"})
    print("vhi: executing what has changed; all pages together take about six minutes", flush=True)
    if run_engine(edition) != 0:
        print("\nvhi: the book was not built; the warnings and errors above say why.")
        return 1
    write_stamp(now)
    say_where(edition, time.monotonic() - started)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the book.")
    parser.add_argument(
        "--cases", choices=("study", "phantom"), help="default: whichever can be had"
    )
    return parser.parse_args()


# ------------------------------------------------------------------------------------------ edition


def choose_edition(wanted: str | None) -> str:
    """Take the study's scans unless the phantom is asked for; never fall back in silence."""
    if wanted == "phantom":
        return "phantom"
    print("vhi: getting the study's scans (vhi fetch --only study)", flush=True)
    status = subprocess.run([tool("vhi"), "fetch", "--only", "study"], cwd=ROOT).returncode
    if status == 0:
        return "study"
    if status != BAD_INPUT or wanted == "study":
        sys.exit(f"vhi: vhi fetch --only study ended with status {status}; nothing was built.")
    print(
        "\n"
        "  *************************************************************************************\n"
        "  *  The study's scans cannot be had (the reason is above).                            *\n"
        "  *  Building the PHANTOM EDITION: simulated scans; every page says so.                *\n"
        "  *************************************************************************************\n",
        flush=True,
    )
    return "phantom"


# --------------------------------------------------------------------------------- what has changed


def code_files() -> list[Path]:
    """Whatever a notebook's result depends on besides its own code."""
    package = [p for p in (ROOT / "vhi").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    tables = [*(ROOT / "data-manifest").rglob("*.csv"), *(ROOT / "networks").glob("*/*.csv")]
    records = (ROOT / "networks").glob("*/*.json")
    return [*package, *tables, *records, ROOT / "constraints.txt"]


def page_files() -> list[Path]:
    """Whatever changes every page but no result; the rest the engine watches by itself."""
    return [*(BOOK / "_ext").glob("*.py"), BOOK / "_config.yml"]


def fingerprint(files: Iterable[Path]) -> str:
    """One hash over names and contents, the same for the same files in any order."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def clear_what_is_stale(now: dict[str, str]) -> None:
    """Drop results when code or edition changed, pages when the engine's set-up did."""
    before = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}
    if any(before.get(key) != now[key] for key in ("edition", "code")):
        if before:
            print(
                "vhi: the library, the lock or the edition has changed: executing every page again"
            )
        # An edition's pictures must not outlive it: the phantom's folder may be published.
        shutil.rmtree(BUILD, ignore_errors=True)
    elif before.get("pages") != now["pages"]:
        forget_pages()


def write_stamp(state: dict[str, str]) -> None:
    """Remember what the build folder was made from."""
    BUILD.mkdir(exist_ok=True)
    STAMP.write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def forget_pages() -> None:
    """Drop the pages; results of executed notebooks stay in the cache."""
    for folder in (BUILD / "html", BUILD / ".doctrees"):
        shutil.rmtree(folder, ignore_errors=True)


def copy_notebooks() -> None:
    """Mirror notebooks/NN_name.py; what is unchanged keeps its time and is not read again."""
    PAGES.mkdir(exist_ok=True)
    sources = {f"{p.stem}{PAGE_SUFFIX}": p for p in NOTEBOOKS.glob("[0-9][0-9]_*.py")}
    if not sources:
        sys.exit(f"vhi: no notebooks in {NOTEBOOKS}")
    for old in PAGES.iterdir():
        if old.name not in sources and old.is_file():
            old.unlink()
    for name, source in sources.items():
        target, content = PAGES / name, source.read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)


# ------------------------------------------------------------------------------------------- engine


def run_engine(edition: str) -> int:
    """Execute and write; a warning is an error, but every one is shown first."""
    environment = os.environ | {
        "VHI_BOOK_EDITION": edition,
        "VHI_CASES": edition,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a debugger's remark that is none of the notebook's
    }
    command = [tool("jupyter-book"), "build", str(BOOK), "-W", "--keep-going", "--quiet"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as engine:
        for line in engine.stdout or ():
            if KERNEL_REMARK not in line:
                print(line, end="", flush=True)
    return engine.returncode


def tool(name: str) -> str:
    """The command of this environment, else of the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        sys.exit(f'vhi: no command {name}; install the book\'s tools: pip install -e ".[book]"')
    return found


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
