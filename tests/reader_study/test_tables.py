"""The study's tables: agreement, response and failures of small numbers known by hand."""

import numpy as np
import pytest

pytest.importorskip("statsmodels", reason='needs statsmodels: pip install "vhi[study]"')
import pandas as pd

from vhi.errors import InputError
from vhi.reader_study.agreement import COLUMNS, agreement_table, holm, upper_fence
from vhi.reader_study.failures import NOT_LOOKED, classes_of, count_classes, failure_table
from vhi.reader_study.pairs import ReaderPair, volume_pairs
from vhi.reader_study.patients import Patients
from vhi.reader_study.response import (
    CHANGE_COLUMNS,
    RESPONSE_COLUMNS,
    change_table,
    response_table,
    responses_of,
    sdc_of,
)
from vhi.statistics.repeated import repeated_limits

# What both readers left of the study's eight scans, in voxels: printed by the authors.
R1 = (896, 2050, 2033, 97301, 15768, 1570, 30727, 824)
R2 = (168, 1654, 1454, 98672, 14823, 1685, 28980, 481)
EIGHT = ReaderPair(
    np.array(R1, float), np.array(R2, float), "vhi_voxels", "voxels", ("R1", "R2"), "eight scans"
)


def of(table, scale, quantity):
    (row,) = table[(table["scale"] == scale) & (table["quantity"] == quantity)].to_dict("records")
    return row


def patients(**columns):
    """Two visits of as many patients as the columns have pairs of values."""
    count = len(next(iter(columns.values()))) // 2
    names = [f"p{number}" for number in range(count) for _ in range(2)]
    return Patients(
        "a table",
        pd.DataFrame({"patient": names, "visit": ["before", "after"] * count, **columns}),
    )


def test_limits_are_those_of_the_differences():
    rows = agreement_table(EIGHT)
    differences = EIGHT.first - EIGHT.second
    bias = of(rows, "raw", "bias")
    assert bias["value"] == differences.mean() == 406.5
    assert bias["form"] == "paper" and bias["n"] == 8
    sd = differences.std(ddof=1)
    assert of(rows, "raw", "upper limit")["value"] == pytest.approx(406.5 + 1.96 * sd)
    assert bias["low"] < 406.5 < bias["high"]


def test_ratios_do_not_depend_on_the_unit_and_logarithms_do():
    rows = agreement_table(EIGHT)
    in_mm3 = ReaderPair(
        EIGHT.first * 1.169, EIGHT.second * 1.169, "vhi_mm3", "mm³", ("R1", "R2"), "eight scans"
    )
    others = agreement_table(in_mm3)
    for limit, expected in (("lower limit", 0.46), ("upper limit", 4.35)):
        assert of(rows, "ratio", limit)["value"] == pytest.approx(expected, abs=0.005)
        assert of(others, "ratio", limit)["value"] == pytest.approx(
            of(rows, "ratio", limit)["value"]
        )
        ours, theirs = (of(table, "log(x + 1)", limit)["value"] for table in (rows, others))
        assert ours != pytest.approx(theirs, rel=1e-6)


def test_truncation_says_what_it_hides():
    row = of(agreement_table(EIGHT), "truncated", "upper limit")
    kept = EIGHT.means <= upper_fence(EIGHT.means)
    assert row["n"] == kept.sum() == 7
    assert "1 of 8" in row["note"]


def test_every_row_has_only_known_columns_and_both_forms_are_there():
    rows = agreement_table(EIGHT)
    assert tuple(rows) == COLUMNS
    assert set(rows["form"]) == {"paper", "beside"}
    assert not rows["quantity"].str.startswith("repeated").any(), "every scan its own"


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("value", [0.0, 5.0])
def test_few_equal_or_empty_readings_have_a_defined_answer(count, value):
    values = np.full(count, value)
    rows = agreement_table(
        ReaderPair(values, values, "sparcc", "points", ("A", "B"), "few", patients=["p"] * count)
    )
    assert rows.empty == (count == 0) and tuple(rows) == COLUMNS
    if count:
        assert of(rows, "raw", "bias")["value"] == 0


def test_fence_is_the_quartile_and_one_and_a_half_ranges():
    assert upper_fence([1, 2, 3, 4, 5]) == 4 + 1.5 * 2


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_keeps_nan():
    np.testing.assert_allclose(holm([0.01, 0.04, np.nan]), [0.02, 0.04, np.nan])
    assert np.isnan(holm([np.nan])).all() and holm([]).size == 0


