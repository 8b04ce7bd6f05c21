"""Cleaning by whole regions: its ceiling, a stand-in, and none at all."""

import functools
import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.helpers.scans import write_nifti
from vhi import measure
from vhi.cases.case import ReaderMask, load_cases
from vhi.reader_study.ceiling import (
    CEILING_COLUMNS,
    best_regions,
    ceiling_table,
    cleaning_table,
    consensus_guided,
    stand_in,
)
from vhi.reader_study.readings import load_readings
from vhi.statistics import dice
from vhi.steps.small_regions import label_regions


def scan(*slices):
    """Draw a scan of one character per voxel: a list of rows for each slice."""
    return np.stack(
        [np.array([[character == "#" for character in row] for row in rows]) for rows in slices], 2
    )


# Three regions: 2 x 2 and 1 x 2 pixels in the first slice, 1 x 4 in the second, under the first.
CANDIDATES = scan(["##..##", "##....", "......"], ["####..", "......", "......"])
NOTHING = np.zeros(CANDIDATES.shape, bool)


def marked(*voxels):
    mask = np.zeros(CANDIDATES.shape, bool)
    for voxel in voxels:
        mask[voxel] = True
    return mask


def test_the_best_choice_leaves_out_what_costs_more_than_it_brings():
    # True: 4 of 4, 1 of 2, 1 of 4 voxels of the regions, and 2 outside them.
    truth = CANDIDATES & scan(["##..#.", "##....", "......"], ["#.....", "......", "......"])
    truth |= marked((2, 0, 0), (2, 1, 0))
    best = best_regions(CANDIDATES, truth)
    # One region 8/12, two 10/14, all three 12/18; a region pays from a true share of 5/14 on.
    assert best.dice == pytest.approx(10 / 14)
    assert (best.regions, best.kept) == (3, 2)
    assert (best.mask == scan(["##..##", "##....", "......"], ["......"] * 3)).all()


def test_a_mask_of_whole_regions_is_reached():
    best = best_regions(CANDIDATES, CANDIDATES)
    assert (best.dice, best.kept, best.regions) == (1, 3, 3)


def test_nothing_marked_and_nothing_to_keep_have_defined_answers():
    assert best_regions(CANDIDATES, NOTHING).dice == 1
    assert best_regions(CANDIDATES, NOTHING).kept == 0
    for candidates in (CANDIDATES, NOTHING):
        best = best_regions(candidates, marked((2, 5, 1)))
        assert (best.dice, best.kept, int(best.mask.sum())) == (0, 0, 0)
    assert best_regions(NOTHING, NOTHING).regions == 0


VOLUMES = st.tuples(*[hnp.arrays(bool, (4, 5, 2)) for _ in range(2)])


@given(VOLUMES)
def test_no_choice_of_whole_regions_beats_the_best_one(pair):
    candidates, truth = pair
    regions, count = label_regions(candidates)
    tried = max(
        dice(np.isin(regions, choice), truth)
        for size in range(count + 1)
        for choice in itertools.combinations(range(1, count + 1), size)
    )
    best = best_regions(candidates, truth)
    assert best.dice == tried
    assert dice(best.mask, truth) == tried and not (best.mask & ~candidates).any()
    assert not np.intersect1d(regions[best.mask], regions[~best.mask]).size  # regions are whole


def test_regions_with_a_voxel_that_two_masks_mark_stay_whole():
    first, second = marked((0, 0, 0), (0, 4, 0)), marked((0, 0, 0), (0, 5, 0), (0, 3, 1))
    kept = consensus_guided(CANDIDATES, [first, second])
    # Both mark one voxel of the 2 x 2 region; of the 1 x 2 each marks another: no consensus.
    assert (kept == scan(["##....", "##....", "......"], ["......"] * 3)).all()
    assert (consensus_guided(CANDIDATES, [first, second], at_least=1) == CANDIDATES).all()
    assert not consensus_guided(CANDIDATES, [NOTHING, second]).any()
    assert not consensus_guided(NOTHING, [first, second]).any()


def test_regions_end_at_their_slice_whatever_axis_that_is():
    turned = np.moveaxis(CANDIDATES, 2, 0)
    mask = np.moveaxis(marked((0, 0, 0)), 2, 0)
    assert consensus_guided(turned, [mask, mask], slice_axis=0).sum() == 4
    assert best_regions(turned, mask, slice_axis=0).kept == 1


@pytest.fixture
def read(tiny_case, tmp_path):
    """Give the tiny case readers' masks, and load and measure it."""

    def load(*masks):
        listed = []
        for number, (reader, trial, mask) in enumerate(masks):
            path = write_nifti(tmp_path / f"r{number}.nii.gz", mask.astype(np.uint8))
            listed.append(ReaderMask(reader, trial, path))
        case = replace(tiny_case, reader_masks=tuple(listed))
        return load_readings([case])[0], measure(case)

    return load


