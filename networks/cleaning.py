"""The model that proposes cleaning: trained, judged leave-one-subject-out, and shipped.

The eight scans with four manual masks are judged by models of the seven others. Features, label and
penalty are chosen inside the seven: each is left out once more, and the choice has the largest mean
of Dice over the best Dice of whole regions, against the voxels that two of four manual masks mark.
The readers' own cleaned volumes take part in no fit and no such choice. They did influence which
labels were tried: see the model's card.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from networks.results import write_record, write_table
from vhi.cases.case import Case
from vhi.evaluation.cleaning import (
    RegionTruth,
    decisions_with,
    decisions_without,
    leave,
    log_ratio,
    shares_right,
    weighted_auc,
)
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.phantom import TISSUES, make_phantom
from vhi.reader_study.readings import ScanReadings, load_readings
from vhi.segmentation.propose_edits import COEFFICIENTS, LOOKS, CleaningModel, reasons_of
from vhi.segmentation.region_features import FEATURES, region_features
from vhi.segmentation.registry import shipped_folder
from vhi.steps.candidates import find_candidates
from vhi.steps.edits import REASONS
from vhi.uncertainty.calibration import JudgedScan, estimate_scan_sd
from vhi.uncertainty.proposed import draw_volumes
from vhi.workflow import measure

NAME = "cleaning"

CLEANED = {
    "1003": (896, 168), "1007": (2050, 1654), "1012": (2033, 1454), "1013": (97301, 98672),
    "1016": (15768, 14823), "1234": (1570, 1685), "3002": (30727, 28980), "4386": (824, 481),
}  # fmt: skip
"""Voxels of the two readers' cleaned masks: only for judging."""

MANUAL = 4
VOTES = 2
OWN_SPREAD = 0.25
"""ln(volume ratio) that is allowed where two readers agree better."""

SETS = {
    "few": ("log_area", "log_lesion", "peak", "t1w", "depth", "joint"),
    "no joint": (
        "log_area", "log_lesion", "mean", "peak", "around", "t1w", "depth", "lateral", "height",
        "front", "elongation", "upper",
    ),
    "more": (
        "log_area", "log_lesion", "peak", "t1w", "depth", "joint", "near", "around", "t1w_around",
        "height", "front", "lateral", "continues",
    ),
    "all": tuple(name for name in FEATURES if name != "lesion_slices"),
}  # fmt: skip
"""Features that were tried, simplest first."""

LABELS = ("two votes", "share", "own", "any")
"""A region is kept where: a voxel has two of the four marks; the share of masks that mark a voxel
of it; the share of readers who did so in either trial; any mask does."""

PENALTIES = (3.0, 30.0, 300.0)
"""Of squared weights of scaled features, where each scan weighs 100."""

AS_GOOD = 0.01
"""A simpler choice wins where the mean is less than this lower."""

SEVERITIES = ("none", "mild", "moderate", "severe")

SURE_RIGHT, SURE_STEPS = 0.95, np.arange(0.5, 0.009, -0.01)
"""Share of the sure regions' voxels that must be decided rightly on scans left out, and limits of
the probability that are tried, largest first."""


