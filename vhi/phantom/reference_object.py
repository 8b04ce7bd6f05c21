"""A digital reference object (simulated): bone on both sides of a joint, with one known lesion.

Geometry is simple and the physics that of the phantom: its tissues' intensities, marrow texture,
point spread, noise and storage. A body is continuous: it is computed in sub-slices of
`SUBSLICE_MM`, averaged over the slice, blurred, and then sampled where the scan's voxels lie. So
one body can be scanned again, turned and shifted, with its lesion's volume unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.phantom.acquisition import (
    GRAIN,
    MOTTLE,
    SLOPE,
    SOFT_TEXTURE,
    SPOT_T1W,
    STIR_OF,
    T1W_OF,
    blur,
    grain,
    record,
    skewed,
)
from vhi.phantom.anatomy import CORTEX_MM, JOINT_HALF_WIDTH_MM, TISSUES
from vhi.phantom.decoys import DECOY_MIN_VOXELS, DECOYS, decoy_distance
from vhi.phantom.grid import (
    SLICE_THICKNESS_MM,
    SPACING_MM,
    Array,
    axes_mm,
    ellipse,
    oblique_affine,
    smooth_field,
)
from vhi.phantom.lesions import GAP_MM, LESION_PATCHINESS, Box
from vhi.phantom.simulate import Decoy, Lesion, Phantom

PIXELS = (136, 72)
DEPTH_MM = 30.0
"""Size of a scan: 81 × 43 mm in the slice, 30 mm of slices. Chosen: holds the lesion, normal bone
of the study's size and a joint, and a scan takes a tenth of a second."""

SUBSLICE_MM = 1.0
MARGIN = (8, 8, 5)
"""Pixels and sub-slices that a body is larger than its scan, to each side: room to turn it."""

TURN_DEGREES = 2.0
SHIFT_MM = 1.0
GAINS = (0.8, 1.25)
"""Each scan of a body is turned about three axes and shifted along them by up to this much, and
its intensities are multiplied by a gain. Chosen: a patient who was put back on the table."""

GAP_SHARE = SPACING_MM[2] / SLICE_THICKNESS_MM
"""Distance between slices over slice thickness: the study's 10 % gap."""

ILIUM_MM = 18.1
"""Distance from the middle of the joint to the outer surface of the ilium. Chosen."""

NORMAL_BONE_MM = ((-25.0, 0.0), (13.5, 8.5), 8.2)
"""Normal bone: centre and half axes of an ellipse in the slice, half its depth. Chosen: the
phantom's ellipse on five slices, 4,500 voxels (study: 1,256 to 7,893)."""

OBJECT_DECOYS = ("vessel", "vessel", "fluid", "ghost")
"""Decoys of an object: as many in its bone as the phantom has in the whole pelvis' bone."""

LEAST_DECOY = 0.25
"""Part of a voxel that is decoy above which its label names the decoy. Chosen: vessels are 2 mm
thin, and many fill half of no voxel."""

LEAST_SHARE = 0.05
"""Part of a voxel that is lesion above which a perfect reader takes the region for the lesion."""

VOLUMES_MM3 = (10.0, 2000.0)
"""Smallest and largest lesion. The largest fits into the grid beside normal bone."""


@dataclass(frozen=True)
class Condition:
    """How lesions are imaged.

    `contrast` is the lesion's added STIR signal, normal marrow = 1; `noise`, `texture` and `blur`
    are multiples of the phantom's, `slice_thickness_mm` is without the gap of 10 %.
    """

    name: str
    contrast: float = 1.0
    noise: float = 1.0
    texture: float = 1.0
    blur: float = 1.0
    slice_thickness_mm: float = SLICE_THICKNESS_MM


