"""Found masks against drawn ones: rows, summaries, and what is counted where."""

import csv
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted, tiny_arrays, write_nifti
from vhi.errors import InputError
from vhi.evaluation.evaluate import Evaluation, evaluate, score_scan, score_slices
from vhi.evaluation.report import (
    RESULT_FILES,
    notes_of,
    summary_of,
    warnings_of,
    write_evaluation,
)
from vhi.evaluation.robustness import CHANGES
from vhi.evaluation.scores import normal_bone_effect
from vhi.images.image import Image
from vhi.images.nifti import load_mask


def masks():
    """Truth: slices 0 to 2 hold 4 x 4 pixels. Found: slice 0 alike, 1 half, 2 none, 3 extra."""
    truth, found = np.zeros((2, 12, 12, 5), bool)
    truth[4:8, 4:8, :3] = True
    found[4:8, 4:8, 0] = True
    found[4:8, 4:6, 1] = True
    found[4:8, 4:8, 3] = True
    affine = oblique_affine()
    return Image(found, affine, "found"), Image(truth, affine, "truth")


def test_slices_are_scored_one_by_one_in_stored_order():
    scores = score_slices(*masks())
    assert [score.dice for score in scores] == pytest.approx([1, 2 / 3, 0, 0, 1])
    assert [score.predicted for score in scores] == [16, 8, 0, 16, 0]
    assert [score.truth for score in scores] == [16, 16, 16, 0, 0]
    assert [score.empty for score in scores] == [False, False, False, False, True]
    assert scores[1].precision == 1 and scores[1].recall == 0.5
    assert scores[0].surface_mean_mm == 0 and scores[2].surface_mean_mm == math.inf
    # Slice 1: the missing half is 2 pixels of 0.5 mm wide.
    assert scores[1].surface_max_mm == pytest.approx(1.0)
    assert math.isnan(scores[0].dice_outside_normal_bone)


def test_a_scan_is_scored_as_one_volume():
    score = score_scan(*masks())
    assert score.dice == pytest.approx(2 * 24 / (40 + 48))
    assert (score.predicted, score.truth) == (40, 48)
    assert score.surface_max_mm == pytest.approx(3.3)  # the extra slice, one slice on


@pytest.mark.parametrize("axes", [(2, 0, 1), (1, 2, 0)])
def test_slices_follow_the_slice_axis(axes):
    found, truth = (permuted(each, axes, (0, 0, 0)) for each in masks())
    there, here = score_slices(found, truth), score_slices(*masks())
    assert [s.dice for s in there] == [s.dice for s in here]
    assert [s.surface_p95_mm for s in there] == pytest.approx(
        [s.surface_p95_mm for s in here], nan_ok=True
    )


def test_normal_bone_can_be_left_out_of_the_comparison():
    found, truth = masks()
    normal = np.zeros(truth.shape, bool)
    normal[4:8, 6:8, 1] = True  # what was not found of slice 1
    score = score_slices(found, truth, normal_bone=truth.with_array(normal))[1]
    assert score.dice == pytest.approx(2 / 3) and score.dice_outside_normal_bone == 1
    assert score_scan(
        found, truth, normal_bone=truth.with_array(normal)
    ).dice_outside_normal_bone == pytest.approx(2 * 24 / (40 + 40))


def test_masks_on_another_grid_are_refused():
    found, truth = masks()
    for scorer in (score_scan, score_slices):
        with pytest.raises(InputError, match="12 x 12 x 4 voxels, but truth has 12 x 12 x 5"):
            scorer(replace(found, array=found.array[..., 1:]), truth)
        with pytest.raises(InputError, match=r"found: lies up to 1\.00 mm away"):
            scorer(replace(found, affine=oblique_affine(shift_mm=(11, -60, -100))), truth)


def as_it_is(case, changed):
    return load_mask(case.disease_region)


def shifted(case, changed):
    mask = load_mask(case.disease_region)
    return mask.with_array(np.roll(mask.array, 1, axis=0))


