"""Measure 500 reference objects (simulated) into ``reference-objects.csv``, which the book reads.

Resumable by object is not worth it: all take a few minutes on two cores.
"""

from __future__ import annotations

import time
from pathlib import Path

from vhi.evaluation.reference_objects import measure_objects
from vhi.evaluation.reference_report import lines_of, performances_of
from vhi.phantom.reference_object import design_objects

TABLE = Path(__file__).with_name("reference-objects.csv")
OBJECTS, SEED = 500, 0
TARGET_S = 600.0
"""On two quiet cores."""


def main(path: Path = TABLE, *, objects: int = OBJECTS) -> int:
    """Make the table, print what it says and how long it took."""
    start = time.perf_counter()
    table = measure_objects(design_objects(objects, SEED))
    seconds = time.perf_counter() - start
    table.to_csv(path, index=False, lineterminator="\n")
    print(f"{objects} objects, {len(table)} scans in {seconds:.0f} s (target {TARGET_S:.0f} s)")
    for line in lines_of(performances_of(table)):
        print(line)
    return 0
