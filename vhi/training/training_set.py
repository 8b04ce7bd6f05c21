"""The cases of a training, loaded, checked and listed before the first step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.nifti import load_image
from vhi.images.sidecar import sha256_of
from vhi.training.dataset import Example, load_example, split
from vhi.training.recipe import Recipe

TRAINING, HELD_OUT = "training", "held out"


@dataclass(frozen=True)
class TrainingSet:
    """Training and held-out examples; no subject is in both.

    `rows` has one record per case, as ``training.json`` keeps it: case, visit, subject, part
    (``"training"`` or ``"held out"``), slices, size (rows and columns as the network reads them),
    spacing_mm (of the T1w scan, along its array axes), marked (pixels of the target), share (of all
    pixels) and inputs (SHA-256 by file name).
    """

    training: tuple[Example, ...]
    held_out: tuple[Example, ...]
    rows: tuple[dict[str, Any], ...]

    def subjects(self, part: str) -> list[str]:
        """List the subjects of a part, sorted."""
        return sorted({row["subject"] for row in self.rows if row["part"] == part})

    def describe(self, recipe: Recipe) -> str:
        """Return the table that is shown before the first step, with its totals."""
        lines = [f"{'case':<16} {'part':<9} {'slices':>6} {'spacing, mm':>19} {'marked':>15}"]
        for row in self.rows:
            name = f"{row['case']} {row['visit']}".strip()
            spacing = " x ".join(f"{step:.2f}" for step in row["spacing_mm"])
            marked = f"{row['marked']:,} ({row['share']:.1%})"
            lines.append(
                f"{name:<16} {row['part']:<9} {row['slices']:>6} {spacing:>19} {marked:>15}"
            )
        for part in (TRAINING, HELD_OUT):
            subjects = self.subjects(part)
            plural = "s" * (len(subjects) != 1)
            slices = sum(row["slices"] for row in self.rows if row["part"] == part)
            text = f"{len(subjects)} subject{plural} ({', '.join(subjects)}), {slices} slices"
            nobody = "no subject; the curve shows only the training loss"
            lines.append(f"{part.capitalize()}: {text if subjects else nobody}")
        finest = [min(row["spacing_mm"]) for row in self.rows]
        lines.append(
            f"In-plane spacing {min(finest):.3f} to {max(finest):.3f} mm; the network reads slices "
            f"at {recipe.spacing_mm:g} mm."
        )
        return "\n".join(lines)


def load_training_set(
    cases: Sequence[Case],
    held_out: Sequence[str],
    recipe: Recipe,
    *,
    progress: Callable[[Case], None] | None = None,
) -> TrainingSet:
    """Load and check all cases of a training.

    `cases`: from `vhi.load_cases`. `held_out`: subjects that the network must not learn from, with
    all their visits. `recipe`: decides the channels and the spacing of the slices. `progress`:
    called with each case once it is loaded.
    InputError: a case lacks a mask, a mask is empty or on another grid, a scan cannot be cut for
    the network, a held-out subject is unknown, no case is left for training, or one scan belongs to
    two subjects of which one is held out.
    """
    training, testing = split(cases, held_out)
    if not training:
        raise InputError("no case is left for training: every subject is held out")
    examples: dict[str, list[Example]] = {TRAINING: [], HELD_OUT: []}
    rows = []
    for part, chosen in ((TRAINING, training), (HELD_OUT, testing)):
        for case in chosen:
            example = load_example(case, recipe)
            examples[part].append(example)
            rows.append(
                {
                    "case": case.case,
                    "visit": case.visit,
                    "subject": case.subject,
                    "part": part,
                    "slices": len(example.slices),
                    "size": example.target.shape[1:],
                    "spacing_mm": load_image(case.t1w).spacing_mm,
                    "marked": int(example.target.sum()),
                    "share": float(example.target.mean()),
                    "inputs": {path.name: sha256_of(path) for path in case.files},
                }
            )
            if progress is not None:
                progress(case)
    for first in examples[TRAINING]:
        for second in examples[HELD_OUT]:
            if np.array_equal(first.slices, second.slices):
                raise InputError(
                    f"{second.case} {second.visit} (held out) is the same scan as {first.case} "
                    f"{first.visit} (training); give one subject one name"
                )
    return TrainingSet(tuple(examples[TRAINING]), tuple(examples[HELD_OUT]), tuple(rows))
