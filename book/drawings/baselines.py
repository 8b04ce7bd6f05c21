"""Baselines without a network: the brightness of bone, and its place in other subjects.

A network is worth its trouble only where it does better than these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.distance import signed_distance_mm
from vhi.statistics.overlap import dice
from vhi.training.dataset import Example


def brightness_by_depth(
    example: Example, *, spacing_mm: float, edges_mm: Sequence[float]
) -> NDArray[np.float64]:
    """Return the median intensity of the first channel at depths into bone, within slices.

    Parameters
    ----------
    spacing_mm
        In the plane of the slices.
    edges_mm
        Bounds of the depths, ascending; negative outside bone.

    Returns
    -------
    ndarray, one value for each interval
        NaN where no pixel lies so deep.
    """
    values, depths = [], []
    for image, target in zip(example.slices[:, 0], example.target > 0.5, strict=True):
        if not target.any() or target.all():
            continue
        depth = signed_distance_mm(target, spacing_mm)
        # Edges run half-way between pixel centres, where the distance is 0.
        depths.append((depth - np.copysign(spacing_mm / 2, depth)).ravel())
        values.append(image.ravel())
    if not values:
        return np.full(len(edges_mm) - 1, np.nan)
    depth, value = np.concatenate(depths), np.concatenate(values)
    place = np.digitize(depth, edges_mm) - 1
    intervals = [value[place == k] for k in range(len(edges_mm) - 1)]
    return np.array([np.median(inside) if inside.size else np.nan for inside in intervals])


def best_range(example: Example, *, levels: int = 120) -> tuple[float, float, float]:
    """Return the range of intensities that fits the target best: lower, upper, Dice.

    The target itself chooses it, so no rule that looks at brightness alone does better (but for
    the `levels` steps, of equal numbers of pixels, that bounds are tried in).
    """
    target, image = example.target > 0.5, example.slices[:, 0]
    bounds = np.unique(np.quantile(image, np.linspace(0, 1, levels + 1)))
    if not target.any() or len(bounds) < 2:
        raise InputError(f"case {example.case}: one intensity, or no target; nothing to choose")
    bounds[-1] = np.inf
    total = np.concatenate([[0], np.cumsum(np.histogram(image, bounds)[0])])
    right = np.concatenate([[0], np.cumsum(np.histogram(image[target], bounds)[0])])
    # Row: lower bound, column: upper bound, which is not included.
    overlap = 2 * (right - right[:, None]) / np.maximum(total - total[:, None] + target.sum(), 1)
    low, high = np.unravel_index(int(overlap.argmax()), overlap.shape)
    return float(bounds[low]), float(bounds[high]), float(overlap[low, high])


def dice_of_other_subjects(examples: Sequence[Example], one: Example) -> float:
    """Return the Dice of a mask with the place where most other subjects have bone.

    Slices are paired by their place in the stack, first with first and last with last; slices of
    different size are paired by their middles. NaN where there is no other subject.
    """
    others = [example for example in examples if example.subject != one.subject]
    if not others:
        return float("nan")
    votes = np.zeros(one.target.shape)
    for other in others:
        places = np.linspace(0, len(other.target) - 1, len(one.target)).round().astype(int)
        votes += _fitted(other.target[places] > 0.5, one.target.shape[1:])
    return dice(2 * votes > len(others), one.target > 0.5)


def _fitted(masks: NDArray[np.bool_], size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return slices cut or filled up to a size, around their middle."""
    for axis, wanted in enumerate(size, 1):
        lack = wanted - masks.shape[axis]
        margins = [(0, 0)] * masks.ndim
        margins[axis] = (max(lack, 0) // 2, max(lack, 0) - max(lack, 0) // 2)
        start = max(-lack, 0) // 2
        masks = np.take(np.pad(masks, margins), range(start, start + wanted), axis)
    return masks
