from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.marrow import images, images_of, marrow
from vhi import Image, find_case, load_image, load_mask, measure, measure_images
from vhi.cases.case import Case
from vhi.results.batch import COLUMNS, row_of
from vhi.results.record import record_of
from vhi.results.report import render_report
from vhi.steps.normal_bone import draw_normal_bone
from vhi.steps.thresholds import estimate_thresholds
from vhi.uncertainty.area_bootstrap import area_blocks, percentile_interval, resample_thresholds
from vhi.uncertainty.interval import vhi_interval
from vhi.uncertainty.other_thresholds import inflammation_at


def test_the_interval_is_the_percentiles_of_vhi_over_all_resamples():
    m = marrow()
    found = vhi_interval(m.candidates, resamples=199)
    blocks = area_blocks(m.normal_bone.array, m.stir.spacing_mm)
    assert found.blocks == len(set(blocks)) == 4 * 3 * 2
    drawn = resample_thresholds(m.intensities, blocks, resamples=199)
    every = sorted(int(inflammation_at(m.candidates, threshold).sum()) for threshold in drawn.lower)
    assert (found.low.voxels, found.high.voxels) == (every[4], every[-5])  # ranks 5 and 195
    assert found.low.voxels < m.vhi.voxels < found.high.voxels


def test_the_interval_holds_the_measured_vhi_always():
    for seed in range(20):
        m = marrow(seed)
        narrow = vhi_interval(m.candidates, coverage=0.02, resamples=50)
        assert narrow.low.voxels <= m.vhi.voxels <= narrow.high.voxels
        assert narrow.lower_threshold[0] <= m.thresholds.lower <= narrow.lower_threshold[1]


def test_too_few_tiles_give_a_reason_and_no_interval(tiny):
    stir = tiny[0]
    m = measure_images(*tiny, t1w=stir.with_array(np.indices(stir.shape).sum(axis=0) + 1.0, "T"))
    assert m.interval.reason == (
        "an interval needs normal bone covering at least 10 tiles of about 10 mm; this area covers "
        "1. Draw a larger area, or use more slices"
    )
    assert (m.interval.low, m.interval.high, m.interval.lower_threshold) == (None, None, None)
    record = record_of(m)["vhi"]
    assert record["interval"] is None and record["no_interval"] == m.interval.reason
    assert m.interval.reason in render_report(m, b"png")


def test_an_area_that_often_has_no_spread_gives_a_reason():
    stir, normal, region = (image.array.copy() for image in images_of(marrow()))
    stir[normal] = 100
    dark = normal.copy()
    dark[15:] = False
    dark[15:25, 10:20, 1] = True
    stir[dark] = 50  # 7 tiles of 24: a resample with fewer than 7 has no spread
    m = measure_images(*images(stir, normal, region))
    assert m.thresholds.iqr == 50
    assert "have no spread" in m.interval.reason


def test_the_record_the_report_and_the_table_have_the_interval():
    m = marrow(case="a", visit="before", slice_thickness_mm=3.0)
    record = record_of(m)["vhi"]
    interval = record["interval"]
    low, high = interval["voxels"]
    assert 0 < low < record["voxels"] < high
    assert interval["mm3"] == pytest.approx([low * 3.3, high * 3.3])
    assert interval["mm3_slice_thickness"] == pytest.approx([low * 3.0, high * 3.0])
    assert interval["lower_threshold"][0] < m.thresholds.lower < interval["lower_threshold"][1]
    assert (interval["coverage"], interval["resamples"], interval["blocks"]) == (0.95, 1000, 24)
    assert interval["from"] == "normal bone"
    assert interval["without_threshold"] == 0 and record["no_interval"] is None
    html = render_report(replace(m, scans=replace(m.scans, t1w=m.stir)), b"png")
    assert f"{low} to {high} voxels" in html and "only where normal bone was drawn" in html
    row = row_of(Case("a", "a", "before", "S", "T"), m)
    assert (row["vhi_voxels_low"], row["vhi_voxels_high"]) == (low, high)
    assert set(row) <= set(COLUMNS)


def test_without_a_slice_thickness_that_volume_has_no_interval():
    assert marrow().interval.to_record()["mm3_slice_thickness"] is None


def test_the_same_inputs_give_the_same_interval():
    assert marrow().interval == marrow().interval


