"""The ledger: statuses, texts and counts; and that the README quotes it rightly."""

from pathlib import Path

import pandas as pd
import pytest

from vhi.papers.hepburn.files import MissingFilesError, StudyFiles
from vhi.papers.ledger import (
    ALL_PAPERS,
    STATUSES,
    counts_by_status,
    ledger_table,
    printed_numbers,
    share_recomputed,
)
from vhi.papers.ledger.check import Check
from vhi.papers.ledger.table import compare

README = Path(__file__).resolve().parents[3] / "README.md"
AGREEING = ("recomputed", "recomputed-from-counts", "consistent")


def row(value="", low="", high="", needs=""):
    return pd.Series({"value": value, "low": low, "high": high, "needs": needs, "why": "because"})


def compared(row, *numbers, status="recomputed"):
    return compare(row, Check(status, lambda _: numbers), None)


def rows_of(*statuses, paper="A"):
    return pd.DataFrame({"paper": paper, "status": statuses})


@pytest.mark.parametrize("status", AGREEING)
def test_a_number_that_agrees_has_the_status_of_its_check(status):
    assert compared(row("0.84"), 0.8397, status=status) == ("0.8397", status, "because")


@pytest.mark.parametrize("status", AGREEING)
def test_one_number_of_three_that_differs_makes_the_row_inconsistent(status):
    numbers = row("0.94", "0.85", "0.98")
    assert compared(numbers, 0.9411, 0.85, 0.9684, status=status)[1:] == ("inconsistent", "because")


def test_nan_is_inconsistent():
    assert compared(row("0.84"), float("nan"))[1] == "inconsistent"


@pytest.mark.parametrize(
    ("needs", "status"),
    [
        ("unmirrored-files", "needs-unmirrored-files"),
        ("unpublished-data", "needs-unpublished-data"),
    ],
)
def test_without_a_check_the_row_says_what_it_needs(needs, status):
    assert compare(row("0.76", needs=needs), None, None) == ("", status, "because")


def test_missing_files_are_named():
    def compute(_):
        raise MissingFilesError("1 file is not here: overlap.txt")

    result = compare(row("0.84"), Check("recomputed", compute), None)
    assert result == ("", "needs-unmirrored-files", "1 file is not here: overlap.txt")


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        (row("0.94", "0.85", "0.98"), (0.94,)),
        (row("0.94"), (0.94, 0.85, 0.98)),
        (row(low="0.85", high="0.98"), (0.94,)),
    ],
)
def test_a_row_is_checked_whole(row, numbers):
    with pytest.raises(ValueError, match="split the row"):
        compared(row, *numbers)


@pytest.mark.parametrize(
    ("row", "numbers", "text"),
    [
        (
            row("0.94", "0.85", "0.98"),
            (0.94114, 0.850012, 0.97839),
            "0.9411 (0.8500 to 0.9784)",
        ),
        (row(low="23", high="25"), (23, 25), "23 to 25"),
        (row("-1.5"), (-1.5,), "-1.5"),
        (row("90081"), (97986.5,), "97986.5"),
        (row("<0.001"), (0.000264,), "0.00026"),
    ],
)
def test_ours_is_written_with_two_digits_more_unless_it_is_exact(row, numbers, text):
    assert compared(row, *numbers)[0] == text


def test_rows_are_counted_by_status_for_each_paper_and_in_all():
    table = pd.concat([rows_of("recomputed"), rows_of("recomputed", "inconsistent", paper="B")])
    counts = counts_by_status(table)
    assert [*counts] == ["A", "B", ALL_PAPERS] and tuple(counts.index) == STATUSES
    assert counts["A"].to_dict() == {**dict.fromkeys(STATUSES, 0), "recomputed": 1}
    assert counts.loc[["recomputed", "inconsistent"], ALL_PAPERS].tolist() == [2, 1]


def test_the_share_recomputed_leaves_out_what_is_only_consistent():
    assert share_recomputed(rows_of(*STATUSES)) == pytest.approx(2 / 6)
    assert share_recomputed(rows_of()) != share_recomputed(rows_of())  # NaN


def test_a_printed_number_stands_with_its_range_and_n():
    table = ledger_table().set_index("key")
    assert table.at["hepburn-network-dice", "printed"] == "0.94 (0.85 to 0.98), n = 48"


def test_without_the_study_the_ledger_is_whole_and_nothing_is_recomputed_from_scans(no_files):
    table = ledger_table()
    assert table["key"].tolist() == printed_numbers().index.tolist() and len(table) >= 150
    assert table["status"].isin(STATUSES).all()
    missing = table[table["status"] == "needs-unmirrored-files"]
    assert (missing["why"] != "").all() and (missing["recomputed"] == "").all()
    assert "hepburn-dice-cleaned" in missing["key"].tolist()
    assert (table["why"][table["status"] == "inconsistent"] != "").all()


def test_with_the_study_every_inconsistent_number_is_explained_and_the_readme_is_right(study):
    table = ledger_table()
    wrong = table[table["status"] == "inconsistent"]
    assert len(wrong) and wrong["why"].str.endswith(".").all() and (wrong["recomputed"] != "").all()
    counts = counts_by_status(table)[ALL_PAPERS]
    assert counts.sum() == len(table)
    readme = " ".join(README.read_text(encoding="utf-8").split())
    share = f"{100 * share_recomputed(table):.0f} %"
    assert f"{len(table)} printed numbers of four papers: {share} come out again" in readme
    shares = [f"{100 * counts[name] / len(table):.0f} %" for name in ("consistent", "inconsistent")]
    assert f"{shares[0]} are consistent, {shares[1]} are not" in readme
    assert 0.3 < counts["needs-unpublished-data"] / len(table) < 0.36, "a third"


def test_checks_read_other_printed_numbers_from_the_tables(sources):
    s = sources["hepburn"]
    assert s["slope"] == 2408
    assert (s.low("slope-interval"), s.high("slope-interval"), s.n("slope-interval")) == (
        1230,
        3586,
        29,
    )
    assert s.last_digit("sparcc-bias") == pytest.approx(0.1)


def test_a_missing_file_is_named(no_files):
    with pytest.raises(MissingFilesError, match=r"2 of 2 published files .*overlap_R1_R2\.txt"):
        _ = StudyFiles().cleaned
