"""Resampling the agreement summary, against a loop over resamples, in the same run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.timing import Row, in_turns
from vhi.statistics.repeated import bootstrap_limits

RESAMPLES = 10_000


def statistics_rows() -> Iterator[Row]:
    """10,000 resamples of bias, SD and limits, for the study's eight scans and for its 58."""
    for pairs, visits in ((8, 1), (58, 2)):
        # Simulated differences: time does not depend on what they are.
        first, second = np.random.default_rng(1).normal(size=(2, pairs))
        patients = np.arange(pairs) // visits
        ours, floor = in_turns(
            lambda first=first, second=second, patients=patients: bootstrap_limits(
                first, second, patients=patients, resamples=RESAMPLES
            ),
            lambda first=first, second=second, patients=patients: plain_loop(
                first - second, patients
            ),
            rounds=3,
        )
        what = f"{RESAMPLES:,} resamples of the limits of {pairs} pairs"
        detail = f"{ours * 1e3:.0f} ms against {floor:.2f} s"
        yield Row(
            what, "one resample at a time", floor / ours, "x faster", 10.0, detail, at_most=False
        )
        yield Row(what, "-", ours, "s", 1.0, f"{len(set(patients.tolist()))} patients")


def plain_loop(differences: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Resample the obvious way, and with less work each: mean and SD of the drawn differences."""
    rng = np.random.default_rng(1)
    rows = [np.flatnonzero(patients == patient) for patient in np.unique(patients)]
    found = np.empty((RESAMPLES, 4))
    for each in found:
        drawn = rng.integers(len(rows), size=len(rows))
        values = differences[np.concatenate([rows[k] for k in drawn])]
        bias, sd = values.mean(), values.std(ddof=1)
        each[:] = bias, bias - 1.96 * sd, bias + 1.96 * sd, sd
    return np.percentile(found, [2.5, 97.5], axis=0)
