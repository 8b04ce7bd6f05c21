"""Learning curves of the shipped networks, and those of the authors. No torch.

Ours are in the repository, one file for each training. The authors' curves come with the study's
data (Hepburn et al. 2023, figure S2), as the sums that their code wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vhi.cases import supplement as data
from vhi.errors import InputError
from vhi.training.curves import CurveRow, read_curves

OUR_CURVES = Path(__file__).resolve().parents[2] / "networks" / "curves"
"""Where the repository keeps one file for each training of a shipped network."""

PARTITIONS = (1, 2, 3, 4)
TRAINING_STEPS = 350
"""Steps of an epoch: section 2.5.3. The authors' files hold sums over them."""

VALIDATION_BATCHES = 13
"""50 slices (2 subjects) in batches of four: section 2.5.3."""


@dataclass(frozen=True, eq=False)
class AuthorsCurve:
    """One of the authors' four trainings; arrays have one value per epoch.

    Attributes
    ----------
    partition : int
        Which fold, from 1.
    loss, held_out_loss : ndarray
        Cross-entropy, mean over batches.
    dice, held_out_dice : ndarray
        Soft Dice (S1), mean over foreground and background and over batches: not the Dice of
        bone alone, and always higher.
    """

    partition: int
    loss: NDArray[np.float64]
    held_out_loss: NDArray[np.float64]
    dice: NDArray[np.float64]
    held_out_dice: NDArray[np.float64]


def our_curves(folder: Path = OUR_CURVES) -> dict[str, list[CurveRow]]:
    """Return the curve of each training by its name, sorted.

    The names are those of the trainings in ``networks/runs.py``: ``cv0`` to ``cv3``, one fold of
    the cross-validation each; ``study0`` and ``default0`` and so on, each the second cycle of one
    of these; ``nb<subject>``, normal bone with a subject left out; ``nbfinal``, with none.

    Raises
    ------
    InputError
        The folder holds none.
    """
    curves = {}
    for path in sorted(Path(folder).glob("*.csv")):
        (curves[path.stem],) = read_curves(path)
    if not curves:
        raise InputError(
            f"{folder}: no learning curve; open the page in a checkout of the repository, which "
            "holds them"
        )
    return curves


def authors_curves() -> list[AuthorsCurve]:
    """Return the authors' curves of their four folds.

    Raises
    ------
    InputError
        The files are not available.
    """
    names = {
        (what, partition): f"generated_files/model_training/{what}_partition_{partition}.txt"
        for what in ("loss", "overlap")
        for partition in PARTITIONS
    }
    places = data.fetch(names.values())
    tables = {key: np.loadtxt(places[name], ndmin=2) for key, name in names.items()}
    return [
        AuthorsCurve(
            partition,
            tables["loss", partition][:, 0] / TRAINING_STEPS,
            tables["loss", partition][:, 1] / VALIDATION_BATCHES,
            *tables["overlap", partition].T,
        )
        for partition in PARTITIONS
    ]