def two_scans_each(count=29, **more):
    """Two visits of as many patients, simulated: differences of patients 2 apart, of scans 3."""
    rng = np.random.default_rng(3)
    names = np.repeat([f"p{number}" for number in range(count)], 2)
    apart = np.repeat(rng.normal(5, 2, count), 2) + rng.normal(0, 3, 2 * count)
    first = rng.uniform(100, 200, 2 * count)
    values = (first, first - apart, "vhi_voxels", "voxels", ("A", "B"), "two scans each")
    return ReaderPair(*values, patients=list(names), visits=["before", "after"] * count, **more)


def test_limits_that_reckon_with_two_scans_of_a_patient_come_first():
    pair = two_scans_each()
    rows = agreement_table(pair)
    limits = repeated_limits(pair.first, pair.second, pair.patients)
    assert rows["quantity"].iloc[:3].str.startswith("repeated measures: ").all()
    upper = of(rows, "raw", "repeated measures: upper limit")
    assert (upper["value"], upper["low"], upper["high"]) == (limits.upper, *limits.upper_interval)
    assert upper["note"] == "58 scans of 29 patients, which are not independent"
    assert "with 29 patients" in upper["coverage"] and "heavy tails" in upper["coverage"]
    plain = of(rows, "raw", "upper limit")
    assert plain["note"].startswith("treats the 58 scans of 29 patients as independent; ")
    assert "where two scans of a patient correlate by 0.5" in plain["coverage"]
    assert of(rows, "raw", "before: upper limit")["n"] == 29
    assert "correlate" not in of(rows, "raw", "before: upper limit")["coverage"]


def test_ratios_and_logarithms_reckon_with_two_scans_of_a_patient_too():
    pair = two_scans_each()
    rows = agreement_table(pair)
    ratios = of(rows, "ratio", "repeated measures: upper limit")
    logs = repeated_limits(np.log(pair.first), np.log(pair.second), pair.patients)
    assert np.log([ratios["value"], ratios["low"], ratios["high"]]) == pytest.approx(
        [logs.upper, *logs.upper_interval]
    )
    assert of(rows, "log(x + 1)", "repeated measures: bias")["low"] < 0.1


def test_every_interval_says_how_often_it_holds():
    for pair in (EIGHT, two_scans_each(), two_scans_each(4)):
        rows = agreement_table(pair)
        known = rows["low"].notna()
        assert known.any() and (rows.loc[known, "coverage"].str.startswith("nominal ")).all()


def test_two_scans_of_one_subject_are_seen_in_masks_too():
    rows = [("R1", "R2", "a_before", "a", 9, 8), ("R1", "R2", "a_after", "a", 8, 8),
            ("R1", "R2", "b", "b", 7, 5)]  # fmt: skip
    columns = ["first", "second", "scan", "subject", "first_voxels", "second_voxels"]
    overlap = pd.DataFrame(rows, columns=columns).assign(source="recomputed")
    (pair,) = volume_pairs(overlap, "masks").values()
    assert (pair.people, pair.size) == (["a", "a", "b"], "3 scans of 2 patients")
    assert pair.scans == ["a_before", "a_after", "b"]
    rows = agreement_table(pair)
    assert of(rows, "raw", "repeated measures: bias")["value"] == pytest.approx(1)
    assert "below 8 patients" in of(rows, "raw", "bias")["coverage"]
    (alone,) = volume_pairs(overlap[1:], "masks").values()
    assert alone.people is None and alone.size == "2 scans"


def test_two_scans_have_no_intraclass_correlation_and_the_note_says_why():
    pair = ReaderPair(
        np.array(R1[:2], float), np.array(R2[:2], float), *("vhi_voxels", "voxels"),
        ("R1", "R2"), "two scans",
    )  # fmt: skip
    row = of(agreement_table(pair), "raw", "ICC(2,1) = ICC(A,1)")
    assert np.isnan(row["value"]) and row["note"].startswith("too few for an intraclass")


# --------------------------------------------------------------------------------------- response

TABLE = patients(
    vhi_mm3_A=[10, 5, 10, 15, 10, 10, 10, np.nan],
    vhi_mm3_B=[12, 5, 12, 15, 12, 10, 12, 3],
    sparcc_A=[8, 2, 8, 7, 8, 9, 8, 1],
    sparcc_B=[8, 2, 8, 7, 8, 9, 8, 1],
    response_clinical=[np.nan, 1, np.nan, 0, np.nan, 1, np.nan, 1],
)


def test_a_fall_responds_and_a_missing_visit_drops_the_patient():
    answers = responses_of(TABLE, ["clinical", "vhi-fall", "sparcc-fall"])
    np.testing.assert_array_equal(answers["vhi-fall"], [1, 0, 1, np.nan])
    np.testing.assert_array_equal(answers["sparcc-fall"], [1, 1, 0, 1])
    np.testing.assert_array_equal(answers["clinical"], [1, 0, 1, 1])


