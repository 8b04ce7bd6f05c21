"""Learning curves: rows, table, picture. No torch."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from vhi.files.atomic import write_whole
from vhi.files.encode import encode_csv, encode_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRAINING_COLOUR, HELD_OUT_COLOUR = "#555555", "#e5132b"


@dataclass(frozen=True)
class CurveRow:
    """One row of the learning curve: the mean training loss since the row before.

    Cross-entropy and Dice (over all voxels) are of the held-out scans; None where there are none.
    """

    step: int
    loss: float
    held_out_loss: float | None = None
    held_out_dice: float | None = None


def write_curves(path: Path, curves: Sequence[Iterable[CurveRow]]) -> None:
    """Write the curves of one run or of several as a CSV table.

    Columns: run (from 1), then those of `CurveRow`; empty where no scan was held out.
    """
    rows = [{"run": run, **asdict(row)} for run, curve in enumerate(curves, 1) for row in curve]
    columns = ["run", *(field.name for field in fields(CurveRow))]
    write_whole(path, encode_csv(rows, columns))


def read_curves(path: Path) -> list[list[CurveRow]]:
    """Return the curves that `write_curves` wrote, one list per run."""
    runs: dict[str, list[CurveRow]] = {}
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            texts = (row["held_out_loss"], row["held_out_dice"])
            scores = [float(text) if text else None for text in texts]
            curve = runs.setdefault(row["run"], [])
            curve.append(CurveRow(int(row["step"]), float(row["loss"]), *scores))
    return list(runs.values())


def draw_curves(
    axes: Sequence[Axes], curve: Iterable[CurveRow], *, loss: str = "", name: str = ""
) -> None:
    """Draw the loss on the first axes, the Dice of the held-out scans on the second.

    Parameters
    ----------
    axes
        Two; every call adds one curve.
    curve
        From `Trained.curve` or `read_curves`.
    loss
        Name of the training loss, such as ``"bce+dice"``. Held-out scans are always scored by
        cross-entropy: both lines show one quantity only if training uses ``"bce"``.
    name
        Of this curve, where several are drawn.
    """
    rows = list(curve)
    held_out = [
        (row.step, row.held_out_loss, row.held_out_dice)
        for row in rows
        if row.held_out_loss is not None and row.held_out_dice is not None
    ]
    first = not axes[0].lines
    axes[0].plot(
        [row.step for row in rows],
        [row.loss for row in rows],
        color=TRAINING_COLOUR,
        label=(f"training ({loss})" if loss else "training") if first else None,
    )
    if held_out:
        steps, losses, dice = zip(*held_out, strict=True)
        label = "held out (cross-entropy)" if first else None
        axes[0].plot(steps, losses, color=HELD_OUT_COLOUR, label=label)
        axes[1].plot(steps, dice, color=HELD_OUT_COLOUR, alpha=0.8)
        axes[1].annotate(f"{name} {dice[-1]:.3f}".strip(), (steps[-1], dice[-1]), ha="right")
    elif first:
        axes[1].text(0.5, 0.5, "no scan held out", ha="center", transform=axes[1].transAxes)
    axes[0].set(xlabel="steps", ylabel="loss", ylim=(0, None))
    axes[1].set(xlabel="steps", ylabel="Dice, scans held out", ylim=(None, 1))
    axes[0].legend(frameon=False)


def write_picture(
    path: Path, curves: Sequence[Iterable[CurveRow]], *, loss: str, title: str
) -> None:
    """Write the curves of one or several runs as a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)
    for run, curve in enumerate(curves, 1):
        draw_curves(axes, curve, loss=loss, name=f"run {run}" if len(curves) > 1 else "")
    figure.suptitle(title)
    write_whole(path, encode_figure(figure, dpi=120))
