"""The result of a network on a scan, and which scans a network accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vhi.errors import InputError
from vhi.images.image import Image


@dataclass(frozen=True, eq=False)
class Segmentation:
    """An area predicted by a network.

    Attributes
    ----------
    mask : Image
        bool, on the scan's grid.
    probability : Image
        float32, mean of the members, on the scan's grid.
    slices_to_check : tuple of int
        Slices whose mask may be poor, counted from 0 along the scan's slice axis; those of
        `beyond_bone` among them.
    slice_scores : tuple of float
        Predicted loss of Dice in each slice; empty where the network has no calibrated warning.
    network : str
        Name of the network.
    weights_sha256 : str
    notes : tuple of str
        What a reader should know about this network.
    beyond_bone : dict
        Slices whose mask may include more than bone, from
        `vhi.segmentation.beyond_bone.slices_beyond_bone`.
    plausible_thresholds : tuple of float
        Of normal bone only: lower thresholds of all plausible areas, ascending, from
        `vhi.segmentation.normal_bone_area.plausible_areas`.
    """

    mask: Image
    probability: Image
    slices_to_check: tuple[int, ...]
    slice_scores: tuple[float, ...]
    network: str
    weights_sha256: str
    notes: tuple[str, ...] = ()
    beyond_bone: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    plausible_thresholds: tuple[float, ...] = ()


def check_scan(scan: Image) -> None:
    """Refuse an array that is not a 3-D scan; arrays need not come from `vhi.load_image`."""
    if scan.array.ndim != 3:
        raise InputError(
            f"{scan.name}: has {scan.array.ndim} axes, but a scan has 3; give one volume"
        )
    if not np.isfinite(scan.array).all():
        raise InputError(f"{scan.name}: holds NaN or infinite values; replace them with 0")
    if scan.array.min() == scan.array.max():
        raise InputError(f"{scan.name}: all intensities are equal; give a scan")
