"""Scores of masks against drawn masks: per slice, per scan, and on changed copies of the scans.

Nothing here trains a network, and nothing needs torch.
"""

from vhi.evaluation.robustness import change
from vhi.evaluation.scores import normal_bone_effect, score_slices

__all__ = [
    "change",
    "normal_bone_effect",
    "score_slices",
]
