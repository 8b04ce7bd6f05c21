"""The shipped networks' folders, made from finished trainings, and their one test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from networks.results import RESULTS, check_not_seen, write_record, write_table
from networks.runs import FOLDS, all_runs, made_by, network_of, tried_runs
from vhi.cases.case import Case
from vhi.evaluation.evaluate import evaluate
from vhi.evaluation.report import summary_of
from vhi.images.image import Image
from vhi.images.nifti import load_image
from vhi.segmentation.predict import segment_disease_region
from vhi.segmentation.registry import DISEASE_REGION, find_network, shipped_folder
from vhi.training.dataset import STUDY_TEST
from vhi.training.export import save_network
from vhi.training.folder import CURVES, is_finished

MEMBERS = {
    "study": [f"study{fold}" for fold in range(FOLDS)],
    "default": [f"default{fold}" for fold in range(FOLDS)],
    "normal-bone": ["nbfinal"],
}


def ship(name: str, cases: Sequence[Case], work: Path) -> None:
    """Write the folder of one shipped network."""
    runs = all_runs(cases)
    members = [runs[member] for member in MEMBERS[name]]
    before = [runs[run.starts_from] for run in members if run.starts_from]
    recipe = members[0].recipe
    warning = None
    if recipe.task == DISEASE_REGION:
        warning = json.loads((RESULTS / "warning.json").read_text())["warning"]
    save_network(
        shipped_folder() / name,
        [network_of(run.name, work) for run in members],
        recipe,
        name=name,
        trained_on=members[0].subjects,
        warning=warning,
        training=[made_by(run, work) for run in (*before, *members)],
    )


def keep_curves(cases: Sequence[Case], work: Path) -> None:
    """Copy the learning curves of all finished trainings into ``curves/``, for the book."""
    folder = Path(__file__).parent / "curves"
    folder.mkdir(exist_ok=True)
    for name in all_runs(cases) | tried_runs(cases):
        if is_finished(work / name):
            shutil.copyfile(work / name / CURVES, folder / f"{name}.csv")


def score_test_set(cases: Sequence[Case]) -> None:
    """Score `study` on the two subjects that no choice was based on; a second look is refused.

    Every look is a row of ``results/test-looks.csv``, with the hash of the scored weights.
    """
    looks = RESULTS / "test-looks.csv"
    if looks.exists():
        raise SystemExit(f"{looks.name}: the test set has been looked at; choose nothing by it")
    check_not_seen(shipped_folder() / "study", STUDY_TEST)

    def find(case: Case, changed: Image | None) -> Image:
        return segment_disease_region(load_image(case.t1w), network="study").mask

    tested = [case for case in cases if case.subject in STUDY_TEST]
    evaluation = evaluate(tested, find, seen=lambda case: False)
    summary = summary_of(evaluation)[0]
    write_table("test-slices", evaluation.slices)
    write_table("test-scans", evaluation.scans)
    write_record("test-summary", summary)
    row = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "weights_sha256": find_network("study", DISEASE_REGION).weights_sha256,
        "mean_dice": summary["per_slice"]["dice"]["mean"],
    }
    write_table("test-looks", [row])
