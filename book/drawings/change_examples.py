"""Each change of `vhi.training.augment` alone, at the end of its range, for inspection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import monai.transforms as mt
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vhi.training.augment import (
    POWER,
    ROTATION,
    SCALE,
    SHEAR,
    augmentation,
    marrow_pattern,
    soften,
    unstack,
)
from vhi.training.dataset import Example

FATTY, SCLEROTIC = 1.8, 0.4
"""Factors shown; training draws from a range on both sides of them."""


@dataclass(frozen=True, eq=False)
class ChangedSlice:
    """A slice and its target after one change.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
    target : ndarray, shape (rows, columns)
        Bool.
    """

    image: NDArray[np.float32]
    target: NDArray[np.bool_]


def change_slice(
    example: Example, index: int, *, kind: str, spacing_mm: float, seed: int
) -> ChangedSlice:
    """Return a slice after all changes of a kind, drawn at random as in training.

    Parameters
    ----------
    example, index
        The slice.
    kind
        ``"paper"`` or ``"robust"``.
    spacing_mm
        Of the example's slices.
    seed
        The same seed gives the same changes.
    """
    change = augmentation(kind, spacing_mm=spacing_mm)
    change.set_random_state(seed=seed)
    return _changed(change(_sample(example, index)))


def single_changes(
    example: Example, index: int, *, spacing_mm: float, seed: int = 1
) -> dict[str, dict[str, ChangedSlice]]:
    """Return a slice after each change alone: kind, then name, to slice.

    Parameters
    ----------
    example, index
        The slice.
    spacing_mm
        Of the example's slices.
    seed
        For changes whose range has no end: patches, bias field, noise, bending.
    """
    robust = {type(step).__name__: step for step in augmentation("robust").transforms}
    strong = [(1 + SCALE) ** -1 - 1] * 2
    changes: dict[str, dict[str, Callable[[Any], Any]]] = {
        "paper": {
            "turned": _geometry(spacing_mm, rotate_range=[(ROTATION, ROTATION)]),
            "larger": _geometry(spacing_mm, scale_range=[(factor, factor) for factor in strong]),
            "sheared": _geometry(spacing_mm, shear_range=[(SHEAR, SHEAR), (0.0, 0.0)]),
            "bent": _geometry(spacing_mm, bend=5.0),
            "mirrored": mt.Flipd(("image", "target", "bone"), spatial_axis=1),
            f"power {POWER[0]:g}": mt.AdjustContrastd("image", POWER[0]),
            f"power {POWER[1]:g}": mt.AdjustContrastd("image", POWER[1]),
        },
        "robust": {
            "fatty": _marrow("whole", FATTY, seed),
            "sclerotic": _marrow("whole", SCLEROTIC, seed),
            "patchy": _marrow("patchy", SCLEROTIC, seed),
            "blots": _marrow("blots", FATTY, seed),
            "bias field": _always(robust["RandBiasFieldd"]),
            "low resolution": mt.RandSimulateLowResolutiond(
                "image", prob=1.0, zoom_range=(0.35, 0.35), upsample_mode="bilinear"
            ),
            "noise": _always(robust["RandGaussianNoised"]),
        },
    }
    shown: dict[str, dict[str, ChangedSlice]] = {}
    for kind, steps in changes.items():
        shown[kind] = {}
        for name, step in steps.items():
            if isinstance(step, mt.Randomizable):
                step.set_random_state(seed=seed)
            shown[kind][name] = _changed(step(_sample(example, index)))
    return shown


def _geometry(spacing_mm: float, *, bend: float = 0.0, **ranges: Any) -> mt.Compose:
    pixels = 0.5952 / spacing_mm
    return mt.Compose(
        [
            mt.ConcatItemsd(("image", "target", "bone"), "stack"),
            mt.Rand2DElasticd(
                "stack",
                spacing=(28 * pixels, 28 * pixels),
                magnitude_range=(bend * pixels, bend * pixels),
                prob=1.0,
                mode="bilinear",
                padding_mode="zeros",
                **ranges,
            ),
            unstack,
        ]
    )


def _always(step: mt.RandomizableTransform) -> mt.RandomizableTransform:
    """Set the probability of a random change to 1."""
    step.prob = 1.0
    for inner in vars(step).values():
        if isinstance(inner, mt.RandomizableTransform):
            inner.prob = 1.0
    return step


def _marrow(
    pattern: str, factor: float, seed: int
) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    def change(sample: dict[str, Tensor]) -> dict[str, Tensor]:
        bone = sample["bone"][None]
        random = np.random.RandomState(seed)
        weight = marrow_pattern(pattern, (bone.shape[-2], bone.shape[-1]), random) * soften(bone)[0]
        return {**sample, "image": sample["image"] * (1 + (factor - 1) * weight)}

    return change


def _sample(example: Example, index: int) -> dict[str, Tensor]:
    return {
        "image": torch.from_numpy(example.slices[index].copy()),
        "target": torch.from_numpy(example.target[index][None].astype(np.float32)),
        "bone": torch.from_numpy(example.bone[index][None].astype(np.float32)),
    }


def _changed(sample: dict[str, Tensor]) -> ChangedSlice:
    image, target = (np.asarray(sample[key])[0] for key in ("image", "target"))
    return ChangedSlice(image, target > 0.5)
