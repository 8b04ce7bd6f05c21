"""Training: deterministic from a seed, resumable after a kill at any moment.

What a step sees depends only on the recipe's seed and the step's number, never on earlier steps.
A checkpoint is therefore the weights, the optimiser's state and the step.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from monai.losses import DiceLoss
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from vhi.errors import InputError
from vhi.files.place import explain_write_errors
from vhi.models.unet import UNet
from vhi.training.augment import batches, data_sha256
from vhi.training.checkpoint import CHECKPOINT, TrainingState
from vhi.training.curves import CurveRow
from vhi.training.dataset import Example, check_no_leak
from vhi.training.recipe import Recipe
from vhi.training.scoring import score

STEPS_PER_ROW = 100
"""Steps per row of the learning curve, unless asked otherwise."""


@dataclass(frozen=True)
class Progress:
    """A row of the learning curve, and how long the training will still take."""

    row: CurveRow
    steps: int
    seconds_left: float

    def __str__(self) -> str:
        words = [f"loss {self.row.loss:.3f}"]
        if self.row.held_out_dice is not None:
            words.append(f"held-out Dice {self.row.held_out_dice:.3f}")
        if self.seconds_left > 0.5:
            words.append(f"{duration(self.seconds_left)} left")
        return ", ".join(words)


@dataclass(frozen=True, eq=False)
class Trained:
    """A network at the end of its training."""

    network: UNet
    recipe: Recipe
    curve: tuple[CurveRow, ...]
    seconds: float = 0.0


def duration(seconds: float) -> str:
    """Return a time span in the unit that suits it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 72 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def choose_device(name: str) -> str:
    """Return ``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``; InputError without a GPU."""
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"--device {name}: unknown; choose from auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch finds no GPU here; leave the option out")
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
    if chosen == "cuda":
        # Without it the GPU's matrix products do not repeat.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return chosen


class Stopped(Exception):
    """A training was stopped on request; its checkpoint, if it keeps one, is of this step."""

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after step {step}")
        self.step = step


def train(
    examples: Sequence[Example],
    recipe: Recipe,
    *,
    held_out: Sequence[Example] = (),
    start: UNet | None = None,
    folder: Path | None = None,
    device: str = "cpu",
    workers: int = 0,
    checkpoint_seconds: float = 60.0,
    steps_per_row: int = STEPS_PER_ROW,
    watch: Callable[[Progress], None] | None = None,
    stop: Callable[[int], bool] | None = None,
) -> Trained:
    """Train a network, or continue a stopped training of the same recipe.

    Parameters
    ----------
    examples, recipe
        Together they decide the weights.
    held_out
        Scans of other subjects; scored for the curve, never learned from. No decision (stopping,
        choosing) depends on them.
    start
        The network that training starts from; the recipe's `starts_from` must be its hash.
    folder
        Folder of the checkpoint, created if missing; None keeps none.
    device
        ``"cpu"`` or ``"cuda"``.
    workers
        Processes that prepare slices beside the training; changes only the speed.
    checkpoint_seconds
        Time between checkpoints.
    steps_per_row
        Steps per row of the learning curve.
    watch
        Called with every row of the curve.
    stop
        Called after every step with the number of steps done; if it returns true, the checkpoint is
        written and `Stopped` raised.

    Raises
    ------
    InputError
        No examples, a subject on both sides, a checkpoint of another recipe or other data, a
        `start` that the recipe does not name.
    FloatingPointError
        The loss is no longer a number.
    """
    if not examples:
        raise InputError("no case is left for training")
    check_no_leak(examples, held_out)
    if recipe.starts_from != (weights_sha256(start) if start else ""):
        raise InputError(
            "the recipe's starts_from is not the hash of the weights that training starts from; "
            "give the network it names, or set it by weights_sha256"
        )
    if folder:
        with explain_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
    with _repeatable(recipe.threads):
        now = _initial_state(recipe, start, device)
        checkpoint, digest = folder / CHECKPOINT if folder else None, data_sha256(examples)
        if checkpoint and checkpoint.exists():
            now.load(checkpoint, recipe, digest)
        started = saved = time.monotonic()
        first, seconds = now.step, now.seconds
        for images, targets in batches(examples, recipe, first=first, workers=workers):
            now.losses.append(_update(now, images.to(device), targets.to(device), recipe))
            now.step += 1
            now.seconds = seconds + time.monotonic() - started
            if not np.isfinite(now.losses[-1]):
                raise FloatingPointError(f"the loss is {now.losses[-1]} after step {now.step}")
            last = now.step == recipe.steps
            if now.step % steps_per_row == 0 or last:
                scores = score(now.answering, held_out, recipe, device)
                row = CurveRow(now.step, float(np.mean(now.losses)), *scores)
                now.curve.append(row)
                now.losses = []
                if watch:
                    per_step = (now.seconds - seconds) / (now.step - first)
                    watch(Progress(row, recipe.steps, per_step * (recipe.steps - now.step)))
            stopped = stop is not None and stop(now.step) and not last
            due = time.monotonic() - saved >= checkpoint_seconds
            if checkpoint and (due or last or stopped):
                now.save(checkpoint, recipe, digest)
                saved = time.monotonic()
            if stopped:
                raise Stopped(now.step)
        return Trained(now.answering.to("cpu").eval(), recipe, tuple(now.curve), now.seconds)


