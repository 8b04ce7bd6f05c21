"""Draw normal bone from numbers: an ellipse on each of a few slices (step i by hand).

Source: Hepburn et al. 2023, section 2.5.1 (i): marrow of the interforaminal sacrum, with
artefacts and vessels avoided.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import Image


def draw_normal_bone(
    stir: Image, *, centre: Sequence[int], radius_mm: Sequence[float], slices: int = 1
) -> NDArray[np.bool_]:
    """Return a mask of equal ellipses on neighbouring slices.

    A voxel belongs to the ellipse when its centre does:
    ``(a / r1)**2 + (b / r2)**2 <= 1`` with a, b the distances in mm from the centre along the two
    in-plane array axes.

    Parameters
    ----------
    stir
        The scan to draw on.
    centre
        Voxel (i, j, k) of the centre, counted from 0.
    radius_mm
        One radius for a circle, or two: along the first and the second in-plane array axis.
    slices
        How many slices to draw on, centred on `centre`; an even number takes the extra one
        toward the higher index.

    Returns
    -------
    ndarray of bool, shape of `stir`

    Raises
    ------
    InputError
        The centre or a slice lies outside the scan, or a radius is not positive.
    """
    radii = [float(radius) for radius in radius_mm]
    if len(radii) not in (1, 2) or not all(np.isfinite(r) and r > 0 for r in radii):
        raise InputError("radius_mm: give one radius above 0 mm, or two for an ellipse")
    if len(centre) != 3 or any(not 0 <= c < n for c, n in zip(centre, stir.shape, strict=True)):
        raise InputError(
            f"centre {' '.join(map(str, centre))}: outside {stir.name or 'the scan'}, whose "
            f"voxels run from 0 0 0 to {' '.join(str(n - 1) for n in stir.shape)}"
        )
    if slices < 1:
        raise InputError("slices: give at least 1 slice")
    axis = stir.slice_axis
    first = centre[axis] - (slices - 1) // 2
    if first < 0 or first + slices > stir.shape[axis]:
        raise InputError(
            f"slices {slices}: reaches slices {first} to {first + slices - 1}, but the scan has "
            f"0 to {stir.shape[axis] - 1}; draw fewer, or move the centre"
        )
    in_plane = [a for a in range(3) if a != axis]
    distance = np.zeros([stir.shape[a] for a in in_plane])
    for position, (a, radius) in enumerate(zip(in_plane, radii * (3 - len(radii)), strict=True)):
        offset_mm = (np.arange(stir.shape[a]) - centre[a]) * stir.spacing_mm[a]
        shape = [1, 1]
        shape[position] = -1
        with np.errstate(over="ignore"):  # a tiny radius: infinitely far is far enough
            distance = distance + (offset_mm / radius).reshape(shape) ** 2
    mask = np.zeros(stir.shape, bool)
    by_slice = np.moveaxis(mask, axis, 0)
    # A stored spacing is only nearly its own number: a centre right on the rim belongs to it.
    by_slice[first : first + slices] = distance <= 1 + 1e-6
    return mask
