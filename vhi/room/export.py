"""A reading as a result folder: record, masks, picture and report, as `vhi measure` writes them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from vhi.edits import Edits
from vhi.errors import InputError
from vhi.files import check_free, explain_write_errors
from vhi.measurement import Provenance
from vhi.report import write_result
from vhi.result_folder import KNOWN_FILES, check_result_folder
from vhi.room.loading import Start
from vhi.room.state import Stand
from vhi.room.steps import origin_now
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
    if overwrite:
        check_free(folder, overwrite=True, known=KNOWN_FILES)
    else:
        check_result_folder(folder)
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
    with _put_aside(folder):
        return write_result(measurement, folder)


@contextmanager
def _put_aside(folder: Path) -> Iterator[None]:
    """Rename what stands in the folder's place; rename it back where the new one fails."""
    if not folder.exists():
        yield
        return
    names = (folder.with_name(f"{folder.name}.earlier-{n}") for n in itertools.count(1))
    aside = next(name for name in names if not os.path.lexists(name))
    with explain_write_errors(folder):
        os.rename(folder, aside)
    try:
        yield
    except BaseException:
        os.rename(aside, folder)
        raise


def _notes(start: Start, stand: Stand) -> list[str]:
    """Say what was drawn in the reading room, and which edits are left out."""
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
    return notes
