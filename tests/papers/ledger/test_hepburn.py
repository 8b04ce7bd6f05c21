"""The VHI paper's numbers: what each check finds, and that each would find another number out."""

import copy
from dataclasses import replace
from math import isnan
from statistics import mean, median

import pytest
from scipy.stats import t as student

from vhi.papers.ledger.hepburn import CHECKS
from vhi.papers.ledger.hepburn_agreement import p_from_interval, possible_agreements
from vhi.papers.ledger.hepburn_overlap import BETWEEN
from vhi.papers.ledger.printed import decimals
from vhi.papers.ledger.published import counts_by_status, hold, printed_numbers, share_recomputed
from vhi.papers.ledger.rules import nearest
from vhi.papers.ledger.sources import Material

ROWS = {row.key: row for row in printed_numbers() if row.key.startswith("hepburn-")}

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
    "fold-validation-subjects", "looked-at-subjects", "looked-at-scans", "retraining-slices",
    "workflow-subjects", "network-further", "vhi-bias", "sparcc-bias", "non-responders",
    "non-responders-sparcc-of", "agree-vhi", "agree-sparcc", "slope", "slope-p", "intercept",
    "intercept-p", "failures", "failures-of", "failures-morphological", "s4-scans",
}  # fmt: skip
CONSISTENT = {
    "abstract-patients", "abstract-field", "males", "females", "asdas-inactive", "steps",
    "looked-at-slices", "sparcc-slices", "sparcc-quadrants", "agreement-patients",
    "network-satisfactory", "network-failed", "vhi-limits", "vhi-lowest", "sparcc-limits",
    "sparcc-range", "responders", "responders-vhi", "responders-sparcc", "non-responders-vhi",
    "non-responders-sparcc", "agree-both", "slope-interval", "intercept-interval",
    "failures-anatomical", "failures-artefactual", "s2-steps", "s3-subjects", "s4-anatomical",
    "s4-artefactual",
}  # fmt: skip
CONSISTENT_WITH_FILES = {"abstract-dice-manual"}
INCONSISTENT = {
    "response-basdai": "2", "response-vas": "2", "asdas-improvement": "1.1",
    "retraining-subjects": "13", "sparcc-total": "144", "agree-sparcc-of": "28",
    "agree-both-of": "28", "disc-level": "4",
}  # fmt: skip
INCONSISTENT_WITH_FILES = {"te": "60", "pixel": "0.5952", "vhi-highest": "97986.5"}

NEED_FILES = FROM_FILES | CONSISTENT_WITH_FILES | INCONSISTENT_WITH_FILES.keys()
OTHERS = {key.removeprefix("hepburn-") for key in CHECKS} - NEED_FILES


def expected(key):
    (status,) = [
        status
        for status, keys in (
            ("recomputed", FROM_FILES | FROM_FILE_NAMES),
            ("recomputed-from-counts", FROM_COUNTS),
            ("consistent", CONSISTENT | CONSISTENT_WITH_FILES),
            ("inconsistent", INCONSISTENT.keys() | INCONSISTENT_WITH_FILES.keys()),
        )
        if key in keys
    ]
    return status


@pytest.fixture(scope="module")
def material():
    return Material()


def held(key, material):
    key = f"hepburn-{key}"
    return hold(material.printed[key], CHECKS[key], material)


def with_another_number(key, material):
    """The material in which one row prints other numbers, seven last digits larger."""
    row = material.printed[f"hepburn-{key}"]
    texts = {
        name: f"{float(text) + 7 * 10.0 ** -decimals(text):.{decimals(text)}f}"
        for name in ("value", "low", "high")
        if (text := getattr(row, name))
    }
    changed = copy.copy(material)
    changed.printed = {**material.printed, row.key: replace(row, **texts)}
    return changed


def test_every_check_has_its_expected_status_here():
    """`expected` fails on a check that stands in no list, or in two."""
    for key in CHECKS:
        assert expected(key.removeprefix("hepburn-"))
    assert len(ROWS) == 112


