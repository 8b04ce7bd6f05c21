"""Numbers from arrays: overlap, agreement, response, failures. Knows nothing of the study.

Importing needs numpy and scipy only. `reliability`, `kappa`, `proportions` and `detection` import
pandas, pingouin or statsmodels (extra ``study``) when they are called.
"""

from vhi.statistics.agreement import (
    LimitsOfAgreement,
    RatioLimits,
    limits_of_agreement,
    ratio_limits,
)
from vhi.statistics.change import (
    expected_regression_to_mean,
    standardised_response_mean,
    upper_share,
)
from vhi.statistics.composite import majority
from vhi.statistics.coverage import coverage_note
from vhi.statistics.detection import DetectionLimit, limit_of_blank, limit_of_detection
from vhi.statistics.disagreement import Disagreement, disagreements
from vhi.statistics.failures import CLASSES, WorklistResult, worklist
from vhi.statistics.kappa import cohen_kappa, kappa_interval
from vhi.statistics.medians import MedianInterval, Summary, median_interval, summarise
from vhi.statistics.overlap import dice, precision, recall, volume_similarity
from vhi.statistics.proportions import exact_proportion, mcnemar
from vhi.statistics.regression import Line, deming, least_squares
from vhi.statistics.reliability import intraclass_correlations, measurement_error
from vhi.statistics.repeatability import Repeatability, repeatability
from vhi.statistics.repeated import repeated_limits
from vhi.statistics.response import responder_table
from vhi.statistics.rules import RULES, responders
from vhi.statistics.sample_size import limit_factors, sample_size_for_limits
from vhi.statistics.sparcc import JOINTS, QUADRANTS, SLICES, sparcc_score
from vhi.statistics.surface import SurfaceDistances, surface_distances

__all__ = [
    "CLASSES",
    "JOINTS",
    "QUADRANTS",
    "RULES",
    "SLICES",
    "DetectionLimit",
    "Disagreement",
    "LimitsOfAgreement",
    "Line",
    "MedianInterval",
    "RatioLimits",
    "Repeatability",
    "Summary",
    "SurfaceDistances",
    "WorklistResult",
    "cohen_kappa",
    "coverage_note",
    "deming",
    "dice",
    "disagreements",
    "exact_proportion",
    "expected_regression_to_mean",
    "intraclass_correlations",
    "kappa_interval",
    "least_squares",
    "limit_factors",
    "limit_of_blank",
    "limit_of_detection",
    "limits_of_agreement",
    "majority",
    "mcnemar",
    "measurement_error",
    "median_interval",
    "precision",
    "ratio_limits",
    "recall",
    "repeatability",
    "repeated_limits",
    "responder_table",
    "responders",
    "sample_size_for_limits",
    "sparcc_score",
    "standardised_response_mean",
    "summarise",
    "surface_distances",
    "upper_share",
    "volume_similarity",
    "worklist",
]
