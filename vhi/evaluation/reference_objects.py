"""Digital reference objects (simulated), measured: VHI beside the lesion's known volume.

Each object is scanned twice, and each scan is measured three ways: everything above the threshold
(uncleaned), what a model's proposal leaves (proposed, read by nobody), and what a reader without
mistakes leaves (truth-cleaned).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.measurement import Measurement
from vhi.phantom.reference_object import (
    LEAST_SHARE,
    ObjectScan,
    ReferenceObject,
    scan_object,
)
from vhi.workflow import measure_images

if TYPE_CHECKING:
    from pandas import DataFrame

METHODS = ("uncleaned", "proposed", "truth_cleaned")
"""Columns of the three volumes, in mm³ by pitch, as ``<method>_mm3``."""

STEPS = ("true_mm3", "half_mm3", "threshold_mm3", "marrow_mm3", "truth_cleaned_mm3")
"""Volumes between truth and measurement, each with one more source of error:

``half_mm3``: voxels at or above half the lesion's signal on a scan without noise and texture, so
partial volume, blur and sampling alone; ``threshold_mm3``: the same scan, at the scan's own lower
threshold; ``marrow_mm3``: the scan as it is, with the texture of marrow and lesion, noise and the
disease region; ``truth_cleaned_mm3``: after small regions were removed, and cleaning."""

NEAR = 0.02
"""Blurred share of lesion above which a voxel counts in ``marrow_mm3``. Chosen."""

DECIMALS = 3
"""Of all numbers in the table."""

COLUMNS = (
    *("object", "scan", "condition", "true_mm3", "contrast", "noise", "texture", "blur"),
    *("slice_thickness_mm", "threshold_share", *STEPS[1:-1], *(f"{m}_mm3" for m in METHODS)),
    *("lesion_voxels", "decoys", "model"),
)
"""Columns of the table; ``threshold_share`` is the height of the lower threshold above normal
marrow, as a share of the lesion's contrast (0.5: half-way)."""


def measure_objects(
    items: Sequence[ReferenceObject],
    *,
    scans: int = 2,
    workers: int | None = None,
    progress: Callable[[], None] = lambda: None,
) -> DataFrame:
    """Make, scan and measure objects side by side.

    Parameters
    ----------
    items
        From `vhi.phantom.design_objects`.
    scans
        Of each object.
    workers
        Processes; default: one for each processor. The rows do not depend on it.
    progress
        Called after each object.

    Returns
    -------
    DataFrame
        One row for each scan, with the columns `COLUMNS`, in the order of `items`. Proposed
        volumes are missing where there is no proposal.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for measured in _side_by_side(items, scans, workers or os.cpu_count() or 1):
        rows += measured
        progress()
    return pd.DataFrame(rows, columns=list(COLUMNS)).round(DECIMALS)


def _side_by_side(
    items: Sequence[ReferenceObject], scans: int, workers: int
) -> Iterator[list[dict[str, Any]]]:
    counts = [scans] * len(items)
    if workers == 1 or len(items) < 2:
        yield from map(measure_object, items, counts)
        return
    # New processes: forking one that runs a network's threads can hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(measure_object, items, counts, chunksize=4)


def measure_object(item: ReferenceObject, scans: int = 2) -> list[dict[str, Any]]:
    """Return the rows of one object, see `measure_objects`."""
    return [
        _row(item, number, scan) for number, scan in enumerate(scan_object(item, scans), start=1)
    ]


def _row(item: ReferenceObject, number: int, scan: ObjectScan) -> dict[str, Any]:
    phantom, condition = scan.phantom, item.condition
    measurement = measure_images(
        phantom.stir,
        phantom.normal_bone,
        phantom.disease_region,
        t1w=phantom.t1w,
        slice_thickness_mm=phantom.slice_thickness_mm,
    )
    mm3 = phantom.stir.voxel_volume_mm3
    lower = measurement.thresholds.lower
    height = lower / float(np.median(measurement.intensities)) - 1
    share = height / condition.contrast
    bright = (phantom.stir.array >= lower) & phantom.disease_region.array
    lesion = item.volume_mm3 > 0
    row = {
        "object": item.number,
        "scan": number,
        "condition": condition.name,
        "true_mm3": item.volume_mm3,
        "contrast": condition.contrast,
        "noise": condition.noise,
        "texture": condition.texture,
        "blur": condition.blur,
        "slice_thickness_mm": condition.slice_thickness_mm,
        "threshold_share": share if lesion else None,
        "half_mm3": np.count_nonzero(scan.profile >= 0.5) * mm3,
        "threshold_mm3": np.count_nonzero(scan.profile >= share) * mm3,
        "marrow_mm3": np.count_nonzero(bright & (scan.profile > NEAR)) * mm3,
        "uncleaned_mm3": measurement.vhi.mm3,
        "truth_cleaned_mm3": np.count_nonzero(truth_cleaned(measurement, scan.share)) * mm3,
        "lesion_voxels": int(np.count_nonzero(phantom.lesions.array)),
        "decoys": len(phantom.decoy_list),
    }
    proposal, proposed = measurement.proposal, measurement.proposed
    if proposal is not None and proposed is not None:
        row |= {"proposed_mm3": proposed.mm3, "model": proposal.model}
    return row


def truth_cleaned(measurement: Measurement, share: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return the mask that a reader without mistakes leaves.

    Whole regions stay where a voxel is lesion to more than `LEAST_SHARE`; `share` is the part of
    each voxel that is lesion.
    """
    regions = measurement.candidates.regions
    keep = np.zeros(regions.count + 1, bool)
    keep[regions.numbers[share > LEAST_SHARE]] = True
    keep[0] = False
    return np.asarray(keep[regions.numbers])
