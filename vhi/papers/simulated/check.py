"""The numbers that the preprint prints of its 29 patients, compared with a simulated cohort's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vhi.papers.simulated import targets
from vhi.papers.simulated.cohort import SPARCC, VHI, Cohort
from vhi.statistics.agreement import limits_of_agreement
from vhi.statistics.failures import worklist
from vhi.statistics.regression import least_squares

if TYPE_CHECKING:
    import pandas as pd

Number = tuple[str, float, float, int]  # quantity, asked, reached, decimals


def asked_and_reached(table: pd.DataFrame) -> pd.DataFrame:
    """Compare each printed number with a cohort's.

    Parameters
    ----------
    table
        From `vhi.papers.simulated.simulate_cohort`: two rows per patient, before and after.

    Returns
    -------
    pandas.DataFrame
        ``quantity``; ``asked`` and ``reached`` as text, with the printed number of decimals;
        ``agrees`` where they are the same.
    """
    import pandas as pd

    cohort = Cohort(table)
    vhi, sparcc = cohort.pairs(VHI), cohort.pairs(SPARCC)
    vhi_asked = (targets.VHI_BIAS, *targets.VHI_LIMITS, *targets.VHI_RANGE)
    sparcc_asked = (targets.SPARCC_BIAS, *targets.SPARCC_LIMITS, *targets.SPARCC_RANGE)
    numbers = [
        *_agreement("VHI", "voxels", vhi, vhi_asked, decimals=0),
        ("scans beyond 2 SD from 0", targets.VHI_BEYOND, worklist(*vhi).flagged.sum(), 0),
        *_agreement("SPARCC", "points", sparcc, sparcc_asked, decimals=1),
        *_counts(cohort),
        *_regression(cohort),
    ]
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


def _regression(cohort: Cohort) -> list[Number]:
    vhi, sparcc = cohort.changes_of_both()
    line = least_squares(sparcc, vhi)
    slope, intercept = targets.SLOPE_INTERVAL, targets.INTERCEPT_INTERVAL
    return [
        ("slope of changes, voxels per point", targets.SLOPE, line.slope, 0),
        ("slope: lower end", slope[0], line.slope_interval[0], 0),
        ("slope: upper end", slope[1], line.slope_interval[1], 0),
        ("intercept of changes, voxels", targets.INTERCEPT, line.intercept, 0),
        ("intercept: lower end", intercept[0], line.intercept_interval[0], 0),
        ("intercept: upper end", intercept[1], line.intercept_interval[1], 0),
        ("slope: P", 0.0003, line.slope_p, 4),
        ("intercept: P", 0.88, line.intercept_p, 2),
    ]


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
