"""The ledger of the other three papers: transcription, and the counts of statuses."""

import re

import pytest

from vhi.papers.ledger.table import counts_by_status


@pytest.fixture(scope="module")
def others(printed):
    """The printed rows of the papers other than the preprint."""
    return printed[~printed.index.str.startswith("hepburn-")]


def number(text):
    return float(text.lstrip("<>"))


# --------------------------------------------------------------------------------- transcription


def test_a_value_lies_in_its_interval_but_for_the_one_that_excludes_it(others):
    rows = others[(others["value"] != "") & (others["low"] != "")]
    value, low, high = (rows[name].map(number) for name in ("value", "low", "high"))
    outside = rows.index[(value < low) | (value > high)]
    assert outside.tolist() == ["bressem-nonexpert-structural-sensitivity"]


def test_ends_are_in_order(others):
    rows = others[others["low"] != ""]
    assert (rows["low"].map(number) < rows["high"].map(number)).all()


def test_a_denominator_in_words_is_the_row_s_n(others, sources):
    in_words = [key for key, text in others["quantity"].items() if re.search(r"\d+ of \d+", text)]
    assert len(in_words) > 130
    for key in in_words:
        paper, name = key.split("-", 1)
        assert sources[paper].counted(name)[1] == sources[paper].n(name), key


def test_counts_without_words_are_refused(sources):
    with pytest.raises(ValueError, match="slices: its quantity must say how many"):
        sources["zheng"].counted("slices")


# -------------------------------------------------------------------------------------- statuses


def test_statuses_are_these(ledger):
    counts = counts_by_status(ledger[~ledger["key"].str.startswith("hepburn-")])
    counts = counts.drop(["recomputed", "needs-unmirrored-files"])
    assert counts.T.to_numpy().tolist() == [
        [155, 61, 17, 63],  # Bressem 2022
        [9, 16, 7, 50],  # Zheng 2023
        [38, 107, 23, 110],  # Li 2024
        [202, 184, 47, 223],  # all
    ]
    assert counts.columns.tolist() == ["Bressem 2022", "Zheng 2023", "Li 2024", "all papers"]


def test_what_is_not_recomputed_says_why(results, others):
    silent = {key for key in others.index if not results[key].why}
    assert {results[key].status for key in silent} == {"recomputed-from-counts"}
