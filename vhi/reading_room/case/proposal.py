"""A model's proposal beside a reading: how decisions relate to it, and accepting it together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vhi.reading_room.case.state import ReadingState
from vhi.segmentation.propose_edits import Proposal
from vhi.steps.edits import TOGETHER, Edit, encode_edit


def unchanged(state: ReadingState) -> NDArray[np.bool_]:
    """Return which regions are those of the proposal, not parts of a cut, shape (count + 1,)."""
    before, now = state.candidates.judged, state.judged
    same = np.zeros(now.sizes.shape, bool)
    known = len(before.sizes)
    same[:known] = now.checksums[:known] == before.checksums
    same[0] = False
    return same


def relation(state: ReadingState, numbers: ArrayLike, *, removed: bool) -> str:
    """Return how a decision on regions, by number, relates to the proposal: `FROM_PROPOSAL`.

    Overruled where any of the regions is proposed otherwise; empty where no proposal is shown.
    """
    proposal, numbers = state.candidates.proposal, np.atleast_1d(numbers)
    if proposal is None:
        return ""
    if not unchanged(state)[numbers].all():
        return "alone"
    return "overruled" if (proposal.kept[numbers] == removed).any() else "accepted"


def expected_change(proposal: Proposal, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the voxels by which a decision on each region is expected to change the volume."""
    known = proposal.keep.shape[0]
    return np.abs(proposal.kept - proposal.keep) * sizes[:known]


def acceptance(state: ReadingState, *, reader: str, time: str) -> dict[str, Any] | None:
    """Return what the store keeps when a reader accepts what the model is sure of; None for none.

    Regions in doubt, and regions that the reader has judged or changed, are left as they are.
    """
    proposal, judged, grid = state.candidates.proposal, state.judged, state.regions.labels
    if proposal is None:
        return None
    open_regions = unchanged(state) & ~judged.judged & ~judged.together
    numbers = np.flatnonzero(open_regions[: len(proposal.kept)] & ~proposal.in_doubt)
    if not numbers.size:
        return None
    voxels = np.stack(np.unravel_index(judged.middle[numbers], grid.shape), axis=1)
    regions = judged.identify(numbers, grid.world(voxels))
    edits, kept = [], []
    for number, voxel, region in zip(numbers.tolist(), voxels.tolist(), regions, strict=True):
        if proposal.kept[number]:
            kept.append(region)
            continue
        edit = Edit("remove", "region", tuple(voxel), tuple(region["world_mm"]))
        edit = replace(edit, reader=reader, time=time, reason=proposal.reasons[number])
        edits.append({**encode_edit(replace(edit, proposal=TOGETHER)), "regions": [region]})
    model = {"model": proposal.model, "model_sha256": proposal.model_sha256}
    return {"edits": edits, "kept": kept, **model}
