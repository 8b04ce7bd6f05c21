"""The phantom (simulated) resembles the study's scans in numbers, and its truth is true."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage

from vhi import phantom as ph
from vhi.cases.case import load_cases
from vhi.errors import InputError
from vhi.images.nifti import load_image, load_mask
from vhi.statistics import dice
from vhi.steps.candidates import label_candidates
from vhi.steps.small_regions import label_regions, remove_small_regions
from vhi.steps.thresholds import estimate_thresholds

# Smallest and largest value over the study's ten scans (those with air in view, for air; the eight
# with manual readings, for lesions), from `describe` and `describe_lesions` below. Text and
# numbers only; `test_the_ranges_are_those_of_the_study` measures them again.
REAL = {
    "area_min": (1124, 4709),
    "area_max": (21741, 29264),
    "area_mean": (11357, 15204),
    "normal_voxels": (1256, 7893),
    "normal_slices": (3, 6),
    "lower_quartile": (2.593, 6.808),
    "median": (3.074, 7.346),
    "upper_quartile": (3.593, 7.808),
    "maximum_above": (1.600, 3.450),
    "grain_0": (0.866, 0.932),
    "grain_1": (0.698, 0.833),
    "bone_stir": (0.762, 1.278),
    "bone_t1w": (0.872, 1.082),
    "normal_t1w_sd": (0.085, 0.218),
    "fat_stir": (0.796, 1.822),
    "fat_t1w": (1.340, 2.767),
    "muscle_stir": (0.537, 1.217),
    "muscle_t1w": (0.578, 0.875),
    "csf_stir": (4.525, 8.911),
    "csf_t1w": (0.377, 0.627),
    "air_stir": (0.017, 0.041),
    "lesion_low": (2.150, 4.150),
    "lesion_median": (3.200, 6.650),
    "lesion_high": (6.425, 13.650),
    "marked_median": (3.350, 6.800),
    "marked_ratio": (1.525, 2.511),
    "marked_t1w": (0.501, 1.060),
    "lower_threshold": (1.975, 3.500),
    "edge_1": (0.415, 0.832),
    "edge_2": (0.638, 1.084),
    "edge_3": (0.771, 1.243),
}


BODIES = (*((seed, "moderate") for seed in range(1, 7)), (1, "mild"), (2, "mild"), (1, "severe"))
"""Seed and severity of the phantoms on which volumes are compared with the truth."""


def otsu(values):
    """The value that splits a histogram into its two most distinct parts (Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    middle = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts)[:-1], counts.sum()
    moment = np.cumsum(counts * middle)[:-1]
    mean = (counts * middle).sum() / total
    return middle[np.argmax((mean * below - moment) ** 2 / (below * (total - below)))]


def find_tissues(stir, t1w, bone, normal_bone):
    """Fat, muscle, CSF and air by one rule for real and simulated scans.

    Outside a brick of 6 mm around bone: fat is above and muscle below Otsu's split of T1w, two
    pixels inside; muscle is no fluid either. CSF is the largest bright STIR area within 12 mm of
    the middle of bone. Air has under a tenth of marrow's T1w signal, in patches of 9 pixels.
    """
    marrow_stir, marrow_t1w = np.median(stir[normal_bone]), np.median(t1w[normal_bone])
    near = ndimage.maximum_filter(bone.view(np.uint8), size=(21, 21, 3)).astype(bool)
    outside = ~near & (t1w > 0.15 * marrow_t1w)
    split = otsu(np.minimum(t1w[outside], np.percentile(t1w[outside], 99)))
    fat = ndimage.minimum_filter((outside & (t1w >= split)).view(np.uint8), size=(5, 5, 1))
    soft = outside & (t1w < split) & (stir < 2.5 * marrow_stir) & (stir > 0.1 * marrow_stir)
    muscle = ndimage.minimum_filter(soft.view(np.uint8), size=(5, 5, 1))
    fluid = ~bone & (t1w < split) & (stir > 3.5 * marrow_stir)
    centre = round(np.flatnonzero(bone.any((1, 2))).mean())
    fluid[: centre - 20] = fluid[centre + 20 :] = False
    fluid = ndimage.minimum_filter(fluid.view(np.uint8), size=(3, 3, 1))
    parts, _ = ndimage.label(fluid)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    csf = parts == sizes.argmax()
    dark = (t1w < 0.1 * marrow_t1w).view(np.uint8)
    air = ndimage.minimum_filter(dark, size=(9, 9, 1)).astype(bool)
    return {"fat": fat.astype(bool), "muscle": muscle.astype(bool), "csf": csf, "air": air}


