"""Small simulated scans with known inflammation, fast enough for hundreds (simulated).

A block of marrow with the phantom's texture, blur and noise: normal bone at one end, lesions and
decoys in the rest. No anatomy, so that a scan takes a quarter of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.image import Image
from vhi.phantom import acquisition as scanner
from vhi.phantom.grid import SPACING_MM
from vhi.phantom.lesions import LESION_CONTRAST, LESION_PATCHINESS
from vhi.steps.candidates import Candidates, find_candidates

SHAPE = (190, 150, 14)
NORMAL_ROWS = 50
"""Rows along the first axis that hold normal bone and no lesion."""

DECOYS = {"vessel": (8, 2.4), "fluid": (3, 2.0), "ghost": (3, 1.2)}
"""Mean number and added STIR signal, as in `vhi.phantom.decoys`."""

CONTRAST_SPREAD = 0.2
"""SD over scans of the log of the lesions' contrast. Chosen."""

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scan:
    """A simulated scan, its candidates and the voxels that lesions fill to at least half."""

    candidates: Candidates
    lesions: NDArray[np.bool_]


def make_marrow(
    rng: np.random.Generator, shape: tuple[int, int, int], *, mottle: float = 1.0
) -> tuple[Array, Array]:
    """Return the texture of marrow, mean 1, and the same blurred and with noise.

    `mottle` multiplies the coarse texture of the phantom.
    """
    grain = _grain(rng, shape)
    texture = 1 + scanner.GRAIN["stir"] * (grain + scanner.GRAIN_SKEW * (grain**2 - 1))
    texture += mottle * scanner.MOTTLE["stir"] * _patches(rng, shape, 6.0)
    return texture, acquire(rng, texture)


def acquire(rng: np.random.Generator, signal: Array) -> Array:
    """Return the signal blurred and with noise, in scanner units."""
    blurred = ndimage.gaussian_filter(signal, (*scanner.BLUR_PIXELS, 0), truncate=3.0)
    size = scanner.NOISE["stir"]
    noisy = np.hypot(blurred + size * _grain(rng, signal.shape), size * _grain(rng, signal.shape))
    return noisy * np.float32(scanner.MARROW_UNIT["stir"])


def make_scan(rng: np.random.Generator, volume_mm3: float) -> Scan:
    """Simulate a scan whose lesions hold about `volume_mm3` together, by pitch."""
    voxels = round(volume_mm3 / float(np.prod(SPACING_MM)))
    contrast = LESION_CONTRAST * float(np.exp(rng.normal(0, CONTRAST_SPREAD)))
    texture, _ = make_marrow(rng, SHAPE)
    signal = np.ones(SHAPE, np.float32)
    share = _lesions(rng, voxels)
    uneven = 1 + LESION_PATCHINESS * _patches(rng, SHAPE, 7.0)
    signal += contrast * share * uneven
    for mean, added in DECOYS.values():
        for _ in range(rng.poisson(mean)):
            tube = _tube(rng)
            signal += added * tube * (share < 0.1)
    stir = Image(acquire(rng, signal * texture), np.diag([*SPACING_MM, 1.0]), "simulated STIR")
    normal, region = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    region[NORMAL_ROWS:] = True
    i, j = (np.arange(n)[:, None] if n == SHAPE[0] else np.arange(n) for n in SHAPE[:2])
    radius = rng.uniform(9, 13), rng.uniform(11, 18)
    first, count = int(rng.integers(1, 6)), int(rng.integers(3, 7))
    away = ((i - 25) * SPACING_MM[0] / radius[0]) ** 2 + ((j - 75) * SPACING_MM[1] / radius[1]) ** 2
    normal[:NORMAL_ROWS, :, first : first + count] = (away <= 1)[:NORMAL_ROWS, :, None]
    candidates = find_candidates(stir, stir.with_array(normal), stir.with_array(region))
    return Scan(candidates, share >= 0.5)


def _lesions(rng: np.random.Generator, voxels: int) -> Array:
    """Return the share of each voxel that lesions fill: ellipsoids of `voxels` voxels together."""
    count = max(1, min(8, round(voxels / 700 * rng.uniform(0.5, 2))))
    places = [np.arange(n) * d for n, d in zip(SHAPE, SPACING_MM, strict=True)]
    nearest = np.full(SHAPE, np.inf, np.float32)
    weights = rng.uniform(0.5, 1.5, count)
    radius = (3 * voxels * np.prod(SPACING_MM) / (4 * np.pi * count)) ** (1 / 3)
    margin = min(radius, 12)
    for weight in weights:
        low = np.array([NORMAL_ROWS * SPACING_MM[0] + margin, margin, margin / 2])
        high = np.array([p[-1] for p in places]) - low * [0, 1, 1] - [margin, 0, 0]
        centre, stretch = rng.uniform(low, high), rng.uniform(0.7, 1.4, 3)
        squares = [
            ((p - c) / (s * weight)) ** 2 for p, c, s in zip(places, centre, stretch, strict=True)
        ]
        distance = np.sqrt(
            squares[0][:, None, None] + squares[1][None, :, None] + squares[2][None, None, :]
        )
        nearest = np.minimum(nearest, distance.astype(np.float32))
    nearest += np.float32(0.06 * radius) * _patches(rng, SHAPE, 5.0)
    nearest[: NORMAL_ROWS + 4] = np.inf
    level = np.partition(nearest.ravel(), voxels - 1)[voxels - 1]
    # A voxel's share falls from 1 to 0 over its own width; distances grow by 1 a mm.
    return np.clip(0.5 - (nearest - level) / SPACING_MM[0], 0, 1).astype(np.float32)


def _tube(rng: np.random.Generator) -> Array:
    """Return the share of each voxel that a decoy fills: a thin tube on one to three slices."""
    share = np.zeros(SHAPE, np.float32)
    length, width = rng.uniform(4, 9), rng.uniform(0.8, 1.4)
    angle = rng.uniform(0, np.pi)
    i, j = rng.integers(NORMAL_ROWS + 20, SHAPE[0] - 15), rng.integers(15, SHAPE[1] - 15)
    di = (np.arange(SHAPE[0])[:, None] - i) * SPACING_MM[0]
    dj = (np.arange(SHAPE[1]) - j) * SPACING_MM[1]
    along, off = np.cos(angle) * di + np.sin(angle) * dj, np.cos(angle) * dj - np.sin(angle) * di
    level = np.sqrt((along / length) ** 2 + (off / width) ** 2) - 1
    plane = np.clip(0.5 - level * width / SPACING_MM[0], 0, 1)
    k, count = int(rng.integers(0, SHAPE[2] - 2)), int(rng.integers(1, 4))
    share[..., k : k + count] = plane[..., None]
    return share


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return noise of SD 1 with the grain of the scans, as the phantom's."""
    white = rng.standard_normal(shape, dtype=np.float32)
    grain = ndimage.gaussian_filter(white, (*scanner.GRAIN_PIXELS, 0), truncate=3.0)
    return grain * np.float32(np.sqrt(4 * np.pi * np.prod(scanner.GRAIN_PIXELS)))


def _patches(rng: np.random.Generator, shape: tuple[int, ...], length_mm: float) -> Array:
    """Return a smooth random field of SD 1, about `length_mm` in the slice and 8 mm across."""
    widths = [0.85 * mm / d for mm, d in zip((length_mm, length_mm, 8.0), SPACING_MM, strict=True)]
    white = rng.standard_normal(shape, dtype=np.float32)
    field = ndimage.gaussian_filter(white, widths, mode="wrap", truncate=3.0)
    return field / field.std()
