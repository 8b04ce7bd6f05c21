"""The table of how often intervals held, and the simulated scans behind it."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulated_scans import NORMAL_ROWS, make_scan
from benchmarks.vhi_coverage import (
    ANOTHER,
    BEYOND,
    COLUMNS,
    HALF,
    PLAIN,
    STUDY_TABLE,
    TABLE,
    TYPICAL,
    row,
)
from vhi.phantom.grid import SPACING_MM


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(TABLE)


def shares(table, interval, target):
    rows = table[(table["interval"] == interval) & (table["target"] == target)]
    return [round(100 * float(end)) for end in (rows["coverage"].min(), rows["coverage"].max())]


def test_the_documented_shares_are_those_of_the_table(table):
    """In the docstring of `vhi_interval` and in the report."""
    assert shares(table, BEYOND, TYPICAL) == [88, 100]
    assert shares(table, BEYOND, ANOTHER) == [73, 96]
    assert shares(table, BEYOND, HALF) == [94, 94]
    assert shares(table, PLAIN, TYPICAL) == [44, 64]


def test_intervals_of_proposals_hold_what_a_reader_would_keep(table):
    rows = table[(table["quantity"] == "VHI, proposed") & (table["target"] != "true volume")]
    assert rows["coverage"].between(0.9, 1).all()
    assert (
        table[table["data"].str.startswith("simulated scans")].groupby("data")["n"].max().sum()
        >= 500
    )


def test_the_row_of_the_study_counts_both_readers_of_each_scan(table):
    scans = pd.read_csv(STUDY_TABLE).dropna(subset="low")
    inside = sum(scans[f"reader_{n}"].between(scans["low"], scans["high"]).sum() for n in (1, 2))
    (of_study,) = table[table["target"] == "either reader's volume"].itertuples()
    assert of_study.n == 2 * len(scans)
    assert of_study.coverage == pytest.approx(inside / of_study.n, abs=0.001)


def test_a_row_counts_targets_inside_below_and_above():
    ends = [(1, 2, 3, 2), (1, 2, 3, 0.5), (1, 2, 3, 4), (2, 4, 6, 6)]
    found = row("q", "i", "t", "d", ends)
    assert list(found) == COLUMNS
    assert (found["coverage"], found["below"], found["above"]) == (0.5, 0.25, 0.25)
    assert (found["low"], found["value"], found["high"]) == (0.5, 1.25, 1.5)


@pytest.mark.parametrize("volume_mm3", [100, 3000])
def test_a_simulated_scan_holds_the_volume_asked_for(volume_mm3):
    scan = make_scan(np.random.default_rng(1), volume_mm3)
    voxel_mm3 = float(np.prod(SPACING_MM))
    assert scan.lesions.sum() * voxel_mm3 == pytest.approx(volume_mm3, abs=voxel_mm3)
    assert not (scan.lesions & scan.candidates.normal_bone.array).any()
    assert not scan.lesions[:NORMAL_ROWS].any()
    kept = scan.candidates.kept.array[scan.lesions] > 0
    assert kept.mean() > 0.7