def neighbours_correlation(values, mask, axis):
    """Correlation of normal-bone intensities one voxel apart along an axis."""
    rest = np.where(mask, values - values[mask].mean(), np.nan)
    one, other = (np.delete(rest, end, axis) for end in (0, -1))
    return np.nanmean(one * other) / values[mask].var()


def describe(stir, t1w, bone, normal_bone):
    """Numbers by which a phantom is compared with the study; intensities in normal marrow = 1."""
    areas = bone.sum((0, 1))
    values = stir[normal_bone]
    low, median, high = np.percentile(values, [25, 50, 75])
    iqr = high - low
    tissues = find_tissues(stir, t1w, bone, normal_bone)
    numbers = {
        "area_min": areas.min(),
        "area_max": areas.max(),
        "area_mean": areas.mean(),
        "normal_voxels": values.size,
        "normal_slices": normal_bone.any((0, 1)).sum(),
        "lower_quartile": low / iqr,
        "median": median / iqr,
        "upper_quartile": high / iqr,
        "maximum_above": (values.max() - high) / iqr,
        "grain_0": neighbours_correlation(stir, normal_bone, 0),
        "grain_1": neighbours_correlation(stir, normal_bone, 1),
        "bone_stir": np.median(stir[bone]) / median,
        "bone_t1w": np.median(t1w[bone]) / np.median(t1w[normal_bone]),
        "normal_t1w_sd": t1w[normal_bone].std() / np.median(t1w[normal_bone]),
    }
    for name in ("fat", "muscle", "csf"):
        numbers[f"{name}_stir"] = np.median(stir[tissues[name]]) / median
        numbers[f"{name}_t1w"] = np.median(t1w[tissues[name]]) / np.median(t1w[normal_bone])
    air = tissues["air"] & (stir > 0)
    if np.count_nonzero(air) > 10_000:
        numbers["air_stir"] = stir[air].mean() / median
    return {name: float(value) for name, value in numbers.items()}


def keep_touching(stir, bone, normal_bone, marked):
    """Perfect cleaning: candidate regions that contain a marked voxel, and the thresholds."""
    thresholds = estimate_thresholds(stir[normal_bone])
    labels = remove_small_regions(label_candidates(stir, bone, thresholds), slice_axis=2)
    regions, count = label_regions(labels > 0, slice_axis=2)
    touched = np.zeros(count + 1, bool)
    touched[regions[marked]] = True
    touched[0] = False
    return touched[regions], labels > 0, thresholds


def edge_profile(stir, kept, bone, median, iqr):
    """Medians of one, two, three pixels inside large kept regions, the fifth = 1."""
    depth = {1: [], 2: [], 3: [], 5: []}
    for k in np.flatnonzero(kept.any((0, 1))):
        parts, _ = ndimage.label(kept[..., k], np.ones((3, 3)))
        large = np.bincount(parts.ravel()) >= 100
        large[0] = False
        inside = large[parts]
        pixels = ndimage.distance_transform_cdt(inside, "taxicab")
        for d, found in depth.items():
            found.append(stir[..., k][(pixels == d) & bone[..., k]])
    values = {d: (np.median(np.concatenate(found)) - median) / iqr for d, found in depth.items()}
    return {f"edge_{d}": values[d] / values[5] for d in (1, 2, 3)}


