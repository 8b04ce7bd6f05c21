"""How good proposed cleaning is: against readers' masks, and in decisions a reader is spared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.segmentation.propose_edits import most_probable

NEAR_ENOUGH = 0.1
"""A reader is near the own final volume within this share of it."""


@dataclass(frozen=True, eq=False)
class RegionTruth:
    """The regions of one scan, and what is known of them; arrays have shape (count,).

    Attributes
    ----------
    sizes : ndarray of int
        Voxels.
    marked : ndarray of int
        Voxels that the reference marks, such as at least two of four manual masks.
    reference_voxels : int
        All voxels of the reference, those outside the regions too.
    """

    sizes: NDArray[np.int64]
    marked: NDArray[np.int64]
    reference_voxels: int

    def dice(self, kept: NDArray[np.bool_]) -> float:
        """Return the Dice of some regions with the reference; 1 where both are empty."""
        total = int(self.sizes[kept].sum()) + self.reference_voxels
        return 2 * int(self.marked[kept].sum()) / total if total else 1.0

    def best_dice(self) -> float:
        """Return the largest Dice of whole regions, see `vhi.reader_study.ceiling.best_regions`."""
        order = np.argsort(-self.marked / self.sizes, kind="stable")
        total = np.append(0, np.cumsum(self.sizes[order])) + self.reference_voxels
        return float((2 * np.append(0, np.cumsum(self.marked[order])) / np.maximum(total, 1)).max())


def leave(keep: NDArray[np.float64], sizes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which regions a proposal leaves; arrays have shape (count,)."""
    return most_probable(np.append(0.0, keep), np.append(0, sizes))[1:]


def weighted_auc(
    keep: NDArray[np.float64], truth: NDArray[np.bool_], sizes: NDArray[np.integer]
) -> float:
    """Return the area under the ROC curve of regions that weigh as much as their voxels.

    The probability that a voxel of a true region has the larger value than one of another, ties
    counting half; NaN where one kind is missing.
    """
    yes, no = sizes[truth].astype(float), sizes[~truth].astype(float)
    if not yes.size or not no.size:
        return float("nan")
    above = np.sign(keep[truth][:, None] - keep[~truth]) / 2 + 0.5
    return float((yes[:, None] * no * above).sum() / (yes.sum() * no.sum()))


def decisions_without(sizes: NDArray[np.integer], final: NDArray[np.bool_]) -> int:
    """Return how many decisions bring a reader to the own final volume without a proposal.

    Everything is kept at first; the largest region is judged first.
    """
    order = np.argsort(-sizes, kind="stable")
    return _decisions(sizes, np.ones(len(sizes), bool), final, order)


def decisions_with(
    sizes: NDArray[np.integer],
    final: NDArray[np.bool_],
    keep: NDArray[np.float64],
    in_doubt: NDArray[np.bool_],
) -> int:
    """Return how many decisions are left with a proposal.

    The sure regions are accepted together, as one decision. The reader then judges the regions in
    doubt, those first that matter most for the volume (size times the smaller of the probabilities
    of keeping and of removing), and after them the sure ones in the same order.
    """
    order = np.lexsort((-sizes * np.minimum(keep, 1 - keep), ~in_doubt))
    return 1 + _decisions(sizes, leave(keep, sizes), final, order)


def _decisions(
    sizes: NDArray[np.integer],
    start: NDArray[np.bool_],
    final: NDArray[np.bool_],
    order: NDArray[np.integer],
) -> int:
    """Return after how many decisions the volume is near the final one, and stays there."""
    goal = int(sizes[final].sum())
    change = sizes[order] * (final[order].astype(int) - start[order])
    volume = int(sizes[start].sum()) + np.append(0, np.cumsum(change))
    away = np.flatnonzero(np.abs(volume - goal) > NEAR_ENOUGH * goal)
    return int(away[-1]) + 1 if away.size else 0


def log_ratio(voxels: float, reference: float) -> float:
    """Return ln(voxels / reference); minus infinity for no voxels."""
    return float(np.log(voxels / reference)) if voxels else -np.inf


def shares_right(
    keep: NDArray[np.float64], truth: NDArray[np.bool_], sizes: NDArray[np.integer], sure: float
) -> tuple[float, float]:
    """Return voxels of sure regions that are rightly decided, and voxels of sure regions."""
    certain = (keep <= sure) | (keep >= 1 - sure)
    right = certain & ((keep > 0.5) == truth)
    return float(sizes[right].sum()), float(sizes[certain].sum())
