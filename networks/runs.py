"""The trainings behind the shipped networks: which recipe, who is learned from, who is held out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vhi.cases.case import Case
from vhi.models.unet import UNet
from vhi.training.checkpoint import CHECKPOINT
from vhi.training.curves import write_curves
from vhi.training.dataset import STUDY_TEST, folds, load_example, split
from vhi.training.recipe import FURTHER, NORMAL_BONE_RECIPE, Recipe
from vhi.training.train import Progress, build, train, weights_sha256

FOLDS = 4
"""As in the paper. One network for each fold; the four are the ensemble."""

DISEASE_RECIPE = Recipe()


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    name : str
        Of its folder.
    recipe : Recipe
    subjects : tuple of str
        Whose scans belong to it: learned from, but for `held_out`.
    held_out : tuple of str
    starts_from : str
        The run whose weights it starts from.
    """

    name: str
    recipe: Recipe
    subjects: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    starts_from: str = ""


def all_runs(cases: Sequence[Case]) -> list[Run]:
    """Return every training, those first that later choices hang on."""
    everybody = tuple(sorted({case.subject for case in cases}))
    eight = tuple(subject for subject in everybody if subject not in STUDY_TEST)
    numbered = list(enumerate(cross_validation(cases)))
    return [
        *(
            Run(f"cv{fold}", DISEASE_RECIPE.with_(seed=fold + 1), eight, held_out)
            for fold, held_out in numbered
        ),
        *(Run(f"nb{each}", NORMAL_BONE_RECIPE, everybody, (each,)) for each in everybody),
        Run("nbfinal", NORMAL_BONE_RECIPE, everybody),
        *(
            Run(f"{name}{fold}", FURTHER.with_(seed=fold + 1), subjects, starts_from=f"cv{fold}")
            for name, subjects in (("study", eight), ("default", everybody))
            for fold, _ in numbered
        ),
    ]


def cross_validation(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """Return the subjects held out in each fold of the eight."""
    return folds([c for c in cases if c.subject not in STUDY_TEST], FOLDS, seed=1)


def train_run(run: Run, cases: Sequence[Case], work: Path) -> None:
    """Train one run in its folder, or go on where it was stopped."""
    own = [case for case in cases if case.subject in run.subjects]
    learned, held_out = split(own, run.held_out)
    folder = work / run.name
    folder.mkdir(parents=True, exist_ok=True)

    def tell(progress: Progress) -> None:
        dice = progress.row.held_out_dice
        shown = "" if dice is None else f", held-out Dice {dice:.3f}"
        print(
            f"{run.name}: step {progress.row.step} of {progress.steps}, loss "
            f"{progress.row.loss:.3f}{shown}, {progress.seconds_left / 60:.0f} min left",
            flush=True,
        )

    start = network_of(run.starts_from, work) if run.starts_from else None
    trained = train(
        [load_example(case, run.recipe) for case in learned],
        run.recipe.with_(starts_from=weights_sha256(start) if start else ""),
        held_out=[load_example(case, run.recipe) for case in held_out],
        start=start,
        folder=folder,
        watch=tell,
    )
    write_curves(folder / "curves.csv", [trained.curve])


def network_of(name: str, work: Path) -> UNet:
    """Return the network at the end of a run."""
    state, recipe = _finished(name, work)
    network = build(recipe)
    network.load_state_dict(state["network"])
    return network.eval()


def made_by(run: Run, work: Path) -> dict[str, Any]:
    """Return how a run's network was made, by its checkpoint, and what it started from.

    Stops where the checkpoint is not of the recipe that is written down for the run.
    """
    _, recipe = _finished(run.name, work)
    if recipe.with_(starts_from="") != run.recipe:
        raise SystemExit(f"{run.name}: was trained by another recipe; remove it and train again")
    learned = [subject for subject in run.subjects if subject not in run.held_out]
    return {"run": run.name, "subjects": learned, "recipe": json.loads(recipe.to_json())}


def is_done(run: Run, work: Path) -> bool:
    """Whether a run was trained to its end, by the recipe that is written down for it."""
    if not (work / run.name / "curves.csv").exists():
        return False
    made_by(run, work)
    return True


def _finished(name: str, work: Path) -> tuple[dict[str, Any], Recipe]:
    """Return the checkpoint of a finished run and its recipe."""
    state = torch.load(work / name / CHECKPOINT, map_location="cpu", weights_only=True)
    recipe = Recipe.from_json(state["recipe"])
    if state["step"] != recipe.steps:
        raise SystemExit(f"{name}: stopped after {state['step']} steps; train it to its end")
    return state, recipe


def named(names: Sequence[str], runs: Sequence[Run]) -> list[Run]:
    """Return the runs of these names, all of them where none is named."""
    unknown = set(names) - {run.name for run in runs}
    if unknown:
        raise SystemExit(f"no run is called {', '.join(sorted(unknown))}")
    return [run for run in runs if not names or run.name in names]
