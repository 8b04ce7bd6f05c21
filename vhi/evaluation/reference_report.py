"""Measured reference objects (simulated) summarised, drawn and written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.digits import digits
from vhi.evaluation.reference_objects import COLUMNS, METHODS, STEPS
from vhi.files.atomic import staged_folder, write_whole
from vhi.files.encode import encode_csv, encode_figure, encode_json, plain_style
from vhi.phantom.reference_object import BLANK, VOLUMES_MM3
from vhi.statistics import (
    DetectionLimit,
    Line,
    Repeatability,
    least_squares,
    limit_of_blank,
    limit_of_detection,
    limits_of_agreement,
    repeatability,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

RESULT_FILES = frozenset({"objects.csv", "summary.json", "phantom.png", "phantom.svg"})
"""The files of a report's folder."""

STUDY = "study"
LEAST_MM3 = 50.0
"""Volume from which bias and slope are judged."""

EDGES_MM3 = (10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0)
"""Ranges of volume in which bias is given."""

BIAS_PERCENT = 10.0
SLOPE = (0.95, 1.05)
"""Targets, set before any object was measured."""

FEWEST = 3
"""Objects of `LEAST_MM3` and more at the study's conditions without which there is no line."""

WORDS = {"uncleaned": "uncleaned", "proposed": "proposed", "truth_cleaned": "truth-cleaned"}
COLOURS = {"uncleaned": "#b0b7bf", "proposed": "#d9822b", "truth_cleaned": "#2b6cb0"}

NOTES = (
    "Objects are simulated: one lesion in simple geometry with the phantom's physics. They show "
    "the error of threshold, blur and noise, not the error of a reader.",
    "Bias, slope and detection are those of the first scan of each object at the contrast, noise "
    "and texture of the study's scans; repeatability is that of both scans, which differ in pose "
    "(up to 2 degrees and 1 mm), noise and gain, with the same area of normal bone.",
    "Proposed volumes come from a model; no reader has read them. The model was trained on whole "
    "scans of the study, not on such objects.",
)


@dataclass(frozen=True)
class Bias:
    """Mean percent error of n objects, with its 95 % interval and the errors' SD."""

    n: int
    percent: float
    interval: tuple[float, float]
    sd: float


@dataclass(frozen=True)
class Performance:
    """What the objects say of one of `METHODS`, at the study's conditions.

    `bias` is that of objects of `LEAST_MM3` and more, `by_volume` that of each range of
    `EDGES_MM3`, `line` measured on true volume (mm³) of objects of `LEAST_MM3` and more. The
    `blank_mm3` is the limit of blank; an object counts as found above it. `repeats` is the
    test–retest repeatability of objects of `LEAST_MM3` and more.
    """

    bias: Bias
    by_volume: dict[tuple[float, float], Bias]
    line: Line
    blank_mm3: float
    detection: DetectionLimit
    repeats: Repeatability

    @property
    def bias_met(self) -> bool:
        """Whether bias is within `BIAS_PERCENT` in every range from `LEAST_MM3`."""
        judged = [bias for (low, _), bias in self.by_volume.items() if low >= LEAST_MM3]
        return all(abs(bias.percent) <= BIAS_PERCENT for bias in judged)

    @property
    def slope_met(self) -> bool:
        """Whether the slope lies in `SLOPE`."""
        return SLOPE[0] <= self.line.slope <= SLOPE[1]


def bias_of(table: DataFrame, column: str) -> Bias:
    """Return the bias of a column of volumes in percent of the true volume."""
    percent = 100 * table[column].to_numpy(float) / table["true_mm3"].to_numpy(float)
    limits = limits_of_agreement(percent, np.full(len(percent), 100.0))
    return Bias(limits.n, limits.bias, limits.bias_interval, limits.sd)


def performance_of(table: DataFrame, method: str) -> Performance | None:
    """Return how well one of `METHODS` does; None where it was not measured.

    `table` is that of `vhi.evaluation.reference_objects.measure_objects`.
    """
    column = f"{method}_mm3"
    if table[column].isna().any():
        return None
    firsts = table[table["scan"] == 1]
    study = firsts[firsts["condition"] == STUDY]
    large = study[study["true_mm3"] >= LEAST_MM3]
    ranges = {
        (low, high): study[study["true_mm3"].between(low, high, inclusive="left")]
        for low, high in pairwise(EDGES_MM3)
    }
    blank = limit_of_blank(table.loc[table["condition"] == BLANK, column])
    both = table[(table["condition"] == STUDY) & (table["true_mm3"] >= LEAST_MM3)]
    pairs = both.pivot(index="object", columns="scan", values=column)
    found = study[column] > (blank if np.isfinite(blank) else 0)
    return Performance(
        bias_of(large, column),
        {ends: bias_of(part, column) for ends, part in ranges.items() if len(part)},
        least_squares(large["true_mm3"], large[column]),
        blank,
        limit_of_detection(study["true_mm3"], found),
        repeatability(pairs.to_numpy(float) if pairs.shape[1] > 1 else np.zeros((0, 2))),
    )


