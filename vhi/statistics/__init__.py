"""Numbers from arrays: overlap, agreement, response, failures. Knows nothing of the study.

The names here need numpy and scipy only. What rests on pandas, pingouin or statsmodels (extra
``study``) is imported from its module, which says so: `reliability`, `kappa`, `response`.
"""

from vhi.statistics.agreement import (
    LimitsOfAgreement,
    RatioLimits,
    limits_of_agreement,
    ratio_limits,
)
from vhi.statistics.composite import majority
from vhi.statistics.disagreement import Disagreement, disagreements
from vhi.statistics.failures import WorklistResult, worklist
from vhi.statistics.medians import MedianInterval, Summary, median_interval, summarise
from vhi.statistics.overlap import dice, precision, recall, volume_similarity
from vhi.statistics.regression import Line, deming, least_squares
from vhi.statistics.repeated import bootstrap_limits, repeated_limits
from vhi.statistics.sample_size import sample_size_for_limits
from vhi.statistics.surface import SurfaceDistances, surface_distances

__all__ = [
    "Disagreement",
    "LimitsOfAgreement",
    "Line",
    "MedianInterval",
    "RatioLimits",
    "Summary",
    "SurfaceDistances",
    "WorklistResult",
    "bootstrap_limits",
    "deming",
    "dice",
    "disagreements",
    "least_squares",
    "limits_of_agreement",
    "majority",
    "median_interval",
    "precision",
    "ratio_limits",
    "recall",
    "repeated_limits",
    "sample_size_for_limits",
    "summarise",
    "surface_distances",
    "volume_similarity",
    "worklist",
]
