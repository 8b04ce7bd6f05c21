import json
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.scans import oblique_affine, permuted, write_nifti
from vhi import (
    clean,
    find_areas,
    find_candidates,
    find_case,
    load_scans,
    measure,
    measure_images,
)
from vhi.cases.supplement import locate
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.nifti import load_mask
from vhi.masks.areas import PROPOSED, Area, Areas
from vhi.masks.origin import NETWORK, Origin

STUDY = {  # case: normal-bone voxels, lower, upper, n, then >= lower and >= upper before and after,
    # in-plane regions left: the authors' scans and masks, recomputed independently
    "1007": (3851, 590.4762148857117, 599.923834323883, 1.50, 6736, 5973, 5794, 5309, 445),
    "1013": (5393, 443.8192749023436, 468.7841091156006, 3.00, 105565, 104878, 95794, 95645, 567),
    "1234": (7893, 180.4, 191.0, 2.70, 5624, 5222, 3695, 3615, 272),
    "2014": (6820, 478.40274453163147, 520.6879091262817, 1.75, 17651, 16556, 11261, 11129, 702),
}


def test_the_tiny_case_by_hand(tiny):
    m = measure_images(*tiny, slice_thickness_mm=3.0)
    assert (m.thresholds.upper_quartile, m.thresholds.iqr) == (75, 50)
    assert m.thresholds.multiple == pytest.approx(0.45)
    assert m.thresholds.lower == pytest.approx(97.5) and m.thresholds.upper == 100
    # Normal bone itself reaches the thresholds in three voxels (98, 99, 100): a speck.
    assert (m.candidates.labels.array > 0).sum() == 20 + 4 + 3 + 3
    assert (m.kept.array > 0).sum() == 24
    assert (m.vhi.voxels, m.vhi_upper.voxels) == (24, 4)
    assert m.vhi.mm3 == pytest.approx(24 * 0.25 * 3.3)
    assert m.vhi.mm3_slice_thickness == pytest.approx(24 * 0.25 * 3.0)
    assert [r.voxels for r in m.regions] == [20, 4]
    assert [lesion.voxels for lesion in m.lesions] == [24]


def test_no_candidates_is_no_error(tiny):
    stir, normal, region = tiny
    dark = stir.with_array(np.where(normal.array, stir.array, 0), "S")
    m = measure_images(dark, normal, region.with_array(region.array & ~normal.array))
    assert (m.vhi.voxels, m.vhi.mm3, m.regions, m.lesions) == (0, 0, [], [])


def test_sides_hold_when_only_one_half_is_in_the_disease_region(tiny):
    stir, normal, region = tiny
    whole = measure_images(stir, normal, region)
    half = region.array.copy()
    half[:20] = False  # what lies on the patient's right
    part = measure_images(stir, normal, region.with_array(half))
    kept = {r.voxel: r.side for r in part.regions}
    assert kept and kept == {r.voxel: r.side for r in whole.regions if r.voxel in kept}


def test_an_area_with_something_bright_gets_a_warning(tiny):
    stir, normal, region = tiny
    bright = stir.array.copy()
    bright[5, 5, 2] = 900.0
    notes = measure_images(stir.with_array(bright), normal, region).notes
    assert any("much brighter than marrow" in note for note in notes)


def test_an_empty_record_of_other_candidates_is_refused_too(tiny):
    stir, normal, region = tiny
    stale = measure_images(*tiny, case="a").edits
    smaller = region.array.copy()
    smaller[25:30] = False
    with pytest.raises(InputError, match="other candidates"):
        measure_images(stir, normal, region.with_array(smaller), case="a", edits=stale)


def test_excluding_normal_bone_takes_its_bright_voxels_out(tiny):
    m = measure_images(*tiny, exclude_normal_bone=True)
    assert (m.candidates.labels.array > 0).sum() == 20 + 4 + 3
    assert m.candidates.exclude_normal_bone


def test_inputs_are_not_modified(tiny):
    before = [image.array.copy() for image in tiny]
    measure_images(*tiny)
    assert all((image.array == old).all() for image, old in zip(tiny, before, strict=True))


def test_sides_depend_on_a_networks_region_not_on_normal_bone_beside_the_middle(tiny):
    stir, normal, region = tiny
    given = Areas(Area(normal), Area(region)).midline_mm(stir)
    predicted = Areas(Area(normal), Area(region, Origin(NETWORK, "n", "0" * 64))).midline_mm(stir)
    middle = stir.world(np.argwhere(region.array)).mean(axis=0)[0]
    assert predicted == pytest.approx(middle)
    assert abs(given - middle) > 4  # the tiny case's normal bone lies to one side
    assert measure_images(*tiny).candidates.midline_mm == given


