"""Agreement of a predicted mask with a drawn one, in a scan and in its slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import SAME_GRID_TOLERANCE_MM, Image, corner_misfit_mm, times
from vhi.statistics import dice, precision, recall, surface_distances, volume_similarity


@dataclass(frozen=True)
class Score:
    """Agreement of a predicted mask with the drawn one, in a slice or a scan; see `vhi.statistics`.

    Precision is NaN for an empty prediction, recall for an empty truth. `predicted` and `truth` are
    pixels of a slice, or voxels of a scan. `dice_outside_normal_bone` leaves normal bone out of
    both masks; NaN where none is given.
    """

    dice: float
    precision: float
    recall: float
    volume_similarity: float
    surface_mean_mm: float
    surface_p95_mm: float
    surface_max_mm: float
    predicted: int
    truth: int
    dice_outside_normal_bone: float

    @property
    def empty(self) -> bool:
        """Whether both masks are empty; no mean counts such a slice."""
        return self.predicted == self.truth == 0


def score_scan(predicted: Image, truth: Image, *, normal_bone: Image | None = None) -> Score:
    """Score a mask in three dimensions.

    `predicted`, `truth`: masks on one grid. `normal_bone`: mask on the same grid that
    `Score.dice_outside_normal_bone` leaves out.
    InputError: the masks lie on different grids.
    """
    _check_grids(predicted, truth, normal_bone)
    left_out = None if normal_bone is None else normal_bone.array
    return _score(predicted.array, truth.array, left_out, truth.spacing_mm)


def score_slices(
    predicted: Image, truth: Image, *, normal_bone: Image | None = None
) -> list[Score]:
    """Score a mask slice by slice, in stored order; parameters and errors as for `score_scan`."""
    _check_grids(predicted, truth, normal_bone)
    axis = truth.slice_axis
    spacing = [step for a, step in enumerate(truth.spacing_mm) if a != axis]

    def planes(image: Image) -> NDArray[np.bool_]:
        return np.moveaxis(image.array, axis, 0)

    left_out = [None] * truth.shape[axis] if normal_bone is None else list(planes(normal_bone))
    return [
        _score(*masks, spacing)
        for masks in zip(planes(predicted), planes(truth), left_out, strict=True)
    ]


def _score(
    predicted: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    left_out: NDArray[np.bool_] | None,
    spacing_mm: Sequence[float],
) -> Score:
    distances = surface_distances(predicted, truth, spacing_mm)
    outside = float("nan")
    if left_out is not None:
        outside = dice(predicted & ~left_out, truth & ~left_out)
    return Score(
        dice=dice(predicted, truth),
        precision=precision(predicted, truth),
        recall=recall(predicted, truth),
        volume_similarity=volume_similarity(predicted, truth),
        surface_mean_mm=distances.mean_mm,
        surface_p95_mm=distances.p95_mm,
        surface_max_mm=distances.max_mm,
        predicted=int(np.count_nonzero(predicted)),
        truth=int(np.count_nonzero(truth)),
        dice_outside_normal_bone=outside,
    )


def _check_grids(predicted: Image, truth: Image, normal_bone: Image | None) -> None:
    for image in (predicted, *([normal_bone] if normal_bone else [])):
        if image.shape != truth.shape:
            raise InputError(
                f"{image.name}: {times(image.shape)} voxels, but {truth.name} has "
                f"{times(truth.shape)}; score masks on the grid of their scan"
            )
        misfit = corner_misfit_mm(truth, image)
        if misfit > SAME_GRID_TOLERANCE_MM:
            raise InputError(
                f"{image.name}: lies up to {misfit:.2f} mm away from {truth.name}; score masks on "
                "the grid of their scan"
            )
