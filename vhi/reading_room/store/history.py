"""Replay a case's actions: which of them are in effect. Undo and redo delete nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vhi.reading_room.store.actions import KINDS, PASSIVE, Action, Progress, progress_of

UNDOABLE = ("edit", "accept", "normal_bone", "disease_region")
"""Kinds that undo takes back. ``reviewed`` is not one: going on to the next region keeps redo."""


@dataclass(frozen=True)
class History:
    """The replayed actions of one case and reader: those in effect, oldest first, and those undone.

    The next action to redo is the last of `undone`. `last_id` is 0 without actions.
    `proposal_shown`: whether a model's proposal was shown before the last action that judges.
    """

    in_effect: tuple[Action, ...]
    undone: tuple[Action, ...]
    progress: Progress
    last_id: int
    proposal_shown: bool = False

    def to_undo(self, seen_id: int) -> Action | None:
        """Return the action that an undo takes back: the newest that the tab has seen."""
        seen = (a for a in reversed(self.in_effect) if a.id <= seen_id and a.kind in UNDOABLE)
        return next(seen, None)

    def to_redo(self) -> Action | None:
        """Return the action that a redo repeats."""
        return self.undone[-1] if self.undone else None


def replay(actions: Iterable[Action]) -> History:
    """Replay actions, oldest first.

    Two tabs may request the same undo or redo; the second one changes nothing. A redone action
    returns to its original place. A new edit or drawing ends redo.
    """
    in_effect: dict[int, Action] = {}
    undone: dict[int, Action] = {}
    contents: list[tuple[str, dict[str, Any]]] = []
    last_id, shown, judged_after = 0, False, False
    for action in actions:
        last_id = action.id
        shown = shown or action.kind == "proposal_shown"
        if action.kind not in PASSIVE:
            judged_after = shown
        contents.append((action.kind, action.payload))
        if action.kind in UNDOABLE:
            in_effect[action.id] = action
            undone.clear()
        elif action.kind == "reviewed":
            in_effect[action.id] = action
        elif action.kind in ("undo", "redo"):
            source, target = (in_effect, undone) if action.kind == "undo" else (undone, in_effect)
            moved = source.pop(action.payload["action"], None)
            if moved is not None:
                target[moved.id] = moved
        elif action.kind not in KINDS:
            raise ValueError(f"kind: {action.kind!r} is none of {', '.join(KINDS)}")
    ordered = tuple(in_effect[number] for number in sorted(in_effect))
    return History(ordered, tuple(undone.values()), progress_of(contents), last_id, judged_after)


def describe_action(action: Action, by_id: Mapping[int, Action]) -> str:
    """Describe an action for the history list; `by_id` holds the actions that it can refer to."""
    payload = action.payload
    if action.kind == "edit":
        first, count = payload["edits"][0], len(payload["edits"])
        verb = {"remove": "removed", "restore": "restored", "cut": "cut"}[first["action"]]
        target = first["scope"] if count == 1 else f"{count} {first['scope']}s"
        reason = f" ({first['reason']})" if first["reason"] else ""
        return f"{verb} {target}{reason}"
    if action.kind == "accept":
        removed, kept = len(payload["edits"]), len(payload["kept"])
        return f"accepted together, not looked at: {removed} regions removed, {kept} kept"
    if action.kind == "proposal_shown":
        return "the proposal was shown"
    if action.kind in ("normal_bone", "disease_region"):
        slices = ", ".join(sorted(payload["slices"], key=int))
        return f"drew {action.kind.replace('_', ' ')} in slice {slices}"
    if action.kind == "reviewed":
        count = len(payload["regions"])
        target = "region" if count == 1 else f"{count} regions"
        return f"marked {target} as {'reviewed' if payload['reviewed'] else 'not reviewed'}"
    if action.kind == "state":
        reason = f": {payload['why']}" if "why" in payload else ""
        return f"set to {payload['state']}{reason}"
    if action.kind == "seconds":
        return f"{progress_of([(action.kind, payload)]).seconds:.0f} s of reading"
    undone = by_id.get(payload["action"])
    return action.kind if undone is None else f"{action.kind}: {describe_action(undone, {})}"


def list_for_page(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """List actions for the page, without the pixels of drawings."""
    by_id = {action.id: action for action in actions}
    return [
        {
            "id": action.id,
            "time": action.time,
            "reader": action.reader,
            "kind": action.kind,
            "words": describe_action(action, by_id),
        }
        for action in actions
    ]