def steps_of(table: DataFrame) -> DataFrame:
    """Return the mean error after each of `STEPS`, in percent of the true volume.

    Rows are ranges of volume at the study's conditions, then the changed conditions from
    `LEAST_MM3`; ``threshold_share`` is its mean.
    """
    import pandas as pd

    firsts = table[(table["scan"] == 1) & (table["condition"] != BLANK)]
    study = firsts["condition"] == STUDY
    groups = {
        f"{low:g}–{high:g} mm³": firsts[
            study & firsts["true_mm3"].between(low, high, inclusive="left")
        ]
        for low, high in pairwise(EDGES_MM3)
    }
    changed = firsts[~study & (firsts["true_mm3"] >= LEAST_MM3)]
    groups |= {str(name): part for name, part in changed.groupby("condition", sort=False)}
    rows = {
        name: {"n": len(part), "threshold_share": part["threshold_share"].mean()}
        | {
            step.removesuffix("_mm3"): (100 * (part[step] / part["true_mm3"] - 1)).mean()
            for step in STEPS[1:]
        }
        for name, part in groups.items()
        if len(part)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def summary_of(table: DataFrame) -> dict[str, Any]:
    """Return everything the objects say, for ``summary.json``."""
    methods = {}
    for method, result in performances_of(table).items():
        record = asdict(result)
        record["by_volume"] = [
            {"from_mm3": low, "below_mm3": high, **asdict(bias)}
            for (low, high), bias in result.by_volume.items()
        ]
        targets = {"bias_met": result.bias_met, "slope_met": result.slope_met}
        methods[method] = record | targets
    models = sorted(set(table["model"].dropna()))
    return {
        "simulated": True,
        "objects": int(table["object"].nunique()),
        "scans": len(table),
        "model": models[0] if models else None,
        "targets": {
            "bias_percent": BIAS_PERCENT,
            "slope": SLOPE,
            "from_mm3": LEAST_MM3,
            "volumes_mm3": VOLUMES_MM3,
        },
        "methods": methods,
        "errors": steps_of(table).rename_axis("objects").reset_index().to_dict("records"),
        "notes": NOTES,
    }


def performances_of(table: DataFrame) -> dict[str, Performance]:
    """Return the performance of each of `METHODS` that was measured."""
    results = {method: performance_of(table, method) for method in METHODS}
    return {method: result for method, result in results.items() if result is not None}


def lines_of(results: Mapping[str, Performance]) -> list[str]:
    """Return one line of text for each method."""
    lines = []
    for method, result in results.items():
        bias, line, again = result.bias, result.line, result.repeats
        limit = result.detection
        if bias.n < FEWEST:
            lines.append(
                f"{WORDS[method]}: too few objects of {LEAST_MM3:g} mm³ or more at the study's "
                f"conditions ({bias.n}, {FEWEST} needed); give --objects 100"
            )
            continue
        found = f"{digits(limit.limit)} mm³" if not limit.reason else f"none ({limit.reason})"
        lines.append(
            f"{WORDS[method]}: bias {bias.percent:+.1f} % "
            f"({bias.interval[0]:+.1f} to {bias.interval[1]:+.1f}; n = {bias.n}), "
            f"slope {line.slope:.2f} ({line.slope_interval[0]:.2f} to {line.slope_interval[1]:.2f})"
            f", limit of detection {found}, within-subject CV {100 * again.within_cv:.1f} % "
            f"({100 * again.within_cv_interval[0]:.1f} to "
            f"{100 * again.within_cv_interval[1]:.1f}; n = {again.n}), "
            f"repeatability coefficient {100 * again.coefficient_share:.0f} %"
        )
    return lines


def draw_objects(axes: NDArray[Any], table: DataFrame, results: Mapping[str, Performance]) -> None:
    """Draw four charts into axes of shape (2, 2).

    Measured on true volume, bias by volume, share found by volume, and test–retest differences.
    """
    firsts = table[(table["scan"] == 1) & (table["condition"] == STUDY)]
    _draw_measured(axes[0, 0], firsts, results)
    _draw_bias(axes[0, 1], results)
    _draw_found(axes[1, 0], firsts, results)
    _draw_repeats(axes[1, 1], table, results)
    for axis in axes.flat:
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_title(f"simulated objects, n = {len(firsts)}", fontsize=10)


def _draw_measured(axes: Axes, firsts: DataFrame, results: Mapping[str, Performance]) -> None:
    ends = np.array([VOLUMES_MM3[0], VOLUMES_MM3[1]])
    axes.fill_between(ends, 0.9 * ends, 1.1 * ends, color="#d5dce3", label="±10 %")
    for method in results:
        measured = firsts[f"{method}_mm3"]
        shown = measured > 0
        axes.plot(
            firsts["true_mm3"][shown], measured[shown], ".", color=COLOURS[method], markersize=4,
            label=WORDS[method],
        )  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="true volume (mm³)", ylabel="VHI (mm³); 0 is not shown")
    axes.legend(frameon=False, fontsize=8)


