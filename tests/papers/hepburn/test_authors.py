"""The authors' published numbers, scan by scan."""

import pytest

from vhi.cases import supplement
from vhi.errors import InputError
from vhi.papers.hepburn.authors import (
    CLEANED_PAIR,
    MANUAL_PAIRS,
    PAIRS,
    network_overlap,
    published_overlap,
)
from vhi.reader_study.overlap import OVERLAP_COLUMNS
from vhi.statistics import median_interval

SCANS = ["1003", "1007", "1012", "1013", "1016", "1234", "3002", "4386"]
OVERLAP = """#
# Col. 0: scan ID, Col. 1: volume overlap
#
# ['1003_inflammation_R1_LT.nii', '1007_inflammation_R1_LT.nii']
#
1.003000000000000000e+03 2.687969924812030342e-01
1.007000000000000000e+03 8.477321814254860088e-01
"""
VOLUMES = """#
1.003e+03 3.157894736842105088e-01 8.96e+02 1.68e+02
1.007e+03 8.930885529157667786e-01 2.05e+03 1.654e+03
"""


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Stand for the authors' files, and return the paths that are asked for."""
    asked = []

    def fetch(paths):
        asked.extend(paths)
        file = tmp_path / "listed.txt"
        file.write_text(OVERLAP if "/overlap/" in paths[0] else VOLUMES)
        return dict.fromkeys(paths, file)

    monkeypatch.setattr(supplement, "fetch", fetch)
    return asked


def test_files_are_read_to_their_last_digit_and_asked_for_by_their_own_names(listed):
    table = published_overlap([("R1", "R2")])
    assert tuple(table.columns) == OVERLAP_COLUMNS
    assert table["scan"].tolist() == ["1003", "1007"]
    assert table["dice"].tolist() == [0.2687969924812030342, 0.8477321814254860088]
    assert table["volume_similarity"][0] == 0.3157894736842105088
    assert table[["first_voxels", "second_voxels"]].to_numpy().tolist() == [
        [896, 168],
        [2050, 1654],
    ]
    assert (table["source"] == "published").all() and table["surface_mean_mm"].isna().all()
    assert listed == [
        "generated_files/overlap/overlap_R1_R2.txt",
        "generated_files/volume_similarity/vs_R1_R2.txt",
    ]


def test_the_files_of_every_pair_are_in_the_manifest():
    known = {file.path for file in supplement.manifest()}
    assert len(PAIRS) == len(MANUAL_PAIRS) + 1 == 7 == len(set(PAIRS))
    for first, second in PAIRS:
        assert f"generated_files/overlap/overlap_{first}_{second}.txt" in known
        assert f"generated_files/volume_similarity/vs_{first}_{second}.txt" in known
    assert "generated_files/model_training/test_data_overlap.txt" in known


@pytest.mark.parametrize("pair", [("R12", "R11"), ("R1", "R3"), ("R11", "R11")])
def test_a_pair_that_was_not_published_is_refused(pair):
    with pytest.raises(ValueError, match=r"R11-R12.*R1-R2; got "):
        published_overlap([pair])


def test_files_that_cannot_be_had_are_named_with_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("VHI_DATA_MIRROR", str(tmp_path))
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(supplement, "SOURCE_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"overlap_R1_R2\.txt.*VHI_DATA_MIRROR"):
        published_overlap([CLEANED_PAIR])


@pytest.fixture
def cleaned(study):
    """The published overlap of the cleaned masks, by scan."""
    return published_overlap([CLEANED_PAIR]).set_index("scan")


def test_every_pair_has_the_same_scans(study):
    table = published_overlap()
    assert len(table) == len(PAIRS) * len(SCANS)
    assert table.groupby(["first", "second"])["scan"].agg(list).tolist() == [SCANS] * len(PAIRS)


def test_the_cleaned_masks_agree_as_printed(cleaned):
    """Median 0.84 in the paper, 0.8397 from its files; the interval is from ranks 2 and 7."""
    overlaps = cleaned["dice"]
    assert overlaps.median() == pytest.approx(0.8397, abs=5e-5)
    interval = median_interval(overlaps)
    assert (interval.low, interval.high) == (overlaps["1234"], overlaps["3002"])


def test_one_scan_is_the_outlier_of_the_cleaned_masks(cleaned):
    """1003: Dice 0.27, 896 voxels against 168; the next lowest is 0.67."""
    assert cleaned["dice"].nsmallest(2).round(4).to_dict() == {"1003": 0.2688, "1234": 0.6667}
    # Dice and both counts give the voxels in common: 143 of reader 2's 168.
    scan = cleaned.loc["1003"]
    common = scan["dice"] * (scan["first_voxels"] + scan["second_voxels"]) / 2
    assert common == pytest.approx(143, abs=1e-9)


def test_manual_overlap_ranges_as_printed(study):
    """Section 3.3: "ranged from 0.28 to 0.87"."""
    overlaps = published_overlap(MANUAL_PAIRS)["dice"]
    assert len(overlaps) == 48
    assert (round(overlaps.min(), 2), round(overlaps.max(), 2)) == (0.28, 0.87)


def test_the_readers_cleaned_volumes_are_the_published_ones(cleaned):
    assert cleaned[["first_voxels", "second_voxels"]].T.to_dict("list") == {
        "1003": [896, 168],
        "1007": [2050, 1654],
        "1012": [2033, 1454],
        "1013": [97301, 98672],
        "1016": [15768, 14823],
        "1234": [1570, 1685],
        "3002": [30727, 28980],
        "4386": [824, 481],
    }


def test_the_largest_cleaned_volume_is_above_the_largest_mean_in_the_papers_figure(cleaned):
    """Figure 7's largest mean is 90,081 voxels: these masks are not the pass behind it."""
    assert cleaned.loc["1013", ["first_voxels", "second_voxels"]].mean() == 97986.5 > 90081


def test_the_networks_slices_are_as_printed(study):
    """48 slices of two scans, mean 0.9411, 0.8500 to 0.9784 (paper: 0.94, 0.85 to 0.98)."""
    slices = network_overlap()
    assert len(slices) == 48 and set(slices.index.get_level_values("scan")) == {"1003", "2014"}
    assert slices.agg(["mean", "min", "max"]).round(4).tolist() == [0.9411, 0.8500, 0.9784]
