"""How often the intervals of VHI hold what they should: ``python -m benchmarks vhi-coverage``.

Lower thresholds: simulated marrow, and halves of the study's drawn areas. Volumes: simulated scans
of known truth, cleaned by the truth and by a simulated model (`SimulatedModel`); and the study's
eight read scans, each proposed by a model of the seven others. Writes `TABLE` and `STUDY_TABLE`;
rows of the study are kept as they are where the study's scans are missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.simulated_scans import make_marrow, make_scan
from vhi.cases.case import find_case, load_cases
from vhi.errors import InputError
from vhi.images.nifti import load_image, load_mask
from vhi.phantom.grid import SPACING_MM
from vhi.reader_study.readings import load_readings
from vhi.segmentation.propose_edits import most_probable
from vhi.steps.candidates import Candidates
from vhi.steps.thresholds import estimate_thresholds
from vhi.uncertainty.area_bootstrap import area_blocks, percentile_interval, resample_thresholds
from vhi.uncertainty.calibration import JudgedScan, estimate_scan_sd
from vhi.uncertainty.interval import NORMAL_BONE_AND_CLEANING, vhi_interval
from vhi.uncertainty.other_thresholds import inflammation_at
from vhi.uncertainty.proposed import proposed_interval
from vhi.workflow import measure

TABLE = Path(__file__).with_suffix(".csv")
STUDY_TABLE = TABLE.with_name("vhi_coverage_study.csv")
COLUMNS = [
    "quantity", "interval", "target", "data", "n",
    "coverage", "below", "above", "low", "value", "high",
]  # fmt: skip
"""What the interval is of, how it is made, what it should hold (`value`: target over the measured
value; `low`, `high`: ends over the measured value; medians), n scans or pairs of areas, the share
that holds the target, and the shares of targets below and above the interval."""

SCANS = ("1003", "1007", "1012", "1013", "1016", "1234", "2014", "2015", "3002", "4386")
PLAIN, BEYOND = "plain bootstrap", "with maxima beyond the brightest voxel"
TRUTH = "true volume"
SAME, MEDIAN = "true regions, this area", "true regions, median area"
"""What a reader who knows the truth would keep, at the measured threshold and at that of a median
area of the same size."""
TYPICAL, ANOTHER, HALF = "median area of this size", "another area of this size", "the other half"

AREAS = {"8 mm x 3 slices": (8, 3), "12 mm x 3 slices": (12, 3), "15 mm x 6 slices": (15, 6)}
"""Radius and slices of circular areas: 1,700, 3,800 and 12,000 voxels. The study's have 1,256 to
7,893."""
MARROW_SHAPE = (200, 200, 14)
MARROWS, MOST_AREAS = 3, 40

VOLUMES_MM3 = (100, 300, 1000, 3000, 10_000, 50_000)
REPEATS = 84
"""Scans of each volume: 504 in all."""
TRAINING, CALIBRATION, TEST = 10_000, 20_000, 30_000
"""First seeds of the scans that train the simulated model, calibrate it and try the intervals."""
TRAINING_SCANS = 60
LESION_SD = 1.0
"""Chosen: the simulated model is off by about that much from lesion to lesion."""

Ends = tuple[float, float, float, float]
"""Low, measured, high, target."""


def row(quantity: str, interval: str, target: str, data: str, ends: list[Ends]) -> dict:
    """Return one row of the table."""
    low, measured, high, value = np.array(ends, float).T
    ratios = {
        name: round(float(np.median(column / np.maximum(measured, 1e-9))), 3)
        for name, column in (("low", low), ("value", value), ("high", high))
    }
    below, above = float(np.mean(value < low)), float(np.mean(value > high))
    shares = {"coverage": 1 - below - above, "below": below, "above": above}
    return {
        "quantity": quantity, "interval": interval, "target": target, "data": data,
        "n": len(ends), **{name: round(share, 3) for name, share in shares.items()}, **ratios,
    }  # fmt: skip


def threshold_ends(
    intensities: NDArray[np.floating], blocks: NDArray[np.int64], *, beyond: bool
) -> tuple[float, float, float]:
    """Return both ends of the lower threshold's interval around the measured one."""
    measured = estimate_thresholds(intensities).lower
    drawn = resample_thresholds(intensities, blocks, beyond=beyond)
    low, high = percentile_interval(drawn.lower)
    return min(low, measured), measured, max(high, measured)