STUDY = tuple(
    Condition("study", contrast, noise, texture)
    for contrast, noise, texture in (
        (0.72, 0.62, 1.34), (1.04, 1.00, 1.01), (1.70, 1.16, 1.28), (0.67, 1.18, 0.78),
        (1.04, 1.02, 1.16), (1.48, 0.92, 1.27), (0.54, 0.49, 0.84),
    )
)  # fmt: skip
"""Contrast, noise and texture of the study's seven read training scans, each scan's own three.

Noise: mean STIR of air over 1.253 (Rayleigh), as a multiple of the phantom's; one scan has no air
in view and gets 1. Texture: interquartile range of normal bone over its median, as a multiple of
the object's. Contrast: that at which an object shows what the scan shows, the median STIR of
candidates marked in at least two of four manual readings. A threshold cuts the dim voxels of faint
lesions, so that median lies above the contrast of faint lesions and below that of bright ones."""

CHANGED = (
    *(Condition(f"contrast {value:g}", contrast=value) for value in (0.5, 0.75, 1.5, 2.0)),
    *(Condition(f"noise x {value:g}", noise=value) for value in (0.0, 2.0, 4.0)),
    *(Condition(f"blur x {value:g}", blur=value) for value in (0.5, 1.5, 2.0)),
    *(Condition(f"slice {value:g} mm", slice_thickness_mm=value) for value in (2.0, 4.0, 5.0)),
)
"""Conditions that differ from the phantom's in one respect."""

BLANK = "no lesion"


@dataclass(frozen=True)
class ReferenceObject:
    """One object to make: the same values give the same scans.

    `volume_mm3` is 0 where there is no lesion. `seed` holds the numbers of the random generator.
    """

    number: int
    condition: Condition
    volume_mm3: float
    seed: tuple[int, int]


def design_objects(count: int, seed: int = 0) -> list[ReferenceObject]:
    """Return the objects of one edition of the yardstick.

    Of every ten objects five have the contrast, noise and texture of one of the study's scans, one
    has the same and no lesion, and four are of `CHANGED` conditions, in turn. Volumes are evenly
    spread in their logarithm over `VOLUMES_MM3`, in random order.

    Raises
    ------
    InputError
        `count` is below 1 or `seed` below 0.
    """
    if count < 1:
        raise InputError(f"phantom: {count} objects; give 1 or more")
    if seed < 0:
        raise InputError(f"phantom: seed is {seed}; give a whole number, 0 or larger")
    rng = np.random.default_rng([seed, 0])
    conditions: list[Condition] = []
    studied = changed = 0
    for number in range(count):
        place = number % 10
        if place in (1, 3, 6, 8):
            conditions.append(CHANGED[changed % len(CHANGED)])
            changed += 1
        else:
            name = BLANK if place == 9 else "study"
            conditions.append(replace(STUDY[studied % len(STUDY)], name=name))
            studied += 1
    volumes = np.zeros(count)
    for kind in dict.fromkeys(condition.name for condition in conditions):
        if kind != BLANK:
            here = [n for n, condition in enumerate(conditions) if condition.name == kind]
            strata = (rng.permutation(len(here)) + rng.random(len(here))) / len(here)
            low, high = np.log(VOLUMES_MM3)
            volumes[here] = np.exp(low + (high - low) * strata)
    return [
        ReferenceObject(number, condition, round(float(volume), 2), (seed, number))
        for number, (condition, volume) in enumerate(zip(conditions, volumes, strict=True), 1)
    ]


@dataclass(frozen=True, eq=False)
class ObjectScan:
    """A scan of an object.

    Attributes
    ----------
    phantom : Phantom
        Scans, masks and truth. The truth's `volume_mm3` is the lesion's own volume, not a count of
        voxels.
    share : ndarray
        Part of each voxel that the lesion fills, on the scan's grid.
    profile : ndarray
        `share` after blur: what a lesion of signal 1 shows on a scan without noise and texture.
    """

    phantom: Phantom
    share: Array
    profile: Array


