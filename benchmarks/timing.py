"""Time two things in turns, so that a busy moment hits both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured ratio or peak beside its target."""

    what: str
    against: str
    measured: float
    unit: str
    target: float
    detail: str
    at_most: bool = True

    @property
    def met(self) -> bool:
        return self.measured <= self.target if self.at_most else self.measured > self.target


def in_turns(
    first: Callable[[], object], second: Callable[[], object], *, rounds: int
) -> tuple[float, float]:
    """Return the median seconds of both, timed alternately after one unrecorded round."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for round_number in range(rounds + 1):
        for times, run in zip(seconds, (first, second), strict=True):
            start = time.perf_counter()
            run()
            if round_number:
                times.append(time.perf_counter() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])
