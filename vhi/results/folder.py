"""The folder of a result: its files, and the reader's work in it that is never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from vhi.errors import InputError
from vhi.files.atomic import check_free
from vhi.images.nifti import load_mask
from vhi.masks.origin import origin_of
from vhi.measurement import Measurement
from vhi.steps.edits import PROPOSED_EDITS, Edits, load_edits

RESULT_FILES = frozenset(
    {
        "vhi.json",
        "candidates.nii.gz",
        "inflammation.nii.gz",
        "disease_region.nii.gz",
        "normal_bone.nii.gz",
        "edits.json",
        PROPOSED_EDITS,
        "regions.csv",
        "report.html",
        "report.png",
    }
)
"""Files of a result folder; `PROPOSED_EDITS` only where a model proposed edits."""

PREDICTION_FILES = frozenset(
    f"{area}.{ending}"
    for area in ("disease_region", "normal_bone")
    for ending in ("json", "network.nii.gz")
)
"""Further files where a network predicted the mask: the record and the network's own mask, by
which a mask that a reader corrects in that folder is recognised as corrected."""

KNOWN_FILES = RESULT_FILES | PREDICTION_FILES
"""Files that --overwrite may replace."""


def check_result_folder(
    folder: str | os.PathLike[str], *, overwrite: bool = False, edits: Edits | None = None
) -> None:
    """Refuse, before any work is done, a folder that `write_result` would refuse.

    Parameters
    ----------
    folder
        Where the result shall go.
    overwrite
        Whether an earlier result may be replaced. One that holds a reader's edits may only be
        replaced by a measurement with the same edits and marks, or these and more. A model's edits
        are nobody's work, and need no protection.
    edits
        The record that the new measurement uses.

    Raises
    ------
    InputError
        The folder holds something that must not be replaced.
    """
    check_free(folder, overwrite=overwrite, result_files=KNOWN_FILES)
    record = Path(folder) / "edits.json"
    if not os.path.isfile(record):
        return
    old = load_edits(record)
    if not old.by_a_reader or (edits is not None and edits.continues(old)):
        return
    raise InputError(
        f"{record}: holds a reader's work, which --overwrite would delete; give the file as "
        "--edits, or move it to another folder",
        check="readers-edits",
    )


def check_corrected_masks(folder: Path, measurement: Measurement) -> None:
    """Refuse to replace a mask that a reader has corrected in an earlier result by another.

    Raises
    ------
    InputError
        A network's mask in `folder` was corrected, and `measurement` does not use it.
    """
    for name, used in (
        ("disease_region", measurement.disease_region),
        ("normal_bone", measurement.normal_bone),
    ):
        path = folder / f"{name}.nii.gz"
        if not os.path.isfile(folder / f"{name}.json") or not os.path.isfile(path):
            continue
        mask = load_mask(path)
        same = mask.shape == used.shape and bool((mask.array == used.array).all())
        if origin_of(path, mask).corrected and not same:
            option = "--" + name.replace("_", "-")
            raise InputError(
                f"{path}: was corrected by hand, and --overwrite would undo the correction; give "
                f"the file as {option}, or move it to another folder",
                check="corrected-mask",
            )
