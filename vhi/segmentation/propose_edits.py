"""Propose which candidate regions a reader would remove, and why. No torch.

A proposal is not a reading: nobody has looked at it, and nothing is applied until somebody says so.
The model is a logistic regression (``weights/cleaning``), made by ``python -m networks cleaning``.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.images.image import Image
from vhi.segmentation.region_features import region_features
from vhi.segmentation.registry import shipped_folder
from vhi.segmentation.unlike import UNTRUSTED, unlike_training_scans
from vhi.steps.candidates import Candidates
from vhi.steps.edits import MODEL, Edit, Edits

COEFFICIENTS = "model.json"
LOOKS = (
    "joint", "t1w", "elongation", "height", "lateral", "peak", "log_area", "lesion_slices",
)  # fmt: skip
"""Features from which the likely reason of a removal is read. The limits below were chosen on the
decoys of 12 phantom scans (simulated); ``networks/results/cleaning-reasons.csv`` counts 12 more."""

IN_JOINT, DARK = 0.7, 0.55
"""Closeness to the joint, and T1w, of the joint space: fluid and cartilage hold no fat. Simulated
fluid has 0.3 to 0.5 on T1w, lesions 0.6 to 0.85."""

LONG, BRIGHT, VESSEL_MM2 = 0.9, 1.5, 36.0
"""Elongation and peak of a vessel, and its largest area in a slice."""

GHOST_MM2, GHOST_LATERAL = 15.0, 0.4
"""An artefact is large, near the midline, and in one slice only."""

ABOVE, MIDLINE = 0.85, 0.35
"""Place of vertebrae above the sacrum. On the eight study scans no region that two manual masks
mark lies there."""


@dataclass(frozen=True)
class CleaningModel:
    """A logistic regression on features of regions.

    Attributes
    ----------
    name : str
    features : tuple of str
        See `vhi.segmentation.region_features.FEATURES`.
    centre, spread, weight : tuple of float
        Of each feature: it is moved and scaled by the first two before the third weighs it.
    intercept : float
    sure : float
        A region whose probability is at least this far from 0 and from 1 is in doubt.
    scan_sd, lesion_sd : float
        See `Proposal`.
    sha256 : str
        Of the model's file.
    """

    name: str
    features: tuple[str, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float
    sure: float
    scan_sd: float
    lesion_sd: float
    sha256: str = ""

    def probability(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the probability that a reader keeps each region; one row for each."""
        # Not a matrix product: its sums may depend on the machine and the number of threads.
        scaled = (features - self.centre) / self.spread * self.weight
        odds = np.full(len(features), self.intercept)
        for column in scaled.T:
            odds += column
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


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


@functools.cache
def load_cleaning_model(path: Path | None = None) -> CleaningModel:
    """Load the coefficients; by default those that the package includes."""
    content = (path or shipped_folder() / "cleaning" / COEFFICIENTS).read_bytes()
    record = json.loads(content)
    fields: dict[str, Any] = {
        field.name: record[field.name]
        for field in dataclasses.fields(CleaningModel)
        if field.name != "sha256"
    }
    for name in ("features", "centre", "spread", "weight"):
        fields[name] = tuple(fields[name])
    return CleaningModel(**fields, sha256=hashlib.sha256(content).hexdigest())


def propose_edits(
    candidates: Candidates,
    t1w: Image,
    *,
    case: str = "",
    visit: str = "",
    model: CleaningModel | None = None,
    notes: Iterable[Note] = (),
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
    model
        Default: the one that the package includes.
    notes
        Notes on scans and areas: those by which no proposal can be trusted
        (`vhi.segmentation.unlike.UNTRUSTED`) become notes of the proposal.
    """
    model = model or load_cleaning_model()
    regions = candidates.regions
    keep = np.zeros(regions.count + 1)
    looks: NDArray[np.floating] = np.zeros((regions.count, len(LOOKS)))
    if regions.count:
        columns = (*model.features, *LOOKS)
        features = region_features(candidates, t1w, columns)
        keep[1:] = model.probability(features[:, : len(model.features)])
        looks = features[:, len(model.features) :]
    sizes = np.bincount(regions.part, minlength=regions.count + 1)
    kept = most_probable(keep, sizes)
    reasons = tuple(np.where(kept, "", ["", *reasons_of(looks)]).tolist())
    edits = Edits.start(candidates.kept, case=case, visit=visit)
    first = np.full(regions.count + 1, len(regions.voxels))
    np.minimum.at(first, regions.part, np.arange(len(regions.voxels)))
    reader = f"{MODEL}{model.name}"
    removed = np.flatnonzero(~kept[1:]) + 1
    voxels = regions.voxels[first[removed]]
    # All at once: `Edits.add` one by one takes a third of the time of a proposal.
    places = [[round(x, 4) for x in point] for point in candidates.kept.world(voxels).tolist()]
    record = tuple(
        Edit("remove", "region", (i, j, k), (x, y, z), reader=reader, reason=reasons[number])
        for number, (i, j, k), (x, y, z) in zip(removed, voxels.tolist(), places, strict=True)
    )
    edits = dataclasses.replace(edits, edits=record)
    wrong = (note for note in notes if note.check in UNTRUSTED)
    notes = tuple(dict.fromkeys((*wrong, *unlike_training_scans(t1w, candidates.stir))))
    doubt = (keep > model.sure) & (keep < 1 - model.sure)
    if notes:
        # The probabilities were calibrated on other scans: the model is sure of nothing.
        doubt[1:] = True
    return Proposal(
        keep, kept, reasons, doubt, edits, model.name, model.sha256, model.scan_sd,
        model.lesion_sd, notes,
    )  # fmt: skip


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


def reasons_of(looks: NDArray[np.floating]) -> list[str]:
    """Return the likely reason to remove each region, from the features `LOOKS`."""
    joint, t1w, elongation, height, lateral, peak, log_area, slices = looks.T
    area_mm2 = np.exp(log_area)
    conditions = {
        "joint space": (joint > IN_JOINT) & (t1w < DARK),
        "above L4/5": (height > ABOVE) & (lateral < MIDLINE),
        "vessel": (elongation > LONG) & (peak > BRIGHT) & (area_mm2 < VESSEL_MM2),
        "artefact": (area_mm2 > GHOST_MM2) & (lateral < GHOST_LATERAL) & (slices == 1),
    }
    which = np.select(list(conditions.values()), range(len(conditions)), len(conditions))
    names = [*conditions, "other"]
    return [names[number] for number in which]
