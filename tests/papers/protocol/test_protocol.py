import csv
import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')
pytest.importorskip("onnxscript", reason='needs onnxscript: pip install "vhi[train]"')

from tests.helpers.small_networks import graph
from tests.helpers.small_scans import write_scans
from vhi.cases.case import load_cases
from vhi.commands import cli
from vhi.errors import InputError
from vhi.images.nifti import load_image, load_mask
from vhi.papers.protocol import protocol
from vhi.papers.protocol.protocol import Budget, Setting, make_plan
from vhi.papers.protocol.run import rank, run_protocol, score_test
from vhi.segmentation.predict import segment_disease_region
from vhi.statistics import dice
from vhi.training import export
from vhi.training.dataset import load_training_set
from vhi.training.loop import Stopped, train
from vhi.training.recipe import PAPER

pytestmark = pytest.mark.training

TINY = Budget(1, 4.5, "float32", (2, 4), (Setting(2, 3), Setting(2, 5)))


@pytest.fixture(autouse=True)
def _ready_graph(monkeypatch):
    """Put a graph made by hand in place of the exported one, which takes seconds."""
    monkeypatch.setattr(export, "encode_graph", lambda members, *_: graph(1, len(members)))


@pytest.fixture
def plan(tmp_path):
    cases = load_cases(write_scans(tmp_path / "scans", "ABCDE"))
    return make_plan(cases, ["E"], TINY, seed=1, threads=1, precision=None)


def rows(path):
    return list(csv.DictReader(path.open()))


def test_the_grid_and_the_full_budget_are_the_papers():
    full = Budget.full()
    recipes = [setting.recipe(PAPER, 35000) for setting in full.settings]
    assert [(len(r.filters), r.kernel) for r in recipes] == [
        (2, 3), (2, 5), (4, 3), (4, 5), (6, 3), (6, 5)
    ]  # fmt: skip
    assert (full.epochs, full.steps_per_epoch, full.steps_per_row) == ((60, 100), 350, 7000)
    assert Setting(4, 3).recipe(PAPER, 60 * 350) == PAPER
    assert recipes[-1].filters == (16, 32, 64, 128, 256, 512)


def test_sixty_epochs_are_the_first_of_a_hundred(plan):
    """What lets one training answer for both: the rows of the shorter one are the longer one's."""
    setting = TINY.settings[0]
    curves = []
    for epochs in TINY.epochs:
        recipe = plan.recipe(setting, epochs)
        training_set = load_training_set(plan.cases, ["A"], recipe)
        curve = train(
            training_set.training,
            recipe,
            held_out=training_set.held_out,
            steps_per_row=TINY.steps_per_row,
        ).curve
        curves.append(curve)
    assert curves[0] == curves[1][: len(curves[0])]


