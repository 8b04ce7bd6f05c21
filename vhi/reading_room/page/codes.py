"""A scan's intensities as 16-bit numbers for the page: exact wherever they can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = 65_535
"""Steps of a scan's intensities on the screen: those of 16 bits."""

FEWEST_LEVELS = 256
"""Steps that the middle 98 % of a scan's intensities get at least, those that a grey picture has:
where voxels lie so far out that they would get fewer, those are shown as less far out. Chosen."""


@dataclass(frozen=True)
class Codes:
    """A scan for display: intensity = low + step × code, to half a step.

    Intensities that would leave hardly any steps to all others (`FEWEST_LEVELS`) are nearer to
    these. Where `exact` is true, as for scans stored as whole numbers with a slope, it holds to
    the last bit. `cut` is how many intensities are nearer than they were.
    """

    codes: NDArray[np.uint16]
    low: float
    step: float
    exact: bool
    cut: int = 0


def codes_of(array: NDArray[np.floating]) -> Codes:
    """Return intensities as 16-bit numbers."""
    array = np.ascontiguousarray(array)
    codes, low, step = _even_codes(array)
    # Two steps of a lattice never share a code: there each code stands for one intensity.
    intensity = np.full(LEVELS + 1, low)
    intensity[codes.ravel()] = array.ravel()
    if (intensity[codes] == array).all():
        lattice = _lattice_of(intensity)
        if lattice is not None:
            low, step = lattice
            exact_codes = np.rint((intensity - low) / step).astype(np.uint16)
            return Codes(exact_codes[codes], low, step, True)
    near = _without_outliers(array)
    cut = int(np.count_nonzero(near != array))
    return Codes(*(_even_codes(near) if cut else (codes, low, step)), False, cut)


def _even_codes(array: NDArray[np.floating]) -> tuple[NDArray[np.uint16], float, float]:
    low, high = float(array.min()), float(array.max())
    with np.errstate(over="ignore", invalid="ignore"):  # a range beyond any float is cut off later
        step = (high - low) / LEVELS if high > low else 1.0
        return np.rint((array - low) / step).astype(np.uint16), low, step


def _without_outliers(array: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the array itself, unless its range is out of all proportion to its middle 98 %."""
    first, last = (float(x) for x in np.percentile(array, (1, 99)))
    most = (last - first) * LEVELS / FEWEST_LEVELS
    if most == 0 or array.max() / 2 - array.min() / 2 <= most / 2:
        return array
    return np.clip(array, last - most / 2, first + most / 2)


def _lattice_of(intensities: NDArray[np.floating]) -> tuple[float, float] | None:
    """Return low and step of which, to the last bit, all intensities are low + step × code."""
    levels = np.unique(intensities)
    # From 0 first: what was scaled by a slope alone need not be exact from any other value on.
    for low in sorted({min(0.0, float(levels[0])), float(levels[0])}):
        away = levels - low
        step = float(away[-1]) or 1.0
        # Euclid's algorithm, on all at once, while the steps are not too many for the codes.
        while step * LEVELS >= away[-1] and (rest := np.fmod(away, step)).any():
            step = float(rest[rest > 0].min(initial=step))
        codes = np.rint(away / step)
        if codes[-1] <= LEVELS and (low + step * codes == levels).all():
            return low, step
    return None
