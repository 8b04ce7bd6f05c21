"""What VHI would be at another lower threshold, and over the multiple n.

Masks at different thresholds are nested: a higher threshold leaves a subset of the candidates,
every region of that subset lies within one region at the lower threshold, which is at least as
large, so what is kept at the higher threshold is kept at the lower one. VHI therefore never grows
with the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vhi.steps.candidates import label_regions, remove_small_regions
from vhi.steps.volume import measure_volume

if TYPE_CHECKING:
    from vhi.measurement import Measurement


@dataclass(frozen=True)
class CurvePoint:
    """VHI at one multiple n.

    Attributes
    ----------
    multiple : float
    threshold : float
        Upper quartile + multiple × interquartile range.
    voxels : int
    mm3 : float
        By pitch.
    """

    multiple: float
    threshold: float
    voxels: int
    mm3: float


def inflammation_at(measurement: Measurement, threshold: float) -> NDArray[np.bool_]:
    """Return the inflammation as it would be at another lower threshold.

    Without a reader's edits: the candidates at that threshold, small regions removed.

    With edits the regions at another threshold are not those the reader judged, and what she
    would have said of them is not known. The rule here:

    - what she removed stays removed, what she left stays as far as it is a candidate still;
    - a voxel that is new at a lower threshold joins where its region at that threshold holds a
      voxel she left, and she left the nearest of the slice's voxels that she judged (the nearest
      left voxel decides on a tie); regions that are new altogether stay out.

    Both ways the masks are nested: a higher threshold gives a subset.

    Parameters
    ----------
    measurement
        From `vhi.measure`.
    threshold
        STIR intensity, inclusive.

    Returns
    -------
    ndarray of bool, shape of the scan
    """
    stir, axis = measurement.stir, measurement.stir.slice_axis
    made = measurement.provenance
    region = measurement.disease_region.array
    if made.exclude_normal_bone:
        region = region & ~measurement.normal_bone.array
    above = ((stir.array >= threshold) & region).astype(np.uint8)
    kept = remove_small_regions(above, min_pixels=made.min_pixels, slice_axis=axis) > 0
    if not measurement.edits.edits:
        return kept
    judged, left = measurement.kept.array > 0, measurement.inflammation.array > 0
    regions, count = label_regions(kept, slice_axis=axis)
    holds = np.zeros(count + 1, bool)
    holds[regions[left]] = True
    holds[0] = False
    new = holds[regions] & ~judged
    new[new] = _nearer(np.argwhere(new), left, judged & ~left, stir.spacing_mm, axis)
    return (kept & left) | new


def vhi_over_multiple(measurement: Measurement, multiples: Sequence[float]) -> list[CurvePoint]:
    """Return VHI as it would be at other multiples n, to see what the rule decides.

    Parameters
    ----------
    measurement
        From `vhi.measure`; its edits count as in `inflammation_at`.
    multiples
        Any finite numbers. Unlike `vhi.steps.thresholds.thresholds_at`, thresholds above the
        brightest normal bone are not cut back to it.

    Returns
    -------
    list of CurvePoint
        In the order of `multiples`. At the n that was measured with, the measured VHI.

    Raises
    ------
    ValueError
        A multiple is not finite.
    """
    if not np.isfinite(np.asarray(multiples, float)).all():
        raise ValueError("multiples must be finite; leave the others out")
    known, points = measurement.thresholds, []
    for multiple in multiples:
        threshold = known.upper_quartile + float(multiple) * known.iqr
        mask = inflammation_at(measurement, threshold)
        volume = measure_volume(mask, measurement.stir.spacing_mm)
        points.append(CurvePoint(float(multiple), threshold, volume.voxels, volume.mm3))
    return points


def _nearer(
    voxels: NDArray[np.int64],
    left: NDArray[np.bool_],
    removed: NDArray[np.bool_],
    spacing_mm: Sequence[float],
    slice_axis: int,
) -> NDArray[np.bool_]:
    """Return for each voxel whether `left` is nearer to it within its slice than `removed`."""
    # Imported here: only a cleaned measurement needs it.
    from scipy.spatial import KDTree

    if not len(voxels) or not removed.any():
        return np.ones(len(voxels), bool)
    # Slices so far apart that the nearest voxel lies in the same slice where that has one.
    scale = np.array(spacing_mm, float)
    scale[slice_axis] = 1e6
    to_left, to_removed = (
        KDTree(np.argwhere(mask) * scale).query(voxels * scale)[0] for mask in (left, removed)
    )
    return np.asarray(to_left <= to_removed)
