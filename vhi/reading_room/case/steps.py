"""From both masks to candidates: the steps repeated when a mask changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.masks.origin import DRAWN, NETWORK, Origin
from vhi.reading_room.case.opening import OpenCase
from vhi.reading_room.case.pieces import Pieces, pieces_of, region_rows
from vhi.steps.candidates import label_candidates
from vhi.steps.thresholds import (
    Thresholds,
    estimate_thresholds,
    normal_bone_intensities,
    warnings_about,
)


@dataclass(frozen=True)
class Steps:
    """Thresholds and candidates that follow from two masks.

    Attributes
    ----------
    normal_bone, disease_region : ndarray of bool
        The masks, in the order of the grid.
    thresholds : Thresholds or None
    problem : str or None
        The reason why there are no thresholds or candidates.
    doubts : tuple of str
        Warnings about normal bone.
    pieces : Pieces
        The candidates' regions before any edit; none if there is a problem.
    midline_mm : float
        World x that separates the patient's sides, as `vhi.masks.areas.Areas.midline_mm`.
    """

    normal_bone: NDArray[np.bool_]
    disease_region: NDArray[np.bool_]
    thresholds: Thresholds | None
    problem: str | None
    doubts: tuple[str, ...]
    pieces: Pieces
    midline_mm: float


def take_steps(
    opened: OpenCase, normal_bone: NDArray[np.bool_], disease_region: NDArray[np.bool_]
) -> Steps:
    """Take steps ii, iv and v. Unusable masks raise no error; `problem` gives the reason."""
    stir = opened.stir
    thresholds, problem, warnings = None, None, []
    labels = np.zeros(stir.shape, np.uint8)
    try:
        intensities = normal_bone_intensities(stir, stir.with_array(normal_bone, "normal bone"))
        thresholds = estimate_thresholds(intensities)
        warnings = warnings_about(thresholds, intensities.size)
        if not disease_region.any():
            raise InputError("disease region: marks no voxel; draw the bone to be measured")
        labels = label_candidates(stir.array, disease_region, thresholds)
    except InputError as error:
        problem = str(error)
    both_sides = opened.disease_region_from.source == NETWORK
    return Steps(
        normal_bone,
        disease_region,
        thresholds,
        problem,
        tuple(warnings),
        pieces_of(stir.with_array(labels, "candidates")),
        stir.with_array(disease_region if both_sides else normal_bone).middle_mm[0],
    )


def rows_of(steps: Steps, pieces: Pieces, stir: Image) -> list[dict[str, Any]]:
    """Describe the current regions."""
    return region_rows(pieces, stir, steps.midline_mm)


def origin_now(origin: Origin, before: Image, mask: NDArray[np.bool_]) -> Origin:
    """Return the origin of a mask after drawing on it."""
    changed = int(np.count_nonzero(before.array != mask))
    if changed == 0:
        return origin
    if origin.source != NETWORK:
        return Origin(DRAWN)
    return replace(origin, corrected=True, voxels_changed=changed)
