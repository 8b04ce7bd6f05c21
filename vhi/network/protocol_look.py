"""The protocol's one look at the test subjects."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vhi.cases import Case
from vhi.files import explain_write_errors
from vhi.images import Image
from vhi.network.evaluate import evaluate
from vhi.network.protocol import Plan
from vhi.network.protocol_results import write_rows
from vhi.network.scoring import slice_probabilities
from vhi.network.slices import normalise, slicing_of
from vhi.network.train import Trained
from vhi.nifti import load_image

TEST, LOOKS = "test.csv", "test_looks.csv"
LOOK_COLUMNS = ("time", "weights_sha256", "subjects", "slices", "mean_dice", "min", "max")


def score_test(
    made: Plan, members: Sequence[Trained], weights_sha256: str, folder: Path
) -> dict[str, Any]:
    """Score the ensemble on the test subjects; the look is logged before anything is shown."""

    def find(case: Case, changed: Image | None) -> Image:
        return ensemble_mask(members, changed or load_image(case.t1w))

    rows = evaluate(made.test_cases, find).slices
    dice = [row["dice"] for row in rows if row.get("dice") is not None]
    look = dict(
        zip(
            LOOK_COLUMNS,
            (
                now(),
                weights_sha256,
                " ".join(made.test),
                len(dice),
                round(float(np.mean(dice)), 4),
                round(min(dice), 4),
                round(max(dice), 4),
            ),
            strict=True,
        )
    )
    with explain_write_errors(folder / LOOKS):
        new = not (folder / LOOKS).exists()
        with (folder / LOOKS).open("a", newline="") as stream:
            writer = csv.DictWriter(stream, LOOK_COLUMNS, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(look)
    write_rows(folder / TEST, rows)
    return look


def ensemble_mask(members: Sequence[Trained], t1w: Image) -> Image:
    """Return where the members' mean probability is at least one half, on the scan's grid."""
    recipe = members[0].recipe
    slicing = slicing_of(t1w, spacing_mm=recipe.spacing_mm, multiple=recipe.multiple)
    slices = slicing.cut(normalise(t1w.array))[:, None]
    mean = np.mean([slice_probabilities(member.network, slices) for member in members], axis=0)
    return t1w.with_array(slicing.join(mean) >= 0.5)


def now() -> str:
    """Return the time, for a record."""
    return datetime.now(UTC).isoformat(timespec="seconds")