def describe_lesions(stir, t1w, bone, normal_bone, marked):
    """Contrast and edge of the candidates that perfect cleaning keeps."""
    kept, _, thresholds = keep_touching(stir, bone, normal_bone, marked)
    median, iqr = np.median(stir[normal_bone]), thresholds.iqr
    inside = kept & marked
    low, middle, high = (np.percentile(stir[kept], [10, 50, 90]) - median) / iqr
    numbers = {
        "lesion_low": low,
        "lesion_median": middle,
        "lesion_high": high,
        "marked_median": (np.median(stir[inside]) - median) / iqr,
        "marked_ratio": np.median(stir[inside]) / median,
        "marked_t1w": np.median(t1w[inside]) / np.median(t1w[normal_bone]),
        "lower_threshold": (thresholds.lower - median) / iqr,
    }
    if np.count_nonzero(kept) > 1000:
        numbers |= edge_profile(stir, kept, bone, median, iqr)
    return {name: float(value) for name, value in numbers.items()}


USUAL = {"severity": "moderate", "contrast": 1.0, "noise": 1.0, "side": "both", "visit": "before"}


def simulated(seed=1, **arguments):
    return _made(seed, *(USUAL | arguments).values())


@functools.lru_cache(maxsize=4)
def _made(seed, *values):
    """A phantom, kept while the next tests may want it: each holds 60 MB."""
    return ph.make_phantom(seed, **dict(zip(USUAL, values, strict=True)))


@dataclass(frozen=True)
class Volumes:
    """What perfect cleaning measures of a phantom, and the truth; in voxels.

    `air` is the mean STIR of the air on the last slice, behind the back.
    """

    measured: int
    true: int
    of_lesions: np.ndarray
    truth: tuple[ph.Lesion, ...]
    air: float

    @property
    def ratio(self):
        return self.measured / self.true


def volumes(seed=1, **arguments):
    return _measured(seed, *(USUAL | arguments).values())


@functools.cache
def _measured(seed, *values):
    phantom = _made(seed, *values)
    stir, _, bone, normal_bone = arrays_of(phantom)
    kept, _, _ = keep_touching(stir, bone, normal_bone, phantom.lesions.array)
    air = phantom.tissues.array[:, :60, -1] == ph.TISSUES.index("air")
    return Volumes(
        measured=np.count_nonzero(kept),
        true=np.count_nonzero(phantom.lesions.array),
        of_lesions=volumes_of_lesions(phantom, kept),
        truth=phantom.truth,
        air=stir[:, :60, -1][air].mean(),
    )


def volumes_of_lesions(phantom, kept):
    """Measured volume of each lesion: a kept voxel counts for the nearest one."""
    labels = phantom.lesion_labels.array
    if not labels.any():
        return np.zeros(0)
    used = ndimage.find_objects((kept | (labels > 0)).view(np.uint8))[0]
    nearest = ndimage.distance_transform_edt(
        labels[used] == 0,
        sampling=phantom.stir.spacing_mm,
        return_distances=False,
        return_indices=True,
    )
    owners = labels[used][tuple(nearest)][kept[used]]
    return np.bincount(owners, minlength=len(phantom.truth) + 1)[1:]


@pytest.fixture(scope="module", autouse=True)
def _forget():
    yield
    _made.cache_clear()
    read.cache_clear()


def arrays_of(phantom):
    images = (phantom.stir, phantom.t1w, phantom.disease_region, phantom.normal_bone)
    return tuple(image.array for image in images)


def outside_range(numbers):
    """Which numbers lie outside the study's range."""
    return {
        name: (value, REAL[name])
        for name, value in numbers.items()
        if not REAL[name][0] <= value <= REAL[name][1]
    }


