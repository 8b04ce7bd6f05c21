"""From where normal bone may be to the area it is taken from. numpy and scipy only.

The lower threshold hangs on the brightest voxels of normal bone (section 2.5.2), so what matters
is that no vessel is in the area and that it is about as large as areas that readers draw: a
maximum grows with the number of voxels it is taken over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import NothingFound
from vhi.images.image import Image, check_same_grid

AREA_MM3 = 5400.0
"""Volume that is proposed: the median of the ten hand-drawn areas (4,619 voxels of 1.169 mm³)."""

FENCE = 3.0
"""Pixels brighter than the upper quartile by this many interquartile ranges are taken for vessels:
Tukey's outer fence. In the ten hand-drawn areas the thresholds settle at 1.5 to 3.0 such ranges."""


def choose_area(
    probability: Image,
    stir: Image,
    bone: Image | None = None,
    *,
    volume_mm3: float = AREA_MM3,
    fence: float = FENCE,
) -> Image:
    """Return the most probable voxels of normal bone, less vessels and what borders on them.

    Where they lie apart, those of one place are taken: the connected set (26 neighbours) with the
    largest sum of probabilities.

    Parameters
    ----------
    probability
        Of normal bone, on the grid of `stir`.
    stir
        Scaled STIR intensities.
    bone
        Mask of all bone on the same grid; nothing outside it is taken.
    volume_mm3
        How much is taken, at most, before vessels go.
    fence
        Interquartile ranges above the upper quartile from which on a pixel is taken for a vessel;
        its eight neighbours in the slice, partly vessel, go with it.

    Returns
    -------
    Image
        bool, on the same grid.

    Raises
    ------
    NothingFound
        The network finds normal bone nowhere: its probability is above one half in less than a
        tenth of the volume.
    """
    count = max(1, round(volume_mm3 / stir.voxel_volume_mm3))
    likely = probability.array > 0.5
    if bone is not None:
        check_same_grid(stir, bone)
        likely &= bone.array
    if np.count_nonzero(likely) < 0.1 * count:
        raise NothingFound(
            f"{stir.name}: no place for normal bone is found; check that this is the STIR scan of "
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
    """Return the connected part of an area that is most probable altogether."""
    parts, count = ndimage.label(area, np.ones((3, 3, 3)))
    sums = np.atleast_1d(ndimage.sum_labels(probable, parts, np.arange(1, count + 1)))
    return parts == 1 + int(np.argmax(sums))


def _most_probable(probability: NDArray[np.floating], count: int) -> NDArray[np.bool_]:
    """Return the `count` most probable voxels, and more where the last of them have equals.

    Equals stay together, so that the area does not hang on the order in which voxels are stored.
    """
    if count >= probability.size:
        return np.ones(probability.shape, bool)
    last = np.partition(probability, -count, axis=None)[-count]
    return probability >= last
