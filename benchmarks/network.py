"""The networks: against the published ensemble as its authors run it, in the same run.

The baseline is their three networks, eager torch in float32, all slices of a scan as one batch on
all processors. Time does not depend on the weights: where the supplement's are not here, networks
of the same build serve; where no network is shipped, ours are of the default recipe.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Row
from vhi import Case, Image, load_image
from vhi.segmentation.predict import load_members, processors, segment_scans
from vhi.segmentation.registry import (
    DEFAULT,
    DISEASE_REGION,
    Network,
    find_network,
    is_shipped,
    read_record,
)
from vhi.segmentation.slices import normalise, slicing_of
from vhi.training.recipe import PAPER, Recipe

ROUNDS = 3
BASELINE = "the published ensemble, eager, one batch"
ONE = "one network, each slice once, loaded"


def network_rows(case: Case) -> Iterator[Row]:
    """Speed of one network, of the ensemble and of the whole command; the floor; memory."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ensemble = _ensemble(folder)
        one = _first_member(folder, ensemble)
        t1w = load_image(case.t1w)
        runs = {
            BASELINE: published(t1w.shape[t1w.slice_axis]),
            ONE: _read_once(t1w, one),
            f"the shipped {ensemble.members} networks and mirror images, loaded": _loaded(
                t1w, ensemble
            ),
            "vhi segment, whole command": lambda: _command(case, ensemble, folder),
        }
        seconds = _in_turns(runs)
        for what, target in zip(list(runs)[1:], (25.0, 10.0, 5.0), strict=True):
            yield Row(
                what,
                BASELINE,
                seconds[BASELINE] / seconds[what],
                "x faster",
                target,
                f"{seconds[what]:.2f} s against {seconds[BASELINE]:.2f} s",
                at_most=False,
            )
        yield _floor(one, t1w, seconds[ONE])
        peak = float(_command(case, ensemble, folder, after=PEAK))
        yield Row("peak memory of vhi segment", "-", peak, "MB", 1000.0, "process")


def _in_turns(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of each, timed in turns after one unrecorded round."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(ROUNDS + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def _ensemble(folder: Path) -> Network:
    """Return the shipped ensemble, or one of its build with chance weights."""
    if is_shipped(DEFAULT[DISEASE_REGION]):
        return find_network(DEFAULT[DISEASE_REGION], DISEASE_REGION)
    return _save(folder / "ensemble", [_chance(Recipe(), seed) for seed in range(3)], Recipe())


def _first_member(folder: Path, ensemble: Network) -> Network:
    from vhi.training.export import load_members as stored_members

    recipe = read_record(ensemble.folder)["recipe"]
    made_by = Recipe(**{**recipe, "filters": tuple(recipe["filters"])})
    return _save(folder / "one", stored_members(ensemble.folder)[:1], made_by)


def _save(folder: Path, members: list[Any], recipe: Recipe) -> Network:
    from vhi.training.export import save_network

    save_network(folder, members, recipe, name=folder.name, trained_on=["nobody"])
    return find_network(str(folder), recipe.task)


def _chance(recipe: Recipe, seed: int) -> Any:
    import torch

    torch.manual_seed(seed)
    return recipe.build().eval()


def _loaded(t1w: Image, network: Network) -> Callable[[], object]:
    """Return a function that segments the scan by a network that is loaded already."""
    members = load_members(network)
    return lambda: segment_scans([t1w], network, members=members)


def _read_once(t1w: Image, network: Network) -> Callable[[], object]:
    """Return a function that lets a loaded network read each slice once, mirror images left out."""
    members = load_members(network)

    def run() -> None:
        slicing = slicing_of(t1w, spacing_mm=network.spacing_mm, multiple=network.multiple)
        slices = slicing.cut(normalise(t1w.array))[:, None]
        with ThreadPoolExecutor(processors()) as pool:
            found = pool.map(lambda k: members(slices[k : k + 1])[0, 0], range(len(slices)))
            slicing.join(np.stack(list(found)))

    return run


def published(slices: int) -> Callable[[], None]:
    """Return a function that runs the published ensemble once on a batch of all slices."""
    import torch

    from vhi.cases import supplement as data
    from vhi.segmentation.authors import PATHS, published_members

    here = len(data.locate(PATHS)) == len(PATHS)
    members = published_members() if here else [_chance(PAPER, seed) for seed in range(3)]
    for member in members:
        _enlarge_first(member)
    batch = torch.rand(slices, 1, 336, 336)

    def run() -> None:
        torch.set_num_threads(processors())
        with torch.inference_mode():
            torch.stack([torch.sigmoid(member(batch)) for member in members]).mean(0).round()

    return run


def _enlarge_first(network: Any) -> None:
    """Let a network enlarge before it narrows, as the authors' does; ours has it the cheap way."""
    import torch

    for up in network.up:

        def forward(coarse: Any, fine: Any, up: Any = up) -> Any:
            return up.convolve(torch.cat([up.narrow(up.enlarge(coarse)), fine], dim=1))

        up.forward = forward


COMMAND = """
import sys
from vhi.commands.cli import run
status = run(["segment", "--t1w", sys.argv[1], "--network", sys.argv[2], "--out", sys.argv[3],
              "--overwrite"])
assert status in (0, 2)
"""
# Chance weights may find nothing (status 2): the work is the same.

PEAK = """
from pathlib import Path
lines = Path("/proc/self/status").read_text().splitlines()
print(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6)
"""


def _command(case: Case, network: Network, folder: Path, after: str = "") -> str:
    """Run `vhi segment` in a process of its own; return the last line it prints."""
    arguments = [str(case.t1w), str(network.folder), str(folder / "D.nii.gz")]
    found = subprocess.run(
        [sys.executable, "-c", COMMAND + after, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip().split("\n")[-1]


def _floor(network: Network, t1w: Image, seconds: float) -> Row:
    """How far one network is from its multiplications at the speed of a matrix product."""
    import torch

    slicing = slicing_of(t1w, spacing_mm=network.spacing_mm, multiple=network.multiple)
    operations = _operations(network, slicing.padded) * t1w.shape[t1w.slice_axis]
    torch.set_num_threads(processors())
    square = torch.rand(2048, 2048)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        square @ square
        times.append(time.perf_counter() - start)
    speed = 2 * 2048**3 / min(times)
    return Row(
        ONE,
        "its operations at the speed of a matrix product",
        seconds * speed / operations,
        "x",
        3.0,
        f"{operations / 1e9:.0f} GFLOP at {speed / 1e9:.0f} GFLOP/s: {operations / speed:.2f} s",
    )


def _operations(network: Network, size: tuple[int, int]) -> float:
    """Return the floating-point operations of all convolutions for one slice."""
    import torch

    from vhi.training.export import load_members as stored_members

    member, counted = stored_members(network.folder)[0], []

    def count(layer: Any, _inputs: Any, output: Any) -> None:
        counted.append(2 * layer.weight[0].numel() * output.numel())

    for layer in member.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        member(torch.zeros(1, len(network.channels) * (2 * network.neighbours + 1), *size))
    return float(sum(counted))