def test_in_simulated_marrow_a_95_percent_interval_holds_the_typical_area():
    """Where maxima beyond the brightest voxel are drawn, and not where they are resampled.

    Hardly ever what all of the marrow gives: a maximum grows with the area.
    """
    from vhi.phantom.acquisition import SLOPE, acquire, make_texture
    from vhi.phantom.grid import SHAPE, oblique_affine

    texture, noise = (np.random.default_rng(s) for s in np.random.SeedSequence(970).spawn(2))
    signal = make_texture(texture)["stir"]
    scan = acquire(signal, np.ones(SHAPE, np.float32), noise, "stir", 1.0) * SLOPE["stir"]
    stir = Image(scan, oblique_affine())
    measured, ends = [], {True: [], False: []}
    for centre in np.ndindex(5, 5, 3):
        middle = [40 + 62 * centre[0], 40 + 62 * centre[1], 3 + 7 * centre[2]]
        area = draw_normal_bone(stir, centre=middle, radius_mm=(12, 12), slices=3)
        inside = scan[area]
        blocks = area_blocks(area, stir.spacing_mm)
        measured.append(estimate_thresholds(inside).lower)
        for beyond, row in ends.items():
            drawn = resample_thresholds(inside, blocks, beyond=beyond, resamples=400)
            row.append(percentile_interval(drawn.lower))
    typical, whole = np.median(measured), estimate_thresholds(scan[10:-10, 10:-10]).lower
    held = {
        (beyond, value): np.mean([low <= value <= high for low, high in row])
        for beyond, row in ends.items()
        for value in (typical, whole)
    }
    assert held[True, typical] > 0.9
    assert held[False, typical] == pytest.approx(0.71, abs=0.02)  # one area of the 75
    assert held[True, whole] < 0.3


SCANS = ("1003", "1007", "1012", "1013", "1016", "1234", "2014", "2015", "3002", "4386")


def candidates_over_areas(case, areas_of):
    """Uncleaned candidates, specks still in, as parts of those with the whole area."""
    scan = find_case("study", case)
    stir = load_image(scan.stir)
    normal, region = load_mask(scan.normal_bone), load_mask(scan.disease_region)
    values, inside = stir.array[normal.array], stir.array[region.array]

    def count(intensities):
        return int((inside >= estimate_thresholds(intensities).lower).sum())

    slices = np.nonzero(normal.array)[stir.slice_axis]
    return [count(values[part]) / count(values) for part in areas_of(slices)]


def test_dropping_one_slice_of_the_area_moves_the_candidates_as_stated(study):
    def without_one(slices):
        return [slices != k for k in np.unique(slices)]

    moved = [ratio for case in SCANS for ratio in candidates_over_areas(case, without_one)]
    assert (len(moved), round(min(moved), 2), round(max(moved), 2)) == (45, 0.78, 1.89)


def test_halving_the_area_moves_the_candidates_as_stated(study):
    """Halves of voxels drawn at random, twenty a scan; what comes out hangs on the draw."""

    def halves(slices):
        random = np.random.default_rng(1)
        return [random.permutation(slices.size)[: slices.size // 2] for _ in range(20)]

    moved = [ratio for case in SCANS for ratio in candidates_over_areas(case, halves)]
    assert (round(min(moved), 2), round(max(moved), 1)) == (0.82, 2.2)


def test_a_study_scan_has_this_interval_on_every_machine(study):
    found = measure(find_case("study", "1007")).interval
    assert (found.low.voxels, found.high.voxels, found.blocks) == (1299, 18132, 28)


def test_single_voxels_give_narrower_intervals_than_tiles_of_any_size(study):
    """Highest over lowest number of candidates, median of the ten scans; and how many tiles."""
    wide, tiles = {}, {}
    for case in SCANS:
        scan = find_case("study", case)
        stir, normal = load_image(scan.stir), load_mask(scan.normal_bone)
        inside = stir.array[load_mask(scan.disease_region).array]
        for block_mm in (0.1, 5, 10, 20):
            blocks = area_blocks(normal.array, stir.spacing_mm, block_mm=block_mm)
            drawn = resample_thresholds(
                stir.array[normal.array], blocks, beyond=False, resamples=400
            )
            low, high = percentile_interval(drawn.lower)
            ratio = (inside >= low).sum() / (inside >= high).sum()
            wide.setdefault(block_mm, []).append(ratio)
            tiles.setdefault(block_mm, []).append(drawn.blocks)
    medians = [round(float(np.median(ratios)), 2) for ratios in wide.values()]
    assert medians == [1.35, 1.72, 1.79, 1.88]
    assert sorted(tiles[10]) == [6, 15, 24, 28, 30, 41, 43, 49, 52, 55]
