"""The tables of printed numbers, and when a number agrees with a printed one."""

import pytest

from vhi.papers.ledger.check import NEEDS_DATA
from vhi.papers.ledger.printed import PAPERS, agrees, decimals
from vhi.papers.ledger.table import CHECKS


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


def test_keys_are_unique_over_all_papers(printed):
    assert printed.index.is_unique


@pytest.mark.parametrize("paper", PAPERS)
def test_a_table_has_the_documented_columns_and_plain_numbers(printed, paper):
    numbers = ["value", "low", "high"]
    assert [*printed] == ["paper", "place", "quantity", *numbers, "n", "needs", "why"]
    rows = printed[printed.index.str.startswith(f"{paper}-")]
    assert (rows[["paper", "place", "quantity"]] != "").all(axis=None)
    assert (rows[numbers] != "").any(axis=1).all()
    for text in rows[numbers].to_numpy().ravel():
        assert not text or decimals(text) >= 0  # raises where it is no number
    assert ((rows["low"] == "") == (rows["high"] == "")).all()
    assert all(int(n) > 0 for n in rows["n"] if n)


def test_every_number_has_a_check_or_says_what_it_needs_and_why(printed):
    checks = {f"{paper}-{key}": check for paper in CHECKS for key, check in CHECKS[paper].items()}
    assert checks.keys() <= set(printed.index), "a check without its row"
    for key, row in printed.iterrows():
        check = checks.get(key)
        if check is None:
            assert row["needs"] in ("unmirrored-files", "unpublished-data") and row["why"], key
        elif check.status == NEEDS_DATA:
            assert row["needs"] == "unpublished-data" and row["why"], key
        else:
            assert row["needs"] == "", key
