"""The smallest amount that is found nearly always: limit of blank and limit of detection."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from vhi.statistics._pairs import NOWHERE, check_confidence, checked_pairs

SHARE = 0.95
"""Share of blanks below the limit of blank, and of amounts at the limit of detection above it."""


@dataclass(frozen=True)
class DetectionLimit:
    """The amount that is found in 95 % of n trials, of which `found` were; NaN with a `reason`."""

    n: int
    found: int
    limit: float
    interval: tuple[float, float] = NOWHERE
    reason: str = ""


def limit_of_blank(blanks: ArrayLike) -> float:
    """Return the value that 95 % of measurements without anything to find do not exceed.

    The smallest of the `blanks` that at least 95 % of them do not exceed: no distribution is
    assumed. NaN without blanks.

    References
    ----------
    CLSI EP17-A2, 2012 (nonparametric option).

    Examples
    --------
    >>> limit_of_blank(range(1, 101))
    95.0
    """
    values = np.sort(np.asarray(blanks, float).ravel())
    return float(values[math.ceil(SHARE * len(values)) - 1]) if len(values) else math.nan


def limit_of_detection(
    amounts: ArrayLike, found: ArrayLike, *, confidence: float = 0.95
) -> DetectionLimit:
    r"""Return the smallest amount that is found in 95 % of trials.

    A probit line in the amount's logarithm, :math:`\Phi^{-1}(p) = a + b \log x`, is fitted to all
    trials; the limit is where p = 0.95, its interval by the delta method on the logarithm.

    Parameters
    ----------
    amounts
        True amounts, above 0.
    found
        For each whether it was found, such as measured above the limit of blank.
    confidence
        Of the interval, above 0 and below 1.

    Returns
    -------
    DetectionLimit
        Where every amount below some amount is missed and every larger one found, the limit is
        the geometric mean of the largest missed and the smallest found, and these two are its
        interval. Without a limit: all found, none found, chances that do not rise, or a limit above
        the largest amount.

    Raises
    ------
    ValueError
        The lists differ in length, or an amount is not a finite number above 0.

    References
    ----------
    CLSI EP17-A2, 2012 (probit approach); as a term of imaging: Kessler et al. 2015, Statistical
    Methods in Medical Research 24:9. Computed by statsmodels.

    Examples
    --------
    >>> limit_of_detection([1, 2, 3, 12, 20], [0, 0, 0, 1, 1]).limit
    6.0
    """
    check_confidence(confidence)
    x, y = checked_pairs(amounts, found, names=("amounts", "found"))
    if (x <= 0).any():
        raise ValueError(f"amounts must be above 0; got {x.min():g}")
    seen = y > 0
    n, count = len(x), int(np.count_nonzero(seen))
    if count in (0, n):
        reason = "every amount was found" if count else "no amount was found"
        return DetectionLimit(n, count, math.nan, reason=reason if n else "no amounts")
    missed, smallest = float(x[~seen].max()), float(x[seen].min())
    if missed < smallest:
        return DetectionLimit(n, count, math.sqrt(missed * smallest), (missed, smallest))
    if float(x[seen].max()) <= float(x[~seen].min()):
        return DetectionLimit(n, count, math.nan, reason="larger amounts are not found more often")
    import statsmodels.api as sm

    design = sm.add_constant(np.log(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # probabilities of 0 and 1 far from the limit
        fit = sm.GLM(seen.astype(float), design, sm.families.Binomial(sm.families.links.Probit()))
        result = fit.fit()
    a, b = (float(value) for value in result.params)
    if b <= 0:
        return DetectionLimit(n, count, math.nan, reason="larger amounts are not found more often")
    log_limit = (float(norm.ppf(SHARE)) - a) / b
    if log_limit > math.log(x.max()):
        reason = f"above the largest amount, {x.max():g}"
        return DetectionLimit(n, count, math.nan, reason=reason)
    gradient = np.array([-1 / b, -log_limit / b])
    error = math.sqrt(float(gradient @ np.asarray(result.cov_params()) @ gradient))
    half = float(norm.ppf((1 + confidence) / 2)) * error
    limits = (math.exp(log_limit - half), math.exp(log_limit + half))
    return DetectionLimit(n, count, math.exp(log_limit), limits)
