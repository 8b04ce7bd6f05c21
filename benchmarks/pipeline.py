"""From files to labelled candidates: time against decompression and a plain loop; memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from skimage.measure import label

from benchmarks.timing import Row, in_turns
from vhi import Case, find_case, load_image, load_mask, measure
from vhi.cases.supplement import study_available
from vhi.results.report import write_result
from vhi.steps.candidates import label_candidates
from vhi.steps.small_regions import remove_small_regions
from vhi.steps.thresholds import estimate_thresholds, normal_bone_intensities
from vhi.uncertainty.interval import vhi_interval


def benchmark_case() -> tuple[Case, str]:
    """Return study case 1013, which has the most candidates, or else the severe phantom."""
    if study_available():
        return find_case("study", "1013"), "study 1013 (most candidates)"
    from vhi import load_cases

    return load_cases("phantom")[-1], "phantom (simulated)"


def _files(case: Case) -> list[Path]:
    assert case.normal_bone is not None
    assert case.disease_region is not None
    return [case.stir, case.t1w, case.normal_bone, case.disease_region]


def _candidates(case: Case) -> np.ndarray:
    """Load all four files and label the candidates, specks still in."""
    stir, _t1w = load_image(case.stir), load_image(case.t1w)
    normal_bone, region = (load_mask(path) for path in _files(case)[2:])
    thresholds = estimate_thresholds(normal_bone_intensities(stir, normal_bone))
    return label_candidates(stir.array, region.array, thresholds)


def _label(case: Case) -> np.ndarray:
    return remove_small_regions(_candidates(case))


def files_to_candidates(case: Case) -> Row:
    """Everything up to the candidates without specks, against unpacking the same four files."""

    def decompress() -> None:
        for path in _files(case):
            gzip.decompress(path.read_bytes())

    ours, floor = in_turns(lambda: _label(case), decompress, rounds=9)
    return Row(
        "files to labelled candidates",
        "decompressing the same files",
        ours / floor,
        "x",
        3.0,
        f"{ours * 1e3:.0f} ms against {floor * 1e3:.0f} ms",
    )


def plain_loop(labels: np.ndarray, min_pixels: int = 4) -> np.ndarray:
    """Remove small regions the obvious way: one region of one slice after the other."""
    kept = labels.copy()
    for k in range(labels.shape[2]):
        regions, count = label(labels[..., k] > 0, connectivity=2, return_num=True)
        for n in range(1, count + 1):
            region = regions == n
            if region.sum() < min_pixels:
                kept[region, k] = 0
    return kept


def small_regions(case: Case) -> Row:
    """Removing specks from the whole stack, against a loop over regions."""
    labels = _candidates(case)
    assert (remove_small_regions(labels) == plain_loop(labels)).all()
    loop, ours = in_turns(
        lambda: plain_loop(labels), lambda: remove_small_regions(labels), rounds=5
    )
    return Row(
        "removing specks",
        "a loop over skimage.measure.label",
        loop / ours,
        "x faster",
        1.0,
        f"{ours * 1e3:.0f} ms against {loop * 1e3:.0f} ms",
        at_most=False,
    )


def interval_of_vhi(case: Case) -> Row:
    """The interval beside every VHI, against measuring and writing the result that holds it."""
    measurement = measure(case)
    with tempfile.TemporaryDirectory() as folder:
        ours, whole = in_turns(
            lambda: vhi_interval(measurement.candidates),
            lambda: write_result(measure(case), Path(folder) / "result", overwrite=True),
            rounds=5,
        )
    return Row(
        "interval of VHI",
        "measuring and writing, with it",
        ours / whole,
        "x",
        0.15,
        f"{ours * 1e3:.0f} ms against {whole * 1e3:.0f} ms",
    )


PEAK = """
import resource, sys
from pathlib import Path
from vhi import Case, measure
measurement = measure(Case("c", "c", "", *map(Path, sys.argv[1:])))
status = Path("/proc/self/status")
if status.exists():  # getrusage would count the memory of whoever started this process
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    print(int(line.split()[1]) * 1024)
else:
    unit = 1 if sys.platform == "darwin" else 1024
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
"""


def peak_memory(case: Case) -> Row:
    """Peak memory of a fresh process that measures the case, imports included."""
    run = subprocess.run(
        [sys.executable, "-c", PEAK, *map(str, _files(case))],
        check=True,
        capture_output=True,
        text=True,
    )
    return Row("peak memory of a measurement", "-", int(run.stdout) / 1e6, "MB", 300.0, "process")