def test_every_two_rules_are_compared_once_with_the_dropped_counted():
    table = response_table(TABLE, ["clinical", "vhi-fall", "sparcc-fall"])
    assert list(zip(table["first"], table["second"], strict=True)) == [
        ("clinical", "vhi-fall"), ("clinical", "sparcc-fall"), ("vhi-fall", "sparcc-fall")
    ]  # fmt: skip
    first = table.iloc[0]
    assert (first["n"], first["both"], first["neither"], first["dropped"]) == (3, 2, 1, 1)
    assert first["agreement"] == 1
    assert tuple(table) == RESPONSE_COLUMNS


def test_kappa_has_an_interval_for_few_patients_and_a_reason_where_it_has_no_other():
    table = response_table(TABLE, ["clinical", "vhi-fall", "sparcc-fall"])
    assert (table["kappa_posterior_low"] < table["kappa_posterior_high"]).all()
    agreed = table.iloc[0]  # all three agree: 1, no spread
    assert agreed["kappa"] == 1 and np.isnan(agreed["kappa_low"])
    assert "no standard error of kappa: the ratings agree in every subject" in agreed["note"]
    assert table["coverage"].str.contains("not simulated below 8 patients").all()


def test_rules_that_nobody_fails_have_no_kappa_and_say_so():
    always = patients(response_a=[np.nan, 1] * 9, response_b=[np.nan, 1] * 9, sparcc_A=[1, 1] * 9)
    row = response_table(always, ["a", "b"]).iloc[0]
    assert np.isnan(row["kappa"]) and "no kappa: both ratings give every subject" in row["note"]
    assert "posterior: nominal 95 %; simulated with 8 / 20 patients" in row["coverage"]


def test_a_rule_that_cannot_be_applied_is_left_out_or_refused_by_name():
    assert "nice-ta383" not in responses_of(TABLE)
    assert "vhi-fall-beyond-sdc" in responses_of(TABLE)
    with pytest.raises(InputError, match="columns for basdai"):
        responses_of(TABLE, ["basdai50"])
    with pytest.raises(InputError, match="no rule is called 'happy'"):
        responses_of(TABLE, ["happy"])


def test_the_mean_of_two_readers_has_a_smaller_detectable_change_than_one():
    differences = np.array([-2, 0, -2, 0, -2, 0, -2])  # A - B where both have read
    expected = 1.96 * np.sqrt(2) * differences.std(ddof=1) / np.sqrt(2) / np.sqrt(2)
    assert sdc_of(TABLE, "vhi_mm3") == pytest.approx(expected)
    alone = patients(vhi_mm3_A=[1, 2])
    assert np.isnan(sdc_of(alone, "vhi_mm3"))
    assert "vhi-fall-beyond-sdc" not in responses_of(alone)


def test_changes_are_after_minus_before_and_lines_need_both_measurements():
    table = change_table(TABLE)
    assert tuple(table) == CHANGE_COLUMNS
    mean = table.set_index(["what", "quantity"]).loc[("vhi_mm3", "mean change")]
    assert mean["value"] == pytest.approx((-6 + 4 - 1) / 3) and mean["n"] == 3
    assert not table["what"].str.contains("Deming").any(), "SPARCC was read without error"
    assert table["what"].str.contains("least squares").any()
    alone = change_table(patients(vhi_mm3_A=[1, 2, 3, 1]))
    assert not alone["what"].str.contains("sparcc").any()


# --------------------------------------------------------------------------------------- failures


def test_worklists_name_scans_by_both_rules_and_wait_for_a_person():
    first = np.array([1, 2, 1, 2, 1, 2, 1, 50], float)
    second = np.array([2, 1, 2, 1, 2, 1, 2, 1], float)
    pairs = ReaderPair(
        first, second, "sparcc", "points", ("A", "B"), "eight", False, list("abcdefgh")
    )
    table = failure_table(pairs)
    assert table["patient"][0] == "h"
    assert list(table["beyond_two_sd"]) == ["yes"] + ["no"] * 7
    assert table["class"][0] == NOT_LOOKED and table["class"][1] == ""
    counts = count_classes(table)
    assert counts[NOT_LOOKED] == 1 and sum(counts.values()) == 1
    looked = failure_table(pairs, {("h", ""): "anatomical"})
    assert count_classes(looked)["anatomical"] == 1


def test_classes_come_from_the_tables_own_column():
    table = patients(sparcc_A=[1, 2], disagreement=["", "anatomical"])
    assert classes_of(table) == {("p0", "after"): "anatomical"}
    assert classes_of(TABLE) == {}
