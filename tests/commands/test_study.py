"""`vhi study`: the contract's files on masks and on one's own table; one line for a mistake."""

import contextlib
import csv
import importlib.util
import io
import json
import re

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("statsmodels", reason='needs statsmodels: pip install "vhi[study]"')

from vhi.commands import cli
from vhi.reader_study import report
from vhi.reader_study.report import RESULT_FILES, SIMULATED, short, table_text

HEAD = "patient,visit,vhi_mm3_A,vhi_mm3_B,sparcc_A,sparcc_B,response_clinical\n"
TABLE = HEAD + "".join(
    f"p{i},{visit},{a},{b},{s},{s + i % 2},{answer}\n"
    for i in range(12)
    for visit, a, b, s, answer in (
        ("before", 100 * i + 20, 95 * i + 25, 2 * i + 1, ""),
        ("after", 60 * i + (40 if i % 3 == 0 else 0), 62 * i, i, "yes" if i % 2 else "no"),
    )
)


ALONE = re.sub(r"(?m)^((?:[^,\n]*,){4})[^,\n]*,[^,\n]*,", r"\1", TABLE)
"""The same table without SPARCC: less to draw."""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Status, output and folder of one run on the table."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "mine.csv").write_text(TABLE, encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.run(
            ["study", "--table", f"{folder / 'mine.csv'}", "--out", f"{folder / 'out'}"]
        )
    return status, out.getvalue(), err.getvalue(), folder / "out"


@pytest.fixture
def sketched(monkeypatch):
    """Lay figures out without rendering them, in a quarter of the time."""

    def lay_out(figure, kind):
        if kind == "png":
            figure.draw_without_rendering()
        return b""

    monkeypatch.setattr(report, "encode_figure", lay_out)


