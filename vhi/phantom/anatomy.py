"""The phantom's anatomy: which part of each voxel is which tissue.

All measures are in mm in slice coordinates (see `vhi.phantom.grid`). They were chosen to look
like an oblique coronal scan of the sacroiliac joints and to give the bone areas of the ten study
scans (tests/phantom); none is copied from a scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields as fields_of

import numpy as np

from vhi.phantom.grid import SHAPE, Array, axes_mm, ellipse, fraction, rod, smooth_field
from vhi.phantom.soft_tissue import soft_tissue

TISSUES = (
    "air", "fat", "muscle", "bowel", "vessel", "disc", "cortex", "marrow", "joint space",
    "nerve", "csf",
)  # fmt: skip
"""Names of the tissue labels 0, 1, 2, ..."""

JOINT_HALF_WIDTH_MM = 1.3
CORTEX_MM = 1.1
"""Half the joint space with its dark bone plates, and the dark rim of bone. Chosen."""

WING_W = (-42.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 45.0)
"""Slice positions at which the iliac wing below is given; linear in between."""
WING = {
    "top_u": (99, 104, 104, 102, 72, 63, 62, 60),
    "top_v": (36, 53, 54, 54, 38, 30, 26, 24),
    "top_r": (9, 6, 5, 5, 7, 6, 3, -8),
    "mid_u": (83, 68, 63, 59, 54, 54, 56, 58),
    "mid_v": (8, 15, 14, 10, 2, 0, 0, 0),
    "mid_r": (13, 11, 10, 9, 8, 7.5, 5, -8),
    "low_u": (75, 54, 46, 41, 40, 43, 47, 50),
    "low_v": (-14, -23, -31, -36, -35, -31, -26, -20),
    "low_r": (8, 6.5, 5.5, 5.5, 6.5, 6.5, 4, -8),
}
"""Iliac wing of one side: a bent rod from top over mid to low, (u, v) and radius. Chosen."""

JOINT_V = (-60.0, -36.0, -18.0, 0.0, 20.0, 40.0, 60.0)
JOINT_U = (13.0, 34.0, 41.5, 47.0, 55.0, 65.0, 77.0)
"""The sacroiliac joint: distance from the midline at heights v. Chosen."""

FORAMINA = ((21.0, 22.0, 6.0), (19.0, -4.0, 5.5), (16.5, -26.0, 5.0), (13.0, -45.0, 4.0))
"""Sacral foramina of one side at w = 0: u, v and radius. Chosen."""

SLAB_ROWS = 21
"""Rows of the grid that are computed at a time: few enough to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Tissue shares, and the surfaces that lesions and masks are placed by, on one grid.

    `layers` are (tissue, share) in painting order: each covers its share of the tissues below.
    `labels` is the tissue that fills at least half of each voxel, an index of `TISSUES`. `marrow`
    and `joint_space` are shares after all painting. `disease_region` is all bone with its rim and
    the joint spaces. `u`, `v` and `w` are the voxels' coordinates in this body, in mm: the grid,
    gently bent; `joint_u` is the joint's distance from the midline at each voxel's height and
    slice, in mm. `sacrum` and `ilium` are marrow that fills at least half a voxel.
    """

    layers: list[tuple[str, Array]]
    labels: np.ndarray
    marrow: Array
    joint_space: Array
    disease_region: np.ndarray
    u: Array
    v: Array
    w: Array
    joint_u: Array
    sacrum: np.ndarray
    ilium: np.ndarray


def build_anatomy(rng: np.random.Generator) -> Anatomy:
    """Build one body; another state of `rng` gives another body of the same plan."""
    u, v, w = axes = _bent_axes(rng)
    fields = smooth_field(rng, 5.0), smooth_field(rng, 14.0, 12.0), smooth_field(rng, 9.0, 6.0)
    slabs = [
        _build_slab(*(array[row : row + SLAB_ROWS] for array in (*axes, *fields)))
        for row in range(0, SHAPE[0], SLAB_ROWS)
    ]
    layers = [
        (layer[0][0], np.concatenate([share for _, share in layer]))
        for layer in zip(*(slab.layers for slab in slabs), strict=True)
    ]
    joined = {
        field.name: np.concatenate([getattr(slab, field.name) for slab in slabs])
        for field in fields_of(Anatomy)
        if field.name not in ("layers", "u", "v", "w")
    }
    return Anatomy(layers=layers, u=u, v=v, w=w, **joined)


def _build_slab(u: Array, v: Array, w: Array, rough: Array, patch: Array, septa: Array) -> Anatomy:
    """Build the part of a body that lies at these coordinates, from three smooth fields there."""
    a = np.abs(u)
    front = -12.0 - 0.29 * v  # front surface of the sacrum, w at height v
    joint_u = np.interp(v, JOINT_V, JOINT_U).astype(np.float32) - 0.12 * np.maximum(w, 0)
    joint_u += 0.5 * rough
    bones = _bones(a, v, w, joint_u)
    canal_w = w - (1.5 + 0.25 * v)
    canal_size = np.clip((v + 22) / 34, 0.05, 1) ** 0.5
    sac_size = np.clip((v + 18) / 30, 0.03, 1) ** 0.5
    sac = np.maximum(ellipse(u, canal_w, 8.0 * sac_size, 6.5 * sac_size), -17.5 - v)
    canal = ellipse(u, canal_w, 11.5 * canal_size, 10.0 * canal_size) + 0.8 * rough
    canal = np.maximum(canal, -21 - v)
    holes = [
        (_tilted_ellipse(a - fu + 0.15 * w, v - fv + 0.35 * w, 1.35 * r, 0.85 * r), r)
        for fu, fv, r in FORAMINA
    ]
    foramina = np.minimum.reduce([hole for hole, _ in holes]) + 0.5 * rough
    nerves = np.minimum.reduce([hole + 0.5 * r for hole, r in holes])
    foramina = np.maximum(foramina, bones["plate"] - 3)
    nerves = np.maximum(nerves, bones["plate"] - 5)

    bone = np.minimum.reduce([bones["sacrum"], bones["ilium"], bones["other"]]) + 0.5 * rough
    bone = np.maximum(bone, -np.minimum(canal, foramina))
    rests = [np.maximum(np.abs(v - rv - 0.1 * w) - 1.1, a - ru) for rv, ru in ((12, 11), (-13, 9))]
    rest = np.maximum(np.minimum.reduce(rests), bones["plate"])
    disc = np.minimum(rest, bones["disc"])

    soft = soft_tissue(u, v, w, a, front, bones["ilium"], rough, patch, septa)
    layers = [
        *soft,
        ("disc", fraction(bones["disc"])),
        ("cortex", fraction(bone - CORTEX_MM)),
        ("marrow", fraction(bone)),
        ("disc", fraction(rest)),
        ("joint space", fraction(bones["joint"])),
        ("fat", fraction(np.minimum(canal, foramina))),
        ("nerve", fraction(nerves)),
        ("csf", fraction(sac)),
    ]
    labels = np.zeros(u.shape, np.uint8)
    uncovered = np.ones(u.shape, np.float32)
    shares = {name: np.zeros(u.shape, np.float32) for name in ("marrow", "joint space")}
    for tissue, share in layers:
        labels[share >= 0.5] = TISSUES.index(tissue)
    for tissue, share in reversed(layers):
        if tissue in shares:
            shares[tissue] = shares[tissue] + share * uncovered
        uncovered = uncovered * (1 - share)
    # A reader outlines bone with its rim and draws across the joint.
    region = np.minimum(bone, bones["across"]) < 0.4
    region &= ~((disc < 0) & (bones["disc"] < 0)) & (np.minimum(canal, foramina) > 0)
    full = shares["marrow"] >= 0.5
    return Anatomy(
        layers, labels, shares["marrow"], shares["joint space"], region, u, v, w, joint_u,
        full & (bones["sacrum"] < 0), full & (bones["ilium"] < 0),
    )  # fmt: skip


def _bent_axes(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return the grid's coordinates, shifted, scaled and gently bent: no two bodies are equal."""
    u, v, w = axes_mm()
    shift = rng.uniform(-3, 3, 3).astype(np.float32)
    scale = rng.uniform(1.10, 1.15, 2).astype(np.float32)
    bent_u = u * scale[0] + shift[0] + 1.5 * smooth_field(rng, 60.0, 40.0)
    bent_v = v * scale[1] + shift[1] + 1.5 * smooth_field(rng, 60.0, 40.0)
    bent_w = np.broadcast_to(w + shift[2] / 2, SHAPE)
    return bent_u, bent_v, bent_w


