"""Which slices of a segmentation need a look. numpy and scipy only.

Three signs that need no truth: networks that say one thing of a slice and another of its mirror
image; holes in the bone, which is how the published network failed (section 3.2, figure S3); and
a slice without bone between slices with bone. What disagreement means for the overlap is fitted
in cross-validation, and so is the threshold; held-out scans have next to no holes and no gaps, so
these two are rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def slice_doubt(
    members: NDArray[np.float32],
    mirrored: NDArray[np.float32],
    mask: NDArray[np.bool_],
    *,
    cutoff: float = 0.5,
) -> dict[str, NDArray[np.float64]]:
    """Return what may be wrong with each slice.

    Parameters
    ----------
    members
        Probabilities of each member, shape (n, members, h, w).
    mirrored
        The same of the mirror images, turned back.
    mask
        What the ensemble found, shape (n, h, w).
    cutoff
        A member finds a pixel where its probability is above this.

    Returns
    -------
    dict
        Each of shape (n,), 0 where nothing is wrong: ``"disagreement"``, 1 - Dice of what a
        member finds in a slice with what it finds in the mirror image, mean over the members (so
        that it means the same for one network and for an ensemble); ``"holes"``, pixels enclosed
        by the mask over pixels of the mask.
    """
    found, again = members > cutoff, mirrored > cutoff
    pixels_of_both = found.sum(axis=(2, 3)) + again.sum(axis=(2, 3))
    shared = (found & again).sum(axis=(2, 3))
    disagreement = np.where(pixels_of_both > 0, 1 - 2 * shared / np.maximum(pixels_of_both, 1), 0)
    filled = np.array([np.count_nonzero(ndimage.binary_fill_holes(each)) for each in mask])
    pixels = mask.sum(axis=(1, 2))
    return {
        "disagreement": disagreement.mean(axis=1),
        "holes": (filled - pixels) / np.maximum(pixels, 1),
    }


def slice_scores(
    doubts: Mapping[str, NDArray[np.float64]], warning: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return how much overlap (1 - Dice) each slice is predicted to lack, shape (n,).

    `warning` is that of ``network.json``: ``{"weights": {sign: weight}, "offset": number,
    "threshold": number, "max_holes": number}``.
    """
    parts = [float(weight) * doubts[name] for name, weight in warning["weights"].items()]
    return float(warning.get("offset", 0.0)) + np.sum(parts, axis=0)


def slices_to_look_at(
    scores: NDArray[np.float64],
    warning: Mapping[str, Any],
    *,
    holes: NDArray[np.float64] | None = None,
    pixels: NDArray[np.int64] | None = None,
) -> tuple[int, ...]:
    """Return the indices of slices that need a look.

    Parameters
    ----------
    scores
        From `slice_scores`; above the record's threshold a slice needs a look.
    warning
        Of ``network.json``.
    holes
        Share of holes in each slice; above the record's ``max_holes`` it needs a look.
    pixels
        Of the mask in each slice; an empty slice between others with bone needs a look.
    """
    named = scores > float(warning["threshold"])
    if holes is not None:
        named |= holes > float(warning.get("max_holes", np.inf))
    if pixels is not None:
        with_bone = np.flatnonzero(pixels)
        if len(with_bone):
            between = slice(with_bone[0], with_bone[-1])
            named[between] |= pixels[between] == 0
    return tuple(int(k) for k in np.flatnonzero(named))
