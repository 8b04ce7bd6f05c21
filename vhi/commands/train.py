"""The command `vhi train`: options, checks, and what it prints."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vhi.commands.options import flag, option
from vhi.commands.terminal import INTERRUPTED, progress, warn
from vhi.commands.train_progress import TrainingProgress
from vhi.errors import InputError, one_line
from vhi.files.place import sole_writer

if TYPE_CHECKING:
    from vhi.cases.case import Case

NEEDED = ("torch", "matplotlib", "monai", "safetensors", "onnx", "onnxscript")


def train(
    out: Annotated[Path, option("DIR", "Folder of the training, created if missing.")],
    source: Annotated[
        str,
        option(
            "NAME", "Source of cases: `study`, `phantom` (simulated) or the path of a CSV table."
        ),
    ],
    hold_out: Annotated[
        list[str] | None,
        option(
            "SUBJECT ...",
            "Subjects to hold out, with all their visits: scored during training, never used to "
            "learn. Default: none.",
        ),
    ] = None,
    task: Annotated[
        str | None,
        option("TASK", "Area to learn: `disease-region` or `normal-bone`. Default: the recipe's."),
    ] = None,
    recipe: Annotated[
        str,
        option(
            "NAME",
            "Training settings: `default`, `paper`, or a JSON file (recipe.json). Default: "
            "default.",
        ),
    ] = "default",
    steps: Annotated[
        int | None, option("N", "Number of updates of the weights. Default: the recipe's.")
    ] = None,
    batch: Annotated[int | None, option("N", "Slices per update. Default: the recipe's.")] = None,
    precision: Annotated[
        str | None, option("TYPE", "`float32` or `bfloat16`. Default: the recipe's.")
    ] = None,
    seed: Annotated[int | None, option("N", "Random seed. Default: the recipe's.")] = None,
    threads: Annotated[
        int | None,
        option(
            "N",
            "CPU threads. Another number changes the last digits of the weights. Default: the "
            "recipe's.",
        ),
    ] = None,
    runs: Annotated[
        int,
        option(
            "N", "Number of networks to train, with successive seeds, as an ensemble. Default: 1."
        ),
    ] = 1,
    device: Annotated[
        str, option("NAME", "`cpu`, `cuda` or `auto` (a GPU if there is one). Default: auto.")
    ] = "auto",
    workers: Annotated[
        int, option("N", "Extra processes that prepare slices during training. Default: 0.")
    ] = 0,
    protocol: Annotated[
        bool,
        flag(
            "--protocol",
            "Run the paper's protocol instead of a single training: four-fold cross-validation "
            "over a grid of 12 settings; the best setting is trained three times and scored once "
            "on the subjects of --test. Without --full, a small version that takes about an hour "
            "on two cores.",
        ),
    ] = False,
    test: Annotated[
        list[str] | None,
        option(
            "SUBJECT ...",
            "Subjects that the protocol keeps for its final test. Default with --source study: "
            "1003 and 2014.",
        ),
    ] = None,
    full: Annotated[
        bool,
        flag(
            "--full",
            "Run the protocol at full resolution with the paper's 350 steps per epoch. Needs a "
            "GPU; two cores would take weeks.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, flag("--overwrite", "Delete the earlier training in DIR and start again.")
    ] = False,
) -> None:
    """Train a network on cases with masks; the same command resumes a stopped training.

    `vhi train --source phantom --hold-out P03 --steps 300 --out trained`

    For either task, each case needs both masks, disease region and normal bone: the disease
    region is learned as all bone, which is the union of the two masks.

    DIR then holds the weights (weights.safetensors, network.json), the learning curves
    (curves.csv, curves.png), the recipe (recipe.json) and the record of the training
    (training.json). On one machine, the same recipe, data and number of threads give the same
    weights, even if the training was stopped in between. On a GPU, the last digits differ.

    Requires `pip install "vhi[train]"`.
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
        from vhi.training.folder import RECORD
        from vhi.training.loop import choose_device

        with sole_writer(out / RECORD):
            _run_protocol(source, test, full, options, choose_device(device), workers, out)
        return
    for name, value in {"--test": test, "--full": full}.items():
        if value:
            raise InputError(f"{name} belongs to --protocol; for one training use --hold-out")
    from vhi.training.dataset import load_training_set
    from vhi.training.folder import RECORD, check_training_folder, train_in_folder
    from vhi.training.loop import choose_device, duration
    from vhi.training.recipe import read_recipe

    chosen = read_recipe(recipe, task=task, **options)
    with sole_writer(out / RECORD):
        check_training_folder(out, overwrite=overwrite)
        where = choose_device(device)
        cases = _cases(source)
        with progress("Checking the data") as report:
            report("Checking the data", total=len(cases))
            training_set = load_training_set(
                cases, hold_out or [], chosen, progress=lambda case: report(advance=1)
            )
        for note in training_set.notes:
            warn(note)
        print(training_set.describe(chosen))
        plural = "s" * (chosen.threads > 1)
        on_threads = f", {chosen.threads} thread{plural}" if where == "cpu" else ""
        print(
            f"Training: {chosen.steps} steps of {chosen.batch} slices on {where}{on_threads}",
            flush=True,
        )
        with _interruptible(out, runs) as shown:
            shown.total(chosen.steps)
            members = train_in_folder(
                training_set, chosen, out, runs=runs, device=where, workers=workers,
                overwrite=overwrite, watch=shown.row, stop=shown.step,
            )  # fmt: skip
    seconds = sum(member.seconds for member in members)
    dice = [member.curve[-1].held_out_dice for member in members]
    scores = [f"{value:.3f}" for value in dice if value is not None]
    held_out = f"; Dice over all held-out voxels {', '.join(scores)}" if scores else ""
    print(f"Trained in {duration(seconds)}{held_out}")
    print(f"Network: {out}")


def _run_protocol(
    source: str,
    test: list[str] | None,
    full: bool,
    options: Mapping[str, object],
    device: str,
    workers: int,
    out: Path,
) -> None:
    from vhi.papers.protocol.protocol import Budget, make_plan
    from vhi.papers.protocol.run import run_protocol
    from vhi.training.dataset import STUDY_TEST

    if not test and source != "study":
        raise InputError("--test is missing; name the subjects to keep for the end")
    budget = Budget.full() if full else Budget.small()
    plan = make_plan(_cases(source), test or list(STUDY_TEST), budget, **options)
    print(plan.describe(), flush=True)
    with _interruptible(out) as shown:
        run_protocol(
            plan, out, device=device, workers=workers,
            say=lambda line: print(line, flush=True), stop=lambda done: shown.step(1, done),
        )  # fmt: skip


@contextmanager
def _interruptible(out: Path, runs: int = 1) -> Iterator[TrainingProgress]:
    """Show progress; turn a requested stop into an exit status, a lost loss into a message."""
    from vhi.training.loop import Stopped

    with TrainingProgress(runs).shown() as shown:
        try:
            yield shown
        except Stopped as stopped:
            warn(f"stopped after step {stopped.step}; the same command continues from there")
            raise typer.Exit(INTERRUPTED) from None
        except FloatingPointError as error:
            raise InputError(
                f"{out}: {one_line(error)}; train with --precision float32, or a recipe with a "
                "lower learning_rate"
            ) from error


def _cases(source: str) -> list[Case]:
    from vhi.cases.case import load_cases

    with progress(f"Getting the cases of {source}"):
        return load_cases(source)
