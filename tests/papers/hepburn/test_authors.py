"""The authors' published numbers, scan by scan."""

import math

import numpy as np
import pytest

from vhi.cases import supplement as data
from vhi.errors import InputError
from vhi.papers.hepburn.authors import (
    CLEANED_PAIR,
    MANUAL_PAIRS,
    PAIRS,
    Volumes,
    network_overlap_published,
    overlap_published,
    published_overlap_rows,
    volumes_published,
)
from vhi.reader_study.overlap import OVERLAP_COLUMNS
from vhi.statistics import median_interval, summarise

SCANS = ["1003", "1007", "1012", "1013", "1016", "1234", "3002", "4386"]
LISTED = """#
# Col. 0: scan ID, Col. 1: volume overlap
#
# ['1003_inflammation_R1_LT.nii', '1007_inflammation_R1_LT.nii']
#
1.003000000000000000e+03 2.687969924812030342e-01
1.007000000000000000e+03 8.477321814254860088e-01
"""


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Stand for the authors' files: any path gives the text that the test wants."""

    def stand_for(text):
        file = tmp_path / "listed.txt"
        file.write_text(text)
        asked = []
        monkeypatch.setattr(
            data, "fetch", lambda paths: {path: asked.append(path) or file for path in paths}
        )
        return asked

    return stand_for


def test_a_file_is_read_to_its_last_digit_and_asked_for_by_its_own_name(listed):
    asked = listed(LISTED)
    assert overlap_published(("R1", "R2")) == {
        "1003": 0.2687969924812030342,
        "1007": 0.8477321814254860088,
    }
    assert asked == ["generated_files/overlap/overlap_R1_R2.txt"]


def test_volumes_come_with_both_counts(listed):
    asked = listed("# \n1.003e+03 3.157894736842105088e-01 8.96e+02 1.68e+02\n")
    assert volumes_published(("R1", "R2")) == {"1003": Volumes(0.3157894736842105, 896, 168)}
    assert asked == ["generated_files/volume_similarity/vs_R1_R2.txt"]


def test_the_files_of_every_pair_are_in_the_manifest():
    known = {file.path for file in data.manifest()}
    assert len(PAIRS) == len(MANUAL_PAIRS) + 1 == 7 == len(set(PAIRS))
    for first, second in PAIRS:
        assert f"generated_files/overlap/overlap_{first}_{second}.txt" in known
        assert f"generated_files/volume_similarity/vs_{first}_{second}.txt" in known
    assert "generated_files/model_training/test_data_overlap.txt" in known


@pytest.mark.parametrize("pair", [("R12", "R11"), ("R1", "R3"), ("R11", "R11")])
def test_a_pair_that_was_not_published_is_refused(pair):
    for published in (overlap_published, volumes_published):
        with pytest.raises(ValueError, match=r"R11-R12.*R1-R2; got "):
            published(pair)


def test_files_that_cannot_be_had_are_named_with_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("VHI_DATA_MIRROR", str(tmp_path))
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(data, "SOURCE_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"overlap_R1_R2\.txt.*VHI_DATA_MIRROR"):
        overlap_published(CLEANED_PAIR)


def test_published_overlap_has_the_columns_of_recomputed_overlap(study):
    rows = published_overlap_rows()
    assert len(rows) == len(PAIRS) * len(SCANS)
    row = next(row for row in rows if (row["first"], row["scan"]) == ("R1", "1003"))
    assert tuple(row) == OVERLAP_COLUMNS
    assert (row["source"], row["first_voxels"], row["second_voxels"]) == ("published", 896, 168)
    assert math.isnan(row["surface_mean_mm"])


def test_the_cleaned_masks_agree_as_printed(study):
    """Median 0.84 in the paper, 0.8397 from its files; the interval is from ranks 2 and 7."""
    overlaps = overlap_published(CLEANED_PAIR)
    assert list(overlaps) == SCANS
    assert summarise(overlaps.values()).median == pytest.approx(0.8397, abs=5e-5)
    interval = median_interval(overlaps.values())
    assert (interval.low, interval.high) == (overlaps["1234"], overlaps["3002"])


def test_one_scan_is_the_outlier_of_the_cleaned_masks(study):
    """1003: Dice 0.27, 896 voxels against 168; the next lowest is 0.67."""
    overlaps = overlap_published(CLEANED_PAIR)
    lowest = sorted(overlaps, key=overlaps.__getitem__)
    assert lowest[:2] == ["1003", "1234"]
    assert overlaps["1003"] == pytest.approx(0.2688, abs=5e-5)
    assert overlaps["1234"] == pytest.approx(0.6667, abs=5e-5)
    volumes = volumes_published(CLEANED_PAIR)["1003"]
    # Dice and both counts give the voxels in common: 143 of reader 2's 168.
    common = overlaps["1003"] * (volumes.first + volumes.second) / 2
    assert common == pytest.approx(143, abs=1e-9)


def test_manual_overlap_ranges_as_printed(study):
    """Section 3.3: "ranged from 0.28 to 0.87"."""
    overlaps = [dice for pair in MANUAL_PAIRS for dice in overlap_published(pair).values()]
    assert len(overlaps) == 48
    assert [round(f(overlaps), 2) for f in (min, max)] == [0.28, 0.87]


def test_the_readers_cleaned_volumes_are_the_published_ones(study):
    volumes = volumes_published(CLEANED_PAIR)
    assert {scan: (each.first, each.second) for scan, each in volumes.items()} == {
        "1003": (896, 168),
        "1007": (2050, 1654),
        "1012": (2033, 1454),
        "1013": (97301, 98672),
        "1016": (15768, 14823),
        "1234": (1570, 1685),
        "3002": (30727, 28980),
        "4386": (824, 481),
    }


def test_the_largest_cleaned_volume_is_above_the_largest_mean_in_the_papers_figure(study):
    """Figure 7's largest mean is 90,081 voxels: these masks are not the pass behind it."""
    volumes = volumes_published(CLEANED_PAIR)["1013"]
    assert (volumes.first + volumes.second) / 2 == 97986.5 > 90081


def test_the_networks_slices_are_as_printed(study):
    """48 slices of two scans, mean 0.9411, 0.8500 to 0.9784 (paper: 0.94, 0.85 to 0.98)."""
    slices = network_overlap_published()
    assert len(slices) == 48 and {scan for scan, _ in slices} == {"1003", "2014"}
    summary = summarise(slices.values())
    found = (summary.mean, summary.min, summary.max)
    assert np.round(found, 4).tolist() == [0.9411, 0.8500, 0.9784]
