"""`vhi train` as a person uses it."""

import csv
import json
import signal

import numpy as np
import pytest

pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
pytest.importorskip("monai", reason='needs monai: pip install "vhi[train]"')
pytest.importorskip("onnxscript", reason='needs onnxscript: pip install "vhi[train]"')

from tests.helpers.small_scans import write_scans
from vhi.commands import cli
from vhi.commands import train as train_command
from vhi.commands.train_progress import TrainingProgress
from vhi.training import export
from vhi.training.curves import read_curves
from vhi.training.folder import FILES

pytestmark = pytest.mark.training

TINY = {"filters": [4, 6], "block": 1, "spacing_mm": 4.5, "steps": 12, "batch": 2, "threads": 1}


@pytest.fixture
def training(tmp_path):
    """Arguments of a tiny training, but for its folder."""
    table = write_scans(tmp_path / "scans")
    recipe = tmp_path / "tiny.json"
    recipe.write_text(json.dumps(TINY))
    return ["train", "--source", table, "--recipe", recipe, "--hold-out", "C", "--device", "cpu"]


@pytest.fixture
def no_graph(monkeypatch):
    """Leave out the exported graph, which takes seconds."""
    monkeypatch.setattr(export, "encode_graph", lambda *_: b"graph")


def refused(vhi, *arguments):
    status, _, err = vhi(*arguments)
    *notes, message = err.splitlines()
    assert status == 2 and message.startswith("vhi: "), err
    assert all(note.startswith("vhi: warning: ") for note in notes), err
    return message


@pytest.fixture
def interrupted(monkeypatch):
    """Press Ctrl-C during step 5."""
    original = TrainingProgress.step

    def step(self, run, done):
        if done == 5:
            signal.raise_signal(signal.SIGINT)
        return original(self, run, done)

    monkeypatch.setattr(TrainingProgress, "step", step)
    return monkeypatch


def test_a_training_fills_its_folder(vhi, training, tmp_path):
    out = tmp_path / "out"
    status, printed, err = vhi(*training, "--out", out)
    notes = err.splitlines()
    assert status == 0 and len(set(notes)) == len(notes) == 9  # three of each scan, once
    assert all(note.startswith("vhi: warning: ") for note in notes)
    assert "Training: 2 subjects (A, B), 8 slices" in printed
    assert "step 12 of 12: loss" in printed and "held-out Dice 0." in printed
    assert {entry.name for entry in out.iterdir()} == set(FILES)
    record = json.loads((out / "training.json").read_text())
    assert record["training"] == ["A", "B"] and record["held_out"] == ["C"]
    assert record["seeds"] == [1]
    (sitting,) = record["sittings"]
    assert (sitting["from_step"], sitting["device"]) == (0, "cpu") and sitting["torch"]
    assert record["seconds"] > 0 and record["finished"]
    assert len(record["cases"][0]["inputs"]) == 4 and len(record["cases"][0]["notes"]) == 3
    assert str(tmp_path) not in (out / "training.json").read_text()
    network = json.loads((out / "network.json").read_text())
    assert network["trained_on"] == ["A", "B"] and network["recipe"]["steps"] == 12
    assert [row["step"] for row in csv.DictReader((out / "curves.csv").open())] == ["12"]


def test_the_recipe_in_the_folder_makes_the_same_network(vhi, training, tmp_path, no_graph):
    out = tmp_path / "out"
    assert vhi(*training, "--out", out)[0] == 0
    again = [out / "recipe.json" if each == training[4] else each for each in training]
    assert vhi(*again, "--out", tmp_path / "again")[0] == 0
    weights = [
        (folder / "weights.safetensors").read_bytes() for folder in (out, tmp_path / "again")
    ]
    assert weights[0] == weights[1]


def test_a_finished_training_needs_overwrite(vhi, training, tmp_path, no_graph):
    out = tmp_path / "out"
    assert vhi(*training, "--steps", 2, "--out", out)[0] == 0
    assert "holds a finished training; add --overwrite" in refused(vhi, *training, "--out", out)
    assert vhi(*training, "--steps", 3, "--out", out, "--overwrite")[0] == 0
    assert json.loads((out / "recipe.json").read_text())["steps"] == 3
    (out / "notes.txt").write_text("mine")
    err = refused(vhi, *training, "--out", out, "--overwrite")
    assert "notes.txt" in err and (out / "network.json").exists()


