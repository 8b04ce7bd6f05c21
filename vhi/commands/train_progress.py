"""Progress of a training: a bar on a terminal, plain lines elsewhere; Ctrl-C as a request."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from vhi.training import loop

SECONDS_BETWEEN_LINES = 10.0


class TrainingProgress:
    """Shows steps, Dice and time left, and remembers whether a stop was requested.

    Parameters
    ----------
    runs
        Networks that are trained one after the other.
    """

    def __init__(self, runs: int = 1) -> None:
        self.runs = runs
        self.stopped = False
        console = Console(stderr=True)
        self._terminal = console.is_terminal and sys.stderr.isatty()
        columns = (TextColumn("{task.description}", markup=False), BarColumn())
        self._bar = Progress(
            *columns, MofNCompleteColumn(), console=console, transient=True,
            disable=not self._terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("Training", total=None)
        self._run, self._note, self._printed = 0, "", time.monotonic()

    def row(self, run: int, progress: loop.Progress) -> None:
        """Show a row of the curve."""
        self._note = str(progress)
        due = time.monotonic() - self._printed >= SECONDS_BETWEEN_LINES
        if not self._terminal and (due or progress.row.step == progress.steps):
            step = f"step {progress.row.step} of {progress.steps}"
            print(f"{self._name(run)}{step}: {self._note}", flush=True)
            self._printed = time.monotonic()
        self._bar.update(self._task, total=progress.steps)

    def step(self, run: int, done: int) -> bool:
        """Show a finished step; return whether the training is to stop."""
        if run != self._run:
            self._run, self._note = run, ""
        label = f"{self._name(run)}{self._note or 'training'}"
        self._bar.update(self._task, completed=done, description=label)
        return self.stopped

    def total(self, steps: int) -> None:
        """Set the number of steps of a run."""
        self._bar.update(self._task, total=steps)

    def _name(self, run: int) -> str:
        return f"run {run} of {self.runs}, " if self.runs > 1 else ""

    @contextmanager
    def shown(self) -> Iterator[TrainingProgress]:
        """Show the bar; the first Ctrl-C requests a stop after the step, a second one ends."""
        before: dict[signal.Signals, Any] = {}

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        def request_stop(*_: object) -> None:
            self.stopped = True
            restore()

        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, request_stop)
        try:
            with self._bar:
                yield self
        finally:
            restore()
