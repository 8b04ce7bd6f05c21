"""Where a training stands, on disk: written whole, read only for the same recipe and data."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import monai
import torch
from torch import nn

from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.training.curves import CurveRow
from vhi.training.recipe import Recipe

CHECKPOINT = "checkpoint.pt"
"""The file's name in a training's folder."""


@dataclass
class Standing:
    """How far a training has come, beside the weights and the optimiser's state.

    Attributes
    ----------
    step : int
        Steps done.
    losses : list of float
        Of the steps since the last row of the curve.
    curve : list of CurveRow
    seconds : float
        Spent on the steps done, over all sittings.
    """

    step: int = 0
    losses: list[float] = field(default_factory=list)
    curve: list[CurveRow] = field(default_factory=list)
    seconds: float = 0.0


def write_checkpoint(
    path: Path,
    recipe: Recipe,
    data_sha256: str,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    standing: Standing,
) -> None:
    """Write where the training stands: the old file or the new one, never a part."""
    content = io.BytesIO()
    torch.save(
        {
            "recipe": recipe.to_json(),
            "data_sha256": data_sha256,
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": standing.step,
            "losses": standing.losses,
            "curve": [astuple(row) for row in standing.curve],
            "seconds": standing.seconds,
        },
        content,
    )
    write_whole(path, content.getvalue())


def read_checkpoint(
    path: Path,
    recipe: Recipe,
    data_sha256: str,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
) -> Standing:
    """Put weights and optimiser back to where the training stood, and return how far that is.

    Raises
    ------
    InputError
        The file is no checkpoint, or one of another recipe or other data.
    """
    state, there = _load(path)
    for name, same in (
        ("another recipe", there == recipe),
        ("other training data", state.get("data_sha256") == data_sha256),
    ):
        if not same:
            raise InputError(
                f"{path}: belongs to {name}; name another folder, or remove it to start afresh"
            )
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    curve = [CurveRow(*row) for row in state["curve"]]
    return Standing(state["step"], list(state["losses"]), curve, state.get("seconds", 0.0))


def steps_done(path: Path) -> int:
    """Return the step that a checkpoint stands at; 0 where there is none.

    Raises
    ------
    InputError
        The file is no checkpoint.
    """
    return int(_load(path)[0]["step"]) if path.exists() else 0


def sittings(
    earlier: Mapping[str, Any], recipe: Recipe, device: str, *, done: int, steps: int
) -> list[dict[str, Any]]:
    """Return on what a training's steps were made, sitting by sitting, this one last.

    Parameters
    ----------
    earlier
        The record that the sitting before left; empty where there was none.
    recipe, device
        Of this sitting.
    done, steps
        Done so far and to do in all, over all runs. What was done after the last checkpoint of a
        sitting is made anew.
    """
    sitting = {
        "from_step": done,
        "device": device,
        "torch": str(torch.__version__),
        "monai": monai.__version__,
        "threads": recipe.threads,
    }
    kept = [each for each in earlier.get("sittings", []) if each["from_step"] < done]
    if not kept and done:  # a record from before sittings were kept names one device and torch
        kept = [{**{name: earlier.get(name) for name in sitting}, "from_step": 0}]
    return kept if done == steps else [*kept, sitting]


def _load(path: Path) -> tuple[dict[str, Any], Recipe]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state, Recipe.from_json(state["recipe"])
    except Exception as error:
        raise InputError(f"{path}: is no checkpoint; remove it to start afresh") from error
