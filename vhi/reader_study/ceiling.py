"""Three reference points for cleaning by whole regions: best possible, a stand-in, no cleaning.

Both readers start from the same candidates, so without any cleaning they agree perfectly: part of a
high overlap of cleaned masks is the overlap of the candidates that both were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import check_same_grid
from vhi.measurement import Measurement
from vhi.reader_study.readings import ScanReadings
from vhi.statistics.composite import majority
from vhi.statistics.overlap import check_masks, dice
from vhi.steps.small_regions import label_regions

STAND_IN_VOTES = 2
"""Manual masks that must mark a voxel of a region for the stand-in to keep the region. Chosen: two
of the study's four, so that no single trial decides."""

CEILING_COLUMNS = (
    "scan", "subject", "segmentation", "marked_voxels", "below_lower_share",
    "outside_region_share", "below_in_region_share", "removed_as_small_share", "reachable_share",
    "ceiling_dice", "regions", "regions_of_ceiling", "uncleaned_dice", "stand_in_dice",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class BestRegions:
    """The whole regions that together come nearest to a mask.

    Attributes
    ----------
    dice : float
        Largest Dice that cleaning by whole regions can reach.
    mask : ndarray of bool
    regions, kept : int
        Number of regions, and of those in `mask`.
    """

    dice: float
    mask: NDArray[np.bool_]
    regions: int
    kept: int


def best_regions(
    candidates: NDArray[np.bool_], truth: NDArray[np.bool_], *, slice_axis: int = -1
) -> BestRegions:
    r"""Return the choice of whole candidate regions that has the largest Dice with a mask.

    With the true voxels :math:`t_r` and all voxels :math:`s_r` of region r, a choice R has

    .. math:: D(R) = \frac{2 \sum_{r \in R} t_r}{\sum_{r \in R} s_r + |T|}

    and the best choice takes the regions of largest true share :math:`t_r / s_r`, as far as that
    raises Dice. Proof: let :math:`D^*` be the largest. No choice makes
    :math:`\sum_{r \in R} (2 t_r - D^* s_r)` exceed :math:`D^* |T|`, and the best ones reach it,
    so that they are those that maximise that sum. It is largest where every region with
    :math:`t_r / s_r > D^* / 2` is taken and none below is, while one of just that share changes
    nothing. So only as many choices need to be tried as there are regions, though there are
    :math:`2^n`.

    Regions are connected within a slice, diagonals included. A cut through a region, which the
    paper allows in exceptions, may do better.

    Parameters
    ----------
    candidates, truth
        Boolean, one shape (ni, nj, nk).
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    BestRegions
        The fewest regions that reach the largest Dice. An empty `truth`: no region, Dice 1. No
        region that meets `truth`: none, Dice 0.

    Raises
    ------
    ValueError
        The arrays are not boolean, or their shapes differ.

    References
    ----------
    Dinkelbach 1967, Management Science 13:492, for ratios of two sums.
    """
    check_masks(candidates, truth)
    regions, count = label_regions(candidates, slice_axis=slice_axis)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    true = np.bincount(regions[truth], minlength=count + 1)[1:]
    order = np.argsort(-true / sizes, kind="stable")
    total = np.count_nonzero(truth) + np.append(0, np.cumsum(sizes[order]))
    reached = 2 * np.append(0, np.cumsum(true[order])) / np.maximum(total, 1)
    kept = int(np.argmax(reached))
    chosen = np.zeros(count + 1, bool)
    chosen[1 + order[:kept]] = True
    mask = chosen[regions]
    return BestRegions(dice(mask, truth), mask, count, kept)


def consensus_guided(
    candidates: NDArray[np.bool_],
    masks: Sequence[NDArray[np.bool_]],
    *,
    at_least: int = STAND_IN_VOTES,
    slice_axis: int = -1,
) -> NDArray[np.bool_]:
    """Keep the candidate regions that hold a voxel which several masks mark.

    This stands in for a reader's cleaning where cleaned masks are not available. It uses masks of
    both readers, so those masks cannot judge it independently, and a single result says nothing
    about agreement between two readers who clean.

    Parameters
    ----------
    candidates
        Boolean, shape (ni, nj, nk), small regions already removed.
    masks
        Manual masks of the same shape.
    at_least
        How many must mark the same voxel of a region.
    slice_axis
        Array axis along which slices are stacked.

    Returns
    -------
    ndarray of bool
        Whole regions of `candidates`.

    Raises
    ------
    ValueError
        As `vhi.statistics.composite.majority`.
    """
    marked = majority(masks, at_least=at_least)
    check_masks(candidates, marked)
    regions, _ = label_regions(candidates, slice_axis=slice_axis)
    return np.isin(regions, np.setdiff1d(regions[marked], [0]))


def stand_in(readings: ScanReadings, measurement: Measurement) -> NDArray[np.bool_] | None:
    """Apply `consensus_guided` to the candidates of a scan; None for fewer than two manual masks.

    `measurement` is ``vhi.measure(readings.case)``.
    """
    if len(readings.manual) < STAND_IN_VOTES:
        return None
    whole = [readings.whole(segmentation.mask).array for segmentation in readings.manual]
    axis = measurement.stir.slice_axis
    return consensus_guided(measurement.kept.array > 0, whole, slice_axis=axis)


def ceiling_table(readings: ScanReadings, measurement: Measurement) -> pd.DataFrame:
    """Compare each manual mask of a scan with what cleaning by whole regions can reach.

    Parameters as for `stand_in`.

    Returns
    -------
    pandas.DataFrame
        With the `CEILING_COLUMNS`, one row for each manual mask. Shares are of its voxels, NaN
        where it is empty. The four from `outside_region_share` to `reachable_share` add up to 1:
        outside the disease region; in it but below the lower threshold; candidates removed with
        the small regions; candidates kept, all that cleaning can reach. `below_lower_share` is
        below the lower threshold anywhere. `uncleaned_dice` compares all candidates with the
        mask.

    Raises
    ------
    InputError
        Masks and scan lie on different grids.
    """
    try:
        check_same_grid(measurement.stir, readings.grid)
    except InputError as error:
        raise InputError(
            f"case {readings.scan}: the readers' masks do not lie on the grid of "
            f"{measurement.stir.name}; give them on the grid of the case's STIR scan"
        ) from error
    region = measurement.disease_region.array
    candidates = measurement.candidates.labels.array > 0
    kept = measurement.kept.array > 0
    below = measurement.stir.array < measurement.thresholds.lower
    parts = (below, ~region, region & ~candidates, candidates & ~kept, kept)
    substitute = stand_in(readings, measurement)
    rows = []
    for segmentation in readings.manual:
        marked = readings.whole(segmentation.mask).array
        count = np.count_nonzero(marked)
        shares = [np.count_nonzero(part & marked) / count if count else np.nan for part in parts]
        best = best_regions(kept, marked, slice_axis=measurement.stir.slice_axis)
        rows.append(
            (
                readings.scan, readings.subject, segmentation.name, int(count), *shares,
                best.dice, best.regions, best.kept, dice(kept, marked),
                np.nan if substitute is None else dice(substitute, marked),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CEILING_COLUMNS))


def cleaning_table(readings: ScanReadings, measurement: Measurement) -> pd.DataFrame:
    """Give the volumes of a scan without any cleaning and after the stand-in's.

    Parameters as for `stand_in`.

    Returns
    -------
    pandas.DataFrame
        One row: ``scan, subject, uncleaned_voxels, uncleaned_dice, stand_in_voxels,
        manual_masks``. `uncleaned_dice` compares two readers who keep all candidates, so it is 1,
        which says nothing about their judgement.
    """
    kept = measurement.kept.array > 0
    substitute = stand_in(readings, measurement)
    row = {
        "scan": readings.scan,
        "subject": readings.subject,
        "uncleaned_voxels": int(np.count_nonzero(kept)),
        "uncleaned_dice": dice(kept, kept),
        "stand_in_voxels": np.nan if substitute is None else int(substitute.sum()),
        "manual_masks": len(readings.manual),
    }
    return pd.DataFrame([row])