def study_numbers():
    """Smallest and largest of each number over the study's scans."""
    found = {}
    for case in load_cases("study"):
        if case.normal_bone is None or case.disease_region is None:
            continue
        stir, t1w = load_image(case.stir).array, load_image(case.t1w).array
        bone, normal = load_mask(case.disease_region).array, load_mask(case.normal_bone).array
        numbers = describe(stir, t1w, bone, normal)
        readings = [load_mask(mask.path).array for mask in case.reader_masks]
        if readings:
            marked = np.sum(readings, axis=0) >= 2
            numbers |= describe_lesions(stir, t1w, bone, normal, marked)
        for name, value in numbers.items():
            found.setdefault(name, []).append(value)
    return {name: (min(values), max(values)) for name, values in found.items()}


@pytest.mark.slow
def test_the_ranges_are_those_of_the_study(study):
    found = study_numbers()
    assert found.keys() == REAL.keys()
    for name, limits in REAL.items():
        assert found[name] == pytest.approx(limits, abs=0.001, rel=1e-4), name


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scans_resemble_the_study(seed):
    assert outside_range(describe(*arrays_of(simulated(seed)))) == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lesions_have_the_contrast_and_the_edge_of_the_study(seed):
    phantom = simulated(seed)
    assert outside_range(describe_lesions(*arrays_of(phantom), phantom.lesions.array)) == {}


def test_a_seed_gives_one_phantom_and_another_seed_another():
    again, first = ph.make_phantom(1), simulated(1)
    assert np.array_equal(again.stir.array, first.stir.array)
    assert again.truth == first.truth and again.decoy_list == first.decoy_list
    assert not np.array_equal(simulated(2).disease_region.array, again.disease_region.array)


def test_files_hold_the_phantom_and_equal_bytes(tmp_path):
    phantom = simulated()
    row = ph.write_phantom(phantom, tmp_path / "one", "T01", "before")
    ph.write_phantom(phantom, tmp_path / "two", "T01", "before")
    names = sorted(path.name for path in (tmp_path / "one" / "T01_before").iterdir())
    assert {"stir.nii.gz", "t1w.nii.gz", "normal_bone.nii.gz", "lesions.nii.gz"} <= set(names)
    for name in names:
        first, second = (tmp_path / run / "T01_before" / name for run in ("one", "two"))
        assert first.read_bytes() == second.read_bytes(), name
    stir = load_image(tmp_path / "one" / row["stir"])
    assert np.array_equal(stir.array, phantom.stir.array)
    assert stir.affine == pytest.approx(phantom.stir.affine, abs=1e-4)
    mask = load_mask(tmp_path / "one" / row["disease_region"])
    assert np.array_equal(mask.array, phantom.disease_region.array)
    assert row["slice_thickness_mm"] == "3"


def test_grid_is_oblique_and_of_the_study_s_size():
    stir = simulated().stir
    assert stir.shape == (336, 336, 25)
    assert stir.spacing_mm == pytest.approx((0.5952, 0.5952, 3.3))
    assert stir.slice_axis == 2
    left, up, back = (stir.affine[:3, :3] / stir.spacing_mm).T
    assert left == pytest.approx([-1, 0, 0])
    assert up[2] > 0.5 and up[1] > 0.3 and back[1] < -0.5
    assert np.dot(up, back) == pytest.approx(0)


def test_every_tissue_is_there():
    labels = simulated().tissues.array
    counts = np.bincount(labels.ravel(), minlength=len(ph.TISSUES))
    assert dict(zip(ph.TISSUES, counts > 500, strict=True)) == dict.fromkeys(ph.TISSUES, True)


def test_normal_bone_is_plain_marrow_away_from_lesions_and_decoys():
    for phantom in (simulated(1), simulated(2), simulated(3)):
        normal = phantom.normal_bone.array
        used = np.flatnonzero(normal.any((0, 1)))
        assert 3 <= used.size <= 6
        assert np.ptp(used) == used.size - 1
        assert set(np.unique(phantom.tissues.array[normal])) == {ph.TISSUES.index("marrow")}
        assert not (normal & (phantom.lesions.array | (phantom.decoys.array > 0))).any()
        assert phantom.disease_region.array[normal].all()


