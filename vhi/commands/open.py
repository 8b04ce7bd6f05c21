"""The command `vhi open`: the reading room in a browser."""

from __future__ import annotations

import contextlib
import html
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from vhi.commands.options import (
    DiseaseRegion,
    Network,
    NormalBone,
    Resample,
    Source,
    Stir,
    T1w,
    flag,
    option,
)
from vhi.commands.selection import Selection
from vhi.commands.terminal import progress, show_files, warn
from vhi.errors import InputError

if TYPE_CHECKING:
    from vhi.cases.case import Case
    from vhi.reading_room.server.session import Session


def open_command(
    source: Source = None,
    stir: Stir = None,
    t1w: T1w = None,
    normal_bone: NormalBone = None,
    disease_region: DiseaseRegion = None,
    network: Network = None,
    case: Annotated[
        str | None,
        option(
            "NAME",
            "Open one case of the source. With --stir: a name for your scan (default: the file "
            "name).",
        ),
    ] = None,
    visit: Annotated[
        str | None, option("NAME", "Open one visit. With --stir: a name for the visit.")
    ] = None,
    resample: Resample = False,
    reader: Annotated[
        str | None,
        option("NAME", "Name of the reader. Default: your user name."),
    ] = None,
    store: Annotated[
        str | None,  # as a path, an empty one would be the current folder
        option(
            "DIR",
            "Folder for the readings (readings.sqlite) and exports. Default: the folder named by "
            "the environment variable VHI_STORE, else a folder vhi in your user data.",
        ),
    ] = None,
    port: Annotated[
        int,
        option(
            "N",
            "Port on this machine, for a tunnel: `ssh -L 8765:localhost:8765 HOST`. Default: any "
            "free port.",
            min=0,
            max=65535,
        ),
    ] = 0,
    proposal: Annotated[
        bool | None,
        flag(
            "--proposal/--no-proposal",
            "Show or hide what a model proposes to remove. Default: as the source's table says "
            "(column proposal: shown or hidden), else shown, and hidden where readers are "
            "compared: in the study, and in tables with readers' masks. Hidden wins.",
        ),
    ] = None,
    no_browser: Annotated[
        bool,
        flag("--no-browser", "Print the address and start no browser."),
    ] = False,
) -> None:
    """Draw normal bone and the disease region and clean candidates in your browser.

    `vhi open --source study --reader ABC`

    `vhi open --stir S.nii.gz --t1w T.nii.gz`

    Without a source, the command opens the phantom: simulated scans for practice.

    The reading room runs only on this machine and needs no internet. Every action is saved
    before the page shows it. Stop with Ctrl C at any time; the next start continues where you
    stopped.
    """
    try:
        from vhi.reading_room.server.server import listen
    except ModuleNotFoundError as error:
        if error.name != "tornado":
            raise
        raise InputError(
            'the reading room needs tornado; install it with: pip install "vhi[room]"'
        ) from error
    import asyncio

    from vhi.reading_room.server.session import Session
    from vhi.reading_room.store.actions import check_reader
    from vhi.reading_room.store.store import Store, default_store_folder

    name_of_reader = check_reader(_account() if reader is None else reader)
    if store is not None and not store.strip():
        raise InputError("--store is empty; name a folder, or leave it out")
    own_scans = any((stir, t1w, normal_bone, disease_region))
    if source is None and not own_scans:
        source = "phantom"
    selection = Selection(source, case, visit, stir, t1w, normal_bone, disease_region, network)
    selection.check()
    with progress("Getting the cases") as report:
        cases = selection.cases(show_files(report))
    _check(cases, network, own_scans=own_scans)
    with Store(default_store_folder() if store is None else store) as readings:
        readings.check_reader(name_of_reader)
        session = Session(
            cases,
            readings,
            name_of_reader,
            source="" if own_scans else cases[0].source,
            network=network,
            resample_masks=resample,
            proposal=proposal,
        )
        try:
            # Closing the terminal or killing the process loses nothing: see `Store`.
            asyncio.run(serve(session, listen, port, browser=not no_browser))
        finally:
            session.close()


def _check(cases: list[Case], network: str | None, *, own_scans: bool) -> None:
    """Check names, files and network before the start.

    The files of a source are checked when a case is opened, so that a missing file affects one
    case only.
    """
    from vhi.cases.values import can_name_folder
    from vhi.images.nifti import check_file
    from vhi.masks.areas import check_areas
    from vhi.workflow import check_two_scans

    for case in cases if own_scans else ():
        for label, name in (("--case", case.case), ("--visit", case.visit)):
            if not can_name_folder(name):
                raise InputError(
                    f"{label}: {name!r} cannot name a result folder; give a short name of "
                    "letters, digits, '-' and '_'"
                )
        for path in case.files:
            check_file(path)
        check_two_scans(case)
    if own_scans or network is not None:
        check_areas(cases[0], network)


def _account() -> str:
    """Return the user name, or "reader" if the system has none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reader"


async def serve(session: Session, listen: Callable[..., Any], port: int, *, browser: bool) -> None:
    """Serve until the command is stopped."""
    import asyncio

    stopped = asyncio.Event()
    with contextlib.suppress(AttributeError):  # no such signal on Windows
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # which `nohup` sets
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stopped.set)
    server = listen(session, port)
    try:
        print(f"Reading room for {session.reader}: {session.url}")
        print(f"Readings are saved in {session.store.path}. Stop with Ctrl C.", flush=True)
        if not browser:
            await stopped.wait()
            return
        with contextlib.ExitStack() as stack:
            if can_show_pages():
                with contextlib.suppress(OSError):  # no folder for the page: the address remains
                    page = stack.enter_context(start_page(session.url))
                    session.on_admit = lambda: shutil.rmtree(page.parent, ignore_errors=True)
                    print("If no page opens in your browser, open the address above.", flush=True)
                    # On a worker: a browser that runs in the terminal ends only when it is left.
                    await asyncio.to_thread(open_browser, page)
            else:
                warn("no browser can be started here; open the address above")
            await stopped.wait()
    finally:
        server.stop()


def can_show_pages() -> bool:
    """Return whether a browser has a screen: without one, Linux starts one in the terminal."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return not sys.platform.startswith("linux") or any(map(os.environ.get, screens))


@contextlib.contextmanager
def start_page(url: str) -> Iterator[Path]:
    """Write a page that leads to `url`, readable by this user alone; it is removed once used.

    The command line of a browser is visible to every user of the machine, so the browser is given
    this file's address, which holds no token. The file is in the home folder and not hidden: a
    browser installed as a snap may open no other files.
    """
    home = os.path.expanduser("~")
    parent = home if os.path.isabs(home) and os.access(home, os.W_OK) else None
    with tempfile.TemporaryDirectory(  # mode 0700
        prefix="vhi-open-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        page = Path(folder) / "room.html"
        handle = os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(
                "<!doctype html><title>vhi reading room</title>"
                f'<meta http-equiv="refresh" content="0; url={html.escape(url)}">'
                "Opening the reading room …"
            )
        yield page


def open_browser(page: Path) -> None:
    """Open a page in the browser; warn if none can be started."""
    import webbrowser

    try:
        opened = webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        warn("no browser could be started; open the address above")
