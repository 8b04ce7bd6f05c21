"""The protocol's one look at the test subjects."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vhi.cases.case import Case
from vhi.errors import InputError
from vhi.evaluation.evaluate import evaluate
from vhi.files.atomic import explain_write_errors
from vhi.images.image import Image
from vhi.images.nifti import load_image
from vhi.papers.protocol.protocol import Plan
from vhi.papers.protocol.tables import write_rows
from vhi.segmentation.predict import load_members, segment_scans
from vhi.segmentation.registry import find_network
from vhi.segmentation.tasks import DISEASE_REGION

TEST, LOOKS = "test.csv", "test_looks.csv"
LOOK_COLUMNS = ("time", "weights_sha256", "subjects", "slices", "mean_dice", "min", "max")


def score_test(made: Plan, saved: Path, folder: Path) -> dict[str, Any]:
    """Score a saved network on the test subjects; the look is logged before anything is shown.

    Parameters
    ----------
    made
        Whose test subjects are looked at.
    saved
        The network's folder. It is read and run as by `vhi segment`, so that the hash that is
        logged and the score belong together.
    folder
        Of the protocol, where the score is written.

    Raises
    ------
    InputError
        A test scan cannot be scored; the score would be that of the others only.
    """
    network = find_network(str(saved), DISEASE_REGION)
    members = load_members(network)

    def find(case: Case, changed: Image | None) -> Image:
        return segment_scans([changed or load_image(case.t1w)], network, members=members).mask

    found = evaluate(made.test_cases, find)
    failed = [row for row in found.scans if row["failure"]]
    if failed:
        which = "; ".join(
            f"{' '.join(filter(None, (row['case'], row['visit'])))}: {row['failure']}"
            for row in failed
        )
        raise InputError(
            f"test not scored, {len(failed)} of {len(made.test_cases)} scans failed ({which}); "
            "mend or leave out these cases"
        )
    rows = found.slices
    dice = [row["dice"] for row in rows if row.get("dice") is not None]
    look = dict(
        zip(
            LOOK_COLUMNS,
            (
                now(),
                network.weights_sha256,
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


def now() -> str:
    """Return the time, for a record."""
    return datetime.now(UTC).isoformat(timespec="seconds")
