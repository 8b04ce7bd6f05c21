"""The ledger of the other three papers: statuses, and that each check would notice a change."""

import re

import pytest

from vhi.papers.ledger.table import CHECKS, counts_by_status

INCONSISTENT = {
    # percentages of the table of patients that do not round from their counts
    "bressem-table-inflammatory-gespic-as": "68.8",
    "bressem-table-asas-definition-gespic-uveitis": "33.10",
    "bressem-table-asas-definition-optiref": "36.11",
    # exact intervals: one upper end, and two that are exchanged
    "bressem-structural-validation-specificity": "75 (57.80 to 87.88)",
    "bressem-asas-test-specificity": "75.79 (65.92 to 83.99)",
    "bressem-structural-test-specificity": "77.78 (67.79 to 85.87)",
    # P values that belong to other comparisons, or to none
    "bressem-p-prevalence": "0.0001",
    "bressem-p-asas-specificity": "0.1965",
    "bressem-p-nonexpert-sensitivity": "1",
    # nonexperts: intervals, and denominators of another class
    "bressem-nonexpert-inflammatory-sensitivity": "82.67 (62.35 to 94.73)",
    "bressem-nonexpert-asas-sensitivity": "79.37 (56.31 to 93.67)",
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
    "zheng-text-femur": "88.6196",
    "zheng-text-lesion": "69.8737",
    "zheng-table3-average-lesion": "68.14092",
    "zheng-male": "78.974",
    "zheng-text-male": "78.974",
    # the text against the tables, and shares made to add up to 100
    "li-text-p-crp": "0.158",
    "li-text-internal-range": "73.94 to 80.05",
    "li-table1-b27-training": "67.961",
    "li-table1-b27-missing-all": "14.634",
    "li-superior-accuracy": "79.31",
    "li-superior-specificity": "61.9",
    # the internal test set: of 129 patients
    "li-internal-accuracy": "81.3953 (74.6801 to 88.1106)",
    "li-internal-sensitivity": "89.0244 (82.2587 to 95.7900)",
    "li-internal-specificity": "68.0851 (54.7584 to 81.4118)",
    "li-internal-ppv": "82.9545 (75.0980 to 90.8111)",
    "li-internal-npv": "78.0488 (65.3790 to 90.7185)",
    "li-internal-kappa": "0.58709 (0.44 to 0.734)",
    # the external one: intervals of other denominators
    "li-external-sensitivity": "91.8919 (83.0967 to 100.6871)",
    "li-external-specificity": "52.3810 (31.0203 to 73.7417)",
    "li-external-ppv": "77.2727 (64.8902 to 89.6552)",
    "li-external-npv": "78.5714 (57.0776 to 100.0652)",
    # readers: bootstraps of 55, values that no counts give, P values
    "li-resident-accuracy-interval": "58.6207 to 82.7586",
    "li-expert-accuracy-interval": "68.9655 to 89.6552",
    "li-resident-assisted-accuracy-interval": "67.2414 to 87.9310",
    "li-expert-assisted-accuracy-interval": "72.4138 to 91.3793",
    "li-resident-assisted-accuracy": "77.5862",
    "li-resident-assisted-sensitivity": "89.1892",
    "li-resident-assisted-specificity": "57.1429",
    "li-resident-assisted-ppv": "78.5714",
    "li-resident-assisted-npv": "75",
    "li-resident-assisted-kappa": "0.48847",
    "li-expert-assisted-accuracy": "82.7586",
    "li-expert-assisted-sensitivity": "94.5946",
    "li-expert-assisted-specificity": "61.9048",
    "li-expert-assisted-ppv": "81.3953",
    "li-expert-assisted-npv": "86.6667",
    "li-expert-assisted-kappa": "0.60219",
    "li-p-resident-accuracy": "0.39635",
    "li-p-expert-accuracy": "0.63573",
    "li-p-resident-specificity": "1",
    "li-p-expert-specificity": "1",
}
FROM_COUNTS = [
    f"{paper}-{key}"
    for paper in ("bressem", "zheng", "li")
    for key, check in CHECKS[paper].items()
    if check.status == "recomputed-from-counts" and f"{paper}-{key}" not in INCONSISTENT
]


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


def test_statuses_are_these(others):
    counts = counts_by_status(others).drop(["recomputed", "needs-unmirrored-files"])
    assert counts.T.to_numpy().tolist() == [
        [156, 36, 16, 73],  # Bressem 2022
        [9, 12, 9, 46],  # Zheng 2023
        [40, 42, 36, 100],  # Li 2024
        [205, 90, 61, 219],  # all
    ]
    assert counts.columns.tolist() == ["Bressem 2022", "Zheng 2023", "Li 2024", "all papers"]
    assert counts.sum().sum() == 2 * len(others)


def test_no_other_number_is_inconsistent(others):
    assert set(others.index[others["status"] == "inconsistent"]) == INCONSISTENT.keys()


@pytest.mark.parametrize("key", INCONSISTENT)
def test_an_inconsistent_number_comes_out_as_said(key, others):
    assert others.at[key, "recomputed"] == INCONSISTENT[key]
    assert others.at[key, "why"].endswith(".")


def test_what_is_not_recomputed_says_why(others):
    assert (others["why"][others["status"] != "recomputed-from-counts"] != "").all()


@pytest.mark.parametrize("key", FROM_COUNTS)
def test_a_check_would_find_another_printed_number_out(key, status_of_another_number):
    assert status_of_another_number(key) == "inconsistent"
