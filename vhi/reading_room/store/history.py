"""What of a case's history stands: undo and redo are replayed, nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vhi.reading_room.store.actions import KINDS, Action, Progress, progress_of

UNDOABLE = ("edit", "normal_bone", "disease_region")
"""What undo takes back. A mark is taken off as it is put on: looking on must not end a redo."""


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
        seen = (a for a in reversed(self.standing) if a.id <= known and a.kind in UNDOABLE)
        return next(seen, None)

    def to_redo(self) -> Action | None:
        """Return what a redo does again."""
        return self.undone[-1] if self.undone else None


def replay(actions: Iterable[Action]) -> History:
    """Replay actions, oldest first.

    An undo or redo of what is undone or done already, as two tabs can ask for at once, changes
    nothing. What is done again stands where it stood. A new edit or drawing ends what can be done
    again.
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
        elif action.kind == "reviewed":
            standing[action.id] = action
        elif action.kind == "undo":
            target = standing.pop(action.payload["action"], None)
            if target is not None:
                undone[target.id] = target
        elif action.kind == "redo":
            target = undone.pop(action.payload["action"], None)
            if target is not None:
                standing[target.id] = target
        elif action.kind not in KINDS:
            raise ValueError(f"kind: {action.kind!r} is none of {', '.join(KINDS)}")
    in_order = tuple(standing[number] for number in sorted(standing))
    return History(in_order, tuple(undone.values()), progress_of(said), known)


def words(action: Action, others: Mapping[int, Action]) -> str:
    """Return what an action did, for a list of them; `others` by id are what it can name."""
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
        count = len(payload["regions"])
        what = "region" if count == 1 else f"{count} regions"
        return f"marked {what} as {'reviewed' if payload['reviewed'] else 'not reviewed'}"
    if action.kind == "state":
        why = f": {payload['why']}" if "why" in payload else ""
        return f"set to {payload['state']}{why}"
    if action.kind == "seconds":
        return f"{progress_of([(action.kind, payload)]).seconds:.0f} s of reading"
    target = others.get(payload["action"])
    return action.kind if target is None else f"{action.kind}: {words(target, {})}"


def told(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """Return actions as a page is told of them: without the bits of drawings."""
    by_id = {action.id: action for action in actions}
    return [
        {
            "id": action.id,
            "time": action.time,
            "reader": action.reader,
            "kind": action.kind,
            "words": words(action, by_id),
        }
        for action in actions
    ]
