"""Two simulated readers of every scan, whose differences have the printed limits of agreement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from vhi.papers.simulated.corrections import (
    Floats,
    Integers,
    NotReachedError,
    adjust_sums,
    nearest_of_parity,
    reach,
)
from vhi.papers.simulated.model import Model
from vhi.papers.simulated.patients import INSIDE
from vhi.papers.simulated.targets import SPARCC_LIMITS, VHI_BEYOND, VHI_LIMITS
from vhi.statistics._pairs import WIDTH
from vhi.statistics.sparcc import MAX_TOTAL

CLEAR = (1.99, 2.02)
"""No difference lies between these multiples of the SD, so that a count of those beyond 2 SD does
not depend on whether the SD is taken about 0 or about the bias."""

FARTHEST = 5.0
"""No difference lies beyond this many SD: three scans would hold nearly all squares."""


def draw_vhi_readings(
    random: np.random.Generator, model: Model, sums: Integers, improved: NDArray[np.bool_]
) -> tuple[Integers, NDArray[np.bool_]]:
    """Return first − second reader in voxels, (scans,), and which scans differ by more than 2 SD.

    One of those is a scan after treatment of a patient who improved, as in the preprint. `sums` of
    both readers and `improved`, scans after treatment of patients whose VHI fell, are (scans,).
    """
    sd = _sd(VHI_LIMITS)
    log_size = np.log(sums)
    trend = model.error_trend * (log_size - log_size.mean()) / log_size.std()
    drawn = trend + random.standard_t(model.error_tails, sums.size)
    drawn = _with_sd((sums / 2) ** model.error_power * drawn, sd)
    near, beyond, most = CLEAR[0] * sd, CLEAR[1] * sd, FARTHEST * sd
    able = sums > 1.1 * beyond
    order = np.argsort(-np.abs(drawn) * able, kind="stable")
    explained = order[(improved & able)[order]]
    if able.sum() < VHI_BEYOND or not explained.size:
        raise NotReachedError("no scan is large enough to differ by more than 2 SD")
    chosen = order[:VHI_BEYOND].copy()
    if explained[0] not in chosen:
        chosen[-1] = explained[0]
    far = np.isin(np.arange(sums.size), chosen)
    sign = np.where(drawn < 0, -1.0, 1.0)
    room = np.where(far, np.minimum(sums, most) - beyond, np.minimum(sums, near))

    def differences(values: Floats) -> tuple[Floats, Floats]:
        share, tanh = expit(values), np.tanh(values)
        return (
            np.where(far, sign * (beyond + room * share), room * tanh),
            np.where(far, sign * room * share * (1 - share), room * (1 - tanh**2)),
        )

    start = np.where(far, logit(np.clip((np.abs(drawn) - beyond) / room, *INSIDE)), drawn / room)
    return nearest_of_parity(_corrected(start, differences, VHI_LIMITS), sums % 2), far


def draw_sparcc_readings(random: np.random.Generator, model: Model, sums: Integers) -> Integers:
    """Return first − second reader in points, (scans,), from both readers' sums."""
    n, sd = sums.size, _sd(SPARCC_LIMITS)
    drawn = _with_sd((sums / 2) ** model.sparcc_error_power * random.standard_t(6, n), sd)
    most = np.minimum(sums, 2 * MAX_TOTAL - sums)
    room = np.maximum(most, 1e-6)

    def differences(values: Floats) -> tuple[Floats, Floats]:
        tanh = np.tanh(values)
        return room * tanh, room * (1 - tanh**2)

    apart = nearest_of_parity(_corrected(drawn / room, differences, SPARCC_LIMITS), sums % 2)
    total, squares = _sums_asked(SPARCC_LIMITS, n)
    return adjust_sums(
        apart, -most, most, step=2,
        total=(total, 0.02 * n), squares=(squares, 0.02 * n * sd / WIDTH),
    )  # fmt: skip


def _corrected(
    start: Floats,
    differences: Callable[[Floats], tuple[Floats, Floats]],
    limits: tuple[float, float],
) -> Floats:
    """Return the differences near `start` that have the limits of agreement asked."""

    def sums(values: Floats) -> tuple[Floats, Floats]:
        apart, slopes = differences(values)
        return np.array([apart.sum(), (apart**2).sum()]), np.stack([slopes, 2 * apart * slopes])

    start = np.clip(start, -3, 3)  # a saturated share would not move again
    scale = start.size * np.array([_sd(limits), _sd(limits) ** 2])
    return differences(reach(start, sums, _sums_asked(limits, start.size), scale=scale))[0]


def _sums_asked(limits: tuple[float, float], n: int) -> Floats:
    """Return the sum and the sum of squares of n differences with these limits of agreement."""
    bias = sum(limits) / 2
    return np.array([n * bias, (n - 1) * _sd(limits) ** 2 + n * bias**2])


def _sd(limits: tuple[float, float]) -> float:
    return (limits[1] - limits[0]) / 2 / WIDTH


def _with_sd(drawn: Floats, sd: float) -> Floats:
    """Scale differences to a standard deviation about 0."""
    return drawn * (sd / np.sqrt((drawn**2).mean()))