def simulated_thresholds() -> Iterator[dict]:
    """Try areas of one size in one block of marrow against each other and their median."""
    for data, (radius_mm, slices) in AREAS.items():
        for mottle in (1.0, 2.0):
            ends: dict[str, list[list[tuple[float, float, float]]]] = {PLAIN: [], BEYOND: []}
            for seed in range(MARROWS):
                rng = np.random.default_rng([TEST + seed, radius_mm])
                _, marrow = make_marrow(rng, MARROW_SHAPE, mottle=mottle)
                areas = list(circles(radius_mm, slices))[:MOST_AREAS]
                blocks = [area_blocks(area, SPACING_MM) for area in areas]
                for name, rows in ends.items():
                    make = partial(threshold_ends, beyond=name == BEYOND)
                    rows.append([make(marrow[a], b) for a, b in zip(areas, blocks, strict=True)])
            kind = f"simulated marrow, {data}" + (", mottle x 2" if mottle == 2 else "")
            for name, rows in ends.items():
                typical, another = [], []
                for of_marrow in rows:
                    middle = float(np.median([measured for _, measured, _ in of_marrow]))
                    typical += [(*one, middle) for one in of_marrow]
                    another += [(*a, b[1]) for a in of_marrow for b in of_marrow if a is not b]
                yield row("lower threshold", name, TYPICAL, kind, typical)
                yield row("lower threshold", name, ANOTHER, kind, another)


def circles(radius_mm: float, slices: int) -> Iterator[NDArray[np.bool_]]:
    """Yield areas side by side in a block of marrow."""
    reach = [int(radius_mm / spacing) + 1 for spacing in SPACING_MM[:2]]
    i, j = np.ogrid[: MARROW_SHAPE[0], : MARROW_SHAPE[1]]
    for ci in range(reach[0], MARROW_SHAPE[0] - reach[0], 2 * reach[0] + 3):
        for cj in range(reach[1], MARROW_SHAPE[1] - reach[1], 2 * reach[1] + 3):
            away = ((i - ci) * SPACING_MM[0]) ** 2 + ((j - cj) * SPACING_MM[1]) ** 2
            for k in range(0, MARROW_SHAPE[2] - slices + 1, slices + 1):
                area = np.zeros(MARROW_SHAPE, bool)
                area[..., k : k + slices] = (away <= radius_mm**2)[..., None]
                yield area


def study_halves() -> Iterator[dict]:
    """Try halves of the study's drawn areas against each other; nothing is fitted on them."""
    ends: dict[str, list[Ends]] = {PLAIN: [], BEYOND: []}
    for case in SCANS:
        scan = find_case("study", case)
        stir, area = load_image(scan.stir), load_mask(scan.normal_bone).array
        place = np.argwhere(area)
        for half in halves(place, stir.slice_axis):
            for one, other in ((half, ~half), (~half, half)):
                part = np.zeros_like(area)
                part[tuple(place[one].T)] = True
                blocks = area_blocks(part, stir.spacing_mm, slice_axis=stir.slice_axis)
                if blocks.max() + 1 < 8:
                    continue
                target = estimate_thresholds(stir.array[tuple(place[other].T)]).lower
                for name, rows in ends.items():
                    make = threshold_ends(stir.array[part], blocks, beyond=name == BEYOND)
                    rows.append((*make, target))
    for name, rows in ends.items():
        yield row("lower threshold", name, HALF, "study, ten drawn areas cut in four ways", rows)


def halves(place: NDArray[np.int64], slice_axis: int) -> Iterator[NDArray[np.bool_]]:
    """Yield halves of an area's voxels: cut across each axis, and every other slice."""
    for axis in range(3):
        yield place[:, axis] < np.median(place[:, axis])
    yield place[:, slice_axis] % 2 == 0


