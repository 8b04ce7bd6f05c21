"""Scores of masks against drawn masks: per slice, per scan, and on changed copies of the scans.

Nothing here trains a network, and nothing needs torch.
"""

from vhi.evaluation.robustness import change
from vhi.evaluation.scores import score_slices
from vhi.evaluation.threshold_effect import normal_bone_effect

__all__ = [
    "change",
    "normal_bone_effect",
    "score_slices",
]