def on_tiny(*where):
    mask = np.zeros((40, 40, 6), bool)
    for part in where:
        mask[part] = True
    return mask


REGION = (slice(25, 30), slice(25, 29), 2)  # 20 candidates
SPECK = (33, slice(33, 36), 3)  # 3 candidates that go
DIM = (slice(20, 23), 20, 4)  # 3 voxels below the threshold
OUTSIDE = (0, slice(0, 4), 2)  # 4 bright voxels outside the disease region
HALF = (slice(25, 30), slice(25, 27), 2)  # 10 of the 20


def test_a_mask_is_shared_out_by_what_cleaning_can_reach(read):
    first = on_tiny(HALF, SPECK, DIM, OUTSIDE)
    table = ceiling_table(*read(("1", "1", first)))
    assert tuple(table) == CEILING_COLUMNS
    (row,) = table.to_dict("records")
    assert (row["scan"], row["segmentation"], row["marked_voxels"]) == ("tiny", "R11", 20)
    shares = [row[f"{name}_share"] for name in CEILING_SHARES]
    assert shares == pytest.approx([4 / 20, 3 / 20, 3 / 20, 10 / 20])
    assert row["below_lower_share"] == pytest.approx(3 / 20)
    # All 20 pixels of the region for its 10 true ones.
    assert row["ceiling_dice"] == pytest.approx(20 / 40)
    assert math.isnan(row["stand_in_dice"])  # one manual mask is no consensus


CEILING_SHARES = ("outside_region", "below_in_region", "removed_as_small", "reachable")


def test_no_cleaning_and_the_stand_in_are_said_for_each_scan(read):
    readings, measurement = read(("1", "1", on_tiny(HALF)), ("2", "1", on_tiny(REGION)))
    (row,) = cleaning_table(readings, measurement).to_dict("records")
    kept = int((measurement.kept.array > 0).sum())
    assert (row["uncleaned_voxels"], row["uncleaned_dice"]) == (kept, 1)
    assert (row["stand_in_voxels"], row["manual_masks"]) == (20, 2)
    assert (stand_in(readings, measurement) == on_tiny(REGION)).all()
    second = ceiling_table(readings, measurement).iloc[1]
    assert second["ceiling_dice"] == second["stand_in_dice"] == 1


def test_cleaned_masks_are_neither_judged_nor_asked(read):
    readings, measurement = read(("1", "1", on_tiny(HALF)), ("1", "cleaned", on_tiny(REGION)))
    assert list(ceiling_table(readings, measurement)["segmentation"]) == ["R11"]
    assert stand_in(readings, measurement) is None
    assert cleaning_table(readings, measurement)["stand_in_voxels"].isna().all()


def test_an_empty_manual_mask_has_no_shares(read):
    (row,) = ceiling_table(*read(("1", "1", on_tiny()))).to_dict("records")
    assert row["marked_voxels"] == 0 and math.isnan(row["reachable_share"])
    assert (row["ceiling_dice"], row["regions_of_ceiling"]) == (1, 0)


@functools.cache
def of_the_study():
    scans = [(scan, measure(scan.case)) for scan in load_readings(load_cases("study"))]
    return tuple(
        pd.concat([make(*scan) for scan in scans]) for make in (ceiling_table, cleaning_table)
    )


def test_the_stand_in_volumes_are_exact(study):
    assert of_the_study()[1].set_index("scan")["stand_in_voxels"].to_dict() == {
        "1003": 173,
        "1007": 1632,
        "1012": 1159,
        "1013": 94742,
        "1016": 13309,
        "1234": 1035,
        "3002": 26768,
        "4386": 599,
    }


def test_even_perfect_cleaning_by_whole_regions_cannot_reach_the_manual_masks(study):
    """Dice 0.22 to 0.86 over 32 manual masks."""
    ceilings = of_the_study()[0]["ceiling_dice"]
    assert len(ceilings) == 32
    assert [round(value, 2) for value in (ceilings.min(), ceilings.max())] == [0.22, 0.86]


def test_17_to_82_percent_of_the_marked_voxels_are_bone_below_the_lower_threshold(study):
    """In the disease region; wherever they lie, 17.9 to 83.8 % of all marked voxels."""
    table = of_the_study()[0]
    inside, anywhere = (
        [round(100 * f(table[name]), 1) for f in (min, max)]
        for name in ("below_in_region_share", "below_lower_share")
    )
    assert (inside, anywhere) == ([16.9, 82.1], [17.9, 83.8])
    assert table[[f"{name}_share" for name in CEILING_SHARES]].sum(axis=1).to_numpy() == (
        pytest.approx(1)
    )
    assert (table["stand_in_dice"] <= table["ceiling_dice"]).all()
    assert (table["uncleaned_dice"] <= table["ceiling_dice"]).all()


def test_readers_who_clean_nothing_agree_perfectly(study):
    assert list(of_the_study()[1]["uncleaned_dice"]) == [1] * 8
