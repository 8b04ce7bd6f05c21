"""Distance from the outline of a mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def signed_distance_mm(
    mask: NDArray[np.bool_], spacing_mm: float | Sequence[float]
) -> NDArray[np.float64]:
    """Return the distance of each pixel from the nearest pixel on the other side of the outline.

    Distances run from centre to centre, so the outline itself is half a pixel nearer.

    Parameters
    ----------
    mask
        bool, of any shape; usually one slice.
    spacing_mm
        Pixel spacing along each axis, or one value for all.

    Returns
    -------
    ndarray, shape of `mask`
        In mm; positive inside the mask, negative outside. Without an outline: infinite in a full
        mask, minus infinite in an empty one.
    """
    if mask.all() or not mask.any():
        return np.where(mask, np.inf, -np.inf)
    inside, outside = (
        ndimage.distance_transform_edt(side, sampling=spacing_mm) for side in (mask, ~mask)
    )
    return np.asarray(inside - outside)
