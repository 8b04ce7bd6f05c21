"""A reading as a result folder: record, masks, picture and report, as `vhi measure` writes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from vhi.errors import InputError
from vhi.files.atomic import check_free, staged_folder
from vhi.measurement import Provenance
from vhi.reading_room.case.opening import Start
from vhi.reading_room.case.standing import Stand
from vhi.reading_room.case.steps import origin_now
from vhi.results.folder import KNOWN_FILES
from vhi.results.report import write_result
from vhi.steps.edits import Edits
from vhi.workflow import measure_images


def export_reading(start: Start, stand: Stand, folder: Path, *, overwrite: bool = False) -> Path:
    """Measure again with the masks and edits as they stand, and write it.

    Nothing of the screen's own computation goes into the folder: it is a replay, which is only
    held against what the screen shows.

    Parameters
    ----------
    start
        Scans and masks.
    stand
        Where the reading stands.
    folder
        Where to write it.
    overwrite
        Put an earlier result in `folder` aside, as ``<folder>.earlier-1`` and so on, and write the
        new one in its place. What a reader exported is never deleted.

    Raises
    ------
    InputError
        No thresholds follow from normal bone, the disease region is empty, or nothing can be
        written there.
    """
    steps, stir = stand.steps, start.stir
    if steps.problem is not None:
        raise InputError(steps.problem)
    normal_from = origin_now(start.normal_bone_from, start.normal_bone, steps.normal_bone)
    region_from = origin_now(start.disease_region_from, start.disease_region, steps.disease_region)
    case = start.case
    empty = Edits.start(stand.pieces.labels, case=case.case, visit=case.visit)
    record = replace(empty, edits=stand.edits)
    check_free(folder, overwrite=overwrite, known=KNOWN_FILES)
    measurement = measure_images(
        stir,
        start.normal_bone.with_array(steps.normal_bone),
        start.disease_region.with_array(steps.disease_region),
        t1w=start.t1w,
        edits=record,
        case=case.case,
        visit=case.visit,
        slice_thickness_mm=start.slice_thickness_mm,
        provenance=Provenance(
            inputs=start.inputs,
            normal_bone=normal_from,
            disease_region=region_from,
            resampled=start.resampled,
        ),
        notes=(*start.notes, *_notes(start, stand)),
    )
    if not np.array_equal(measurement.inflammation.array, stand.pieces.left()):
        raise InputError(
            f"{folder}: not written: measuring again gives other voxels than the screen shows; "
            "all actions are kept, please report this"
        )
    # All is written before an earlier result moves: what is cut off on the way leaves that one.
    with staged_folder(folder, overwrite=overwrite, known=KNOWN_FILES, keep_earlier=True) as stage:
        write_result(measurement, stage)
    return folder


def _notes(start: Start, stand: Stand) -> list[str]:
    """Say what was drawn in the reading room, which edits are left out, and what to look at."""
    notes = []
    for name, before, after in (
        ("normal bone", start.normal_bone, stand.steps.normal_bone),
        ("disease region", start.disease_region, stand.steps.disease_region),
    ):
        changed = int(np.count_nonzero(before.array != after))
        if changed:
            notes.append(
                f"{name} was drawn in the reading room: {changed:,} voxels differ from "
                f"{before.name}; to measure again use the mask beside this record"
            )
    if stand.stale:
        count = "1 edit is" if len(stand.stale) == 1 else f"{len(stand.stale)} edits are"
        notes.append(
            f"{count} left out, which no longer find a candidate since a mask was drawn: "
            f"{'; '.join(stand.stale)}"
        )
    looked = stand.to_look_at()
    if looked:
        notes.append(f"not looked at again since the masks changed: {'; '.join(looked)}")
    return notes
