"""One simulated patient: both scans, the masks, and the truth about lesions and decoys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.phantom.acquisition import (
    SLOPE,
    SOFT_TEXTURE,
    SPOT_T1W,
    acquire,
    make_sensitivity,
    make_texture,
    paint,
)
from vhi.phantom.anatomy import build_anatomy
from vhi.phantom.decoys import place_decoys
from vhi.phantom.grid import SLICE_THICKNESS_MM, oblique_affine
from vhi.phantom.lesions import SEVERITY_VOXELS, Spot, draw_normal_bone, place_lesions


@dataclass(frozen=True)
class Lesion:
    """The truth about one lesion, label `id` of `Phantom.lesion_labels`.

    `voxels` counts those of which it fills at least half, `centre_mm` is their centroid (RAS+, mm),
    `volume_mm3` their volume by pitch and `contrast` their mean added STIR signal, as a multiple of
    normal marrow's. `side` is ``"left"`` or ``"right"`` of the patient.
    """

    id: int
    centre_mm: tuple[float, float, float]
    voxels: int
    volume_mm3: float
    contrast: float
    side: str


@dataclass(frozen=True)
class Decoy:
    """The truth about one bright spot that is not inflammation, label `id` of `Phantom.decoys`.

    `kind` is ``"vessel"`` or ``"artefact"``; `centre_mm` and `voxels` are as in `Lesion`.
    """

    id: int
    kind: str
    centre_mm: tuple[float, float, float]
    voxels: int


@dataclass(frozen=True)
class Phantom:
    """A simulated case with its truth; all images lie on one oblique grid.

    `stir` and `t1w` hold intensities in scanner units, float64, exactly as the files store them;
    `normal_bone`, `disease_region` and `lesions` (voxels of which a lesion fills at least half) are
    boolean; `lesion_labels`, `decoys` and `tissues` are uint8 labels, lesions and decoys from 1,
    tissues by `TISSUES`. `truth` and `decoy_list` describe lesions and decoys. Slices are
    `slice_thickness_mm` thick, 3.3 mm apart.
    """

    stir: Image
    t1w: Image
    normal_bone: Image
    disease_region: Image
    lesions: Image
    lesion_labels: Image
    decoys: Image
    tissues: Image
    truth: tuple[Lesion, ...]
    decoy_list: tuple[Decoy, ...]
    slice_thickness_mm: float = SLICE_THICKNESS_MM


def make_phantom(
    seed: int = 0,
    *,
    severity: str = "moderate",
    contrast: float = 1.0,
    noise: float = 1.0,
    side: str = "both",
    visit: str = "before",
) -> Phantom:
    """Simulate a STIR and a T1w scan of the sacroiliac joints, with truth.

    Anatomy, marrow texture and lesion places depend on `seed` alone, decoys also on `severity`
    (they keep away from lesions): another contrast, noise, side or visit of one seed shows the
    same body.

    Parameters
    ----------
    seed
        0 or larger. The same arguments give the same arrays.
    severity
        ``"none"``, ``"mild"``, ``"moderate"`` or ``"severe"``: number and size of lesions.
    contrast
        Multiple of the default lesion contrast, which is that of the study's lesions.
    noise
        Multiple of the default noise; 0 for none. Marrow texture stays.
    side
        Side of the lesions: ``"left"``, ``"right"`` (of the patient) or ``"both"``.
    visit
        ``"before"`` or ``"after"`` treatment: after it, each lesion holds half its volume and
        0.95 of its contrast, and the noise is another.

    Raises
    ------
    InputError
        An argument is out of its range.

    Notes
    -----
    A lesion's volume counts the voxels of which it fills at least half: partial voxels of a
    smooth surface then cancel. A threshold finds that volume only where it lies near half the
    lesion's contrast.
    """
    _check(seed, severity, contrast, noise, side, visit)
    after = visit == "after"
    sides = ("left", "right") if side == "both" else (side,)
    streams = np.random.SeedSequence(seed).spawn(7)
    chance = [np.random.default_rng(stream) for stream in streams]
    anatomy = build_anatomy(chance[0])
    normal_bone = draw_normal_bone(anatomy, chance[1])
    # Both sides and visits are always placed, so that a choice of them leaves the rest unchanged.
    lesions_at = [
        place_lesions(
            anatomy,
            np.random.default_rng(streams[2]),
            severity=severity,
            contrast=contrast,
            after=second,
        )
        for second in ([False, True] if after else [False])
    ]
    first_visit = lesions_at[0]
    lesions = [spot for spot in lesions_at[-1] if spot.side in sides]
    avoid = normal_bone.copy()
    for spot in first_visit:
        avoid[spot.box] |= spot.share >= 0.1
    decoys = place_decoys(anatomy, chance[3], avoid)

    texture = make_texture(chance[4])
    sensitivity = make_sensitivity(chance[5])
    affine = oblique_affine()
    textured = SOFT_TEXTURE + (1 - SOFT_TEXTURE) * anatomy.marrow
    scans = {}
    noises = np.random.default_rng(streams[6].spawn(2)[after])
    for name in ("stir", "t1w"):
        signal = paint(anatomy, name)
        for spot in lesions + decoys:
            if name == "stir":
                signal[spot.box] += spot.share * spot.signal
            else:
                signal[spot.box] += spot.share * (SPOT_T1W[spot.kind] - 1)
        signal *= 1 + textured * (texture[name] - 1)
        stored = acquire(signal, sensitivity, noises, name, noise)
        scans[name] = Image(stored * np.float64(np.float32(SLOPE[name])), affine, f"{name}.nii.gz")

    grid = scans["stir"]
    lesion_labels = _label(lesions, anatomy.disease_region)
    decoy_labels = _label(decoys, anatomy.disease_region)
    return Phantom(
        stir=scans["stir"],
        t1w=scans["t1w"],
        normal_bone=Image(normal_bone, affine, "normal_bone.nii.gz"),
        disease_region=Image(anatomy.disease_region, affine, "disease_region.nii.gz"),
        lesions=Image(lesion_labels > 0, affine, "lesions.nii.gz"),
        lesion_labels=Image(lesion_labels, affine, "lesion_labels.nii.gz"),
        decoys=Image(decoy_labels, affine, "decoys.nii.gz"),
        tissues=Image(anatomy.labels, affine, "tissues.nii.gz"),
        truth=tuple(
            Lesion(
                n,
                *_place(lesion_labels, n, spot, grid),
                contrast=float(spot.signal[spot.share >= 0.5].mean()),
                side=spot.side,
            )
            for n, spot in enumerate(lesions, 1)
        ),
        decoy_list=tuple(
            Decoy(n, spot.kind, *_place(decoy_labels, n, spot, grid)[:2])
            for n, spot in enumerate(decoys, 1)
        ),
    )


def _check(seed: int, severity: str, contrast: float, noise: float, side: str, visit: str) -> None:
    for name, value, allowed in (
        ("severity", severity, tuple(SEVERITY_VOXELS)),
        ("side", side, ("left", "right", "both")),
        ("visit", visit, ("before", "after")),
    ):
        if value not in allowed:
            raise InputError(f"phantom: {name} is {value!r}; choose one of {', '.join(allowed)}")
    if int(seed) != seed or seed < 0:
        raise InputError(f"phantom: seed is {seed!r}; give a whole number, 0 or larger")
    for name, number in (("contrast", contrast), ("noise", noise)):
        if not 0 <= number < 100:
            raise InputError(f"phantom: {name} is {number!r}; give a number from 0 to 100")


def _label(spots: list[Spot], region: np.ndarray) -> np.ndarray:
    labels = np.zeros(region.shape, np.uint8)
    for n, spot in enumerate(spots, 1):
        labels[spot.box][(spot.share >= 0.5) & region[spot.box]] = n
    return labels


def _place(
    labels: np.ndarray, n: int, spot: Spot, grid: Image
) -> tuple[tuple[float, float, float], int, float]:
    """Return centroid (mm), voxels and volume (mm³) of label `n`, which lies in the spot's box."""
    voxels = np.argwhere(labels[spot.box] == n) + [edge.start or 0 for edge in spot.box]
    x, y, z = grid.world(voxels.mean(axis=0))
    return (float(x), float(y), float(z)), len(voxels), len(voxels) * grid.voxel_volume_mm3
