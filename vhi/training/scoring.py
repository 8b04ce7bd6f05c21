"""A network's answers on whole scans, as training looks at them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from vhi.models.unet import UNet
from vhi.training.dataset import Example
from vhi.training.recipe import Recipe


def probabilities(network: UNet, example: Example, *, device: str = "cpu") -> NDArray[np.float32]:
    """Return the network's probabilities, shape (n, rows, columns), one slice at a time."""
    return slice_probabilities(network, example.slices, device=device)


@torch.inference_mode()
def slice_probabilities(
    network: UNet, slices: NDArray[np.float32], *, device: str = "cpu"
) -> NDArray[np.float32]:
    """Return probabilities, shape (n, rows, columns), of slices (n, channels, rows, columns)."""
    network.eval()
    return np.stack(
        [
            torch.sigmoid(network(torch.from_numpy(each[None]).to(device)))[0, 0].cpu().numpy()
            for each in slices
        ]
    )


@torch.inference_mode()
def score(
    network: UNet, held_out: Sequence[Example], recipe: Recipe, device: str
) -> tuple[float | None, float | None]:
    """Return cross-entropy and Dice over all voxels of the scans held out."""
    if not held_out:
        return None, None
    network.eval()
    entropy, overlap, total, count = 0.0, 0, 0, 0
    for example in held_out:
        for image, target in zip(example.slices, example.target, strict=True):
            with torch.autocast(
                torch.device(device).type, torch.bfloat16, enabled=recipe.precision == "bfloat16"
            ):
                logits = network(torch.from_numpy(image[None]).to(device))[0, 0].float().cpu()
            truth = torch.from_numpy(target > 0.5)
            entropy += functional.binary_cross_entropy_with_logits(logits, truth.float()).item()
            found = logits > 0
            overlap += int((found & truth).sum())
            total += int(found.sum() + truth.sum())
            count += 1
    return entropy / count, 2 * overlap / total if total else 1.0
