"""Candidates of the areas as drawn: the stages that are repeated when a mask changes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.errors import InputError
from vhi.masks.areas import Area, Areas
from vhi.masks.origin import DRAWN, NETWORK, Origin
from vhi.plausibility.stage import notes_on_stage
from vhi.plausibility.thresholds import notes_on_thresholds
from vhi.reading_room.case.judged_regions import JudgedRegions, unjudged
from vhi.reading_room.case.opening import OpenCase
from vhi.segmentation.propose_edits import Proposal, propose_edits
from vhi.steps.candidates import Candidates, find_candidates
from vhi.steps.regions import find_regions
from vhi.steps.thresholds import (
    Thresholds,
    estimate_thresholds,
    normal_bone_intensities,
)


@dataclass(frozen=True, eq=False)
class DrawnCandidates:
    """The areas as drawn, and their thresholds and candidates.

    `changed` counts the voxels by which each mask differs from the opened one. `warnings` are about
    both. `problem` is the reason why there are no thresholds or candidates. `judged` are the
    candidates' regions before any edit; none if there is a problem. `proposal`: what a model
    proposes to remove; None where it is hidden.
    """

    areas: Areas
    midline_mm: float
    changed: dict[str, int]
    stage: Candidates | None
    thresholds: Thresholds | None
    warnings: tuple[Note, ...]
    problem: str | None
    judged: JudgedRegions
    proposal: Proposal | None


def candidates_of(
    opened: OpenCase,
    normal_bone: NDArray[np.bool_],
    disease_region: NDArray[np.bool_],
    *,
    propose: bool = False,
) -> DrawnCandidates:
    """Find candidates in drawn masks. Unusable masks raise no error; `problem` gives the reason.

    Nothing is proposed unless `propose` is true: for a blinded reading no proposal exists.
    """
    stir, areas, changed = opened.scans.stir, opened.areas, {}
    masks = {"normal_bone": normal_bone, "disease_region": disease_region}
    for name, mask in masks.items():
        area = getattr(areas, name)
        changed[name] = int(np.count_nonzero(area.mask.array != mask))
    areas = replace(
        areas,
        normal_bone=_drawn(areas.normal_bone, normal_bone, changed["normal_bone"]),
        disease_region=_drawn(areas.disease_region, disease_region, changed["disease_region"]),
    )
    # Named for messages: the file of a mask that was drawn on is not at fault.
    bone, region = (stir.with_array(mask, name.replace("_", " ")) for name, mask in masks.items())
    midline_mm = areas.midline_mm(stir)
    stage, thresholds, problem = None, None, None
    try:
        stage = find_candidates(stir, bone, region, midline_mm=midline_mm)
        thresholds, regions = stage.thresholds, stage.regions
    except InputError as error:
        problem = str(error)
        regions = find_regions(stir.with_array(np.zeros(stir.shape, np.uint8), "candidates"))
        with suppress(InputError):
            thresholds = estimate_thresholds(normal_bone_intensities(stir, bone))
    warnings: tuple[Note, ...] = ()
    if stage is not None:
        warnings = notes_on_stage(opened.scans, stage, areas.predicted)
    elif thresholds is not None:
        warnings = notes_on_thresholds(thresholds, int(np.count_nonzero(normal_bone)))
    return DrawnCandidates(
        areas,
        midline_mm,
        changed,
        stage,
        thresholds,
        warnings,
        problem,
        unjudged(regions),
        _proposal(opened, stage, (*warnings, *areas.notes)) if propose else None,
    )


def _proposal(
    opened: OpenCase, stage: Candidates | None, warnings: tuple[str, ...]
) -> Proposal | None:
    """Return what a model proposes, as `vhi.measurement.Measurement.proposal` does."""
    if stage is None:
        return None
    notes = [note for note in (*opened.scans.notes, *warnings) if isinstance(note, Note)]
    return propose_edits(stage, opened.t1w, notes=notes)


def _drawn(area: Area, mask: NDArray[np.bool_], changed: int) -> Area:
    """Return an area with its mask as drawn, and its origin after that."""
    origin = area.origin
    if changed and origin.source == NETWORK:
        origin = replace(origin, corrected=True, voxels_changed=changed)
    elif changed:
        origin = Origin(DRAWN)
    return replace(area, mask=area.mask.with_array(mask), origin=origin)