@pytest.fixture
def table(tmp_path):
    def write(text=TABLE, name="mine.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_a_table_of_ones_own_gives_tables_figures_and_one_page(result):
    status, out, err, folder = result
    assert (status, err) == (0, "")
    assert "12 patients" in out and "clinical: 6 of 12 respond" in out
    written = {path.name for path in folder.iterdir()}
    assert written <= RESULT_FILES
    assert {"agreement.csv", "response.csv", "changes.csv", "failures.csv"} <= written
    assert {"report.html", "summary.json", "response.png", "response.svg"} <= written
    assert not any(name.startswith(SIMULATED) for name in written)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["patients"] == 12 and summary["simulated"] is False
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "not a medical device" in page and "data:image/png;base64," in page
    assert "http" not in page.replace("http://www.w3.org", "")


@pytest.mark.slow
def test_the_same_table_gives_the_same_bytes(vhi, result, table, tmp_path):
    assert vhi("study", "--table", table(), "--out", tmp_path / "again")[0] == 0
    for path in result[-1].iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


@pytest.mark.slow
@pytest.mark.usefixtures("sketched")
def test_rules_are_chosen_by_name_and_by_column(vhi, table, tmp_path):
    rules = ("--rule", "clinical", "--rule", "sparcc-fall")
    assert vhi("study", "--table", table(), *rules, "--out", tmp_path / "mine")[0] == 0
    (row,) = read(tmp_path / "mine" / "response.csv")
    assert (row["first"], row["second"], row["n"]) == ("clinical", "sparcc-fall", "12")


@pytest.mark.slow
@pytest.mark.usefixtures("sketched")
@pytest.mark.parametrize(
    "rows",
    [
        "p1,before,1,1,1,1,\n",  # one scan, nothing to compare
        "p1,before,1,1,1,1,\np1,after,0,0,0,0,yes\n",  # one patient
        # zeros only
        "p1,before,0,0,0,0,\np1,after,0,0,0,0,no\np2,before,0,0,0,0,\np2,after,0,0,0,0,no\n",
        "p1,before,5,,3,,\np1,after,4,,2,,yes\np2,before,5,,3,,\np2,after,6,,4,,no\n",  # one reader
        "p1,after,5,4,3,3,yes\np2,after,5,4,3,3,no\np3,after,5,4,3,3,yes\n",  # no visit before
        "p1,before,,,,,\np1,after,,,,,\n",  # nothing at all
    ],
)
def test_little_or_equal_or_missing_data_have_a_defined_answer(vhi, table, tmp_path, rows):
    status, _, err = vhi("study", "--table", table(HEAD + rows), "--out", tmp_path / "mine")
    assert status == 0, err
    assert "Traceback" not in err and "nan" not in err
    assert (tmp_path / "mine" / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("sketched")
def test_names_are_shown_as_text_and_other_columns_are_named(vhi, table, tmp_path):
    text = ALONE.replace("p1,", "<script>alert(1)</script>,").replace("clinical", "clinical,notes")
    text = text.replace("yes\n", "yes,x\n").replace("no\n", "no,x\n").replace(",\n", ",,x\n")
    status, _, err = vhi("study", "--table", table(text), "--out", tmp_path / "mine")
    assert status == 0 and "notes" in err
    page = (tmp_path / "mine" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--source NAME or --table FILE"),
        (("--source", "study", "--table", "x.csv"), "--source NAME or --table FILE"),
        (("--source", "phantom", "--rule", "clinical"), "--rule goes with --table"),
        (("--source", "phantom", "--cohorts", "3"), "--cohorts goes with --source study"),
        (("--source", "study", "--cohorts", "-1"), "--cohorts"),
        (("--source", "nowhere"), "nowhere"),
        (("--table", "absent.csv"), "no such table"),
    ],
)
def test_options_that_do_not_go_together_end_in_one_line(fails, tmp_path, options, words):
    fails("study", *options, "--out", tmp_path / "out", words=words)


@pytest.mark.slow
@pytest.mark.parametrize("names", [("$\\frac$_{", "a$b$c"), ("読者", "<b>")])
def test_any_name_of_a_reader_is_drawn_as_text(vhi, table, tmp_path, names):
    text = ALONE.replace("vhi_mm3_A", f"vhi_mm3_{names[0]}")
    path = table(text.replace("vhi_mm3_B", f"vhi_mm3_{names[1]}"))
    status, _, err = vhi("study", "--table", path, "--out", tmp_path / "out")
    assert (status, err) == (0, "")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>" not in page


@pytest.mark.slow
def test_patients_whose_response_is_not_known_keep_a_panel_of_their_own(vhi, table, tmp_path):
    text = ALONE.replace("yes\n", "\n", 2)
    assert vhi("study", "--table", table(text), "--out", tmp_path / "out")[0] == 0
    drawn = (tmp_path / "out" / "response.svg").read_text(encoding="utf-8")
    assert "not known (clinical)" in drawn


def test_a_wrong_value_is_named_and_nothing_is_written(fails, table, tmp_path):
    path = table(HEAD + "p1,before,12 mm,1,1,1,\n")
    fails("study", "--table", path, "--out", tmp_path / "out", words=("row 2", "vhi_mm3_A"))


def test_an_unknown_rule_is_refused_with_the_known_ones(fails, table, tmp_path):
    path = table()
    words = ("no rule is called 'x'", "clinical", "basdai50")
    fails("study", "--table", path, "--rule", "x", "--out", tmp_path / "out", words=words)


@pytest.mark.slow
@pytest.mark.usefixtures("sketched")
def test_an_earlier_result_is_kept_and_foreign_files_never_replaced(vhi, fails, table, tmp_path):
    path, out = table(ALONE), tmp_path / "out"
    assert vhi("study", "--table", path, "--out", out)[0] == 0
    fails("study", "--table", path, "--out", out, words="--overwrite")
    assert vhi("study", "--table", path, "--out", out, "--overwrite")[0] == 0
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    fails("study", "--table", path, "--out", out, "--overwrite", words="notes.txt")


def test_cases_without_reader_masks_are_refused(fails, tiny_case, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(f"case,stir,t1w\ntiny,{tiny_case.stir},{tiny_case.t1w}\n", encoding="utf-8")
    fails("study", "--source", path, "--out", tmp_path / "out", words="readers.csv")


def test_what_is_missing_is_said_before_anything_is_read(fails, table, tmp_path, monkeypatch):
    path = table()
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *a: None if name == "pingouin" else found(name, *a),
    )
    words = ("pingouin", 'pip install "vhi[study]"')
    fails("study", "--table", path, "--out", tmp_path / "out", words=words)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sketched")
def test_the_phantoms_readers_are_called_simulated(vhi, tmp_path):
    status, out, err = vhi("study", "--source", "phantom", "--out", tmp_path / "out")
    assert status == 0 and "simulated" in out and "simulated" in err
    rows = read(tmp_path / "out" / "agreement.csv")
    assert {row["simulated"] for row in rows} == {"yes"}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The phantom and its readers are simulated" in page


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sketched")
def test_the_study_comes_out_as_published(vhi, study, tmp_path):
    out = tmp_path / "paper"
    status, _, _ = vhi("study", "--source", "study", "--cohorts", "3", "--out", out)
    assert status == 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    medians = {name: each["median"] for name, each in summary["overlap"].items()}
    expected = {
        "R11-R12": 0.6286, "R21-R22": 0.6867, "R11-R21": 0.5587, "R11-R22": 0.5352,
        "R12-R21": 0.5611, "R12-R22": 0.5323, "R1-R2": 0.8397,
    }  # fmt: skip
    assert medians == pytest.approx(expected, abs=0.00005)
    assert summary["overlap"]["R11-R12"]["n"] == 8
    assert sum(summary["ledger"].values()) >= 150
    rows = read(out / "overlap.csv")
    assert {row["source"] for row in rows if row["first"] == "R1"} == {"published"}
    assert {row["source"] for row in rows if row["first"] == "R11"} == {"recomputed"}
    ledger = read(out / "ledger.csv")
    columns = ("paper", "place", "quantity", "printed", "recomputed", "status", "why")
    assert set(columns) <= set(ledger[0])
    for name in (
        "agreement",
        "response",
        "failures",
        "simulated-agreement",
        "simulated-conclusions",
    ):
        assert (out / f"{name}.csv").is_file()
    page = (out / "report.html").read_text(encoding="utf-8")
    titles = re.findall(r'<h2 id="(?:table|figure)-simulated-[^"]*">([^<]*)', page)
    assert len(titles) > 8 and all("imulated" in title for title in titles)
    asked = read(out / "simulated-asked-and-reached.csv")
    assert asked and {row["agrees"] for row in asked} == {"True"}


def test_what_is_the_same_in_all_rows_is_said_once_and_empty_columns_are_left_out():
    frame = pd.DataFrame({"data": ["mine", "mine"], "first": [1.0, 1.0], "p": [np.nan, np.nan]})
    text, same = table_text(frame)
    assert (text.to_dict("list"), same) == ({"first": ["1", "1"]}, {"data": "mine"})


def test_the_page_shows_four_digits_and_nothing_for_nan():
    shown = [
        short(value) for value in (0.123456, 12.0, 12345.6, np.nan, -np.inf, True, None, pd.NA, 3)
    ]
    assert shown == ["0.1235", "12", "12,346", "", "−∞", "True", "", "", "3"]
