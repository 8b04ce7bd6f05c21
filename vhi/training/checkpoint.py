"""The state of a training on disk: written whole, read only for the same recipe and data."""

from __future__ import annotations

import io
import json
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel

from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.models.unet import UNet
from vhi.training.curves import CurveRow
from vhi.training.recipe import Recipe

CHECKPOINT = "checkpoint.pt"
"""The file's name in a training's folder."""


@dataclass(eq=False)
class TrainingState:
    """A training between two steps.

    `losses` are those since the last row of the curve; `seconds` were spent on all steps done;
    `mean` is the running mean of the weights where the recipe asks for one.
    """

    network: UNet
    optimiser: torch.optim.Optimizer
    step: int = 0
    losses: list[float] = field(default_factory=list)
    curve: list[CurveRow] = field(default_factory=list)
    seconds: float = 0.0
    mean: AveragedModel | None = None

    @property
    def answering(self) -> UNet:
        """The network that answers: the mean where there is one."""
        return averaged_network(self.mean) if self.mean else self.network

    def save(self, path: Path, recipe: Recipe, data_sha256: str) -> None:
        """Write a checkpoint: the old file or the new one, never a part."""
        content = io.BytesIO()
        torch.save(
            {
                "recipe": json.dumps(recipe.record()),
                "data_sha256": data_sha256,
                "network": self.network.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "losses": self.losses,
                "curve": [astuple(row) for row in self.curve],
                "seconds": self.seconds,
                **({"mean": self.mean.state_dict()} if self.mean else {}),
            },
            content,
        )
        write_whole(path, content.getvalue())

    def load(self, path: Path, recipe: Recipe, data_sha256: str) -> None:
        """Go back to the state of a checkpoint.

        InputError: the file is not a checkpoint, or one of another recipe or other data.
        """
        state, its_recipe = _read(path)
        for name, same in (
            ("another recipe", its_recipe == recipe),
            ("other training data", state.get("data_sha256") == data_sha256),
        ):
            if not same:
                raise InputError(
                    f"{path}: belongs to {name}; name another folder, or remove it to start afresh"
                )
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.mean:
            self.mean.load_state_dict(state["mean"])
        self.step, self.losses, self.seconds = state["step"], state["losses"], state["seconds"]
        self.curve = [CurveRow(*row) for row in state["curve"]]


def averaged_network(mean: AveragedModel) -> UNet:
    """Return the network whose weights are the running mean."""
    assert isinstance(mean.module, UNet)
    return mean.module


def steps_done(path: Path) -> int:
    """Return the number of steps in a checkpoint, 0 where there is none.

    InputError: the file is not a checkpoint.
    """
    return int(_read(path)[0]["step"]) if path.exists() else 0


def trained_network(path: Path) -> tuple[UNet, Recipe]:
    """Return the network of a finished training's checkpoint, and its recipe.

    InputError: the file is not a checkpoint, or the training is not finished.
    """
    state, recipe = _read(path)
    if state["step"] != recipe.steps:
        raise InputError(f"{path}: stopped after {state['step']} steps; finish the training")
    network = recipe.build()
    if recipe.average:
        mean = AveragedModel(network)
        mean.load_state_dict(state["mean"])
        network = averaged_network(mean)
    else:
        network.load_state_dict(state["network"])
    return network.eval(), recipe


def _read(path: Path) -> tuple[dict[str, Any], Recipe]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state, Recipe.from_record(json.loads(state["recipe"]))
    except Exception as error:
        raise InputError(f"{path}: is not a checkpoint; remove it to start afresh") from error
