"""What a candidate region looks like, in numbers that mean the same on every scan. No torch.

STIR is in interquartile ranges of normal bone above its upper quartile, T1w in units of the bone's
median, places in units of the bone's own width, height and depth; the two sides are one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.box import bounding_box
from vhi.images.image import Image
from vhi.steps.candidates import Candidates
from vhi.steps.regions import UPPER
from vhi.steps.small_regions import label_regions

Array = NDArray[np.floating]

SURROUNDINGS = ("near", "around", "other_side", "t1w_around")

FEATURES = (
    "log_area", "log_lesion", "log_extent", "lesion_slices", "mean", "peak", "contrast", "near",
    "around", "other_side", "t1w", "t1w_around", "depth", "joint", "lateral", "height", "front",
    "elongation", "upper", "continues",
)  # fmt: skip
"""What `region_features` can describe, see there. `SURROUNDINGS` take most of the time."""

PIXEL_MM = 1.2
"""Surroundings are seen in pixels about this large. Chosen: two pixels of the study."""

NEAR_MM, AROUND_MM = 4.0, 10.0
"""Half the width of the boxes whose means are the surroundings. Chosen: a lesion beside the joint,
and the joint with both its bones."""

BRIGHTEST = 12.0
"""STIR above this many interquartile ranges counts as this many in means of surroundings, so that
one vessel does not make its surroundings bright. Chosen."""

RIBBON_MM, RIBBON_DARK, RIBBON_MM2 = 9.0, 0.3, 25.0
"""The joint: T1w darker than the closing over this width, by this share of marrow, over this area.
Chosen by eye on training scans."""

RIM_MM = 2.0
"""Cortical bone at the outline is dark too. Chosen."""

JOINT_LATERAL = (0.3, 0.95)
"""Where joints are, between the midline (0) and the bone's side (1). Chosen by eye."""

JOINT_MM = 5.0
"""Closeness to a joint falls to 1/e over this distance. Chosen: kept regions lie a median of 2 mm
from the joint, others 18 mm."""

FAR_MM = 40.0
"""Distance from the joint where a slice shows none, and the largest one that counts."""


