"""One row against its check: status, readings, tolerance, equation; and no check reads its own."""

import pandas as pd
import pytest

from vhi.papers.hepburn.files import MissingFilesError
from vhi.papers.ledger.answers import Among, EvenlyAbout, Within, among, cut_off_to, nearest_answer
from vhi.papers.ledger.check import (
    CONSISTENT,
    FROM_COUNTS,
    RECOMPUTED,
    Check,
    Reading,
    Sources,
    bound,
    consistent,
    from_counts,
)
from vhi.papers.ledger.comparison import compare, unnoticed, wrong_numbers
from vhi.papers.ledger.rules import (
    evenly_about,
    mcnemar_exact,
    mcnemar_p,
    percentage,
    remainder,
    same,
    total,
)

COLUMNS = ("value", "low", "high", "n", "quantity", "needs", "why")


def table(**rows):
    """Rows of a paper called A, from dictionaries of the columns that are not empty."""
    filled = {
        f"a-{key}": {name: row.get(name, "") for name in COLUMNS} for key, row in rows.items()
    }
    return pd.DataFrame.from_dict(filled, orient="index")


def compared(row, check, **others):
    rows = table(x={"why": "Because."} | row, **others)
    return compare(rows.loc["a-x"], check, Sources("a", rows))


def constant(*numbers, status=RECOMPUTED):
    return Check(status, lambda _: numbers)


# ------------------------------------------------------------------------------------- statuses


@pytest.mark.parametrize("status", [RECOMPUTED, FROM_COUNTS, CONSISTENT])
def test_a_number_that_agrees_has_the_status_of_its_check(status):
    result = compared({"value": "0.84"}, constant(0.8397, status=status))
    assert (result.recomputed, result.status, result.why) == ("0.8397", status, "Because.")
    assert not (result.assumption or result.tried or result.tolerance)


@pytest.mark.parametrize("status", [RECOMPUTED, FROM_COUNTS, CONSISTENT])
def test_one_number_of_three_that_differs_makes_the_row_inconsistent(status):
    row = {"value": "0.94", "low": "0.85", "high": "0.98"}
    result = compared(row, constant(0.9411, 0.85, 0.9684, status=status))
    assert (result.status, result.why) == ("inconsistent", "Because.")


def test_nan_is_inconsistent():
    assert compared({"value": "0.84"}, constant(float("nan"))).status == "inconsistent"


@pytest.mark.parametrize("needs", ["unmirrored-files", "unpublished-data"])
def test_without_a_check_the_row_says_what_it_needs(needs):
    result = compared({"value": "0.76", "needs": needs}, None)
    assert (result.recomputed, result.status, result.why) == ("", f"needs-{needs}", "Because.")


def test_a_check_that_can_only_refute_earns_nothing_by_passing():
    check = bound(lambda _: Within(((0, 82.9),)))
    assert compared({"value": "81.86"}, check).status == "needs-unpublished-data"
    assert compared({"value": "83.86"}, check).status == "inconsistent"


def test_missing_files_are_named():
    def compute(_):
        raise MissingFilesError("1 file is not here: overlap.txt")

    result = compared({"value": "0.84"}, Check(RECOMPUTED, compute))
    assert result.status == "needs-unmirrored-files"
    assert (result.recomputed, result.why) == ("", "1 file is not here: overlap.txt")


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        ({"value": "0.94", "low": "0.85", "high": "0.98"}, (0.94,)),
        ({"value": "0.94"}, (0.94, 0.85, 0.98)),
        ({"low": "0.85", "high": "0.98"}, (0.94,)),
    ],
)
def test_a_row_is_checked_whole(row, numbers):
    with pytest.raises(ValueError, match="split the row"):
        compared(row, constant(*numbers))


@pytest.mark.parametrize(
    ("row", "answer", "text"),
    [
        (
            {"value": "0.94", "low": "0.85", "high": "0.98"},
            (0.94114, 0.850012, 0.97839),
            "0.9411 (0.8500 to 0.9784)",
        ),
        ({"low": "23", "high": "25"}, (23, 25), "23 to 25"),
        ({"value": "-1.5"}, -1.5, "-1.5"),
        ({"value": "90081"}, 97986.5, "97986.5"),
        ({"value": "<0.001"}, 0.000264, "0.00026"),
        ({"value": "0.75"}, Within(((0.5, 0.98765),)), "0.5–0.9877"),
        ({"value": "19"}, among([17, 21.2]), "17"),
        ({"value": "19"}, among([]), "none"),
    ],
)
def test_ours_is_written_with_two_digits_more_unless_it_is_exact(row, answer, text):
    assert compared(row, Check(CONSISTENT, lambda _: answer)).recomputed == text


