"""How far off a model of cleaning is on a scan that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.uncertainty.area_bootstrap import RESAMPLES
from vhi.uncertainty.proposed import draw_volumes

MAX_SD = 6.0
"""Largest SD that is returned. Chosen: one scan's log-odds then say nothing on the next."""

TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class JudgedScan:
    """A scan that a model was not trained on, and what a reader kept of it.

    Attributes
    ----------
    keep : ndarray of float64, shape (n + 1,)
        Probability of each region; entry 0 is 0.
    lesion_of : ndarray, shape (n + 1,)
    sizes : ndarray, shape (n + 1,)
        Voxels of each region; entry 0 is 0.
    voxels : float
        Volume that the reader kept.
    """

    keep: NDArray[np.float64]
    lesion_of: NDArray[np.integer]
    sizes: NDArray[np.integer]
    voxels: float


def estimate_scan_sd(scans: Sequence[JudgedScan], *, lesion_sd: float) -> float:
    """Return the SD of the log-odds' shift over scans, for `proposed_interval`.

    The smallest SD, to `TOLERANCE`, at which the volumes that readers kept look like draws of
    `draw_volumes`: each volume's rank among the draws is turned into a normal score, and the mean
    square of the scores is at most 1. With few scans it is rough: 8 scans give it a relative
    standard error of about a quarter.

    Parameters
    ----------
    scans
        Of subjects that were left out of the training.
    lesion_sd
        As for `proposed_interval`.

    Returns
    -------
    float
        From 0 to `MAX_SD`.

    Raises
    ------
    ValueError
        No scan.
    """
    if not scans:
        raise ValueError("scans: give at least one")
    low, high = 0.0, MAX_SD
    if _mean_square(scans, low, lesion_sd) <= 1:
        return 0.0
    while high - low > TOLERANCE:
        middle = (low + high) / 2
        wide = _mean_square(scans, middle, lesion_sd) <= 1
        low, high = (low, middle) if wide else (middle, high)
    return high


def _mean_square(scans: Sequence[JudgedScan], scan_sd: float, lesion_sd: float) -> float:
    """Return the mean square of the normal scores of what readers kept."""
    from statistics import NormalDist

    scores = []
    for scan in scans:
        volumes = draw_volumes(
            scan.keep, scan.lesion_of, scan.sizes[None], scan_sd=scan_sd, lesion_sd=lesion_sd
        )[:, 0]
        rank = np.mean(volumes < scan.voxels) + np.mean(volumes == scan.voxels) / 2
        rank = min(max(float(rank), 0.5 / RESAMPLES), 1 - 0.5 / RESAMPLES)
        scores.append(NormalDist().inv_cdf(rank))
    return float(np.mean(np.square(scores)))
