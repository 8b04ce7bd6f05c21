"""Propose which candidate regions a reader would remove, and why. No torch.

A proposal is not a reading: nobody has looked at it, and nothing is applied until somebody says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.checks import Note
from vhi.images.image import Image
from vhi.steps.candidates import Candidates
from vhi.steps.edits import MODEL, Edits

NAME = "provisional"
SURE = 0.1
"""A region whose probability is at least this far from 0 and 1 is in doubt."""

_COEFFICIENTS = np.array([0.5, 0.2, 0.05, -3.5])


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a model proposes to remove from a case's candidates.

    Attributes
    ----------
    keep : ndarray of float64, shape (count + 1,)
        Calibrated probability that a reader keeps each region of the candidates; entry 0 is 0.
    kept : ndarray of bool, shape (count + 1,)
        The regions that the proposal leaves: the most probable ones, whose sizes add up to the
        expected volume, the sum of probability times size.
    reasons : tuple of str, length count + 1
        For a region proposed for removal the likely reason, one of `vhi.REASONS`; else empty.
    in_doubt : ndarray of bool, shape (count + 1,)
        Regions of which the model is not sure.
    edits : Edits
        The proposal as an ordinary record, whose reader is ``"vhi <model>"``.
    model, model_sha256 : str
        Name of the model and hash of its coefficients.
    scan_sd, lesion_sd : float
        Standard deviations of the log-odds of `keep`, shared by a scan and by a lesion.
    notes : tuple of Note
        Why not to trust it.
    """

    keep: NDArray[np.float64]
    kept: NDArray[np.bool_]
    reasons: tuple[str, ...]
    in_doubt: NDArray[np.bool_]
    edits: Edits
    model: str
    model_sha256: str
    scan_sd: float
    lesion_sd: float
    notes: tuple[Note, ...] = ()


def propose_edits(
    candidates: Candidates, t1w: Image, *, case: str = "", visit: str = ""
) -> Proposal:
    """Propose which regions a reader would remove.

    Parameters
    ----------
    candidates
        From `vhi.find_candidates`.
    t1w
        Scaled T1w intensities, on the grid of the candidates.
    case, visit
        For the record.
    """
    regions, stir = candidates.regions, candidates.stir
    thresholds = candidates.thresholds
    sizes = np.bincount(regions.part, minlength=regions.count + 1)
    depth = ndimage.distance_transform_edt(candidates.disease_region.array, stir.spacing_mm)
    place = tuple(regions.voxels.T)
    above = (stir.array[place] - thresholds.upper_quartile) / thresholds.iqr
    means = [
        np.bincount(regions.part, values, regions.count + 1)[1:] / sizes[1:]
        for values in (above, depth[place])
    ]
    features = np.stack([np.log(sizes[1:]), *means, np.ones(regions.count)], axis=1)
    keep = np.append(0.0, 1 / (1 + np.exp(-features @ _COEFFICIENTS)))
    kept = most_probable(keep, sizes)
    reasons = tuple("" if k else "other" for k in (True, *kept[1:]))
    reader = f"{MODEL}{NAME}"
    edits = Edits.start(candidates.kept, case=case, visit=visit)
    first = np.full(regions.count + 1, len(regions.voxels))
    np.minimum.at(first, regions.part, np.arange(len(regions.voxels)))
    for number in np.flatnonzero(~kept[1:]) + 1:
        voxel = regions.voxels[first[number]]
        edits = edits.add("remove", voxel, reason=reasons[number], reader=reader, time="")
    doubt = (keep > SURE) & (keep < 1 - SURE)
    sha256 = hashlib.sha256(_COEFFICIENTS.tobytes()).hexdigest()
    return Proposal(keep, kept, reasons, doubt, edits, NAME, sha256, 0.5, 0.5)


def most_probable(keep: NDArray[np.float64], sizes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return the most probable regions whose sizes come nearest to the expected volume.

    Parameters
    ----------
    keep
        Probability of each region, shape (n + 1,); entry 0 is the background.
    sizes
        Voxels of each region, same shape; entry 0 is not used.
    """
    kept = np.zeros(keep.shape, bool)
    order = 1 + np.argsort(-keep[1:], kind="stable")
    total = np.append(0, np.cumsum(sizes[order]))
    expected = keep[1:] @ sizes[1:]
    kept[order[: int(np.argmin(np.abs(total - expected)))]] = True
    return kept
