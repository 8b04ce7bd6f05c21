"""An interval for a proposed VHI: where normal bone was drawn, and what a reader would keep.

One Monte Carlo. Each draw takes the lower threshold of another area of normal bone, a shift of the
log-odds that all regions of the scan share, because a model calibrated on few subjects is off on
the next one, and a decision for every region, in which the regions of one lesion move together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.steps.candidates import Candidates
from vhi.steps.volume import volume_of
from vhi.uncertainty.area_bootstrap import RESAMPLES, SEED, percentile_interval, uniform
from vhi.uncertainty.interval import COVERAGE, NORMAL_BONE_AND_CLEANING, VhiInterval, other_areas
from vhi.uncertainty.other_thresholds import OTHER_SLICE_MM, NestedCandidates

NODES = 7
"""Thresholds at which the sizes of regions are counted; volumes between them are geometric. Chosen:
with 31 the ends of the study's intervals move by at most 1.5 %."""

LOGISTIC_SD = float(np.pi / np.sqrt(3))
"""Standard deviation of the standard logistic law."""

_CHUNK = 100
"""Draws worked on at once, so that a scan with many regions needs little memory."""


def proposed_interval(
    candidates: Candidates,
    keep: ArrayLike,
    kept: ArrayLike,
    *,
    scan_sd: float,
    lesion_sd: float,
    plausible_thresholds: ArrayLike | None = None,
    slice_thickness_mm: float | None = None,
    coverage: float = COVERAGE,
    draws: int = RESAMPLES,
    seed: int = SEED,
) -> VhiInterval:
    r"""Return the interval of a proposed VHI over normal bone and cleaning.

    In a draw, region r of lesion l is kept where

    .. math:: s \, \mathrm{logit}(p_r) + \delta + u_l + e_r > 0

    with the scan's shift :math:`\delta`, the lesion's :math:`u_l` and the region's :math:`e_r`
    logistic around 0; the latter has SD :math:`\pi / \sqrt 3`. The factor
    :math:`s = \sqrt{1 + 3 (\sigma_\delta^2 + \sigma_u^2) / \pi^2}` leaves the probability of each
    region, over all draws, at :math:`p_r`. A region's size is that at the draw's threshold: a voxel
    that is new at a lower threshold belongs to the nearest region of its slice where it is
    connected to one. Altogether new regions are kept with the mean probability of all regions.

    The interval is widened where it would not hold the proposed VHI. It does not reflect the
    disease region.

    Parameters
    ----------
    candidates
        From `vhi.find_candidates`.
    keep
        Calibrated probability that a reader keeps each region, shape (regions.count + 1,); entry
        0 is not used.
    kept
        Whether the proposal keeps each region, same shape: gives the proposed VHI.
    scan_sd
        SD over scans of the log-odds' shift, from subjects left out of the training; 0 or more.
    lesion_sd
        SD over lesions of the log-odds' shift, 0 or more: how much regions of one lesion are
        decided together.
    plausible_thresholds
        See `vhi.uncertainty.interval.other_areas`.
    slice_thickness_mm
        As for `vhi.measure_volume`.
    coverage
        Nominal, above 0 and below 1.
    draws
        How many; 1 or more.
    seed
        The same seed gives the same draws.

    Returns
    -------
    VhiInterval
        Without ends but with a reason where `vhi.uncertainty.interval.other_areas` gives no
        thresholds.

    Raises
    ------
    ValueError
        Shapes do not belong to the regions, a probability outside 0 to 1, or a negative SD.
    """
    regions, stir = candidates.regions, candidates.stir
    probability, proposal = np.array(keep, float), np.asarray(kept, bool)
    for name, values in (("keep", probability), ("kept", proposal)):
        if values.shape != (regions.count + 1,):
            raise ValueError(f"{name}: shape {values.shape}, expected {(regions.count + 1,)}")
    probability[0] = probability[1:].mean() if regions.count else 0  # regions that are new
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("keep: probabilities lie between 0 and 1")
    if not (scan_sd >= 0 and lesion_sd >= 0):
        raise ValueError(f"scan_sd {scan_sd}, lesion_sd {lesion_sd}: give 0 or more")
    thresholds, interval = other_areas(
        candidates, plausible_thresholds=plausible_thresholds, coverage=coverage, seed=seed
    )
    interval = replace(interval, source=NORMAL_BONE_AND_CLEANING, resamples=draws)
    if interval.reason is not None:
        return interval
    measured = candidates.thresholds.lower
    least, most = np.quantile(thresholds, [0.01, 0.99])
    nodes = np.unique([*np.linspace(least, most, NODES), measured])
    sizes = region_sizes(candidates, nodes)
    at_nodes = draw_volumes(
        probability,
        regions.lesion_of,
        sizes,
        scan_sd=scan_sd,
        lesion_sd=lesion_sd,
        draws=draws,
        seed=seed,
    )
    # Thresholds stand in no order, so that draw n takes the n-th; volumes fall about geometrically.
    drawn = np.resize(thresholds, draws)
    logs = np.log1p(at_nodes)
    volumes = np.expm1([np.interp(at, nodes, row) for at, row in zip(drawn, logs, strict=True)])
    voxels = int(np.bincount(regions.part, minlength=regions.count + 1)[1:] @ proposal[1:])
    ends = percentile_interval(volumes, coverage=coverage)
    low, high = (
        volume_of(end, stir.spacing_mm, slice_thickness_mm=slice_thickness_mm)
        for end in (min(round(ends[0]), voxels), max(round(ends[1]), voxels))
    )
    least, most = percentile_interval(thresholds, coverage=coverage)
    return replace(
        interval,
        low=low,
        high=high,
        lower_threshold=(min(least, measured), max(most, measured)),
    )