def test_truth_lists_the_labels():
    phantom = simulated()
    labels = phantom.lesion_labels
    assert np.array_equal(labels.array > 0, phantom.lesions.array)
    assert [lesion.id for lesion in phantom.truth] == list(range(1, labels.array.max() + 1))
    for lesion in phantom.truth:
        voxels = np.argwhere(labels.array == lesion.id)
        assert lesion.voxels == len(voxels) > 200
        assert lesion.volume_mm3 == pytest.approx(len(voxels) * labels.voxel_volume_mm3)
        assert lesion.centre_mm == pytest.approx(labels.world(voxels).mean(axis=0))
        assert lesion.side == ("right" if lesion.centre_mm[0] > 0 else "left")
    for decoy in phantom.decoy_list:
        assert decoy.voxels == np.count_nonzero(phantom.decoys.array == decoy.id)
        assert decoy.voxels >= 4
    assert {decoy.kind for decoy in phantom.decoy_list} == {"vessel", "artefact"}


def test_lesions_lie_in_marrow_within_reach_of_the_joint():
    phantom = simulated()
    lesions, tissues = phantom.lesions.array, phantom.tissues.array
    assert phantom.disease_region.array[lesions].all()
    assert np.mean(tissues[lesions] == ph.TISSUES.index("marrow")) > 0.97
    joint = tissues == ph.TISSUES.index("joint space")
    away = ndimage.distance_transform_edt(~joint, sampling=phantom.stir.spacing_mm)
    for lesion in phantom.truth:
        assert away[phantom.lesion_labels.array == lesion.id].min() < 3.5


@pytest.mark.slow
def test_the_signal_is_where_truth_says():
    """Without noise, with and without lesions: the difference is the lesions, and nothing else."""
    with_lesions = simulated(severity="mild", noise=0)
    without = simulated(severity="mild", noise=0, contrast=0)
    added = with_lesions.stir.array - without.stir.array
    truth = with_lesions.lesions.array
    half = 0.5 * np.median(added[truth])
    overlap = 2 * np.count_nonzero((added > half) & truth)
    assert overlap / (np.count_nonzero(added > half) + np.count_nonzero(truth)) > 0.9
    near = ndimage.maximum_filter(truth.view(np.uint8), size=(17, 17, 5)).astype(bool)
    assert np.abs(added[~near]).max() <= 2 * 1.8  # two stored steps


def test_decoys_are_candidates_but_no_part_of_a_lesion():
    phantom = simulated()
    stir, _, bone, normal_bone = arrays_of(phantom)
    kept, candidates, _ = keep_touching(stir, bone, normal_bone, phantom.lesions.array)
    found = [candidates[phantom.decoys.array == decoy.id].any() for decoy in phantom.decoy_list]
    assert np.mean(found) > 0.8
    assert not (kept & (phantom.decoys.array > 0)).any()


@pytest.mark.slow
def test_perfect_cleaning_measures_the_true_volume():
    """At the study's contrast: no bias over scans and over lesions of more than 200 voxels.

    Single scans and lesions are off by more: the thresholds depend on the brightest of some
    thousand voxels of normal bone, and each place in the coil has its own sensitivity.
    """
    scans = [volumes(seed, severity=severity) for seed, severity in BODIES]
    ratios = [scan.ratio for scan in scans]
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)
    assert ratios == pytest.approx([1] * len(scans), abs=0.2)
    true = np.array([lesion.voxels for scan in scans for lesion in scan.truth])
    errors = (np.concatenate([scan.of_lesions for scan in scans]) / true - 1)[true > 200]
    assert errors.size > 30
    assert np.mean(errors) == pytest.approx(0, abs=0.05)
    assert np.mean(np.abs(errors)) < 0.10