def test_a_case_gives_a_row_for_each_slice_and_one_for_the_scan(tiny_case):
    result = evaluate([tiny_case], shifted, seen=lambda case: False)
    assert [row["slice"] for row in result.slices] == list(range(6))
    (scan,) = result.scans
    assert scan["seen_in_training"] == "no" and scan["failure"] == ""
    assert (scan["slices"], scan["slices_without_either"]) == (6, 2)
    # 36 rows of which 35 are shared; of normal bone 11 x 10 + 1 pixels lie left out in slice 2
    assert scan["dice"] == pytest.approx(35 / 36)
    assert scan["dice_outside_normal_bone"] != scan["dice"]
    assert "dice" not in result.slices[0] and result.slices[0]["truth_pixels"] == 0


def test_slices_without_bone_in_either_mask_are_counted_apart(tiny_case):
    (record,) = summary_of(evaluate([tiny_case], shifted))
    assert (record["slices"], record["slices_without_either"]) == (4, 2)
    assert record["per_slice"]["dice"]["n"] == 4
    assert record["per_slice"]["dice"]["mean"] == pytest.approx(35 / 36)


def test_infinite_distances_are_left_out_and_the_dice_of_zero_is_not(tiny_case):
    def one_slice_missed(case, changed):
        mask = as_it_is(case, changed)
        mask.array[..., 1] = False
        return mask

    (record,) = summary_of(evaluate([tiny_case], one_slice_missed))
    assert record["per_slice"]["dice"]["n"] == 4 and record["per_slice"]["dice"]["min"] == 0
    assert record["per_slice"]["surface_mean_mm"]["n"] == 3
    assert record["per_slice"]["precision"]["n"] == 3


def test_scans_seen_in_training_are_kept_apart_and_named(tiny_case):
    cases = [replace(tiny_case, case=name, subject=name) for name in ("a", "b", "c")]
    result = evaluate(cases, shifted, seen=lambda case: case.subject == "a")
    seen, unseen = summary_of(result)
    assert (seen["seen_in_training"], seen["scans"]) == ("yes", 1)
    assert (unseen["seen_in_training"], unseen["scans"]) == ("no", 2)
    warning, *of_each_scan = warnings_of(result)
    assert [note.split(":")[0] for note in of_each_scan] == ["a", "b", "c"]  # a narrow field
    assert warning.startswith("1 of 3 scans") and "nothing about new scans" in warning
    assert "not known here" in " ".join(notes_of(evaluate(cases, shifted)))


def test_two_visits_are_one_subject(tiny_case):
    subjects = ["s", "s", "t"]
    cases = [replace(tiny_case, case=str(n), subject=subject) for n, subject in enumerate(subjects)]
    (record,) = summary_of(evaluate(cases, shifted))
    assert (record["scans"], record["subjects"]) == (3, 2)
    assert record["median_interval_of_subjects"]["coverage"] == pytest.approx(0.5)


def test_a_case_that_cannot_be_scored_keeps_its_row_with_the_reason(tiny_case):
    bare = replace(tiny_case, case="bare", disease_region=None)
    lost = replace(tiny_case, case="lost", disease_region=tiny_case.stir.parent / "lost.nii.gz")
    result = evaluate([bare, lost, tiny_case], shifted)
    assert "no disease_region mask" in result.scans[0]["failure"]
    assert result.scans[1]["failure"].startswith("lost.nii.gz: no such file")
    (record,) = summary_of(result)
    assert (record["scans"], record["failed"]) == (1, 2)


def test_an_empty_truth_is_no_truth(tiny_case, tmp_path):
    empty = write_nifti(tmp_path / "E.nii.gz", np.zeros((40, 40, 6), np.uint8))
    (scan,) = evaluate([replace(tiny_case, disease_region=empty)], shifted).scans
    assert "E.nii.gz: marks no voxel" in scan["failure"]


def test_the_drawn_mask_given_to_be_scored_is_noticed(tiny_case):
    result = evaluate([tiny_case], as_it_is)
    assert "voxel for voxel" in warnings_of(result)[-1]
    assert result.scans[0]["dice"] == 1


