"""How far a training is: a bar on a terminal, plain lines elsewhere; Ctrl-C as a request."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from vhi.training.durations import duration

if TYPE_CHECKING:
    from vhi.training import train

SECONDS_BETWEEN_LINES = 10.0


class TrainingProgress:
    """Shows steps, Dice and time left, and remembers whether somebody asked to stop.

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

    def row(self, run: int, told: train.Progress) -> None:
        """Show a row of the curve."""
        self._note = describe(told)
        due = time.monotonic() - self._printed >= SECONDS_BETWEEN_LINES
        if not self._terminal and (due or told.row.step == told.steps):
            print(f"{self._name(run)}step {told.row.step} of {told.steps}: {self._note}")
            sys.stdout.flush()
            self._printed = time.monotonic()
        self._bar.update(self._task, total=told.steps)

    def step(self, run: int, done: int) -> bool:
        """Show a step that is done; return whether the training is to stop."""
        if run != self._run:
            self._run, self._note = run, ""
        label = f"{self._name(run)}{self._note or 'training'}"
        self._bar.update(self._task, completed=done, description=label)
        return self.stopped

    def total(self, steps: int) -> None:
        """Say how many steps a run has."""
        self._bar.update(self._task, total=steps)

    def _name(self, run: int) -> str:
        return f"run {run} of {self.runs}, " if self.runs > 1 else ""

    @contextmanager
    def shown(self) -> Iterator[TrainingProgress]:
        """Show the bar; the first Ctrl-C asks for a stop after the step, a second one ends."""
        before: dict[signal.Signals, Any] = {}

        def ask(*_: object) -> None:
            self.stopped = True
            for number, handler in before.items():
                signal.signal(number, handler)

        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, ask)
        try:
            with self._bar:
                yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def describe(told: train.Progress) -> str:
    """Return a row of the curve in words."""
    words = [f"loss {told.row.loss:.3f}"]
    if told.row.held_out_dice is not None:
        words.append(f"held-out Dice {told.row.held_out_dice:.3f}")
    if told.seconds_left > 0.5:
        words.append(f"{duration(told.seconds_left)} left")
    return ", ".join(words)
