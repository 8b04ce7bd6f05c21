"""Predicted masks compared with drawn ones, case by case. No torch.

The main score is of the mask as it was drawn. A second one leaves normal bone out of the
comparison: a network here predicts all bone, while the study's disease regions leave out between
none and nearly all of the normal bone, from case to case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError, reason_of, without_folders
from vhi.evaluation.robustness import UNCHANGED, change
from vhi.evaluation.scores import Score, normal_bone_effect, score_scan, score_slices
from vhi.images.image import Image
from vhi.images.nifti import load_mask, load_scan
from vhi.plausibility.stage import load_t1w, notes_on_areas
from vhi.segmentation.registry import CHANNELS, DISEASE_REGION, NORMAL_BONE
from vhi.steps.candidates import check_masks_differ
from vhi.workflow import load_scans

Finder = Callable[[Case, Image | None], Image]
"""Predicts the mask of a case; its second argument is a changed T1w scan that takes the place of
the case's own."""


@dataclass
class Evaluation:
    """Rows of all slices and of all scans, as they are written.

    `target`: ``"disease-region"`` or ``"normal-bone"``. `notes`: what a reader should know before
    trusting the scores.
    """

    target: str
    slices: list[dict[str, Any]] = field(default_factory=list)
    scans: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def evaluate(
    cases: Sequence[Case],
    find: Finder,
    *,
    target: str = DISEASE_REGION,
    changes: Sequence[str] = (UNCHANGED,),
    seen: Callable[[Case], bool | None] = lambda case: None,
    progress: Callable[[], None] | None = None,
) -> Evaluation:
    """Score the predicted mask of each case against the case's own mask.

    A case that cannot be scored has a row in `Evaluation.scans` with the reason as `failure`.

    Parameters
    ----------
    find
        Predicts the masks.
    changes
        Keys of `vhi.evaluation.robustness.CHANGES`: changes of the scan before `find` sees it.
    seen
        Whether the network was trained on the subject of a case; None where that is not known.
    progress
        Called after each scan.
    """
    if target not in CHANNELS:
        raise InputError(f"truth {target!r} is unknown; choose from {', '.join(CHANNELS)}")
    result = Evaluation(target)
    for case in cases:
        for name in changes:
            names = {
                "case": case.case,
                "subject": case.subject,
                "visit": case.visit,
                "change": name,
                "seen_in_training": {None: "", True: "yes", False: "no"}[seen(case)],
            }
            try:
                _evaluate_scan(case, find, names, result)
            except InputError as error:
                folders = [path if path.is_dir() else path.parent for path in case.files]
                failure = without_folders(str(error), folders)
                result.scans.append({**names, "failure": failure})
            except (OSError, MemoryError) as error:
                result.scans.append({**names, "failure": reason_of(error)})
            if progress is not None:
                progress()
    return result


def _evaluate_scan(case: Case, find: Finder, names: dict[str, str], result: Evaluation) -> None:
    """Score one scan, changed as named, and add its rows to the result."""
    truth = _truth(case, result.target)
    normal_bone, t1w = None, None
    if result.target == DISEASE_REGION and case.normal_bone is not None:
        normal_bone = load_mask(case.normal_bone)
    if names["change"] != UNCHANGED:
        # The study's disease regions leave out normal bone, whose marrow has to change as well.
        bone = truth.array if normal_bone is None else truth.array | normal_bone.array
        changed = change(names["change"], load_scan(case.t1w), truth.with_array(bone))
        t1w, truth = changed.t1w, changed.carry(truth)
        normal_bone = normal_bone and changed.carry(normal_bone)
    predicted = find(case, t1w)
    slices = score_slices(predicted, truth, normal_bone=normal_bone)
    row: dict[str, Any] = {
        **names,
        **_columns(score_scan(predicted, truth, normal_bone=normal_bone), "voxels"),
        "failure": "",
        "slices": len(slices),
        "slices_without_either": sum(score.empty for score in slices),
    }
    if result.target == NORMAL_BONE:
        region = None if case.disease_region is None else load_mask(case.disease_region)
        row |= asdict(normal_bone_effect(load_scan(case.stir), predicted, truth, region))
    result.scans.append(row)
    for index, score in enumerate(slices):
        result.slices.append({**names, "slice": index, **_columns(score, "pixels")})
    if names["change"] == UNCHANGED:
        notes = (*predicted.notes, *_notes(case, result.target))
        result.notes += [f"{case.folder}: {note}" for note in dict.fromkeys(notes)]
    if np.array_equal(predicted.array, truth.array):
        result.notes.append(
            f"{case.folder}: the predicted mask equals the drawn one voxel for voxel; was the "
            "drawn mask itself scored?"
        )


def _notes(case: Case, target: str) -> tuple[str, ...]:
    """Return notes on a case's own masks and, where they exist, on its scans."""
    paths = case.normal_bone, case.disease_region
    bone, region = (None if path is None else load_mask(path) for path in paths)
    if bone is not None and region is not None:
        check_masks_differ(bone, region)
    given = [mask for mask in (bone, region) if mask is not None]
    files = [note for mask in given for note in mask.notes]
    if not case.t1w.is_file():
        return tuple(files)
    by_both = target == NORMAL_BONE
    scans = load_scans(case, resample_t1w=True) if by_both else load_t1w(case.t1w)
    if any(mask.shape != scans.stir.shape for mask in given):
        return (*files, *scans.notes)
    return (*files, *scans.notes, *notes_on_areas(scans, bone, region))


def _truth(case: Case, target: str) -> Image:
    path = case.normal_bone if target == NORMAL_BONE else case.disease_region
    if path is None:
        column = target.replace("-", "_")
        raise InputError(f"has no {column} mask to score against; fill in the column {column!r}")
    truth = load_mask(path)
    if not truth.array.any():
        raise InputError(f"{truth.name}: marks no voxel, so there is nothing to score against")
    return truth


def _columns(score: Score, unit: str) -> dict[str, Any]:
    """Return a score as columns; without scores where both masks are empty."""
    row: dict[str, Any] = asdict(score)
    counts = {f"found_{unit}": row.pop("predicted"), f"truth_{unit}": row.pop("truth")}
    return counts if score.empty else {**row, **counts}
