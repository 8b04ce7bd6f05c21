"""The paper's protocol at work: trainings in folders, a table, a choice, one look at the test."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.evaluation.evaluate import evaluate
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_csv
from vhi.files.place import explain_write_errors
from vhi.images.image import Image
from vhi.images.nifti import load_scan
from vhi.papers.protocol.protocol import RUNS, Plan, Setting
from vhi.segmentation.predict import load_members, segment_scans
from vhi.segmentation.registry import DISEASE_REGION, find_network
from vhi.training.curves import read_curves
from vhi.training.dataset import TrainingSet, load_training_set
from vhi.training.folder import (
    CURVES,
    is_finished,
    read_record,
    train_in_folder,
    train_run,
    write_record,
)
from vhi.training.loop import duration, train
from vhi.training.recipe import Recipe

PLAN, RESULTS, CHOSEN = "protocol.json", "results.csv", "chosen.json"
TEST, LOOKS = "test.csv", "test_looks.csv"


def run_protocol(
    plan: Plan,
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 0,
    say: Callable[[str], None] = lambda line: None,
    stop: Callable[[int], bool] | None = None,
) -> dict[str, Any]:
    """Carry out a plan, or continue it, and return the test's row of ``test_looks.csv``.

    `folder` gets a folder per setting and fold, ``results.csv`` (one row each), ``chosen.json``
    (written before the test is looked at), ``chosen`` (the ensemble), ``test.csv`` (a row per
    slice) and ``test_looks.csv`` (a row for each time the test was scored; only added to). `say`
    gets each line about the progress; further options are those of `vhi.training.loop.train`.

    Raises
    ------
    InputError
        `folder` holds another protocol, or one that has been tested.
    Stopped
        `stop` returned true; the same call continues.
    """
    _open_folder(plan, folder)
    steps_per_row = plan.budget.steps_per_row
    results: list[dict[str, Any]] = []
    estimated = False
    for number, held_out in enumerate(plan.folds, 1):
        sets: dict[int, TrainingSet] = {}
        for setting in plan.budget.settings:
            place = folder / setting.name / f"fold-{number}"
            if not is_finished(place):
                recipe = plan.recipe(setting, plan.budget.epochs[-1])
                if recipe.multiple not in sets:  # deeper networks need more filling
                    sets[recipe.multiple] = load_training_set(plan.cases, held_out, recipe)
                if not estimated:
                    for note in sets[recipe.multiple].notes:
                        say(f"warning: {note}")
                    say(_estimate(plan, sets[recipe.multiple], device))
                    estimated = True
                train_run(
                    sets[recipe.multiple], recipe, place,
                    device=device, workers=workers, steps_per_row=steps_per_row, stop=stop,
                )  # fmt: skip
            rows = _fold_results(plan, setting, number, place / CURVES)
            results += rows
            write_rows(folder / RESULTS, results)
            dice = ", ".join(f"Dice {row['dice']:.3f} after {row['epochs']} epochs" for row in rows)
            say(
                f"fold {number} of {len(plan.folds)}, {setting.levels} levels, kernel "
                f"{setting.kernel}: {dice} (cross-entropy {rows[-1]['cross_entropy']:.3f})"
            )
    setting, epochs = _choose(results, plan, folder, say)
    recipe = plan.recipe(setting, epochs)
    train_in_folder(
        load_training_set(plan.cases, (), recipe),
        recipe,
        folder / "chosen",
        runs=RUNS,
        device=device,
        workers=workers,
        again=True,
        stop=None if stop is None else lambda run, step: stop(step),
    )
    look = score_test(plan, folder / "chosen", folder)
    say(
        f"Test on {look['subjects']}: mean Dice {look['mean_dice']:.3f} ({look['min']:.3f} to "
        f"{look['max']:.3f}), n = {look['slices']} slices (paper: 0.94, 0.85 to 0.98, n = 48)"
    )
    return look


def rank(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per setting, best mean validation Dice first; ties go to the smaller one."""

    def setting(row: Mapping[str, Any]) -> tuple[int, int, int]:
        return row["levels"], row["kernel"], row["epochs"]

    rows = []
    for key, group in itertools.groupby(sorted(results, key=setting), setting):
        folds = list(group)
        rows.append(
            {
                **dict(zip(("levels", "kernel", "epochs"), key, strict=True)),
                "folds": len(folds),
                "mean_dice": float(np.mean([row["dice"] for row in folds])),
                "mean_cross_entropy": float(np.mean([row["cross_entropy"] for row in folds])),
            }
        )
    return sorted(rows, key=lambda row: -row["mean_dice"])