def test_a_protocol_chooses_tests_once_and_can_be_stopped(plan, tmp_path):
    folder, lines, steps = tmp_path / "protocol", [], []

    def stop(step):
        steps.append(step)
        return len(steps) == 10

    with pytest.raises(Stopped):
        run_protocol(plan, folder, stop=stop)
    assert not (folder / "chosen.json").exists() and not (folder / "test_looks.csv").exists()
    look = run_protocol(plan, folder, say=lines.append)

    results = rows(folder / "results.csv")
    assert len(results) == 2 * 2 * 4  # settings, epochs, folds
    assert sorted({row["held_out"] for row in results}) == ["A", "B", "C", "D"]
    chosen = json.loads((folder / "chosen.json").read_text())
    best = max(row["mean_dice"] for row in chosen["all"])
    assert chosen["chosen"]["mean_dice"] == best and chosen["chosen"]["folds"] == 4
    network = json.loads((folder / "chosen" / "network.json").read_text())
    assert network["members"] == 3 and network["trained_on"] == ["A", "B", "C", "D"]
    looks = rows(folder / "test_looks.csv")
    assert len(looks) == 1 and looks[0]["subjects"] == "E"
    assert looks[0]["weights_sha256"] == network["sha256"]["weights.safetensors"]
    assert chosen["time"] <= looks[0]["time"]
    tested = rows(folder / "test.csv")
    assert {row["subject"] for row in tested} == {"E"}

    # The score is that of the saved folder, run as anybody would run it.
    scan = plan.test_cases[0]
    found = segment_disease_region(load_image(scan.t1w), network=str(folder / "chosen")).mask
    truth = load_mask(scan.disease_region)
    for row in tested:
        planes = [
            np.take(each.array, int(row["slice"]), found.slice_axis) for each in (found, truth)
        ]
        assert float(row["dice"]) == pytest.approx(dice(*planes))
    assert lines[-1].startswith("Test on E: mean Dice") and look["slices"] == 4
    with pytest.raises(InputError, match="its test scored once"):
        run_protocol(plan, folder)

    # The test's log is only ever added to, and a choice that is written stands.
    (folder / "test.csv").unlink()
    chosen["chosen"]["mean_dice"] = 0.5
    (folder / "chosen.json").write_text(json.dumps(chosen))
    assert run_protocol(plan, folder)["mean_dice"] == look["mean_dice"]
    assert len(rows(folder / "test_looks.csv")) == 2
    lame = replace(plan, test_cases=(*plan.test_cases, replace(scan, disease_region=None)))
    with pytest.raises(
        InputError, match=rf"1 of 2 scans failed \({scan.case}.* disease_region mask"
    ):
        score_test(lame, folder / "chosen", folder)
    assert len(rows(folder / "test_looks.csv")) == 2
    assert json.loads((folder / "chosen.json").read_text())["chosen"]["mean_dice"] == 0.5


def test_another_protocol_in_the_folder_is_refused(plan, tmp_path):
    folder = tmp_path / "protocol"
    with pytest.raises(Stopped):
        run_protocol(plan, folder, stop=lambda step: True)
    other = make_plan([*plan.cases, *plan.test_cases], ["D"], TINY, seed=1, threads=1)
    with pytest.raises(InputError, match=r"another protocol \(folds, test differ\)"):
        run_protocol(other, folder)
    with pytest.raises(InputError, match="holds other files"):
        run_protocol(plan, tmp_path / "scans")


def test_the_best_mean_wins_and_the_smaller_network_a_tie():
    def result(levels, epochs, fold, dice):
        return {
            "levels": levels, "kernel": 3, "epochs": epochs, "fold": fold,
            "dice": dice, "cross_entropy": 0.1,
        }  # fmt: skip

    table = [result(2, 60, 1, 0.9), result(2, 60, 2, 0.5), result(4, 60, 1, 0.8)]
    table += [result(4, 60, 2, 0.7), result(4, 100, 1, 0.75), result(4, 100, 2, 0.75)]
    best = rank(table)[0]
    assert (best["levels"], best["epochs"], best["folds"]) == (4, 60, 2)
    assert best["mean_dice"] == pytest.approx(0.75)


def test_fewer_subjects_make_fewer_folds_and_that_is_said(tmp_path):
    cases = load_cases(write_scans(tmp_path / "scans", "ABCD"))
    plan = make_plan(cases, ["D"], Budget.small())
    assert len(plan.folds) == 3
    assert "4 folds need as many subjects: 3 here" in plan.describe()
    assert "Small budget: 3 steps an epoch" in plan.describe()
    assert "Small budget" not in make_plan(cases, ["D"], Budget.full()).describe()
    with pytest.raises(InputError, match="no subject 'X'"):
        make_plan(cases, ["X"], TINY)


def test_the_command_runs_the_protocol(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(protocol.Budget, "small", classmethod(lambda cls: TINY))
    table = write_scans(tmp_path / "scans", "ABC")
    command = ["train", "--protocol", "--source", str(table), "--device", "cpu", "--threads", "1"]
    assert cli.run([*command, "--out", str(tmp_path / "out")]) == 2
    assert "--test is missing" in capsys.readouterr().err
    assert cli.run([*command, "--test", "C", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "Protocol: 2 subjects in 2 folds" in printed and "for the grid" in printed
    assert "Chosen: 2 levels" in printed and "Test on C: mean Dice" in printed