def test_each_change_is_scored_against_the_truth_of_the_changed_scan(tiny_case):
    seen = []

    def perfect(case, changed):
        seen.append(changed)
        if changed is None:
            return as_it_is(case, changed)
        truth = as_it_is(case, None)
        if changed.shape != truth.shape:  # an even block of 36 x 36 halves exactly
            return changed.with_array(truth.array[::2, ::2])
        return changed.with_array(truth.array)  # symmetric, so mirrored it is itself

    result = evaluate([tiny_case], perfect, changes=tuple(CHANGES))
    assert [row["change"] for row in result.scans] == list(CHANGES)
    assert [row["failure"] for row in result.scans] == [""] * len(CHANGES)
    assert [row["dice"] for row in result.scans] == [1] * len(CHANGES)
    assert seen[0] is None and all(each is not None for each in seen[1:])
    assert len(summary_of(result)) == len(CHANGES)


def test_normal_bone_is_judged_by_the_threshold_and_the_volume(tiny):
    stir, normal, region = tiny
    half = normal.array.copy()
    half[10:] = False
    effect = normal_bone_effect(stir, normal.with_array(half), normal, region)
    # Half holds 0 to 49: quartiles 12.25 and 36.75, IQR 24.5, maximum 49, so n = 0.45 again.
    assert effect.lower_truth == pytest.approx(97.5)
    assert effect.lower_found == pytest.approx(36.75 + 0.45 * 24.5)
    assert effect.lower_error_percent == pytest.approx(100 * (effect.lower_found / 97.5 - 1))
    assert effect.upper_error_percent == pytest.approx(-51)
    assert effect.vhi_truth_mm3 == pytest.approx(24 * 0.5 * 0.5 * 3.3)
    assert effect.vhi_change_percent > 0
    same = normal_bone_effect(stir, normal, normal)
    assert same.lower_error_percent == 0 and math.isnan(same.vhi_change_percent)


def test_an_area_without_thresholds_is_a_failure_with_its_name(tiny):
    stir, normal, region = tiny
    small = np.zeros(normal.shape, bool)
    small[5, 5:8, 2] = True
    with pytest.raises(InputError, match=r"^small: marks 3 voxels"):
        normal_bone_effect(stir, replace(normal, array=small, name="small"), normal, region)


def test_normal_bone_rows_hold_its_effect(tiny_case):
    result = evaluate(
        [tiny_case], lambda case, changed: load_mask(case.normal_bone), target="normal-bone"
    )
    (scan,) = result.scans
    assert scan["lower_error_percent"] == 0 and scan["vhi_change_percent"] == 0
    assert scan["slices_without_either"] == 5
    (record,) = summary_of(result)
    assert record["absolute_lower_error_percent"]["median"] == 0


def test_the_folder_holds_what_was_computed(tiny_case, tmp_path):
    result = evaluate([tiny_case], shifted)
    made_by = {"source": "here", "masks": "theirs", "network": None}
    for name in ("one", "two"):
        write_evaluation(result, tmp_path / name, made_by=made_by)
    assert {entry.name for entry in (tmp_path / "one").iterdir()} == RESULT_FILES
    for name in RESULT_FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    slices = list(csv.DictReader((tmp_path / "one" / "slices.csv").open()))
    assert slices[0]["dice"] == "" and float(slices[1]["dice"]) == 35 / 36
    summary = json.loads((tmp_path / "one" / "summary.json").read_text())
    assert summary["masks"] == "theirs" and summary["results"][0]["slices"] == 4
    assert str(tmp_path) not in (tmp_path / "one" / "summary.json").read_text()
    with pytest.raises(InputError, match="--overwrite"):
        write_evaluation(result, tmp_path / "one", made_by=made_by)


def test_an_evaluation_of_failures_alone_can_be_summed_up(tiny_case):
    result = evaluate([replace(tiny_case, disease_region=None)], shifted)
    (record,) = summary_of(result)
    assert record["per_slice"]["dice"]["n"] == 0 and record["median_interval_of_subjects"] is None
    assert summary_of(Evaluation("disease-region")) == []


def test_an_unknown_truth_is_refused(tiny_case):
    with pytest.raises(InputError, match="choose from disease-region, normal-bone"):
        evaluate([tiny_case], shifted, target="marrow")


def test_the_tiny_case_is_what_the_tests_above_count_on():
    _, normal, region = tiny_arrays()
    assert region.sum() == 36 * 36 * 4 and normal.sum() == 101
