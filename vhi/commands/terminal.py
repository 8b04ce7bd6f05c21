"""What the command shows on a terminal: progress, one-line warnings, options of several values."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn


@contextmanager
def progress(label: str) -> Iterator[Callable[..., None]]:
    """Show a spinner or a bar on standard error, on a terminal only.

    Yields
    ------
    callable
        ``report(label=None, total=None, advance=0)`` updates what is shown.
    """
    console = Console(stderr=True)
    label_column = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), label_column, BarColumn(), MofNCompleteColumn())
    quiet = not (console.is_terminal and sys.stderr.isatty())
    with Progress(*columns, console=console, transient=True, disable=quiet) as shown:
        task = shown.add_task(label, total=None)

        def report(label: str | None = None, *, total: int | None = None, advance: int = 0) -> None:
            if label is not None:
                shown.reset(task, description=label, total=total)
            shown.advance(task, advance)

        yield report


def warn(message: str) -> None:
    """Print one line of warning on standard error."""
    print(f"vhi: warning: {one_line(message)}", file=sys.stderr)


def one_line(message: object) -> str:
    """Return a message without line breaks."""
    return " ".join(str(message).split())


class OneLineHandler(logging.Handler):
    """Print the library's warnings as the command's own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record's message."""
        warn(record.getMessage())


def split_values(arguments: Sequence[str], option: str) -> list[str]:
    """Repeat an option before each of several numbers: ``--x 1 2`` becomes ``--x 1 --x 2``."""
    split: list[str] = []
    inside = False
    for argument in arguments:
        if inside and split[-1] != option and _is_number(argument):
            split.append(option)
        split.append(argument)
        inside = argument == option or (inside and _is_number(argument))
    return split


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
