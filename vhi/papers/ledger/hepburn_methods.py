"""Checks of Hepburn et al. 2023: patients, acquisition, the network's data, scoring."""

from __future__ import annotations

from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.rules import Check, nearest, remainder, same, total
from vhi.papers.ledger.sources import Material
from vhi.statistics.rules import (
    ASDAS_IMPROVEMENT,
    ASDAS_INACTIVE,
    NICE_BASDAI_FALL,
    NICE_VAS_FALL_CM,
)

JOINTS = 2
"""SPARCC scores depth and intensity once for each joint and slice: Maksymowych et al. 2005."""

_ANNOTATED = "data/segmentations/Disease_region_manual_segmentation/"
_MANUAL = "data/segmentations/Inflammation_manual_segmentation/R"
_NETWORKS = "scripts_notebooks/segmentation_disease_region/model_"


def _slices(material: Material, *, test: bool | None = None) -> int:
    """Count T1w slices of the annotated scans: of the test set, of the others, or of all."""
    return sum(
        scan.slices
        for case, scan in material.t1w.items()
        if test is None or (case in material.test_cases) == test
    )


def _all_slices(material: Material) -> Found:
    return Found(_slices(material))


def _training_slices(material: Material) -> Found:
    return Found(_slices(material, test=False))


def _test_slices(material: Material) -> Found:
    return Found(_slices(material, test=True))


def _annotated_subjects(material: Material) -> Found:
    return Found(len(material.t1w))


def _training_subjects(material: Material) -> Found:
    return Found(len(material.t1w.keys() - material.test_cases))


def _test_subjects(material: Material) -> Found:
    return Found(len(material.t1w.keys() & material.test_cases))


def _folds(material: Material) -> Found:
    return Found(len(material.training_epochs))


def _fold_slices(*, validation: bool) -> Check:
    """Return the check of a fold's slices: every training scan has as many as any other."""

    def check(material: Material) -> Found:
        (each,) = {
            scan.slices for case, scan in material.t1w.items() if case not in material.test_cases
        }
        part = "validation" if validation else "training"
        return Found(each * material.value(f"hepburn-fold-{part}-subjects"))

    return check


def _fold_validation_subjects(material: Material) -> Found:
    subjects = material.value("hepburn-training-subjects")
    return Found(subjects / material.value("hepburn-folds"), how="counts")


def _epochs(material: Material) -> Found:
    return Found(max(material.training_epochs))


def _trainings(material: Material) -> Found:
    return Found(len(material.files(_NETWORKS)))


def _retraining_subjects(material: Material) -> Found:
    return Found(len(material.files(_ANNOTATED)))


def _looked_at_scans(material: Material) -> Found:
    return Found(2 * material.value("hepburn-looked-at-subjects"), how="counts")


def _looked_at_slices(material: Material) -> Found:
    scans = int(material.value("hepburn-looked-at-scans"))
    fewest, most = material.low("hepburn-slices"), material.high("hepburn-slices")
    possible = range(int(scans * fewest), int(scans * most) + 1)
    return Found(nearest(possible, material.value("hepburn-looked-at-slices")), how="consistent")


def _echo_time(material: Material) -> Found:
    (echo,) = {scan.echo_time_ms for scan in material.stir.values()}
    return Found(echo)


def _pixel(material: Material) -> Found:
    return Found(max(scan.pixel_mm for scan in material.stir.values()))


def _matrix(material: Material) -> Found:
    (columns,) = {scan.columns for scan in material.stir.values()}
    return Found(columns)


def _slice_range(material: Material) -> Found:
    slices = [scan.slices for scan in material.stir.values()]
    return Found(low=min(slices), high=max(slices))


def _smallest_area(material: Material) -> Found:
    return Found(4 * material.value("hepburn-pixel") ** 2, how="counts")


def _sparcc_total(material: Material) -> Found:
    """Return the total as described: presence, depth and intensity, each for every quadrant."""
    quadrants = material.value("hepburn-sparcc-slices") * material.value("hepburn-sparcc-quadrants")
    return Found(3 * quadrants, how="consistent")


def _sparcc_slices(material: Material) -> Found:
    a_slice = material.value("hepburn-sparcc-quadrants") + 2 * JOINTS
    return Found(material.value("hepburn-sparcc-total") / a_slice, how="consistent")


