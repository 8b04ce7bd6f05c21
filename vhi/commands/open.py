"""The command `vhi open`: the reading room in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import html
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vhi.commands.options import (
    CaseName,
    DiseaseRegion,
    Network,
    NormalBone,
    Resample,
    Source,
    Stir,
    T1w,
    Visit,
)
from vhi.commands.selection import Selection
from vhi.commands.terminal import progress, show_files, warn
from vhi.errors import InputError

if TYPE_CHECKING:
    from vhi.cases.case import Case
    from vhi.reading_room.server.session import Room


def open_command(
    source: Source = None,
    stir: Stir = None,
    t1w: T1w = None,
    normal_bone: NormalBone = None,
    disease_region: DiseaseRegion = None,
    network: Network = None,
    case: CaseName = None,
    visit: Visit = None,
    resample: Resample = False,
    reader: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who reads. Default: the name of your account."),
    ] = None,
    store: Annotated[
        str | None,  # as a path, an empty one would be the current folder
        typer.Option(
            metavar="DIR",
            help="Folder that keeps the readings (readings.sqlite) and exports. Default: a folder "
            "of vhi among your own data.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port. Default: any free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", metavar="", help="Print the address, open nothing.")
    ] = False,
) -> None:
    """Open the reading room: normal bone, disease region and cleaning, in your browser.

    `vhi open --source study --reader ABC`

    `vhi open --stir S.nii.gz --t1w T.nii.gz`

    Without either: the phantom, simulated scans to practise on.

    It runs on this machine alone and asks nothing of the internet. Every action is stored before
    it shows; stop it with Ctrl C, or close it as you like, and start again where you were.
    """
    try:
        from vhi.reading_room.server.server import listen
    except ModuleNotFoundError as error:
        if error.name != "tornado":
            raise
        raise InputError(
            'the reading room needs tornado; install it with: pip install "vhi[room]"'
        ) from error
    from vhi.reading_room.server.session import Room
    from vhi.reading_room.store.actions import check_reader
    from vhi.reading_room.store.store import Store, default_store_folder

    name_of_reader = check_reader(_account() if reader is None else reader)
    if store is not None and not store.strip():
        raise InputError("--store is empty; name a folder, or leave it out")
    own = any((stir, t1w, normal_bone, disease_region))
    selection = Selection(
        source or (None if own else "phantom"),
        case, visit, stir, t1w, normal_bone, disease_region, network,
    )  # fmt: skip
    selection.check()
    with progress("Getting the cases") as report:
        cases = selection.cases(show_files(report))
    _check(cases, network, own=own)
    with Store(default_store_folder() if store is None else store) as kept:
        name = "" if own else cases[0].source
        room = Room(
            cases, kept, name_of_reader, source=name, network=network, resample_masks=resample
        )
        try:
            # Closing the window of a terminal, or killing, loses nothing: see
            # vhi/reading_room/store/store.py.
            asyncio.run(_serve(room, listen, port, browser=not no_browser))
        finally:
            room.close()


def _check(cases: list[Case], network: str | None, *, own: bool) -> None:
    """Refuse at once what no case of the worklist can be opened with.

    Of a source's files each is checked when it is used, so that one missing file fails one case.
    """
    from vhi.cases.table import can_name_folder
    from vhi.images.nifti import check_file
    from vhi.masks.find import check_masks
    from vhi.workflow import check_two_scans

    for case in cases if own else ():
        for option, name in (("--case", case.case), ("--visit", case.visit)):
            if not can_name_folder(name):
                raise InputError(
                    f"{option}: {name!r} cannot name a result folder; give a short name of "
                    "letters, digits, '-' and '_'"
                )
        for path in (case.stir, case.t1w, case.normal_bone, case.disease_region):
            if path is not None:
                check_file(path)
        check_two_scans(case)
    if own or network is not None:
        check_masks(cases[0], network)


def _account() -> str:
    """Give the name of the user's account, where the system tells."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reader"


async def _serve(room: Room, listen: Callable[..., Any], port: int, *, browser: bool) -> None:
    """Serve until the command is stopped."""
    stopped = asyncio.Event()
    with contextlib.suppress(AttributeError):  # no such signal on Windows
        if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # else `nohup` keeps it running
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stopped.set)
    server = listen(room, port)
    try:
        print(f"Reading room for {room.reader}: {room.url}")
        print(f"Readings are kept in {room.store.path}. Stop with Ctrl C.", flush=True)
        if not browser:
            await stopped.wait()
            return
        with _letter(room.url) as letter:
            room.on_admit = lambda: shutil.rmtree(letter.parent, ignore_errors=True)
            print("If your browser shows no page, open the address above in it.", flush=True)
            _open_browser(letter)
            await stopped.wait()
    finally:
        server.stop()


@contextlib.contextmanager
def _letter(url: str) -> Iterator[Path]:
    """Write a page that leads to `url`, readable by this user alone; removed once it is used.

    A browser that is started by a command shows its address to everybody on the machine, so it
    gets this file's address instead, which holds no token. It lies in the home folder, under a name
    that is not hidden: a browser in a snap may open nothing else.
    """
    home = os.path.expanduser("~")
    place = home if os.access(home, os.W_OK) else None
    with tempfile.TemporaryDirectory(  # mode 0700
        prefix="vhi-open-", dir=place, ignore_cleanup_errors=True
    ) as folder:
        letter = Path(folder) / "room.html"
        handle = os.open(letter, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(
                "<!doctype html><title>vhi reading room</title>"
                f'<meta http-equiv="refresh" content="0; url={html.escape(url)}">'
                "Opening the reading room …"
            )
        yield letter


def _open_browser(page: Path) -> None:
    import webbrowser

    try:
        opened = webbrowser.open(page.as_uri())
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        warn("no browser could be started; open the address above")
