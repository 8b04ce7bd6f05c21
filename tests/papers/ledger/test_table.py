"""The ledger: statuses, texts and counts; and that the README quotes it rightly."""

from pathlib import Path

import pandas as pd
import pytest

from vhi.papers import (
    ALL_PAPERS,
    STATUSES,
    blind_rows,
    counts_by_status,
    equations_by_status,
    ledger_table,
    printed_numbers,
    share_recomputed,
)
from vhi.papers.hepburn.files import MissingFilesError, StudyFiles
from vhi.papers.ledger.comparison import Comparison
from vhi.papers.ledger.table import CHECKS, inherit_inconsistent

README = Path(__file__).resolve().parents[3] / "README.md"


def rows_of(*statuses, paper="A"):
    return pd.DataFrame({"paper": paper, "status": statuses})


def test_rows_are_counted_by_status_for_each_paper_and_in_all():
    table = pd.concat([rows_of("recomputed"), rows_of("recomputed", "inconsistent", paper="B")])
    counts = counts_by_status(table)
    assert [*counts] == ["A", "B", ALL_PAPERS] and tuple(counts.index) == STATUSES
    assert counts["A"].to_dict() == {**dict.fromkeys(STATUSES, 0), "recomputed": 1}
    assert counts.loc[["recomputed", "inconsistent"], ALL_PAPERS].tolist() == [2, 1]


def test_rows_that_restate_an_equation_are_counted_once():
    table = pd.DataFrame(
        {
            "paper": "A",
            "equation": ["a", "a", "a", "b", "b", "c", ""],
            "status": [
                *("consistent", "recomputed-from-counts", "consistent"),
                *("recomputed-from-counts", "inconsistent"),
                *("consistent", "needs-unpublished-data"),
            ],
        }
    )
    counts = equations_by_status(table)[ALL_PAPERS]
    assert counts.sum() == 3
    kinds = ["recomputed-from-counts", "inconsistent", "consistent"]
    assert counts[kinds].tolist() == [1, 1, 1]


def test_a_repeat_of_an_inconsistent_number_is_no_better():
    key, other = "zheng-text-male", CHECKS["zheng"]["text-male"].repeats
    inconsistent = Comparison("79", "inconsistent", "One.", tried="as printed: 79", equation="m")
    repeat = Comparison("79.2", "consistent", "The same.", equation="r")
    results = inherit_inconsistent({key: repeat, f"zheng-{other}": inconsistent})
    assert results[key].status == "inconsistent" and results[key].why == "The same."
    assert (results[key].equation, results[key].tried) == ("m", "as printed: 79")
    held = inherit_inconsistent({key: repeat, f"zheng-{other}": repeat})
    assert held[key] == repeat


def test_blind_rows_are_those_that_hold_and_say_what_they_would_not_notice():
    table = pd.DataFrame(
        {"status": ["consistent", "inconsistent", "recomputed"], "tolerance": ["x", "x", ""]}
    )
    assert blind_rows(table).index.tolist() == [0]


def test_the_share_recomputed_leaves_out_what_is_only_consistent():
    assert share_recomputed(rows_of(*STATUSES)) == pytest.approx(2 / 6)
    assert share_recomputed(rows_of()) != share_recomputed(rows_of())  # NaN


def test_a_printed_number_stands_with_its_range_and_n(ledger):
    table = ledger.set_index("key")
    assert table.at["hepburn-network-dice", "printed"] == "0.94 (0.85 to 0.98), n = 48"


def test_without_the_study_the_ledger_is_whole_and_nothing_is_recomputed_from_scans(no_files):
    table = ledger_table()
    assert table["key"].tolist() == printed_numbers().index.tolist() and len(table) >= 150
    assert table["status"].isin(STATUSES).all()
    missing = table[table["status"] == "needs-unmirrored-files"]
    assert (missing["why"] != "").all() and (missing["recomputed"] == "").all()
    assert "hepburn-dice-cleaned" in missing["key"].tolist()
    assert (table["why"][table["status"] == "inconsistent"] != "").all()


def test_with_the_study_every_inconsistent_number_is_explained_and_the_readme_is_right(
    ledger, study
):
    table = ledger
    wrong = table[table["status"] == "inconsistent"]
    assert len(wrong) and wrong["why"].str.endswith(".").all() and (wrong["recomputed"] != "").all()
    counts = counts_by_status(table)[ALL_PAPERS]
    assert counts.sum() == len(table)
    equations = equations_by_status(table)[ALL_PAPERS]
    readme = " ".join(README.read_text(encoding="utf-8").split())
    share = f"{100 * share_recomputed(table):.0f} %"
    assert f"{len(table)} printed numbers of four papers: {share} come out again" in readme
    shares = [f"{100 * counts[name] / len(table):.0f} %" for name in ("consistent", "inconsistent")]
    undecided = f"{100 * counts['needs-unpublished-data'] / len(table):.0f} %"
    assert f"{shares[0]} are consistent, {shares[1]} are not, and {undecided} cannot be" in readme
    equal, wrong = equations.sum(), equations["inconsistent"]
    assert f"checked are {equal} equations, and {wrong} of them do not hold" in readme
    assert f"{len(blind_rows(table))} of the numbers that hold would hold as well" in readme


def test_checks_read_other_printed_numbers_from_the_tables(sources):
    s = sources["hepburn"]
    assert s["slope"] == 2408 and s.numbers("network-dice") == (0.94, 0.85, 0.98)
    assert (s.low("slope-interval"), s.high("slope-interval"), s.n("slope-interval")) == (
        1230,
        3586,
        29,
    )
    assert s.last_digit("sparcc-bias") == pytest.approx(0.1)


def test_a_missing_file_is_named(no_files):
    with pytest.raises(MissingFilesError, match=r"2 of 2 published files .*overlap_R1_R2\.txt"):
        _ = StudyFiles().cleaned
