"""The actions of a reader, and the progress that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vhi.cases.names import tidy
from vhi.errors import InputError
from vhi.steps.edits import is_model

PASSIVE = ("seconds", "proposal_shown")
"""Kinds by which a reader judges nothing: time spent, and that a model's proposal was shown."""

KINDS = (
    "edit",
    "accept",
    "undo",
    "redo",
    "reviewed",
    "normal_bone",
    "disease_region",
    "state",
    *PASSIVE,
)
STATES = ("new", "in progress", "done")
MAX_NAME = 100
"""Longest name of a reader, in characters."""


@dataclass(frozen=True)
class Action:
    """One action of a reader on a case; `id` grows with time over the whole store.

    `time` is ISO 8601, UTC; for the content see `vhi.reading_room.page.reading`.
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
    """A reader's progress with a case.

    A finished case that is changed is in progress again. Time during which two windows were active
    counts once.
    """

    state: str = "new"
    seconds: float = 0.0


def progress_of(actions: Iterable[tuple[str, dict[str, Any]]]) -> Progress:
    """Compute progress from the kinds and payloads of a case's actions, oldest first.

    The last ``state`` counts; any later action except the `PASSIVE` ones puts the case in progress.
    """
    state, intervals = "new", []
    for kind, payload in actions:
        if kind == "seconds":
            intervals += payload["intervals"]
        elif kind not in PASSIVE:
            state = payload["state"] if kind == "state" else "in progress"
    return Progress(state, round(_union_length(intervals), 3))


def _union_length(intervals: list[list[float]]) -> float:
    length, covered_until = 0.0, 0.0
    for start, end in sorted(intervals):
        length += max(end - max(start, covered_until), 0.0)
        covered_until = max(covered_until, end)
    return length


def check_reader(name: str) -> str:
    """Return a reader's name without surrounding or repeated blanks, accents composed.

    InputError: the name is empty, longer than `MAX_NAME`, not printable, or that of a model.
    """
    name = " ".join(tidy(name).split())
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "--reader: contains an incomplete character; type the name again"
        ) from error
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InputError(f"--reader: give a name of 1 to {MAX_NAME} printable characters")
    if is_model(name):
        raise InputError(
            f'--reader: "{name}" is the name of a model; give your own name',
            check="model-as-reader",
        )
    return name
