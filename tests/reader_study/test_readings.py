"""Readers' masks compared with each other: on small scans, then on the study's."""

import functools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.helpers.scans import oblique_affine, write_nifti
from vhi.cases.case import Case, ReaderMask, load_cases
from vhi.errors import InputError
from vhi.images.nifti import load_mask
from vhi.papers.hepburn.authors import (
    CLEANED_PAIR,
    MANUAL_PAIRS,
    published_overlap,
)
from vhi.reader_study.from_masks import readers_missing
from vhi.reader_study.overlap import (
    OVERLAP_COLUMNS,
    add_published,
    overlap_summary,
    overlap_table,
    paired_gains,
)
from vhi.reader_study.readings import load_readings, segmentation_name
from vhi.statistics import dice, surface_distances

SHAPE = (8, 7, 5)


def box(*where):
    """A mask of one block of a small scan."""
    mask = np.zeros(SHAPE, bool)
    mask[where] = True
    return mask


BLOCK = box(slice(2, 4), slice(2, 4), slice(1, 3))  # 8 voxels
SHIFTED = box(slice(3, 5), slice(2, 4), slice(1, 3))  # 8, of which 4 in common
LARGER = box(slice(2, 4), slice(2, 6), slice(1, 3))  # 16, which hold BLOCK
EMPTY = np.zeros(SHAPE, bool)


@pytest.fixture
def case(tmp_path):
    """Make a case from (reader, trial, mask)."""

    def make(*masks, case="C1", subject="", visit="", affine=None):
        listed = []
        for number, (reader, trial, mask) in enumerate(masks):
            path = tmp_path / f"{case}{visit}{number}.nii.gz"
            write_nifti(path, mask.astype(np.uint8), affine)
            listed.append(ReaderMask(reader, trial, path))
        scan = tmp_path / "unread.nii.gz"
        return Case(case, subject or case, visit, scan, scan, reader_masks=tuple(listed))

    return make


@pytest.mark.parametrize(
    ("readers", "words"),
    [
        ((["1", "2"], ["1"]), "R21 of C1"),
        ((["1", "2"], []), "all masks of C1"),
        ((["1"], ["2"]), "R21 of C0; R11 of C1"),
        ((["1", "2"], ["2", "1"]), ""),
    ],
)
def test_cases_without_masks_that_others_have_are_named(case, readers, words):
    cases = [
        case(*((reader, "1", BLOCK) for reader in names), case=f"C{number}")
        for number, names in enumerate(readers)
    ]
    notes = readers_missing(cases, load_readings(cases))
    assert [note.check for note in notes] == ["readers-missing"] * bool(words)
    assert words in "".join(notes)


@pytest.mark.parametrize(
    ("reader", "trial", "name"),
    [
        ("1", "2", "R12"),
        ("2", "cleaned", "R2"),
        ("A", "1", "A trial 1"),
        ("A", "cleaned", "A cleaned"),
        ("11", "2", "11 trial 2"),  # R112 could be reader 1's trial 12 as well
        ("1", "12", "1 trial 12"),
        ("truth", "1", "truth trial 1"),
    ],
)
def test_segmentations_are_named_as_in_the_paper_or_by_their_words(reader, trial, name):
    assert segmentation_name(reader, trial) == name


def test_every_pair_is_compared_in_voxels_and_millimetres(case):
    (scan,) = load_readings([case(("1", "1", BLOCK), ("1", "2", SHIFTED), ("2", "1", LARGER))])
    table = overlap_table([scan])
    assert tuple(table) == OVERLAP_COLUMNS
    rows = {(row["first"], row["second"]): row for row in table.to_dict("records")}
    assert list(rows) == [("R11", "R12"), ("R11", "R21"), ("R12", "R21")]
    row = rows["R11", "R12"]
    assert (row["scan"], row["subject"], row["source"]) == ("C1", "C1", "recomputed")
    assert (row["dice"], row["volume_similarity"]) == (0.5, 1.0)
    # Blocks of two pixels are all surface: 4 of 8 voxels each lie one pixel of 0.5 mm away.
    assert row["surface_mean_mm"] == pytest.approx(0.25)
    assert row["surface_p95_mm"] == pytest.approx(0.5)
    row = rows["R11", "R21"]
    assert (row["first_voxels"], row["second_voxels"]) == (8, 16)
    assert (row["dice"], row["volume_similarity"]) == (pytest.approx(16 / 24),) * 2


def test_manual_masks_come_first_and_cleaned_ones_last(case):
    (scan,) = load_readings(
        [case(("1", "1", BLOCK), ("1", "cleaned", SHIFTED), ("2", "1", LARGER))]
    )
    assert [mask.name for mask in scan.segmentations] == ["R11", "R21", "R1"]
    assert [mask.name for mask in scan.manual] == ["R11", "R21"]