@pytest.mark.parametrize("key", sorted(OTHERS))
def test_a_number_that_other_numbers_decide_has_its_status(key, material):
    row = held(key, material)
    assert row.status == expected(key)
    if key in INCONSISTENT:
        assert row.recomputed == INCONSISTENT[key]


@pytest.mark.study
@pytest.mark.parametrize("key", sorted(NEED_FILES))
def test_a_number_that_files_decide_has_its_status(key, material, study):
    row = held(key, material)
    assert row.status == expected(key)
    if key in INCONSISTENT_WITH_FILES:
        assert row.recomputed == INCONSISTENT_WITH_FILES[key]


AGREEING = (OTHERS | FROM_FILES | CONSISTENT_WITH_FILES) - INCONSISTENT.keys()


@pytest.mark.parametrize("key", sorted(AGREEING - NEED_FILES))
def test_a_check_would_find_another_printed_number_out(key, material):
    assert held(key, with_another_number(key, material)).status == "inconsistent"


@pytest.mark.study
@pytest.mark.parametrize("key", sorted(AGREEING & NEED_FILES))
def test_a_check_of_files_would_find_another_printed_number_out(key, material, study):
    assert held(key, with_another_number(key, material)).status == "inconsistent"


def test_numbers_without_check_are_the_composite_s_the_scanner_s_and_the_age():
    without = {key.removeprefix("hepburn-") for key in ROWS.keys() - CHECKS.keys()}
    composite = {key for key in without if "composite" in key}
    assert len(composite) == 8
    assert {ROWS[f"hepburn-{key}"].needs for key in composite} == {"unmirrored-files"}
    assert without - composite == {"age", "field", "tr", "ti", "echo-train", "slice-thickness"}


@pytest.mark.study
def test_half_of_the_numbers_come_out_again(material, study):
    rows = [hold(row, CHECKS.get(key), material) for key, row in ROWS.items()]
    assert counts_by_status(rows)["Hepburn 2023 (preprint)"] == {
        "recomputed": 32,
        "recomputed-from-counts": 24,
        "consistent": 31,
        "inconsistent": 11,
        "needs-unmirrored-files": 8,
        "needs-unpublished-data": 6,
    }
    assert share_recomputed(rows) == 0.5


def test_what_is_only_consistent_or_differs_says_why():
    for key in CONSISTENT | CONSISTENT_WITH_FILES | INCONSISTENT.keys() | NEED_FILES - FROM_FILES:
        assert ROWS[f"hepburn-{key}"].why.endswith("."), key


# ---------------------------------------------------------- the counts of response, on paper


def test_the_three_agreements_cannot_hold_for_29_complete_patients(material):
    """Each patient contributes one or three agreements, so their sum is odd for 29."""
    possible = possible_agreements(material, 29)
    assert possible and all((15 + 18 + agree) % 2 == 1 for agree in possible)
    assert 19 not in possible


def test_they_can_if_a_non_responder_whom_vhi_calls_a_responder_has_no_sparcc(material):
    # 16 responders: 11 by VHI and 12 by SPARCC agree on 7, 9, 11, 13 or 15 of them.
    # 12 others, VHI says no to 4 and SPARCC to 6: they agree on 2, 4, 6, 8 or 10.
    # If the one without SPARCC were no VHI responder, 3 and 6: on 3, 5, 7 or 9.
    with_vhi = {one + other for one in range(7, 16, 2) for other in range(2, 11, 2)}
    without_vhi = {one + other for one in range(7, 16, 2) for other in range(3, 10, 2)}
    assert possible_agreements(material, 28) == with_vhi | without_vhi
    assert 19 in with_vhi and 19 not in without_vhi


def test_p_of_an_interval_is_that_of_student():
    # 1 ± the 97.5 % point of t with 10 degrees: a standard error of 1, so t = 1
    width = student.ppf(0.975, 10)
    assert p_from_interval(1, 1 - width, 1 + width, 10) == pytest.approx(2 * student.sf(1, 10))


