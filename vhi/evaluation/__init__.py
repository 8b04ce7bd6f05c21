"""Scores of masks against drawn masks, and VHI against the truth of reference objects.

Nothing here trains a network, and nothing needs torch.
"""

from vhi.evaluation.reference_objects import measure_objects, truth_cleaned
from vhi.evaluation.reference_report import (
    Performance,
    draw_objects,
    performances_of,
    steps_of,
)
from vhi.evaluation.robustness import change
from vhi.evaluation.scores import normal_bone_effect, score_slices

__all__ = [
    "Performance",
    "change",
    "draw_objects",
    "measure_objects",
    "normal_bone_effect",
    "performances_of",
    "score_slices",
    "steps_of",
    "truth_cleaned",
]
