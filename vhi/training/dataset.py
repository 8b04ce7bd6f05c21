"""Cases as the examples a network learns from: divided by subject, loaded, checked and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.cases.case import Case
from vhi.cases.names import unknown
from vhi.errors import InputError
from vhi.images.image import check_same_grid
from vhi.images.nifti import load_mask, load_scan
from vhi.images.sidecar import sha256_of
from vhi.plausibility.stage import load_t1w, notes_on_areas
from vhi.segmentation.registry import NORMAL_BONE
from vhi.segmentation.slices import normalise, slicing_of, with_neighbours
from vhi.steps.candidates import check_masks_differ
from vhi.training.recipe import Recipe
from vhi.workflow import load_scans

STUDY_TEST = ("1003", "2014")
"""The study's test subjects (section 2.5.3; the authors' file of test scores names them)."""

TRAINING, HELD_OUT = "training", "held out"


@dataclass(frozen=True, eq=False)
class Example:
    """One scan with its target.

    Attributes
    ----------
    slices : ndarray of float32, shape (n, images, rows, columns)
        Normalised intensities, as `vhi.segmentation.slices.with_neighbours` returns them.
    target : ndarray of float32, shape (n, rows, columns)
        Area to be predicted, 0 to 1. At a coarser spacing a mask gets soft edges, from which it
        comes back to 99.7 % (Dice) even at twice the spacing, and to 97 % from hard ones.
    bone : ndarray of bool, shape (n, rows, columns)
        Where augmentation may change marrow.
    notes : tuple of str
        Notes on the scans and masks.
    """

    case: str
    visit: str
    subject: str
    slices: NDArray[np.float32]
    target: NDArray[np.float32]
    bone: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def load_example(case: Case, recipe: Recipe) -> Example:
    """Load one case as a recipe's network reads it.

    The disease region's target is all bone: the drawn region together with normal bone. The
    study's masks leave out between none and nearly all of the normal-bone voxels, from case to
    case; a network can learn bone, but not which patch of it somebody drew elsewhere.

    Raises
    ------
    InputError
        A mask is missing, marks nothing, or lies on another grid than its scan; one mask or scan
        is given twice; a scan cannot be cut for the network.
    """
    missing = [name for name in ("normal_bone", "disease_region") if not getattr(case, name)]
    if missing:
        raise InputError(f"case {case.case} {case.visit}: needs a {' and a '.join(missing)} mask")
    assert case.normal_bone is not None and case.disease_region is not None
    scans = load_scans(case) if "stir" in recipe.channels else load_t1w(case.t1w)
    t1w = scans.t1w
    assert t1w is not None
    masks = [load_mask(case.normal_bone), load_mask(case.disease_region)]
    for mask in masks:
        check_same_grid(t1w, mask)
        if not mask.array.any():
            raise InputError(f"{mask.name}: marks no voxel; a network cannot learn from it")
    check_masks_differ(*masks)
    files = [note for mask in masks for note in mask.notes]
    normal_bone, disease_region = (mask.array for mask in masks)
    bone = normal_bone | disease_region
    slicing = slicing_of(t1w, spacing_mm=recipe.spacing_mm, multiple=recipe.multiple)
    slices = np.stack(
        [slicing.cut(normalise(getattr(scans, name).array)) for name in recipe.channels], axis=1
    )
    target = normal_bone if recipe.task == NORMAL_BONE else bone
    return Example(
        case=case.case,
        visit=case.visit,
        subject=case.subject,
        slices=with_neighbours(slices, recipe.neighbours),
        target=slicing.cut(target),
        bone=slicing.cut(bone, order=0) > 0.5,
        notes=(*scans.notes, *files, *notes_on_areas(scans, *masks)),
    )


def check_no_leak(training: Iterable[Case | Example], held_out: Iterable[Case | Example]) -> None:
    """Refuse a division with one subject on both sides.

    Slices and visits of one subject look alike: a network that has seen one has seen the other.
    """
    shared = {item.subject for item in training} & {item.subject for item in held_out}
    if shared:
        raise InputError(
            f"subject {', '.join(sorted(shared))} is in training and held out; "
            "split by subject, all visits together"
        )


def folds(cases: Sequence[Case], count: int, *, seed: int) -> list[tuple[str, ...]]:
    """Return the subjects held out in each fold: each subject once, in parts of like size."""
    subjects = sorted({case.subject for case in cases})
    if count < 2 or count > len(subjects):
        raise InputError(f"{count} folds need 2 to {len(subjects)} (the number of subjects)")
    order = np.random.default_rng(seed).permutation(len(subjects))
    return [tuple(subjects[i] for i in sorted(part)) for part in np.array_split(order, count)]


def split(cases: Iterable[Case], held_out: Sequence[str]) -> tuple[list[Case], list[Case]]:
    """Return the cases of all other subjects, and those of the held-out subjects."""
    cases = list(cases)
    subjects = [case.subject for case in cases]
    for name in sorted(set(held_out).difference(subjects)):
        raise unknown(name, subjects, "subject", "the source")
    training = [case for case in cases if case.subject not in held_out]
    return training, [case for case in cases if case.subject in held_out]


@dataclass(frozen=True)
class TrainingSet:
    """Training and held-out examples; no subject is in both.

    `rows` has one record per case, as ``training.json`` keeps it: case, visit, subject, part
    (``"training"`` or ``"held out"``), slices, size (rows and columns as the network reads them),
    spacing_mm (of the T1w scan, along its array axes), marked (pixels of the target), share (of all
    pixels), inputs (SHA-256 by file name) and notes (what speaks against scans and masks).
    """

    training: tuple[Example, ...]
    held_out: tuple[Example, ...]
    rows: tuple[dict[str, Any], ...]

    def subjects(self, part: str) -> list[str]:
        """List the subjects of a part, sorted."""
        return sorted({row["subject"] for row in self.rows if row["part"] == part})

    @property
    def notes(self) -> list[str]:
        """Notes on the scans and masks, each with its case."""
        named = [(f"{row['case']} {row['visit']}".strip(), row["notes"]) for row in self.rows]
        return [f"{name}: {note}" for name, notes in named for note in notes]

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
                    "spacing_mm": load_scan(case.t1w).spacing_mm,
                    "marked": int(example.target.sum()),
                    "share": float(example.target.mean()),
                    "inputs": {path.name: sha256_of(path) for path in case.files},
                    "notes": example.notes,
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
