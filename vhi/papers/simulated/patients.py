"""Simulated patients who have the printed range and regression at both visits."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

from vhi.papers.simulated.corrections import (
    Floats,
    Integers,
    NotReachedError,
    adjust_sums,
    reach,
)
from vhi.papers.simulated.model import Model, draw_burdens
from vhi.papers.simulated.targets import (
    INTERCEPT,
    INTERCEPT_INTERVAL,
    SLOPE,
    SLOPE_INTERVAL,
    SPARCC_RANGE,
    VHI_RANGE,
)

T = TypeVar("T", bound=np.generic)

INSIDE = (1e-4, 1 - 1e-4)
"""Shares are kept within these before a logit is taken."""

CANDIDATES = 4000
"""Patients drawn, among whom those of each kind of response are found."""

MEAN_SQUARE_CHANGE = (np.ptp(INTERCEPT_INTERVAL) / np.ptp(SLOPE_INTERVAL)) ** 2
"""Of SPARCC: the squared ratio of the two intervals' widths."""


def draw_levels(random: np.random.Generator, model: Model, kinds: Floats) -> tuple[Floats, Floats]:
    """Draw VHI and SPARCC, each (patients, 2 visits), of patients who respond as `kinds` say."""
    vhi, sparcc = draw_burdens(random, model, CANDIDATES)
    falls = np.stack([values[:, 1] < values[:, 0] for values in (vhi, sparcc)], axis=1)
    free = np.ones(len(vhi), bool)
    chosen = []
    for kind in kinds[:, 1:]:
        fits = free & ((falls == kind) | np.isnan(kind)).all(axis=1)
        if not fits.any():
            raise NotReachedError("no patient drawn responds as asked")
        chosen.append(int(fits.argmax()))
        free[chosen[-1]] = False
    return vhi[chosen], sparcc[chosen]


def correct_sparcc(drawn: Floats, kinds: Floats) -> Integers:
    """Return sums of two readers' scores with the range and the mean square change asked."""
    responds, known = kinds[:, 2] != 0, np.isfinite(kinds[:, 2])
    low, high = (round(2 * end) for end in SPARCC_RANGE)
    wanted = known.sum() * MEAN_SQUARE_CHANGE * 4
    levels = _Levels(2 * drawn, responds, float(low), float(high))

    def squares(values: Floats) -> tuple[Floats, Floats]:
        change, slopes = levels.changes(values)
        change = change * known
        return np.array([(change**2).sum()]), (2 * change * slopes).reshape(1, -1)

    scale = np.array([wanted])
    sums = np.rint(levels.levels(reach(levels.start, squares, scale, scale=scale))).astype(np.int64)
    # Only the visit with the smaller score changes now, which keeps the range and the sign.
    larger, least = sums.max(axis=1), responds.astype(int)
    change = np.maximum(larger - sums.min(axis=1), least)
    if (larger - low < least).any():
        raise NotReachedError("a responder has no SPARCC score before treatment")
    bounds = np.stack([least, larger - low], axis=1)
    bounds[levels.lowest] = larger[levels.lowest] - low
    change[known] = adjust_sums(
        change[known], *bounds[known].T, step=1,
        total=(0.0, np.inf),
        squares=(wanted, wanted * 5e-4),  # the slope's interval has four digits
    )  # fmt: skip
    return _in_order(larger, larger - change, responds)


def correct_vhi(drawn: Floats, sparcc: Integers, kinds: Floats) -> Integers:
    """Return sums of two readers' voxels with the range and the regression of changes asked."""
    known = np.isfinite(kinds[:, 2])
    x = np.where(known, (sparcc[:, 1] - sparcc[:, 0]) / 2, 0.0)
    n = int(known.sum())
    about = (x[known] ** 2).sum() - x[known].sum() ** 2 / n
    half = np.ptp(INTERCEPT_INTERVAL) / 2
    # Midway, so that the printed intercept and the ends of its interval are reached together.
    intercept = (INTERCEPT + np.mean(INTERCEPT_INTERVAL)) / 2
    error = half / stats.t.ppf(0.975, n - 2) / np.sqrt((x**2).sum() / n / about)
    fitted = known * (intercept + SLOPE * x)
    asked = np.array([fitted.sum(), (x * fitted).sum(), (fitted**2).sum() + (n - 2) * error**2])
    scale = np.array([n, np.sqrt(n * (x**2).sum()), 0.0]) * np.sqrt(asked[2] / n)
    scale[2] = asked[2]
    levels = _Levels(drawn, kinds[:, 1] == 1, *VHI_RANGE)

    def sums(values: Floats) -> tuple[Floats, Floats]:
        change, slopes = levels.changes(values)
        change = change * known
        measures = np.array([change.sum(), (x * change).sum(), (change**2).sum()])
        weights = np.stack([known * 1.0, known * x, 2 * change])
        return measures, (weights[:, None, :] * slopes).reshape(3, -1)

    reached = levels.levels(reach(levels.start, sums, asked, scale=scale))
    return np.rint(2 * reached).astype(np.int64)


class _Levels:
    """Patients' two visits as free numbers that keep range, sign of change, largest and smallest.

    The larger visit is a share of the range, the smaller one a share of the larger; both shares
    are free on the logit scale. The largest visit of all is the range's top, the smallest its
    bottom.
    """

    def __init__(self, drawn: Floats, falls: NDArray[np.bool_], low: float, high: float) -> None:
        larger, smaller = drawn.max(axis=1) - low, drawn.min(axis=1) - low
        self.low, self.span, self.falls = low, high - low, falls
        self.highest, self.lowest = int(larger.argmax()), int(smaller.argmin())
        shares = np.stack([larger / self.span, smaller / np.maximum(larger, 1e-9)])
        self.start = logit(np.clip(shares, *INSIDE)).ravel()

    def _shares(self, values: Floats) -> tuple[Floats, Floats]:
        first, second = expit(values).reshape(2, -1)
        first[self.highest], second[self.lowest] = 1.0, 0.0
        return first, second

    def levels(self, values: Floats) -> Floats:
        first, second = self._shares(values)
        larger, smaller = self.low + self.span * np.stack([first, first * second])
        return _in_order(larger, smaller, self.falls)

    def changes(self, values: Floats) -> tuple[Floats, Floats]:
        """Return after − before (patients,), and its derivatives by both shares (2, patients)."""
        first, second = self._shares(values)
        sign = np.where(self.falls, -1.0, 1.0) * self.span
        by_first = sign * first * (1 - first) * (1 - second)
        by_second = -sign * first * second * (1 - second)
        return sign * first * (1 - second), np.stack([by_first, by_second])


def _in_order(larger: NDArray[T], smaller: NDArray[T], falls: NDArray[np.bool_]) -> NDArray[T]:
    """Return (patients, before and after): the larger visit first where the measure falls."""
    return np.where(falls, (larger, smaller), (smaller, larger)).T
