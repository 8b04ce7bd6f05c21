from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.marrow import images, images_of, marrow
from vhi import measure_images
from vhi.uncertainty.interval import vhi_interval
from vhi.uncertainty.other_thresholds import inflammation_at
from vhi.uncertainty.proposed import proposed_interval, region_sizes


def regions_of(m):
    regions = m.candidates.regions
    return regions, np.bincount(regions.part, minlength=regions.count + 1)


def interval_of(m, keep, kept=None, *, scan_sd=0.0, lesion_sd=0.0, **options):
    keep = np.asarray(keep, float)
    kept = keep > 0.5 if kept is None else kept
    return proposed_interval(
        m.candidates, keep, kept, scan_sd=scan_sd, lesion_sd=lesion_sd, **options
    )


def spots(sizes, gap=12):
    """Bright squares, one region each, on a dark background: no threshold changes their sizes."""
    stir = 98.0 + np.indices((60, 60, 6)).sum(axis=0) % 5
    stir[..., 3:] = 50
    normal, region = np.zeros(stir.shape, bool), np.zeros(stir.shape, bool)
    normal[5:45, 5:55, 0:2] = True
    region[:, :, 3:] = True
    for n, size in enumerate(sizes):
        i, j = 2 + gap * (n % 4), 2 + gap * (n // 4)
        stir[i : i + size, j : j + size, 4] = 200
    return measure_images(*images(stir, normal, region))


def test_where_all_is_certain_the_interval_is_the_proposed_volume():
    m = spots([3, 5, 8])
    assert m.vhi.voxels == 9 + 25 + 64
    found = interval_of(m, [0, 1, 1, 0])
    assert (found.low.voxels, found.high.voxels) == (64 + 25, 64 + 25)
    assert found.to_record()["from"] == "normal bone and cleaning"


def test_one_lesion_of_even_odds_gives_all_or_nothing():
    m = spots([8])
    found = interval_of(m, [0, 0.5], [False, True])
    assert (found.low.voxels, found.high.voxels) == (0, 64)
    assert interval_of(m, [0, 0.99]).low.voxels == 64  # it is dropped once in a hundred draws


def test_independent_regions_have_the_spread_of_a_binomial():
    m = spots([5] * 16)
    half = np.arange(17) % 2 == 1
    ends = interval_of(m, [0] + [0.5] * 16, half, draws=4000)
    assert (ends.low.voxels, ends.high.voxels) == (4 * 25, 12 * 25)  # binomial 16, 0.5: 4 and 12


def test_a_shift_of_the_scan_widens_the_interval():
    m = spots([5] * 16)
    keep = [0] + [0.7] * 16
    narrow, wide = (interval_of(m, keep, scan_sd=sd, draws=4000) for sd in (0, 2.0))
    assert wide.low.voxels < narrow.low.voxels and wide.high.voxels >= narrow.high.voxels


def test_regions_of_one_lesion_are_decided_together():
    """Three squares, one above the other in neighbouring slices, are one lesion."""
    stir = spots([]).stir.array.copy()
    for n in range(4):
        stir[2 + 14 * n : 8 + 14 * n, 2:8, 3:6] = 200
    m = measure_images(*images(stir, *(image.array for image in images_of(spots([]))[1:])))
    assert m.candidates.regions.count == 12 and m.candidates.regions.lesion_of.max() == 4
    keep, half = [0] + [0.5] * 12, np.arange(13) % 2 == 1
    apart, together = (interval_of(m, keep, half, lesion_sd=sd, draws=4000) for sd in (0, 20.0))
    assert (apart.low.voxels, apart.high.voxels) == (3 * 36, 9 * 36)
    assert (together.low.voxels, together.high.voxels) == (0, 12 * 36)


def test_the_proposed_volume_lies_inside_always():
    for seed in range(5):
        m = marrow(seed)
        regions, sizes = regions_of(m)
        for kept in (np.ones(regions.count + 1, bool), np.zeros(regions.count + 1, bool)):
            found = interval_of(m, np.full(regions.count + 1, 0.5), kept, coverage=0.02, draws=60)
            volume = int(sizes[1:] @ kept[1:])
            assert found.low.voxels <= volume <= found.high.voxels
            assert found.lower_threshold[0] <= m.thresholds.lower <= found.lower_threshold[1]


def test_sizes_at_other_thresholds_are_those_of_the_candidates_there():
    for seed in range(3):
        m = marrow(seed)
        lower = m.thresholds.lower
        thresholds = np.array([0.9, 0.97, 1.0, 1.04, 1.1]) * lower
        sizes = region_sizes(m.candidates, thresholds)
        exact = [inflammation_at(m.candidates, t).sum() for t in thresholds]
        assert sizes.sum(axis=1).tolist() == exact
        assert sizes[2].tolist() == [0, *regions_of(m)[1][1:]]
        assert (np.diff(sizes, axis=0) <= 0).all()


def test_with_every_region_kept_it_is_the_interval_of_the_uncleaned_vhi():
    m = marrow()
    ours = interval_of(m, np.ones(m.candidates.regions.count + 1))
    uncleaned = vhi_interval(m.candidates)
    assert ours.lower_threshold == pytest.approx(uncleaned.lower_threshold)
    assert ours.low.voxels == pytest.approx(uncleaned.low.voxels, abs=10)
    assert ours.high.voxels == pytest.approx(uncleaned.high.voxels, rel=0.03)


def test_any_order_of_the_axes_gives_the_same_sizes():
    m = marrow()
    turned = [np.moveaxis(image.array, 2, 0) for image in images_of(m)]
    affine = np.zeros((4, 4))
    affine[[0, 1, 2, 3], [1, 2, 0, 3]] = [1, 1, 3.3, 1]
    other = measure_images(
        *(
            replace(image, array=array, affine=affine)
            for image, array in zip(images_of(m), turned, strict=True)
        )
    )
    thresholds = np.array([0.95, 1.0]) * m.thresholds.lower
    ours, theirs = (np.sort(region_sizes(x.candidates, thresholds)) for x in (m, other))
    assert (ours == theirs).all()


def test_the_same_inputs_give_the_same_interval():
    m = marrow()
    keep = np.full(m.candidates.regions.count + 1, 0.4)
    assert interval_of(m, keep, scan_sd=1, lesion_sd=1) == interval_of(
        m, keep, scan_sd=1, lesion_sd=1
    )
    assert interval_of(m, keep, seed=2) != interval_of(m, keep)


def test_plausible_areas_widen_both_intervals():
    m = marrow()
    keep = np.ones(m.candidates.regions.count + 1)
    lower = m.thresholds.lower
    spread = (0.9 * lower, lower, 1.2 * lower)
    for interval in (
        lambda given: vhi_interval(m.candidates, plausible_thresholds=given),
        lambda given: interval_of(m, keep, plausible_thresholds=given),
    ):
        narrow, same, wide = interval(None), interval(()), interval(spread)
        assert same == narrow
        assert wide.lower_threshold[0] < narrow.lower_threshold[0]
        assert wide.lower_threshold[1] > narrow.lower_threshold[1]
        assert wide.high.voxels > narrow.high.voxels


def test_a_small_area_gives_the_reason_and_no_interval(tiny):
    m = measure_images(*tiny)
    found = interval_of(m, np.full(m.candidates.regions.count + 1, 0.5))
    assert "at least 10 tiles" in found.reason and found.to_record() is None


def test_arguments_that_make_no_sense_are_refused():
    m = spots([5, 3])
    with pytest.raises(ValueError, match="keep: shape"):
        interval_of(m, [0, 1])
    with pytest.raises(ValueError, match="kept: shape"):
        interval_of(m, [0, 1, 1], [True])
    for value in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="between 0 and 1"):
            interval_of(m, [0, value, 1])
    with pytest.raises(ValueError, match="scan_sd -1"):
        interval_of(m, [0, 1, 1], scan_sd=-1)


def test_a_scan_without_regions_has_an_interval_of_nothing():
    found = interval_of(spots([]), [0], scan_sd=1, lesion_sd=1)
    assert (found.low.voxels, found.high.voxels) == (0, 0)
