"""The numbers that the preprint prints of its 29 patients, compared with a simulated cohort's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vhi.papers.simulated.cohort import SPARCC, VHI, Cohort
from vhi.papers.simulated.patients import Targets
from vhi.statistics.agreement import limits_of_agreement
from vhi.statistics.failures import worklist
from vhi.statistics.regression import least_squares

if TYPE_CHECKING:
    import pandas as pd

Number = tuple[str, float, float, int]  # quantity, asked, reached, decimals


def asked_and_reached(table: pd.DataFrame, targets: Targets | None = None) -> pd.DataFrame:
    """Compare each printed number with a cohort's.

    Parameters
    ----------
    table
        From `vhi.papers.simulated.simulate_cohort`: two rows per patient, before and after.
    targets
        Those that the cohort was made for.

    Returns
    -------
    pandas.DataFrame
        ``quantity``; ``asked`` and ``reached`` as text, with the printed number of decimals;
        ``agrees`` where they are the same.
    """
    import pandas as pd

    targets, cohort = targets or Targets(), Cohort(table)
    numbers = [
        *_agreement(
            "VHI", "voxels", cohort.pairs(VHI),
            (targets.vhi_bias, *targets.vhi_limits, *targets.vhi_range), decimals=0,
        ),
        ("scans beyond 2 SD from 0", targets.vhi_beyond,
         worklist(*cohort.pairs(VHI)).flagged.sum(), 0),
        *_agreement(
            "SPARCC", "points", cohort.pairs(SPARCC),
            (targets.sparcc_bias, *targets.sparcc_limits, *targets.sparcc_range), decimals=1,
        ),
        *_counts(cohort),
        *_regression(cohort, targets),
    ]  # fmt: skip
    rows = [
        (quantity, f"{asked:z.{decimals}f}", f"{reached:z.{decimals}f}")
        for quantity, asked, reached, decimals in numbers
    ]
    result = pd.DataFrame(rows, columns=["quantity", "asked", "reached"])
    return result.assign(agrees=result["asked"] == result["reached"])


def _agreement(
    name: str, unit: str, pairs: np.ndarray, asked: tuple[float, ...], *, decimals: int
) -> list[Number]:
    limits, means = limits_of_agreement(*pairs, interval="approximate"), pairs.mean(axis=0)
    reached = (limits.bias, limits.lower, limits.upper, means.min(), means.max())
    quantities = ("bias", "lower limit of agreement", "upper limit of agreement",
                  "smallest mean of readers", "largest mean of readers")  # fmt: skip
    digits = (decimals, decimals, decimals, 1, 1)
    return [
        (f"{name}: {quantity}, {unit}", *numbers)
        for quantity, *numbers in zip(quantities, asked, reached, digits, strict=True)
    ]


def _regression(cohort: Cohort, targets: Targets) -> list[Number]:
    vhi, sparcc = cohort.changes_of_both()
    line = least_squares(sparcc, vhi)
    numbers: list[Number] = []
    for name, unit in (("slope", "voxels per point"), ("intercept", "voxels")):
        low, high = getattr(targets, f"{name}_interval")
        reached_low, reached_high = getattr(line, f"{name}_interval")
        numbers += [
            (f"{name} of changes, {unit}", getattr(targets, name), getattr(line, name), 0),
            (f"{name}: lower end", low, reached_low, 0),
            (f"{name}: upper end", high, reached_high, 0),
        ]
    if targets == Targets():  # other targets have no printed P
        numbers += [
            ("slope: P", 0.0003, line.slope_p, 4),
            ("intercept: P", 0.88, line.intercept_p, 2),
        ]
    return numbers


def _counts(cohort: Cohort) -> list[Number]:
    """Return the printed counts of responders, and the cohort's (section 3.5)."""
    clinical, vhi, sparcc = cohort.clinical, cohort.responses(VHI), cohort.responses(SPARCC)
    counts = [
        ("patients", 29, clinical | ~clinical),
        ("clinical responders", 16, clinical),
        ("of 16 clinical responders, by VHI", 11, clinical & (vhi == 1)),
        ("of 16 clinical responders, by SPARCC", 12, clinical & (sparcc == 1)),
        ("of 13 clinical non-responders, not by VHI", 4, ~clinical & (vhi == 0)),
        ("clinical non-responders with a SPARCC change", 12, ~clinical & np.isfinite(sparcc)),
        ("of 12 clinical non-responders, not by SPARCC", 6, ~clinical & (sparcc == 0)),
        ("VHI and clinical response agree", 15, clinical == vhi),
        ("SPARCC and clinical response agree", 18, clinical == sparcc),
        ("SPARCC and VHI agree", 19, vhi == sparcc),
    ]
    return [(quantity, asked, int(reached.sum()), 0) for quantity, asked, reached in counts]
