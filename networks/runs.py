"""The trainings behind the shipped networks: recipes, subjects, and who is held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vhi.cases.case import Case
from vhi.models.unet import UNet
from vhi.segmentation.registry import NORMAL_BONE
from vhi.training.checkpoint import CHECKPOINT, trained_network
from vhi.training.dataset import STUDY_TEST, folds, load_training_set
from vhi.training.folder import is_finished, train_run
from vhi.training.loop import weights_sha256
from vhi.training.recipe import Recipe

FOLDS = 4
"""As in the paper. One network for each fold; the four are the ensemble."""

DISEASE_RECIPE = Recipe()

WIDE_RECIPE = Recipe(steps=9000, neighbours=1, average=0.999, augmentation="wide")
"""Tried against `DISEASE_RECIPE`: neighbouring slices, other contrasts and fields of view, the mean
of the weights, half as many updates again. README.md says what came out."""

NEAR_RECIPE = WIDE_RECIPE.with_(augmentation="robust")
"""The same without other contrasts and fields of view."""

FURTHER = Recipe(steps=750, learning_rate=0.001)
"""A second, shorter and gentler cycle, in which a trained network learns from further subjects."""

NORMAL_BONE_RECIPE = Recipe(
    task=NORMAL_BONE,
    filters=(16, 32, 48, 64),
    block=1,
    spacing_mm=2.4,
    steps=600,
    batch=8,
    loss="bce",
    positive_weight=50.0,
)
"""Where readers draw normal bone: coarse slices suffice for a place without an outline."""


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    name : str
        Of its folder.
    recipe : Recipe
    subjects : tuple of str
        Of its scans, training and held out.
    held_out : tuple of str
    starts_from : str
        The run whose weights it starts from.
    """

    name: str
    recipe: Recipe
    subjects: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    starts_from: str = ""

    @property
    def trained_on(self) -> list[str]:
        """Subjects that it learns from."""
        return [subject for subject in self.subjects if subject not in self.held_out]


def all_runs(cases: Sequence[Case]) -> dict[str, Run]:
    """Return every training by its name; a run comes after the run that it starts from."""
    everybody = tuple(sorted({case.subject for case in cases}))
    eight = tuple(subject for subject in everybody if subject not in STUDY_TEST)
    numbered = list(enumerate(cross_validation(cases)))
    runs = [
        *(
            Run(f"cv{fold}", DISEASE_RECIPE.with_(seed=fold + 1), eight, held_out)
            for fold, held_out in numbered
        ),
        *(Run(f"nb{subject}", NORMAL_BONE_RECIPE, everybody, (subject,)) for subject in everybody),
        Run("nbfinal", NORMAL_BONE_RECIPE, everybody),
        *(
            Run(f"{name}{fold}", FURTHER.with_(seed=fold + 1), subjects, starts_from=f"cv{fold}")
            for name, subjects in (("study", eight), ("default", everybody))
            for fold, _ in numbered
        ),
    ]
    return {run.name: run for run in runs}


def tried_runs(cases: Sequence[Case]) -> dict[str, Run]:
    """Return the trainings, by name, that no shipped network comes from."""
    eight = tuple(sorted({case.subject for case in cases}.difference(STUDY_TEST)))
    runs = [
        Run(f"{name}{fold}", recipe.with_(seed=fold + 1), eight, held_out)
        for name, recipe in (("wide", WIDE_RECIPE), ("near", NEAR_RECIPE))
        for fold, held_out in enumerate(cross_validation(cases))
    ]
    return {run.name: run for run in runs}


def cross_validation(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """Return the subjects held out in each fold of the eight."""
    return folds([case for case in cases if case.subject not in STUDY_TEST], FOLDS, seed=1)


def run_training(run: Run, cases: Sequence[Case], work: Path, **options: Any) -> None:
    """Train one run in its folder, or continue where it was stopped; a finished one is checked.

    `options`: of `vhi.training.loop.train`.
    """
    if is_finished(work / run.name):
        made_by(run, work)
        return
    start = network_of(run.starts_from, work) if run.starts_from else None
    recipe = run.recipe.with_(starts_from=weights_sha256(start) if start else "")
    chosen = [case for case in cases if case.subject in run.subjects]
    train_run(
        load_training_set(chosen, run.held_out, recipe), recipe, work / run.name, start=start,
        watch=lambda progress: print(
            f"{run.name}: step {progress.row.step} of {progress.steps}, {progress}", flush=True
        ),
        **options,
    )  # fmt: skip


def network_of(name: str, work: Path) -> UNet:
    """Return the network at the end of a run."""
    return trained_network(work / name / CHECKPOINT)[0]


def made_by(run: Run, work: Path) -> dict[str, Any]:
    """Return how a run's network was made, according to its checkpoint.

    Stops where the checkpoint is of another recipe than the run's.
    """
    _, recipe = trained_network(work / run.name / CHECKPOINT)
    if recipe.with_(starts_from="") != run.recipe:
        raise SystemExit(f"{run.name}: was trained by another recipe; remove it and train again")
    return {"run": run.name, "subjects": run.trained_on, "recipe": recipe.record()}
