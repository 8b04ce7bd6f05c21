"""The trainings in `networks/`: who is held out."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')

from networks.runs import FOLDS, all_runs, tried_runs
from vhi.cases.case import Case
from vhi.training.dataset import STUDY_TEST

pytestmark = pytest.mark.training

EIGHT = ("1007", "1012", "1013", "1016", "1234", "2015", "3002", "4386")
CASES = [Case(name, name, "", Path("S"), Path("T")) for name in (*EIGHT, *STUDY_TEST)]


@pytest.mark.parametrize("name", ["cv", "wide", "near"])
def test_a_cross_validation_holds_out_each_of_the_eight_once_and_sees_no_test_subject(name):
    runs = all_runs(CASES) | tried_runs(CASES)
    folds = [runs[f"{name}{fold}"] for fold in range(FOLDS)]
    assert sorted(subject for run in folds for subject in run.held_out) == sorted(EIGHT)
    assert all(set(run.subjects) == set(EIGHT) for run in folds)
    assert [run.held_out for run in folds] == [runs[f"cv{fold}"].held_out for fold in range(FOLDS)]
    assert [run.recipe.seed for run in folds] == [1, 2, 3, 4]


def test_no_shipped_network_comes_from_a_recipe_that_is_only_tried():
    assert not all_runs(CASES).keys() & tried_runs(CASES).keys()
    assert {run.starts_from for run in all_runs(CASES).values()} == {"", "cv0", "cv1", "cv2", "cv3"}
