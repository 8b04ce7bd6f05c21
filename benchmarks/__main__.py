"""Run every benchmark: ``make bench``.

``python -m benchmarks coverage`` and ``vhi-coverage`` try intervals, ``objects`` measures 500
reference objects and ``phantoms`` 200 phantom scans with decoys; each writes a table. ``seconds``
says where the seconds of a whole ``vhi measure`` go.

Each row is a ratio of two things timed in turns in the same run, or a memory peak, beside what we
hold ourselves to. Nothing here is a test: a busy machine may miss a target.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import (
    command,
    coverage,
    imports,
    network,
    overlap,
    phantom_scans,
    pipeline,
    reference_object,
    room,
    vhi_coverage,
)


def main() -> int:
    """Print the table; return 1 when a target was missed."""
    case, kind = pipeline.benchmark_case()
    rows = [
        pipeline.files_to_candidates(case),
        pipeline.small_regions(case),
        pipeline.peak_memory(case),
        imports.import_cost(),
        pipeline.interval_of_vhi(case),
        *network.network_rows(case),
        *command.command_rows(case),
        overlap.pairwise_overlap(),
        *room.room_rows(case),
    ]
    table = Table(title=f"vhi benchmarks, one run, case: {kind}")
    for column in ("what", "against what", "measured", "target", "detail"):
        table.add_column(column)
    for row in rows:
        table.add_row(
            row.what,
            row.against,
            f"{row.measured:.2f} {row.unit}",
            f"{'at most' if row.at_most else 'more than'} {row.target:g}",
            row.detail,
        )
    Console(width=150).print(table, command.stages(case))
    missed = [row.what for row in rows if not row.met]
    print("missed: " + ", ".join(missed) if missed else "all targets met")
    return 1 if missed else 0


TABLES = {
    "coverage": coverage.main,
    "objects": reference_object.main,
    "phantoms": phantom_scans.main,
    "seconds": command.main,
    "vhi-coverage": vhi_coverage.main,
}

if __name__ == "__main__":
    sys.exit(TABLES.get(" ".join(sys.argv[1:]), main)())