def _draw_bias(axes: Axes, results: Mapping[str, Performance]) -> None:
    axes.axhspan(-BIAS_PERCENT, BIAS_PERCENT, color="#d5dce3")
    for place, (method, result) in enumerate(results.items()):
        # Side by side, not on top of each other.
        middle = [(low * high) ** 0.5 * 1.06 ** (place - 1) for low, high in result.by_volume]
        percent = [bias.percent for bias in result.by_volume.values()]
        ends = np.array([bias.interval for bias in result.by_volume.values()]).T
        axes.plot(middle, percent, "o-", color=COLOURS[method], markersize=4, label=WORDS[method])
        axes.vlines(middle, *ends, color=COLOURS[method])
    axes.axhline(0, color="#1c2733", linewidth=0.8)
    axes.set_yscale("symlog", linthresh=20)  # decoys weigh many times a small lesion
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="true volume (mm³)", ylabel="bias (% of true volume), 95 % interval")
    axes.legend(frameon=False, fontsize=8)


def _draw_found(axes: Axes, firsts: DataFrame, results: Mapping[str, Performance]) -> None:
    for method, result in results.items():
        blank = result.blank_mm3 if np.isfinite(result.blank_mm3) else 0
        found = firsts[f"{method}_mm3"] > blank
        shares = [
            (np.sqrt(low * high), found[inside].mean())
            for low, high in pairwise(EDGES_MM3)
            if (inside := firsts["true_mm3"].between(low, high, inclusive="left")).any()
        ]
        x, y = np.reshape(shares, (-1, 2)).T
        axes.plot(x, y, "o-", color=COLOURS[method], markersize=4,
                  label=WORDS[method])  # fmt: skip
        if not result.detection.reason:
            axes.axvline(result.detection.limit, color=COLOURS[method], linestyle=":")
    axes.axhline(0.95, color="#1c2733", linewidth=0.8)
    axes.set(
        xlabel="true volume (mm³)", ylabel="share above the limit of blank", ylim=(-0.03, 1.03)
    )
    axes.legend(frameon=False, fontsize=8)


def _draw_repeats(axes: Axes, table: DataFrame, results: Mapping[str, Performance]) -> None:
    both = table[(table["condition"] == STUDY) & (table["true_mm3"] >= LEAST_MM3)]
    for method, result in results.items():
        pairs = both.pivot(index="object", columns="scan", values=f"{method}_mm3")
        if pairs.shape[1] < 2:
            continue
        mean = pairs.mean(axis=1)
        shown = mean > 0
        percent = 100 * (pairs[2] - pairs[1])[shown] / mean[shown]
        axes.plot(mean[shown], percent, ".", color=COLOURS[method], markersize=4)
        for sign in (-1, 1):
            axes.axhline(
                sign * 100 * result.repeats.coefficient_share, color=COLOURS[method], linestyle=":"
            )
    axes.set(
        xlabel="mean of both scans (mm³)",
        ylabel="second less first (% of mean); dotted: repeatability",
    )


def write_report(
    table: DataFrame,
    folder: str | os.PathLike[str],
    *,
    made_by: Mapping[str, Any],
    overwrite: bool = False,
) -> dict[str, Performance]:
    """Write `RESULT_FILES` into a new folder, whole or not at all; return the performances.

    `made_by` goes into the summary: number of objects asked for, seed, version. InputError if the
    folder is not empty, or cannot be written.
    """
    from matplotlib.figure import Figure

    results = performances_of(table)
    with plain_style():
        figure = Figure(figsize=(11, 8), layout="constrained")
        draw_objects(figure.subplots(2, 2), table, results)
    files = {
        "objects.csv": encode_csv(table.to_dict("records"), COLUMNS),
        "summary.json": encode_json({**made_by, **summary_of(table)}),
        **{f"phantom.{kind}": encode_figure(figure, kind) for kind in ("png", "svg")},
    }
    with staged_folder(Path(folder), overwrite=overwrite, result_files=RESULT_FILES) as stage:
        for name, content in files.items():
            write_whole(stage / name, content)
    return results
