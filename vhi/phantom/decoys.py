"""Bright things inside the disease region that are not inflammation."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from vhi.phantom.anatomy import Anatomy
from vhi.phantom.grid import SPACING_MM, Array, ellipse
from vhi.phantom.lesions import GAP_MM, Box, Spot

DECOYS = {"vessel": (8, 2.4), "fluid": (3, 2.0), "ghost": (3, 1.2)}
"""Decoys aimed at, and the STIR signal that each adds, normal marrow = 1: nutrient vessels, fluid
in the joint space, ghosts of the dural sac. Chosen."""

DECOY_MIN_VOXELS = 12


def place_decoys(anatomy: Anatomy, rng: np.random.Generator, keep_away: np.ndarray) -> list[Spot]:
    """Place bright spots that are not inflammation inside the disease region.

    Vessels are thin bright tubes in the marrow, across one to three slices; artefacts are fluid in
    the joint space and ghosts of the bright dural sac. None lies within `GAP_MM` of `keep_away`,
    lesions (of the first visit) and normal bone.
    """
    blocked = _widen(keep_away)
    marrow = (anatomy.marrow > 0.9) & (np.abs(anatomy.w) < 30)
    fluid = (anatomy.joint_space > 0.5) & (np.abs(anatomy.v) < 30)
    domains = {"vessel": marrow, "fluid": fluid, "ghost": marrow & (np.abs(anatomy.u) < 40)}
    spots: list[Spot] = []
    for what, (count, added) in DECOYS.items():
        places = np.argwhere(domains[what] & ~blocked)
        made = 0
        for _ in range(6 * count if places.size else 0):
            at = places[rng.integers(len(places))]
            box = _box_around(at)
            share = _decoy_share(anatomy, what, at, box, rng)
            voxels = share >= 0.5
            if np.count_nonzero(voxels) < DECOY_MIN_VOXELS or (voxels & blocked[box]).any():
                continue
            blocked[box] |= _widen(voxels)
            kind = "vessel" if what == "vessel" else "artefact"
            side = "left" if anatomy.u[tuple(at)] > 0 else "right"
            spots.append(Spot(kind, side, box, share, np.full_like(share, added)))
            made += 1
            if made == count:
                break
    return spots


def _box_around(at: np.ndarray) -> Box:
    """Return the part of the grid within 12 mm of a voxel, two slices to each side."""
    i, j, k = (slice(max(c - r, 0), c + r + 1) for c, r in zip(at, (20, 20, 2), strict=True))
    return i, j, k


def _decoy_share(
    anatomy: Anatomy, what: str, at: np.ndarray, box: Box, rng: np.random.Generator
) -> Array:
    """Return the share of each voxel of `box` that a decoy around voxel `at` fills."""
    here = tuple(at)
    du, dv, dw = (x[box] - x[here] for x in (anatomy.u, anatomy.v, anatomy.w))
    across = np.abs(np.abs(anatomy.u[box]) - anatomy.joint_u[box])
    shape = decoy_distance(what, du, dv, dw, across, rng)
    inside = (anatomy.joint_space if what == "fluid" else anatomy.marrow)[box]
    return np.clip(0.5 - shape / SPACING_MM[0], 0, 1).astype(np.float32) * inside


def decoy_distance(
    what: str, du: Array, dv: Array, dw: Array, from_joint: Array, rng: np.random.Generator
) -> Array:
    """Return the signed distance of a decoy, in mm, from the positions relative to its centre.

    `what` is one of `DECOYS`; `from_joint` is the distance from the middle of the joint, in mm.
    """
    if what == "vessel":
        along, off = _turn(du, dv, rng.uniform(0.6, 2.5))
        shape = ellipse(along, off + 0.04 * along**2, rng.uniform(4, 9), 1.0)
        return np.maximum(shape, np.abs(dw) - rng.uniform(1.5, 4.0))
    if what == "fluid":
        return np.maximum(ellipse(dv, dw, rng.uniform(4, 8), 4.0), from_joint - 1.0)
    return np.maximum(ellipse(du, dv, rng.uniform(2, 3), 7.0), np.abs(dw) - 1.6)


def _turn(x: Array, y: Array, angle: float) -> tuple[Array, Array]:
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return c * x + s * y, c * y - s * x


def _widen(mask: np.ndarray) -> np.ndarray:
    """Return the mask and a brick of `GAP_MM` to each side around every voxel of it."""
    size = [2 * round(GAP_MM / d) + 1 for d in SPACING_MM]
    return ndimage.maximum_filter(mask.view(np.uint8), size=size).astype(bool)
