"""Everything that decides how a network is made, in one record that travels with its weights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from vhi.errors import InputError
from vhi.segmentation.tasks import CHANNELS, DISEASE_REGION, NORMAL_BONE


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
        In-plane spacing of the slices it sees.
    steps, batch : int
        Updates of the weights, and slices in each.
    learning_rate, weight_decay : float
        Of AdamW (Adam where the decay is 0).
    schedule : str
        ``"constant"``, or ``"one-cycle"``: up over the first tenth, down to 0 along a cosine.
    loss : str
        ``"bce"``, binary cross-entropy, or ``"bce+dice"``.
    positive_weight : float
        Weight of the target's pixels in the cross-entropy; more than 1 where the target is so
        small that finding nothing would be nearly right.
    augmentation : str
        ``"paper"``, or ``"robust"``: more than that, see `vhi.training.augment`.
    precision : str
        ``"float32"`` or ``"bfloat16"`` (faster where the machine has it).
    starts_from : str
        SHA-256 of the weights that training starts from (`vhi.training.train.weights_sha256`);
        empty where it starts from none.
    seed, threads : int
        The same recipe on the same machine gives the same weights; another number of threads
        adds in another order and does not.
    """

    task: str = DISEASE_REGION
    filters: tuple[int, ...] = (16, 32, 64, 96, 128)
    kernel: int = 3
    block: int = 2
    spacing_mm: float = 0.92
    steps: int = 6000
    batch: int = 4
    learning_rate: float = 0.003
    weight_decay: float = 0.01
    schedule: str = "one-cycle"
    loss: str = "bce+dice"
    positive_weight: float = 1.0
    augmentation: str = "robust"
    precision: str = "bfloat16"
    starts_from: str = ""
    seed: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        for name, allowed in {
            "task": tuple(CHANNELS),
            "schedule": ("constant", "one-cycle"),
            "loss": ("bce", "bce+dice"),
            "augmentation": ("paper", "robust"),
            "precision": ("float32", "bfloat16"),
        }.items():
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name} {getattr(self, name)!r} is unknown; choose from {', '.join(allowed)}"
                )
        for name in ("steps", "batch", "threads", "block", "kernel"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1; got {getattr(self, name)}")
        if len(self.filters) < 2 or min(self.filters) < 1:
            raise InputError(f"filters must name two levels or more; got {self.filters}")

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the images a slice is shown in."""
        return CHANNELS[self.task]

    @property
    def multiple(self) -> int:
        """Rows and columns must be a multiple of this (as `UNet.multiple`)."""
        return self.block * 2 ** (len(self.filters) - 1)

    def to_json(self) -> str:
        """Return the record as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return the recipe that `to_json` wrote; unknown fields are an error."""
        record: dict[str, Any] = json.loads(text)
        unknown = set(record) - {field.name for field in fields(cls)}
        if unknown:
            raise InputError(f"the recipe has unknown fields: {', '.join(sorted(unknown))}")
        return cls(**{**record, "filters": tuple(record["filters"])})

    def with_(self, **changes: Any) -> Recipe:
        """Return the recipe with some fields changed."""
        return replace(self, **changes)


FURTHER = Recipe(steps=750, learning_rate=0.001)
"""How a trained network takes in further subjects: a second, shorter and gentler cycle."""

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

NORMAL_BONE_RECIPE = Recipe(
    task=NORMAL_BONE,
    filters=(16, 32, 48, 64),
    block=1,
    spacing_mm=2.4,
    steps=600,
    batch=8,
    loss="bce",
    positive_weight=50.0,
)
"""Where in the scan readers take normal bone: a place, not an outline, so coarse slices do."""
