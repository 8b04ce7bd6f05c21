"""How long it takes to hold the readers' masks of eight scans against each other."""

from __future__ import annotations

import statistics
import time

from benchmarks.timing import Row
from vhi import load_cases
from vhi.cases.supplement import study_available
from vhi.reader_study.overlap import overlap_table
from vhi.reader_study.readings import load_readings

ROUNDS = 7


def pairwise_overlap() -> Row:
    """Dice and volume similarity of every two manual masks of each scan, once they are loaded."""
    source = "study" if study_available() else "phantom"
    readings = load_readings(load_cases(source))
    seconds = []
    for number in range(ROUNDS + 1):
        start = time.perf_counter()
        rows = overlap_table(readings, surfaces=False)
        if number:
            seconds.append(time.perf_counter() - start)
    kind = source if source == "study" else "phantom (simulated)"
    return Row(
        "all pairwise Dice of the readers' masks, loaded",
        "-",
        statistics.median(seconds),
        "s",
        1.0,
        f"{len(rows)} pairs in {len(readings)} scans, {kind}",
    )
