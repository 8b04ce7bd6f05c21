"""Slices of a predicted mask that a reader should check. numpy and scipy only.

Three signs need no truth: a network that answers differently for a slice and its mirror image;
holes in the bone, which is how the published network failed (section 3.2, figure S3); and a slice
without bone between slices with bone. How disagreement predicts overlap, and above which value to
warn, is fitted in cross-validation. Held-out scans have almost no holes and no gaps, so these two
have fixed rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def slice_signs(
    members: NDArray[np.float32],
    mirrored: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    cutoff: float = 0.5,
) -> dict[str, NDArray[np.float64]]:
    """Measure the signs of a poor mask in each slice, shape (n,), 0 where nothing is wrong.

    ``"disagreement"`` is 1 - Dice between a member's mask of the slice and of its mirror image,
    mean over the members (so that it means the same for one network and for an ensemble).
    ``"holes"`` is pixels enclosed by the mask over pixels of the mask.

    Parameters
    ----------
    members, mirrored
        Probabilities of each member, and those for the mirror images, turned back; shape (n,
        members, h, w).
    mask
        Mask of the ensemble, shape (n, h, w).
    cutoff
        A member marks a pixel where its probability is above this.
    """
    straight, back = members > cutoff, mirrored > cutoff
    total = straight.sum(axis=(2, 3)) + back.sum(axis=(2, 3))
    shared = (straight & back).sum(axis=(2, 3))
    disagreement = np.where(total > 0, 1 - 2 * shared / np.maximum(total, 1), 0)
    filled = np.array([np.count_nonzero(ndimage.binary_fill_holes(plane)) for plane in mask])
    pixels = mask.sum(axis=(1, 2))
    return {
        "disagreement": disagreement.mean(axis=1),
        "holes": (filled - pixels) / np.maximum(pixels, 1),
    }


def slice_scores(
    signs: Mapping[str, NDArray[np.float64]], warning: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Predict the loss of overlap (1 - Dice) in each slice, shape (n,).

    `warning` is that of ``network.json``: ``{"weights": {sign: weight}, "offset": number,
    "threshold": number, "max_holes": number}``.
    """
    parts = [float(weight) * signs[name] for name, weight in warning["weights"].items()]
    return float(warning.get("offset", 0.0)) + np.sum(parts, axis=0)


def slices_to_check(
    scores: NDArray[np.float64],
    warning: Mapping[str, Any],
    *,
    holes: NDArray[np.float64] | None = None,
    pixels: NDArray[np.int64] | None = None,
) -> tuple[int, ...]:
    """List the slices that a reader should check, counted from 0.

    A slice is listed if its score (`slice_scores`) is above the ``threshold`` of ``network.json``,
    its share of `holes` above ``max_holes``, or if it has no `pixels` between slices with bone.
    """
    listed = scores > float(warning["threshold"])
    if holes is not None:
        listed |= holes > float(warning.get("max_holes", np.inf))
    if pixels is not None:
        with_bone = np.flatnonzero(pixels)
        if len(with_bone):
            between = slice(with_bone[0], with_bone[-1])
            listed[between] |= pixels[between] == 0
    return tuple(int(k) for k in np.flatnonzero(listed))
