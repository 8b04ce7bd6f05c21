"""How far the surfaces of two masks lie apart, in millimetres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from vhi.statistics.overlap import check_masks


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two surfaces, both ways, in mm.

    `mean_mm` is over all points of both (average symmetric surface distance), `p95_mm` the larger
    of the two ways' 95th percentiles (Hausdorff 95), `max_mm` the largest of all (Hausdorff
    distance), which one stray voxel decides.
    """

    mean_mm: float
    p95_mm: float
    max_mm: float


def surface_distances(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing_mm: Sequence[float]
) -> SurfaceDistances:
    """Return how far the surfaces of two masks lie apart.

    The distance from every surface voxel of one mask to the nearest surface voxel of the other is
    measured centre to centre, both ways.

    Parameters
    ----------
    first, second
        Boolean, one shape, 2-D or 3-D. Their order does not matter.
    spacing_mm
        Distance between neighbouring voxels along each array axis.

    Returns
    -------
    SurfaceDistances
        All infinite where only one mask has a surface; all NaN where neither has.

    Raises
    ------
    ValueError
        The arrays are not boolean, shapes differ, or the spacing does not fit them.

    Notes
    -----
    A surface voxel is one in the mask with a face neighbour outside it (in 2-D an edge
    neighbour). The edge of the array is no surface: bone goes on where the scan ends. An empty
    mask has no surface, nor has one that fills the array.

    References
    ----------
    Maier-Hein et al. 2024 (Metrics reloaded), Nature Methods 21:195, for the two percentiles.

    Examples
    --------
    >>> bar, shifted = np.zeros((2, 9, 3), bool)
    >>> bar[2:5], shifted[3:6] = True, True
    >>> surface_distances(bar, shifted, (0.5, 3.3))
    SurfaceDistances(mean_mm=0.5, p95_mm=0.5, max_mm=0.5)
    """
    check_masks(first, second)
    spacing = np.asarray(spacing_mm, float)
    if spacing.shape != (first.ndim,) or not (np.isfinite(spacing) & (spacing > 0)).all():
        raise ValueError(
            f"spacing_mm needs {first.ndim} numbers above 0, one for each axis; got {spacing_mm}"
        )
    points = [np.argwhere(surface(mask)) * spacing for mask in (first, second)]
    lacking = sum(len(surface_points) == 0 for surface_points in points)
    if lacking:
        return SurfaceDistances(*[math.nan if lacking == 2 else math.inf] * 3)
    ways = [KDTree(target).query(start)[0] for start, target in (points, points[::-1])]
    return SurfaceDistances(
        mean_mm=float(np.concatenate(ways).mean()),
        p95_mm=float(max(np.percentile(way, 95) for way in ways)),
        max_mm=float(max(way.max() for way in ways)),
    )


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels of a mask that have a face neighbour outside it, within the array."""
    rim = np.zeros_like(mask)
    for edges in ndimage.find_objects(mask.view(np.uint8)):
        box = tuple(slice(max(edge.start - 1, 0), edge.stop + 1) for edge in edges)
        # Beyond the array counts as inside, so that its edge becomes no surface.
        rim[box] = mask[box] & ~ndimage.binary_erosion(mask[box], border_value=1)
    return rim
