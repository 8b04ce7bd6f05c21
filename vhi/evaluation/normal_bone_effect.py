"""What another area of normal bone does to a measurement: the way to judge such an area.

Two areas in the sacrum may share no voxel and serve equally well. What counts is the lower
threshold that follows, and the volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.steps.candidates import label_candidates, remove_small_regions
from vhi.steps.thresholds import estimate_thresholds, normal_bone_intensities
from vhi.steps.volume import measure_volume


@dataclass(frozen=True)
class NormalBoneEffect:
    """Thresholds and volumes with the area that was found, and with the drawn one.

    Attributes
    ----------
    lower_found, lower_truth : float
        Lower threshold, in scaled STIR intensities.
    lower_error_percent : float
        Found over drawn, less one, in percent; positive where the found area's is higher.
    upper_error_percent : float
        Likewise of the upper threshold, a maximum, which grows with the area's size.
    vhi_found_mm3, vhi_truth_mm3 : float
        Volume from the lower threshold on, before cleaning; NaN without a disease region.
    vhi_change_percent : float
        Found over drawn, less one, in percent; NaN where the drawn area gives no volume at all.
    """

    lower_found: float
    lower_truth: float
    lower_error_percent: float
    upper_error_percent: float
    vhi_found_mm3: float
    vhi_truth_mm3: float
    vhi_change_percent: float


def normal_bone_effect(
    stir: Image, found: Image, truth: Image, disease_region: Image | None = None
) -> NormalBoneEffect:
    """Return what an area of normal bone changes against the drawn one.

    Parameters
    ----------
    stir
        Scaled intensities.
    found, truth
        Masks of normal bone on the grid of `stir`.
    disease_region
        Where volumes are measured, on the same grid; None leaves them out.

    Raises
    ------
    InputError
        Grids differ, or no thresholds follow from an area (`vhi.estimate_thresholds`).
    """
    for image in (found, truth, *([disease_region] if disease_region else [])):
        check_same_grid(stir, image)
    thresholds = []
    for mask in (found, truth):
        try:
            thresholds.append(estimate_thresholds(normal_bone_intensities(stir, mask)))
        except InputError as error:
            raise InputError(f"{mask.name}: {str(error).removeprefix(f'{mask.name}: ')}") from error
    volumes = [float("nan")] * 2
    if disease_region is not None:
        kept = (
            remove_small_regions(
                label_candidates(stir.array, disease_region.array, each),
                slice_axis=stir.slice_axis,
            )
            for each in thresholds
        )
        volumes = [measure_volume(each > 0, stir.spacing_mm).mm3 for each in kept]
    ours, drawn = thresholds
    return NormalBoneEffect(
        lower_found=ours.lower,
        lower_truth=drawn.lower,
        lower_error_percent=_percent(ours.lower, drawn.lower),
        upper_error_percent=_percent(ours.upper, drawn.upper),
        vhi_found_mm3=volumes[0],
        vhi_truth_mm3=volumes[1],
        vhi_change_percent=_percent(*volumes),
    )


def _percent(found: float, truth: float) -> float:
    """Return by how many percent `found` exceeds `truth`."""
    return 100 * (found / truth - 1) if truth > 0 or np.isnan(truth) else float("nan")
