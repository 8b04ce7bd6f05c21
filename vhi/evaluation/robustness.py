"""Fixed changes of a T1w scan under which a network should still find bone.

Each is strong, plausible, the same on every run, and independent of the augmentation of a training:
one strength, on the scan, in millimetres. Simulated marrow is not a patient's: passing here is
necessary, not sufficient.

Marrow changes where bone was drawn, but must not reveal the outline to the network. The change
therefore fades in, from a start at a varying distance from the outline: no step in brightness lies
along it. Some of it spills over, as disease does not, and narrow bone changes less than wide bone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import InputError
from vhi.images.distance import signed_distance_mm
from vhi.images.image import Image, check_same_grid

FATTY = 1.7
"""Factor of fatty marrow. In the study's scans fat outside bone has 1.3 to 2.8 times the marrow's
T1w signal; fatty marrow comes near it."""

FAT_PERCENTILE = 98
"""Brightness of fat: this percentile of the scan, 1.8 to 2.9 times marrow in the study's scans."""

BEYOND_FAT = 0.25
"""Marrow that would become brighter than fat keeps only this share of the excess: its texture
remains and it stays like fat."""

SCLEROTIC = 0.45
"""Factor of sclerotic marrow, about as dark as fluid (0.4 to 0.6 of marrow in the study)."""

FADE_MM = 6.0
"""Distance in the plane, square to the drawn outline, over which a change of marrow fades in."""

WANDER_MM = 4.0
"""Largest distance of the change's start from the drawn outline, on either side."""

PATCH_MM = 6.0
"""Standard deviation of the smoothing that turns noise into patches of 10 to 20 mm and into the
wandering of a change's start."""

BIAS = 1.6
"""The bias field runs from 1/1.6 to 1.6 across each slice, a ratio of 2.6: a surface coil's. It
lies in the plane because slices are read one by one."""

NOISE = 0.12
"""Standard deviation of the noise in each of the two receiver channels, over the marrow's median
signal. The study's normal marrow varies by 0.09 to 0.22, texture included."""


@dataclass(frozen=True)
class Changed:
    """A changed scan, and how to carry a mask to it from the unchanged one.

    Both lie on one grid unless the resolution changes.
    """

    t1w: Image
    carry: Callable[[Image], Image]


Change = Callable[[Image, Image, np.random.Generator], Changed]


def change(name: str, t1w: Image, bone: Image) -> Changed:
    """Change a scan in one of the ways of `CHANGES`.

    Parameters
    ----------
    name
        A key of `CHANGES`.
    t1w
        Scaled intensities, not negative.
    bone
        Mask of all bone on the same grid, where marrow is changed.

    Returns
    -------
    Changed
        The same on every run: the seed is made from the change's name.

    Raises
    ------
    InputError
        There is no such change, the grids differ, `bone` is empty, or the resolution of a scan
        is to be halved whose slices are thinner than two pixels.
    """
    if name not in CHANGES:
        raise InputError(f"change {name!r} is unknown; choose from {', '.join(CHANGES)}")
    check_same_grid(t1w, bone)
    if not bone.array.any():
        raise InputError(f"{bone.name}: marks no voxel, so there is no marrow to change")
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return CHANGES[name](t1w, bone, random)


def _patchy(t1w: Image, bone: Image, random: np.random.Generator) -> Changed:
    """Make a third of the marrow fatty and a third sclerotic, patch by patch."""
    sigma = PATCH_MM / np.array(t1w.spacing_mm)
    noise = ndimage.gaussian_filter(random.standard_normal(t1w.shape), sigma)
    low, high = np.percentile(noise[bone.array], [100 / 3, 200 / 3])
    edge = 0.15 * (high - low)  # patches have edges some tenths of a millimetre to a few wide
    fatty = 1 / (1 + np.exp(-np.clip((noise - high) / edge, -50, 50)))
    sclerotic = 1 / (1 + np.exp(-np.clip((low - noise) / edge, -50, 50)))
    return _marrow(t1w, bone, fatty, sclerotic, random)


def _marrow(
    t1w: Image,
    bone: Image,
    fatty: NDArray[np.floating],
    sclerotic: NDArray[np.floating],
    random: np.random.Generator,
) -> Changed:
    """Make marrow fatty and sclerotic by the given shares, 0 to 1."""
    before = t1w.array
    fat = np.percentile(before, FAT_PERCENTILE)
    bright = FATTY * before
    bright = np.minimum(bright, fat + BEYOND_FAT * (bright - fat))
    bright = np.maximum(before, bright)
    after = before + fatty * (bright - before) + sclerotic * (SCLEROTIC - 1) * before
    share = np.clip((_depth_mm(bone) + _wandering_mm(bone, random)) / FADE_MM, 0, 1)
    return Changed(t1w.with_array(before + share * (after - before)), _same)


