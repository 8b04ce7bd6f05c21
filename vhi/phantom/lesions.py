"""Lesions beside the joints, and normal bone between the foramina."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vhi.phantom.anatomy import Anatomy
from vhi.phantom.grid import SHAPE, SLICE_THICKNESS_MM, SPACING_MM, Array, ellipse, smooth_field

SEVERITY_VOXELS: dict[str, tuple[int, ...]] = {
    "none": (),
    "mild": (850, 300),
    "moderate": (2600, 1300, 700, 350),
    "severe": (7500, 4500, 2800, 1600, 900, 450),
}
"""Lesion sizes aimed at, in voxels, for each affected side; they vary by `SIZE_SPREAD`. The study's
readers marked 168 to 98,672 voxels a scan, both sides together."""

SIZE_SPREAD = 0.25

LESION_CONTRAST = 1.0
"""Added STIR signal of a lesion, normal marrow = 1, at contrast 1: gives the median distance of
kept candidates from normal bone, in interquartile ranges, of the study (tests/phantom)."""

LESION_PATCHINESS = 0.22
"""Relative SD of the added signal within a lesion, in patches of 7 mm. Chosen with
`LESION_CONTRAST` to give the study's 10th and 90th percentile."""

AFTER_VOLUME = 0.5
AFTER_CONTRAST = 0.95
"""What treatment leaves of each lesion's volume and of its added signal. Chosen."""

GAP_MM = 4.0
"""Least distance between lesions, decoys and normal bone, by which they stay separate regions."""

REACH_MM = 42.0
"""No lesion reaches further from its place than this, up or down."""

SLOTS = (
    ("sacrum", 24.0, -11.0), ("sacrum", 4.0, -5.0), ("sacrum", -16.0, 1.0),
    ("ilium", 22.0, -9.0), ("ilium", 2.0, -3.0), ("ilium", -20.0, 3.0),
    ("sacrum", 12.0, 6.0), ("ilium", 10.0, 9.0),
)  # fmt: skip
"""Places beside the joint, each in a bone at height v and position w, in mm. Chosen: the
subchondral marrow of the cartilaginous part."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Spot:
    """A lesion or decoy painted into the anatomy.

    `kind` is ``"lesion"``, ``"vessel"`` or ``"artefact"``, `side` ``"left"`` or ``"right"`` of the
    patient, `box` the part of the grid that holds it. `share` is the part of each voxel of the box
    that it fills, `signal` the STIR signal added where the share is 1, normal marrow = 1.
    """

    kind: str
    side: str
    box: Box
    share: Array
    signal: Array


def place_lesions(
    anatomy: Anatomy,
    rng: np.random.Generator,
    *,
    severity: str,
    contrast: float,
    after: bool,
) -> list[Spot]:
    """Place lesions in the marrow beside both joints, apart from each other.

    A lesion is a level set of a distance around its place, cut by the marrow's surface, that
    holds the number of voxels aimed at; so its edge is as sharp as the anatomy's. At the visit
    after treatment the same level sets hold `AFTER_VOLUME` of it.
    """
    wobble = smooth_field(rng, 6.0, 6.0)
    patches = 1 + LESION_PATCHINESS * smooth_field(rng, 7.0, 7.0)
    spots = []
    for side in ("left", "right"):
        order = rng.permutation(len(SLOTS))
        sizes = SEVERITY_VOXELS[severity] * rng.uniform(
            1 - SIZE_SPREAD, 1 + SIZE_SPREAD, len(SEVERITY_VOXELS[severity])
        )
        jitter = rng.uniform(-3, 3, (len(SLOTS), 2))
        taken = np.zeros(SHAPE, bool)
        for n, voxels in enumerate(sizes):
            bone, v0, w0 = SLOTS[order[n]]
            v0, w0 = v0 + jitter[n, 0], w0 + jitter[n, 1] / 2
            box = _box(side, v0)
            level = _distance_from_slot(anatomy, side, bone, v0, w0, box)
            level += 0.8 * wobble[box]
            home = (anatomy.sacrum if bone == "sacrum" else anatomy.ilium)[box] & ~taken[box]
            reach = np.sort(level[home])
            before = reach[min(int(voxels), reach.size) - 1]
            taken[box] |= home & (level < before + GAP_MM)
            edge = reach[min(int(voxels * AFTER_VOLUME), reach.size) - 1] if after else before
            marrow = anatomy.marrow[box]
            share = _share_of_level(level - edge) * marrow
            share[~home & (marrow >= 0.5)] = 0
            # The rim of the bone across the joint is marrow too, but not this bone's.
            own = anatomy.joint_u[box] - np.abs(anatomy.u[box])
            share[(own < 0) if bone == "sacrum" else (own > 0)] = 0
            added = contrast * LESION_CONTRAST * (AFTER_CONTRAST if after else 1.0)
            uneven = patches[box]
            # The contrast asked for is the mean over the voxels of the truth.
            uneven = uneven * (added / uneven[share >= 0.5].mean())
            spots.append(Spot("lesion", side, box, share, uneven))
    return spots


def draw_normal_bone(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Draw normal bone as a reader does: ellipses between the foramina on neighbouring slices.

    Boolean; within the first and second sacral body, on three to six slices.
    """
    u, v = anatomy.u, anatomy.v
    drawn = np.zeros(SHAPE, bool)
    first = int(rng.integers(6, 8))
    for k in range(first, first + int(rng.integers(5, 7))):
        s1 = ellipse(u[..., k], v[..., k] - 30, rng.uniform(12.5, 15), rng.uniform(7.5, 9.0)) < 0
        s2 = ellipse(u[..., k], v[..., k] - 2, 11.0, 6.5) < 0
        drawn[..., k] = s1 | (s2 if k >= first + 3 else False)
    return drawn & (anatomy.marrow > 0.95)


def _box(side: str, v0: float) -> Box:
    """Return the half of the grid on one side, `REACH_MM` above and below height `v0`."""
    half = SHAPE[0] // 2
    # The body is bent by a few mm: the margin across the midline covers that.
    columns = slice(half - 12, SHAPE[0]) if side == "left" else slice(0, half + 12)
    middle = (SHAPE[1] - 1) / 2 + v0 / SPACING_MM[1]
    reach = REACH_MM / SPACING_MM[1]
    rows = slice(max(int(middle - reach), 0), min(int(middle + reach) + 1, SHAPE[1]))
    return columns, rows, slice(None)


def _distance_from_slot(
    anatomy: Anatomy, side: str, bone: str, v0: float, w0: float, box: Box
) -> Array:
    """Return a distance in mm, short along the joint: lesions hug the subchondral bone."""
    sign = 1 if side == "left" else -1
    depth = anatomy.u[box] * sign - anatomy.joint_u[box]
    if bone == "sacrum":
        depth = -depth
    dv, dw = anatomy.v[box] - v0, anatomy.w[box] - w0
    return np.sqrt((1.2 * depth) ** 2 + (0.85 * dv) ** 2 + (0.75 * dw) ** 2)


def _share_of_level(level: Array) -> Array:
    """Return the share of each voxel below level 0; the level's own slope gives its width."""
    gu, gv, gw = np.gradient(level, *SPACING_MM)
    in_plane = np.sqrt(gu**2 + gv**2)
    extent = SPACING_MM[0] * in_plane + SLICE_THICKNESS_MM * np.abs(gw)
    return np.clip(0.5 - level / np.maximum(extent, 0.3), 0, 1)
