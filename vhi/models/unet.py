"""A U-Net for slices, short enough to read.

Going down, each level looks at a wider neighbourhood at half the resolution; going up, coarse
features are joined with the finer ones of the same level. The output is one logit per pixel.

Source: Ronneberger et al. 2015; filters, kernel and order of operations as in Hepburn et al. 2023,
section 2.5.3, whose published weights fit the default (450,897 parameters).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

PAPER_FILTERS = (16, 32, 64, 128)
"""Filters per level of the paper's network."""


class TwoConvolutions(nn.Sequential):
    """Convolution, batch normalisation, ReLU; twice. Shape in, shape out, other channels."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        layers: list[nn.Module] = []
        for channels in (channels_in, channels_out):
            layers += [
                nn.Conv2d(channels, channels_out, kernel, padding=kernel // 2),
                nn.BatchNorm2d(channels_out),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class Up(nn.Module):
    """Double the resolution, join the finer features of the level, convolve twice."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.narrow = nn.Conv2d(channels_in, channels_out, 1)
        self.convolve = TwoConvolutions(2 * channels_out, channels_out, kernel)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Return features at the resolution of `fine`."""
        # Narrowing before enlarging gives the same numbers as after, from a quarter of the work:
        # a 1 x 1 convolution commutes with interpolation.
        enlarged = self.enlarge(self.narrow(coarse))
        return self.convolve(torch.cat([enlarged, fine], dim=1))


class UNet(nn.Module):
    """Slices in, one logit per pixel out.

    Parameters
    ----------
    channels_in
        Images per slice: 1 for T1w, 2 for STIR with T1w.
    filters
        Filters per level, from fine to coarse; as many levels as entries.
    kernel
        Side of the convolutions' kernel, odd.
    block
        Side of the square of pixels that enters the first level as channels and leaves the last
        one as pixels. 1 works on every pixel, as in the paper; 2 on a quarter of the positions,
        at a fraction of the cost and without loss of a pixel.

    Notes
    -----
    Height and width must be multiples of `UNet.multiple`.
    """

    def __init__(
        self,
        channels_in: int = 1,
        filters: Sequence[int] = PAPER_FILTERS,
        kernel: int = 3,
        block: int = 1,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, to have a centre; got {kernel}")
        widths = [channels_in * block**2, *filters]
        self.multiple = block * 2 ** (len(filters) - 1)
        self.into_channels = nn.PixelUnshuffle(block) if block > 1 else nn.Identity()
        self.down = nn.ModuleList(
            TwoConvolutions(before, after, kernel)
            for before, after in zip(widths, filters, strict=False)
        )
        self.halve = nn.MaxPool2d(2)
        self.up = nn.ModuleList(
            Up(coarse, fine, kernel)
            for coarse, fine in zip(filters[:0:-1], filters[-2::-1], strict=True)
        )
        self.answer = nn.Conv2d(filters[0], block**2, 1)
        self.into_pixels = nn.PixelShuffle(block) if block > 1 else nn.Identity()

    def forward(self, slices: Tensor) -> Tensor:
        """Return logits, shape (n, 1, height, width), of slices (n, channels, height, width)."""
        features = self.into_channels(slices)
        beside: list[Tensor] = []
        for level, convolve in enumerate(self.down):
            features = convolve(features if level == 0 else self.halve(features))
            beside.append(features)
        beside.pop()
        for up in self.up:
            features = up(features, beside.pop())
        return self.into_pixels(self.answer(features))


def parameter_count(network: nn.Module) -> int:
    """Return the number of trained parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
