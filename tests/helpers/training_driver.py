"""Tiny trainings, each in a process of its own that may be killed; prints a hash of the weights.

Run by test_train.py. torch is imported once; a fork per training is far quicker than a
new interpreter, and safe as long as the parent computes nothing.
"""

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import torch

from tests.helpers.small_scans import example
from vhi.files import atomic as files
from vhi.training.checkpoint import CHECKPOINT
from vhi.training.loop import train
from vhi.training.recipe import Recipe

RECIPE = Recipe(
    filters=(4, 6), block=1, spacing_mm=4.5, steps=16, batch=2, threads=1, augmentation="robust"
)


def run(folder, *, recipe=RECIPE, workers=0, every=0.0, stop=None):
    """Train, and return a hash of the weights and the curve."""
    folder.mkdir(exist_ok=True)
    trained = train(
        [example("A", 0), example("B", 1)],
        recipe,
        held_out=[example("C", 2)],
        folder=folder,
        workers=workers,
        checkpoint_seconds=every,
        steps_per_row=4,
        stop=stop,
    )
    digest = hashlib.sha256()
    for name, value in trained.network.state_dict().items():
        digest.update(name.encode() + value.numpy().tobytes())
    curve = [list(vars(row).values()) for row in trained.curve]
    return [digest.hexdigest(), json.dumps(curve)]


def in_child(work):
    """Do work in a process of its own; return what it gave and whether it was killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            os.write(write, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else None, os.WIFSIGNALED(status)


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def dies_at(folder, step, every):
    """Killed after a step, before its checkpoint."""
    run(folder, every=every, stop=lambda done: die() if done == step else False)


def dies_while_writing(folder, name, call):
    """Killed in the middle of writing a checkpoint: before it is on disk, or before its rename."""
    original, count = getattr(os, name), 0

    def counted(*arguments):
        nonlocal count
        count += 1
        if count == call:
            die()
        return original(*arguments)

    setattr(files.os, name, counted)
    run(folder)


def killed_from_outside(folder):
    """Killed at whatever moment, some time after the first checkpoint."""
    child = os.fork()
    if child == 0:
        run(folder)
        os._exit(0)
    while not (folder / CHECKPOINT).exists():
        time.sleep(0.002)
    time.sleep(0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(folder):
    torch.use_deterministic_algorithms(False)  # imports once what every child would import
    results = {"whole": in_child(lambda: run(folder / "whole"))[0]}
    broken = folder / "broken"
    results["kills"] = [
        in_child(lambda: dies_at(broken, 3, every=1e9))[1],
        in_child(lambda: dies_at(broken, 7, every=0.0))[1],
        in_child(lambda: dies_while_writing(broken, "fsync", 4))[1],
        in_child(lambda: dies_while_writing(broken, "replace", 3))[1],
    ]
    killed_from_outside(broken)
    results["leftovers"] = sorted(entry.name for entry in broken.iterdir())
    results["resumed"] = in_child(lambda: run(broken))[0]
    results["again"] = in_child(lambda: run(folder / "again", every=1e9))[0]
    results["worker"] = in_child(lambda: run(folder / "worker", workers=1))[0]
    other = RECIPE.with_(seed=2)
    results["other seed"] = in_child(lambda: run(folder / "other", recipe=other))[0]
    print(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
