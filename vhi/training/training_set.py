"""What a network learns from and what it is held against, looked at before the first step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.nifti import load_image
from vhi.images.sidecar import sha256_of
from vhi.training.dataset import Example, load_example, split
from vhi.training.recipe import Recipe

TRAINING, HELD_OUT = "training", "held out"


@dataclass(frozen=True)
class MaterialRow:
    """One case of the table that is shown before the first step.

    Attributes
    ----------
    case, visit, subject : str
    part : str
        ``"training"`` or ``"held out"``.
    slices : int
    size : tuple of int
        Rows and columns the network is given.
    spacing_mm : tuple of float
        Of the T1w scan, along its array axes.
    marked : int
        Pixels of the target.
    share : float
        Those over all pixels.
    inputs : dict
        SHA-256 of each file, by its name.
    """

    case: str
    visit: str
    subject: str
    part: str
    slices: int
    size: tuple[int, int]
    spacing_mm: tuple[float, float, float]
    marked: int
    share: float
    inputs: dict[str, str]


@dataclass(frozen=True)
class Material:
    """Training and held-out examples, no subject in both."""

    training: tuple[Example, ...]
    held_out: tuple[Example, ...]
    rows: tuple[MaterialRow, ...]

    def subjects(self, part: str) -> list[str]:
        """Return the subjects of a part, sorted."""
        return sorted({row.subject for row in self.rows if row.part == part})


def load_material(
    cases: Sequence[Case],
    held_out: Sequence[str],
    recipe: Recipe,
    *,
    progress: Callable[[Case], None] | None = None,
) -> Material:
    """Load and check all cases of a training.

    Parameters
    ----------
    cases
        From `vhi.load_cases`.
    held_out
        Subjects that the network must not see, with all their visits.
    recipe
        Says what is shown of a case, and at which spacing.
    progress
        Called with each case when it is loaded.

    Raises
    ------
    InputError
        A case lacks a mask, a mask is empty or on another grid, a scan cannot be cut for the
        network, a subject to hold out is unknown, nothing is left to learn from, or one scan
        goes by the names of two subjects, one of them held out.
    """
    training, testing = split(cases, held_out)
    if not training:
        raise InputError("nothing to learn from: every subject is held out")
    examples: dict[str, list[Example]] = {TRAINING: [], HELD_OUT: []}
    rows = []
    for part, chosen in ((TRAINING, training), (HELD_OUT, testing)):
        for case in chosen:
            example = load_example(case, recipe)
            examples[part].append(example)
            rows.append(_row(case, example, part))
            if progress is not None:
                progress(case)
    for first in examples[TRAINING]:
        for second in examples[HELD_OUT]:
            if np.array_equal(first.slices, second.slices):
                raise InputError(
                    f"{second.case} {second.visit} (held out) is the same scan as {first.case} "
                    f"{first.visit} (training); one subject must have one name"
                )
    return Material(tuple(examples[TRAINING]), tuple(examples[HELD_OUT]), tuple(rows))


def describe(material: Material, recipe: Recipe) -> str:
    """Return the table that is shown before the first step, and its sums."""
    lines = [f"{'case':<16} {'part':<9} {'slices':>6} {'spacing, mm':>19} {'marked':>15}"]
    for row in material.rows:
        spacing = " x ".join(f"{each:.2f}" for each in row.spacing_mm)
        marked = f"{row.marked:,} ({row.share:.1%})"
        name = f"{row.case} {row.visit}".strip()
        lines.append(f"{name:<16} {row.part:<9} {row.slices:>6} {spacing:>19} {marked:>15}")
    for part in (TRAINING, HELD_OUT):
        rows = [row for row in material.rows if row.part == part]
        subjects = material.subjects(part)
        counted = f"{len(subjects)} subject{'s' * (len(subjects) != 1)} ({', '.join(subjects)})"
        lines.append(
            f"{part.capitalize()}: {counted}, {sum(row.slices for row in rows)} slices"
            if rows
            else f"{part.capitalize()}: nobody; the curve shows the training loss only"
        )
    fine = [min(row.spacing_mm) for row in material.rows]
    lines.append(
        f"In-plane spacing {min(fine):.3f} to {max(fine):.3f} mm; the network sees "
        f"{recipe.spacing_mm:g} mm."
    )
    return "\n".join(lines)


def _row(case: Case, example: Example, part: str) -> MaterialRow:
    files = [case.stir, case.t1w, case.normal_bone, case.disease_region]
    rows, columns = example.target.shape[1:]
    return MaterialRow(
        case=case.case,
        visit=case.visit,
        subject=case.subject,
        part=part,
        slices=len(example.slices),
        size=(rows, columns),
        spacing_mm=load_image(case.t1w).spacing_mm,
        marked=int(example.target.sum()),
        share=float(example.target.mean()),
        inputs={path.name: sha256_of(path) for path in files if path is not None},
    )
