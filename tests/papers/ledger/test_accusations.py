"""What the ledger calls inconsistent, what it excuses, and what it would not notice."""

import re

import pytest

from vhi.papers.ledger.answers import cut_off_to
from vhi.papers.ledger.check import CONSISTENT, CUT_OFF, FROM_COUNTS, RECOMPUTED, Sources
from vhi.papers.ledger.comparison import compare
from vhi.papers.ledger.printed import agrees
from vhi.papers.ledger.table import CHECKS

INCONSISTENT = {
    # the rule that the preprint calls NICE's, and the scanner's setting of ten scans
    "hepburn-response-basdai": "2",
    "hepburn-response-vas": "2",
    # percentages of the table of patients that do not round from their counts
    "bressem-table-inflammatory-gespic-as": "68.8",
    "bressem-table-asas-definition-gespic-uveitis": "33.10",
    "bressem-table-asas-definition-optiref": "36.11",
    # exact intervals: one upper end, and two that are exchanged
    "bressem-structural-validation-specificity": "75 (57.80 to 87.88)",
    "bressem-asas-test-specificity": "75.79 (65.92 to 83.99)",
    "bressem-structural-test-specificity": "77.78 (67.79 to 85.87)",
    # P values that no test of the paper gives
    "bressem-key-p-auc-inflammatory": "0.4602–0.8635",
    "bressem-p-auc-inflammatory": "0.4602–0.8635",
    "bressem-key-p-auc-structural": "0.6484–1",
    "bressem-p-asas-sensitivity": "0.4566",
    "bressem-p-nonexpert-sensitivity": "1",
    # nonexperts: ends of intervals, and denominators of another class
    "bressem-nonexpert-inflammatory-sensitivity": "82.67 (62.35 to 94.73)",
    "bressem-nonexpert-structural-sensitivity": "92.31 (74.87 to 99.05)",
    "bressem-nonexpert-asas-sensitivity-of": "21",
    "bressem-nonexpert-asas-specificity-of": "95",
    "bressem-nonexpert-structural-sensitivity-of": "26",
    "bressem-nonexpert-structural-specificity-of": "90",
    # one fold called the average, the average of other folds, the best model, a share of 195
    "zheng-abstract-femur": "88.5560",
    "zheng-abstract-lesion": "68.1409",
    "zheng-abstract-femur-best": "88.6196",
    "zheng-abstract-lesion-best": "69.8737",
    "zheng-table3-average-lesion": "68.14092",
    "zheng-male": "78.974",
    "zheng-text-male": "78.974",
    # the text against the tables
    "li-text-p-crp": "0.158",
    "li-text-internal-range": "73.94 to 80.05",
    "li-superior-accuracy": "79.31",
    "li-superior-specificity": "61.9",
    # the internal test set: of 129 patients, from the other four figures
    "li-internal-accuracy": "81.3953 (74.6801 to 88.1106)",
    "li-internal-sensitivity": "89.0244 (82.2587 to 95.7900)",
    "li-internal-specificity": "67.3913 (53.8445 to 80.9381)",
    "li-internal-ppv": "82.9545 (75.0980 to 90.8111)",
    "li-internal-npv": "78.5714 (66.1620 to 90.9809)",
    "li-text-internal-accuracy": "81.3953 (74.6801 to 88.1106)",
    "li-text-internal-sensitivity": "89.0244 (82.2587 to 95.7900)",
    "li-text-internal-specificity": "67.3913 (53.8445 to 80.9381)",
    # the external one: intervals of other denominators
    "li-external-sensitivity": "91.8919 (83.0967 to 100.6871)",
    "li-external-specificity": "52.3810 (31.0203 to 73.7417)",
    "li-external-ppv": "77.2727 (64.8902 to 89.6552)",
    "li-external-npv": "78.5714 (57.0776 to 100.0652)",
    "li-text-external-sensitivity": "91.8919 (83.0967 to 100.6871)",
    "li-text-external-specificity": "52.3810 (31.0203 to 73.7417)",
    # readers: P values of no test and no split of the cases
    "li-p-expert-accuracy": "0.63573",
    "li-p-resident-sensitivity": "0.20713",
    "li-p-expert-sensitivity": "0.39435",
    "li-p-resident-specificity": "1",
    "li-p-expert-specificity": "1",
}
WITH_FILES = {"hepburn-te": "60"}

