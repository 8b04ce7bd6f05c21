"""The reading room on a full-size case: opening it, and what each action takes until it is saved.

In seconds and milliseconds, unlike the other rows: a reader waits by the clock. What the browser
adds is not in it: the page measures that itself (`vhi-open` and `vhi-action` in its timeline).
"""

from __future__ import annotations

import base64
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Row
from vhi import Case
from vhi.reading_room.page.reading import Reading, open_reading
from vhi.reading_room.store.store import Store

OPEN_SECONDS = 2.0
ACTION_MS = 100.0
ROUNDS = 7


def room_rows(case: Case) -> list[Row]:
    """Time opening, with the whole of what a page fetches, and each kind of action."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        opening = _seconds(lambda: _open(case, store), ROUNDS)
        page = _Page(open_reading(case, store, "benchmark"))
        rows = [_row("opening a case", opening, "s", OPEN_SECONDS)]
        for what, act in (
            ("removing a region", page.remove),
            ("removing 100 regions", page.remove_many),
            ("undo", page.undo),
            ("cutting a region", page.cut),
            ("drawing disease region in a slice", lambda: page.draw("disease_region")),
            ("drawing normal bone in a slice", lambda: page.draw("normal_bone")),
        ):
            after = page.undo if act == page.cut else None
            taken = [1e3 * second for second in _seconds(act, ROUNDS, after)]
            rows.append(_row(what, taken, "ms", ACTION_MS))
    return rows


def _open(case: Case, store: Store) -> None:
    reading = open_reading(case, store, "benchmark")
    for name in reading.describe()["arrays"]:
        reading.array(name)


class _Page:
    """Does what a page does, and fetches what has changed for it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.facts = reading.describe()
        self.now = self.facts["now"]
        self.points = [row["point"] for row in self.now["regions"]]
        self.turn = 0

    def do(self, kind: str, payload: dict[str, Any]) -> None:
        before = self.now["revisions"]
        answer = self.reading.act(kind, payload, known=self.now["known"], table=self.now["table"])
        self.now = answer["now"]
        for name, numbers in self.now["revisions"].items():
            for index, number in enumerate(numbers):
                if number != before[name][index]:
                    self.reading.array(name, index)

    def remove(self) -> None:
        self.turn += 1
        self.do("edit", {"action": "remove", "points": [self.points[self.turn]]})

    def remove_many(self) -> None:
        self.do("edit", {"action": "remove", "points": self.points[20:120]})

    def undo(self) -> None:
        self.do("undo", {})

    def cut(self) -> None:
        """Cut the largest region right through, along a row of the picture."""
        point = self.points[0]
        row = [[point[1], 0], [point[1], self.facts["shape"][2] - 1]]
        self.do("edit", {"action": "cut", "points": [point], "line": row})

    def draw(self, name: str) -> None:
        """Take one pixel out of the slice with most of the mask."""
        whole = np.frombuffer(self.reading.array(name), np.uint8).reshape(self.facts["shape"])
        index = int(whole.sum(axis=(1, 2)).argmax())
        first = np.zeros_like(whole[index])
        first.flat[np.flatnonzero(whole[index])[0]] = 1
        packed = base64.b64encode(np.packbits(first)).decode()
        self.do(name, {"slices": {str(index): {"cleared": packed}}})


def _seconds(
    run: Callable[[], object], rounds: int, after: Callable[[], object] | None = None
) -> list[float]:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
        if after is not None:
            after()
    return taken


def _row(what: str, taken: list[float], unit: str, target: float) -> Row:
    middle = statistics.median(taken)
    detail = f"median of {len(taken)}; slowest {max(taken):.3g} {unit}"
    return Row(f"reading room: {what}", "-", middle, unit, target, detail)


if __name__ == "__main__":
    from benchmarks.pipeline import benchmark_case

    benchmarked, kind = benchmark_case()
    print(kind)
    for each in room_rows(benchmarked):
        print(f"{each.what:50s} {each.measured:8.3g} {each.unit} of {each.target:g}; {each.detail}")
