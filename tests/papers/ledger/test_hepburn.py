"""The VHI paper's numbers: what each check finds, and that each would find another number out."""

from statistics import median

import pytest
from scipy.stats import t as student

from vhi.papers.ledger.hepburn_agreement import (
    p_from_interval,
    possible_agreements,
    printed_responses,
)
from vhi.papers.ledger.hepburn_overlap import BETWEEN
from vhi.papers.ledger.printed import decimals
from vhi.papers.ledger.table import CHECKS as ALL_CHECKS
from vhi.papers.ledger.table import counts_by_status, share_recomputed

CHECKS = ALL_CHECKS["hepburn"]

# The expected status of every check; those that read files apart, as these may not be here.
FROM_FILES = {
    "abstract-dice-cleaned", "matrix", "slices", "annotated-slices", "annotated-subjects",
    "training-slices", "training-subjects", "test-slices", "test-subjects", "folds",
    "fold-training-slices", "fold-validation-slices", "epochs", "final-training-slices",
    "final-training-subjects", "evaluated-test-slices", "evaluated-test-subjects",
    "network-slices", "network-subjects", "network-dice", "dice-manual-range", "dice-intra-r1",
    "dice-intra-r2", "dice-inter", "dice-cleaned", "dice-gain", "dice-outlier", "s2-slices",
}  # fmt: skip
FROM_FILE_NAMES = {"trainings", "s2-trainings", "manual-patients", "manual-trials"}
FROM_COUNTS = {
    "subjects", "smallest-area", "further-subjects", "fold-training-subjects",
    "fold-validation-subjects", "looked-at-scans", "retraining-slices", "retraining-subjects",
    "network-further", "vhi-bias", "sparcc-bias", "non-responders", "agree-vhi", "agree-sparcc",
    "slope", "slope-p", "intercept", "intercept-p", "failures", "failures-of", "s4-scans",
}  # fmt: skip
CONSISTENT = {
    "abstract-patients", "abstract-field", "males", "females", "asdas-inactive", "steps",
    "looked-at-slices", "looked-at-subjects", "workflow-subjects", "sparcc-slices",
    "sparcc-quadrants", "sparcc-total", "agreement-patients", "network-satisfactory",
    "network-failed", "vhi-limits", "sparcc-limits", "responders", "responders-vhi",
    "responders-sparcc", "non-responders-vhi", "non-responders-sparcc",
    "non-responders-sparcc-of", "slope-interval", "intercept-interval", "failures-anatomical",
    "failures-artefactual", "failures-morphological", "s2-steps", "s3-subjects", "s4-anatomical",
    "s4-artefactual", "asdas-improvement", "agree-sparcc-of", "agree-both-of", "disc-level",
    "disc-level-methods",
}  # fmt: skip
CONSISTENT_WITH_FILES = {"abstract-dice-manual", "pixel"}
INCONSISTENT = {"response-basdai", "response-vas"}
INCONSISTENT_WITH_FILES = {"te"}
ONLY_REFUTED = {"agree-both", "sparcc-range"}

NEED_FILES = FROM_FILES | CONSISTENT_WITH_FILES | INCONSISTENT_WITH_FILES
OTHERS = CHECKS.keys() - NEED_FILES


def expected(key):
    (status,) = [
        status
        for status, keys in (
            ("recomputed", FROM_FILES | FROM_FILE_NAMES),
            ("recomputed-from-counts", FROM_COUNTS),
            ("consistent", CONSISTENT | CONSISTENT_WITH_FILES),
            ("inconsistent", INCONSISTENT | INCONSISTENT_WITH_FILES),
            ("needs-unpublished-data", ONLY_REFUTED),
        )
        if key in keys
    ]
    return status


@pytest.fixture
def numbers(sources):
    """The numbers of the paper, and the study's files."""
    return sources["hepburn"]


@pytest.fixture(scope="module")
def rows(printed):
    """The printed rows of the paper, by key without its name."""
    rows = printed[printed.index.str.startswith("hepburn-")]
    return rows.rename(index=lambda key: key.removeprefix("hepburn-"))