EXCUSED = {
    "hepburn-asdas-improvement": "no change is exactly 1.1",
    "hepburn-agree-sparcc-of": "counted among the 29, as not agreeing",
    "hepburn-agree-both-of": "counted among the 29, as not agreeing",
    "hepburn-disc-level": "lie above both discs",
    "hepburn-disc-level-methods": "lie above both discs",
    "bressem-p-prevalence": "it compares the validation set with the test set",
    "bressem-p-asas-specificity": "cut off",
    "bressem-nonexpert-asas-sensitivity": "exact one of the rounded percentage",
    "bressem-nonexpert-inflammatory-sensitivity-count": "mean of three readers' counts, rounded",
    "bressem-nonexpert-asas-sensitivity-count": "mean of three readers' counts, rounded",
    "bressem-nonexpert-asas-specificity-count": "percentage beside it is cut off",
    "bressem-nonexpert-structural-specificity-count": "mean of three readers' counts, rounded",
    "zheng-text-femur": "both Dice together",
    "zheng-text-lesion": "both Dice together",
    "li-table1-b27-training": "leave of 100 %",
    "li-table1-b27-missing-all": "leave of 100 %",
    "li-text-p-3d": "internal cross-validation only",
    "li-internal-kappa": "another table of all 129 cases",
    "li-p-resident-accuracy": "McNemar's exact one and the split of the cases is free",
    **{
        f"li-{who}-accuracy-interval": "has 55 of the 58 cases"
        for who in ("resident", "expert", "resident-assisted", "expert-assisted")
    },
    **{
        f"li-{who}-assisted-{name}": "mean over 1000 bootstrap samples"
        for who in ("resident", "expert")
        for name in ("accuracy", "sensitivity", "specificity", "ppv", "npv", "kappa")
    },
}  # fmt: skip
EXCUSED_WITH_FILES = {"hepburn-pixel": "cut off"}

BLIND = 57
"""Rows that hold although the check would pass some wrong number nearby; each says which."""


def accused(results):
    return {key for key, result in results.items() if result.status == "inconsistent"}


# ---------------------------------------------------------------------------------- accusations


def test_no_other_number_is_inconsistent(results):
    assert accused(results) - WITH_FILES.keys() == INCONSISTENT.keys()


@pytest.mark.parametrize("key", INCONSISTENT)
def test_an_inconsistent_number_comes_out_as_said(key, results):
    assert results[key].recomputed == INCONSISTENT[key]
    assert results[key].why.endswith(".")


def test_numbers_that_files_contradict_come_out_as_said(results, study):
    for key, number in WITH_FILES.items():
        assert (results[key].status, results[key].recomputed) == ("inconsistent", number)


def test_an_accusation_has_tried_digits_cut_off_and_at_least_one_more_reading(results, printed):
    for key in accused(results):
        paper, name = key.split("-", 1)
        check = CHECKS[paper][name]
        if not check.readings:
            check = CHECKS[paper][check.repeats]
        assert CUT_OFF in check.readings and len(check.readings) >= 2, key
        for reading in check.readings:
            assert f"{reading.name}: " in results[key].tried, (key, reading.name)


@pytest.mark.parametrize("key", INCONSISTENT)
def test_every_reading_of_an_accusation_is_excluded(key, results, printed):
    """By the numbers that the ledger writes, read again as a reader of the table would."""
    row = printed.loc[key]
    texts = [row[name] for name in ("value", "low", "high") if row[name]]
    for line in results[key].tried.split("; "):
        name, _, answer = line.rpartition(": ")
        if answer == "none":
            continue
        numbers = re.findall(r"-?\d+(?:\.\d+)?(?:–\d+(?:\.\d+)?)?", answer)
        assert len(numbers) == len(texts), line
        rule = cut_off if name == CUT_OFF.name else holds
        assert not all(map(rule, texts, numbers)), line


def cut_off(text, written):
    """Whether a written number, or both limits of it, begin with the printed digits."""
    return all(cut_off_to(text, float(number)) for number in written.split("–"))