@dataclass(frozen=True, eq=False)
class _Grid:
    """The bone's box, slices first, with the direction of its axes; `step` pixels make a block."""

    box: tuple[slice, slice, slice]
    axes: tuple[int, int, int]
    step: int
    spacing: tuple[float, float, float]

    def cut(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the part of an array of the scan, slices first."""
        return np.transpose(array, self.axes)[self.box]

    def blocks(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Return means over blocks of `step` by `step` pixels; the box is a multiple of it."""
        part, step = self.cut(array), self.step
        total = part[:, ::step, ::step].astype(np.float32)
        for row in range(step):
            for column in range(step):
                if row or column:
                    total += part[:, row::step, column::step]
        return total / np.float32(step * step)

    def at(self, voxels: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Return the blocks of voxels of the scan, shape (n, 3)."""
        first = [part.start for part in self.box]
        slices, rows, columns = (voxels[:, a] - f for a, f in zip(self.axes, first, strict=True))
        return slices, rows // self.step, columns // self.step


def region_features(candidates: Candidates, t1w: Image, names: Sequence[str] = FEATURES) -> Array:
    """Describe each region of the candidates.

    Parameters
    ----------
    candidates
        From `vhi.find_candidates`; with one region at least.
    t1w
        Scaled T1w intensities, on the grid of the candidates.
    names
        Some of `FEATURES`.

    Returns
    -------
    ndarray of float, shape (regions.count, len(names))
        Logarithm of area (mm²), of the lesion's volume (mm³) and extent over slices (mm), and the
        number of these slices; of STIR the logarithm of mean and peak, the mean over that of the
        near surroundings, the means near and around, and around minus around the mirrored place;
        T1w in the region and around; the logarithm of the depth below the bone's outline (mm);
        closeness to a joint, from 1 in it to 0 far from it; place from the midline outward, from
        below upward, from the back forward; logarithm of length over width; share at or above the
        upper threshold; share of voxels whose neighbour above or below is a candidate too.
    """
    stir, regions = candidates.stir, candidates.regions
    count, part, voxels = regions.count, regions.part, regions.voxels
    sizes = np.bincount(part, minlength=count + 1)[1:].astype(float)

    def mean(values: NDArray[Any]) -> Array:
        return np.bincount(part, values, count + 1)[1:] / sizes

    def peak(values: Array) -> Array:
        largest = np.full(count + 1, -np.inf)
        np.maximum.at(largest, part, values)
        return largest[1:]

    place = tuple(voxels.T)
    spacing = stir.spacing_mm
    axis = stir.slice_axis
    rows, columns = (a for a in range(3) if a != axis)
    value = _in_iqr(candidates, stir.array[place])

    lesion = regions.lesion_of[1:]
    slices = np.zeros(count, int)
    slices[part - 1] = voxels[:, axis]
    lowest = np.full(lesion.max() + 1, np.iinfo(int).max)
    highest = np.zeros(lesion.max() + 1, int)
    np.minimum.at(lowest, lesion, slices)
    np.maximum.at(highest, lesion, slices)
    lesion_slices = (highest - lowest + 1)[lesion]
    lesion_mm3 = np.bincount(lesion, sizes)[lesion] * stir.voxel_volume_mm3

    surroundings = _surroundings(
        candidates, t1w, wide=not {"contrast", *SURROUNDINGS}.isdisjoint(names)
    )
    means = {name: mean(values) for name, values in surroundings.items()}
    stir_mean = mean(value)
    features: dict[str, Array] = {
        "log_area": np.log(sizes * spacing[rows] * spacing[columns]),
        "log_lesion": np.log(lesion_mm3),
        "log_extent": np.log(lesion_slices * spacing[axis]),
        "lesion_slices": lesion_slices,
        "mean": np.log(np.maximum(stir_mean, 0.1)),
        "peak": np.log(np.maximum(peak(value), 0.1)),
        "depth": np.log(np.maximum(means.pop("depth_mm"), 0.1)),
        "elongation": _elongation(voxels, mean, part, (rows, columns), spacing),
        **means,
    }
    if "upper" in names:
        features["upper"] = mean(regions.labels.array[place] == UPPER)
    if "continues" in names:
        features["continues"] = mean(_continues(regions.numbers, voxels, axis))
    if "near" in features:
        features["contrast"] = stir_mean - features["near"]
    return np.stack([features[name] for name in names], axis=1)


def _in_iqr(candidates: Candidates, stir: NDArray[np.floating]) -> Array:
    thresholds = candidates.thresholds
    return (stir - thresholds.upper_quartile) / thresholds.iqr


def _bone_grid(bone: Image) -> _Grid:
    """Return the box of the bone; it is a multiple of the blocks, inside the scan or beyond."""
    axis = bone.slice_axis
    rows, columns = (a for a in range(3) if a != axis)
    axes = axis, rows, columns
    pixel = bone.spacing_mm[axes[1]]
    step = max(1, round(PIXEL_MM / pixel))
    box, used = [], bounding_box(bone.array)
    for n, a in enumerate(axes):
        start, stop = used[a].start, used[a].stop
        if n:
            # Whole blocks; a scan's last pixels may be left over, see `_padded`.
            start -= start % step
            stop += -(stop - start) % step
        box.append(slice(start, stop))
    first, second, third = box
    spacing = bone.spacing_mm[axis], step * pixel, step * bone.spacing_mm[axes[2]]
    return _Grid((first, second, third), axes, step, spacing)


def _padded(array: NDArray[Any], grid: _Grid) -> NDArray[Any]:
    """Return an array of the scan that is long enough for the last block."""
    missing = [(0, 0)] * 3
    for a, part in zip(grid.axes, grid.box, strict=True):
        missing[a] = (0, max(0, part.stop - array.shape[a]))
    return array if not any(after for _, after in missing) else np.pad(array, missing, mode="edge")


def _surroundings(candidates: Candidates, t1w: Image, *, wide: bool) -> dict[str, Array]:
    """Return, for each voxel of the regions, where it lies and, if `wide`, what is around it."""
    bone, voxels = candidates.disease_region, candidates.regions.voxels
    grid = _bone_grid(bone)
    weight = grid.blocks(_padded(bone.array, grid))
    marrow = max(float(np.median(t1w.array.T[bone.array.T])), 1e-9)
    fat = np.clip(grid.blocks(_padded(t1w.array, grid)) / marrow, 0, 3).astype(np.float32)
    at = grid.at(voxels)
    lateral, height, front, sideways = _places(bone, candidates.midline_mm, voxels, grid)
    outward = _lateral_blocks(candidates, grid, weight >= 0.5)
    depth_mm, joint_mm = _depth_and_joint(weight, fat, grid, outward)
    surroundings: dict[str, Array] = {
        "t1w": t1w.array[tuple(voxels.T)] / marrow,
        "depth_mm": depth_mm[at],
        "joint": np.exp(-joint_mm[at] / JOINT_MM),
        "lateral": lateral,
        "height": height,
        "front": front,
    }
    if not wide:
        return surroundings

    def box_mean(values: NDArray[np.float32], half_mm: float) -> NDArray[np.float32]:
        size = [2 * int(half_mm / step / 2) + 1 for step in grid.spacing]
        total, share = (
            ndimage.uniform_filter(ndimage.uniform_filter(x, size), size)
            for x in (values * weight, weight)
        )
        return np.asarray(total / np.maximum(share, 1e-3))

    scan = grid.blocks(_padded(candidates.stir.array, grid))
    bright = np.clip(_in_iqr(candidates, scan), -3, BRIGHTEST).astype(np.float32)
    around = box_mean(bright, AROUND_MM)
    mirrored = list(at)
    beyond = 2 * _middle(candidates, grid, sideways) - at[sideways]
    mirrored[sideways] = np.clip(beyond, 0, weight.shape[sideways] - 1).round().astype(int)
    return surroundings | {
        "near": box_mean(bright, NEAR_MM)[at],
        "around": around[at],
        "other_side": around[at] - around[tuple(mirrored)],
        "t1w_around": box_mean(fat, AROUND_MM)[at],
    }


def _directions(image: Image, grid: _Grid) -> tuple[Array, Array, int]:
    """Return the world's upward direction within slices, the forward one across, and the axis.

    The axis is that of `grid` along which left and right lie, 1 or 2.
    """
    unit = image.affine[:3, :3] / np.array(image.spacing_mm)
    first, second = grid.axes[1:]
    sideways = 1 if abs(unit[0, first]) >= abs(unit[0, second]) else 2
    up = unit[:, grid.axes[3 - sideways]]
    forward = unit[:, grid.axes[0]]
    return up * (1 if up[2] >= 0 else -1), forward * (1 if forward[1] >= 0 else -1), sideways


def _places(
    bone: Image, midline_mm: float, voxels: NDArray[np.int64], grid: _Grid
) -> tuple[Array, Array, Array, int]:
    """Return places of voxels in units of the bone: outward, upward, forward."""
    up, forward, sideways = _directions(bone, grid)
    every = np.flatnonzero(bone.array)
    some = np.unravel_index(every[:: max(1, len(every) // 20_000)], bone.shape)
    sample = bone.world(np.stack(some, axis=1))
    world = bone.world(voxels)
    width = np.percentile(np.abs(sample[:, 0] - midline_mm), 98)
    lateral = np.abs(world[:, 0] - midline_mm) / max(width, 1e-9)
    ends = (np.percentile(sample @ direction, [2, 98]) for direction in (up, forward))
    height, front = (
        (world @ direction - low) / max(high - low, 1e-9)
        for direction, (low, high) in zip((up, forward), ends, strict=True)
    )
    return lateral, height, front, sideways


def _block_world(image: Image, grid: _Grid, axis: int) -> Array:
    """Return world x of the blocks' centres: from all three axes of `grid`, broadcastable."""
    total = np.float64(image.affine[axis, 3])
    result: Array = np.zeros((1, 1, 1)) + total
    for n, (a, part) in enumerate(zip(grid.axes, grid.box, strict=True)):
        step = 1 if n == 0 else grid.step
        index = np.arange(part.start, part.stop, step) + (step - 1) / 2
        shape = [1, 1, 1]
        shape[n] = -1
        result = result + image.affine[axis, a] * index.reshape(shape)
    return result


def _lateral_blocks(candidates: Candidates, grid: _Grid, inside: NDArray[np.bool_]) -> Array:
    """Return the blocks' distance from the midline, the bone's side being 1."""
    world = _block_world(candidates.stir, grid, 0)
    outward = np.abs(world - candidates.midline_mm)
    side = np.percentile(outward[inside], 98) if inside.any() else outward.max()
    return np.asarray(outward / max(float(side), 1e-9))


def _middle(candidates: Candidates, grid: _Grid, sideways: int) -> float:
    """Return where the midline lies along the sideways axis, in blocks."""
    world = _block_world(candidates.stir, grid, 0)
    other = tuple(n for n in range(3) if n != sideways)
    line = world.mean(axis=other)
    order = np.argsort(line)
    return float(np.interp(candidates.midline_mm, line[order], order.astype(float)))


def _depth_and_joint(
    weight: NDArray[np.float32], fat: NDArray[np.float32], grid: _Grid, lateral: Array
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return distances within slices, in mm: from the bone's outline and from a joint.

    `weight` is the share of bone in each block; without bone no distance is given.
    """
    spacing = grid.spacing[1:]
    bone, inside = weight > 0, weight >= 0.5
    wide = max(1, round(RIBBON_MM / spacing[0] / 2))
    smooth = ndimage.uniform_filter(fat, (1, 3, 3))
    closed = ndimage.grey_closing(smooth, (1, 2 * wide + 1, 2 * wide + 1))
    ribbon = closed - smooth > RIBBON_DARK
    # Where a joint is left out of the bone it is a gap between two bones: close it.
    steps = range(-wide, wide + 1)
    filled = inside
    for combine in (np.logical_or, np.logical_and):
        filled = _over(filled, [(step, 0) for step in steps], combine)
        filled = _over(filled, [(0, step) for step in steps], combine)
    reach = [int(RIM_MM / step) for step in spacing]
    rim = [
        (i, j)
        for i in range(-reach[0], reach[0] + 1)
        for j in range(-reach[1], reach[1] + 1)
        if np.sqrt((i * spacing[0]) ** 2 + (j * spacing[1]) ** 2) <= RIM_MM
    ]
    joint = ribbon & _over(filled, rim, np.logical_and)
    joint &= (lateral > JOINT_LATERAL[0]) & (lateral < JOINT_LATERAL[1])
    parts, count = label_regions(joint, slice_axis=0)
    large = np.bincount(parts.ravel(), minlength=count + 1) * spacing[0] * spacing[1] >= RIBBON_MM2
    large[0] = False
    joint = large[parts]
    depth = np.zeros(inside.shape, np.float32)
    distance = np.full(inside.shape, FAR_MM, np.float32)
    for k in range(len(inside)):
        if not inside[k].any():
            continue
        # Only the box that holds bone and joint: most of the time goes into these distances.
        box = k, *bounding_box(inside[k : k + 1])[1:]
        depth[box] = ndimage.distance_transform_edt(np.pad(inside[box], 1), spacing)[1:-1, 1:-1]
        if joint[k].any():
            box = k, *bounding_box(bone[k : k + 1] | joint[k : k + 1])[1:]
            distance[box] = ndimage.distance_transform_edt(~joint[box], spacing)
    return depth, np.minimum(distance, FAR_MM)


def _over(
    mask: NDArray[np.bool_], steps: Sequence[tuple[int, int]], combine: np.ufunc
) -> NDArray[np.bool_]:
    """Return a mask combined with itself moved within slices, outside of which it is False.

    Three times as fast as `ndimage.maximum_filter`.
    """
    i, j = (max(abs(step[n]) for step in steps) for n in range(2))
    _, rows, columns = mask.shape
    padded = np.pad(mask, ((0, 0), (i, i), (j, j)))
    result = mask.copy()
    for a, b in steps:
        combine(result, padded[:, i + a : i + a + rows, j + b : j + b + columns], out=result)
    return result


def _elongation(
    voxels: NDArray[np.int64],
    mean: Callable[[Array], Array],
    part: NDArray[np.int32],
    axes: tuple[int, int],
    spacing: tuple[float, float, float],
) -> Array:
    """Return the logarithm of length over width, from second moments; a pixel has its own."""
    a, b = (voxels[:, axis] * spacing[axis] for axis in axes)
    da, db = a - mean(a)[part - 1], b - mean(b)[part - 1]
    aa = mean(da**2) + spacing[axes[0]] ** 2 / 12
    bb = mean(db**2) + spacing[axes[1]] ** 2 / 12
    ab = mean(da * db)
    half, root = (aa + bb) / 2, np.sqrt(((aa - bb) / 2) ** 2 + ab**2)
    return np.asarray(0.5 * np.log((half + root) / np.maximum(half - root, 1e-6)))


def _continues(
    numbers: NDArray[np.int32], voxels: NDArray[np.int64], axis: int
) -> NDArray[np.bool_]:
    """Return whether a candidate lies above or below each voxel, in the neighbouring slices."""
    result = np.zeros(len(voxels), bool)
    for step in (-1, 1):
        other = voxels.copy()
        other[:, axis] += step
        inside = (other[:, axis] >= 0) & (other[:, axis] < numbers.shape[axis])
        result[inside] |= numbers[tuple(other[inside].T)] > 0
    return result
