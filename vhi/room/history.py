"""What of a case's history stands: undo and redo are replayed, nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vhi.room.actions import Action, Progress, progress_of

UNDOABLE = ("edit", "reviewed", "normal_bone", "disease_region")


@dataclass(frozen=True)
class History:
    """A case's and reader's actions, replayed.

    Attributes
    ----------
    standing : tuple of Action
        What was done and not taken back, oldest first.
    undone : tuple of Action
        What can be done again, the one to come first last.
    progress : Progress
    known : int
        The last action's id; 0 where there is none.
    """

    standing: tuple[Action, ...]
    undone: tuple[Action, ...]
    progress: Progress
    known: int

    def to_undo(self, known: int) -> Action | None:
        """Return what an undo takes back: the newest that stands of what a tab has seen."""
        seen = [action for action in self.standing if action.id <= known]
        return seen[-1] if seen else None

    def to_redo(self) -> Action | None:
        """Return what a redo does again."""
        return self.undone[-1] if self.undone else None


def replay(actions: Iterable[Action]) -> History:
    """Replay actions, oldest first.

    An undo or redo of what is undone or done already, as two tabs can ask for at once, changes
    nothing. What is done again stands where it stood. Whatever is new ends what can be done again.
    """
    standing: dict[int, Action] = {}
    undone: dict[int, Action] = {}
    said: list[tuple[str, dict[str, Any]]] = []
    known = 0
    for action in actions:
        known = action.id
        said.append((action.kind, action.payload))
        if action.kind in UNDOABLE:
            standing[action.id] = action
            undone.clear()
        elif action.kind == "undo":
            target = standing.pop(action.payload["action"], None)
            if target is not None:
                undone[target.id] = target
        elif action.kind == "redo":
            target = undone.pop(action.payload["action"], None)
            if target is not None:
                standing[target.id] = target
    in_order = tuple(standing[number] for number in sorted(standing))
    return History(in_order, tuple(undone.values()), progress_of(said), known)


def words(action: Action) -> str:
    """Return what an action did, for a list of them."""
    payload = action.payload
    if action.kind == "edit":
        first, count = payload["edits"][0], len(payload["edits"])
        done = {"remove": "removed", "restore": "restored", "cut": "cut"}[first["action"]]
        what = first["scope"] if count == 1 else f"{count} {first['scope']}s"
        reason = f" ({first['reason']})" if first["reason"] else ""
        return f"{done} {what}{reason}"
    if action.kind in ("normal_bone", "disease_region"):
        slices = ", ".join(sorted(payload["slices"], key=int))
        return f"drew {action.kind.replace('_', ' ')} in slice {slices}"
    if action.kind == "reviewed":
        count = len(payload["world_mm"])
        what = "region" if count == 1 else f"{count} regions"
        return f"marked {what} as {'reviewed' if payload['reviewed'] else 'not reviewed'}"
    if action.kind == "state":
        return f"set to {payload['state']}"
    if action.kind == "seconds":
        return f"{payload['seconds']:.0f} s of reading"
    return action.kind


def told(action: Action) -> dict[str, Any]:
    """Return an action as a page is told of it: without the bits of drawings."""
    return {
        "id": action.id,
        "time": action.time,
        "reader": action.reader,
        "kind": action.kind,
        "words": words(action),
    }
