"""`vhi phantom`: simulated objects as cases, or measured; one line for a mistake."""

import json

import pytest

pytest.importorskip("pingouin", reason='needs pingouin: pip install "vhi[study]"')

from vhi.commands import cli


def test_objects_are_measured_and_written(tmp_path, capsys):
    folders = ["--report", str(tmp_path / "report"), "--out", str(tmp_path / "cases")]
    assert cli.run(["phantom", *folders, "--objects", "1", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert "1 simulated object," in said and "truth-cleaned: too few objects" in said
    assert (tmp_path / "cases" / "cases.csv").exists()
    summary = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert summary["seed"] == 2 and summary["scans"] == 2
    capsys.readouterr()
    for folder in folders[1::2]:  # neither is replaced unasked
        option = folders[folders.index(folder) - 1]
        assert cli.run(["phantom", option, folder, "--objects", "1"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_of_cases_is_refused_before_any_work(tmp_path, capsys):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "mine.txt").write_text("mine")
    cases = ["--out", str(tmp_path / "cases"), "--objects", "1"]
    report = ["--report", str(tmp_path / "report")]
    for options in (cases, [*cases, "--overwrite"], [*cases, *report]):
        assert cli.run(["phantom", *options]) == 2
        said = capsys.readouterr().err
        assert "is not empty; name a new folder" in said and "--overwrite" not in said
    both = str(tmp_path / "both")
    assert cli.run(["phantom", "--out", both, "--report", both]) == 2
    assert "name two folders" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["cases"]


@pytest.mark.parametrize(
    ("options", "word"),
    [([], "--out"), (["--out", "x", "--objects", "0"], "--objects"),
     (["--out", "x", "--seed", "-1"], "--seed"),
     (["--out", "x", "--objects", "10000"], "--objects")],
)  # fmt: skip
def test_a_mistake_is_one_line(options, word, capsys):
    assert cli.run(["phantom", *options]) == 2
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1
