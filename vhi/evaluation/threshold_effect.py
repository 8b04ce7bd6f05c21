"""How a predicted area of normal bone changes a measurement.

Two areas in the sacrum may share no voxel and serve equally well. They are judged by the lower
threshold and the volume that they give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.steps.candidates import label_candidates
from vhi.steps.small_regions import remove_small_regions
from vhi.steps.thresholds import Thresholds, estimate_thresholds, normal_bone_intensities
from vhi.steps.volume import measure_volume


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