def test_ctrl_c_keeps_what_was_learned(vhi, training, tmp_path, interrupted, no_graph):
    out = tmp_path / "out"
    status, _, err = vhi(*training, "--out", out)
    assert status == 130
    assert "stopped after step 5; the same command continues from there" in err
    assert not (out / "network.json").exists()
    interrupted.undo()
    err = refused(vhi, *training, "--steps", 13, "--seed", 4, "--out", out)
    assert "steps 12, now 13" in err and "seed 1, now 4" in err
    held = ["A" if each == "C" else each for each in training]
    assert "training A B, now B C" in refused(vhi, *held, "--out", out)
    assert vhi(*training, "--out", out)[0] == 0
    assert vhi(*training, "--out", tmp_path / "whole")[0] == 0
    weights = [
        (folder / "weights.safetensors").read_bytes() for folder in (out, tmp_path / "whole")
    ]
    assert weights[0] == weights[1]


def test_a_training_on_two_versions_of_torch_says_which_made_what(
    vhi, training, tmp_path, interrupted, no_graph
):
    out = tmp_path / "out"
    interrupted.setattr("torch.__version__", "1.0")
    assert vhi(*training, "--out", out)[0] == 130
    interrupted.undo()
    assert vhi(*training, "--out", out)[0] == 0
    first, second = json.loads((out / "training.json").read_text())["sittings"]
    assert (first["from_step"], first["torch"]) == (0, "1.0")
    assert second["from_step"] == 5 and second["torch"] != "1.0"


def test_other_scans_under_the_same_names_are_refused(vhi, training, tmp_path, interrupted):
    assert vhi(*training, "--out", tmp_path / "out")[0] == 130
    scan = np.random.default_rng(1).random((36, 36, 4)).astype(np.float32)
    write_scans(tmp_path / "scans", B={"t1w": scan})
    assert "other training data" in refused(vhi, *training, "--out", tmp_path / "out")


def test_several_runs_make_an_ensemble(vhi, training, tmp_path, no_graph):
    out = tmp_path / "out"
    status, printed, _ = vhi(*training, "--steps", 3, "--runs", 2, "--out", out)
    assert status == 0 and "run 2 of 2, step 3 of 3" in printed
    assert json.loads((out / "network.json").read_text())["members"] == 2
    assert [len(curve) for curve in read_curves(out / "curves.csv")] == [1, 1]
    assert vhi(*training, "--steps", 2, "--out", out, "--overwrite")[0] == 0
    assert not (out / "run-1").exists()


def test_mistakes_are_told_in_one_line(vhi, training, tmp_path):
    out = ["--out", tmp_path / "out"]
    for extra, words in {
        ("--hold-out", "X"): "no subject 'X'",
        ("--hold-out", "A", "B"): "every subject is held out",
        ("--steps", "0"): "steps must be a whole number of at least 1",
        ("--task", "hip"): "task must be disease-region or normal-bone; got 'hip'",
        ("--recipe", "none.json"): "'none.json' is not a recipe",
        ("--device", "tpu"): "--device tpu: unknown",
        ("--workers", "-1"): "must be 0 or more",
        ("--test", "A"): "--test belongs to --protocol",
        ("--full",): "--full belongs to --protocol",
        ("--protocol",): "--hold-out does not go with --protocol",
        ("--hold-out",): "Option '--hold-out' requires an argument",
    }.items():
        assert words in refused(vhi, *training, *extra, *out)
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    words = "file: a file has the name that a folder needs"
    assert words in refused(vhi, *training, "--out", tmp_path / "file")


def test_without_torch_the_command_says_what_to_install(vhi, training, tmp_path, monkeypatch):
    monkeypatch.setattr(train_command, "NEEDED", ("no_such_torch",))
    err = refused(vhi, *training, "--out", tmp_path / "out")
    assert 'pip install "vhi[train]"' in err and "no_such_torch" in err


def test_a_loss_that_is_no_number_is_explained(vhi, training, tmp_path):
    recipe = tmp_path / "wild.json"
    recipe.write_text(json.dumps({**TINY, "learning_rate": 1e30, "schedule": "constant"}))
    arguments = [recipe if each == training[4] else each for each in training]
    err = refused(vhi, *arguments, "--out", tmp_path / "out")
    assert "the loss is nan after step" in err and "lower learning_rate" in err


def test_the_help_says_that_both_masks_are_needed(capsys):
    assert cli.run(["train", "--help"]) == 0
    assert "needs both masks" in " ".join(capsys.readouterr().out.replace("│", " ").split())
