"""Reference objects (simulated): the lesion has the volume that is asked for, on every scan."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest

from vhi.cases.case import load_cases
from vhi.errors import InputError
from vhi.measurement import Measurement
from vhi.phantom.case_files import write_objects
from vhi.phantom.reference_object import (
    CHANGED,
    STUDY,
    VOLUMES_MM3,
    Condition,
    ReferenceObject,
    design_objects,
    scan_object,
)
from vhi.workflow import measure_images

# What the study's seven read training scans show, in the order of `STUDY`: median STIR of the
# candidates that two of four manual readings mark, and the interquartile range of normal bone, both
# as shares of normal bone's median. Text and numbers only.
SHOWN = (0.784, 0.931, 1.511, 0.618, 0.954, 1.319, 0.525)
RANGE = (0.234, 0.175, 0.222, 0.136, 0.202, 0.221, 0.146)


def made(volume_mm3: float, condition: Condition | None = None, seed: int = 3) -> ReferenceObject:
    return ReferenceObject(1, condition or Condition("plain"), volume_mm3, (seed, 1))


def measured(phantom) -> Measurement:
    return measure_images(phantom.stir, phantom.normal_bone, phantom.disease_region)


@pytest.mark.parametrize("volume_mm3", [12.0, 90.0, 1200.0])
def test_every_scan_holds_the_volume_that_was_asked_for(volume_mm3):
    for thickness in (2.0, 5.0):
        item = made(volume_mm3, Condition("thick", slice_thickness_mm=thickness))
        for scan in scan_object(item):
            pitch = scan.phantom.stir.spacing_mm[2]
            assert pitch == pytest.approx(1.1 * thickness)
            held = scan.share.sum() * scan.phantom.stir.voxel_volume_mm3
            # A lesion that is not seen in the gap between slices is counted by pitch: no bias on
            # average, an error for a lesion no thicker than a slice.
            assert held == pytest.approx(volume_mm3, rel=0.15 if volume_mm3 < 50 else 0.04)
            assert scan.phantom.truth[0].volume_mm3 == volume_mm3


def test_scans_of_one_object_differ_in_pose_noise_and_gain():
    first, second = scan_object(made(400.0))
    assert not np.array_equal(
        first.phantom.disease_region.array, second.phantom.disease_region.array
    )
    ratio = np.median(second.phantom.stir.array[second.phantom.normal_bone.array]) / np.median(
        first.phantom.stir.array[first.phantom.normal_bone.array]
    )
    assert ratio != pytest.approx(1, abs=0.01)
    apart = np.subtract(second.phantom.truth[0].centre_mm, first.phantom.truth[0].centre_mm)
    assert 0.1 < np.linalg.norm(apart) < 5


def test_the_lesion_lies_where_truth_says():
    for scan in scan_object(made(400.0)):
        stir = scan.phantom.stir
        middle = stir.world(np.argwhere(scan.share > 0)).T @ scan.share[scan.share > 0]
        middle /= scan.share.sum()
        assert middle == pytest.approx(scan.phantom.truth[0].centre_mm, abs=0.4)
        inside = stir.array[scan.share > 0.9]
        normal = np.median(stir.array[scan.phantom.normal_bone.array])
        assert np.median(inside) / normal == pytest.approx(2.0, abs=0.25)


def test_equal_objects_give_equal_scans_and_other_seeds_others():
    first, again, other = (
        scan_object(made(100.0, seed=seed), 1)[0].phantom.stir.array for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_lesion_and_decoys_lie_apart_from_normal_bone():
    for seed in range(4):
        scan = scan_object(made(1500.0, seed=seed), 1)[0]
        normal = scan.phantom.normal_bone.array
        assert 3000 < np.count_nonzero(normal) < 7000
        assert scan.share[normal].max() == 0
        assert not scan.phantom.decoys.array[normal].any()
        assert not scan.share[scan.phantom.decoys.array > 0].any()
        kinds = Counter(decoy.kind for decoy in scan.phantom.decoy_list)
        assert kinds["vessel"] >= 1 and kinds["artefact"] >= 1


def test_without_lesion_nothing_is_true():
    scan = scan_object(made(0.0), 1)[0]
    assert scan.phantom.truth == ()
    assert not scan.share.any() and not scan.phantom.lesions.array.any()


def test_blur_keeps_the_signal_and_lowers_the_peak_of_a_small_lesion():
    peaks = []
    for blur in (0.5, 1.0, 2.0):
        scan = scan_object(made(40.0, Condition("blur", blur=blur)), 1)[0]
        assert scan.profile.sum() == pytest.approx(scan.share.sum(), rel=0.06)
        peaks.append(scan.profile.max())
    assert peaks == sorted(peaks, reverse=True)


@pytest.mark.parametrize("number", range(len(STUDY)))
def test_objects_show_what_the_study_s_scans_show(number):
    shown, spread = [], []
    for seed in range(2):
        phantom = scan_object(made(1500.0, STUDY[number], seed), 1)[0].phantom
        measurement = measured(phantom)
        normal = np.median(measurement.intensities)
        marked = (measurement.kept.array > 0) & phantom.lesions.array
        shown.append(np.median(phantom.stir.array[marked]) / normal - 1)
        spread.append(measurement.thresholds.iqr / normal)
    assert np.mean(shown) == pytest.approx(SHOWN[number], rel=0.15)
    assert np.mean(spread) == pytest.approx(RANGE[number], rel=0.12)


def test_half_of_the_objects_are_like_the_study_s_scans():
    items = design_objects(500, seed=0)
    counts = Counter(item.condition.name for item in items)
    assert counts["study"] == 250 and counts["no lesion"] == 50
    assert {condition.name for condition in CHANGED} == counts.keys() - {"study", "no lesion"}
    assert min(counts[condition.name] for condition in CHANGED) >= 15
    study = np.array([item.volume_mm3 for item in items if item.condition.name == "study"])
    assert study.min() < 11 and study.max() > 1900
    # Evenly spread in the logarithm: a quarter of them between any two quartiles of the range.
    edges = np.exp(np.linspace(*np.log(VOLUMES_MM3), 5))
    assert np.histogram(study, edges)[0] == pytest.approx([62.5] * 4, abs=1)
    assert {item.volume_mm3 for item in items if item.condition.name == "no lesion"} == {0.0}
    assert design_objects(500, seed=0) == items != design_objects(500, seed=1)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (5, -1)])
def test_no_objects_and_negative_seeds_are_refused(count, seed):
    with pytest.raises(InputError, match="give"):
        design_objects(count, seed)


def test_written_objects_are_cases_with_their_truth(tmp_path):
    items = design_objects(2, seed=5)
    write_objects(items, tmp_path / "cases")
    cases = load_cases(str(tmp_path / "cases" / "cases.csv"))
    assert [(case.case, case.visit) for case in cases] == [
        (f"object000{number}", visit) for number in (1, 2) for visit in ("scan", "rescan")
    ]
    with (tmp_path / "cases" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    assert [float(row["true_mm3"]) for row in truth[::2]] == [item.volume_mm3 for item in items]
    assert truth[0]["condition"] == "study"
    assert cases[0].reader_masks[0].reader == "truth"