def test_a_scan_is_its_case_and_its_visit_where_there_are_several(case):
    masks = ("A", "1", BLOCK), ("B", "1", SHIFTED)
    cases = [
        case(*masks, case="C1", visit="before"),
        case(*masks, case="C1", visit="after"),
        case(*masks, case="C2", visit="before"),
        case(case="C3"),
    ]
    assert [scan.scan for scan in load_readings(cases)] == ["C1_before", "C1_after", "C2"]


@pytest.mark.parametrize("at", [0, 3])
def test_cutting_to_the_masks_changes_no_number(case, at):
    # At 0 the masks touch the scan's edge, which is no surface; at 3 they lie inside.
    first = box(slice(at, at + 3), slice(at, at + 3), slice(0, 3))
    second = box(slice(at, at + 4), slice(at, at + 2), slice(0, 4))
    (scan,) = load_readings([case(("1", "1", first), ("2", "1", second))])
    (row,) = overlap_table([scan]).to_dict("records")
    whole = surface_distances(first, second, scan.grid.spacing_mm)
    assert row["surface_mean_mm"] == pytest.approx(whole.mean_mm, rel=1e-12)
    assert row["surface_p95_mm"] == pytest.approx(whole.p95_mm, rel=1e-12)
    assert row["dice"] == dice(first, second)
    for segmentation, mask in zip(scan.segmentations, (first, second), strict=True):
        assert (scan.whole(segmentation.mask).array == mask).all()
        assert segmentation.mask.size < mask.size


def test_empty_masks_have_defined_answers(case):
    cases = [
        case(("1", "1", EMPTY), ("2", "1", EMPTY), case="C1"),
        case(("1", "1", EMPTY), ("2", "1", BLOCK), case="C2"),
    ]
    table = overlap_table(load_readings(cases))
    both, one = table.to_dict("records")
    assert (both["dice"], both["volume_similarity"], both["first_voxels"]) == (1, 1, 0)
    assert math.isnan(both["surface_mean_mm"]) and math.isnan(both["surface_p95_mm"])
    assert (one["dice"], one["volume_similarity"]) == (0, 0)
    assert one["surface_mean_mm"] == one["surface_p95_mm"] == math.inf
    (summary,) = overlap_summary(table, quantity="surface_mean_mm").to_dict("records")
    assert (summary["n"], summary["subjects"]) == (0, 0)
    assert math.isnan(summary["median"]) and math.isnan(summary["median_low"])


def test_one_reader_alone_gives_no_pair(case):
    table = overlap_table(load_readings([case(("A", "1", BLOCK))]))
    assert table.empty and tuple(table) == OVERLAP_COLUMNS
    assert overlap_summary(table).empty


def test_masks_of_different_grids_are_refused(case, tmp_path):
    shifted = case(("1", "1", BLOCK), affine=oblique_affine(shift_mm=(0, 0, 0)), case="X")
    both = case(("1", "1", BLOCK), ("2", "1", BLOCK))
    foreign = replace(both, reader_masks=(both.reader_masks[0], *shifted.reader_masks))
    with pytest.raises(InputError, match=r"X0\.nii\.gz does not lie on the grid of .*C10\.nii\.gz"):
        load_readings([foreign])


def test_distances_may_be_left_out(case):
    readings = load_readings([case(("1", "1", BLOCK), ("2", "1", SHIFTED))])
    (row,) = overlap_table(readings, surfaces=False).to_dict("records")
    assert row["dice"] == 0.5 and math.isnan(row["surface_mean_mm"])


def rows_of(*values, pair=("R11", "R12"), source="recomputed", subjects=None):
    scans = [f"s{number}" for number in range(len(values))]
    subjects = subjects or scans
    return pd.DataFrame(
        {"first": pair[0], "second": pair[1], "scan": scans, "subject": subjects, "dice": values}
    ).assign(source=source)


def test_a_pair_is_summarised_over_scans_with_an_interval_from_ordered_values():
    (summary,) = overlap_summary(rows_of(*(n / 10 for n in (8, 1, 7, 2, 6, 3, 5, 4)))).itertuples()
    assert (summary.first, summary.second, summary.source) == ("R11", "R12", "recomputed")
    assert (summary.n, summary.subjects, summary.median) == (8, 8, 0.45)
    assert (summary.median_low, summary.median_high) == (0.2, 0.7)


def test_the_interval_counts_subjects_not_their_visits():
    table = rows_of(0.1, 0.3, 0.6, 0.8, subjects=["a", "a", "b", "b"])
    (summary,) = overlap_summary(table).itertuples()
    assert (summary.n, summary.subjects) == (4, 2)
    assert (summary.median_low, summary.median_high) == pytest.approx((0.2, 0.7))


def test_recomputed_and_published_rows_of_one_pair_say_both():
    rows = pd.concat([rows_of(0.5), rows_of(0.6, source="published")])
    assert list(overlap_summary(rows)["source"]) == ["recomputed and published"]