def holds(text, written):
    """Whether a written number, or limits of it, agrees with a printed one."""
    low, _, high = written.rpartition("–")
    if not low:
        return agrees(text, float(written))
    return float(low) <= float(text.lstrip("<>")) <= float(high)


# -------------------------------------------------------------------------------------- excuses


def test_no_other_number_holds_under_an_assumption_only(results):
    excused = {key for key, result in results.items() if result.assumption}
    assert excused - EXCUSED_WITH_FILES.keys() == EXCUSED.keys()


@pytest.mark.parametrize("key", EXCUSED)
def test_an_excused_number_is_consistent_and_says_under_which_assumption(key, results):
    result = results[key]
    assert result.status == "consistent" and EXCUSED[key] in result.assumption
    assert result.why.endswith(f"It holds if {result.assumption}.")
    assert result.tried.startswith("as printed: ")


def test_numbers_that_files_excuse_say_under_which_assumption(results, study):
    for key, assumption in EXCUSED_WITH_FILES.items():
        assert results[key].status == "consistent" and assumption in results[key].assumption


def test_numbers_that_were_accused_wrongly_hold(results):
    for key, status in {
        "hepburn-sparcc-total": "consistent",
        "hepburn-sparcc-slices": "consistent",
        "hepburn-sparcc-quadrants": "consistent",
        "hepburn-retraining-subjects": "recomputed-from-counts",
        "bressem-nonexpert-asas-sensitivity": "consistent",
    }.items():
        assert results[key].status == status, key
    assert results["hepburn-sparcc-total"].recomputed == "72"


@pytest.mark.parametrize(
    "key",
    [
        "hepburn-vhi-highest", "hepburn-vhi-lowest", "hepburn-sparcc-range", "hepburn-agree-both",
        "zheng-b27", "zheng-himriss-sd", "li-corrected-resident", "li-table1-age-all",
        "li-table2-ours-internal-dsc", "li-text-dsc-axspa",
    ],
)  # fmt: skip
def test_what_other_numbers_hardly_limit_needs_the_patients_data(key, results):
    assert results[key].status == "needs-unpublished-data"
    assert results[key].recomputed == "" and results[key].why


# ------------------------------------------------------------------------------------- mutation


def test_a_wrong_number_nearby_makes_every_row_inconsistent_but_those_that_say_so(results, missed):
    """Each printed number is changed: last digit, exchanged digits, next whole number."""
    untold = {key: wrong for key, wrong in missed.items() if wrong and not results[key].tolerance}
    assert {key for key in untold if results[key].status != "inconsistent"} == set()


def test_a_tolerance_names_the_nearest_wrong_number_that_would_pass(results, missed, printed):
    for key, result in results.items():
        if not result.tolerance:
            continue
        reason, _, names = result.tolerance.partition("; it would not notice ")
        assert reason and names, key
        pairs = [name.split(" for ") for name in names.split(", ")]
        assert pairs == [
            [wrong[0], printed.at[key, column]] for column, wrong in missed[key].items()
        ]


def test_so_many_rows_are_blind_to_some_wrong_number(results, study):
    assert sum(bool(result.tolerance) for result in results.values()) == BLIND


def test_nothing_recomputed_from_files_is_blind(results, study):
    blind = {key for key, result in results.items() if result.tolerance}
    assert not [key for key in blind if results[key].status == RECOMPUTED]
    from_counts = [key for key in blind if results[key].status == FROM_COUNTS]
    assert from_counts == ["hepburn-intercept"]


def test_no_check_depends_on_the_printed_number_of_its_own_row(printed, results):
    """With another number printed, what is computed stays the same; only its choice may move."""
    for key in ("bressem-figure-asas-tp", "li-resident-accuracy", "hepburn-slope", "zheng-hips"):
        paper, name = key.split("-", 1)
        other = printed.copy()
        other.at[key, "value"] = "77.77" if "." in other.at[key, "value"] else "7777"
        again = compare(other.loc[key], CHECKS[paper][name], Sources(paper, other))
        assert again.status == "inconsistent"
        assert again.recomputed == results[key].recomputed


def test_weak_rows_are_never_recomputed(results):
    for key, result in results.items():
        if result.assumption:
            assert result.status == CONSISTENT, key