def _tilted_ellipse(x: Array, y: Array, rx: float, ry: float) -> Array:
    """Return an ellipse's signed distance, its long axis falling outwards by 40 degrees."""
    return ellipse(0.766 * x - 0.643 * y, 0.643 * x + 0.766 * y, rx, ry)


def _bones(a: Array, v: Array, w: Array, joint_u: Array) -> dict[str, Array]:
    """Return signed distances of sacrum, ilium, the other bones, the L5 discs and the joint."""
    at = {
        key: np.interp(w[:1, :1], WING_W, values).astype(np.float32) for key, values in WING.items()
    }
    top, mid, low = ((at[f"{p}_u"], at[f"{p}_v"]) for p in ("top", "mid", "low"))
    wing = np.minimum(
        rod(a, v, top, mid, (at["top_r"], at["mid_r"])),
        rod(a, v, mid, low, (at["mid_r"], at["low_r"])),
    )
    side = np.clip((a - 22) / 20, 0, 1)  # 0 at the vertebral bodies, 1 in the lateral masses
    middle_w = -3.0 - 0.22 * v + 0.5 * side
    half_w = 9.5 + 0.07 * v + 5.5 * side
    plate = np.maximum(np.abs(w - middle_w) - half_w, v - (46.0 - 0.0024 * a**2))
    plate = np.maximum(plate, -58.0 - v)
    sacrum = np.maximum(plate, a - (joint_u - JOINT_HALF_WIDTH_MM))
    ilium = np.maximum(wing, (joint_u + JOINT_HALF_WIDTH_MM) - a)
    joint = np.maximum(np.abs(a - joint_u) - JOINT_HALF_WIDTH_MM, np.maximum(plate, wing - 2.5))

    across = np.maximum(np.abs(a - joint_u) - 3.0, np.maximum(plate - 0.5, wing - 4.0))

    lumbar = []
    for centre in (67.0, 101.0):
        height = v - centre - 0.15 * (w + 14)
        waist = 23.0 + 3.0 * (height / 13) ** 2
        depth = np.abs(w - (-14.0 + 0.25 * (v - 50))) - 15.5
        lumbar.append(np.maximum.reduce([a - waist, np.abs(height) - 12.5, depth]))
    disc_v = [np.abs(v - c - 0.12 * (w + 14)) - 4.5 for c in (50.0, 84.0)]
    depth = np.abs(w - (-14.0 + 0.25 * (v - 50))) - 16
    disc = np.maximum.reduce([np.minimum(*disc_v), a - 25, depth])
    # Arches and articular processes behind the canal: the bone of the hindmost slices.
    grown = np.clip((w - 5) / 8, 0.05, 1)
    arch = ellipse(a - 17.5 + 0.05 * w, v - 28 - 0.45 * w, 8.5 * grown, 14.5 * grown)
    lumbar.append(np.maximum(arch, 6.0 - w))
    sacrum = np.maximum(sacrum, -disc)
    return {
        "plate": plate,
        "sacrum": sacrum,
        "ilium": ilium,
        "joint": joint,
        "across": across,
        "disc": disc,
        "other": np.minimum.reduce(lumbar),
    }
