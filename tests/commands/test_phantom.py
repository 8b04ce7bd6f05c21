"""`vhi phantom`: simulated objects as cases, or measured; one line for a mistake."""

import json

import pytest

pytest.importorskip("pingouin", reason='needs pingouin: pip install "vhi[study]"')

from vhi.commands import cli


def test_objects_are_measured_and_written(tmp_path, capsys):
    folders = ["--report", str(tmp_path / "report"), "--out", str(tmp_path / "cases")]
    assert cli.run(["phantom", *folders, "--objects", "1", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert "1 simulated objects" in said and "truth-cleaned: 0 objects are too few" in said
    assert (tmp_path / "cases" / "cases.csv").exists()
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["seed"] == 2 and summary["scans"] == 2
    capsys.readouterr()
    for folder in folders[1::2]:  # neither is replaced unasked
        option = folders[folders.index(folder) - 1]
        assert cli.run(["phantom", option, folder, "--objects", "1"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [([], "--out"), (["--out", "x", "--objects", "0"], "--objects"),
     (["--out", "x", "--seed", "-1"], "--seed")],
)  # fmt: skip
def test_a_mistake_is_one_line(options, word, capsys):
    assert cli.run(["phantom", *options]) == 2
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1
