"""From tissue shares to the two scans: contrast, marrow texture, coil, blur, noise, storage."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from vhi.phantom.anatomy import Anatomy
from vhi.phantom.grid import SHAPE, Array, smooth_field

STIR_OF = {
    "air": 0.0, "fat": 0.95, "muscle": 0.66, "bowel": 1.3, "vessel": 3.0, "disc": 0.7,
    "cortex": 0.45, "marrow": 1.0, "joint space": 0.55, "nerve": 1.9, "csf": 5.6,
}  # fmt: skip
T1W_OF = {
    "air": 0.0, "fat": 1.75, "muscle": 0.64, "bowel": 0.7, "vessel": 0.3, "disc": 0.55,
    "cortex": 0.3, "marrow": 1.0, "joint space": 0.4, "nerve": 0.75, "csf": 0.47,
}  # fmt: skip
"""Intensity of each tissue, normal marrow = 1. Fat, muscle, fluid and air: within the range
measured on the ten study scans (tests/phantom); the others chosen by eye."""

SPOT_T1W = {"lesion": 0.65, "vessel": 0.8, "artefact": 0.9}
"""T1w intensity of inflamed marrow and of the decoys (chosen), normal marrow = 1. Study: medians of
0.50 to 1.06 in the candidates that at least two of four manual readings mark."""

MARROW_UNIT = {"stir": 180.0, "t1w": 420.0}
SLOPE = {"stir": 1.8, "t1w": 2.2}
"""Intensity of normal marrow in scanner units, and the file's ``scl_slope`` (study: 1 to 3.53)."""

BLUR_PIXELS = (0.8, 0.55)
"""Point spread within the slice, SD along axes 0 and 1."""

GRAIN_PIXELS = (1.2, 0.8)
"""Blur of noise and fine marrow texture, SD along axes 0 and 1: gives the study's correlations of
neighbouring pixels of normal bone, 0.87-0.93 and 0.70-0.83."""

GRAIN_SKEW = 0.03
"""Part of the squared grain added to it, for bright specks: gives the study's distance from the
upper quartile of normal bone to the maximum."""

GRAIN = {"stir": 0.145, "t1w": 0.045}
MOTTLE = {"stir": 0.055, "t1w": 0.10}
"""Fine and coarse (6 mm) marrow texture, SD, normal marrow = 1: with the noise they give the
study's quartiles and correlations of normal bone."""

SOFT_TEXTURE = 0.35
"""Texture of all other tissue, relative to marrow's. Chosen by eye."""

NOISE = {"stir": 0.028, "t1w": 0.012}
"""SD of either part of the complex noise, normal marrow = 1: gives the study's STIR of air."""


def make_texture(rng: np.random.Generator) -> dict[str, Array]:
    """Return the marrow's own texture on both contrasts, mean 1: it stays from visit to visit."""
    coarse = smooth_field(rng, 6.0)
    return {
        "stir": 1 + GRAIN["stir"] * skewed(grain(rng)) + MOTTLE["stir"] * coarse,
        "t1w": 1 + GRAIN["t1w"] * grain(rng) - MOTTLE["t1w"] * coarse,
    }


def make_sensitivity(rng: np.random.Generator) -> Array:
    """Return the coils' sensitivity: gently uneven, higher towards the back; about 1 at marrow."""
    uneven = smooth_field(rng, 90.0, 50.0)
    back = np.linspace(-1, 1, SHAPE[2], dtype=np.float32)[None, None, :]
    down = np.linspace(1, -1, SHAPE[1], dtype=np.float32)[None, :, None]
    return np.exp(0.02 * uneven + 0.025 * back + 0.025 * down)


def paint(anatomy: Anatomy, contrast: str) -> Array:
    """Return the anatomy's signal without texture, lesions and coil, normal marrow = 1."""
    values = STIR_OF if contrast == "stir" else T1W_OF
    signal = np.zeros(SHAPE, np.float32)
    for tissue, share in anatomy.layers:
        signal += share * (values[tissue] - signal)
    return signal


def acquire(
    signal: Array, sensitivity: Array, rng: np.random.Generator, contrast: str, noise: float
) -> np.ndarray:
    """Return the scan as its file stores it: int16, to be multiplied by `SLOPE`.

    `signal` is 1 in normal marrow, `contrast` is ``"stir"`` or ``"t1w"``, `noise` a multiple of
    `NOISE`. The magnitude of a complex signal with Gaussian noise in both parts is Rician; the
    noise has the grain of the interpolated study scans.
    """
    return record(blur(signal * sensitivity), rng, contrast, noise)


def blur(signal: Array, *, by: float = 1.0) -> Array:
    """Blur within the slice, by a multiple of `BLUR_PIXELS`."""
    widths = [by * width for width in BLUR_PIXELS]
    return np.asarray(ndimage.gaussian_filter(signal, (*widths, 0), truncate=3.0))


def record(
    blurred: Array, rng: np.random.Generator, contrast: str, noise: float, *, gain: float = 1.0
) -> np.ndarray:
    """Return a blurred signal with noise as its file stores it, times a gain; see `acquire`."""
    size = noise * NOISE[contrast]
    if size > 0:
        real = blurred + size * grain(rng, blurred.shape)
        blurred = np.hypot(real, size * grain(rng, blurred.shape))
    stored = np.rint(blurred * (gain * MARROW_UNIT[contrast] / SLOPE[contrast]))
    return np.clip(stored, 0, 32767).astype(np.int16)


def skewed(texture: Array) -> Array:
    """Return a texture of standard deviation 1 with a longer bright tail, mean 0."""
    return texture + np.float32(GRAIN_SKEW) * (texture**2 - 1)


def grain(rng: np.random.Generator, shape: tuple[int, ...] = SHAPE) -> Array:
    """Return noise of standard deviation 1 with the grain of the scans."""
    white = rng.standard_normal(shape, dtype=np.float32)
    su, sv = GRAIN_PIXELS
    blurred = ndimage.gaussian_filter(white, (su, sv, 0), truncate=3.0)
    # Blurring white noise with a Gaussian divides its variance by 4 pi times both widths.
    return np.asarray(blurred * np.float32(np.sqrt(4 * np.pi * su * sv)))
