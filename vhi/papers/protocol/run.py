"""The paper's protocol at work: trainings in folders, a table, a choice, one look at the test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vhi.errors import InputError
from vhi.files.atomic import explain_write_errors, write_whole
from vhi.files.encode import encode_json
from vhi.papers.protocol.protocol import RUNS, Plan, Setting
from vhi.papers.protocol.tables import Result, choose, fold_results, write_rows
from vhi.papers.protocol.test_look import TEST, now, score_test
from vhi.training.curves import write_curves
from vhi.training.durations import duration
from vhi.training.folder import train_in_folder
from vhi.training.recipe import Recipe
from vhi.training.train import train
from vhi.training.training_set import Material, load_material

PLAN, RESULTS, CHOSEN = "protocol.json", "results.csv", "chosen.json"
CURVE = "curves.csv"

Stop = Callable[[int], bool]
Say = Callable[[str], None]


def run_protocol(
    made: Plan,
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 0,
    say: Say = lambda line: None,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Do what is planned, or go on with it, and return the test's row of ``test_looks.csv``.

    Parameters
    ----------
    made
        From `vhi.papers.protocol.protocol.plan`.
    folder
        Gets a folder per setting and fold, ``results.csv`` (one row each), ``chosen.json``
        (written before the test is looked at), ``chosen`` (the ensemble), ``test.csv`` (a row per
        slice) and ``test_looks.csv`` (a row for each time the test was scored; only added to).
    device, workers, stop
        See `vhi.training.train.train`.
    say
        Is told what happens, line by line.

    Raises
    ------
    InputError
        `folder` holds another protocol, or one that has been tested.
    Stopped
        `stop` said so; the same call goes on.
    """
    _open_folder(made, folder)
    results: list[Result] = []
    told = False
    for number, held_out in enumerate(made.folds, 1):
        material: dict[int, Material] = {}
        for setting in made.budget.settings:
            place = folder / setting.name / f"fold-{number}"
            if not (place / CURVE).exists():
                recipe = made.recipe(setting, made.budget.epochs[-1])
                if recipe.multiple not in material:  # deeper networks need more filling
                    material[recipe.multiple] = load_material(made.cases, held_out, recipe)
                if not told:
                    say(_estimate(made, material[recipe.multiple], device))
                    told = True
                _train_fold(made, material[recipe.multiple], recipe, place, device, workers, stop)
            found = fold_results(setting, number, held_out, made, place / CURVE)
            results += found
            write_rows(folder / RESULTS, [vars(each) for each in results])
            last = found[-1]
            say(
                f"fold {number} of {len(made.folds)}, {setting.levels} levels, kernel "
                f"{setting.kernel}: "
                + ", ".join(f"Dice {each.dice:.3f} after {each.epochs} epochs" for each in found)
                + f" (cross-entropy {last.cross_entropy:.3f})"
            )
    setting, epochs = _choose(results, made, folder, say)
    recipe = made.recipe(setting, epochs)
    train_in_folder(
        load_material(made.cases, (), recipe),
        recipe,
        folder / "chosen",
        runs=RUNS,
        device=device,
        workers=workers,
        again=True,
        stop=None if stop is None else lambda run, step: stop(step),
    )
    look = score_test(made, folder / "chosen", folder)
    say(
        f"Test on {look['subjects']}: mean Dice {look['mean_dice']:.3f} ({look['min']:.3f} to "
        f"{look['max']:.3f}), n = {look['slices']} slices (paper: 0.94, 0.85 to 0.98, n = 48)"
    )
    return look


def _open_folder(made: Plan, folder: Path) -> None:
    record = json.loads(json.dumps(made.record()))
    path = folder / PLAN
    if (folder / TEST).exists():
        raise InputError(
            f"{folder}: this protocol is finished and its test scored once; name another folder"
        )
    if path.exists():
        try:
            there = json.loads(path.read_bytes())
        except ValueError as error:
            raise InputError(f"{path}: cannot be read; name another folder") from error
        different = [name for name in record if there.get(name) != record[name]]
        if different:
            raise InputError(
                f"{folder}: holds another protocol ({', '.join(different)} differ); give its "
                "options to go on with it, or name another folder"
            )
        return
    with explain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder}: holds other files; name a new folder for the protocol")
    write_whole(path, encode_json(record, indent=1, ascii_only=True))


def _train_fold(
    made: Plan,
    material: Material,
    recipe: Recipe,
    place: Path,
    device: str,
    workers: int,
    stop: Stop | None,
) -> None:
    with explain_write_errors(place):
        place.mkdir(parents=True, exist_ok=True)
    trained = train(
        material.training,
        recipe,
        held_out=material.held_out,
        folder=place,
        device=device,
        workers=workers,
        steps_per_row=made.budget.row_epochs * made.budget.steps_per_epoch,
        stop=stop,
    )
    write_curves(place / CURVE, [trained.curve])


def _choose(results: Sequence[Result], made: Plan, folder: Path, say: Say) -> tuple[Setting, int]:
    """Return the chosen setting and epochs; once written, a choice stands."""
    path = folder / CHOSEN
    if path.exists():
        best = json.loads(path.read_bytes())["chosen"]
    else:
        rows = choose(results)
        best = rows[0]
        record = {"time": now(), "by": "mean validation Dice", "chosen": best, "all": rows}
        write_whole(path, encode_json(record, indent=1, ascii_only=True))
    say(
        f"Chosen: {best['levels']} levels, kernel {best['kernel']}, {best['epochs']} epochs (mean "
        f"validation Dice {best['mean_dice']:.3f}; the paper chose 4 levels, kernel 3). Now "
        f"{RUNS} runs of it on all {len({case.subject for case in made.cases})} subjects."
    )
    return Setting(best["levels"], best["kernel"]), best["epochs"]


def _estimate(made: Plan, material: Material, device: str) -> str:
    """Time a few steps of each setting, and say how long all of it will take on this machine."""
    epochs = made.budget.epochs[-1]
    steps = epochs * made.budget.steps_per_epoch
    # What is held out is scored without learning, at about a third of the cost of a slice.
    slices = len(made.cases) * len(material.training[0].slices) / len(made.folds)
    scored = epochs / made.budget.row_epochs * slices / 3 / made.base.batch
    grid, final = 0.0, 0.0
    for setting in made.budget.settings:
        recipe = setting.recipe(made.base, 3)
        marks: list[float] = []

        def mark(_: int, marks: list[float] = marks) -> bool:
            marks.append(time.monotonic())
            return False

        one = load_material(made.cases[:1], (), recipe)
        train(one.training, recipe, device=device, stop=mark)
        per_step = (marks[-1] - marks[0]) / 2
        grid += per_step * (steps + scored) * len(made.folds)
        final = max(final, RUNS * steps * per_step)
    return (
        f"About {duration(grid)} for the grid on this machine, at most {duration(final)} for the "
        "three runs after it. A stopped protocol goes on by the same command."
    )
