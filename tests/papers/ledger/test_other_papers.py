"""The ledger of the three sibling papers: what holds, what does not, what would hold instead."""

import copy
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.papers.ledger import bressem, li, li_readers, zheng
from vhi.papers.ledger.bressem_tables import CHANGES, CHARACTERISTICS, COHORTS
from vhi.papers.ledger.counts import (
    counted,
    dice_ceiling,
    exact_interval_of_mean,
    fisher_p,
    normal_interval,
)
from vhi.papers.ledger.li_readers import FIGURES, counts_of, figures, kappa_of, nearest_counts
from vhi.papers.ledger.printed import agrees, decimals
from vhi.papers.ledger.published import counts_by_status, hold, printed_numbers
from vhi.papers.ledger.sources import Material
from vhi.statistics.proportions import exact_proportion

CHECKS = bressem.CHECKS | zheng.CHECKS | li.CHECKS
ROWS = {row.key: row for row in printed_numbers() if not row.key.startswith("hepburn-")}
MATERIAL = Material()
HELD = {key: hold(row, CHECKS.get(key), MATERIAL) for key, row in ROWS.items()}

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
FROM_COUNTS = sorted(key for key, row in HELD.items() if row.status == "recomputed-from-counts")


def number(text):
    return float(text.lstrip("<>"))


def count(key):
    return counted(MATERIAL, key)[0]


# --------------------------------------------------------------------------------- transcription


def test_a_value_lies_in_its_interval_but_for_the_one_that_excludes_it():
    outside = {
        key
        for key, row in ROWS.items()
        if row.value and row.low and not number(row.low) <= number(row.value) <= number(row.high)
    }
    assert outside == {"bressem-nonexpert-structural-sensitivity"}


def test_ends_are_in_order():
    assert all(number(row.low) < number(row.high) for row in ROWS.values() if row.low)


def test_a_denominator_in_words_is_the_row_s_n():
    in_words = [key for key, row in ROWS.items() if re.search(r"\d+ of \d+", row.quantity)]
    assert len(in_words) > 130
    for key in in_words:
        assert counted(MATERIAL, key)[1] == MATERIAL.n(key), key


@pytest.mark.parametrize("cohort", COHORTS)
def test_men_and_women_of_a_cohort_are_all_its_patients(cohort):
    men, women = (count(f"bressem-table-{sex}-{cohort}") for sex in ("men", "women"))
    assert men + women == MATERIAL.value(f"bressem-n-{cohort}")


@pytest.mark.parametrize("name", ["male", "female", "b27", "b27-negative", "b27-missing"])
def test_both_sets_for_segmentation_add_up(name):
    everybody, training, test = (
        count(f"li-table1-{name}-{of}") for of in ("all", "training", "test")
    )
    assert everybody == training + test


def test_all_characteristics_of_all_cohorts_are_there():
    keys = {f"bressem-table-{what}-{where}" for what in CHARACTERISTICS for where in COHORTS}
    assert keys <= ROWS.keys() and len(keys) == 80


# -------------------------------------------------------------------------------------- statuses


def test_statuses_are_these():
    rest = {"recomputed": 0, "needs-unmirrored-files": 0}
    assert counts_by_status(HELD.values()) == {
        "Bressem 2022": rest
        | {
            "recomputed-from-counts": 156,
            "consistent": 36,
            "inconsistent": 16,
            "needs-unpublished-data": 73,
        },
        "Zheng 2023": rest
        | {
            "recomputed-from-counts": 9,
            "consistent": 12,
            "inconsistent": 9,
            "needs-unpublished-data": 46,
        },
        "Li 2024": rest
        | {
            "recomputed-from-counts": 40,
            "consistent": 42,
            "inconsistent": 36,
            "needs-unpublished-data": 100,
        },
        "all papers": rest
        | {
            "recomputed-from-counts": 205,
            "consistent": 90,
            "inconsistent": 61,
            "needs-unpublished-data": 219,
        },
    }


def test_no_other_number_is_inconsistent():
    assert {k for k, row in HELD.items() if row.status == "inconsistent"} == INCONSISTENT.keys()


@pytest.mark.parametrize("key", INCONSISTENT)
def test_an_inconsistent_number_comes_out_as_said(key):
    row = HELD[key]
    assert row.recomputed == INCONSISTENT[key]
    assert row.why.endswith(".")


def test_what_is_not_recomputed_says_why():
    unexplained = [key for key, row in HELD.items() if key not in FROM_COUNTS and not row.why]
    assert unexplained == []


