"""What a reader does, one thing at a time, and how far that brings her."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vhi.errors import InputError

KINDS = (
    "edit",
    "undo",
    "redo",
    "reviewed",
    "normal_bone",
    "disease_region",
    "state",
    "seconds",
)
STATES = ("new", "in progress", "done")
MAX_NAME = 100
"""Longest name of a reader, in characters."""


@dataclass(frozen=True)
class Action:
    """One thing that a reader did to a case.

    Attributes
    ----------
    id : int
        Grows with time over the whole store.
    case, visit, reader : str
    time : str
        ISO 8601, UTC.
    kind : str
        One of `KINDS`.
    payload : dict
        What was done; see `vhi.reading_room.case.reading`.
    """

    id: int
    case: str
    visit: str
    reader: str
    time: str
    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Progress:
    """How far a reader is with a case.

    Attributes
    ----------
    state : str
        One of `STATES`. What was changed after it was done is in progress again.
    seconds : float
        Active time. What two windows were at work at once counts once.
    """

    state: str = "new"
    seconds: float = 0.0


def progress_of(actions: Iterable[tuple[str, dict[str, Any]]]) -> Progress:
    """Return how far a case is, by the kinds and payloads of its actions, oldest first.

    It is as the last ``state`` says; what came after that one, other than time, puts it in
    progress.
    """
    state, intervals = "new", []
    for kind, payload in actions:
        if kind == "seconds":
            intervals += payload["intervals"]
        else:
            state = payload["state"] if kind == "state" else "in progress"
    return Progress(state, round(_length(intervals), 3))


def _length(intervals: list[list[float]]) -> float:
    """Return how long the union of intervals is."""
    length, until = 0.0, 0.0
    for start, end in sorted(intervals):
        length += max(end - max(start, until), 0.0)
        until = max(until, end)
    return length


def check_reader(name: str) -> str:
    """Return a reader's name without blanks around it.

    Raises
    ------
    InputError
        Nothing is left, or it is longer than `MAX_NAME` or cannot be written.
    """
    name = " ".join(name.split())
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError("--reader: holds half a character; type the name again") from error
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InputError(f"--reader: give a name of 1 to {MAX_NAME} printable characters")
    return name