@dataclass(frozen=True, eq=False)
class _Body:
    """What is scanned: fields on the grid of sub-slices, averaged over the slice and blurred.

    `stir` and `profile` hold spline coefficients; `decoys` is a share and `decoy_numbers` says
    whose, in the order of `decoy_kinds`.
    """

    stir: Array
    t1w: Array
    share: Array
    profile: Array
    decoys: Array
    decoy_numbers: NDArray[np.uint8]
    decoy_kinds: list[str]
    spacing_mm: tuple[float, float, float]
    joint: _Joint
    centre_mm: NDArray[np.float64]


@dataclass(frozen=True)
class _Joint:
    """A plane between sacrum and ilium: ``u = u0 + slopes · (v, w)``."""

    u0: float
    slopes: tuple[float, float]

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector from sacrum to ilium."""
        normal = np.array([1.0, -self.slopes[0], -self.slopes[1]])
        return np.asarray(normal / np.linalg.norm(normal))

    def distance(self, u: Array, v: Array, w: Array) -> Array:
        """Return the distance from the plane in mm, positive on the ilium's side."""
        plane = self.u0 + self.slopes[0] * v + self.slopes[1] * w
        return np.asarray((u - plane) * np.float32(self.normal[0]))


@dataclass(frozen=True, eq=False)
class _Ellipsoid:
    """A lesion: centre, half axes (mm; all 0 for none), unit vectors of the axes as rows."""

    centre: NDArray[np.float64]
    half_axes: NDArray[np.float64]
    frame: NDArray[np.float64]

    def near(self, places: NDArray[np.float64], gap_mm: float) -> NDArray[np.bool_]:
        """Return which positions, shape (n, 3), lie within about a gap of the surface."""
        if not self.half_axes.any():
            return np.zeros(len(places), bool)
        along = (places - self.centre) @ self.frame.T / (self.half_axes + gap_mm)
        return np.asarray((along**2).sum(axis=1) < 1)


def scan_object(item: ReferenceObject, scans: int = 2) -> list[ObjectScan]:
    """Make an object and scan it, each time with another pose, noise and gain.

    Parameters
    ----------
    item
        From `design_objects`.
    scans
        How many; the first ones do not depend on it.
    """
    body = _build_body(item, np.random.default_rng([*item.seed, 1]))
    return [
        _scan(body, item, np.random.default_rng([*item.seed, 2, number])) for number in range(scans)
    ]


def _build_body(item: ReferenceObject, rng: np.random.Generator) -> _Body:
    spacing = (*SPACING_MM[:2], SUBSLICE_MM)
    shape = (
        PIXELS[0] + 2 * MARGIN[0],
        PIXELS[1] + 2 * MARGIN[1],
        round((DEPTH_MM + item.condition.slice_thickness_mm) / SUBSLICE_MM) + 2 * MARGIN[2],
    )
    axes = axes_mm(shape, spacing)
    joint = _Joint(rng.uniform(14, 18), (rng.uniform(0.2, 0.4), rng.uniform(-0.2, 0.0)))
    from_joint = joint.distance(*axes)
    layers, marrow = _tissue_layers(from_joint)
    lesion = _place_lesion(item.volume_mm3, joint, rng)
    share = _lesion_share(axes, lesion)
    patches = 1 + LESION_PATCHINESS * smooth_field(rng, 7.0, 7.0, axes=axes)
    if item.volume_mm3:
        patches /= np.average(patches, weights=share)
    decoys = _place_decoys(axes, from_joint, marrow, joint, lesion, rng)

    average = _SliceAverage(item.condition.slice_thickness_mm)
    texture = _texture(shape, axes, item.condition.texture, average, rng)
    textured = average(SOFT_TEXTURE + (1 - SOFT_TEXTURE) * marrow)
    added = {
        "stir": share * patches * np.float32(item.condition.contrast),
        "t1w": share * np.float32(SPOT_T1W["lesion"] - 1),
    }
    spots, numbers = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for number, (what, box, spot) in enumerate(decoys, 1):
        kind = "vessel" if what == "vessel" else "artefact"
        added["stir"][box] += spot * np.float32(DECOYS[what][1])
        added["t1w"][box] += spot * np.float32(SPOT_T1W[kind] - 1)
        spots[box] += spot
        numbers[box][spot > 0] = number
    signals = {}
    for contrast, values in (("stir", STIR_OF), ("t1w", T1W_OF)):
        signal = np.full(shape, values["muscle"], np.float32)
        for tissue, part in layers:
            signal += part * (values[tissue] - signal)
        signal = average(signal + added[contrast])
        signal *= 1 + textured * texture[contrast]
        signals[contrast] = blur(signal, by=item.condition.blur)
    share = average(share)
    # The average over a slice spreads a decoy by so many sub-slices.
    spread = 2 * round(item.condition.slice_thickness_mm / SUBSLICE_MM / 2) + 3
    return _Body(
        stir=_coefficients(signals["stir"]),
        t1w=signals["t1w"],
        share=share,
        profile=_coefficients(blur(share, by=item.condition.blur)),
        decoys=average(spots),
        decoy_numbers=ndimage.maximum_filter1d(numbers, spread, axis=2),
        decoy_kinds=[what for what, _, _ in decoys],
        spacing_mm=spacing,
        joint=joint,
        centre_mm=lesion.centre,
    )