@pytest.mark.parametrize("key", FROM_COUNTS)
def test_a_check_would_find_another_printed_number_out(key):
    row = ROWS[key]
    texts = {
        name: f"{float(text) + 7 * 10.0 ** -decimals(text):.{decimals(text)}f}"
        for name in ("value", "low", "high")
        if (text := getattr(row, name)) and text[0] != "<"
    }
    if not texts:
        texts = {"value": "<0.00000001"}
    changed = copy.copy(MATERIAL)
    other = replace(row, **texts)
    changed.printed = {**MATERIAL.printed, key: other}
    assert hold(other, CHECKS[key], changed).status == "inconsistent"


# ------------------------------------------------------------------- what would hold: Bressem 2022


@pytest.mark.parametrize(
    ("found", "n", "low", "high"),
    [(22, 25, 68.8, 97.5), (65, 91, 61.0, 80.4), (27, 36, 57.8, 87.9)],
)
def test_exact_intervals_are_the_known_ones(found, n, low, high):
    share = exact_proportion(found, n)
    assert (100 * share.low, 100 * share.high) == pytest.approx((low, high), abs=0.051)


def test_two_specificities_have_each_other_s_interval():
    keys = ("bressem-asas-test-specificity", "bressem-structural-test-specificity")
    for key, other in (keys, keys[::-1]):
        exact = exact_proportion(*counted(MATERIAL, key))
        assert agrees(ROWS[other].low, 100 * exact.low)
        assert agrees(ROWS[other].high, 100 * exact.high)


def test_p_of_the_prevalence_is_that_of_the_validation_set():
    assert HELD["bressem-p-prevalence-validation"].status == "recomputed-from-counts"
    assert fisher_p(27, 73, 25, 116) == pytest.approx(0.0292, abs=5e-5)
    assert fisher_p(197, 477, 25, 116) == pytest.approx(6.8e-5, abs=5e-7)
    assert fisher_p(172, 477, 21, 116) == pytest.approx(1.6e-4, abs=5e-6)


def test_p_given_for_the_nonexperts_is_that_of_validation_against_test_set():
    assert agrees("0.34", fisher_p(26, 27, 22, 25))
    for nonexperts in ((21, 25), (62, 75)):
        assert fisher_p(22, 25, *nonexperts) > 0.7


def test_structural_changes_keep_their_p_values():
    assert agrees("0.22", fisher_p(35, 37, 22, 26)) and agrees("0.82", fisher_p(27, 36, 70, 90))


@pytest.mark.parametrize(
    ("row", "found", "n"),
    [
        ("bressem-nonexpert-asas-specificity", 83, 95),
        ("bressem-nonexpert-structural-specificity", 75, 90),
    ],
)
def test_nonexperts_fit_the_class_s_own_denominator(row, found, n):
    exact = exact_proportion(found, n)
    printed = ROWS[row]
    assert agrees(printed.value, 100 * exact.share)
    assert agrees(printed.low, 100 * exact.low) and agrees(printed.high, 100 * exact.high)


def test_a_90_printed_for_99_explains_the_interval_that_excludes_its_value():
    exact = exact_proportion(24, 26)
    ends = [f"{100 * each:.0f}" for each in (exact.share, exact.low, exact.high)]
    assert ends == ["92", "75", "99"]


@pytest.mark.parametrize("change", CHANGES)
def test_misprinted_percentages_stand_beside_counts_that_add_up(change):
    assert HELD[f"bressem-training-{change}-count"].status == "recomputed-from-counts"


# --------------------------------------------------------------------- what would hold: Zheng 2023


def test_the_average_given_is_the_first_fold():
    for part in ("femur", "lesion"):
        first = MATERIAL.value(f"zheng-table3-fold1-{part}")
        assert agrees(ROWS[f"zheng-abstract-{part}"].value, first)


def test_one_fold_three_points_lower_gives_the_printed_average():
    folds = [MATERIAL.value(f"zheng-table3-fold{fold}-lesion") for fold in range(1, 6)]
    assert agrees(ROWS["zheng-table3-average-lesion"].value, (sum(folds) - 3) / 5)


def test_slices_are_ten_a_patient():
    assert MATERIAL.value("zheng-slices") / MATERIAL.value("zheng-patients") == pytest.approx(
        9.97, abs=0.005
    )


# ------------------------------------------------------------------------ what would hold: Li 2024


def printed_figures(of):
    return tuple(MATERIAL.value(f"li-{of}-{name}") for name in FIGURES)


