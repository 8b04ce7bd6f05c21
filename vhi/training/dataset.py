"""Cases as the examples a network learns from, and their division by subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.images.image import check_same_grid
from vhi.images.nifti import load_image, load_mask
from vhi.segmentation.registry import NORMAL_BONE
from vhi.segmentation.slices import normalise, slicing_of
from vhi.training.recipe import Recipe

STUDY_TEST = ("1003", "2014")
"""The study's test subjects (section 2.5.3; the authors' file of test scores names them)."""


@dataclass(frozen=True, eq=False)
class Example:
    """One scan with its target.

    Attributes
    ----------
    slices : ndarray of float32, shape (n, channels, rows, columns)
        Normalised intensities.
    target : ndarray of float32, shape (n, rows, columns)
        Area to be predicted, 0 to 1. At a coarser spacing a mask gets soft edges, from which it
        comes back to 99.7 % (Dice) even at twice the spacing, and to 97 % from hard ones.
    bone : ndarray of bool, shape (n, rows, columns)
        Where augmentation may change marrow.
    """

    case: str
    visit: str
    subject: str
    slices: NDArray[np.float32]
    target: NDArray[np.float32]
    bone: NDArray[np.bool_]


def load_example(case: Case, recipe: Recipe) -> Example:
    """Load one case as a recipe's network reads it.

    The disease region's target is all bone: the drawn region together with normal bone. The
    study's masks leave out between none and nearly all of the normal-bone voxels, from case to
    case; a network can learn bone, but not which patch of it somebody drew elsewhere.

    Raises
    ------
    InputError
        A mask is missing, marks nothing, or lies on another grid than its scan; a scan cannot be
        cut for the network.
    """
    missing = [name for name in ("normal_bone", "disease_region") if not getattr(case, name)]
    if missing:
        raise InputError(f"case {case.case} {case.visit}: needs a {' and a '.join(missing)} mask")
    assert case.normal_bone is not None and case.disease_region is not None
    t1w = load_image(case.t1w)
    masks = [load_mask(case.normal_bone), load_mask(case.disease_region)]
    scans = {"t1w": t1w}
    if "stir" in recipe.channels:
        scans["stir"] = load_image(case.stir)
    for image in (*masks, *scans.values()):
        check_same_grid(t1w, image)
    for mask in masks:
        if not mask.array.any():
            raise InputError(f"{mask.name}: marks no voxel; a network cannot learn from it")
    normal_bone, disease_region = (mask.array for mask in masks)
    bone = normal_bone | disease_region
    slicing = slicing_of(t1w, spacing_mm=recipe.spacing_mm, multiple=recipe.multiple)
    slices = np.stack(
        [slicing.cut(normalise(scans[name].array)) for name in recipe.channels], axis=1
    )
    target = normal_bone if recipe.task == NORMAL_BONE else bone
    return Example(
        case=case.case,
        visit=case.visit,
        subject=case.subject,
        slices=slices,
        target=slicing.cut(target),
        bone=slicing.cut(bone, order=0) > 0.5,
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
    unknown = set(held_out) - {case.subject for case in cases}
    if unknown:
        raise InputError(f"no case of subject {', '.join(sorted(unknown))}; check the names")
    training = [case for case in cases if case.subject not in held_out]
    return training, [case for case in cases if case.subject in held_out]
