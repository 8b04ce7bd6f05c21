"""The command `vhi train`: options, checks, and what it prints."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vhi.commands.terminal import INTERRUPTED, progress, warn
from vhi.commands.train_options import (
    Batch,
    Device,
    Full,
    HoldOut,
    Out,
    Overwrite,
    Precision,
    Protocol,
    RecipeName,
    Runs,
    Seed,
    Source,
    Steps,
    Task,
    Test,
    Threads,
    Workers,
)
from vhi.commands.train_progress import TrainingProgress
from vhi.errors import InputError, one_line
from vhi.training.durations import duration

if TYPE_CHECKING:
    from vhi.cases.case import Case
    from vhi.training.recipe import Recipe
    from vhi.training.training_set import Material

NEEDED = ("torch", "monai", "safetensors", "onnx", "onnxscript")


def train(
    out: Out,
    source: Source,
    hold_out: HoldOut = None,
    task: Task = None,
    recipe: RecipeName = "default",
    steps: Steps = None,
    batch: Batch = None,
    precision: Precision = None,
    seed: Seed = None,
    threads: Threads = None,
    runs: Runs = 1,
    device: Device = "auto",
    workers: Workers = 0,
    protocol: Protocol = False,
    test: Test = None,
    full: Full = False,
    overwrite: Overwrite = False,
) -> None:
    """Train a network on cases with masks; the same command again goes on after a stop.

    `vhi train --source phantom --hold-out P03 --steps 300 --out trained`

    Each case needs both its masks, disease region and normal bone, whatever is learned: the
    disease region is learned as all bone, the two together.

    The folder then holds the weights (weights.safetensors, network.json), the learning curves
    (curves.csv, curves.png), the recipe (recipe.json), and what it was made from (training.json).
    The same recipe and data on one machine and number of threads give the same weights, stopped
    on the way or not. A GPU's are not the same to the last digit.

    Needs `pip install "vhi[train]"`.
    """
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        raise InputError(f'training needs {", ".join(lacking)}: pip install "vhi[train]"')
    options = {
        "steps": steps, "batch": batch, "precision": precision, "seed": seed, "threads": threads,
    }  # fmt: skip
    if workers < 0 or (seed is not None and seed < 0):
        raise InputError("--workers and --seed must be 0 or more")
    if protocol:
        single = {"--hold-out": hold_out, "--steps": steps, "--batch": batch, "--task": task}
        for name, value in single.items():
            if value:
                raise InputError(f"{name} does not go with --protocol, which sets it itself")
        if recipe != "default" or runs != 1:
            raise InputError("--recipe and --runs do not go with --protocol, which sets them")
        if overwrite:
            raise InputError("--overwrite does not go with --protocol; name a new folder")
        _protocol(source, test, full, options, _device(device), workers, out)
        return
    for name, value in {"--test": test, "--full": full}.items():
        if value:
            raise InputError(f"{name} belongs to --protocol; for one training use --hold-out")
    from vhi.training.folder import check_training_folder
    from vhi.training.recipe_files import read_recipe

    chosen = read_recipe(recipe, task=task, **options)
    check_training_folder(out, overwrite=overwrite)
    where = _device(device)
    material = _material(source, hold_out or [], chosen)
    _train(material, chosen, out, runs, where, workers, overwrite)


def _train(
    material: Material,
    recipe: Recipe,
    out: Path,
    runs: int,
    device: str,
    workers: int,
    overwrite: bool,
) -> None:
    from vhi.training.folder import train_in_folder
    from vhi.training.train import Stopped

    threads = ""
    if device == "cpu":
        threads = f", {recipe.threads} thread" + "s" * (recipe.threads > 1)
    print(
        f"Training: {recipe.steps} steps of {recipe.batch} slices on {device}{threads}", flush=True
    )
    with TrainingProgress(runs).shown() as shown:
        shown.total(recipe.steps)
        try:
            members = train_in_folder(
                material, recipe, out, runs=runs, device=device, workers=workers,
                overwrite=overwrite, watch=shown.row, stop=shown.step,
            )  # fmt: skip
        except Stopped as stopped:
            warn(f"stopped after step {stopped.step}; the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
        except FloatingPointError as error:
            raise InputError(f"{out}: {not_a_number(error)}") from error
    seconds = sum(member.seconds for member in members)
    dice = [member.curve[-1].held_out_dice for member in members]
    known = [f"{each:.3f}" for each in dice if each is not None]
    print(
        f"Trained in {duration(seconds)}"
        + (f"; Dice of all voxels held out {', '.join(known)}" if known else "")
    )
    print(f"Network: {out}")


def _protocol(
    source: str,
    test: list[str] | None,
    full: bool,
    options: Mapping[str, object],
    device: str,
    workers: int,
    out: Path,
) -> None:
    from vhi.papers.protocol.protocol import Budget, plan
    from vhi.papers.protocol.run import run_protocol
    from vhi.training.dataset import STUDY_TEST
    from vhi.training.train import Stopped

    if not test and source != "study":
        raise InputError("--test is missing; name the subjects to keep for the end")
    budget = Budget.full() if full else Budget.small()
    made = plan(_cases(source), test or list(STUDY_TEST), budget, **options)
    print(made.describe(), flush=True)
    with TrainingProgress().shown() as shown:
        try:
            run_protocol(
                made, out, device=device, workers=workers,
                say=lambda line: print(line, flush=True), stop=lambda done: shown.step(1, done),
            )  # fmt: skip
        except Stopped:
            warn("stopped; the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
        except FloatingPointError as error:
            raise InputError(f"{out}: {not_a_number(error)}") from error


def _cases(source: str) -> list[Case]:
    from vhi.cases.case import load_cases

    with progress(f"Getting the cases of {source}"):
        return load_cases(source)


def _material(source: str, held_out: Sequence[str], recipe: Recipe) -> Material:
    from vhi.training.training_set import describe, load_material

    cases = _cases(source)
    with progress("Checking the data") as report:
        report("Checking the data", total=len(cases))
        material = load_material(cases, held_out, recipe, progress=lambda case: report(advance=1))
    print(describe(material, recipe), flush=True)
    return material


def _device(name: str) -> str:
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"--device {name}: unknown; choose from auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch finds no GPU here; leave the option out")
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
    if chosen == "cuda":
        # Without it the GPU's matrix products do not repeat.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return chosen


def not_a_number(error: FloatingPointError) -> str:
    """Return the message for a loss that is no longer a number."""
    return (
        f"{one_line(error)}; train with --precision float32, or a recipe with a lower learning_rate"
    )
