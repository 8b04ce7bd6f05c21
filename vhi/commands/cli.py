"""The command `vhi`: its commands together, exit statuses, and errors as one line."""

from __future__ import annotations

import errno
import gc
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from vhi.commands.evaluate import evaluate_command
from vhi.commands.fetch import fetch
from vhi.commands.measure import measure
from vhi.commands.normal_bone import normal_bone_command
from vhi.commands.open import open_command
from vhi.commands.options import Commands, SeveralValues
from vhi.commands.phantom import phantom
from vhi.commands.segment import segment
from vhi.commands.study import study
from vhi.commands.terminal import INTERRUPTED, OneLineHandler
from vhi.commands.train import train
from vhi.errors import InputError, one_line, reason_of

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Measure the volume of hyperintense inflammation (VHI) on MRI of the sacroiliac joints.

    The input is one STIR and one T1w scan of the same visit; the result is a volume in mm³, a
    picture and a report. Networks predict normal bone and the disease region unless you give
    masks.

    Research use only. Not a medical device.""",
)
for name, command in (
    ("measure", measure),
    ("normal-bone", normal_bone_command),
    ("segment", segment),
    ("train", train),
    ("evaluate", evaluate_command),
    ("study", study),
    ("phantom", phantom),
    ("fetch", fetch),
    ("open", open_command),
):
    app.command(name, cls=SeveralValues)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from vhi import __version__

        print(f"vhi {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 0 done, 2 bad input, 130 interrupted."""
    logging.getLogger("vhi").addHandler(handler := OneLineHandler())
    message, status = "", 0
    try:
        arguments = [_with_home(argument) for argument in arguments or ["--help"]]
        status = app(args=arguments, prog_name="vhi", standalone_mode=False)
    except InputError as error:
        message = one_line(error)
    except MemoryError as error:
        message = reason_of(error)
    except OSError as error:
        if _is_of_output(error):
            raise
        where = f"{error.filename}: {error.strerror}; check the path" if error.filename else error
        message = one_line(where)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "vhi"
        text = one_line(error.format_message())
        message = f"{text}{'' if text.endswith(('.', '?')) else '.'} See: {command} --help"
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    finally:
        logging.getLogger("vhi").removeHandler(handler)
    if message:
        print(f"vhi: {message}", file=sys.stderr)
        return 2
    if status == INTERRUPTED:  # typer returns this status for an interrupt and prints nothing
        print("vhi: interrupted; no partial files were left behind", file=sys.stderr)
    return int(status or 0)


def _with_home(argument: str) -> str:
    """Return an argument with the home folder for "~", which no shell replaces in --out=~/x."""
    name, equals, value = "", "", argument
    if argument.startswith("--"):
        name, equals, value = argument.partition("=")
    return name + equals + (os.path.expanduser(value) if value.startswith("~/") else value)


def _is_of_output(error: OSError) -> bool:
    """Return whether nobody reads the output any more, or its disk is full."""
    # EINVAL: a broken pipe on Windows.
    return error.filename is None and error.errno in (errno.EPIPE, errno.EINVAL, errno.ENOSPC)


def _open_streams() -> None:
    """Give a closed stream the null device, or the next file would get its number and its text."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(null, "r" if number == 0 else "w"))


def _interrupt(*_: object) -> None:
    """Treat a request to end as an interrupt, so that partial files are removed."""
    raise KeyboardInterrupt


def main() -> None:
    """Run the command `vhi` with the arguments of this process, and end it."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup: the terminal may be closed
            signal.signal(number, _interrupt)
    _open_streams()
    # A terminal that cannot show "³" shows "?" instead of failing.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # Figures go to files: a backend set for notebooks, rightly or wrongly, does not matter here.
    os.environ["MPLBACKEND"] = "agg"
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if os.path.expanduser("~").startswith("~"):
        # Without a home folder matplotlib ends; without a folder it makes a temporary one.
        os.environ.setdefault("MPLCONFIGDIR", os.devnull)
    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
    except OSError as error:
        if not _is_of_output(error):
            raise
        # The result itself is on disk.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        if error.errno != errno.ENOSPC:
            os.dup2(null, sys.stderr.fileno())
        if error.errno == errno.ENOSPC:
            print(f"vhi: the output cannot be written ({error.strerror})", file=sys.stderr)
        status = 2
    gc.freeze()  # looking once more through all that was loaded would take 0.1 s
    sys.exit(status)
