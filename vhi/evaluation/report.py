"""An evaluation on disk: two tables, a summary and a picture."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.evaluation.evaluate import Evaluation
from vhi.evaluation.robustness import UNCHANGED
from vhi.evaluation.scores import NormalBoneEffect
from vhi.files.atomic import check_free, staged_folder, write_whole
from vhi.files.encode import encode_csv, encode_figure, encode_json, plain_style
from vhi.segmentation.registry import DISEASE_REGION, NORMAL_BONE
from vhi.statistics import median_interval, summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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

Rows = Sequence[Mapping[str, Any]]

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
    """Write an evaluation into a new folder, whole or not at all: the `RESULT_FILES`.

    `made_by` is the origin of the scored masks, for the summary: source, network or masks, version.
    `overwrite` replaces an earlier evaluation in `folder`. InputError if the folder is not empty,
    or cannot be written.
    """
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


def draw_evaluation(evaluation: Evaluation, *, title: str = "") -> Figure:
    """Draw Dice slice by slice, and its spread.

    Left, one line for each scan along its slices (dotted if the network saw the scan in
    training); right, the same slices as points, one column for each scan, with median (bar) and
    range. Where scans were changed, one column for each change instead, and no lines.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    rows = [row for row in evaluation.slices if "dice" in row]
    changes = list(dict.fromkeys(row["change"] for row in evaluation.scans))
    if len(changes) > 1:
        groups = {change: [row for row in rows if row["change"] == change] for change in changes}
        figure = Figure(figsize=(1.5 + 1.1 * len(groups), 4.2), layout="constrained")
        axes = figure.subplots()
        axes.set_ylabel("Dice of the slice")
        _draw_spread(axes, groups, ["#44525f"] * len(groups))
    else:
        groups = {}
        for row in rows:
            groups.setdefault(f"{row['case']} {row['visit']}".strip(), []).append(row)
        figure = Figure(figsize=(7 + 0.45 * len(groups), 4.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(5, 1.6 + 0.45 * len(groups)))
        # Colours that differ in brightness, for readers who tell few hues apart.
        colours = [colormaps["viridis"](share) for share in np.linspace(0, 0.9, len(groups))]
        _draw_along_slices(left, groups, colours)
        figure.legend(frameon=False, fontsize=7, loc="outside lower center", ncols=7)
        _draw_spread(right, groups, colours)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def _draw_along_slices(axes: Axes, groups: Mapping[str, Rows], colours: Sequence[Any]) -> None:
    """Draw the Dice of each scan along its slices."""
    for (name, rows), colour in zip(groups.items(), colours, strict=True):
        slices, dice = zip(*((row["slice"], row["dice"]) for row in rows), strict=True)
        line = ":" if rows[0]["seen_in_training"] == "yes" else "-"
        axes.plot(slices, dice, line, color=colour, marker=".", label=name)
    axes.set_xlabel("slice (as stored, counted from 0)")
    axes.set_ylabel("Dice of the slice")
    if any(rows[0]["seen_in_training"] == "yes" for rows in groups.values()):
        axes.plot([], [], ":", color="grey", label="seen in training")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_spread(axes: Axes, groups: Mapping[str, Rows], colours: Sequence[Any]) -> None:
    """Draw the slices of each group as points, their median as a bar, their range as a line."""
    for place, (rows, colour) in enumerate(zip(groups.values(), colours, strict=True)):
        values = [row["dice"] for row in rows]
        if values:
            summary = summarise(values)
            # Points side by side in slice order: the same on every run.
            across = place + np.linspace(-0.25, 0.25, len(values))
            axes.plot(across, values, ".", color=colour, markersize=3, alpha=0.6)
            axes.vlines(place, summary.min, summary.max, color=colour, linewidth=1)
            axes.hlines(summary.median, place - 0.35, place + 0.35, color=colour, linewidth=2.5)
    counts = sorted({len(rows) for rows in groups.values()})
    slices = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    axes.set_title(f"slices (n = {slices} each), median and range", fontsize=8)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.tick_params(axis="x", labelsize=7, labelrotation=90 if len(groups) > 4 else 0)
    axes.spines[["top", "right"]].set_visible(False)


def _finite(rows: Iterable[dict[str, Any]], name: str) -> list[float]:
    values = (row.get(name, math.nan) for row in rows)
    return [value for value in values if math.isfinite(value)]
