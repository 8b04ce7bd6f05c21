"""Write a reading as a result folder, in the form that `vhi measure` writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from vhi.errors import InputError
from vhi.files.atomic import check_free, staged_folder
from vhi.reading_room.case.opening import OpenCase
from vhi.reading_room.case.state import ReadingState
from vhi.results.folder import KNOWN_FILES
from vhi.results.report import write_result
from vhi.steps.candidates import find_candidates
from vhi.steps.edits import Edits
from vhi.workflow import clean


def export_reading(
    opened: OpenCase,
    state: ReadingState,
    folder: Path,
    *,
    reader: str,
    finished: str | None = None,
    proposal_shown: bool = False,
    overwrite: bool = False,
) -> Path:
    """Measure with the current masks and edits, and write the result.

    The edits are replayed from the unedited candidates; the result is only compared with the
    screen's, never taken from it. The record names the regions that `reader` has seen, and the time
    at which the reader stated that the case is read (`finished`), and whether a proposal was shown;
    the result holds a proposal only then. With `overwrite` an earlier
    result in `folder` is renamed to ``<folder>.earlier-1`` and so on; an earlier export is never
    deleted.

    InputError: normal bone gives no thresholds, the disease region is empty, or the folder is not
    free or cannot be written.
    """
    drawn, scans = state.candidates, opened.scans
    if drawn.problem is not None:
        raise InputError(drawn.problem)
    areas = replace(drawn.areas, notes=(*drawn.areas.notes, *_notes(opened, state)))
    empty = Edits.start(state.regions.labels, case=scans.case, visit=scans.visit)
    check_free(folder, overwrite=overwrite, result_files=KNOWN_FILES)
    candidates = find_candidates(
        scans.stir,
        areas.normal_bone.mask,
        areas.disease_region.mask,
        midline_mm=areas.midline_mm(opened.scans.stir),
    )
    record = replace(empty, edits=state.edits, proposal_shown=proposal_shown)
    for voxel, relation in state.judged.left_as_they_are():
        record = record.see(voxel, reader=reader, proposal=relation)
    if finished is not None:
        record = record.finish(reader, time=finished)
    measurement = clean(scans, areas, candidates, record)
    measurement = replace(measurement, propose=proposal_shown)
    same = np.array_equal(measurement.inflammation.array, state.regions.remaining())
    if not same or measurement.seen.regions != np.count_nonzero(state.judged.judged):
        raise InputError(
            f"{folder}: not written, because the measured voxels or seen regions differ from those "
            "on the screen; all actions are kept; please report this"
        )
    # Written in full before the earlier result is renamed, so that a failure leaves that one.
    with staged_folder(
        folder, overwrite=overwrite, result_files=KNOWN_FILES, keep_earlier=True
    ) as stage:
        write_result(measurement, stage)
    return folder


def _notes(opened: OpenCase, state: ReadingState) -> list[str]:
    """Return notes on drawn masks, omitted edits, and regions to look at again."""
    notes = []
    for name, changed in state.candidates.changed.items():
        if changed:
            notes.append(
                f"{name.replace('_', ' ')} was drawn in the reading room: {changed:,} voxels "
                f"differ from {getattr(opened.areas, name).mask.name}; to repeat the measurement "
                "use the mask beside this record"
            )
    if state.stale:
        count = "1 edit is" if len(state.stale) == 1 else f"{len(state.stale)} edits are"
        notes.append(
            f"{count} left out because no candidate lies there since a mask was changed: "
            f"{'; '.join(state.stale)}"
        )
    unreviewed = state.changes_to_review()
    if unreviewed:
        notes.append(f"not looked at again since the masks changed: {'; '.join(unreviewed)}")
    return notes