def score_test(plan: Plan, saved: Path, folder: Path) -> dict[str, Any]:
    """Score a saved network on the test subjects; the look is logged before any score is shown.

    The network is read from its folder and run as by `vhi segment`, so that the logged hash and the
    score belong together. InputError if a test scan cannot be scored: the score would describe only
    the others.
    """
    network = find_network(str(saved), DISEASE_REGION)
    members = load_members(network)

    def find(case: Case, changed: Image | None) -> Image:
        return segment_scans([changed or load_scan(case.t1w)], network, members=members).mask

    evaluation = evaluate(plan.test_cases, find)
    failures = [
        f"{' '.join(filter(None, (row['case'], row['visit'])))}: {row['failure']}"
        for row in evaluation.scans
        if row["failure"]
    ]
    if failures:
        raise InputError(
            f"test not scored, {len(failures)} of {len(plan.test_cases)} scans failed "
            f"({'; '.join(failures)}); correct or leave out these cases"
        )
    dice = [row["dice"] for row in evaluation.slices if "dice" in row]
    look = {
        "time": _now(),
        "weights_sha256": network.weights_sha256,
        "subjects": " ".join(plan.test),
        "slices": len(dice),
        "mean_dice": round(float(np.mean(dice)), 4),
        "min": round(min(dice), 4),
        "max": round(max(dice), 4),
    }
    log = folder / LOOKS
    table = encode_csv([look], tuple(look))
    if log.exists():
        table = log.read_bytes() + table.split(b"\n", 1)[1]
    write_whole(log, table)
    write_rows(folder / TEST, evaluation.slices)
    return look


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a CSV table with all columns that any of them has."""
    write_whole(path, encode_csv(rows, list(dict.fromkeys(name for row in rows for name in row))))


def _open_folder(plan: Plan, folder: Path) -> None:
    if (folder / TEST).exists():
        raise InputError(
            f"{folder}: this protocol is finished and its test scored once; name another folder"
        )
    record = plan.record()
    earlier = read_record(folder, PLAN, remedy="name another folder")
    different = [name for name in record if earlier.get(name) != record[name]]
    if earlier and different:
        raise InputError(
            f"{folder}: holds another protocol ({', '.join(different)} differ); give its options "
            "to continue it, or name another folder"
        )
    if not earlier:
        with explain_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_record(folder / PLAN, record)


def _fold_results(plan: Plan, setting: Setting, number: int, curve: Path) -> list[dict[str, Any]]:
    """Return the results of one training, one row for each number of epochs."""
    rows = {row.step: row for row in read_curves(curve)[0]}
    held_out = " ".join(plan.folds[number - 1])
    results = []
    for epochs in plan.budget.epochs:
        row = rows[epochs * plan.budget.steps_per_epoch]
        results.append(
            {
                "levels": setting.levels,
                "kernel": setting.kernel,
                "epochs": epochs,
                "fold": number,
                "held_out": held_out,
                "dice": row.held_out_dice,
                "cross_entropy": row.held_out_loss,
                "training_loss": row.loss,
            }
        )
    return results


def _choose(
    results: Sequence[Mapping[str, Any]], plan: Plan, folder: Path, say: Callable[[str], None]
) -> tuple[Setting, int]:
    """Return the chosen setting and epochs; a choice once written is final."""
    path = folder / CHOSEN
    if path.exists():
        best = json.loads(path.read_bytes())["chosen"]
    else:
        rows = rank(results)
        best = rows[0]
        record = {"time": _now(), "by": "mean validation Dice", "chosen": best, "all": rows}
        write_record(path, record)
    say(
        f"Chosen: {best['levels']} levels, kernel {best['kernel']}, {best['epochs']} epochs (mean "
        f"validation Dice {best['mean_dice']:.3f}; the paper chose 4 levels, kernel 3). Now "
        f"{RUNS} runs of it on all {len({case.subject for case in plan.cases})} subjects."
    )
    return Setting(best["levels"], best["kernel"]), best["epochs"]


def _estimate(plan: Plan, training_set: TrainingSet, device: str) -> str:
    """Time a few steps of each setting and estimate the duration of the protocol."""
    steps = plan.budget.epochs[-1] * plan.budget.steps_per_epoch
    # Held-out slices are scored without learning, at about a third of the cost of a slice.
    slices = len(plan.cases) * len(training_set.training[0].slices) / len(plan.folds)
    scored = steps / plan.budget.steps_per_row * slices / 3 / plan.base.batch
    grid, final = 0.0, 0.0
    for setting in plan.budget.settings:
        per_step = _seconds_per_step(plan.cases[0], setting.recipe(plan.base, 3), device)
        grid += per_step * (steps + scored) * len(plan.folds)
        final = max(final, RUNS * steps * per_step)
    return (
        f"About {duration(grid)} for the grid on this machine, at most {duration(final)} for the "
        "three runs after it. The same command continues a stopped protocol."
    )


def _seconds_per_step(case: Case, recipe: Recipe, device: str) -> float:
    marks: list[float] = []
    examples = load_training_set([case], (), recipe).training
    train(
        examples, recipe, device=device,
        steps_per_row=1, watch=lambda row: marks.append(time.monotonic()),
    )  # fmt: skip
    return (marks[-1] - marks[0]) / (len(marks) - 1)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