def _sparcc_quadrants(material: Material) -> Found:
    a_slice = material.value("hepburn-sparcc-total") / material.value("hepburn-sparcc-slices")
    return Found(a_slice - 2 * JOINTS, how="consistent")


def _manual_patients(material: Material) -> Found:
    files = material.files(_MANUAL)
    return Found(len({path.rsplit("/", 1)[1].split("_")[0] for path in files}))


def _manual_trials(material: Material) -> Found:
    """Count the trials of a reader: the folders ``R11`` to ``R22`` are reader, then trial."""
    return Found(len({path.removeprefix(_MANUAL)[1] for path in material.files(_MANUAL)}))


CHECKS: dict[str, Check] = {
    "hepburn-abstract-patients": same("hepburn-subjects"),
    "hepburn-abstract-field": same("hepburn-field"),
    "hepburn-subjects": total("hepburn-males", "hepburn-females"),
    "hepburn-males": remainder("hepburn-subjects", "hepburn-females"),
    "hepburn-females": remainder("hepburn-subjects", "hepburn-males"),
    "hepburn-response-basdai": lambda _: Found(NICE_BASDAI_FALL, how="consistent"),
    "hepburn-response-vas": lambda _: Found(NICE_VAS_FALL_CM, how="consistent"),
    "hepburn-asdas-improvement": lambda _: Found(ASDAS_IMPROVEMENT, how="consistent"),
    "hepburn-asdas-inactive": lambda _: Found(ASDAS_INACTIVE, how="consistent"),
    "hepburn-te": _echo_time,
    "hepburn-pixel": _pixel,
    "hepburn-matrix": _matrix,
    "hepburn-slices": _slice_range,
    "hepburn-smallest-area": _smallest_area,
    "hepburn-annotated-slices": _all_slices,
    "hepburn-annotated-subjects": _annotated_subjects,
    "hepburn-further-subjects": remainder(
        "hepburn-subjects", "hepburn-annotated-subjects", how="counts"
    ),
    "hepburn-training-slices": _training_slices,
    "hepburn-training-subjects": _training_subjects,
    "hepburn-test-slices": _test_slices,
    "hepburn-test-subjects": _test_subjects,
    "hepburn-folds": _folds,
    "hepburn-fold-training-slices": _fold_slices(validation=False),
    "hepburn-fold-training-subjects": remainder(
        "hepburn-training-subjects", "hepburn-fold-validation-subjects", how="counts"
    ),
    "hepburn-fold-validation-slices": _fold_slices(validation=True),
    "hepburn-fold-validation-subjects": _fold_validation_subjects,
    "hepburn-steps": same("hepburn-s2-steps"),
    "hepburn-epochs": _epochs,
    "hepburn-trainings": _trainings,
    "hepburn-final-training-slices": _training_slices,
    "hepburn-final-training-subjects": _training_subjects,
    "hepburn-evaluated-test-slices": _test_slices,
    "hepburn-evaluated-test-subjects": _test_subjects,
    "hepburn-looked-at-subjects": remainder(
        "hepburn-subjects", "hepburn-annotated-subjects", how="counts"
    ),
    "hepburn-looked-at-scans": _looked_at_scans,
    "hepburn-looked-at-slices": _looked_at_slices,
    "hepburn-retraining-subjects": _retraining_subjects,
    "hepburn-retraining-slices": total("hepburn-training-slices", "hepburn-test-slices"),
    "hepburn-workflow-subjects": total("hepburn-annotated-subjects", "hepburn-further-subjects"),
    "hepburn-sparcc-slices": _sparcc_slices,
    "hepburn-sparcc-quadrants": _sparcc_quadrants,
    "hepburn-sparcc-total": _sparcc_total,
    "hepburn-manual-patients": _manual_patients,
    "hepburn-manual-trials": _manual_trials,
    "hepburn-agreement-patients": same("hepburn-subjects"),
    "hepburn-s2-steps": same("hepburn-steps"),
    "hepburn-s2-trainings": _trainings,
    "hepburn-s2-slices": _training_slices,
}
"""One function for each row that something can be said of."""
