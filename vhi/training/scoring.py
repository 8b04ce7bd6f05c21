"""A network's probabilities and scores on whole scans, as training computes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from vhi.models.unet import UNet
from vhi.training.dataset import Example
from vhi.training.recipe import Recipe


@torch.inference_mode()
def probabilities(network: UNet, example: Example, *, device: str = "cpu") -> NDArray[np.float32]:
    """Return the network's probabilities, shape (n, rows, columns), one slice at a time."""
    network.eval()
    return np.stack(
        [
            torch.sigmoid(network(torch.from_numpy(image[None]).to(device)))[0, 0].cpu().numpy()
            for image in example.slices
        ]
    )


@torch.inference_mode()
def score(
    network: UNet, held_out: Sequence[Example], recipe: Recipe, device: str
) -> tuple[float | None, float | None]:
    """Return cross-entropy and Dice over all voxels of the held-out scans."""
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
            mask = logits > 0
            overlap += int((mask & truth).sum())
            total += int(mask.sum() + truth.sum())
            count += 1
    return entropy / count, 2 * overlap / total if total else 1.0