def study_volumes() -> Iterator[dict]:
    """Try the interval of each of the eight read scans against both readers' volumes.

    The model, its choices and both SDs come from the seven other scans.
    """
    from networks.cleaning import CLEANED, Folds, describe, judged_scans, lesion_sd

    cases = [case for case in load_cases("study") if case.case in CLEANED]
    scans = [describe(reading) for reading in load_readings(cases)]
    folds = Folds(scans)
    rows, ends = [], []
    for case, scan in zip(cases, scans, strict=True):
        choice = folds.choose(scan)
        others = [other for other in scans if other is not scan]
        keeps = {other.case: folds.left_out(choice, other, scan) for other in others}
        over_lesions = lesion_sd([(other, keeps[other.case]) for other in others], choice[1])
        over_scans = estimate_scan_sd(judged_scans(keeps, others), lesion_sd=over_lesions)
        keep = np.append(0.0, folds.left_out(choice, scan))
        sizes = np.append(0, scan.sizes)
        kept = most_probable(keep, sizes)
        candidates = measure(case, propose=False, warn=lambda note: None).candidates
        interval = proposed_interval(
            candidates, keep, kept, scan_sd=over_scans, lesion_sd=over_lesions
        )
        readers, voxels = CLEANED[scan.case], int(sizes @ kept)
        low = high = None
        if interval.low is not None and interval.high is not None:
            low, high = interval.low.voxels, interval.high.voxels
            ends += [(low, voxels, high, reader) for reader in readers]
        rows.append(
            {
                "scan": scan.case, "reader_1": readers[0], "reader_2": readers[1],
                "proposed": voxels, "low": low, "high": high, "scan_sd": round(over_scans, 2),
                "lesion_sd": over_lesions, "no_interval": interval.reason,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows).astype({"low": "Int64", "high": "Int64"})
    table.to_csv(STUDY_TABLE, index=False, lineterminator="\n")
    data = "study, eight read scans, each left out"
    yield row("VHI, proposed", NORMAL_BONE_AND_CLEANING, "either reader's volume", data, ends)


@dataclass(frozen=True, eq=False)
class Example:
    """A simulated scan for the simulated model."""

    candidates: Candidates
    sizes: NDArray[np.int64]
    true: NDArray[np.bool_]
    features: NDArray[np.float64]
    volume: int


def make_example(seed: int, volume_mm3: float) -> Example:
    """Simulate a scan and what a model sees of its regions.

    A region is inflammation where lesions fill at least half of its voxels. Features: the log of
    its size, its mean STIR in IQRs above the upper quartile, and a noisy opinion, whose noise is
    shared in part by the lesion and the scan.
    """
    rng = np.random.default_rng([seed, int(volume_mm3)])
    scan = make_scan(rng, volume_mm3)
    candidates, regions = scan.candidates, scan.candidates.regions
    count = regions.count + 1
    sizes = np.bincount(regions.part, minlength=count)
    sizes[0] = 0
    true = 2 * np.bincount(regions.numbers[scan.lesions], minlength=count) >= sizes
    true[0] = False
    thresholds = candidates.thresholds
    values = candidates.stir.array[tuple(regions.voxels.T)]
    above = (values - thresholds.upper_quartile) / thresholds.iqr
    mean = np.bincount(regions.part, above, count) / np.maximum(sizes, 1)
    opinion = 2.0 * true + rng.normal(size=count) + 0.7 * rng.normal()
    opinion += 0.7 * rng.normal(size=regions.lesion_of.max() + 1)[regions.lesion_of]
    features = np.stack([np.log(np.maximum(sizes, 1)), mean, opinion], axis=1)
    return Example(candidates, sizes, true, features, int(scan.lesions.sum()))


class SimulatedModel:
    """A model of cleaning: logistic regression, trained and calibrated on simulated scans."""

    def __init__(self) -> None:
        from sklearn.linear_model import LogisticRegression

        volumes = np.resize(VOLUMES_MM3, TRAINING_SCANS)
        training = [make_example(TRAINING + n, volume) for n, volume in enumerate(volumes)]
        self.fit = LogisticRegression().fit(
            np.concatenate([example.features[1:] for example in training]),
            np.concatenate([example.true[1:] for example in training]),
        )
        areas = [area_of(example) for example in training]
        judged = []
        for n, volume in enumerate(volumes):
            example = make_example(CALIBRATION + n, volume)
            lesion_of = example.candidates.regions.lesion_of
            areas.append(area_of(example))
            voxels = float(example.sizes @ example.true)
            judged.append(JudgedScan(self.keep(example), lesion_of, example.sizes, voxels))
        self.slope, self.level = np.polyfit(*np.array(areas).T, 1)
        self.scan_sd = estimate_scan_sd(judged, lesion_sd=LESION_SD)

    def keep(self, example: Example) -> NDArray[np.float64]:
        """Return the probability of every region."""
        return np.append(0.0, self.fit.predict_proba(example.features[1:])[:, 1])

    def typical_lower(self, voxels: int) -> float:
        """Return the lower threshold of a typical area of so many voxels: it grows with the log."""
        return float(self.level + self.slope * np.log(voxels))


def area_of(example: Example) -> tuple[float, float]:
    """Return the log of the number of normal-bone voxels, and the lower threshold."""
    return np.log(example.candidates.intensities.size), example.candidates.thresholds.lower


def simulated_volumes() -> Iterator[dict]:
    """Try intervals of volumes on simulated scans of known truth."""
    model = SimulatedModel()
    print(f"simulated model: SD over scans {model.scan_sd:.2f}", flush=True)
    ends: dict[tuple[str, str, str, float], list[Ends]] = {}
    for volume_mm3 in VOLUMES_MM3:
        for n in range(REPEATS):
            example = make_example(TEST + n, volume_mm3)
            for key, one in try_scan(example, model).items():
                ends.setdefault((*key, volume_mm3), []).append(one)
        print(f"simulated: {REPEATS} scans of {volume_mm3} mm³", flush=True)
    for (name, source, target, volume_mm3), rows in ends.items():
        yield row(f"VHI, {name}", source, target, f"simulated scans, {volume_mm3} mm³", rows)


def try_scan(example: Example, model: SimulatedModel) -> dict[tuple[str, str, str], Ends]:
    """Return the intervals of a scan by name, source and target; none where an area is small."""
    candidates = example.candidates
    left = example.true[candidates.regions.numbers]
    keep = model.keep(example)
    kept = most_probable(keep, example.sizes)
    cleaned = vhi_interval(candidates, left=left)
    proposed = proposed_interval(candidates, keep, kept, scan_sd=model.scan_sd, lesion_sd=LESION_SD)
    if cleaned.low is None or proposed.low is None:
        return {}
    reader = int(left.sum())
    typical = model.typical_lower(candidates.intensities.size)
    at_typical = int(inflammation_at(candidates, typical, left=left).sum())
    targets = {TRUTH: example.volume, SAME: reader, MEDIAN: at_typical}
    ends = {}
    for name, interval, measured in (
        ("cleaned by the truth", cleaned, reader),
        ("proposed", proposed, int(example.sizes @ kept)),
    ):
        assert interval.low is not None and interval.high is not None
        for target, value in targets.items():
            if interval is cleaned and target == SAME:
                continue  # by construction
            low, high = interval.low.voxels, interval.high.voxels
            ends[name, interval.source, target] = (low, measured, high, value)
    return ends


def main(path: Path = TABLE) -> int:
    """Write the table and print it."""
    old = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=COLUMNS)
    rows = [*simulated_thresholds()]
    try:
        rows += [*study_halves(), *study_volumes()]
    except InputError as error:
        print(f"study's rows kept as they were: {error}", file=sys.stderr)
        rows += old[old["data"].str.startswith("study")].to_dict("records")
    rows += simulated_volumes()
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.to_csv(path, index=False, lineterminator="\n")
    print(table.to_string(index=False))
    return 0
