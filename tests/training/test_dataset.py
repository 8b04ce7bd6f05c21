from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.small_scans import SHAPE, arrays, write_scans
from vhi.cases.case import load_cases
from vhi.errors import InputError
from vhi.training.dataset import check_no_leak, folds, load_example, load_training_set, split
from vhi.training.recipe import Recipe

RECIPE = Recipe(spacing_mm=4.5, filters=(4, 8), block=1)


@pytest.fixture
def cases(tmp_path):
    return load_cases(write_scans(tmp_path / "scans", "ABCDEFG"))


def test_the_disease_regions_target_is_all_bone(cases):
    example = load_example(cases[0], RECIPE)
    _, normal, region = arrays(0)
    assert example.slices.shape == (4, 1, 36, 36)
    assert example.target.sum() == (normal | region).sum()
    assert np.array_equal(example.target, example.bone)


def test_the_normal_bone_network_sees_both_scans_and_looks_for_normal_bone(cases):
    example = load_example(cases[0], RECIPE.with_(task="normal-bone"))
    _, normal, region = arrays(0)
    assert example.slices.shape == (4, 2, 36, 36)
    assert example.target.sum() == normal.sum()
    assert example.bone.sum() == (normal | region).sum()


def test_an_examples_slices_come_with_their_neighbours(cases):
    alone, wide = (load_example(cases[0], RECIPE.with_(neighbours=n)) for n in (0, 1))
    assert np.array_equal(wide.slices[1:3, 1:2], alone.slices[1:3])
    assert np.array_equal(wide.slices[1], alone.slices[:3, 0])
    assert np.array_equal(wide.bone, alone.bone)


def test_every_subject_is_held_out_once(cases):
    for count in (2, 3, 7):
        parts = folds(cases, count, seed=3)
        assert len(parts) == count
        assert sorted(name for part in parts for name in part) == list("ABCDEFG")
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert folds(cases, 3, seed=3) == folds(cases, 3, seed=3) != folds(cases, 3, seed=4)
    for count in (1, 8):
        with pytest.raises(InputError, match=f"{count} folds need 2 to 7"):
            folds(cases, count, seed=0)


def test_a_subject_in_both_parts_is_refused(cases):
    with pytest.raises(InputError, match="subject B is in training and held out"):
        check_no_leak(cases[:2], cases[1:])


def test_a_split_takes_all_visits_of_a_subject(cases):
    cases = [replace(case, visit=visit) for case in cases[:3] for visit in ("before", "after")]
    training, held_out = split(cases, ["A"])
    assert [(case.subject, case.visit) for case in held_out] == [("A", "before"), ("A", "after")]
    assert [case.subject for case in training] == ["B", "B", "C", "C"]
    with pytest.raises(InputError, match="no subject 'X'"):
        split(cases, ["X"])


def test_one_scan_under_two_names_is_a_leak(tmp_path):
    same = arrays(0)
    twice = {"t1w": same[0], "normal_bone": same[1], "disease_region": same[2]}
    cases = load_cases(write_scans(tmp_path / "scans", "ABC", C=twice))
    with pytest.raises(InputError, match="same scan as A"):
        load_training_set(cases, ["C"], RECIPE)
    assert len(load_training_set(cases, ["B"], RECIPE).training) == 2


def test_an_empty_or_missing_mask_is_named(tmp_path):
    empty = {"disease_region": np.zeros(SHAPE, bool)}
    cases = load_cases(write_scans(tmp_path / "scans", "AB", B=empty))
    with pytest.raises(InputError, match=r"B_disease_region\.nii\.gz: marks no voxel"):
        load_training_set(cases, [], RECIPE)
    table = tmp_path / "scans" / "cases.csv"
    table.write_text(table.read_text().replace("B_normal_bone.nii.gz", ""))
    with pytest.raises(InputError, match="case B : needs a normal_bone mask"):
        load_training_set(load_cases(table), [], RECIPE)


def test_the_table_counts_slices_and_names_both_parts(cases):
    training_set = load_training_set(cases[:3], ["C"], RECIPE)
    text = training_set.describe(RECIPE)
    assert "Training: 2 subjects (A, B), 8 slices" in text
    assert "Held out: 1 subject (C), 4 slices" in text
    assert training_set.rows[0]["marked"] == training_set.training[0].target.sum()
    assert len(training_set.rows[0]["inputs"]) == 4