# ------------------------------------------------------------------- no check reads its own row


@pytest.mark.parametrize(
    "compute",
    [
        lambda s: s["x"],
        lambda s: s.text("x"),
        lambda s: s.low("x"),
        lambda s: s.last_digit("x"),
        lambda s: s.numbers("x"),
        lambda s: round(2 * s["x"]) / 2,
    ],
)
def test_a_check_that_reads_its_own_number_is_refused(compute):
    with pytest.raises(ValueError, match="a-x reads the number that it checks"):
        compared({"value": "9.5", "low": "1", "high": "2"}, consistent(compute))


def test_a_reading_that_reads_its_own_number_is_refused_too():
    check = constant(1).or_if(Reading("it is itself", lambda s: s["x"]))
    with pytest.raises(ValueError, match="reads the number that it checks"):
        compared({"value": "9.5"}, check)


def test_counts_in_words_and_n_of_the_own_row_may_be_read():
    row = {"value": "88", "n": "25", "quantity": "22 of 25 patients (%)"}
    assert compared(row, percentage("x")).status == FROM_COUNTS
    assert compared(row, consistent(lambda s: 100 * 22 / s.n("x"))).status == CONSISTENT


# ------------------------------------------------------------------------------------- readings


def test_digits_cut_off_are_a_reading():
    result = compared({"value": "0.59"}, constant(0.5952).or_if())
    assert result.status == "consistent"
    assert result.assumption == "its digits are cut off, not rounded"
    assert result.why == "Because. It holds if its digits are cut off, not rounded."
    assert result.tried == "as printed: 0.5952; its digits are cut off, not rounded: 0.5952"


def test_the_first_reading_that_fits_is_the_assumption_said():
    check = constant(1).or_if(
        Reading("it is two", lambda _: 2),
        Reading("it is three", lambda _: 3),
        Reading("it is three again", lambda _: 3),
    )
    result = compared({"value": "3"}, check)
    assert (result.recomputed, result.status, result.assumption) == (
        "3",
        "consistent",
        "it is three",
    )


def test_an_accusation_carries_every_reading_with_its_number():
    check = constant(1).or_if(
        Reading("it is two", lambda _: 2), Reading("it is no one", lambda _: among([]))
    )
    result = compared({"value": "4"}, check)
    assert (result.recomputed, result.status, result.assumption) == ("1", "inconsistent", "")
    assert result.tried == (
        "as printed: 1; it is two: 2; it is no one: none; its digits are cut off, not rounded: 1"
    )


@pytest.mark.parametrize(
    ("printed", "number", "cut"),
    [
        ("0.59", 0.5952, True),
        ("0.59", 0.59, True),
        ("0.59", 0.5899, False),
        ("0.59", 0.60, False),
        ("-1.4", -1.49, True),
        ("-1.4", -1.39, False),
        ("-1.4", 1.45, False),
        ("67", 68.8, False),
        ("<0.05", 0.04, True),
    ],
)
def test_cut_off(printed, number, cut):
    assert cut_off_to(printed, number) is cut


def test_the_nearest_of_several_answers_agrees_wholly_rather_than_nearly():
    options = Among(((84.0, 64.0, 95.0), (83.4, 63.4, 94.6)))
    assert nearest_answer(options, ("83", "63", "95")) == (83.4, 63.4, 94.6)


def test_ends_about_a_middle_follow_from_each_other():
    assert nearest_answer(EvenlyAbout(9.5, 10.5), ("4", "16")) == (4, 16)
    assert nearest_answer(EvenlyAbout(9.5, 10.5), ("4", "20")) == (1, 17)


