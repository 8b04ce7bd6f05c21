"""What every command shows on a terminal: progress, and warnings of one line."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from vhi.errors import InputError, one_line

INTERRUPTED = 130
"""Exit status of a command that was interrupted, as shells count it."""


@contextmanager
def progress(label: str) -> Iterator[Callable[..., None]]:
    """Show a spinner or a bar on standard error, on a terminal only.

    Yields
    ------
    callable
        ``report(label=None, total=None, advance=0)`` updates what is shown.
    """
    if not sys.stderr.isatty():
        yield lambda *_, **__: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    label_column = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), label_column, BarColumn(), MofNCompleteColumn())
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(label, total=None)

        def report(label: str | None = None, *, total: int | None = None, advance: int = 0) -> None:
            if label is not None:
                bar.reset(task, description=label, total=total)
            bar.advance(task, advance)

        yield report


def show_files(report: Callable[..., None]) -> Callable[[str, int, int], None]:
    """Return a callback that counts the study's files in a bar while they arrive."""

    def show(path: str, done: int, total: int) -> None:
        if done == 1:
            report("Getting the study's files", total=total)
        report(advance=1)

    return show


def warn(message: str) -> None:
    """Print one line of warning on standard error."""
    print(f"vhi: warning: {one_line(message)}", file=sys.stderr)


def end_with_failures(failures: Sequence[str]) -> None:
    """Warn of each failure; the last one, where there is one, ends the command.

    Raises
    ------
    InputError
        With the last failure as its message.
    """
    for failure in failures[:-1]:
        warn(failure)
    if failures:
        raise InputError(failures[-1])


class OneLineHandler(logging.Handler):
    """Print the library's warnings as the command's own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record's message."""
        warn(record.getMessage())