def test_where_other_numbers_allow_nothing_the_nearest_is_nan():
    assert isnan(nearest([], 19)) and nearest([18, 21], 19) == 18


# ------------------------------------------------------------- numbers in the explanations


def why(key):
    return ROWS[f"hepburn-{key}"].why


def test_the_printed_limits_give_the_standard_deviations_said(material):
    for key, sd in (("vhi-limits", "2199 voxels"), ("sparcc-limits", "6.79 points")):
        width = material.high(f"hepburn-{key}") - material.low(f"hepburn-{key}")
        assert f"{width / 2 / 1.96:.{decimals(sd.split()[0])}f}" == sd.split()[0]
        assert sd in why(key)


def test_the_slope_has_the_t_said_and_the_same_p_with_28_patients():
    t = 2408 / ((3586 - 1230) / 2 / student.ppf(0.975, 27))
    assert f"t = {t:.2f}" in why("slope-p")
    assert p_from_interval(2408, 1230, 3586, 26) == pytest.approx(0.0003, abs=0.00005)


def test_sparcc_as_described_and_as_defined():
    assert 6 * 8 * (1 + 1 + 1) == 144 and 6 * (8 + 2 + 2) == 72
    assert "144" in why("sparcc-total") and "72" in why("sparcc-total")


def test_the_published_scans_are_counted_as_said(material):
    scans = material.files("data/images_model_evaluation/T1W/")
    assert len(scans) == 34 and "34 scans of 17 subjects" in why("looked-at-scans")
    assert len(material.files("data/images_study/T1W/Additional_scans/")) == 3


@pytest.mark.study
def test_manual_dice_are_as_said(material, study):
    every = [value for pair in BETWEEN for value in material.manual_overlap[pair].values()]
    assert len(every) == 32 and f"{median(every):.3f}" == "0.555"
    assert "all 32 values is 0.555" in why("abstract-dice-manual")


@pytest.mark.study
def test_the_gain_relative_and_paired_is_as_said(material, study):
    cleaned = material.cleaned_overlap
    medians = [median(material.manual_overlap[pair].values()) for pair in BETWEEN]
    relative = [100 * (median(cleaned.values()) / each - 1) for each in medians]
    paired = [
        100 * median(cleaned[scan] - value for scan, value in material.manual_overlap[pair].items())
        for pair in BETWEEN
    ]
    assert f"({min(relative):.0f} to {max(relative):.0f} %)" in why("dice-gain")
    assert f"is {min(paired):.0f} to {max(paired):.0f} points" in why("dice-gain")


@pytest.mark.study
def test_scans_in_which_the_workflow_lowered_agreement_are_as_said(material, study):
    below = {
        scan: sum(value < material.manual_overlap[pair][scan] for pair in BETWEEN)
        for scan, value in material.cleaned_overlap.items()
    }
    assert {scan: count for scan, count in below.items() if count} == {"1003": 4, "1234": 2}
    values = {scan: mean(material.manual_overlap[pair][scan] for pair in BETWEEN) for scan in below}
    lower = [scan for scan, value in values.items() if material.cleaned_overlap[scan] < value]
    assert lower == ["1003"]


@pytest.mark.study
def test_scanner_and_geometry_are_as_said(material, study):
    scans = material.stir.values()
    assert len(scans) == 10 and {scan.echo_time_ms for scan in scans} == {60}
    assert sorted(scan.slices for scan in scans) == [23] + [25] * 9
    assert all(scan.pixel_mm == pytest.approx(200 / 336, abs=1e-6) for scan in scans)
    assert f"{4 * (200 / 336) ** 2:.2f} mm²" in why("smallest-area")


@pytest.mark.study
def test_cleaned_volumes_of_scan_1013_are_as_said(material, study):
    volumes = material.cleaned_volumes["1013"]
    assert f"{volumes.first} and {volumes.second} voxels" in why("vhi-highest")
