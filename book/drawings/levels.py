"""Numbers of a U-Net: resolution and field of view of each level, pixels that affect an output."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from vhi.models.unet import UNet
from vhi.training.recipe import Recipe


@dataclass(frozen=True)
class Level:
    """One level on the way down.

    Attributes
    ----------
    filters : int
        Numbers kept at each position.
    rows, columns : int
        Positions.
    spacing_mm : float
        Distance between positions.
    field_mm : float
        Side of the square of the slice that affects one position.
    """

    filters: int
    rows: int
    columns: int
    spacing_mm: float
    field_mm: float


def levels_of(recipe: Recipe, rows: int, columns: int) -> list[Level]:
    """Return the levels of a recipe's network, from fine to coarse, for slices of some size.

    A convolution widens the field by (kernel - 1) positions, halving the resolution by one.

    Parameters
    ----------
    recipe
        Filters, kernel, block and spacing count.
    rows, columns
        Of the slices, multiples of `Recipe.multiple`.
    """
    levels, step, field = [], recipe.block, recipe.block
    for index, filters in enumerate(recipe.filters):
        if index:
            field += step
            step *= 2
        field += 2 * (recipe.kernel - 1) * step
        spacing_mm = step * recipe.spacing_mm
        levels.append(
            Level(filters, rows // step, columns // step, spacing_mm, field * recipe.spacing_mm)
        )
    return levels


def pixels_seen(recipe: Recipe, rows: int, columns: int) -> tuple[int, int]:
    """Return how many rows and columns of a slice affect the output at its middle.

    A pixel counts where the gradient of that output is not 0. Weights are set so that nothing
    cancels and no position is switched off, and the largest of four positions is replaced by
    their mean, which depends on the same pixels.
    """
    network = UNet(len(recipe.channels), recipe.filters, recipe.kernel, recipe.block).eval()
    network.halve = nn.AvgPool2d(2)  # type: ignore[assignment]
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.fill_(1 / module.weight[0].numel())
                assert module.bias is not None
                module.bias.zero_()
    slices = torch.ones(1, len(recipe.channels), rows, columns, requires_grad=True)
    network(slices)[0, 0, rows // 2, columns // 2].backward()
    assert slices.grad is not None
    counts = slices.grad[0].abs().sum(0) > 0
    return int(counts.any(1).sum()), int(counts.any(0).sum())