def _depth_mm(bone: Image) -> NDArray[np.float64]:
    """Return the depth of each voxel in bone, within its slice; negative outside bone."""
    axis = bone.slice_axis
    spacing = [step for a, step in enumerate(bone.spacing_mm) if a != axis]
    planes = np.moveaxis(bone.array, axis, 0)
    depth = np.stack([signed_distance_mm(plane, spacing) for plane in planes])
    # The outline runs half a pixel from the middle of the nearest pixel on either side.
    depth -= np.where(planes, 0.5, -0.5) * min(spacing)
    return np.moveaxis(depth, 0, axis)


def _wandering_mm(bone: Image, random: np.random.Generator) -> NDArray[np.float64]:
    """Return smooth noise between -`WANDER_MM` and `WANDER_MM`, drawn slice by slice."""
    axis = bone.slice_axis
    sigma = [0.0, *(PATCH_MM / step for a, step in enumerate(bone.spacing_mm) if a != axis)]
    shape = np.moveaxis(bone.array, axis, 0).shape
    noise = ndimage.gaussian_filter(random.standard_normal(shape), sigma)
    return np.moveaxis(WANDER_MM * np.tanh(noise / noise.std()), 0, axis)


def _bias(t1w: Image, bone: Image, random: np.random.Generator) -> Changed:
    """Multiply by half a sine wave that runs across each slice, corner to corner."""
    in_plane = [axis for axis in range(3) if axis != t1w.slice_axis]
    along = np.zeros((1, 1, 1))
    for axis, sign in zip(in_plane, random.choice([-1, 1], 2), strict=True):
        length = [1, 1, 1]
        length[axis] = -1
        along = along + sign * np.linspace(-0.5, 0.5, t1w.shape[axis]).reshape(length)
    field = BIAS ** np.sin(np.pi / 2 * along)
    return Changed(t1w.with_array(t1w.array * field), _same)


def _noisy(t1w: Image, bone: Image, random: np.random.Generator) -> Changed:
    """Add noise to both channels of the complex signal and return its magnitude."""
    deviation = NOISE * float(np.median(t1w.array[bone.array]))
    real, imaginary = deviation * random.standard_normal((2, *t1w.shape))
    return Changed(t1w.with_array(np.hypot(t1w.array + real, imaginary)), _same)


def _flipped(t1w: Image, bone: Image, random: np.random.Generator) -> Changed:
    """Mirror the anatomy: the array is flipped from side to side, the grid is kept."""
    sideways = np.abs(t1w.affine[0, :3]) / np.array(t1w.spacing_mm)
    sideways[t1w.slice_axis] = -1  # slices keep their order
    axis = int(np.argmax(sideways))

    def mirror(image: Image) -> Image:
        return image.with_array(np.ascontiguousarray(np.flip(image.array, axis)))

    return Changed(mirror(t1w), mirror)


def _half_resolution(t1w: Image, bone: Image, random: np.random.Generator) -> Changed:
    """Average four pixels of a slice into one of twice the spacing; drop an odd last one."""
    in_plane = [axis for axis in range(3) if axis != t1w.slice_axis]
    if 2 * max(t1w.spacing_mm[axis] for axis in in_plane) >= max(t1w.spacing_mm):
        raise InputError(
            f"{t1w.name}: pixels of twice the size would be as wide as the distance between "
            "slices; half the resolution is for scans of thick slices"
        )
    affine = t1w.affine.copy()
    for axis in in_plane:
        affine[:3, 3] += 0.5 * t1w.affine[:3, axis]  # half a pixel: the middle of the first two
        affine[:3, axis] *= 2

    def coarse(array: NDArray[np.floating]) -> NDArray[np.floating]:
        for axis in in_plane:
            even = np.take(array, range(array.shape[axis] // 2 * 2), axis)
            halved = (*even.shape[:axis], -1, 2, *even.shape[axis + 1 :])
            array = even.reshape(halved).mean(axis + 1)
        return array

    def carry(mask: Image) -> Image:
        share = coarse(mask.array.astype(float))
        # Blocks half of bone count alternately, so that bone neither grows nor shrinks.
        turn = np.indices(share.shape).sum(0) % 2 == 0
        return Image((share > 0.5) | ((share == 0.5) & turn), affine, mask.name, mask.oriented)

    return Changed(Image(coarse(t1w.array), affine, t1w.name, t1w.oriented), carry)


def _same(mask: Image) -> Image:
    return mask


UNCHANGED = "unchanged"

CHANGES: dict[str, Change] = {
    UNCHANGED: lambda t1w, bone, random: Changed(t1w, _same),
    "fatty": lambda t1w, bone, random: _marrow(t1w, bone, np.array(1.0), np.array(0.0), random),
    "sclerotic": lambda t1w, bone, random: _marrow(t1w, bone, np.array(0.0), np.array(1.0), random),
    "patchy": _patchy,
    "bias field": _bias,
    "half resolution": _half_resolution,
    "left-right flipped": _flipped,
    "noise": _noisy,
}
"""Functions by the name of their change; the first changes nothing, for comparison."""
