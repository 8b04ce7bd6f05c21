"""Random changes of training slices, and the endless sequence of changed slices.

The paper's changes (section 2.5.3 and the authors' published settings): rotation by up to 10
degrees, scale 0.9 to 1.1, shear up to 0.2, elastic deformation, a mirrored side, intensities to the
power of 0.6 to 1.2. For scans unlike the study's: marrow made brighter, darker or patchy inside
bone, a bias field, a coarser resolution, noise. The kind ``"wide"`` adds larger shifts, turns and
sizes, and other contrasts: every tissue gets a random intensity, marrow apart from the rest (after
the label-conditioned intensities of SynthSeg, Billot et al. 2023, without a map of tissues).
"""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import monai.transforms as mt
import numpy as np
import torch
from monai.config import KeysCollection
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from vhi.training.dataset import Example
from vhi.training.recipe import Recipe

ROTATION = np.deg2rad(10)
SHEAR = 0.2
SCALE = 0.1
POWER = (0.6, 1.2)

WIDE_ROTATION, WIDE_SCALE, SHIFT_MM = np.deg2rad(20), 0.25, 25.0
"""Of the kind ``"wide"``. Chosen: another field of view shows bone that the study's scans seldom
reach, such as the hip, and shows bone elsewhere."""

TISSUES = 4
"""Classes of intensity that get a random one. Chosen: air, muscle, marrow and fat of T1w."""

OTHER_CONTRAST, ALONE = 0.2, 0.15
"""Probabilities of another contrast, and of a slice without neighbours. Chosen."""


def augmentation(kind: str, *, spacing_mm: float = 0.5952, neighbours: int = 0) -> mt.Compose:
    """Return the transform of a sample ``{"image", "target", "bone"}``, each (channels, h, w).

    `kind`: ``"paper"``, ``"robust"`` or ``"wide"``. `spacing_mm`: of the slices; deformations are
    defined in millimetres. `neighbours`: as of the recipe; the bone has a channel for each slice.
    """
    pixels = 0.5952 / spacing_mm
    wide = kind == "wide"
    rotation, scale = (WIDE_ROTATION, WIDE_SCALE) if wide else (ROTATION, SCALE)
    shift = SHIFT_MM / spacing_mm if wide else None
    # Image, target and bone are one stack here, so that a sample is interpolated once.
    geometry: list[Any] = [
        mt.ConcatItemsd(("image", "target", "bone"), "stack"),
        mt.Rand2DElasticd(
            "stack",
            spacing=(28 * pixels, 28 * pixels),
            magnitude_range=(0.0, 5.0 * pixels),
            prob=1.0,
            rotate_range=rotation,
            shear_range=(SHEAR, SHEAR),
            translate_range=shift,
            scale_range=(scale, scale),
            mode="bilinear",
            padding_mode="zeros",
        ),
        mt.RandFlipd("stack", prob=0.5, spatial_axis=1),
        unstack,
        *([RandNeighboursd(("image", "bone"), prob=ALONE)] if neighbours else []),
    ]
    power: list[Any] = [mt.RandAdjustContrastd("image", prob=1.0, gamma=POWER)]
    if kind == "paper":
        return mt.Compose([*geometry, *power])
    return mt.Compose(
        [
            *geometry,
            *([RandContrastd("image", "bone", prob=OTHER_CONTRAST)] if wide else []),
            RandMarrowd("image", "bone", prob=0.4),
            *power,
            mt.RandBiasFieldd("image", prob=0.3, degree=3, coeff_range=(-0.25, 0.25)),
            mt.RandScaleIntensityd("image", prob=0.5, factors=0.25),
            mt.RandSimulateLowResolutiond(
                "image", prob=0.2, zoom_range=(0.35, 0.9), upsample_mode="bilinear"
            ),
            mt.RandGaussianNoised("image", prob=0.25, std=0.06),
        ]
    )


