"""Measure 200 phantom scans with decoys (simulated) into ``phantom-scans.csv``.

Truth is known here: uncleaned, proposed (with its interval) and truth-cleaned volumes, Dice, and
how well the proposal's probabilities tell lesions from decoys. Resumable: rows of the model at hand
are kept, others made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vhi.evaluation.cleaning import weighted_auc
from vhi.evaluation.reference_objects import truth_cleaned
from vhi.measurement import Measurement
from vhi.phantom import Phantom, make_phantom
from vhi.phantom.lesions import SEVERITY_VOXELS
from vhi.phantom.reference_object import STUDY
from vhi.statistics import dice
from vhi.workflow import measure_images

TABLE = Path(__file__).with_name("phantom-scans.csv")
SCANS, FIRST_SEED = 200, 5001
"""Seeds count up from one that nothing else uses: no test, page, case or training."""

SIDES = ("both", "left", "both", "right")


@dataclass(frozen=True)
class Scan:
    """The arguments that make one scan."""

    seed: int
    severity: str
    side: str
    contrast: float
    noise: float

    def make(self) -> Phantom:
        return make_phantom(
            self.seed,
            severity=self.severity,
            side=self.side,
            contrast=self.contrast,
            noise=self.noise,
        )


def settings(scans: int = SCANS) -> Iterator[Scan]:
    """Yield the scans: every severity, none included, and the study's contrasts and noise."""
    severities = tuple(SEVERITY_VOXELS)
    for number in range(scans):
        condition = STUDY[number % len(STUDY)]
        yield Scan(
            FIRST_SEED + number,
            severities[number % len(severities)],
            SIDES[number // len(severities) % len(SIDES)],
            condition.contrast,
            condition.noise,
        )


def measure(scan: Scan) -> dict[str, Any]:
    """Return the row of one scan; volumes in voxels."""
    phantom = scan.make()
    truth = phantom.lesions.array
    measurement = measure_images(
        phantom.stir, phantom.normal_bone, phantom.disease_region, t1w=phantom.t1w
    )
    cleaned = truth_cleaned(measurement, truth.astype(float))
    row = vars(scan) | {
        "truth": np.count_nonzero(truth),
        "uncleaned": measurement.vhi.voxels,
        "truth_cleaned": np.count_nonzero(cleaned),
        "dice_uncleaned": dice(measurement.inflammation.array > 0, truth),
        "dice_truth_cleaned": dice(cleaned, truth),
        "lower": measurement.thresholds.lower,
    }
    return row | _of_proposal(measurement, truth, cleaned)


def _of_proposal(measurement: Measurement, truth: np.ndarray, cleaned: np.ndarray) -> dict:
    proposal, candidates = measurement.proposal, measurement.candidates
    interval = measurement.proposed_interval
    assert proposal is not None and interval is not None
    regions = candidates.regions
    mask = proposal.kept[regions.numbers]
    sizes = np.bincount(regions.part, minlength=regions.count + 1)[1:]
    lesion = np.bincount(regions.numbers[cleaned], minlength=regions.count + 1)[1:] > 0
    return {
        "proposed": np.count_nonzero(mask),
        "proposed_low": interval.low.voxels if interval.low else np.nan,
        "proposed_high": interval.high.voxels if interval.high else np.nan,
        "dice_proposed": dice(mask, truth),
        "auc": weighted_auc(proposal.keep[1:], lesion, sizes),
        "regions": regions.count,
        "in_doubt": np.count_nonzero(proposal.in_doubt),
        "notes": len(proposal.notes),
        "model": proposal.model,
        "model_sha256": proposal.model_sha256,
    }


def main(path: Path = TABLE, *, scans: int = SCANS) -> int:
    """Fill the table with the rows that it lacks, on all processors."""
    todo = list(settings(scans))
    rows = [measure(todo[0])]  # says which model is at hand
    if path.exists():
        done = pd.read_csv(path).to_dict("records")
        same = [row for row in done[1:] if row["model_sha256"] == rows[0]["model_sha256"]]
        rows += same
    missing = [scan for scan in todo if scan.seed not in {row["seed"] for row in rows}]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for row in pool.map(measure, missing):
            rows.append(row)
            table = pd.DataFrame(rows).sort_values("seed").round(4)
            table.to_csv(path, index=False, lineterminator="\n")
    print(pd.read_csv(path).groupby("severity", sort=False).median(numeric_only=True).to_string())
    return 0