@dataclass(frozen=True, eq=False)
class Scan:
    """One scan's regions. `marks` is which masks mark each region, shape (count, 4)."""

    case: str
    features: NDArray[np.floating]
    truth: RegionTruth
    marks: NDArray[np.bool_]
    lesion: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Voxels of each region."""
        return self.truth.sizes

    def label(self, name: str) -> NDArray[np.float64]:
        """Return how far each region is kept, from 0 to 1, under one of `LABELS`."""
        if name == "two votes":
            return (self.truth.marked > 0).astype(float)
        if name == "share":
            return self.marks.mean(axis=1)
        if name == "own":
            return self.marks.reshape(-1, 2, 2).any(axis=2).mean(axis=1)
        return self.marks.any(axis=1).astype(float)

    def columns(self, names: Sequence[str]) -> NDArray[np.floating]:
        """Return some features."""
        return self.features[:, [FEATURES.index(name) for name in names]]


def describe(readings: ScanReadings) -> Scan:
    """Describe the regions of one scan, from its given masks."""
    measurement = measure(readings.case, propose=False, warn=lambda note: None)
    candidates = measurement.candidates
    assert measurement.t1w is not None
    regions = candidates.regions
    masks = [readings.whole(mask.mask).array for mask in readings.manual]
    votes = np.sum(masks, axis=0)

    def voxels(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(regions.part, mask[tuple(regions.voxels.T)], regions.count + 1)[1:]

    truth = RegionTruth(
        np.bincount(regions.part, minlength=regions.count + 1)[1:],
        voxels(votes >= VOTES),
        int(np.count_nonzero(votes >= VOTES)),
    )
    marks = np.stack([voxels(mask) > 0 for mask in masks], axis=1)
    features = region_features(candidates, measurement.t1w)
    return Scan(readings.scan, features, truth, marks, regions.lesion_of[1:])


def fit(scans: Sequence[Scan], names: Sequence[str], label: str, penalty: float) -> CleaningModel:
    """Fit the logistic regression: a region weighs as the root of its size, scans weigh alike."""
    x = np.concatenate([scan.columns(names) for scan in scans])
    y = np.concatenate([scan.label(label) for scan in scans])
    roots = [np.sqrt(scan.sizes) for scan in scans]
    weight = np.concatenate([100 * root / root.sum() for root in roots])
    centre, spread = x.mean(axis=0), x.std(axis=0)
    design = np.column_stack([(x - centre) / spread, np.ones(len(x))])
    ridge = penalty * np.diag([*np.ones(len(names)), 0.0])
    beta = np.zeros(len(names) + 1)
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        slope = design.T @ (weight * (p - y)) + ridge @ beta
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        beta -= step
        if np.abs(step).max() < 1e-9:
            break
    # Rounded: the same file from every machine.
    rounded = [tuple(np.round(values, 4).tolist()) for values in (centre, spread, beta)]
    return CleaningModel(
        NAME, tuple(names), rounded[0], rounded[1], rounded[2][:-1], rounded[2][-1], 0.5, 0.0, 0.0
    )


def predict(model: CleaningModel, scan: Scan) -> NDArray[np.float64]:
    """Return the probability of each region of a scan."""
    return model.probability(scan.columns(model.features))


Choice = tuple[str, str, float]


def choices() -> list[Choice]:
    """Return all choices: features, label and penalty; simplest features first."""
    return list(itertools.product(SETS, LABELS, PENALTIES))


class Folds:
    """Models of all scans but one or two, each fitted once."""

    def __init__(self, scans: Sequence[Scan]):
        self.scans = scans
        self.fits: dict[tuple[Choice, frozenset[str]], CleaningModel] = {}

    def model(self, choice: Choice, *held_out: Scan) -> CleaningModel:
        """Return the model of all scans but those held out."""
        out = frozenset(scan.case for scan in held_out)
        key = choice, out
        if key not in self.fits:
            name, label, penalty = choice
            training = [scan for scan in self.scans if scan.case not in out]
            self.fits[key] = fit(training, SETS[name], label, penalty)
        return self.fits[key]

    def left_out(self, choice: Choice, scan: Scan, *others: Scan) -> NDArray[np.float64]:
        """Return the probabilities on a scan of a model that knows neither it nor the others."""
        return predict(self.model(choice, scan, *others), scan)

    def score(self, choice: Choice, *held_out: Scan) -> float:
        """Return the mean of Dice over best Dice of the scans not held out, each left out."""
        inner = [scan for scan in self.scans if scan not in held_out]
        return float(np.mean([
            scan.truth.dice(leave(self.left_out(choice, scan, *held_out), scan.sizes))
            / scan.truth.best_dice()
            for scan in inner
        ]))  # fmt: skip

    def choose(self, *held_out: Scan) -> Choice:
        """Return the simplest choice that is as good as the best, without the held-out scans."""
        scores = {choice: self.score(choice, *held_out) for choice in choices()}
        best = max(scores.values())
        first = next(c for c in scores if scores[c] > best - AS_GOOD)
        same = [c for c in scores if c[0] == first[0]]
        return max(same, key=lambda c: scores[c])

    def sure(self, choice: Choice, *held_out: Scan) -> float:
        """Return the limit below which regions are sure, `SURE_RIGHT` being right when left out."""
        inner = [scan for scan in self.scans if scan not in held_out]
        keeps = [self.left_out(choice, scan, *held_out) for scan in inner]
        for limit in SURE_STEPS:
            shares = []
            for scan, keep in zip(inner, keeps, strict=True):
                shares.append(shares_right(keep, scan.label(choice[1]) > 0.5, scan.sizes, limit))
            right, certain = np.sum(shares, axis=0)
            if certain and right / certain >= SURE_RIGHT:
                return round(float(limit), 2)
        return 0.0

    def interval(self, choice: Choice, scan: Scan) -> dict[str, float]:
        """Return the ends of the interval of cleaning alone, with the spreads of the seven."""
        inner = [other for other in self.scans if other is not scan]
        keeps = {other.case: self.left_out(choice, other, scan) for other in inner}
        lesions = lesion_sd([(other, keeps[other.case]) for other in inner], choice[1])
        over_scans = estimate_scan_sd(judged_scans(keeps, inner), lesion_sd=lesions)
        volumes = draw_volumes(
            np.append(0.0, self.left_out(choice, scan)),
            np.append(0, scan.lesion),
            np.append(0, scan.sizes)[None],
            scan_sd=over_scans,
            lesion_sd=lesions,
        )[:, 0]
        low, high = np.percentile(volumes, [2.5, 97.5])
        return {"proposed_low": round(float(low)), "proposed_high": round(float(high))}


def judge(scan: Scan, keep: NDArray[np.float64], sure: float) -> dict[str, Any]:
    """Return how good the probabilities of a scan are."""
    first, second = CLEANED[scan.case]
    mean = (first + second) / 2
    allowed = max(abs(log_ratio(first, second)), OWN_SPREAD)
    kept, sizes, truth = leave(keep, scan.sizes), scan.sizes, scan.truth
    ln = log_ratio(int(sizes[kept].sum()), mean)
    oracle = truth.best_dice()
    doubt = (keep > sure) & (keep < 1 - sure)
    readers = {
        "consensus": truth.marked > 0,
        "reader 1 union": scan.marks[:, :2].any(axis=1),
        "reader 1 both": scan.marks[:, :2].all(axis=1),
        "reader 2 union": scan.marks[:, 2:].any(axis=1),
        "reader 2 both": scan.marks[:, 2:].all(axis=1),
    }
    decisions: dict[str, Any] = {}
    for name, final in readers.items():
        without, within = (
            decisions_without(sizes, final),
            decisions_with(sizes, final, keep, doubt),
        )
        decisions |= {f"decisions without, {name}": without, f"decisions with, {name}": within}
    right, certain = shares_right(keep, truth.marked > 0, sizes, sure)
    return {
        "scan": scan.case,
        "reader_1": first,
        "reader_2": second,
        "uncleaned": int(sizes.sum()),
        "proposed": int(sizes[kept].sum()),
        "ln_ratio": ln,
        "allowed": allowed,
        "volume_met": abs(ln) <= allowed,
        "dice_uncleaned": truth.dice(np.ones(len(sizes), bool)),
        "dice_proposed": truth.dice(kept),
        "dice_oracle": oracle,
        "dice_met": truth.dice(kept) >= 0.9 * oracle,
        "auc": weighted_auc(keep, truth.marked > 0, sizes),
        "in_doubt_regions": int(doubt.sum()),
        "in_doubt_voxels": int(sizes[doubt].sum()),
        "sure_right": right / certain if certain else np.nan,
        **decisions,
    }


def lesion_sd(scans: Iterable[tuple[Scan, NDArray[np.float64]]], label: str) -> float:
    """Return a rough SD of the log-odds over lesions, from residuals of pairs within lesions.

    The correlation of Pearson residuals of two regions of one lesion, of scans left out, minus that
    of two regions of one scan, is taken for the share of the lesion in the latent variance.
    """
    together, apart = np.zeros(2), np.zeros(2)
    for scan, keep in scans:
        p = np.clip(keep, 0.02, 0.98)
        z = (scan.label(label) - p) / np.sqrt(p * (1 - p))
        same = scan.lesion[:, None] == scan.lesion
        product = np.outer(z, z)
        pairs = ~np.eye(len(z), dtype=bool)
        for total, which in ((together, same & pairs), (apart, ~same)):
            total += product[which].sum() / len(z), np.count_nonzero(which) / len(z)
    share = np.clip(together[0] / together[1] - apart[0] / apart[1], 0, 0.9)
    return round(float(np.pi / np.sqrt(3) * np.sqrt(share / (1 - share))), 2)


def judged_scans(
    keeps: Mapping[str, NDArray[np.float64]], scans: Sequence[Scan]
) -> list[JudgedScan]:
    """Return, for each scan, what each of the two readers marked in either trial."""
    return [
        JudgedScan(
            np.append(0.0, keeps[scan.case]),
            np.append(0, scan.lesion),
            np.append(0, scan.sizes),
            float(scan.sizes[scan.marks[:, trials].any(axis=1)].sum()),
        )
        for scan in scans
        for trials in (slice(0, 2), slice(2, 4))
    ]


def likely_reasons(seeds: Iterable[int] = range(112, 124)) -> list[dict[str, Any]]:
    """Count the likely reasons given to decoys of phantom scans (simulated), whose kinds are known.

    A region is a decoy's where that fills at least half of it. Fluid and ghosts are both artefacts
    to the phantom; fluid lies in the joint space.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        phantom = make_phantom(seed, severity=SEVERITIES[seed % len(SEVERITIES)])
        candidates = find_candidates(phantom.stir, phantom.normal_bone, phantom.disease_region)
        regions = candidates.regions
        place, count = tuple(regions.voxels.T), regions.count + 1
        reasons = reasons_of(region_features(candidates, phantom.t1w, LOOKS))
        sizes = np.bincount(regions.part, minlength=count)
        in_joint = phantom.tissues.array == TISSUES.index("joint space")
        for decoy in phantom.decoy_list:
            mask = phantom.decoys.array == decoy.id
            kind = decoy.kind
            if kind == "artefact":
                kind = "fluid" if in_joint[mask].mean() > 0.5 else "ghost"
            filled = np.bincount(regions.part, mask[place], count)
            for number in np.flatnonzero(filled[1:] * 2 >= sizes[1:]):
                counts[kind, reasons[number]] += 1
    kinds = sorted({kind for kind, _ in counts})
    return [
        {"simulated decoy": kind} | {reason: counts[kind, reason] for reason in REASONS}
        for kind in kinds
    ]


