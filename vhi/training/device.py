"""Where a network is trained: CPU or GPU."""

from __future__ import annotations

import os

import torch

from vhi.errors import InputError


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
