"""A recipe: everything that decides a network's weights, kept in one record beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vhi.errors import InputError
from vhi.segmentation.registry import CHANNELS, DISEASE_REGION

if TYPE_CHECKING:
    from vhi.models.unet import UNet


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained.

    Attributes
    ----------
    task : str
        ``"disease-region"`` or ``"normal-bone"``.
    filters, kernel, block
        See `vhi.models.unet.UNet`.
    spacing_mm : float
        In-plane spacing of the slices that the network reads.
    neighbours : int
        Slices on either side that the network reads together with a slice; 0 for none.
    steps, batch : int
        Updates of the weights, and slices per update.
    learning_rate, weight_decay : float
        Of AdamW (Adam where the decay is 0).
    schedule : str
        ``"constant"``, or ``"one-cycle"``: up over the first tenth, down to 0 along a cosine.
    loss : str
        ``"bce"``, binary cross-entropy, or ``"bce+dice"``.
    average : float
        Share of the running mean of the weights that an update leaves; the mean is the network. 0:
        the network is the last update's.
    positive_weight : float
        Weight of the target's pixels in the cross-entropy; above 1 for a target so small that an
        empty mask would score well.
    augmentation : str
        ``"paper"``, ``"robust"`` or ``"wide"``, see `vhi.training.augment`.
    precision : str
        ``"float32"`` or ``"bfloat16"`` (faster where the machine has it).
    starts_from : str
        SHA-256 of the initial weights (`vhi.training.loop.weights_sha256`); empty for random
        ones.
    seed, threads : int
        The same recipe on the same machine gives the same weights; another number of threads
        adds in another order and does not.
    """

    task: str = DISEASE_REGION
    filters: tuple[int, ...] = (16, 32, 64, 96, 128)
    kernel: int = 3
    block: int = 2
    spacing_mm: float = 0.92
    neighbours: int = 0
    steps: int = 6000
    batch: int = 4
    learning_rate: float = 0.003
    weight_decay: float = 0.01
    schedule: str = "one-cycle"
    loss: str = "bce+dice"
    average: float = 0.0
    positive_weight: float = 1.0
    augmentation: str = "robust"
    precision: str = "bfloat16"
    starts_from: str = ""
    seed: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        for name, (expected, fits) in RULES.items():
            value = getattr(self, name)
            if not fits(value):
                raise InputError(f"{name} must be {expected}; got {value!r}")

    @property
    def channels(self) -> tuple[str, ...]:
        """Images of one slice, in order."""
        return CHANNELS[self.task]

    @property
    def multiple(self) -> int:
        """Rows and columns must be a multiple of this (as `UNet.multiple`)."""
        return self.block * 2 ** (len(self.filters) - 1)

    def build(self) -> UNet:
        """Return the recipe's network, untrained."""
        from vhi.models.unet import UNet

        images = len(self.channels) * (2 * self.neighbours + 1)
        return UNet(images, self.filters, self.kernel, self.block)

    def record(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return {**asdict(self), "filters": list(self.filters)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Recipe:
        """Return the recipe of a record; absent fields get their default, unknown ones raise."""
        names = [field.name for field in fields(cls)]
        unknown = sorted(set(record) - set(names))
        if unknown:
            raise InputError(
                f"{', '.join(unknown)}: not a field of a recipe; use {', '.join(names)}"
            )
        values = dict(record)
        if isinstance(values.get("filters"), list):
            values["filters"] = tuple(values["filters"])
        return cls(**values)

    def with_(self, **changes: Any) -> Recipe:
        """Return the recipe with some fields changed."""
        return replace(self, **changes)


def _whole(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0


def _one_of(*choices: str) -> tuple[str, Callable[[Any], bool]]:
    return " or ".join(choices), lambda value: value in choices


RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "task": _one_of(*CHANNELS),
    "schedule": _one_of("constant", "one-cycle"),
    "loss": _one_of("bce", "bce+dice"),
    "augmentation": _one_of("paper", "robust", "wide"),
    "precision": _one_of("float32", "bfloat16"),
    "filters": (
        "a list of two or more whole numbers",
        lambda value: isinstance(value, tuple) and len(value) > 1 and all(map(_whole, value)),
    ),
    "kernel": ("an odd whole number", lambda value: _whole(value) and value % 2 == 1),
    **dict.fromkeys(
        ("block", "steps", "batch", "threads"), ("a whole number of at least 1", _whole)
    ),
    **dict.fromkeys(
        ("seed", "neighbours"), ("a whole number of at least 0", lambda value: _whole(value, 0))
    ),
    "average": ("a number of at least 0 and below 1", lambda value: _number(value) and value < 1),
    **dict.fromkeys(("weight_decay", "positive_weight"), ("a number of at least 0", _number)),
    **dict.fromkeys(
        ("spacing_mm", "learning_rate"),
        ("a number above 0", lambda value: _number(value) and value > 0),
    ),
    "starts_from": ("a text", lambda value: isinstance(value, str)),
}
"""What each field must be, in words and as a test."""

PAPER = Recipe(
    filters=(16, 32, 64, 128),
    block=1,
    spacing_mm=0.5952,
    steps=60 * 350,
    batch=4,
    learning_rate=0.001,
    weight_decay=0.0,
    schedule="constant",
    loss="bce",
    augmentation="paper",
    precision="float32",
)
"""The paper's network and training (section 2.5.3): 60 epochs of 350 steps."""

RECIPES = {"default": Recipe(), "paper": PAPER}


def read_recipe(name: str, **changes: Any) -> Recipe:
    """Return a recipe by its name or from a file, with some fields changed.

    `name`: ``default``, ``paper``, or a JSON file such as a training's ``recipe.json``. Fields that
    a file leaves out are those of ``default``. `**changes`: new values of fields; None changes
    nothing.
    InputError: there is no such recipe or file, it is not JSON, or a field is unknown or has a
    value that makes no sense.
    """
    changes = {field: value for field, value in changes.items() if value is not None}
    if name in RECIPES:
        return RECIPES[name].with_(**changes)
    path = Path(name)
    if not path.is_file():
        raise InputError(
            f"{name!r} is not a recipe; use {', '.join(RECIPES)}, or the path of a JSON file"
        )
    try:
        record = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error}); write it like recipe.json") from error
    if not isinstance(record, dict):
        raise InputError(f'{path}: must be an object such as {{"steps": 500}}')
    try:
        return Recipe.from_record(record).with_(**changes)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
