"""The whole command ``vhi measure``, two scans to report: time, memory, and where the time goes.

Time is compared with the published ensemble alone, run as its authors do, in turns in one run:
three networks on slices in memory against our command from files to report. ``python -m
benchmarks seconds`` prints the stages alone.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.network import BASELINE, PEAK, published
from benchmarks.pipeline import benchmark_case
from benchmarks.timing import Row
from vhi import Case, load_image

ROUNDS = 3
SHARE, MEGABYTES = 0.2, 400.0

STAGES = """
import json, sys, time
from pathlib import Path
spent, last = {}, [0.0, time.perf_counter()]
def mark(stage):
    now = [time.process_time(), time.perf_counter()]
    spent[stage] = [now[0] - last[0], now[1] - last[1]]
    last[:] = now
import typer
from vhi.commands import cli
typer.main.get_command(cli.app)
mark("start-up: interpreter and command line")
import scipy.ndimage, nibabel
mark("start-up: numpy, scipy, nibabel")
import jinja2, onnxruntime
from vhi import Case
from vhi.masks.areas import find_areas
from vhi.results.report import write_result
from vhi.segmentation.predict import load_members
from vhi.segmentation.registry import DEFAULT, find_network
from vhi.steps.candidates import find_candidates
from vhi.workflow import clean, load_scans
mark("start-up: the rest")
scans = load_scans(Case("c", "c", "", Path(sys.argv[1]), Path(sys.argv[2])))
mark("reading and checking both scans")
areas = find_areas(scans)
mark("networks: both areas")
candidates = find_candidates(
    scans.stir, areas.normal_bone.mask, areas.disease_region.mask,
    midline_mm=areas.midline_mm(scans.stir),
)
measurement = clean(scans, areas, candidates)
measurement.regions, measurement.lesions, measurement.notes
mark("candidates, regions, volume")
measurement.proposed
mark("proposed cleaning")
measurement.interval, getattr(measurement, "proposed_interval", None)
mark("intervals")
write_result(measurement, Path(sys.argv[3]))
mark("pictures, report, files")
print(json.dumps(spent))
"""

COMMAND = """
import sys
sys.argv = ["vhi", "measure", "--stir", sys.argv[1], "--t1w", sys.argv[2], "--out", sys.argv[3]]
from vhi.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code
"""


def command_rows(case: Case) -> Iterator[Row]:
    """Time of the whole command against the baseline, of processors too, and peak memory."""
    t1w = load_image(case.t1w)
    ensemble = published(t1w.shape[t1w.slice_axis])
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        spent = _spent(lambda: _run(case, COMMAND)), _spent(ensemble)
        if number:  # the first round warms up
            for times, pair in zip((ours, theirs), spent, strict=True):
                times.append(pair)
    (wall, cpu), (their_wall, their_cpu) = (
        [statistics.median(column) for column in zip(*times, strict=True)]
        for times in (ours, theirs)
    )
    detail = f"{wall:.2f} s against {their_wall:.2f} s"
    yield Row("vhi measure, whole command", BASELINE, wall / their_wall, "x", SHARE, detail)
    detail = f"{cpu:.2f} s against {their_cpu:.2f} s, all processors"
    yield Row("its processor time", BASELINE, cpu / their_cpu, "x", SHARE, detail)
    peak = float(_run(case, COMMAND + PEAK))
    yield Row("peak memory of vhi measure", "-", peak, "MB", MEGABYTES, "process")


def stages(case: Case) -> Table:
    """Return where the seconds of the command go: each stage of a fresh process, median of runs."""
    runs = [json.loads(_run(case, STAGES)) for _ in range(ROUNDS)]
    table = Table(
        title=f"vhi measure, two scans to report, stage by stage; median of {ROUNDS} runs"
    )
    for column in ("stage", "seconds", "processor seconds"):
        table.add_column(column)
    spent = {
        stage: [statistics.median(run[stage][which] for run in runs) for which in (1, 0)]
        for stage in runs[0]
    }
    spent["together"] = [sum(column) for column in zip(*spent.values(), strict=True)]
    for stage, (wall, cpu) in spent.items():
        table.add_row(stage, f"{wall:.2f}", f"{cpu:.2f}")
    return table


def main() -> int:
    """Print the stages alone."""
    case, kind = benchmark_case()
    print(f"case: {kind}")
    Console(width=150).print(stages(case))
    return 0


def _spent(run: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds a run takes, by the clock and of all processors, its children's too."""
    start, before = time.perf_counter(), _processor_seconds()
    run()
    return time.perf_counter() - start, _processor_seconds() - before


def _processor_seconds() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _run(case: Case, code: str) -> str:
    """Run code on the two scans, in a process of its own; return the last line it prints."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [sys.executable, "-c", code, str(case.stir), str(case.t1w), str(Path(folder) / "out")],
            check=True,
            capture_output=True,
            text=True,
        )
    return result.stdout.strip().split("\n")[-1]