@pytest.mark.parametrize(
    ("of", "n", "counts"), [("external", 58, (34, 3, 10, 11)), ("internal", 96, (54, 7, 11, 24))]
)
def test_a_test_set_s_figures_and_intervals_fit_one_n_for_all(of, n, counts):
    assert nearest_counts(printed_figures(of), n) == counts
    for name, (found, total) in zip(FIGURES, figures(counts), strict=True):
        row = ROWS[f"li-{of}-{name}"]
        share = found / total
        low, high = normal_interval(share, n)  # not `total`
        assert agrees(row.value, 100 * share), name
        assert 100 * low == pytest.approx(number(row.low), abs=0.011), name
        assert 100 * high == pytest.approx(number(row.high), abs=0.011), name


def test_the_auc_s_intervals_are_those_of_proportions():
    low, high = normal_interval(0.799, 58)
    assert agrees("0.696", low) and agrees("0.902", high)
    low, high = normal_interval(0.8763, 96)  # prints as 0.876
    assert agrees("0.942", high) and low == pytest.approx(0.811, abs=0.001)


def test_kappa_of_the_internal_test_set_belongs_to_129_patients():
    kappa = kappa_of((88, 4, 19, 18))
    assert kappa.n == 129
    half = 1.96 * round(kappa.standard_error, 3)
    assert agrees("0.504", kappa.value)
    assert agrees("0.335", 0.504 - half) and agrees("0.673", 0.504 + half)
    assert kappa_of((54, 7, 11, 24)).value == pytest.approx(0.585, abs=5e-4)


def test_kappa_of_the_external_test_set_holds():
    assert HELD["li-external-kappa"].status == "recomputed-from-counts"


@pytest.mark.parametrize(
    ("who", "counts"),
    [
        ("resident", (29, 8, 9, 12)),
        ("expert", (33, 4, 8, 13)),
        ("resident-assisted", (33, 4, 9, 12)),
        ("expert-assisted", (35, 2, 8, 13)),
    ],
)
def test_readers_called_so_many_rightly(who, counts):
    assert counts_of(MATERIAL, who) == counts


@pytest.mark.parametrize("end", ["58.18", "81.82", "69.09", "67.27", "70.91", "90.91"])
def test_ends_of_the_readers_intervals_are_shares_of_55_and_not_of_58(end):
    ends = {
        text
        for who in li_readers.WHO
        for text in (
            ROWS[f"li-{who}-accuracy-interval"].low,
            ROWS[f"li-{who}-accuracy-interval"].high,
        )
    }
    assert end in ends
    assert any(agrees(end, 100 * right / 55) for right in range(56))
    assert not any(agrees(end, 100 * right / 58) for right in range(59))


def test_the_sexes_p_ignores_the_correction_and_b27_s_the_missing():
    assert HELD["li-table1-p-sex"].recomputed == "0.79669"
    assert HELD["li-table1-p-b27"].recomputed == "0.65317"


# --------------------------------------------------------------------------------------- the tools


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_mean_count_is_the_exact_one_where_it_is_whole(count_of):
    found, n = count_of
    exact = exact_proportion(found, n)
    assert exact_interval_of_mean(found, n) == pytest.approx((exact.low, exact.high), abs=1e-9)


@given(st.lists(st.tuples(*[st.floats(0.01, 1)] * 2), min_size=1, max_size=20))
def test_mean_dice_never_exceeds_its_ceiling(cases):
    precision, recall = np.transpose(cases)
    dice = 2 * precision * recall / (precision + recall)
    assert dice.mean() <= dice_ceiling(precision.mean(), recall.mean()) + 1e-12


def test_the_ceiling_is_met_by_one_case():
    assert dice_ceiling(0.5, 1.0) == pytest.approx(2 / 3)


def test_the_normal_interval_is_the_textbook_one():
    assert normal_interval(0.5, 100) == pytest.approx((0.402, 0.598), abs=5e-5)


def test_counts_without_words_are_refused():
    with pytest.raises(ValueError, match="zheng-slices: its quantity must say how many"):
        counted(MATERIAL, "zheng-slices")


@given(st.tuples(*[st.integers(1, 12)] * 4))
def test_counts_are_found_again_from_their_exact_percentages(counts):
    percentages = tuple(100 * found / n for found, n in figures(counts))
    again = nearest_counts(percentages, sum(counts))
    assert figures(again)[0] == figures(counts)[0]
    assert [a / b for a, b in figures(again)] == pytest.approx([a / b for a, b in figures(counts)])