def test_an_area_given_by_hand_is_not_called_proposed(tiny, tiny_case):
    _, normal, region = tiny
    areas = find_areas(load_scans(tiny_case), normal_bone=Area(normal), disease_region=Area(region))
    assert areas.notes == ()
    by_network = Area(normal, Origin(NETWORK, "n", "0" * 64))
    areas = find_areas(load_scans(tiny_case), normal_bone=by_network, disease_region=Area(region))
    assert areas.notes == (PROPOSED,)


def test_measure_is_four_calls_each_taking_what_came_before(tiny_case):
    scans = load_scans(tiny_case)
    areas = find_areas(
        scans, normal_bone=tiny_case.normal_bone, disease_region=tiny_case.disease_region
    )
    candidates = find_candidates(
        scans.stir,
        areas.normal_bone.mask,
        areas.disease_region.mask,
        midline_mm=areas.midline_mm(scans.stir),
    )
    step_by_step, at_once = clean(scans, areas, candidates), measure(tiny_case)
    assert step_by_step.vhi == at_once.vhi and step_by_step.regions == at_once.regions
    assert (step_by_step.inflammation.array == at_once.inflammation.array).all()
    stages = {"load scans", "find areas", "find candidates", "clean", "propose edits"}
    assert set(at_once.seconds) == stages


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(0, 0, 0), (1, 0, 1), (1, 1, 1)])
def test_reordered_axes_give_the_same_vhi_regions_and_sides(tiny, axes, flips):
    straight = measure_images(*tiny)
    turned = measure_images(*[permuted(image, axes, flips) for image in tiny])
    assert turned.vhi.voxels == straight.vhi.voxels
    assert turned.vhi.mm3 == pytest.approx(straight.vhi.mm3)
    assert turned.vhi_upper.voxels == straight.vhi_upper.voxels
    assert turned.thresholds == straight.thresholds
    assert [(r.voxels, r.side) for r in turned.regions] == [
        (r.voxels, r.side) for r in straight.regions
    ]
    assert turned.lesions[0].centroid_mm == pytest.approx(straight.lesions[0].centroid_mm)


@pytest.mark.parametrize("which", [1, 2])
def test_a_mask_shifted_by_a_millimetre_is_refused_with_its_size(tiny, which):
    images = list(tiny)
    moved = oblique_affine(shift_mm=(11.0, -60.0, -100.0))
    images[which] = Image(images[which].array, moved, images[which].name)
    with pytest.raises(InputError, match=r"up to 1\.00 mm"):
        measure_images(*images)


def test_a_mask_of_other_shape_or_order_is_refused(tiny):
    stir, normal, region = tiny
    with pytest.raises(InputError, match="40 x 40 x 5 voxels"):
        measure_images(stir, normal, Image(region.array[..., :5], region.affine, "D"))
    with pytest.raises(InputError, match="mm away"):
        measure_images(stir, permuted(normal, (0, 1, 2), (1, 0, 0)), region)


def test_an_empty_disease_region_is_refused(tiny):
    stir, normal, region = tiny
    with pytest.raises(InputError, match=r"D\.nii\.gz: marks no voxel"):
        measure_images(stir, normal, region.with_array(region.array & False))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("which", ["stir", "t1w"])
def test_a_scan_in_memory_with_values_that_are_not_finite_is_refused(tiny, which, value):
    stir, normal, region = tiny
    scans = {"stir": stir, "t1w": stir.with_array(stir.array[::-1], "t1w")}
    array = scans[which].array.copy()
    array[0, 0, 0] = value
    scans[which] = scans[which].with_array(array, which)
    with pytest.raises(InputError, match=f"{which}: holds 1 NaN or infinite") as refused:
        measure_images(scans["stir"], normal, region, t1w=scans["t1w"])
    assert refused.value.check == "finite"


def test_constant_normal_bone_is_named(tiny):
    stir, normal, region = tiny
    flat = stir.with_array(np.where(normal.array, 7.0, stir.array))
    with pytest.raises(InputError, match=r"N\.nii\.gz: .*no spread"):
        measure_images(flat, normal, region)


def test_few_normal_bone_voxels_are_noted(tiny):
    assert "only 101 voxels" in measure_images(*tiny).notes[0]


def test_files_are_measured_like_their_arrays(tiny, tiny_case):
    m = measure(tiny_case)
    assert m.vhi.voxels == measure_images(*tiny).vhi.voxels == 24
    assert set(m.inputs) == {"S.nii.gz", "T.nii.gz", "N.nii.gz", "D.nii.gz"}
    assert m.areas.normal_bone.origin == Origin() and m.areas.resampled == ()
    assert m.scans.slice_thickness_mm is None and m.vhi.mm3_slice_thickness is None


def test_files_of_one_name_are_told_apart_in_the_provenance(tiny_case, tmp_path):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "N.nii.gz"
    twin.write_bytes(tiny_case.disease_region.read_bytes())
    m = measure(replace(tiny_case, disease_region=twin))
    assert {"N.nii.gz (normal_bone)", "N.nii.gz (disease_region)"} <= set(m.inputs)