@pytest.fixture
def why(rows):
    return rows["why"]


def test_every_check_has_its_expected_status_here(rows):
    """`expected` fails on a check that stands in no list, or in two."""
    for key in CHECKS:
        assert expected(key)
    assert len(rows) == 113


@pytest.mark.parametrize("key", sorted(OTHERS))
def test_a_number_that_other_numbers_decide_has_its_status(key, results):
    assert results[f"hepburn-{key}"].status == expected(key)


@pytest.mark.parametrize("key", sorted(NEED_FILES))
def test_a_number_that_files_decide_has_its_status(key, results, study):
    assert results[f"hepburn-{key}"].status == expected(key)


def test_numbers_without_check_are_the_composite_s_the_scanner_s_and_the_age(rows):
    without = rows[~rows.index.isin(CHECKS)]
    composite = without[without.index.str.contains("composite")]
    assert len(composite) == 8
    assert set(composite["needs"]) == {"unmirrored-files"}
    others = {
        *("age", "field", "tr", "ti", "echo-train", "slice-thickness"),
        *("vhi-lowest", "vhi-highest"),
    }
    assert set(without.index) - set(composite.index) == others


def test_almost_half_of_the_numbers_come_out_again(ledger, study):
    table = ledger[ledger["key"].str.startswith("hepburn-")]
    assert counts_by_status(table)["Hepburn 2023 (preprint)"].to_dict() == {
        "recomputed": 32,
        "recomputed-from-counts": 21,
        "consistent": 39,
        "inconsistent": 3,
        "needs-unmirrored-files": 8,
        "needs-unpublished-data": 10,
    }
    assert share_recomputed(table) == pytest.approx(53 / 113)


def test_what_is_only_consistent_or_differs_says_why(why):
    for key in CONSISTENT | CONSISTENT_WITH_FILES | INCONSISTENT | NEED_FILES - FROM_FILES:
        assert why[key].endswith("."), key


# ---------------------------------------------------------- the counts of response, on paper


def test_the_three_agreements_cannot_hold_for_29_complete_patients(numbers):
    """Each patient contributes one or three agreements, so their sum is odd for 29."""
    possible = possible_agreements(numbers, 29)
    assert possible and all((15 + 18 + agree) % 2 == 1 for agree in possible)
    assert 19 not in possible


def test_they_can_if_a_non_responder_whom_vhi_calls_a_responder_has_no_sparcc(numbers):
    # 16 responders: 11 by VHI and 12 by SPARCC agree on 7, 9, 11, 13 or 15 of them.
    # 12 others, VHI says no to 4 and SPARCC to 6: they agree on 2, 4, 6, 8 or 10.
    # If the one without SPARCC were no VHI responder, 3 and 6: on 3, 5, 7 or 9.
    with_vhi = {one + other for one in range(7, 16, 2) for other in range(2, 11, 2)}
    without_vhi = {one + other for one in range(7, 16, 2) for other in range(3, 10, 2)}
    assert possible_agreements(numbers, 28) == with_vhi | without_vhi
    assert 19 in with_vhi and 19 not in without_vhi


def test_printed_counts_give_the_printed_agreements():
    tables = printed_responses()
    vhi, sparcc = tables["clinical", "vhi-fall"], tables["clinical", "sparcc-fall"]
    assert (vhi.agreement.count, vhi.n) == (15, 29)
    assert (sparcc.agreement.count, sparcc.n, sparcc.dropped) == (18, 28, 1)
    assert vhi.kappa.value == pytest.approx(-0.005, abs=0.0005)
    both = tables["vhi-fall", "sparcc-fall"]
    assert (both.both, both.first_only, both.second_only, both.neither) == (14, 5, 4, 5)
    assert both.agreement.count == 19 and both.dropped == 1