# ------------------------------------------------------------------- wrong numbers, and tolerance


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("84", ["83", "85", "82", "86", "81", "87", "48"]),
        ("0.36", ["0.35", "0.37", "0.34", "0.38", "0.33", "0.39", "0.63", "-0.64", "1.36"]),
        ("-1.5", ["-1.6", "-1.4", "-1.7", "-1.3", "-1.8", "-1.2", "-2.5", "-0.5"]),
        ("11", ["10", "12", "9", "13", "8", "14"]),
        ("<0.001", [">0.001"]),
    ],
)
def test_wrong_numbers_lie_near(text, wrong):
    assert wrong_numbers(text) == wrong


def test_a_sharp_check_misses_no_wrong_number():
    rows = table(x={"value": "29"}, males={"value": "13"}, females={"value": "16"})
    check = total("males", "females")
    assert unnoticed(rows.loc["a-x"], check, Sources("a", rows)) == {}


def test_each_number_of_a_row_is_changed_alone():
    rows = table(x={"low": "-4119", "high": "4501"}, middle={"value": "191"})
    wrong = unnoticed(rows.loc["a-x"], evenly_about("middle"), Sources("a", rows))
    assert wrong == {"low": ["-4120", "-4118"], "high": ["4500", "4502"]}


def test_a_blind_check_says_what_it_would_not_notice():
    check = consistent(lambda _: Within(((18.74, 18.86),))).tolerant("times are rounded")
    result = compared({"value": "18.9"}, check)
    assert result.tolerance == "times are rounded; it would not notice 18.8 for 18.9"


def test_under_an_assumption_the_number_without_it_would_pass_too():
    result = compared({"value": "0.59"}, constant(0.5952).or_if())
    assert result.tolerance.endswith("it would not notice 0.60 for 0.59")


# ------------------------------------------------------------------------------------ equations


def test_rows_of_one_sum_are_one_equation():
    rows = table(all={"value": "29"}, males={"value": "13"}, females={"value": "16"})
    sources = Sources("a", rows)
    checks = {
        "all": total("males", "females"),
        "males": remainder("all", "females"),
        "females": remainder("all", "males"),
    }
    equations = {compare(rows.loc[f"a-{key}"], checks[key], sources).equation for key in checks}
    assert len(equations) == 1


def test_a_share_printed_in_several_places_is_one_equation_and_its_repeat_another():
    share = {"value": "88", "quantity": "22 of 25 patients (%)"}
    rows = table(
        abstract=share,
        results=share,
        key={"value": "88"},
        other=share | {"value": "85", "quantity": "22 of 26"},
    )
    sources = Sources("a", rows)
    checks = {name: percentage(name) for name in ("abstract", "results", "other")}
    checks["key"] = same("results")
    equations = {
        name: compare(rows.loc[f"a-{name}"], check, sources).equation
        for name, check in checks.items()
    }
    assert equations["abstract"] == equations["results"] != equations["other"]
    assert len(set(equations.values())) == 3


def test_a_row_without_check_is_no_equation():
    assert compared({"value": "1", "needs": "unpublished-data"}, None).equation == ""


# ------------------------------------------------------------------------------------ bounds


@pytest.mark.parametrize(
    ("there", "here", "status"),
    [
        ("<0.001", "<0.05", "consistent"),
        (">0.05", ">0.05", "consistent"),
        ("<0.05", "<0.05", "consistent"),
        ("0.496", ">0.05", "consistent"),
        ("0.158", "<0.05", "inconsistent"),
        ("<0.001", ">0.05", "inconsistent"),
    ],
)
def test_a_bound_agrees_with_what_another_place_prints(there, here, status):
    assert compared({"value": here}, same("other"), other={"value": there}).status == status


# ------------------------------------------------------------------------------------ tests


def test_mcnemar_is_that_of_the_textbooks():
    # 794, 86, 150, 570: 17.3559 and, corrected, 16.8178; exact P 3.716e-5.
    assert mcnemar_exact(150, 86) == pytest.approx(3.716e-5, rel=1e-3)
    assert mcnemar_p(150, 86, corrected=False) == pytest.approx(3.1e-5, rel=0.01)
    assert mcnemar_p(150, 86, corrected=True) == pytest.approx(4.115e-5, rel=0.01)
    assert mcnemar_exact(5, 1) == pytest.approx(0.21875) and mcnemar_exact(2, 0) == 0.5
    assert mcnemar_exact(0, 0) == mcnemar_p(0, 0, corrected=True) == 1


def test_from_counts_is_a_check():
    assert compared({"value": "4"}, from_counts(lambda _: 4)).status == FROM_COUNTS
