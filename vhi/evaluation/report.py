"""An evaluation on disk: two tables, a summary and a picture."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from vhi.evaluation.evaluate import Evaluation
from vhi.evaluation.robustness import UNCHANGED
from vhi.evaluation.threshold_effect import NormalBoneEffect
from vhi.files.atomic import check_free, staged_folder, write_whole
from vhi.files.encode import encode_csv, encode_figure, encode_json, plain_style
from vhi.segmentation.tasks import DISEASE_REGION, NORMAL_BONE
from vhi.statistics import median_interval, summarise

RESULT_FILES = frozenset(
    {"slices.csv", "scans.csv", "summary.json", "evaluate.png", "evaluate.svg"}
)
"""The files of an evaluation's folder."""

NAMES = ("case", "subject", "visit", "change", "seen_in_training")
SHARES = ("dice", "precision", "recall")
SURFACES = ("surface_mean_mm", "surface_p95_mm")
OUTSIDE = "dice_outside_normal_bone"
SLICE_COLUMNS = (*NAMES, "slice", *SHARES, *SURFACES, "found_pixels", "truth_pixels", OUTSIDE)
SCAN_COLUMNS = (
    *(*NAMES, *SHARES, "volume_similarity", *SURFACES, "surface_max_mm", "found_voxels"),
    *("truth_voxels", OUTSIDE, "slices", "slices_without_either"),
)
EFFECT_COLUMNS = tuple(field.name for field in fields(NormalBoneEffect))

ALL_BONE = (
    "a network of vhi predicts all bone, normal bone included, while drawn disease regions leave "
    f"some of the normal bone out: {OUTSIDE} leaves normal bone out of the comparison"
)
SLICES_ALIKE = (
    "slices of one scan are alike, so an interval is given for the median of subjects (the mean "
    "Dice of each one's scans) and none for slices"
)
SEEN = (
    "{count} of {total} scans are of subjects that the network was trained on (seen_in_training); "
    "their scores say nothing about new scans"
)
SIMULATED = (
    "changed scans are simulated from the unchanged ones: a network that fails on them will fail "
    "on patients, one that passes may still"
)
NOT_KNOWN = "the origin of the masks is not known here, so neither are the scans seen in training"


def summary_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return one record for each change, apart for scans seen in training and for others.

    Slices in which both masks are empty are counted as `slices_without_either` and left out of
    everything else. Infinite surface distances, where one of two masks is empty, are left out of
    their own summary, whose `n` is smaller by them.
    """
    keys = dict.fromkeys((scan["seen_in_training"], scan["change"]) for scan in evaluation.scans)
    return [_summary_of_group(evaluation, seen, change) for seen, change in keys]


def _summary_of_group(evaluation: Evaluation, seen: str, change: str) -> dict[str, Any]:
    def in_group(row: dict[str, Any]) -> bool:
        return (row["seen_in_training"], row["change"]) == (seen, change)

    scans = [scan for scan in evaluation.scans if in_group(scan)]
    slices = [row for row in evaluation.slices if in_group(row) and "dice" in row]
    done = [scan for scan in scans if not scan["failure"]]
    subjects: dict[str, list[float]] = {}
    for scan in done:
        subjects.setdefault(scan["subject"], []).append(scan["dice"])
    means = [sum(dice) / len(dice) for dice in subjects.values()]
    interval = median_interval(means)
    columns = (*SHARES, *SURFACES, OUTSIDE)
    record = {
        "seen_in_training": seen or "unknown",
        "change": change,
        "subjects": len(means),
        "scans": len(done),
        "failed": len(scans) - len(done),
        "slices": len(slices),
        "slices_without_either": sum(scan["slices_without_either"] for scan in done),
        "median_of_subjects": summarise(means).median,
        "median_interval_of_subjects": interval and asdict(interval),
        "per_slice": {name: asdict(summarise(_finite(slices, name))) for name in columns},
        "per_scan": {
            name: asdict(summarise(_finite(done, name)))
            for name in (*SHARES, "volume_similarity", *SURFACES, OUTSIDE)
        },
    }
    if evaluation.target == NORMAL_BONE:
        for name in ("lower_error_percent", "vhi_change_percent"):
            values = _finite(done, name)
            record[name] = asdict(summarise(values))
            record[f"absolute_{name}"] = asdict(summarise(map(abs, values)))
    return record


def warnings_of(evaluation: Evaluation) -> list[str]:
    """Return warnings about the scores."""
    seen = [scan["seen_in_training"] for scan in evaluation.scans]
    warnings = list(evaluation.notes)
    if "yes" in seen:
        warnings.insert(0, SEEN.format(count=seen.count("yes"), total=len(seen)))
    return warnings


def notes_of(evaluation: Evaluation) -> list[str]:
    """Return the warnings and the notes for readers of the tables."""
    notes = warnings_of(evaluation)
    if any(scan["seen_in_training"] == "" for scan in evaluation.scans):
        notes.append(NOT_KNOWN)
    if any(scan["change"] != UNCHANGED for scan in evaluation.scans):
        notes.append(SIMULATED)
    if evaluation.target == DISEASE_REGION:
        notes.append(ALL_BONE)
    return [*notes, SLICES_ALIKE]


def write_evaluation(
    evaluation: Evaluation,
    folder: str | os.PathLike[str],
    *,
    made_by: dict[str, Any],
    title: str = "",
    overwrite: bool = False,
) -> Path:
    """Write an evaluation into a new folder, whole or not at all.

    Parameters
    ----------
    evaluation
        From `vhi.evaluation.evaluate.evaluate`.
    folder
        The folder to create; it will hold the `RESULT_FILES`.
    made_by
        Origin of the scored masks, for the summary: source, network or masks, version.
    title
        Of the picture.
    overwrite
        Replace an earlier evaluation in `folder`.

    Raises
    ------
    InputError
        The folder is not empty, or cannot be written.
    """
    from vhi.evaluation.figure import draw_evaluation

    folder = Path(folder)
    check_free(folder, overwrite=overwrite, result_files=RESULT_FILES)
    effect = EFFECT_COLUMNS if evaluation.target == NORMAL_BONE else ()
    summary = {
        **made_by,
        "truth": evaluation.target,
        "notes": notes_of(evaluation),
        "results": summary_of(evaluation),
    }
    with plain_style():
        figure = draw_evaluation(evaluation, title=title)
    files = {
        "slices.csv": encode_csv(evaluation.slices, SLICE_COLUMNS),
        "scans.csv": encode_csv(evaluation.scans, (*SCAN_COLUMNS, *effect, "failure")),
        "summary.json": encode_json(summary),
        **{f"evaluate.{kind}": encode_figure(figure, kind) for kind in ("png", "svg")},
    }
    with staged_folder(folder, overwrite=overwrite, result_files=RESULT_FILES) as stage:
        for name, content in files.items():
            write_whole(stage / name, content)
    return folder


def _finite(rows: Iterable[dict[str, Any]], name: str) -> list[float]:
    values = (row.get(name, math.nan) for row in rows)
    return [value for value in values if math.isfinite(value)]