def weights_sha256(network: UNet) -> str:
    """Return a hash of a network's weights and running statistics."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value.detach().cpu().numpy()).data)
    return digest.hexdigest()


def learning_rate(recipe: Recipe, step: int) -> float:
    """Return the learning rate of one step (counted from 0)."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    share = (step + 0.5) / recipe.steps
    if share < 0.1:
        return recipe.learning_rate * share / 0.1
    return float(recipe.learning_rate * 0.5 * (1 + np.cos(np.pi * (share - 0.1) / 0.9)))


def _initial_state(recipe: Recipe, start: UNet | None, device: str) -> TrainingState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = recipe.build()
    if start:
        network.load_state_dict(start.state_dict())
    network = network.to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    mean = None
    if recipe.average:
        # Running statistics are averaged too: they belong to the weights.
        mean = AveragedModel(network, avg_fn=partial(_mean, recipe.average), use_buffers=True)
    return TrainingState(network, optimiser, mean=mean)


def _mean(share: float, mean: Tensor, value: Tensor, count: Tensor | int) -> Tensor:
    """Return the running mean after one more value; the first ones count more."""
    count = int(count)
    return mean + (1 - min(share, (1 + count) / (10 + count))) * (value - mean)


def _update(now: TrainingState, images: Tensor, targets: Tensor, recipe: Recipe) -> float:
    """Update the weights by one batch and return its loss."""
    now.network.train()
    for group in now.optimiser.param_groups:
        group["lr"] = learning_rate(recipe, now.step)
    loss = _loss(now.network, images, targets, recipe)
    now.optimiser.zero_grad()
    loss.backward()
    now.optimiser.step()
    if now.mean:
        now.mean.update_parameters(now.network)
    return loss.item()


def _loss(network: UNet, images: Tensor, targets: Tensor, recipe: Recipe) -> Tensor:
    with torch.autocast(images.device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        logits = network(images.contiguous(memory_format=torch.channels_last))
    logits = logits.float()
    weight = None
    if recipe.positive_weight != 1:
        weight = torch.tensor(recipe.positive_weight, device=logits.device)
    loss = functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight)
    if recipe.loss == "bce+dice":
        loss = loss + DiceLoss(sigmoid=True, batch=True)(logits, targets)
    return loss


@contextmanager
def _repeatable(threads: int) -> Iterator[None]:
    """Compute with this number of threads, and only by operations that repeat exactly."""
    before, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(deterministic)
