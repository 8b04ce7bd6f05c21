"""Two simulated readers of every scan, whose differences have the printed limits of agreement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from vhi.papers.simulated.corrections import (
    NotReachedError,
    adjust_sums,
    nearest_of_parity,
    reach,
)
from vhi.papers.simulated.model import LARGEST_SPARCC, Model
from vhi.papers.simulated.patients import INSIDE, Targets
from vhi.statistics._pairs import WIDTH

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLEAR = (1.99, 2.02)
"""No difference lies between these multiples of the SD, so that a count of those beyond 2 SD does
not depend on whether the SD is taken about 0 or about the bias."""

FARTHEST = 5.0
"""No difference lies beyond this many SD: three scans would hold nearly all squares."""


def draw_vhi_readings(
    random: np.random.Generator,
    model: Model,
    sums: Integers,
    improved: NDArray[np.bool_],
    targets: Targets,
) -> tuple[Integers, NDArray[np.bool_]]:
    """Return first − second reader in voxels, (scans,), and which scans differ by more than 2 SD.

    One of those is a scan after treatment of a patient who improved, as the preprint tells.

    Parameters
    ----------
    random, model, targets
        As elsewhere.
    sums
        (scans,) of both readers.
    improved
        (scans,) scans after treatment of patients whose VHI fell.
    """
    bias, sd = _bias_and_sd(targets.vhi_limits)
    size = (sums / 2) ** model.error_power
    log_size = np.log(sums)
    trend = model.error_trend * (log_size - log_size.mean()) / log_size.std()
    drawn = size * (trend + random.standard_t(model.error_tails, sums.size))
    drawn *= sd / np.sqrt((drawn**2).mean())
    near, beyond, most = CLEAR[0] * sd, CLEAR[1] * sd, FARTHEST * sd
    able = sums > 1.1 * beyond
    order = np.argsort(-np.abs(drawn) * able, kind="stable")
    explained = [index for index in order if improved[index] and able[index]]
    if able.sum() < targets.vhi_beyond or (targets.vhi_beyond and not explained):
        raise NotReachedError("no scan is large enough to differ by more than 2 SD")
    far = np.zeros(sums.size, bool)
    far[order[: targets.vhi_beyond]] = True
    if targets.vhi_beyond and explained[0] not in order[: targets.vhi_beyond]:
        far[order[targets.vhi_beyond - 1]], far[explained[0]] = False, True
    sign = np.where(drawn < 0, -1.0, 1.0)
    room = np.where(far, np.minimum(sums, most) - beyond, np.minimum(sums, near))

    def differences(values: Floats) -> tuple[Floats, Floats]:
        share, tanh = expit(values), np.tanh(values)
        return (
            np.where(far, sign * (beyond + room * share), room * tanh),
            np.where(far, sign * room * share * (1 - share), room * (1 - tanh**2)),
        )

    start = np.where(far, logit(np.clip((np.abs(drawn) - beyond) / room, *INSIDE)), drawn / room)
    found = _corrected(start, differences, sums.size, bias, sd)
    return nearest_of_parity(found, sums % 2), far


def draw_sparcc_readings(
    random: np.random.Generator, model: Model, sums: Integers, targets: Targets
) -> Integers:
    """Return first − second reader in points, (scans,), from both readers' sums."""
    bias, sd = _bias_and_sd(targets.sparcc_limits)
    drawn = (sums / 2) ** model.sparcc_error_power * random.standard_t(6, sums.size)
    drawn *= sd / np.sqrt((drawn**2).mean())
    most = np.minimum(sums, 2 * LARGEST_SPARCC - sums)
    room = np.maximum(most, 1e-6)

    def differences(values: Floats) -> tuple[Floats, Floats]:
        tanh = np.tanh(values)
        return room * tanh, room * (1 - tanh**2)

    found = _corrected(drawn / room, differences, sums.size, bias, sd)
    n = sums.size
    total, squares = n * bias, (n - 1) * sd**2 + n * bias**2
    return adjust_sums(
        nearest_of_parity(found, sums % 2), -most, most, step=2,
        total=(total, 0.02 * n), squares=(squares, 0.02 * n * sd / WIDTH),
    )  # fmt: skip


def _corrected(
    start: Floats,
    differences: Callable[[Floats], tuple[Floats, Floats]],
    n: int,
    bias: float,
    sd: float,
) -> Floats:
    asked = np.array([n * bias, (n - 1) * sd**2 + n * bias**2])

    def sums(values: Floats) -> tuple[Floats, Floats]:
        found, slopes = differences(values)
        return np.array([found.sum(), (found**2).sum()]), np.stack([slopes, 2 * found * slopes])

    start = np.clip(start, -3, 3)  # a saturated share would not move again
    return differences(reach(start, sums, asked, scale=np.array([n * sd, n * sd**2])))[0]


def _bias_and_sd(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    return (low + high) / 2, (high - low) / 2 / WIDTH