def _coefficients(field: Array) -> Array:
    """Return the coefficients of the cubic spline through a field."""
    return np.asarray(ndimage.spline_filter(field, 3, np.float32, "nearest"))


def _tissue_layers(from_joint: Array) -> tuple[list[tuple[str, Array]], Array]:
    """Return (tissue, share) in painting order over muscle, and the share of marrow."""

    def part(distance: Array) -> Array:
        return np.clip(0.5 - distance / SPACING_MM[0], 0, 1)

    plate = part(np.abs(from_joint) - (JOINT_HALF_WIDTH_MM + CORTEX_MM))
    inner = part(from_joint - (ILIUM_MM - CORTEX_MM))
    layers = [
        ("cortex", part(from_joint - ILIUM_MM)),
        ("marrow", inner),
        ("cortex", plate),
        ("joint space", part(np.abs(from_joint) - JOINT_HALF_WIDTH_MM)),
    ]
    return layers, inner * (1 - plate)


def _place_lesion(volume_mm3: float, joint: _Joint, rng: np.random.Generator) -> _Ellipsoid:
    """Return a lesion in subchondral marrow.

    It is flat along the joint, touches its bone plate or lies up to 3 mm away, and has exactly
    this volume.
    """
    first = joint.normal
    second = np.array([joint.slopes[0], 1.0, 0.0])
    second /= np.linalg.norm(second)
    frame = np.stack([first, second, np.cross(first, second)])
    aspects = np.array([rng.uniform(0.6, 0.9), rng.uniform(0.9, 1.3), rng.uniform(0.9, 1.3)])
    half_axes = aspects * (volume_mm3 / (4 / 3 * np.pi * aspects.prod())) ** (1 / 3)
    room = np.array([PIXELS[1] * SPACING_MM[1] / 2, DEPTH_MM / 2]) - half_axes[1:] - 3.5
    v, w = rng.uniform(-1, 1, 2) * np.maximum(room, 0)
    away = JOINT_HALF_WIDTH_MM + CORTEX_MM + half_axes[0] + rng.uniform(0, 3)
    on_plane = np.array([joint.u0 + joint.slopes[0] * v + joint.slopes[1] * w, v, w])
    centre = on_plane + (1 if rng.random() < 0.5 else -1) * away * first
    return _Ellipsoid(centre, half_axes, frame)