@pytest.mark.slow
def test_contrast_moves_the_measured_volume_and_noise_hardly_does():
    """A threshold finds faint lesions too small and bright ones too large."""
    usual = volumes().ratio
    assert volumes(contrast=0.5).ratio < 0.85 * usual
    assert volumes(contrast=1.5).ratio > 1.05 * usual
    for noise in (0.5, 2.0):
        assert volumes(noise=noise).ratio == pytest.approx(usual, rel=0.08)


@pytest.mark.slow
def test_severity_orders_the_true_volume():
    scans = [volumes(1, severity=s) for s in ("none", "mild", "moderate", "severe")]
    true = [scan.true for scan in scans]
    assert true[0] == 0 and scans[0].truth == ()
    assert true == sorted(true) and len(set(true)) == 4


@pytest.mark.slow
def test_contrast_and_noise_act_as_named():
    plain, bright, noisy = (
        volumes(),
        volumes(contrast=1.5),
        volumes(noise=2.0),
    )
    assert bright.true == noisy.true == plain.true
    for usual, brighter in zip(plain.truth, bright.truth, strict=True):
        assert brighter.contrast == pytest.approx(1.5 * usual.contrast)
    assert noisy.truth == plain.truth
    assert noisy.air == pytest.approx(2 * plain.air, rel=0.1)


@pytest.mark.slow
def test_lesions_stay_on_the_chosen_side():
    right, both = simulated(side="right"), simulated()
    assert (right.lesions.world(np.argwhere(right.lesions.array))[:, 0] > 0).all()
    assert {lesion.side for lesion in right.truth} == {"right"}
    same = [lesion.voxels for lesion in both.truth if lesion.side == "right"]
    assert [lesion.voxels for lesion in right.truth] == same
    assert 0 < len(right.truth) < len(both.truth)
    assert np.array_equal(right.decoys.array, both.decoys.array)


@pytest.mark.slow
def test_the_second_visit_shows_less_in_the_same_body():
    before, after = simulated(), simulated(visit="after")
    for name in ("normal_bone", "disease_region", "decoys", "tissues"):
        assert np.array_equal(getattr(before, name).array, getattr(after, name).array), name
    assert not np.array_equal(before.stir.array, after.stir.array)
    assert not (after.lesions.array & ~before.lesions.array).any()
    for old, new in zip(before.truth, after.truth, strict=True):
        assert new.voxels / old.voxels == pytest.approx(ph.AFTER_VOLUME, abs=0.03)
        assert new.contrast / old.contrast == pytest.approx(ph.AFTER_CONTRAST)
    before, after = volumes(), volumes(visit="after")
    assert after.measured - before.measured == pytest.approx(after.true - before.true, rel=0.15)


@pytest.mark.slow
def test_the_default_cases_are_made_once_and_name_the_truth_as_a_reader(tmp_path, monkeypatch):
    phantom, two = simulated(severity="none"), ph.PHANTOM_CASES[:2]
    monkeypatch.setattr("vhi.phantom.case_files.make_phantom", lambda *_, **__: phantom)
    monkeypatch.setattr("vhi.phantom.case_files.PHANTOM_CASES", two)
    table = ph.ensure_cases(tmp_path)
    stamp = table.stat().st_mtime_ns
    assert ph.ensure_cases(tmp_path) == table and table.stat().st_mtime_ns == stamp
    cases = load_cases(table)
    assert [(case.case, case.visit) for case in cases] == [(case.case, case.visit) for case in two]
    assert all(case.reader_masks[0].reader == "truth" for case in cases)
    assert all(case.reader_masks[0].path.name == "lesions.nii.gz" for case in cases)
    readers = [(mask.reader, mask.trial) for mask in cases[0].reader_masks[1:]]
    assert readers == [(reader, trial) for reader in "12" for trial in ("1", "2", "cleaned")]
    assert all("simulated" in m.path.name for case in cases for m in case.reader_masks[1:])
    assert cases[0].slice_thickness_mm == 3.0
    with table.open() as stream:
        assert next(csv.reader(stream))[:3] == ["case", "subject", "visit"]


