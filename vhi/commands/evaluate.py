"""The command `vhi evaluate`: predicted masks compared with drawn ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from vhi.commands.options import Out, Overwrite, flag, option
from vhi.commands.selection import Selection, check_one_or_all
from vhi.commands.terminal import end_with_failures, progress, warn
from vhi.errors import InputError, readable

DEFAULT_NETWORKS = {"disease-region": "study", "normal-bone": "normal-bone"}
"""`study` was trained on eight of the study's ten scans, so that two are left for a test."""


def evaluate_command(
    source: Annotated[
        str,
        option(
            "NAME", "Source of cases: `study`, `phantom` (simulated) or the path of a CSV table."
        ),
    ],
    out: Out,
    case: Annotated[str | None, option("NAME", "Score one case of the source.")] = None,
    visit: Annotated[
        str | None, option("NAME", "Score one visit. Default: all visits of the case.")
    ] = None,
    all_cases: Annotated[bool, flag("--all", "Score all cases of the source.")] = False,
    network: Annotated[
        str | None,
        option(
            "NAME",
            "Score this network, by name or folder; see `vhi segment`. Default: study; with "
            "--truth normal-bone, normal-bone.",
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        option(
            "DIR",
            "Score the masks in this folder instead of a network: results of `vhi measure --all`, "
            "or files CASE.nii.gz.",
        ),
    ] = None,
    truth: Annotated[
        str,
        option(
            "MASK",
            "Mask of the cases to score against: `disease-region` or `normal-bone`. Default: "
            "disease-region.",
        ),
    ] = "disease-region",
    robustness: Annotated[
        bool,
        flag(
            "--robustness",
            "Also score the network on changed copies of each T1w scan: fatty, sclerotic or "
            "patchy marrow, a bias field, half the resolution, noise, mirrored.",
        ),
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Score a network, or mask files, against the masks of the cases.

    `vhi evaluate --source study --all --network study --out scores`

    DIR then holds slices.csv and scans.csv (Dice, precision, recall, surface distances in mm),
    summary.json (n, mean, median, range, quartiles, separately for scans seen in training and
    scans not seen) and evaluate.png. A case that cannot be scored keeps its row, with the reason,
    and the command ends with exit status 2.
    """
    from vhi.cases.case import case_names
    from vhi.evaluation.evaluate import evaluate
    from vhi.evaluation.predicted_masks import masks_in, network_finder, seen_by
    from vhi.evaluation.report import RESULT_FILES, summary_of, warnings_of, write_evaluation
    from vhi.evaluation.robustness import CHANGES, UNCHANGED
    from vhi.files.atomic import check_free
    from vhi.files.place import sole_writer

    if truth not in DEFAULT_NETWORKS:
        raise InputError(f"--truth {truth}: choose from {', '.join(DEFAULT_NETWORKS)}")
    check_one_or_all(case, visit, all_cases)
    if network is not None and masks is not None:
        raise InputError("--network and --masks do not go together; leave one of them out")
    if robustness and masks is not None:
        raise InputError("--robustness changes the scans that a network reads; give --network")
    if robustness and truth != "disease-region":
        raise InputError("--robustness changes only T1w scans; it goes with the disease region")
    made_by: dict[str, Any] = {"source": Path(source).name, "masks": None, "network": None}
    changes = tuple(CHANGES) if robustness else (UNCHANGED,)
    with sole_writer(out), progress(f"Getting the cases of {source}") as report:
        check_free(out, overwrite=overwrite, result_files=RESULT_FILES)
        cases = Selection(source, case, visit).cases()
        if masks is not None:
            made_by["masks"] = masks.name
            find, seen = masks_in(masks, truth, case_names(source)), seen_by(None, truth)
        else:
            name = network or DEFAULT_NETWORKS[truth]
            made_by["network"] = Path(name).name
            find, seen = network_finder(name, truth, made_by), seen_by(name, truth)
        report("Scoring", total=len(cases) * len(changes))
        result = evaluate(
            cases, find, target=truth, changes=changes, seen=seen,
            progress=lambda: report(advance=1),
        )  # fmt: skip
        failed = [row for row in result.scans if row["failure"]]
        if len(failed) == len(result.scans):
            raise InputError(_failure(failed[0]))
        simulated = " (simulated)" if source == "phantom" else ""
        title = f"{made_by['network'] or made_by['masks']} on {made_by['source']}{simulated}"
        title = readable(title)
        write_evaluation(
            result, out, made_by=made_by, title=f"{truth}: {title}", overwrite=overwrite
        )
    for row in result.scans:
        if not row["failure"]:
            print(f"{_name(row)}: {_scores(row)}")
    for record in summary_of(result):
        print(_summary(record))
    for warning in warnings_of(result):
        warn(warning)
    print(f"Tables and picture: {out}")
    end_with_failures([_failure(row) for row in failed])


def _scores(row: dict[str, Any]) -> str:
    text = (
        f"Dice {row['dice']:.3f}, precision {row['precision']:.3f}, recall {row['recall']:.3f}, "
        f"surfaces {row['surface_mean_mm']:.2f} mm apart (95 %: {row['surface_p95_mm']:.2f} mm)"
    )
    if "lower_error_percent" in row:
        text += (
            f"; lower threshold {row['lower_error_percent']:+.1f} %, "
            f"VHI {row['vhi_change_percent']:+.1f} %"
        )
    return text


def _summary(record: dict[str, Any]) -> str:
    """Return one line of n, mean, median and range."""
    dice = record["per_slice"]["dice"]
    seen = {"yes": "seen in training", "no": "not seen in training"}.get(
        record["seen_in_training"], ""
    )
    change = "" if record["change"] == "unchanged" else record["change"]
    named = ", ".join(filter(None, (change, seen))) or "all"
    text = (
        f"{named}: {dice['n']} slices of {record['scans']} scans of {record['subjects']} subjects: "
        f"Dice mean {dice['mean']:.4f}, median {dice['median']:.4f}, "
        f"range {dice['min']:.4f} to {dice['max']:.4f}"
    )
    if "absolute_lower_error_percent" in record:
        error = record["absolute_lower_error_percent"]
        text += (
            f"; lower threshold off by {error['median']:.1f} % (median), "
            f"{error['max']:.1f} % at most"
        )
    return text


def _name(row: dict[str, Any]) -> str:
    change = "" if row["change"] == "unchanged" else f", {row['change']}"
    return f"{row['case']} {row['visit']}".strip() + change


def _failure(row: dict[str, Any]) -> str:
    return f"{_name(row)}: {row['failure']}"
