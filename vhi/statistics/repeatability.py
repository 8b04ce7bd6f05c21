"""Test–retest repeatability: how far repeated measurements of one unchanged subject differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from vhi.statistics._pairs import NOWHERE, WIDTH, check_confidence

Ends = tuple[float, float]


@dataclass(frozen=True)
class Repeatability:
    """Repeatability of n subjects, each measured `repeats` times.

    `within_sd` is the within-subject SD, `coefficient` the repeatability coefficient, both in the
    values' unit: 95 % of the differences between two measurements of an unchanged subject are
    smaller. `within_cv` is the within-subject coefficient of variation and `coefficient_share` the
    repeatability coefficient as a share of the mean; both leave out `zeros` subjects whose mean is
    0.
    """

    n: int
    repeats: int
    zeros: int
    within_sd: float
    coefficient: float
    within_cv: float
    coefficient_share: float
    within_sd_interval: Ends = NOWHERE
    coefficient_interval: Ends = NOWHERE
    within_cv_interval: Ends = NOWHERE
    coefficient_share_interval: Ends = NOWHERE


def repeatability(values: ArrayLike, *, confidence: float = 0.95) -> Repeatability:
    r"""Return within-subject SD, coefficient of variation and repeatability coefficient.

    With :math:`s_i` and :math:`m_i` the SD and mean of the K measurements of subject i,

    .. math:: \mathrm{wSD} = \sqrt{\overline{s_i^2}}, \quad
              \mathrm{wCV} = \sqrt{\overline{s_i^2 / m_i^2}}, \quad
              \mathrm{RC} = 1.96 \sqrt 2\,\mathrm{wSD}, \quad
              \%\mathrm{RC} = 1.96 \sqrt 2\,\mathrm{wCV}.

    The SD suits a spread that is the same for all values, the coefficient of variation one that
    grows with the value. Intervals are those of a chi-squared variable with n (K - 1) degrees of
    freedom: they hold for normal errors of one size (of one relative size for wCV), and are too
    narrow otherwise. A mean difference between first and second measurements counts as error;
    `vhi.statistics.measurement_error` leaves it out.

    Parameters
    ----------
    values
        Finite numbers of 0 or more, shape (subjects, repeats), at least two repeats.
    confidence
        Of the intervals, above 0 and below 1.

    Returns
    -------
    Repeatability
        No subject: all NaN. No subject with a mean above 0: no coefficient of variation.

    Raises
    ------
    ValueError
        The values are not such a table, or `confidence` is out of range.

    References
    ----------
    Raunig et al. 2015, Statistical Methods in Medical Research 24:27; Obuchowski & Bullen 2018,
    Statistical Methods in Medical Research 27:3139 (intervals).

    Examples
    --------
    >>> result = repeatability([[9, 11], [20, 20]])
    >>> result.within_sd, round(result.within_cv, 3), round(result.coefficient, 3)
    (1.0, 0.1, 2.772)
    """
    check_confidence(confidence)
    table = np.asarray(values, float)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(f"values is a table of subjects × two or more; got shape {table.shape}")
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError("values must be finite and 0 or more; leave other subjects out")
    variances, means = table.var(axis=1, ddof=1), table.mean(axis=1)
    repeats, positive = table.shape[1], means > 0
    change = WIDTH * math.sqrt(2)
    sd, sd_interval = _root_mean(variances, repeats, confidence)
    shares = variances[positive] / means[positive] ** 2
    cv, cv_interval = _root_mean(shares, repeats, confidence)
    return Repeatability(
        len(table),
        repeats,
        int(np.count_nonzero(~positive)),
        sd,
        change * sd,
        cv,
        change * cv,
        sd_interval,
        (change * sd_interval[0], change * sd_interval[1]),
        cv_interval,
        (change * cv_interval[0], change * cv_interval[1]),
    )


def _root_mean(
    variances: NDArray[np.float64], repeats: int, confidence: float
) -> tuple[float, Ends]:
    """Return the root of the mean variance and its chi-squared interval."""
    if not len(variances):
        return math.nan, NOWHERE
    root, freedom = math.sqrt(float(variances.mean())), len(variances) * (repeats - 1)
    tails = chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], freedom)
    low, high = (root * np.sqrt(freedom / tails)).tolist()
    return root, (low, high)
