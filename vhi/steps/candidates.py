"""Candidates: voxels of the disease region at or above the thresholds (steps ii, iv and v).

Source: Hepburn et al. 2023, section 2.5.1, and the authors' published numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid
from vhi.steps.regions import Regions, find_regions
from vhi.steps.small_regions import MIN_PIXELS
from vhi.steps.thresholds import (
    Thresholds,
    estimate_thresholds,
    normal_bone_intensities,
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Everything a reader cleans from: thresholds, labels and regions, before any edit.

    All images lie on the grid of `stir`.

    Attributes
    ----------
    stir : Image
        Scaled intensities.
    normal_bone, disease_region : Image
        Masks.
    intensities : ndarray, shape (n,)
        STIR intensities of normal bone.
    thresholds : Thresholds
    labels : Image
        0; 1 where lower ≤ intensity < upper; 2 where intensity ≥ upper. Small regions included.
    regions : Regions
        Of the labels, small regions removed.
    min_pixels : int
        Smallest in-plane region that is kept.
    exclude_normal_bone : bool
        Whether normal bone was taken out of the disease region.
    midline_mm : float
        World x that separates the patient's right from left.
    """

    stir: Image
    normal_bone: Image
    disease_region: Image
    intensities: NDArray[np.float64]
    thresholds: Thresholds
    labels: Image
    regions: Regions
    min_pixels: int
    exclude_normal_bone: bool
    midline_mm: float

    @property
    def kept(self) -> Image:
        """Labels after small regions were removed."""
        return self.regions.labels

    @property
    def searched(self) -> NDArray[np.bool_]:
        """Mask of the voxels that can be candidates."""
        if self.exclude_normal_bone:
            return self.disease_region.array & ~self.normal_bone.array
        return self.disease_region.array


def find_candidates(
    stir: Image,
    normal_bone: Image,
    disease_region: Image,
    *,
    min_pixels: int = MIN_PIXELS,
    exclude_normal_bone: bool = False,
    midline_mm: float | None = None,
) -> Candidates:
    """Find the candidates of a scan from its two areas.

    Parameters
    ----------
    stir
        Scaled STIR intensities.
    normal_bone, disease_region
        Masks on the grid of `stir`.
    min_pixels
        Smallest in-plane region that is kept.
    exclude_normal_bone
        Take normal bone out of the disease region, as the paper's text says. The authors' numbers
        are made without.
    midline_mm
        World x that separates the patient's sides; the middle of normal bone when not given.

    Raises
    ------
    InputError
        Grids differ, normal bone is too small or has no spread, the disease region is empty, one
        mask is given as both areas.
    """
    for mask in (normal_bone, disease_region):
        check_same_grid(stir, mask)
    if not disease_region.array.any():
        raise InputError(
            f"{disease_region.name}: marks no voxel; give a mask of the bone to search for "
            "inflammation"
        )
    check_masks_differ(normal_bone, disease_region)
    intensities = normal_bone_intensities(stir, normal_bone)
    try:
        thresholds = estimate_thresholds(intensities)
    except InputError as error:
        raise InputError(f"{normal_bone.name}: {error}") from error
    searched = disease_region.array
    if exclude_normal_bone:
        searched = searched & ~normal_bone.array
    labels = stir.with_array(label_candidates(stir.array, searched, thresholds), "candidates")
    return Candidates(
        stir,
        normal_bone,
        disease_region,
        intensities,
        thresholds,
        labels,
        find_regions(labels, min_pixels=min_pixels),
        min_pixels,
        exclude_normal_bone,
        stir.with_array(normal_bone.array).middle_mm[0] if midline_mm is None else midline_mm,
    )


def check_masks_differ(normal_bone: Image, disease_region: Image) -> None:
    """Refuse one mask given as both areas: InputError."""
    if normal_bone.array.any() and np.array_equal(normal_bone.array, disease_region.array):
        raise InputError(
            f"{disease_region.name}: marks the same voxels as {normal_bone.name}, so one mask is "
            "given as both normal bone and disease region; give two different masks",
            check="equal-masks",
        )


def label_candidates(
    stir: NDArray[np.floating], disease_region: NDArray[np.bool_], thresholds: Thresholds
) -> NDArray[np.uint8]:
    """Label the voxels of the disease region by threshold; both thresholds are inclusive.

    Parameters
    ----------
    stir
        Scaled intensities, any shape.
    disease_region
        Mask of the same shape.
    thresholds
        From `vhi.estimate_thresholds`.

    Returns
    -------
    ndarray of uint8
        0, or 1 where lower ≤ intensity < upper, or 2 where intensity ≥ upper.
    """
    if stir.shape != disease_region.shape:
        raise ValueError(f"stir has shape {stir.shape}, disease_region {disease_region.shape}")
    labels = (stir >= thresholds.lower).astype(np.uint8)
    labels += stir >= thresholds.upper
    labels *= disease_region
    return labels
