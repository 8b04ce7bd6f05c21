"""Checks of Hepburn et al. 2023: patients, acquisition, the network's data, scoring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vhi.papers.ledger.check import (
    FROM_COUNTS,
    Check,
    Reading,
    Sources,
    consistent,
    from_counts,
    from_files,
)
from vhi.papers.ledger.rules import remainder, same, total
from vhi.statistics.rules import (
    ASDAS_IMPROVEMENT,
    ASDAS_INACTIVE,
    NICE_BASDAI_FALL,
    NICE_VAS_FALL_CM,
)

if TYPE_CHECKING:
    import pandas as pd

JOINTS = 2
"""SPARCC scores depth and intensity once for each joint and slice: Maksymowych et al. 2005."""

ACTIVE_BASDAI = 4.0
"""NICE TA383 treats a BASDAI of 4 or more, so that a fall by half is one of 2 or more."""

_MANUAL = "data/segmentations/Inflammation_manual_segmentation/R"
_NETWORKS = "scripts_notebooks/segmentation_disease_region/model_"


def _training(s: Sources) -> pd.DataFrame:
    return s.files.t1w[~s.files.t1w["test"]]


def _test(s: Sources) -> pd.DataFrame:
    return s.files.t1w[s.files.t1w["test"]]


_training_slices = from_files(
    lambda s: _training(s)["slices"].sum(), kind="slices of the training scans"
)
_training_subjects = from_files(lambda s: len(_training(s)), kind="training scans")
_test_slices = from_files(lambda s: _test(s)["slices"].sum(), kind="slices of the test scans")
_test_subjects = from_files(lambda s: len(_test(s)), kind="test scans")
_trainings = from_files(lambda s: len(s.files.paths(_NETWORKS)), kind="published networks")


def _fold_slices(part: str) -> Check:
    """Check a fold's slices: every training scan has as many as any other."""
    return from_files(lambda s: _training(s)["slices"].unique().item() * s[f"fold-{part}-subjects"])


@from_files
def _manual_trials(s: Sources) -> int:
    """Count the trials of a reader: the folders ``R11`` to ``R22`` are reader, then trial."""
    return len({path.removeprefix(_MANUAL)[1] for path in s.files.paths(_MANUAL)})


@consistent
def _sparcc_total(s: Sources) -> float:
    """Highest score as SPARCC is defined: depth and intensity once for each joint and slice."""
    return s["sparcc-slices"] * (s["sparcc-quadrants"] + 2 * JOINTS)


CHECKS: dict[str, Check] = {
    "abstract-patients": same("subjects"),
    "abstract-field": same("field"),
    "subjects": total("males", "females"),
    "males": remainder("subjects", "females"),
    "females": remainder("subjects", "males"),
    "response-basdai": consistent(lambda _: NICE_BASDAI_FALL).or_if(
        Reading("it is half of the least BASDAI that is treated", lambda _: ACTIVE_BASDAI / 2),
    ),
    "response-vas": consistent(lambda _: NICE_VAS_FALL_CM).or_if(
        Reading("it is given in mm", lambda _: 10 * NICE_VAS_FALL_CM),
        Reading("it is a share of the scale of 10 cm", lambda _: NICE_VAS_FALL_CM / 10),
    ),
    # Just above the consensus cut-off, which itself counts.
    "asdas-improvement": consistent(lambda _: ASDAS_IMPROVEMENT).or_if(
        Reading("no change is exactly 1.1", lambda _: ASDAS_IMPROVEMENT * (1 + 1e-12)),
    ),
    "asdas-inactive": consistent(lambda _: ASDAS_INACTIVE),
    "te": from_files(lambda s: s.files.stir["echo_time_ms"].unique().item()).or_if(
        Reading(
            "it is the T1-weighted scans'", lambda s: s.files.t1w["echo_time_ms"].unique().item()
        ),
    ),
    "pixel": from_files(lambda s: s.files.stir["pixel_mm"].max()).or_if(),
    "matrix": from_files(lambda s: s.files.stir["matrix"].unique().item()),
    "slices": from_files(lambda s: (s.files.stir["slices"].min(), s.files.stir["slices"].max())),
    "smallest-area": from_counts(lambda s: 4 * s["pixel"] ** 2),
    "annotated-slices": from_files(lambda s: s.files.t1w["slices"].sum()),
    "annotated-subjects": from_files(lambda s: len(s.files.t1w)),
    "further-subjects": remainder("subjects", "annotated-subjects", status=FROM_COUNTS),
    "training-slices": _training_slices,
    "training-subjects": _training_subjects,
    "test-slices": _test_slices,
    "test-subjects": _test_subjects,
    "folds": from_files(lambda s: len(s.files.training_epochs)),
    "fold-training-slices": _fold_slices("training"),
    "fold-training-subjects": remainder(
        "training-subjects", "fold-validation-subjects", status=FROM_COUNTS
    ),
    "fold-validation-slices": _fold_slices("validation"),
    "fold-validation-subjects": from_counts(lambda s: s["training-subjects"] / s["folds"]),
    "steps": same("s2-steps"),
    "epochs": from_files(lambda s: max(s.files.training_epochs)),
    "trainings": _trainings,
    "final-training-slices": _training_slices,
    "final-training-subjects": _training_subjects,
    "evaluated-test-slices": _test_slices,
    "evaluated-test-subjects": _test_subjects,
    "looked-at-subjects": same("further-subjects"),
    "looked-at-scans": from_counts(lambda s: 2 * s["looked-at-subjects"]),
    "looked-at-slices": consistent(lambda s: s["looked-at-scans"] * s.high("slices")),
    "retraining-subjects": total("training-subjects", "test-subjects"),
    "retraining-slices": total("training-slices", "test-slices"),
    "workflow-subjects": same("subjects"),
    "sparcc-slices": consistent(lambda s: s["sparcc-total"] / (s["sparcc-quadrants"] + 2 * JOINTS)),
    "sparcc-quadrants": consistent(lambda s: s["sparcc-total"] / s["sparcc-slices"] - 2 * JOINTS),
    "sparcc-total": _sparcc_total,
    "manual-patients": from_files(
        lambda s: len({Path(path).name.split("_")[0] for path in s.files.paths(_MANUAL)})
    ),
    "manual-trials": _manual_trials,
    "agreement-patients": same("subjects"),
    "s2-steps": same("steps"),
    "s2-trainings": _trainings,
    "s2-slices": _training_slices,
}
