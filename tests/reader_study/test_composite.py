"""References made of segmentations: which there are, and whom they may judge."""

import numpy as np
import pytest

from tests.helpers.scans import write_nifti
from vhi.cases.case import Case, ReaderMask, load_cases
from vhi.reader_study.composite import (
    BOTH_METHODS,
    KINDS,
    KNOWN,
    MANUAL,
    OTHER_READER,
    OWN_LEFT_OUT,
    REFERENCE_COLUMNS,
    reference_table,
    references,
)
from vhi.reader_study.overlap import overlap_summary
from vhi.reader_study.readings import load_readings

SIX = [("1", "1"), ("1", "2"), ("1", "cleaned"), ("2", "1"), ("2", "2"), ("2", "cleaned")]


def strip(*marked):
    mask = np.zeros((8, 3, 3), np.uint8)
    mask[list(marked), 1, 1] = 1
    return mask


# Voxel 1 is marked by all; 2 by R11, R1, R21; 3 by R11, R12; 4 by R21, R22; 5 by R1, R2.
MASKS = {
    ("1", "1"): strip(1, 2, 3),
    ("1", "2"): strip(1, 3),
    ("1", "cleaned"): strip(1, 2, 5),
    ("2", "1"): strip(1, 2, 4),
    ("2", "2"): strip(1, 4),
    ("2", "cleaned"): strip(1, 5),
    ("truth", "1"): strip(1, 2),
}


@pytest.fixture
def read(tmp_path):
    """Load the masks of the (reader, trial) that are named."""

    def load(*named):
        masks = []
        for reader, trial in named:
            path = write_nifti(tmp_path / f"{reader}{trial}.nii.gz", MASKS[reader, trial])
            masks.append(ReaderMask(reader, trial, path))
        scan = tmp_path / "unread.nii.gz"
        (readings,) = load_readings([Case("C", "S", "", scan, scan, reader_masks=tuple(masks))])
        return readings

    return load


def voxels(readings, reference):
    return np.argwhere(readings.whole(reference.mask).array)[:, 0].tolist()


def test_the_papers_reference_is_made_for_every_choice_of_trial(read):
    readings = read(*SIX)
    chosen = [reference for reference in references(readings) if reference.kind == BOTH_METHODS]
    assert {reference.members: voxels(readings, reference) for reference in chosen} == {
        ("R11", "R21", "R1", "R2"): [1, 2],
        ("R11", "R22", "R1", "R2"): [1],
        ("R12", "R21", "R1", "R2"): [1],
        ("R12", "R22", "R1", "R2"): [1],
    }
    assert {reference.at_least for reference in chosen} == {3}
    assert all(len(reference.judged) == 6 for reference in chosen)


def test_more_than_half_of_four_is_three_and_of_two_both(read):
    readings = read(*SIX)
    every = references(readings)
    (manual,) = (reference for reference in every if reference.kind == MANUAL)
    assert (manual.members, manual.at_least) == (("R11", "R12", "R21", "R22"), 3)
    assert voxels(readings, manual) == [1]
    of_others = [reference for reference in every if reference.kind == OTHER_READER]
    assert [
        (reference.members, reference.at_least, voxels(readings, reference))
        for reference in of_others
    ] == [
        (("R21", "R22"), 2, [1, 4]),
        (("R11", "R12"), 2, [1, 3]),
    ]
    assert [[mask.name for mask in reference.judged] for reference in of_others] == [
        ["R11", "R12", "R1"],
        ["R21", "R22", "R2"],
    ]


def test_a_mask_left_out_of_its_reference_is_judged_by_two_of_the_other_three(read):
    readings = read(*SIX)
    chosen = {
        reference.judged[0].name: (
            reference.members,
            reference.at_least,
            voxels(readings, reference),
        )
        for reference in references(readings)
        if reference.kind == OWN_LEFT_OUT
    }
    assert list(chosen) == ["R11", "R12", "R21", "R22"]
    assert chosen["R11"] == (("R12", "R21", "R22"), 2, [1, 4])


def test_no_reference_but_those_that_say_so_holds_what_it_judges(read):
    table = reference_table([read(*SIX, ("truth", "1"))])
    assert tuple(table) == REFERENCE_COLUMNS
    assert list(table["reference"].unique()) == list(KINDS)
    for row in table.to_dict("records"):
        inside = row["segmentation"] in row["members"].split()
        assert row["is_member"] == ("yes" if inside else "no")
        assert not inside or row["reference"] in (BOTH_METHODS, MANUAL)


def test_the_rows_hold_dice_by_hand(read):
    rows = {
        (row["reference"], row["members"], row["segmentation"]): row
        for row in reference_table([read(*SIX, ("truth", "1"))]).to_dict("records")
    }
    # Reference {1, 2} against {1, 2, 3} and {1, 5}; other reader's {1, 4} against {1, 2, 5}.
    assert rows[BOTH_METHODS, "R11 R21 R1 R2", "R11"]["dice"] == pytest.approx(4 / 5)
    assert rows[BOTH_METHODS, "R11 R21 R1 R2", "R2"]["dice"] == pytest.approx(2 / 4)
    assert rows[OTHER_READER, "R21 R22", "R1"]["dice"] == pytest.approx(2 / 5)
    truth = rows[KNOWN, "", "R1"]
    assert truth["dice"] == pytest.approx(4 / 5) and truth["reference_voxels"] == 2
    assert (truth["scan"], truth["subject"]) == ("C", "S")


@pytest.mark.parametrize(
    ("named", "kinds"),
    [
        (SIX[:1], []),
        ([("1", "1"), ("1", "2")], []),
        ([("1", "1"), ("2", "1")], [OTHER_READER] * 2),
        (
            [("1", "1"), ("1", "2"), ("2", "1")],
            [MANUAL, OTHER_READER, OTHER_READER],
        ),
        ([("1", "cleaned"), ("2", "cleaned")], []),
        ([("1", "1"), ("1", "cleaned"), ("2", "cleaned")], [OTHER_READER]),
        ([("1", "1"), ("truth", "1")], [KNOWN]),
    ],
)
def test_what_the_masks_do_not_allow_is_left_out(read, named, kinds):
    assert [reference.kind for reference in references(read(*named))] == kinds


def test_the_phantom_shows_all_kinds():
    cases = [case for case in load_cases("phantom") if case.folder == "P01_before"]
    assert set(reference_table(load_readings(cases))["reference"]) == set(KINDS)


def test_a_reference_that_holds_the_judged_mask_flatters_it(study):
    """Median Dice of reader 1's first trial: 0.67, without it 0.61, by the other reader 0.52."""
    table = reference_table(load_readings(load_cases("study")))
    medians = {}
    for kind in (MANUAL, OWN_LEFT_OUT, OTHER_READER):
        of_kind = table[table["reference"] == kind]
        for row in overlap_summary(of_kind, by=("members", "segmentation")).itertuples():
            assert row.n == 8
            medians[kind, row.segmentation] = row.median
    expected = {
        MANUAL: [0.6675, 0.6312, 0.7436, 0.7673],
        OWN_LEFT_OUT: [0.6119, 0.5944, 0.6516, 0.6601],
        OTHER_READER: [0.5218, 0.4985, 0.5607, 0.5617],
    }
    for kind, values in expected.items():
        recomputed = [medians[kind, name] for name in ("R11", "R12", "R21", "R22")]
        assert recomputed == pytest.approx(values, abs=5e-5)
