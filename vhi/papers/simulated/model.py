"""The stated model behind simulated cohorts: what is drawn before the printed numbers are met."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vhi.papers.simulated.targets import SPARCC_RANGE, VHI_RANGE

Floats = NDArray[np.float64]


CELLS = {
    # clinical response, VHI response, SPARCC response (None: no change known): patients,
    # for k from 0 to 3: the ways to share the printed counts among patients.
    (True, True, True): (8, 1),
    (True, True, False): (3, -1),
    (True, False, True): (4, -1),
    (True, False, False): (1, 1),
    (False, True, True): (6, -1),
    (False, True, False): (2, 1),
    (False, False, True): (0, 1),
    (False, False, False): (4, -1),
    (False, True, None): (1, 0),
}
"""Patients of each kind, and how many more for each step of k in `draw_kinds`.

From the printed counts (section 3.5): 16 of 29 clinical responders, of whom 11 respond by VHI and
12 by SPARCC; of 13 others 4 do not respond by VHI, and 6 of 12 not by SPARCC; VHI and SPARCC agree
in 19. Three ratings of 29 complete patients cannot agree in 15, 18 and 19; they do if one clinical
non-responder, a responder by VHI, has no SPARCC change. Then four tables are possible.
"""


@dataclass(frozen=True)
class Model:
    r"""How patients, scans and readers vary before the printed numbers are met.

    The burden of patient i before treatment is log-normal, or skewed on the log scale; treatment
    multiplies it:

    .. math:: \log m_{i0} = \log M + \sigma u_i, \quad
              \log m_{i1} = \log m_{i0} + \delta + \tau v_i

    with u skew-normal of mean 0 and variance 1, and v standard normal. M is `burden_voxels`, σ
    `burden_sd`, with `burden_skew` from −0.95 to 0.95; δ is `fall`, of which −0.7 halves, τ
    `visit_sd`.

    The mean SPARCC score of a scan grows with the burden in proportion at first and with its
    logarithm later, so that it levels off:

    .. math:: s = 47.5\, \frac{\log(1 + m / c)}{\log(1 + m_{max} / c)} + \omega w

    with c, `sparcc_bend_voxels`, the burden about which the growth bends, and ω, `sparcc_sd`, in
    points.

    Readers differ by

    .. math:: d = m^p (\beta\, g + t), \qquad d_s = s^q t

    with t of Student's distribution (`error_tails` degrees of freedom) and g the standardised log
    burden, both sizes scaled to the printed limits of agreement. p, `error_power`, is 0 where
    differences do not grow with VHI and 1 where they grow in proportion; on the eight scans whose
    cleaned masks are published it is about 0.3 (95 % −0.03 to 0.64, the slope of the differences'
    logarithms on those of the means). β is `error_trend`, q `sparcc_error_power`.

    Raises
    ------
    ValueError
        A number is not finite or out of its range.
    """

    burden_voxels: float = 12000.0
    burden_sd: float = 1.8
    burden_skew: float = 0.0
    fall: float = -0.8
    visit_sd: float = 1.2
    sparcc_bend_voxels: float = 500.0
    sparcc_sd: float = 4.0
    error_power: float = 0.3
    error_trend: float = 0.0
    error_tails: float = 6.0
    sparcc_error_power: float = 0.4

    def __post_init__(self) -> None:
        """Refuse impossible numbers."""
        above = ("burden_voxels", "sparcc_bend_voxels", "error_tails")
        not_below = ("burden_sd", "visit_sd", "sparcc_sd", "error_power", "sparcc_error_power")
        for name, value in vars(self).items():
            low = 0 if name in (*above, *not_below) else -math.inf
            if not math.isfinite(value) or value < low or (name in above and value == 0):
                wanted = "above 0" if name in above else "0 or more" if low == 0 else "finite"
                raise ValueError(f"{name} of a model must be {wanted}; got {value}")
        if abs(self.burden_skew) >= 1:
            raise ValueError(f"burden_skew must lie between -1 and 1; got {self.burden_skew}")


RANGES: dict[str, tuple[float, float]] = {
    "burden_voxels": (2000.0, 40000.0),
    "burden_sd": (1.2, 2.5),
    "burden_skew": (-0.95, 0.95),
    "fall": (-1.5, 0.0),
    "visit_sd": (0.7, 2.0),
    "sparcc_bend_voxels": (10.0, 100000.0),
    "sparcc_sd": (2.0, 7.0),
    "error_power": (0.0, 1.0),
    "error_trend": (-0.5, 0.5),
    "error_tails": (3.0, 30.0),
    "sparcc_error_power": (0.0, 1.0),
}
"""How widely the numbers of a model vary over many cohorts: uniform between the two, voxels on the
log scale. Judgement, not measurement."""


def random_model(random: np.random.Generator) -> Model:
    """Return a model of which everything varies within `RANGES`."""
    drawn = {}
    for name, ends in RANGES.items():
        if name.endswith("_voxels"):
            drawn[name] = float(np.exp(random.uniform(*np.log(ends))))
        else:
            drawn[name] = float(random.uniform(*ends))
    return Model(**drawn)


def draw_kinds(random: np.random.Generator) -> Floats:
    """Return each patient's clinical, VHI and SPARCC response (29, 3), in random order.

    1 yes, 0 no, NaN where no change is known. One of the four tables of `CELLS` is taken, each as
    likely.
    """
    k = int(random.integers(4))
    kinds = [kind for kind, (count, step) in CELLS.items() for _ in range(count + k * step)]
    return np.array(kinds, float)[random.permutation(len(kinds))]


def draw_burdens(random: np.random.Generator, model: Model, count: int) -> tuple[Floats, Floats]:
    """Draw patients: VHI in voxels and SPARCC, each (patients, 2 visits).

    Patients outside the printed range of VHI are left out, so that fewer than `count` may come.
    SPARCC scores are kept between 0 and the largest printed.
    """
    (fewest, most), largest = VHI_RANGE, SPARCC_RANGE[1]
    tilt = model.burden_skew
    half, whole = np.abs(random.standard_normal(count)), random.standard_normal(count)
    skewed = tilt * half + np.sqrt(1 - tilt**2) * whole
    mean, variance = tilt * np.sqrt(2 / np.pi), 1 - 2 * tilt**2 / np.pi
    before = np.log(model.burden_voxels) + model.burden_sd * (skewed - mean) / np.sqrt(variance)
    after = before + model.fall + model.visit_sd * random.standard_normal(count)
    burden = np.exp(np.clip(np.stack([before, after], axis=1), -700, 700))
    burden = burden[((burden > fewest) & (burden < most)).all(axis=1)]
    bend = model.sparcc_bend_voxels
    share = np.log1p(burden / bend) / np.log1p(most / bend)
    noise = model.sparcc_sd * random.standard_normal(burden.shape)
    return burden, np.clip(largest * share + noise, 0, largest)