@pytest.mark.parametrize(("column", "words"), [("normal_bone", "vhi normal-bone"),
                                              ("disease_region", "ITK-SNAP")])  # fmt: skip
def test_a_missing_mask_says_how_to_come_by_one(tiny_case, column, words):
    with pytest.raises(InputError, match=words):
        measure(replace(tiny_case, **{column: None}))


def test_resampling_is_done_only_when_asked_and_named(tiny, tiny_case):
    region = permuted(load_mask(tiny_case.disease_region), (2, 0, 1), (0, 1, 0))
    write_nifti(tiny_case.disease_region, region.array.astype(np.uint8), region.affine)
    with pytest.raises(InputError, match="--resample"):
        measure(tiny_case)
    m = measure(tiny_case, resample_masks=True)
    assert (m.disease_region.array == tiny[2].array).all()
    assert m.vhi.voxels == measure_images(*tiny).vhi.voxels
    assert m.areas.resampled == ("D.nii.gz",)


def test_slice_thickness_comes_from_the_case_then_the_sidecar(tiny_case):
    sidecar = tiny_case.stir.with_name("S.json")
    sidecar.write_text(json.dumps({"SliceThickness": 2.5, "PatientName": "Nobody^Knows"}))
    assert measure(tiny_case).scans.slice_thickness_mm == 2.5
    assert measure(replace(tiny_case, slice_thickness_mm=3.0)).scans.slice_thickness_mm == 3.0
    sidecar.write_text(json.dumps({"SliceThickness": "thick"}))
    m = measure(tiny_case)
    assert m.vhi.mm3_slice_thickness is None
    assert any(note.startswith("S.json: SliceThickness is not a single number") for note in m.notes)


def test_a_slice_thickness_of_another_unit_is_not_used(tiny):
    m = measure_images(*tiny, slice_thickness_mm=0.003)
    assert m.vhi.mm3_slice_thickness is None and m.scans.slice_thickness_mm is None
    assert any("0.003 mm does not fit slices 3.30 mm apart" in note for note in m.notes)


def test_edits_of_another_case_or_visit_are_refused(tiny):
    edits = measure_images(*tiny, case="a", visit="before").edits
    with pytest.raises(InputError, match="belong to case a before"):
        measure_images(*tiny, case="b", visit="before", edits=edits)
    with pytest.raises(InputError, match="not to a after"):
        measure_images(*tiny, case="a", visit="after", edits=edits)


def test_edits_replay_to_the_same_voxels(tiny):
    first = measure_images(*tiny, case="a")
    edits = first.edits.add("remove", first.regions[0].voxel, reason="vessel", reader="R")
    cleaned = measure_images(*tiny, case="a", edits=edits)
    assert cleaned.vhi.voxels == 4
    assert cleaned.edits_sha256 is not None
    again = measure_images(*tiny, case="a", edits=edits)
    assert (again.inflammation.array == cleaned.inflammation.array).all()


@pytest.mark.parametrize("case", STUDY)
def test_the_numbers_that_must_come_out(case, study):
    m = measure(find_case("study", case))
    voxels, lower, upper, n, *counts, regions = STUDY[case]
    assert m.intensities.size == voxels
    assert m.thresholds.lower == pytest.approx(lower, rel=1e-9)
    assert m.thresholds.upper == pytest.approx(upper, rel=1e-9)
    assert m.thresholds.multiple == pytest.approx(n, abs=1e-9)
    labels = m.candidates.labels.array, m.kept.array
    found = [(part >= level).sum() for level in (1, 2) for part in labels]
    assert found == counts
    assert len(m.regions) == regions


CASES = ("1003", "1007", "1012", "1013", "1016", "1234", "2014", "2015", "3002", "4386")


@pytest.mark.parametrize("case", CASES)
def test_normal_bone_intensities_are_the_authors(case, study):
    from vhi.images.nifti import load_image
    from vhi.steps.thresholds import normal_bone_intensities

    path = f"generated_files/normal_bone_intensities/{case}_normal_bone_ints.txt"
    found = find_case("study", case)
    ours = normal_bone_intensities(load_image(found.stir), load_mask(found.normal_bone))
    authors = np.loadtxt(locate([path])[path])
    assert np.array_equal(np.sort(ours), np.sort(authors))


def test_a_reordered_study_scan_gives_the_same_vhi(study):
    from vhi.images.nifti import load_image

    case = find_case("study", "1007")
    images = [load_image(case.stir), load_mask(case.normal_bone), load_mask(case.disease_region)]
    turned = measure_images(*[permuted(image, (2, 0, 1), (1, 0, 1)) for image in images])
    assert turned.vhi.voxels == 5973 and len(turned.regions) == 445