@functools.cache
def read(severity="moderate", seed=1, visit="before"):
    """The masks of the simulated readers, by reader and trial."""
    readings = ph.simulate_readings(
        simulated(seed, severity=severity, visit=visit), seed, visit=visit
    )
    return {(reading.reader, reading.trial): reading.mask for reading in readings}


@pytest.mark.slow
def test_simulated_readers_are_the_same_again_and_leave_the_phantom_as_it_is():
    phantom = simulated()
    before = [image.array.copy() for image in (phantom.stir, phantom.lesions, phantom.decoys)]
    again = ph.simulate_readings(phantom, 1)
    for reading in again:
        assert np.array_equal(reading.mask, read()[reading.reader, reading.trial])
    after = (phantom.stir, phantom.lesions, phantom.decoys)
    assert all(np.array_equal(old, new.array) for old, new in zip(before, after, strict=True))
    other = ph.simulate_readings(phantom, 2)
    assert not any(np.array_equal(a.mask, b.mask) for a, b in zip(again, other, strict=True))


@pytest.mark.parametrize("severity", [pytest.param("mild", marks=pytest.mark.slow), "moderate"])
def test_simulated_readers_agree_more_after_cleaning_than_by_hand_and_never_wholly(severity):
    masks = read(severity)
    by_hand = [
        dice(masks["1", first], masks["2", second]) for first in ("1", "2") for second in ("1", "2")
    ]
    assert min(by_hand) > 0.3 and max(by_hand) < 0.85
    assert max(by_hand) < dice(masks["1", "cleaned"], masks["2", "cleaned"]) < 1
    for reader in ("1", "2"):
        assert 0.4 < dice(masks[reader, "1"], masks[reader, "2"]) < 0.9


def test_simulated_reader_1_draws_wider_than_reader_2():
    masks = read()
    wide, tight = (
        min(np.count_nonzero(masks["1", trial]) for trial in ("1", "2")),
        max(np.count_nonzero(masks["2", trial]) for trial in ("1", "2")),
    )
    assert wide > np.count_nonzero(simulated().lesions.array) > tight


def test_simulated_cleaning_keeps_or_removes_whole_candidate_regions():
    phantom = simulated()
    stir, _, bone, normal_bone = arrays_of(phantom)
    labels = remove_small_regions(
        label_candidates(stir, bone, estimate_thresholds(stir[normal_bone]))
    )
    regions, count = label_regions(labels > 0)
    size = np.bincount(regions.ravel(), minlength=count + 1)
    for reader in ("1", "2"):
        mask = read()[reader, "cleaned"]
        kept = np.bincount(regions[mask], minlength=count + 1)
        assert kept[0] == 0
        assert ((kept == 0) | (kept == size)).all()
        assert 0 < np.count_nonzero(kept) < count


def test_simulated_readers_mark_inside_the_disease_region_and_little_where_there_is_no_lesion():
    bone = simulated(severity="none").disease_region.array
    for mask in read("none").values():
        assert mask.dtype == bool and mask.shape == bone.shape
        assert not (mask & ~bone).any()
        assert np.count_nonzero(mask) < 600  # at most a few decoys and strays
    assert not any((mask & ~simulated().disease_region.array).any() for mask in read().values())


@pytest.mark.parametrize(
    "arguments",
    [{"severity": "grave"}, {"side": "up"}, {"visit": "later"}, {"contrast": -1}, {"noise": -1},
     {"noise": float("nan")}, {"seed": -1}, {"seed": 0.5}],
)  # fmt: skip
def test_arguments_outside_their_range_are_refused(arguments):
    with pytest.raises(InputError, match=f"phantom: {next(iter(arguments))} is"):
        ph.make_phantom(**arguments)
