"""A scan's intensities as 16-bit numbers for the page, exact where possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = 65_535
"""Largest code of 16 bits."""

FEWEST_LEVELS = 256
"""Fewest codes for the middle 98 % of a scan's intensities. Outliers that would leave fewer are
clipped. Chosen: a grey picture has as many levels."""


@dataclass(frozen=True, eq=False)
class Codes:
    """A scan for display: intensity = low + step × code, to half a step.

    If `exact` is true, as for scans stored as whole numbers with a slope, the equation holds to
    the last bit. `cut` counts clipped outliers; see `FEWEST_LEVELS`.
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
    # Two values of a lattice never share a code, so each code has one intensity.
    intensity = np.full(LEVELS + 1, low)
    intensity[codes.ravel()] = array.ravel()
    if (intensity[codes] == array).all():
        lattice = _lattice_of(intensity)
        if lattice is not None:
            low, step = lattice
            exact_codes = np.rint((intensity - low) / step).astype(np.uint16)
            return Codes(exact_codes[codes], low, step, True)
    clipped = _without_outliers(array)
    cut = int(np.count_nonzero(clipped != array))
    return Codes(*(_even_codes(clipped) if cut else (codes, low, step)), False, cut)


def _even_codes(array: NDArray[np.floating]) -> tuple[NDArray[np.uint16], float, float]:
    low, high = float(array.min()), float(array.max())
    with np.errstate(over="ignore", invalid="ignore"):  # a range beyond any float is clipped later
        step = (high - low) / LEVELS if high > low else 1.0
        return np.rint((array - low) / step).astype(np.uint16), low, step


def _without_outliers(array: NDArray[np.floating]) -> NDArray[np.floating]:
    """Clip outliers far beyond the middle 98 %; return the array itself if it has none."""
    first, last = (float(x) for x in np.percentile(array, (1, 99)))
    most = (last - first) * LEVELS / FEWEST_LEVELS
    if most == 0 or array.max() / 2 - array.min() / 2 <= most / 2:
        return array
    return np.clip(array, last - most / 2, first + most / 2)


def _lattice_of(intensities: NDArray[np.floating]) -> tuple[float, float] | None:
    """Return low and step with intensity = low + step × code to the last bit, or None."""
    levels = np.unique(intensities)
    # 0 first: values scaled by a slope alone may be inexact relative to another value.
    for low in sorted({min(0.0, float(levels[0])), float(levels[0])}):
        away = levels - low
        step = float(away[-1]) or 1.0
        # Euclid's algorithm on all values at once, while the steps fit into the codes.
        while step * LEVELS >= away[-1] and (rest := np.fmod(away, step)).any():
            step = float(rest[rest > 0].min(initial=step))
        codes = np.rint(away / step)
        if codes[-1] <= LEVELS and (low + step * codes == levels).all():
            return low, step
    return None
