"""The grid's results: read from learning curves, ranked, written as tables. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vhi.files.atomic import write_whole
from vhi.files.encode import encode_csv
from vhi.papers.protocol.protocol import Plan, Setting
from vhi.training.curves import CurveRow, read_curves


@dataclass(frozen=True)
class Result:
    """One setting in one fold: validation Dice and cross-entropy after so many epochs."""

    levels: int
    kernel: int
    epochs: int
    fold: int
    held_out: str
    dice: float
    cross_entropy: float
    training_loss: float


def fold_results(
    setting: Setting, number: int, held_out: tuple[str, ...], made: Plan, curve: Path
) -> list[Result]:
    """Return the results of one training, one for each number of epochs."""
    rows = {row.step: row for row in read_curves(curve)[0]}
    found = []
    for epochs in made.budget.epochs:
        row: CurveRow = rows[epochs * made.budget.steps_per_epoch]
        assert row.held_out_dice is not None and row.held_out_loss is not None
        found.append(
            Result(
                setting.levels,
                setting.kernel,
                epochs,
                number,
                " ".join(held_out),
                row.held_out_dice,
                row.held_out_loss,
                row.loss,
            )
        )
    return found


def choose(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return one row per setting, best mean validation Dice first; ties go to the smaller one."""
    keys = sorted({(each.levels, each.kernel, each.epochs) for each in results})
    rows = []
    for levels, kernel, epochs in keys:
        same = [e for e in results if (e.levels, e.kernel, e.epochs) == (levels, kernel, epochs)]
        rows.append(
            {
                "levels": levels,
                "kernel": kernel,
                "epochs": epochs,
                "folds": len(same),
                "mean_dice": float(np.mean([each.dice for each in same])),
                "mean_cross_entropy": float(np.mean([each.cross_entropy for each in same])),
            }
        )
    return sorted(rows, key=lambda row: -row["mean_dice"])


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as a CSV table with all columns that any of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_whole(path, encode_csv(rows, columns))