def test_gains_are_taken_within_a_scan():
    rows = pd.concat([rows_of(0.2, 0.6, 0.7), rows_of(0.5, 0.7, pair=("R1", "R2"))])
    gains = paired_gains(rows, of=("R1", "R2"), over=("R11", "R12"))
    assert gains.to_dict() == pytest.approx({"s0": 0.3, "s1": 0.1})
    assert paired_gains(rows, of=("R1", "R2"), over=("R8", "R9")).empty


def test_published_values_are_added_where_a_pair_was_not_recomputed():
    table = add_published(rows_of(0.5), rows_of(0.1, 0.2, source="published"))
    assert table[["scan", "dice", "source"]].to_numpy().tolist() == [
        ["s0", 0.5, "recomputed"],
        ["s1", 0.2, "published"],
    ]


def test_the_truth_of_a_simulated_scan_is_no_reader(case):
    (scan,) = load_readings([case(("truth", "1", LARGER), ("1", "1", BLOCK), ("2", "1", SHIFTED))])
    assert [mask.name for mask in scan.segmentations] == ["R11", "R21"]
    assert (scan.whole(scan.truth).array == LARGER).all()
    assert load_readings([case(("1", "1", BLOCK))])[0].truth is None


def test_the_phantoms_simulated_readers_are_compared_as_the_studys():
    cases = [case for case in load_cases("phantom") if case.case == "P01"]
    readings = load_readings(cases)
    assert [scan.scan for scan in readings] == ["P01_before", "P01_after"]
    assert {scan.subject for scan in readings} == {"P01"}
    table = overlap_table(readings, surfaces=False)
    assert set(zip(table["first"], table["second"], strict=True)) >= {*MANUAL_PAIRS, CLEANED_PAIR}
    assert overlap_summary(table)["subjects"].eq(1).all()


@functools.cache
def rows_of_the_study():
    return overlap_table(load_readings(load_cases("study")), surfaces=False)


@pytest.fixture
def study_rows(study):
    return rows_of_the_study()


MEDIANS = {
    ("R11", "R12"): 0.6286,
    ("R21", "R22"): 0.6867,
    ("R11", "R21"): 0.5587,
    ("R11", "R22"): 0.5352,
    ("R12", "R21"): 0.5611,
    ("R12", "R22"): 0.5323,
    ("R1", "R2"): 0.8397,
}


@pytest.mark.study
@pytest.mark.parametrize("pair", MANUAL_PAIRS)
def test_the_authors_numbers_come_out_with_no_difference_at_all(study_rows, pair):
    """Dice, volume similarity and both counts of eight scans, to the last bit of their files."""
    numbers = ["scan", "dice", "volume_similarity", "first_voxels", "second_voxels"]
    rows = study_rows[(study_rows["first"] == pair[0]) & (study_rows["second"] == pair[1])]
    rows = rows.reset_index(drop=True)
    pd.testing.assert_frame_equal(
        rows[numbers], published_overlap([pair])[numbers], check_exact=True
    )
    assert len(rows) == 8


@pytest.mark.study
def test_the_medians_are_those_of_the_paper(study_rows):
    summary = overlap_summary(add_published(study_rows, published_overlap()))
    summary = summary.set_index(["first", "second"])
    assert summary["median"].to_dict() == pytest.approx(MEDIANS, abs=5e-5)
    assert summary[["n", "subjects"]].eq(8).all(axis=None)
    assert summary["rank_low"].eq(2).all() and summary["rank_high"].eq(7).all()


@pytest.mark.study
def test_the_median_gain_within_a_scan_is_smaller_than_the_difference_of_medians(study_rows):
    """In the preprint 28–31 %: differences of medians in Dice points. Paired: 0.22 to 0.29."""
    rows = add_published(study_rows, published_overlap())
    between = [pair for pair in MANUAL_PAIRS if pair[0][1] != pair[1][1]]
    gains = [paired_gains(rows, of=CLEANED_PAIR, over=pair).median() for pair in between]
    assert [round(f(gains), 2) for f in (min, max)] == [0.22, 0.29]
    differences = [MEDIANS[CLEANED_PAIR] - MEDIANS[pair] for pair in between]
    assert [round(f(differences), 2) for f in (min, max)] == [0.28, 0.31]


def test_distances_on_the_study_are_those_of_the_whole_masks(study):
    case = next(case for case in load_cases("study") if case.case == "4386")
    row = overlap_table(load_readings([case])).iloc[0]
    manual = {(mask.reader, mask.trial): mask.path for mask in case.reader_masks}
    first, second = (load_mask(manual["1", trial]) for trial in "12")
    whole = surface_distances(first.array, second.array, first.spacing_mm)
    assert row["surface_mean_mm"] == pytest.approx(whole.mean_mm, rel=1e-9)
    assert row["surface_p95_mm"] == pytest.approx(whole.p95_mm, rel=1e-9)
