"""The paper's protocol for the disease region: choose by cross-validation, then test once.

Section 2.5.3: of the training subjects, four folds; in each the 12 settings of a grid (epochs 60
or 100, levels 2, 4 or 6, kernels 3 x 3 or 5 x 5); the setting with the best mean Dice is trained
three times on all of them; the mean of the three, rounded, is tested on the subjects kept apart.

With a constant learning rate the first 60 of 100 epochs are the training of 60 epochs, step for
step, so that 24 trainings give all 48 results.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.sidecar import sha256_of
from vhi.training.dataset import folds, split
from vhi.training.recipe import PAPER, Recipe

EPOCHS, LEVELS, KERNELS = (60, 100), (2, 4, 6), (3, 5)
FOLDS, RUNS = 4, 3


@dataclass(frozen=True)
class Setting:
    """One network of the grid; one training of it gives the results of both numbers of epochs."""

    levels: int
    kernel: int

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"levels-{self.levels}_kernel-{self.kernel}"

    def recipe(self, base: Recipe, steps: int) -> Recipe:
        """Return the recipe of this setting: 16 filters, twice as many with every level."""
        filters = tuple(16 * 2**level for level in range(self.levels))
        return base.with_(filters=filters, kernel=self.kernel, steps=steps)


SETTINGS = tuple(itertools.starmap(Setting, itertools.product(LEVELS, KERNELS)))


@dataclass(frozen=True)
class Budget:
    """The share of the paper's work that is done.

    A network is scored after each of `epochs`, ascending. The paper has 350 steps per epoch, and
    slices at the study's own in-plane spacing.
    """

    steps_per_epoch: int
    spacing_mm: float
    precision: str
    epochs: tuple[int, ...] = EPOCHS
    settings: tuple[Setting, ...] = SETTINGS

    @property
    def steps_per_row(self) -> int:
        """The held-out scans are scored once in so many steps."""
        return math.gcd(*self.epochs) * self.steps_per_epoch

    @classmethod
    def full(cls) -> Budget:
        """Return the paper's budget."""
        return cls(350, PAPER.spacing_mm, PAPER.precision)

    @classmethod
    def small(cls) -> Budget:
        """Return a budget for two CPU cores: 3 steps an epoch, slices at half the resolution.

        Enough to see the protocol at work; too little for the paper's scores.
        """
        return cls(3, 2 * PAPER.spacing_mm, "bfloat16")


@dataclass(frozen=True)
class Plan:
    """The trainings of a protocol and their subjects.

    `test_cases` are kept for the end; `folds` are the subjects held out in each fold; `base` is
    common to all settings.
    """

    cases: tuple[Case, ...]
    test_cases: tuple[Case, ...]
    folds: tuple[tuple[str, ...], ...]
    base: Recipe
    budget: Budget

    def recipe(self, setting: Setting, epochs: int) -> Recipe:
        """Return the recipe of a setting trained for this number of epochs."""
        return setting.recipe(self.base, epochs * self.budget.steps_per_epoch)

    @property
    def test(self) -> list[str]:
        """Subjects kept for the end."""
        return sorted({case.subject for case in self.test_cases})

    def record(self) -> dict[str, Any]:
        """Return what identifies the protocol when it is continued, as JSON has it."""
        files = [
            path
            for case in (*self.cases, *self.test_cases)
            for path in case.files
            if path != case.stir
        ]
        record = {
            "folds": self.folds,
            "test": self.test,
            "budget": asdict(self.budget),
            "recipe": json.dumps(self.base.record()),
            "inputs": {f"{path.parent.name}/{path.name}": sha256_of(path) for path in files},
        }
        return dict(json.loads(json.dumps(record)))

    def describe(self) -> str:
        """Return a summary of the plan in a few lines."""
        budget, subjects = self.budget, {case.subject for case in self.cases}
        lines = [
            f"Protocol: {len(subjects)} subjects in {len(self.folds)} folds "
            f"({'; '.join(' '.join(fold) for fold in self.folds)}), test on "
            f"{' '.join(self.test)} at the end.",
            f"{len(budget.settings)} networks x {len(self.folds)} folds x {budget.epochs[-1]} "
            f"epochs of {budget.steps_per_epoch} steps, each scored after "
            f"{' and '.join(map(str, budget.epochs))} epochs; then {RUNS} runs of the best.",
        ]
        if len(self.folds) < FOLDS:
            lines.append(f"{FOLDS} folds need as many subjects: {len(self.folds)} here.")
        if budget.steps_per_epoch < Budget.full().steps_per_epoch:
            lines.append(
                f"Small budget: {budget.steps_per_epoch} steps an epoch in place of the paper's "
                f"350, slices at {self.base.spacing_mm:g} mm, {self.base.precision}. It shows the "
                "protocol at work; its scores are not the paper's. In full with --full."
            )
        return "\n".join(lines)


def make_plan(cases: Sequence[Case], test: Sequence[str], budget: Budget, **options: Any) -> Plan:
    """Divide the subjects and decide what is trained.

    `test` are the subjects kept for the end. `options` are fields of `Recipe` that replace the
    paper's: seed, threads, precision; None changes nothing. InputError if a test subject is
    unknown, or fewer than two others are left.
    """
    training, testing = split(cases, test)
    if not testing:
        raise InputError("the protocol needs subjects to test on; name them with --test")
    changes = {name: value for name, value in options.items() if value is not None}
    base = PAPER.with_(spacing_mm=budget.spacing_mm, **{"precision": budget.precision, **changes})
    count = min(FOLDS, len({case.subject for case in training}))
    parts = folds(training, count, seed=base.seed)
    return Plan(tuple(training), tuple(testing), tuple(parts), base, budget)