def unstack(data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
    """Split the stack into image, target and bone again, each (channels, h, w)."""
    stack, slices = torch.as_tensor(data["stack"]), len(data["bone"])
    images = len(stack) - 1 - slices
    return {"image": stack[:images], "target": stack[images:-slices], "bone": stack[-slices:]}


class RandNeighboursd(mt.RandomizableTransform, mt.MapTransform):
    """Exchange the slices before and after, half the time, or take neighbours away.

    Scans differ in the order of their slices and in the distance between them. A slice that comes
    alone is its own neighbour, as at the ends of a scan.
    """

    def __init__(self, keys: KeysCollection, *, prob: float) -> None:
        mt.MapTransform.__init__(self, keys)
        mt.RandomizableTransform.__init__(self, prob)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Return the sample with its slices in another order."""
        changed = dict(data)
        slices = len(changed["bone"])
        self.randomize(None)
        order = np.arange(slices)
        if self._do_transform:
            order[:] = slices // 2
        elif self.R.uniform() < 0.5:
            order = order[::-1]
        for key in self.key_iterator(changed):
            stack = torch.as_tensor(changed[key])
            changed[key] = stack.unflatten(0, (slices, -1))[order.copy()].flatten(0, 1)
        return changed


class RandContrastd(mt.RandomizableTransform, mt.MapTransform):
    """Give every tissue another intensity, marrow apart from the rest.

    Tissues are classes of intensity, inside and outside bone; what lies between two classes stays
    between them, so that texture stays too.
    """

    def __init__(self, keys: KeysCollection, bone_key: str, *, prob: float) -> None:
        mt.MapTransform.__init__(self, keys)
        mt.RandomizableTransform.__init__(self, prob)
        self.bone_key = bone_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Return the sample, its contrast changed or not."""
        changed = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return changed
        bone = torch.as_tensor(changed[self.bone_key], dtype=torch.float32)
        for key in self.key_iterator(changed):
            image = torch.as_tensor(changed[key])
            weight = soften(bone[:, None])[:, 0].repeat_interleave(len(image) // len(bone), 0)
            inside, outside = (
                self._contrast(image, chosen) for chosen in (weight > 0.5, weight <= 0.5)
            )
            changed[key] = weight * inside + (1 - weight) * outside
        return changed

    def _contrast(self, image: Tensor, chosen: Tensor) -> Tensor:
        """Return the image as a random contrast of the chosen pixels' tissues shows it."""
        intensities = image[chosen & (image > 0)].numpy()
        if not intensities.size:
            return image
        shares = (np.arange(TISSUES) + self.R.uniform(0.2, 0.8, TISSUES)) / TISSUES
        classes = np.quantile(intensities, shares)
        top = float(image.max())
        values = self.R.uniform(0.0, 0.8 * top, TISSUES)
        # Background stays black, as on every scanner.
        curve = np.interp(image.numpy(), [0.0, *classes, top], [0.0, *values, top])
        return torch.from_numpy(curve.astype(np.float32))


class RandMarrowd(mt.RandomizableTransform, mt.MapTransform):
    """Change marrow inside bone: all of it, in blots, or patchy; brighter (fat) or darker.

    The published network failed on very fatty and on sclerotic marrow, which no training scan
    has (section 3.2, figure S3).
    """

    def __init__(self, keys: KeysCollection, bone_key: str, *, prob: float) -> None:
        mt.MapTransform.__init__(self, keys)
        mt.RandomizableTransform.__init__(self, prob)
        self.bone_key = bone_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Return the sample, its marrow changed or not."""
        changed = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return changed
        random = self.R
        brighter = random.uniform() < 0.5
        factor = random.uniform(1.2, 2.4) if brighter else random.uniform(0.15, 0.8)
        bone = torch.as_tensor(changed[self.bone_key], dtype=torch.float32)[:, None]
        pattern = marrow_pattern(
            ("whole", "blots", "patchy")[random.randint(3)],
            (bone.shape[-2], bone.shape[-1]),
            random,
        )
        weight = pattern * soften(bone)[:, 0]
        for key in self.key_iterator(changed):
            image = torch.as_tensor(changed[key])
            channels = len(image) // len(weight)
            changed[key] = image * (1 + (factor - 1) * weight.repeat_interleave(channels, 0))
        return changed


def marrow_pattern(kind: str, size: tuple[int, int], random: np.random.RandomState) -> Tensor:
    """Return the share of the change at each pixel, 0 to 1, shape (1, h, w)."""
    if kind == "whole":
        return torch.ones(1, *size)
    cells = random.randint(4, 9) if kind == "blots" else random.randint(12, 40)
    noise: NDArray[np.float32] = random.standard_normal((1, 1, cells, cells)).astype(np.float32)
    smooth = functional.interpolate(
        torch.from_numpy(noise), size=size, mode="bicubic", align_corners=False
    )[0]
    return torch.sigmoid(4 * (smooth - random.uniform(-0.3, 0.6)))


def soften(mask: Tensor) -> Tensor:
    """Return a mask (n, 1, h, w) with edges two pixels wide."""
    return functional.avg_pool2d(mask, 3, stride=1, padding=1)


class AugmentedSlices(Dataset[tuple[Tensor, Tensor]]):
    """The endless sequence of training samples: sample number to (image, target).

    Every slice comes once before any comes again. Order and augmentation depend only on the seed
    and the sample's number.
    """

    def __init__(self, examples: Sequence[Example], recipe: Recipe) -> None:
        self.places = [(e, k) for e in examples for k in range(len(e.slices))]
        self.seed, self.neighbours = recipe.seed, recipe.neighbours
        self.change = augmentation(
            recipe.augmentation, spacing_mm=recipe.spacing_mm, neighbours=recipe.neighbours
        )

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return image (channels, h, w) and target (1, h, w) of one sample."""
        epoch, position = divmod(number, len(self.places))
        order = np.random.default_rng([self.seed, 0, epoch]).permutation(len(self.places))
        example, k = self.places[order[position]]
        # MONAI takes 32-bit seeds; the sequence spreads (seed, number) over them.
        seed = np.random.SeedSequence([self.seed, 1, number]).generate_state(1)[0]
        self.change.set_random_state(seed=int(seed))
        around = np.arange(k - self.neighbours, k + self.neighbours + 1)
        bone = example.bone[around.clip(0, len(example.bone) - 1)]
        sample = self.change(
            {
                "image": torch.from_numpy(example.slices[k].copy()),
                "target": torch.from_numpy(example.target[k][None].astype(np.float32)),
                "bone": torch.from_numpy(bone.astype(np.float32)),
            }
        )
        return (
            torch.as_tensor(sample["image"], dtype=torch.float32),
            torch.as_tensor(sample["target"], dtype=torch.float32),
        )


def batches(
    examples: Sequence[Example], recipe: Recipe, *, first: int, workers: int
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Return the batches of the recipe's steps, starting with step `first` (counted from 0)."""
    return DataLoader(
        AugmentedSlices(examples, recipe),
        batch_size=recipe.batch,
        sampler=range(first * recipe.batch, recipe.steps * recipe.batch),
        num_workers=workers,
        worker_init_fn=_leave_interrupts,
    )


def data_sha256(examples: Sequence[Example]) -> str:
    """Return a hash of all slices and targets, in order, and of their cases and subjects."""
    digest = hashlib.sha256()
    for example in examples:
        shape = ",".join(map(str, example.slices.shape))
        names = "\0".join((example.case, example.visit, example.subject, shape))
        digest.update(names.encode())
        for array in (example.slices, example.target, example.bone):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _leave_interrupts(worker: int) -> None:
    """Ignore Ctrl-C, which reaches the workers too: the training process answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