def make_cleaning(cases: Sequence[Case]) -> None:
    """Train, judge and write the model and its tables."""
    with_masks = [case for case in cases if case.case in CLEANED]
    scans = [describe(reading) for reading in load_readings(with_masks)]
    folds = Folds(scans)

    rows, keeps, models = [], {}, {}
    for scan in scans:
        choice = folds.choose(scan)
        keep = folds.left_out(choice, scan)
        keeps[scan.case] = keep
        models[scan.case] = dataclasses.asdict(folds.model(choice, scan))
        judged = judge(scan, keep, folds.sure(choice, scan))
        judged |= folds.interval(choice, scan)
        rows.append(judged | dict(zip(("features", "label", "penalty"), choice, strict=True)))
        print(judged["scan"], choice, f"{judged['ln_ratio']:+.2f} {judged['dice_proposed']:.2f}")
    write_table("cleaning", rows)
    write_record("cleaning-models", models)
    write_table("cleaning-reasons", likely_reasons())

    tries = []
    for choice in choices():
        judged_all = [judge(scan, folds.left_out(choice, scan), 0.0) for scan in scans]
        tries.append(
            dict(zip(("features", "label", "penalty"), choice, strict=True))
            | {
                "inner_score": folds.score(choice),
                "volumes_met": sum(row["volume_met"] for row in judged_all),
                "dice_met": sum(row["dice_met"] for row in judged_all),
                "auc": float(np.mean([row["auc"] for row in judged_all])),
            }
            | {f"ln {row['scan']}": row["ln_ratio"] for row in judged_all}
            | {f"dice {row['scan']}": row["dice_proposed"] for row in judged_all}
        )
    write_table("cleaning-tries", tries)

    choice = folds.choose()
    model = fit(scans, SETS[choice[0]], choice[1], choice[2])
    over_lesions = lesion_sd([(scan, keeps[scan.case]) for scan in scans], choice[1])
    over_scans = estimate_scan_sd(judged_scans(keeps, scans), lesion_sd=over_lesions)
    record = {
        "name": model.name,
        "features": model.features,
        "centre": model.centre,
        "spread": model.spread,
        "weight": model.weight,
        "intercept": model.intercept,
        "sure": folds.sure(choice),
        "scan_sd": round(over_scans, 2),
        "lesion_sd": over_lesions,
        "label": choice[1],
        "penalty": choice[2],
        "trained_on": [scan.case for scan in scans],
    }
    folder = shipped_folder() / NAME
    folder.mkdir(exist_ok=True)
    write_whole(folder / COEFFICIENTS, encode_json(record, ascii_only=True))
