"""Propose areas of normal bone as readers draw them, from a network's probabilities.

Readers draw discs on a few slices, in the bodies of the first two sacral vertebrae, clear of
vessels. Where exactly is chance, and the brightest voxels of the area decide both thresholds
(section 2.5.2). Many areas are therefore drawn at random; the one whose lower threshold is the
middle of all is proposed, and the thresholds of all say how much that choice matters. numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.errors import NothingFound
from vhi.images.image import Image, check_same_grid
from vhi.images.orientation import network_axes, turned
from vhi.steps.thresholds import MIN_VOXELS, settle_multiple

AREA_MM3 = 5400.0
"""Proposed volume: the median of the ten hand-drawn areas (4,619 voxels of 1.169 mm³). A maximum
grows with the number of voxels, so that an area of another size gives other thresholds."""

SIZES = (0.3, 0.6, 0.8, 1.0, 1.2, 1.5, 1.7)
"""Volumes of plausible areas over `volume_mm3`, taken in turn. The ten hand-drawn areas lie between
0.27 and 1.7 times their median."""

DISCS = 5
"""Discs of an area. The ten hand-drawn areas have 3 to 7."""

POWER = 40.0
"""A disc's centre is drawn with the probability of normal bone to this power, so that discs gather
where the network is surest. Chosen in the folds, see `networks/README.md`."""

FENCE = 3.5
"""Pixels more than this many interquartile ranges above the upper quartile count as vessels. In the
ten hand-drawn areas the thresholds settle at 1.5 to 3.0 such ranges. Chosen in the folds."""

STRUCTURE_IQR, STRUCTURE_MM2 = 1.0, 5.7
"""Connected pixels of a slice that lie more than so many interquartile ranges above the upper
quartile count as a vessel or oedema, not as texture of marrow, where they cover this much: 16
pixels of the study's scans. Chosen in the folds: readers avoid what they can see, and a pixel or
two they cannot."""

NEAR_PIXELS = 3
"""How far outside an area a structure is followed."""

WIDEN = 1.7
"""Factor on the spread of the logarithm of lower thresholds. Areas drawn from one map differ less
among themselves than from a reader's: on left-out subjects the error was 1.4 standard deviations
(root mean square), and 1.7 where the form of the areas was chosen without the subject too."""

COUNT = 45
"""Areas drawn; an odd number has a middle one. Chosen for 0.1 s of one processor."""

SEED = 1

SMALLEST_WEIGHT = 1e-6
"""Places that are less likely than this, relative to the likeliest, are left out, for speed."""

IN_PLANE = np.zeros((3, 3, 3), bool)
IN_PLANE[1] = True
"""A pixel and its eight neighbours, on (slice, row, column)."""

APART = 1.5
"""Least distance of two centres in one slice, in radii. Chosen: discs may touch and hardly more."""


@dataclass(frozen=True, eq=False)
class PlausibleAreas:
    """Areas of normal bone that a reader might draw on one scan, and the threshold of each.

    Attributes
    ----------
    proposed : Image
        bool: the area whose lower threshold is the middle of all.
    lower : tuple of float
        Lower thresholds in units of the scan, ascending, their spread times `WIDEN` on a
        logarithmic scale; that of `proposed` is the middle one. Empty where no area gives one.
    """

    proposed: Image
    lower: tuple[float, ...]


def plausible_areas(
    probability: Image,
    stir: Image,
    bone: Image | None = None,
    *,
    volume_mm3: float = AREA_MM3,
    fence: float = FENCE,
    power: float = POWER,
    discs: int = DISCS,
    count: int = COUNT,
    seed: int = SEED,
) -> PlausibleAreas:
    """Draw areas of discs at random and take the lower threshold of each.

    The same scan gives the same areas, whatever order of axes it is stored in.

    Parameters
    ----------
    probability
        Of normal bone, on the grid of `stir`.
    stir
        Scaled STIR intensities.
    bone
        Mask of all bone on the same grid; nothing outside it is taken.
    volume_mm3
        Volume of discs of a middle-sized area, before bone and vessels limit it.
    fence
        A pixel more than this many interquartile ranges above the area's upper quartile counts as
        a vessel, as does a bright structure (`STRUCTURE_IQR`); eight neighbours of each pixel in
        the slice, partly vessel, are removed with it. Infinite: nothing is removed.
    power, discs
        See `POWER` and `DISCS`.
    count
        How many areas are drawn.
    seed
        The same seed gives the same draws on every machine and with every version of numpy.

    Raises
    ------
    NothingFound
        The probability of normal bone is above one half in less than a tenth of the volume.
    """
    likely = probability.array > 0.5
    if bone is not None:
        check_same_grid(stir, bone)
        likely &= bone.array
    if np.count_nonzero(likely) < 0.1 * max(1, round(volume_mm3 / stir.voxel_volume_mm3)):
        raise NothingFound(
            f"{stir.name}: the network finds no normal bone; check that this is the STIR scan of "
            "a pelvis, or draw normal bone by hand (`vhi normal-bone`)"
        )
    reach_mm = _radius_mm(stir, volume_mm3, discs)
    place = _Place(probability, stir, bone, likely, power, reach_mm=reach_mm)
    raw = np.random.PCG64(seed).random_raw(count * discs).reshape(count, discs)
    chance = (raw >> np.uint64(11)).astype(float) / 2**53
    areas = [
        place.without_vessels(place.draw(row, _radius_mm(stir, size * volume_mm3, discs)), fence)
        for row, size in zip(chance, np.resize(SIZES, count), strict=True)
    ]
    lower = _lower_thresholds([place.stir.flat[area] for area in areas])
    order = np.argsort(lower, kind="stable")  # NaN last
    valid = int(np.count_nonzero(~np.isnan(lower)))
    middle = order[(valid - 1) // 2] if valid else 0
    levels = lower[middle] * (lower[order[:valid]] / lower[middle]) ** WIDEN
    return PlausibleAreas(place.mask(areas[middle], stir), tuple(levels.tolist()))


def choose_area(
    probability: Image,
    stir: Image,
    bone: Image | None = None,
    *,
    volume_mm3: float = AREA_MM3,
    fence: float = FENCE,
) -> Image:
    """Return the area that `plausible_areas` proposes; parameters and errors as there."""
    areas = plausible_areas(probability, stir, bone, volume_mm3=volume_mm3, fence=fence)
    return areas.proposed


class _Place:
    """The part of a scan where normal bone may lie, as (slice, row, column), one way up."""

    def __init__(
        self,
        probability: Image,
        stir: Image,
        bone: Image | None,
        likely: NDArray[np.bool_],
        power: float,
        *,
        reach_mm: float,
    ) -> None:
        self.axes, self.flips, _ = network_axes(stir)
        self.spacing_mm = [stir.spacing_mm[axis] for axis in self.axes]
        likely = turned(likely, self.axes, self.flips)
        (tight,) = ndimage.find_objects(likely.view(np.uint8))
        # One more than a disc reaches, so that a voxel and its eight neighbours lie inside.
        margin = [0, *(int(2 * reach_mm / step) + 1 for step in self.spacing_mm[1:])]
        self.box = tuple(
            slice(max(side.start - more, 0), side.stop + more)
            for side, more in zip(tight, margin, strict=True)
        )
        likely = likely[self.box]
        self.stir = np.ascontiguousarray(turned(stir.array, self.axes, self.flips)[self.box])
        self.bone: NDArray[np.bool_] = np.ones(likely.shape, bool)
        if bone is not None:
            self.bone = turned(bone.array, self.axes, self.flips)[self.box]
        inside = turned(probability.array, self.axes, self.flips)[self.box]
        weight = np.where(likely, inside, 0).astype(float)
        weight = (weight / weight.max()) ** power
        self.centres = np.argwhere(weight > SMALLEST_WEIGHT)
        self.weight = weight[weight > SMALLEST_WEIGHT]
        self._marked = np.zeros(likely.shape, bool)

    def draw(self, chance: NDArray[np.float64], radius_mm: float) -> NDArray[np.int64]:
        """Return the flat indices of discs within bone, one for each number from 0 to 1."""
        _, down, across = self.spacing_mm
        weight = self.weight.copy()
        discs = []
        for number in chance:
            total = np.cumsum(weight)
            if not total[-1] > 0:
                break
            centre = self.centres[np.searchsorted(total, number * total[-1], side="right")]
            discs.append(self._disc(centre, radius_mm))
            beside = np.flatnonzero(self.centres[:, 0] == centre[0])
            _, rows, columns = (self.centres[beside] - centre).T
            distance = np.hypot(rows * down, columns * across)
            weight[beside[distance < APART * radius_mm]] = 0
        return np.unique(np.concatenate(discs))

    def _disc(self, centre: NDArray[np.int64], radius_mm: float) -> NDArray[np.int64]:
        k, i, j = (int(index) for index in centre)
        _, down, across = self.spacing_mm
        _, length, width = self.bone.shape
        high, wide = int(radius_mm / down), int(radius_mm / across)
        rows, columns = np.meshgrid(
            np.arange(max(i - high, 0), min(i + high + 1, length)),
            np.arange(max(j - wide, 0), min(j + wide + 1, width)),
            indexing="ij",
        )
        inside = np.hypot((rows - i) * down, (columns - j) * across) <= radius_mm
        inside &= self.bone[k, rows, columns]
        voxels = (np.full(inside.sum(), k), rows[inside], columns[inside])
        return np.ravel_multi_index(voxels, self.bone.shape)

    def without_vessels(self, area: NDArray[np.int64], fence: float) -> NDArray[np.int64]:
        """Return an area without bright structures, vessels, and their neighbours in the slice."""
        if np.isinf(fence):
            return area
        return self._without_bright_pixels(self._without_structures(area), fence)

    def _without_structures(self, area: NDArray[np.int64]) -> NDArray[np.int64]:
        lower, upper = np.percentile(self.stir.flat[area], [25, 75])
        places = np.array(np.unravel_index(area, self.stir.shape))
        margin = np.array([0, NEAR_PIXELS, NEAR_PIXELS])
        start = np.maximum(places.min(axis=1) - margin, 0)
        stop = places.max(axis=1) + margin + 1
        bright = self.stir[tuple(map(slice, start, stop))] > upper + STRUCTURE_IQR * (upper - lower)
        inside = np.zeros(bright.shape, bool)
        inside[tuple(places - start[:, None])] = True
        near = ndimage.binary_dilation(inside & bright, IN_PLANE, iterations=NEAR_PIXELS)
        numbers, count = ndimage.label(bright & near, IN_PLANE)
        _, down, across = self.spacing_mm
        large = np.bincount(numbers.ravel(), minlength=count + 1) * down * across >= STRUCTURE_MM2
        large[0] = False
        removed = ndimage.binary_dilation(large[numbers], IN_PLANE)
        return area[~removed[tuple(places - start[:, None])]]

    def _without_bright_pixels(self, area: NDArray[np.int64], fence: float) -> NDArray[np.int64]:
        if not area.size:
            return area
        lower, upper = np.percentile(self.stir.flat[area], [25, 75])
        k, i, j = np.unravel_index(
            area[self.stir.flat[area] > upper + fence * (upper - lower)], self.stir.shape
        )
        beside = [
            np.ravel_multi_index((k, i + down, j + across), self.stir.shape, mode="clip")
            for down in (-1, 0, 1)
            for across in (-1, 0, 1)
        ]
        self._marked.flat[beside] = True
        kept = area[~self._marked.flat[area]]
        self._marked.flat[beside] = False
        return kept

    def mask(self, area: NDArray[np.int64], stir: Image) -> Image:
        """Return an area as a mask of the whole scan."""
        part = np.zeros(self.bone.shape, bool)
        part.flat[area] = True
        mask = np.zeros(stir.shape, bool)
        turned(mask, self.axes, self.flips)[self.box] = part
        return stir.with_array(mask, "normal_bone")


def _radius_mm(stir: Image, volume_mm3: float, discs: int) -> float:
    """Return the radius of discs of one slice's thickness that together have a volume."""
    return float(np.sqrt(volume_mm3 / (discs * stir.spacing_mm[stir.slice_axis] * np.pi)))


def _lower_thresholds(areas: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the lower threshold of the intensities of each area; NaN where there is none."""
    levels = np.full((3, len(areas)), np.nan)
    for n, values in enumerate(areas):
        if values.size >= MIN_VOXELS:
            levels[:, n] = *np.percentile(values, [25, 75]), values.max()
    lower_quartile, upper_quartile, upper = levels
    multiple = settle_multiple(lower_quartile, upper_quartile, upper)
    return upper_quartile + multiple * (upper_quartile - lower_quartile)