def _lesion_share(axes: tuple[Array, Array, Array], lesion: _Ellipsoid) -> Array:
    """Return the part of each sub-slice voxel that an ellipsoid fills, its sum exact.

    Each voxel near it is divided into 4 × 4 × 4 points.
    """
    centre, half_axes, frame = lesion.centre, lesion.half_axes, lesion.frame
    u, v, w = (axis.ravel() for axis in axes)
    share = np.zeros((u.size, v.size, w.size), np.float32)
    if not half_axes.any():
        return share
    reach = half_axes.max() + 1
    box = _box(axes, centre, reach)
    steps = [float(axis[1] - axis[0]) for axis in (u, v, w)]
    fine = []
    for axis, part, step, parts in zip((u, v, w), box, steps, (4, 4, 4), strict=True):
        within = ((np.arange(parts) + 0.5) / parts - 0.5) * step
        fine.append((axis[part, None] + within).ravel())
    along = sum(
        ((position - middle).reshape(shape)[None] * direction[:, None, None, None])
        for position, middle, direction, shape in zip(
            fine, centre, frame.T, ((-1, 1, 1), (1, -1, 1), (1, 1, -1)), strict=True
        )
    )
    inside = ((along / half_axes[:, None, None, None]) ** 2).sum(axis=0) <= 1
    counts = inside.reshape(-1, 4, inside.shape[1] // 4, 4, inside.shape[2] // 4, 4)
    part = counts.mean(axis=(1, 3, 5))
    exact = 4 / 3 * np.pi * half_axes.prod() / np.prod(steps)
    share[box] = part * (exact / part.sum())
    return share


def _place_decoys(
    axes: tuple[Array, Array, Array],
    from_joint: Array,
    marrow: Array,
    joint: _Joint,
    lesion: _Ellipsoid,
    rng: np.random.Generator,
) -> list[tuple[str, Box, Array]]:
    """Return kinds, boxes and shares of decoys, apart from each other, lesion and normal bone."""
    limits = np.array([PIXELS[0], PIXELS[1]]) * SPACING_MM[:2] / 2 - 4
    decoys: list[tuple[str, Box, Array]] = []
    taken: list[NDArray[np.float64]] = []
    for what in OBJECT_DECOYS:
        for _ in range(20):
            at = rng.uniform(-1, 1, 3) * [*limits, DEPTH_MM / 2 - 3]
            if what == "fluid":
                at[0] = joint.u0 + joint.slopes[0] * at[1] + joint.slopes[1] * at[2]
            box = _box(axes, at, 11.0)
            du, dv, dw = (
                np.take(axis, np.arange(part.start, part.stop), axis=n) - np.float32(at[n])
                for n, (axis, part) in enumerate(zip(axes, box, strict=True))
            )
            near = from_joint[box]
            distance = decoy_distance(what, du, dv, dw, np.abs(near), rng)
            inside = (np.abs(near) < JOINT_HALF_WIDTH_MM) if what == "fluid" else marrow[box]
            spot = np.clip(0.5 - distance / SPACING_MM[0], 0, 1).astype(np.float32) * inside
            points = np.argwhere(spot >= 0.5)
            if len(points) < DECOY_MIN_VOXELS:
                continue
            edges = [part.start for part in box]
            index = (points + edges).T
            places = np.stack([axis.ravel()[i] for axis, i in zip(axes, index, strict=True)], 1)
            if _too_near(places, lesion, taken):
                continue
            decoys.append((what, box, spot))
            taken.append(places[:: max(len(places) // 50, 1)])
            break
    return decoys


def _box(axes: tuple[Array, Array, Array], at: NDArray[np.float64], reach_mm: float) -> Box:
    """Return the part of a grid within some mm of a position, along each axis."""
    i, j, k = (
        slice(*np.searchsorted(axis.ravel(), [middle - reach_mm, middle + reach_mm]))
        for axis, middle in zip(axes, at, strict=True)
    )
    return i, j, k


def _too_near(
    places: NDArray[np.float64], lesion: _Ellipsoid, taken: list[NDArray[np.float64]]
) -> bool:
    """Return whether a decoy lies within `GAP_MM` of lesion, normal bone or another decoy."""
    gap = GAP_MM
    if lesion.near(places, gap).any():
        return True
    (u0, v0), (ru, rv), depth = NORMAL_BONE_MM
    near = ((places[:, 0] - u0) / (ru + gap)) ** 2 + ((places[:, 1] - v0) / (rv + gap)) ** 2 < 1
    if (near & (np.abs(places[:, 2]) < depth + gap)).any():
        return True
    return any((np.linalg.norm(places[:, None] - other, axis=2) < gap).any() for other in taken)


@dataclass(frozen=True)
class _SliceAverage:
    """The mean over a slice's thickness around each sub-slice."""

    thickness_mm: float

    def __call__(self, field: Array) -> Array:
        # A trapezium with ends half inside: any thickness, and centred for even numbers too.
        half = self.thickness_mm / SUBSLICE_MM / 2
        reach = int(np.ceil(half + 0.5))
        steps = np.arange(-reach, reach + 1)
        weights = np.clip(half + 0.5 - np.abs(steps), 0, 1)
        return np.asarray(ndimage.correlate1d(field, weights / weights.sum(), axis=2))


def _texture(
    shape: tuple[int, ...],
    axes: tuple[Array, Array, Array],
    by: float,
    average: _SliceAverage,
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Return the marrow's texture, mean 0, averaged over the slice.

    It is fine in depth: at the study's slice thickness it is that of the phantom, and thinner
    slices show more of it.
    """
    steps = np.sqrt(SLICE_THICKNESS_MM / SUBSLICE_MM)
    coarse = average(smooth_field(rng, 6.0, axes=axes))
    fine = {name: average(grain(rng, shape)) * np.float32(steps) for name in ("stir", "t1w")}
    return {
        "stir": by * (GRAIN["stir"] * skewed(fine["stir"]) + MOTTLE["stir"] * coarse),
        "t1w": GRAIN["t1w"] * fine["t1w"] - MOTTLE["t1w"] * coarse,
    }


def _scan(body: _Body, item: ReferenceObject, rng: np.random.Generator) -> ObjectScan:
    thickness = item.condition.slice_thickness_mm
    spacing = (*SPACING_MM[:2], thickness * GAP_SHARE)
    shape = (*PIXELS, max(round(DEPTH_MM / spacing[2]), 1))
    turn = _rotation(np.deg2rad(rng.uniform(-TURN_DEGREES, TURN_DEGREES, 3)))
    shift = rng.uniform(-SHIFT_MM, SHIFT_MM, 3)
    gain = float(np.exp(rng.uniform(*np.log(GAINS))))
    u, v, w = (axis.astype(float) for axis in axes_mm(shape, spacing))
    place = [turn[n, 0] * u + turn[n, 1] * v + turn[n, 2] * w + shift[n] for n in range(3)]

    def sample(field: NDArray[Any], order: int) -> Array:
        return _sample(field, body.spacing_mm, turn, shift, shape, spacing, order)

    affine = oblique_affine(shape, spacing)
    scans = {}
    for contrast, signal in (("stir", sample(body.stir, 3)), ("t1w", sample(body.t1w, 1))):
        stored = record(signal, rng, contrast, item.condition.noise, gain=gain)
        values = stored * np.float64(np.float32(SLOPE[contrast]))
        scans[contrast] = Image(values, affine, f"{contrast}.nii.gz")
    from_joint = body.joint.distance(*place)
    region = from_joint < ILIUM_MM + 0.4  # as the phantom's reader: with the bone's rim
    (u0, v0), (ru, rv), depth = NORMAL_BONE_MM
    normal = (ellipse(place[0] - u0, place[1] - v0, ru, rv) < 0) & (np.abs(place[2]) < depth)
    share = sample(body.share, 1) if item.volume_mm3 else np.zeros(shape, np.float32)
    lesions = (share >= 0.5) & region
    decoys = sample(body.decoy_numbers, 0).astype(np.uint8)
    decoys *= (sample(body.decoys, 1) >= LEAST_DECOY) & region
    return ObjectScan(
        Phantom(
            stir=scans["stir"],
            t1w=scans["t1w"],
            normal_bone=Image(normal & region, affine, "normal_bone.nii.gz"),
            disease_region=Image(region, affine, "disease_region.nii.gz"),
            lesions=Image(lesions, affine, "lesions.nii.gz"),
            lesion_labels=Image(lesions.astype(np.uint8), affine, "lesion_labels.nii.gz"),
            decoys=Image(decoys, affine, "decoys.nii.gz"),
            tissues=Image(_tissue_labels(from_joint), affine, "tissues.nii.gz"),
            truth=_truth(body, item, lesions, affine, turn, shift),
            decoy_list=_list_decoys(Image(decoys, affine), body.decoy_kinds),
            slice_thickness_mm=thickness,
        ),
        share,
        sample(body.profile, 3) if item.volume_mm3 else share,
    )


def _truth(
    body: _Body,
    item: ReferenceObject,
    lesions: NDArray[np.bool_],
    affine: NDArray[np.float64],
    turn: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> tuple[Lesion, ...]:
    """Return the lesion with its own volume, and its centre on the scan; nothing without one."""
    if not item.volume_mm3:
        return ()
    here = turn.T @ (body.centre_mm - shift)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    middle = (np.array(lesions.shape) - 1) / 2
    x, y, z = affine[:3, :3] @ (here / spacing + middle) + affine[:3, 3]
    return (
        Lesion(
            id=1,
            centre_mm=(float(x), float(y), float(z)),
            voxels=int(np.count_nonzero(lesions)),
            volume_mm3=item.volume_mm3,
            contrast=item.condition.contrast,
            side="left",
        ),
    )


def _list_decoys(labels: Image, kinds: list[str]) -> tuple[Decoy, ...]:
    """Return what the decoys on a scan are."""
    listed = []
    for number, what in enumerate(kinds, 1):
        voxels = np.argwhere(labels.array == number)
        if len(voxels):
            x, y, z = labels.world(voxels.mean(axis=0))
            kind = "vessel" if what == "vessel" else "artefact"
            listed.append(Decoy(number, kind, (float(x), float(y), float(z)), len(voxels)))
    return tuple(listed)


def _tissue_labels(from_joint: Array) -> NDArray[np.uint8]:
    """Return the tissue of each voxel, an index of `TISSUES`."""
    away = np.abs(from_joint)
    bone = np.select(
        [away < JOINT_HALF_WIDTH_MM, away < JOINT_HALF_WIDTH_MM + CORTEX_MM],
        [TISSUES.index("joint space"), TISSUES.index("cortex")],
        TISSUES.index("marrow"),
    )
    return np.where(from_joint < ILIUM_MM, bone, TISSUES.index("muscle")).astype(np.uint8)


def _rotation(angles: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation about the three axes in turn, by angles in radians."""
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        here, there = [n for n in range(3) if n != axis]
        part = np.eye(3)
        part[[here, there], [here, there]] = np.cos(angle)
        part[here, there], part[there, here] = -np.sin(angle), np.sin(angle)
        turn = turn @ part
    return turn


def _sample(
    field: NDArray[Any],
    field_spacing: tuple[float, float, float],
    turn: NDArray[np.float64],
    shift: NDArray[np.float64],
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    order: int,
) -> Array:
    """Return a body's field at the voxels of a scan that is turned and shifted."""
    # Of a field sampled with order 3, the spline's coefficients are given.
    matrix = turn * np.array(spacing) / np.array(field_spacing)[:, None]
    middle = (np.array(field.shape) - 1) / 2 + shift / np.array(field_spacing)
    offset = middle - matrix @ ((np.array(shape) - 1) / 2)
    sampled = ndimage.affine_transform(
        field, matrix, offset, shape, np.float32, order=order, mode="nearest", prefilter=False
    )
    return np.asarray(sampled)
