"""How far the surfaces of two masks lie apart, in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from vhi.statistics.overlap import check_masks


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two surfaces, both ways.

    Attributes
    ----------
    mean_mm : float
        Mean over all points of both surfaces (average symmetric surface distance).
    p95_mm : float
        The larger of the two ways' 95th percentiles (Hausdorff 95): all but the worst twentieth.
    max_mm : float
        The largest of all (Hausdorff distance): one stray voxel decides it.
    """

    mean_mm: float
    p95_mm: float
    max_mm: float


def surface_distances(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing_mm: Sequence[float]
) -> SurfaceDistances:
    """Return how far the surfaces of two masks lie apart.

    From every surface voxel of one mask the distance to the nearest surface voxel of the other is
    taken, centre to centre, and the other way round. Where slices are thick a distance within a
    slice cannot fall between its pixels, and one across slices not below the slices' distance.

    Parameters
    ----------
    first, second
        Boolean, one shape, 2-D or 3-D. Their order does not matter.
    spacing_mm
        Distance between neighbouring voxels along each array axis.

    Returns
    -------
    SurfaceDistances
        All infinite where one mask has a surface and the other has none; all NaN where neither
        has.

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
    lacking = sum(len(each) == 0 for each in points)
    if lacking:
        value = float("nan") if lacking == 2 else float("inf")
        return SurfaceDistances(value, value, value)
    ways = [KDTree(there).query(here)[0] for here, there in (points, points[::-1])]
    return SurfaceDistances(
        mean_mm=float(np.concatenate(ways).mean()),
        p95_mm=float(max(np.percentile(way, 95) for way in ways)),
        max_mm=float(max(way.max() for way in ways)),
    )


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels of a mask that have a face neighbour outside it, within the array."""
    where = _box(mask)
    part = mask[where]
    faces = ndimage.generate_binary_structure(mask.ndim, 1)
    rim = np.zeros_like(mask)
    # What lies beyond the array counts as inside, so that its edge becomes no surface.
    rim[where] = part & ~ndimage.binary_erosion(part, faces, border_value=1)
    return rim


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the part of the array that holds the mask with one voxel around it."""
    found = ndimage.find_objects(mask.view(np.uint8))
    if not found:
        return tuple(slice(0, 0) for _ in mask.shape)
    return tuple(slice(max(each.start - 1, 0), each.stop + 1) for each in found[0])
