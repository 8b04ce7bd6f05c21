"""Controls for pages and notebooks: move a slider, and picture, counts and volume follow.

A control's ES module (`js/`) does the computing, the same on a built page and in a notebook. Python
hands it the data, draws the picture that is shown where scripts are off, and, in a notebook, sends
other slices and counts in the whole scan. No rule of the method belongs here: Python's rules are
in `vhi.steps`, their JavaScript counterparts in `js/core.js`, and tests hold the two equal.
"""

from vhi.controls.cleaning import CleaningControl, CleaningGame
from vhi.controls.control import Control
from vhi.controls.normal_bone import NormalBoneControl
from vhi.controls.rounds import load_rounds
from vhi.controls.specks import SpeckControl
from vhi.controls.thresholds import ThresholdControl

__all__ = [
    "CleaningControl",
    "CleaningGame",
    "Control",
    "NormalBoneControl",
    "SpeckControl",
    "ThresholdControl",
    "load_rounds",
]