def region_sizes(candidates: Candidates, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the size of every region at other lower thresholds.

    Parameters
    ----------
    candidates
        From `vhi.find_candidates`.
    thresholds
        Ascending, shape (k,); the first at or below the measured one.

    Returns
    -------
    ndarray, shape (k, regions.count + 1)
        Voxels, small regions removed at each threshold. Column 0 counts the voxels of regions that
        are new altogether.
    """
    stir, regions = candidates.stir, candidates.regions
    axis = stir.slice_axis
    nested = NestedCandidates(candidates, thresholds[0])
    owner = np.moveaxis(regions.numbers[nested.box], axis, 0)[nested.voxels]
    spacing_mm = [OTHER_SLICE_MM, *np.delete(np.array(stir.spacing_mm), axis)]
    sizes: list[NDArray[np.int64]] = []
    for threshold in thresholds:
        part, stays = nested.at(threshold)
        if not sizes:
            owner = _owners(np.stack(nested.voxels, axis=1) * spacing_mm, owner, part)
        sizes.append(np.bincount(owner[stays[part]], minlength=regions.count + 1))
    return np.stack(sizes)


def _owners(
    place_mm: NDArray[np.float64], owner: NDArray[np.int32], part: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the region that each voxel at a lower threshold belongs to, 0 where that is new.

    Parameters
    ----------
    place_mm
        Of each voxel, slices far apart; shape (n, 3).
    owner
        Its region at the measured threshold, 0 where it has none; shape (n,).
    part
        Its region at the lower threshold; shape (n,).
    """
    # Imported here: only a proposed measurement needs it.
    from scipy.spatial import KDTree

    judged = owner > 0
    old = np.bincount(part[judged], minlength=int(part.max(initial=0)) + 1) > 0
    joins = old[part] & ~judged
    if joins.any():
        _, nearest = KDTree(place_mm[judged]).query(place_mm[joins])
        owner = owner.copy()
        owner[joins] = owner[judged][nearest]
    return owner


def draw_volumes(
    keep: NDArray[np.float64],
    lesion_of: NDArray[np.integer],
    sizes: NDArray[np.integer],
    *,
    scan_sd: float,
    lesion_sd: float,
    draws: int = RESAMPLES,
    seed: int = SEED,
) -> NDArray[np.float64]:
    """Return the volume that a reader may keep, in voxels, for every draw; shape (draws, k).

    Parameters
    ----------
    keep
        Probability of each region, shape (n + 1,); entry 0 is that of every region that is counted
        in column 0 of `sizes`.
    lesion_of
        Lesion of each region, shape (n + 1,); entry 0 is 0.
    sizes
        Voxels of each region in k situations, shape (k, n + 1).
    scan_sd, lesion_sd, draws, seed
        See `proposed_interval`.
    """
    width = [sd / LOGISTIC_SD for sd in (scan_sd, lesion_sd)]
    with np.errstate(divide="ignore"):
        centre = _logit(keep) * np.sqrt(1 + width[0] ** 2 + width[1] ** 2)
    lesions = int(lesion_of.max()) + 1
    columns = 1 + lesions + len(lesion_of)
    # A stream of its own; the raw stream of PCG64 is promised never to change.
    stream = np.random.PCG64([seed, 1])
    volumes = []
    for start in range(0, draws, _CHUNK):
        chunk = min(_CHUNK, draws - start)
        chance = uniform(stream.random_raw(chunk * columns).reshape(chunk, columns))
        shift = width[0] * _logit(chance[:, :1])
        together = width[1] * _logit(chance[:, 1 : 1 + lesions])
        # A region's own shift is logistic too: a uniform number lies below this chance.
        odds = _expit(centre + shift + together[:, lesion_of])
        kept = (chance[:, 1 + lesions :] < odds).astype(float)
        kept[:, :1] = _expit((centre[0] + shift) / np.sqrt(1 + width[1] ** 2))
        volumes.append(kept @ sizes.T)
    return np.concatenate(volumes)


def _logit(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(chance) - np.log1p(-chance)


def _expit(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-log_odds))
