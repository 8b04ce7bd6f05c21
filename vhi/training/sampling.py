"""The endless sequence of augmented slices, and a hash of what it is made from."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from vhi.training.augment import augmentation
from vhi.training.dataset import Example
from vhi.training.recipe import Recipe


class AugmentedSlices(Dataset[tuple[Tensor, Tensor]]):
    """The endless sequence of training samples: sample number to (image, target).

    Every slice comes once before any comes again. Order and augmentation depend only on the seed
    and the sample's number.
    """

    def __init__(self, examples: Sequence[Example], recipe: Recipe) -> None:
        self.places = [(e, k) for e in examples for k in range(len(e.slices))]
        self.seed = recipe.seed
        self.change = augmentation(recipe.augmentation, spacing_mm=recipe.spacing_mm)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return image (channels, h, w) and target (1, h, w) of one sample."""
        epoch, position = divmod(number, len(self.places))
        order = np.random.default_rng([self.seed, 0, epoch]).permutation(len(self.places))
        example, k = self.places[order[position]]
        # MONAI takes 32-bit seeds; the sequence spreads (seed, number) over them.
        seed = np.random.SeedSequence([self.seed, 1, number]).generate_state(1)[0]
        self.change.set_random_state(seed=int(seed))
        sample = self.change(
            {
                "image": torch.from_numpy(example.slices[k].copy()),
                "target": torch.from_numpy(example.target[k][None].astype(np.float32)),
                "bone": torch.from_numpy(example.bone[k][None].astype(np.float32)),
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
