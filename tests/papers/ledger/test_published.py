"""Printed numbers and the ledger: texts, statuses, and that tables and checks fit each other."""

import csv
from pathlib import Path

import pytest

from vhi.cases.supplement import manifest_folder
from vhi.papers.ledger import published
from vhi.papers.ledger.check_result import Found, NotHere
from vhi.papers.ledger.printed import PAPERS, Printed, decimals
from vhi.papers.ledger.published import (
    ALL_PAPERS,
    STATUSES,
    LedgerRow,
    agrees,
    checks,
    counts_by_status,
    hold,
    ledger,
    printed_numbers,
    share_recomputed,
)
from vhi.papers.ledger.sources import Material

NUMBERS = ("value", "low", "high")
README = Path(__file__).resolve().parents[3] / "README.md"


def printed(value="", low="", high="", needs="", why="because", n=""):
    return Printed("key", "Paper", "Table 1", "what", value, low, high, n, needs, why)


def row(paper, status):
    return LedgerRow("key", paper, "Table 1", "what", "1", "", status, "")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No study file is here, and none may be fetched."""
    monkeypatch.setenv("VHI_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "vhi.cases.supplement.download_files", lambda *_: pytest.fail("asked the internet")
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.84", 0.8397),
        ("0.84", 0.835),  # a half may be rounded either way
        ("0.84", 0.845),
        ("-4119", -4119.4),
        ("28", 27.5),
        ("950", 950),
        ("0.0003", 0.000264),
        ("<0.001", 0.0009),
        (">1.1", 1.2),
    ],
)
def test_a_number_agrees_within_half_a_unit_of_the_last_printed_digit(text, number):
    assert agrees(text, number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.84", 0.8349),
        ("0.84", 0.8451),
        ("0.840", 0.8397 + 0.001),
        ("-4119", 4119),
        ("950", 950.6),
        ("<0.001", 0.001),
        (">1.1", 1.1),
        ("0.84", float("nan")),
        ("<0.001", float("nan")),
    ],
)
def test_a_number_outside_of_it_does_not(text, number):
    assert not agrees(text, number)


@pytest.mark.parametrize("text", ["", "1,230", "84 %", "nan", "±3", "p<0.05"])
def test_a_text_that_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="is not a printed number"):
        agrees(text, 1.0)


def test_digits_after_the_point_are_counted_as_printed():
    assert [decimals(text) for text in ("29", "0.840", "<0.001", "-14.8")] == [0, 3, 3, 1]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("data", "recomputed"),
        ("counts", "recomputed-from-counts"),
        ("consistent", "consistent"),
    ],
)
def test_the_status_says_where_an_equal_number_came_from(how, status):
    assert hold(printed("0.84"), lambda _: Found(0.8397, how=how), None).status == status


@pytest.mark.parametrize("how", ["data", "counts", "consistent"])
def test_one_number_of_three_that_differs_makes_the_row_inconsistent(how):
    found = Found(0.9411, 0.85, 0.9684, how=how)
    held = hold(printed("0.94", "0.85", "0.98"), lambda _: found, None)
    assert (held.status, held.why) == ("inconsistent", "because")


def test_nan_is_inconsistent():
    assert hold(printed("0.84"), lambda _: Found(float("nan")), None).status == "inconsistent"


@pytest.mark.parametrize(
    ("needs", "status"),
    [
        ("unmirrored-files", "needs-unmirrored-files"),
        ("unpublished-data", "needs-unpublished-data"),
    ],
)
def test_without_a_check_the_row_says_what_it_needs(needs, status):
    held = hold(printed("0.76", needs=needs), None, None)
    assert (held.status, held.recomputed, held.why) == (status, "", "because")


def test_files_that_are_not_here_are_named():
    def check(_):
        raise NotHere("1 file is not here: overlap.txt")

    held = hold(printed("0.84"), check, None)
    assert (held.status, held.recomputed) == ("needs-unmirrored-files", "")
    assert held.why == "1 file is not here: overlap.txt"


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (printed("0.94", "0.85", "0.98"), Found(0.94)),
        (printed("0.94"), Found(0.94, 0.85, 0.98)),
        (printed(low="0.85", high="0.98"), Found(0.94)),
    ],
)
def test_a_row_is_checked_whole(row, found):
    with pytest.raises(ValueError, match="split the row"):
        hold(row, lambda _: found, None)


def test_how_a_number_was_found_is_one_of_three():
    with pytest.raises(ValueError, match="data, counts, consistent"):
        Found(1, how="guess")


@pytest.mark.parametrize(
    ("row", "found", "texts"),
    [
        (
            printed("0.94", "0.85", "0.98", n="48"),
            Found(0.94114, 0.850012, 0.97839),
            ("0.94 (0.85 to 0.98), n = 48", "0.9411 (0.8500 to 0.9784)"),
        ),
        (printed(low="23", high="25"), Found(low=23, high=25), ("23 to 25", "23 to 25")),
        (printed("-1.5"), Found(-1.5), ("-1.5", "-1.5")),
        (printed("90081"), Found(97986.5), ("90081", "97986.5")),
        (printed("<0.001"), Found(0.000264), ("<0.001", "0.00026")),
    ],
)
def test_ours_is_written_with_two_digits_more_unless_it_is_exact(row, found, texts):
    held = hold(row, lambda _: found, None)
    assert (held.printed, held.recomputed) == texts


def test_rows_are_counted_by_status_for_each_paper_and_in_all():
    counts = counts_by_status(
        [row("A", "recomputed"), row("B", "recomputed"), row("B", STATUSES[3])]
    )
    assert list(counts) == ["A", "B", ALL_PAPERS]
    assert counts["A"] == {**dict.fromkeys(STATUSES, 0), "recomputed": 1}
    assert (counts[ALL_PAPERS]["recomputed"], counts[ALL_PAPERS]["inconsistent"]) == (2, 1)


def test_the_share_recomputed_leaves_out_what_is_only_consistent():
    rows = [row("A", status) for status in STATUSES]
    assert share_recomputed(rows) == pytest.approx(2 / 6)
    assert share_recomputed([]) != share_recomputed([])  # NaN


# ------------------------------------------------------------------ the tables and their checks


def test_keys_are_unique_over_all_papers():
    keys = [row.key for row in printed_numbers()]
    assert len(set(keys)) == len(keys)


def test_no_check_is_without_its_row():
    assert checks().keys() <= {row.key for row in printed_numbers()}


@pytest.mark.parametrize("paper", PAPERS)
def test_a_table_has_the_documented_columns_and_plain_numbers(paper):
    with open(manifest_folder() / "published" / f"{paper}.csv", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    columns = ["key", "paper", "place", "quantity", *NUMBERS, "n", "needs", "why"]
    assert reader.fieldnames == columns
    for each in rows:
        assert each["key"].startswith(f"{paper}-")
        assert each["paper"] and each["place"] and each["quantity"]
        texts = [each[name] for name in NUMBERS if each[name]]
        assert texts, each["key"]
        for text in texts:
            decimals(text)  # raises where it is no number
        assert bool(each["low"]) == bool(each["high"]), each["key"]
        assert not each["n"] or int(each["n"]) > 0


@pytest.mark.parametrize("paper", PAPERS)
def test_every_number_has_a_check_or_says_what_it_needs_and_why(paper):
    known = checks()
    rows = [row for row in printed_numbers() if row.key.startswith(f"{paper}-")]
    assert rows
    for each in rows:
        if each.key in known:
            assert each.needs == "", each.key
        else:
            assert each.needs in ("unmirrored-files", "unpublished-data"), each.key
            assert each.why, each.key


def test_without_the_study_the_ledger_is_whole_and_nothing_is_recomputed_from_scans(nowhere):
    rows = ledger()
    assert len(rows) == len(printed_numbers()) >= 150
    assert {row.status for row in rows} <= set(STATUSES)
    missing = [row for row in rows if row.status == "needs-unmirrored-files"]
    for each in missing:
        assert each.why and not each.recomputed
    assert "hepburn-dice-cleaned" in {row.key for row in missing}
    for each in rows:
        assert each.status != "inconsistent" or each.why, each.key


@pytest.mark.study
def test_with_the_study_every_inconsistent_number_is_explained(study):
    rows = ledger()
    wrong = [row for row in rows if row.status == "inconsistent"]
    assert wrong and all(row.why.endswith(".") and row.recomputed for row in wrong)
    counts = counts_by_status(rows)
    assert sum(counts[ALL_PAPERS].values()) == len(rows)
    assert 0 < share_recomputed(rows) < 1


def test_checks_read_other_printed_numbers_from_the_tables():
    material = Material()
    assert material.value("hepburn-slope") == 2408
    assert (material.low("hepburn-slope-interval"), material.n("hepburn-slope-interval")) == (
        1230,
        29,
    )
    assert material.high("hepburn-slope-interval") == 3586
    assert material.last_digit("hepburn-sparcc-bias") == pytest.approx(0.1)


def test_a_file_that_cannot_be_fetched_is_named(nowhere, monkeypatch):
    monkeypatch.setattr(
        "vhi.cases.supplement.download_files", lambda files, *_: {files[0].path: "no network"}
    )
    with pytest.raises(NotHere, match=r"overlap_R1_R2\.txt .*no network"):
        _ = Material(download=True).cleaned_overlap


def test_the_public_names_are_there():
    assert all(hasattr(published, name) for name in published.__all__)


@pytest.mark.study
def test_the_readme_gives_the_ledgers_shares(study):
    rows = ledger()
    counts = counts_by_status(rows)[ALL_PAPERS]
    readme = " ".join(README.read_text(encoding="utf-8").split())
    share = f"{100 * share_recomputed(rows):.0f} %"
    assert f"{len(rows)} printed numbers of four papers: {share} come out again" in readme
    shares = [f"{100 * counts[name] / len(rows):.0f} %" for name in ("consistent", "inconsistent")]
    assert f"{shares[0]} are consistent, {shares[1]} are not" in readme
    assert 0.3 < counts["needs-unpublished-data"] / len(rows) < 0.36, "a third"
