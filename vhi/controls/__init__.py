"""Controls for notebooks: move a slider, and the picture and the volume follow.

They are thin: every number comes from the same library function that `vhi.measure` calls. On a
page without a kernel an ES module computes the same on a few slices, and the same module shows the
control in a notebook; where scripts are off, its drawn twin shows two or three of its settings.
"""

from vhi.controls.cleaning import CleaningControl, cleaning_control
from vhi.controls.cleaning_game import CleaningGame, cleaning_game
from vhi.controls.control import Control
from vhi.controls.normal_bone import NormalBoneControl, normal_bone_control
from vhi.controls.specks import SpeckControl, speck_control
from vhi.controls.thresholds import ThresholdControl, threshold_control

__all__ = [
    "CleaningControl",
    "CleaningGame",
    "Control",
    "NormalBoneControl",
    "SpeckControl",
    "ThresholdControl",
    "cleaning_control",
    "cleaning_game",
    "normal_bone_control",
    "speck_control",
    "threshold_control",
]
