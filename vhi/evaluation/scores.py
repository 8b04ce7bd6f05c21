"""Agreement of a predicted mask with a drawn one, in a scan, in its slices, and in its effect.

Two areas of normal bone in the sacrum may share no voxel and serve equally well. They are judged by
the lower threshold and the volume that they give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import SAME_GRID_TOLERANCE_MM, Image, check_same_grid, corner_misfit_mm, times
from vhi.statistics import dice, precision, recall, surface_distances, volume_similarity
from vhi.steps.candidates import label_candidates
from vhi.steps.small_regions import remove_small_regions
from vhi.steps.thresholds import Thresholds, estimate_thresholds, normal_bone_intensities
from vhi.steps.volume import measure_volume


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
                f"{image.name}: has {times(image.shape)} voxels, but {truth.name} has "
                f"{times(truth.shape)}; score masks on the grid of their scan",
                check="one-grid",
            )
        misfit = corner_misfit_mm(truth, image)
        if misfit > SAME_GRID_TOLERANCE_MM:
            raise InputError(
                f"{image.name}: lies up to {misfit:.2f} mm away from {truth.name}; score masks on "
                "the grid of their scan",
                check="one-grid",
            )


@dataclass(frozen=True)
class NormalBoneEffect:
    """Thresholds and volumes with the predicted area ("found") and with the drawn one ("truth").

    Thresholds are in scaled STIR intensities. The upper one is a maximum, which grows with the
    area's size. Volumes are those at or above the lower threshold, before cleaning; NaN without a
    disease region. Percentages are predicted over drawn, less one; NaN where the drawn area gives
    no volume.
    """

    lower_found: float
    lower_truth: float
    lower_error_percent: float
    upper_error_percent: float
    vhi_found_mm3: float
    vhi_truth_mm3: float
    vhi_change_percent: float


def normal_bone_effect(
    stir: Image, predicted: Image, truth: Image, disease_region: Image | None = None
) -> NormalBoneEffect:
    """Compare the measurement with a predicted area of normal bone with that of the drawn one.

    Parameters
    ----------
    stir
        Scaled intensities.
    predicted, truth
        Masks of normal bone on the grid of `stir`.
    disease_region
        Where volumes are measured, on the same grid; without it they are NaN.

    Raises
    ------
    InputError
        Grids differ, or an area gives no thresholds (`vhi.estimate_thresholds`).
    """
    for image in (predicted, truth, *([disease_region] if disease_region else [])):
        check_same_grid(stir, image)

    def thresholds_of(mask: Image) -> Thresholds:
        try:
            return estimate_thresholds(normal_bone_intensities(stir, mask))
        except InputError as error:
            raise InputError(f"{mask.name}: {str(error).removeprefix(f'{mask.name}: ')}") from error

    def volume_mm3(thresholds: Thresholds) -> float:
        if disease_region is None:
            return float("nan")
        candidates = label_candidates(stir.array, disease_region.array, thresholds)
        kept = remove_small_regions(candidates, slice_axis=stir.slice_axis)
        return measure_volume(kept > 0, stir.spacing_mm).mm3

    ours, drawn = thresholds_of(predicted), thresholds_of(truth)
    volumes = volume_mm3(ours), volume_mm3(drawn)
    return NormalBoneEffect(
        lower_found=ours.lower,
        lower_truth=drawn.lower,
        lower_error_percent=_excess_percent(ours.lower, drawn.lower),
        upper_error_percent=_excess_percent(ours.upper, drawn.upper),
        vhi_found_mm3=volumes[0],
        vhi_truth_mm3=volumes[1],
        vhi_change_percent=_excess_percent(*volumes),
    )


def _excess_percent(predicted: float, truth: float) -> float:
    return 100 * (predicted / truth - 1) if truth > 0 or np.isnan(truth) else float("nan")
