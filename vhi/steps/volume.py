"""The volume of hyperintense inflammation.

Source: Hepburn et al. 2023, section 2.5.1 (vi): "V_HI can be defined in terms of the volume per
se (e.g. in mm³) or as a voxel count".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError


@dataclass(frozen=True)
class Vhi:
    """Volume of hyperintense inflammation in its three units.

    Attributes
    ----------
    voxels : int
        Voxel count, as printed in the paper.
    mm3 : float
        Volume by pitch: gaps between slices count to the slices beside them.
    mm3_slice_thickness : float or None
        Volume of the excited slices alone; None where the slice thickness is not known.
    """

    voxels: int
    mm3: float
    mm3_slice_thickness: float | None


def measure_volume(
    mask: NDArray[np.bool_],
    spacing_mm: Sequence[float],
    *,
    slice_thickness_mm: float | None = None,
) -> Vhi:
    """Turn a mask into a volume.

    Parameters
    ----------
    mask
        Inflammation, any shape. An empty mask is no error: its volume is 0.
    spacing_mm
        Voxel pitch along the three array axes; the slice axis is the one of largest pitch.
    slice_thickness_mm
        Thickness of the excited slice. A 3 mm slice with a 0.3 mm gap has a pitch of 3.3 mm.

    Returns
    -------
    Vhi

    Raises
    ------
    InputError
        A thickness that is not a positive number.

    Examples
    --------
    >>> measure_volume(np.ones((2, 2, 1), bool), (0.5, 0.5, 3.3), slice_thickness_mm=3.0)
    Vhi(voxels=4, mm3=3.3, mm3_slice_thickness=3.0)
    """
    voxels = int(np.count_nonzero(mask))
    return volume_of(voxels, spacing_mm, slice_thickness_mm=slice_thickness_mm)


def volume_of(
    voxels: int, spacing_mm: Sequence[float], *, slice_thickness_mm: float | None = None
) -> Vhi:
    """Return the volume of so many voxels; parameters and errors as for `measure_volume`."""
    volume = float(np.prod(spacing_mm))
    if slice_thickness_mm is None:
        return Vhi(voxels, voxels * volume, None)
    if not (np.isfinite(slice_thickness_mm) and slice_thickness_mm > 0):
        raise InputError(
            f"slice thickness {slice_thickness_mm}: must be above 0 mm; leave it out if unknown"
        )
    by_thickness = volume / float(max(spacing_mm)) * slice_thickness_mm
    return Vhi(voxels, voxels * volume, voxels * by_thickness)
