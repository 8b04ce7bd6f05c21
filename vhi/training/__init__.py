"""One trainer for every network: from cases with masks to a folder with weights and their record.

`recipe` decides the weights, `dataset` loads the data, `train` computes, `folder` keeps a
training on disk, `export` makes the files that `vhi.segmentation` runs. Architectures belong into
`vhi.models`, scores on whole scans into `vhi.evaluation`.
"""

from typing import Any

from vhi.training.curves import HELD_OUT_COLOUR, TRAINING_COLOUR, draw_curves
from vhi.training.dataset import STUDY_TEST, load_example, split
from vhi.training.recipe import PAPER, Recipe

__all__ = [
    "HELD_OUT_COLOUR",
    "PAPER",
    "STUDY_TEST",
    "TRAINING_COLOUR",
    "Recipe",
    "draw_curves",
    "load_example",
    "parameter_count",
    "probabilities",
    "split",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vhi.models.unet import parameter_count
    from vhi.training.loop import train
    from vhi.training.scoring import probabilities

    return {f.__name__: f for f in (parameter_count, probabilities, train)}[name]