def test_p_of_an_interval_is_that_of_student():
    # 1 ± the 97.5 % point of t with 10 degrees: a standard error of 1, so t = 1
    width = student.ppf(0.975, 10)
    assert p_from_interval(1, 1 - width, 1 + width, 10) == pytest.approx(2 * student.sf(1, 10))


def test_fewer_non_responders_with_sparcc_fit_the_agreements_too(numbers):
    assert [n for n in range(22, 30) if 19 in possible_agreements(numbers, n)] == [*range(22, 29)]


# ------------------------------------------------------------- numbers in the explanations


def test_the_printed_limits_give_the_standard_deviations_said(numbers, why):
    for key, sd in (("vhi-limits", "2199 voxels"), ("sparcc-limits", "6.79 points")):
        width = numbers.high(key) - numbers.low(key)
        assert f"{width / 2 / 1.96:.{decimals(sd.split()[0])}f}" == sd.split()[0]
        assert sd in why[key]


def test_the_slope_has_the_t_said_and_the_same_p_with_28_patients(why):
    t = 2408 / ((3586 - 1230) / 2 / student.ppf(0.975, 27))
    assert f"t = {t:.2f}" in why["slope-p"]
    assert p_from_interval(2408, 1230, 3586, 26) == pytest.approx(0.0003, abs=0.00005)


def test_sparcc_as_described_and_as_defined(why):
    assert 6 * 8 * (1 + 1 + 1) == 144 and 6 * (8 + 2 + 2) == 72 == 48 + 12 + 12
    assert "144" in why["sparcc-total"] and "48, 12 and 12" in why["sparcc-total"]


def test_the_published_scans_are_counted_as_said(numbers, why):
    scans = numbers.files.paths("data/images_model_evaluation/T1W/")
    assert len(scans) == 34 and "34 scans of 17 subjects" in why["looked-at-scans"]
    assert len(numbers.files.paths("data/images_study/T1W/Additional_scans/")) == 3


def test_manual_dice_are_as_said(numbers, why, study):
    values = numbers.files.manual_overlap[BETWEEN].to_numpy().ravel()
    assert len(values) == 32 and f"{median(values):.3f}" == "0.555"
    assert "all 32 values is 0.555" in why["abstract-dice-manual"]


def test_the_gain_relative_and_paired_is_as_said(numbers, why, study):
    cleaned = numbers.files.cleaned["dice"]
    manual = numbers.files.manual_overlap[BETWEEN]
    relative = [100 * (median(cleaned) / median(manual[pair]) - 1) for pair in BETWEEN]
    paired = [
        100 * median(value - manual[pair][scan] for scan, value in cleaned.items())
        for pair in BETWEEN
    ]
    assert f"({min(relative):.0f} to {max(relative):.0f} %)" in why["dice-gain"]
    assert f"is {min(paired):.0f} to {max(paired):.0f} points" in why["dice-gain"]


def test_scans_in_which_the_workflow_lowered_agreement_are_as_said(numbers, study):
    cleaned = numbers.files.cleaned["dice"]
    manual = numbers.files.manual_overlap[BETWEEN]
    below = {scan: int((value < manual.loc[scan]).sum()) for scan, value in cleaned.items()}
    assert {scan: count for scan, count in below.items() if count} == {"1003": 4, "1234": 2}
    means = manual.mean(axis=1)
    assert [scan for scan, value in cleaned.items() if value < means[scan]] == ["1003"]


def test_scanner_and_geometry_are_as_said(numbers, why, study):
    scans = numbers.files.stir
    assert len(scans) == 10 and set(scans["echo_time_ms"]) == {60}
    assert sorted(scans["slices"]) == [23] + [25] * 9
    assert scans["pixel_mm"].tolist() == pytest.approx([200 / 336] * 10, abs=1e-6)
    assert f"{4 * (200 / 336) ** 2:.2f} mm²" in why["smallest-area"]


def test_cleaned_volumes_of_scan_1013_are_as_said(numbers, why, study):
    scan = numbers.files.cleaned.loc["1013"]
    assert f"{scan['first_voxels']} and {scan['second_voxels']} voxels" in why["vhi-highest"]
