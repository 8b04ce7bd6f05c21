"""Choose the area of normal bone from a network's probabilities. numpy and scipy only.

The lower threshold depends on the brightest voxels of normal bone (section 2.5.2). The area
therefore must hold no vessel and be about as large as the areas that readers draw: a maximum
grows with the number of voxels.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import InputError, NothingFound
from vhi.images.image import Image, check_same_grid
from vhi.steps.thresholds import estimate_thresholds, normal_bone_intensities

AREA_MM3 = 5400.0
"""Proposed volume: the median of the ten hand-drawn areas (4,619 voxels of 1.169 mm³)."""

FENCE = 3.0
"""Pixels more than this many interquartile ranges above the upper quartile count as vessels:
Tukey's outer fence. In the ten hand-drawn areas the thresholds settle at 1.5 to 3.0 such ranges."""

SIZES = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
"""Sizes of plausible areas, as multiples of the proposed volume. The ten hand-drawn areas lie
between 0.27 and 1.7 times their median."""


def choose_area(
    probability: Image,
    stir: Image,
    bone: Image | None = None,
    *,
    volume_mm3: float = AREA_MM3,
    fence: float = FENCE,
) -> Image:
    """Return the most probable voxels of normal bone, without vessels and their neighbours.

    Where they lie apart, one place is taken: the connected set (26 neighbours) with the largest
    sum of probabilities.

    Parameters
    ----------
    probability
        Of normal bone, on the grid of `stir`.
    stir
        Scaled STIR intensities.
    bone
        Mask of all bone on the same grid; nothing outside it is taken.
    volume_mm3
        Largest volume, before vessels are removed.
    fence
        A pixel more than this many interquartile ranges above the upper quartile counts as a
        vessel; its eight neighbours in the slice, partly vessel, are removed with it.

    Returns
    -------
    Image
        bool, on the same grid.

    Raises
    ------
    NothingFound
        The probability of normal bone is above one half in less than a tenth of the volume.
    """
    box, parts = _cropped(probability, stir, bone)
    area = np.zeros(stir.shape, bool)
    area[box] = _area(*parts, volume_mm3=volume_mm3, fence=fence).array
    return stir.with_array(area, "normal_bone")


def plausible_thresholds(
    probability: Image,
    stir: Image,
    bone: Image | None = None,
    *,
    volume_mm3: float = AREA_MM3,
) -> tuple[float, ...]:
    """Return the lower thresholds of areas of other sizes, ascending, in units of `stir`.

    An area that gives no threshold (too few voxels, or no spread) is left out.

    Parameters
    ----------
    probability, stir, bone, volume_mm3
        As for `choose_area`.
    """
    _, parts = _cropped(probability, stir, bone)

    def lower(size: float) -> float | None:
        try:
            area = _area(*parts, volume_mm3=size * volume_mm3, fence=FENCE)
            return estimate_thresholds(normal_bone_intensities(parts[1], area)).lower
        except InputError:
            return None

    with ThreadPoolExecutor(2) as pool:
        return tuple(sorted(level for level in pool.map(lower, SIZES) if level is not None))


def _cropped(
    probability: Image, stir: Image, bone: Image | None
) -> tuple[tuple[slice, ...], tuple[Image, Image, Image | None]]:
    """Return the box that holds all probable voxels, and the images in it: a tenth of a scan.

    The box is the whole scan where no voxel is probable.
    """
    probable = probability.array > 0.5
    if bone is not None:
        check_same_grid(stir, bone)
        probable &= bone.array
    box = tuple(
        slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(None)
        for inside in (
            np.flatnonzero(probable.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)
        )
    )

    def part(image: Image) -> Image:
        affine = image.affine.copy()
        affine[:3, 3] = image.world([along.start or 0 for along in box])
        return Image(image.array[box], affine, image.name, image.oriented)

    return box, (part(probability), part(stir), None if bone is None else part(bone))


def _area(
    probability: Image, stir: Image, bone: Image | None, *, volume_mm3: float, fence: float
) -> Image:
    """Return the area of `choose_area`, in a part of the scan that holds all probable voxels."""
    count = max(1, round(volume_mm3 / stir.voxel_volume_mm3))
    likely = probability.array > 0.5
    if bone is not None:
        likely &= bone.array
    if np.count_nonzero(likely) < 0.1 * count:
        raise NothingFound(
            f"{stir.name}: the network finds no normal bone; check that this is the STIR scan of "
            "a pelvis, or draw normal bone by hand (`vhi normal-bone`)"
        )
    probable = np.where(likely, probability.array, 0)
    area = _one_place(likely & _most_probable(probable, count), probable)
    lower, upper = np.percentile(stir.array[area], [25, 75])
    vessels = area & (stir.array > upper + fence * (upper - lower))
    in_plane = np.ones((3, 3), bool)
    area &= ~ndimage.binary_dilation(vessels, np.expand_dims(in_plane, stir.slice_axis))
    return stir.with_array(area, "normal_bone")


def _one_place(area: NDArray[np.bool_], probable: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return the connected part of an area with the largest sum of probabilities."""
    parts, count = ndimage.label(area, np.ones((3, 3, 3)))
    sums = np.atleast_1d(ndimage.sum_labels(probable, parts, np.arange(1, count + 1)))
    return parts == 1 + int(np.argmax(sums))


def _most_probable(probability: NDArray[np.floating], count: int) -> NDArray[np.bool_]:
    """Return the `count` most probable voxels, and all voxels that equal the last of them.

    Keeping equals together makes the area independent of the order of storage.
    """
    if count >= probability.size:
        return np.ones(probability.shape, bool)
    last = np.partition(probability, -count, axis=None)[-count]
    return probability >= last
