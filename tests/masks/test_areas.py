from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from tests.helpers.headers import write_header
from tests.helpers.scans import oblique_affine, write_nifti
from vhi import find_areas, load_scans, measure
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.nifti import load_image, load_mask
from vhi.masks.areas import Area, slices_to_check_note
from vhi.segmentation.beyond_bone import BESIDE, MIDLINE, PLACES


def stored(case, array, affine, name="disease_region"):
    write_nifti(getattr(case, name), np.asarray(array, np.uint8), affine)
    return case


def moved(**shift):
    affine = oblique_affine()
    for axis, mm in shift.items():
        affine["xyz".index(axis), 3] += mm
    return affine


def checks(case):
    return [getattr(note, "check", "") for note in areas_of(case).notes]


def areas_of(case):
    return find_areas(
        load_scans(case, resample_t1w=True),
        normal_bone=case.normal_bone,
        disease_region=case.disease_region,
        resample_masks=True,
    )


@pytest.mark.parametrize("name", ["disease_region", "normal_bone"])
@pytest.mark.parametrize("pad", [0, 1])
@pytest.mark.parametrize("flip", [False, True])
def test_a_mask_cut_to_its_box_loses_nothing(tiny_case, name, pad, flip):
    mask = load_mask(getattr(tiny_case, name)).array
    marked = np.argwhere(mask)
    low = np.maximum(marked.min(axis=0) - pad, 0)
    high = np.minimum(marked.max(axis=0) + 1 + pad, mask.shape)
    box = mask[tuple(map(slice, low, high))]
    affine = oblique_affine()
    affine[:3, 3] = (affine @ [*low, 1])[:3]
    if flip:  # the same box, stored from its other end
        affine[:3, 3] += affine[:3, 2] * (box.shape[2] - 1)
        affine[:3, 2] *= -1
        box = box[..., ::-1]
    areas = areas_of(stored(tiny_case, box, affine, name))
    assert (getattr(areas, name).mask.array == mask).all()
    assert areas.notes == () and areas.resampled == (getattr(tiny_case, name).name,)


def test_the_part_of_a_mask_outside_the_scan_is_told_however_small(tiny_case):
    mask = load_mask(tiny_case.disease_region).array
    wider = np.zeros((41, 40, 6), bool)  # one column to the patient's right, where nothing is
    wider[1:] = mask
    wider[0, 3:5, 2] = True
    affine = oblique_affine()
    affine[:3, 3] -= affine[:3, 0]
    areas = areas_of(stored(tiny_case, wider, affine))
    assert (areas.disease_region.mask.array == mask).all()
    (note,) = areas.notes
    volume = 2 * 0.5 * 0.5 * 3.3
    assert note.check == "mask-partly-outside"
    assert f"D.nii.gz: {volume:,.0f} of " in note and "(0.0 %) lie outside S.nii.gz" in note


@pytest.mark.parametrize(("columns", "noted"), [(1, 0), (6, 1)])
def test_a_predicted_region_may_reach_a_little_beyond_the_scan(tiny_case, columns, noted):
    stir = load_image(tiny_case.stir)
    region = load_mask(tiny_case.disease_region)
    wider = np.zeros((40 + columns, 40, 6), bool)
    wider[:columns], wider[columns:] = region.array[20], region.array
    affine = stir.affine.copy()
    affine[:3, 3] -= columns * affine[:3, 0]
    area = Area(Image(wider, affine, "predicted"))
    notes = find_areas(
        load_scans(tiny_case),
        normal_bone=tiny_case.normal_bone,
        disease_region=area,
        resample_masks=True,
    ).notes
    assert [note.check for note in notes] == ["mask-partly-outside"] * noted


@pytest.mark.parametrize("shift_mm", [6, 12])
def test_a_mask_of_another_place_has_its_lost_share_told(tiny_case, shift_mm):
    mask = load_mask(tiny_case.disease_region).array
    case = stored(tiny_case, mask, moved(x=shift_mm))
    assert checks(case) == ["mask-partly-outside"]
    lost = (shift_mm / 0.5 - 2) / 36  # of 36 columns, with 2 empty ones beside them
    assert f"({100 * lost:.1f} %)" in areas_of(case).notes[0]


@pytest.mark.parametrize("shift_mm", [{"x": 500}, {"y": -300}, {"z": 90}])
def test_a_mask_outside_the_scan_is_refused(tiny_case, shift_mm):
    mask = load_mask(tiny_case.normal_bone).array
    with pytest.raises(InputError) as caught:
        areas_of(stored(tiny_case, mask, moved(**shift_mm), "normal_bone"))
    assert caught.value.check == "mask-outside"


def test_a_mask_too_thin_for_the_scans_voxels_has_both_volumes_told(tiny_case):
    thin = np.zeros((160, 40, 6), bool)  # a quarter of the scan's spacing
    thin[80:82, 5:30, 1:5] = True
    affine = oblique_affine() @ np.diag([0.25, 1, 1, 1])
    assert checks(stored(tiny_case, thin, affine)) == ["resampled-volume"]
    thick = np.zeros((160, 40, 6), bool)
    thick[40:80, 5:30, 1:5] = True
    assert checks(stored(tiny_case, thick, affine)) == []


# ----------------------------------------------------------------------- files without a geometry


def without_geometry(path, array, kind, spacing_mm):
    """Write an array as programs do that have no geometry for it."""
    affine = {"eye": np.eye(4), "itk": np.diag([-1.0, -1, 1, 1])}.get(kind)
    if kind == "spacing":
        affine = np.diag([*spacing_mm, 1])
    image = nib.Nifti1Image(array, affine, dtype=array.dtype)
    if kind == "zooms":
        image.header.set_zooms(spacing_mm)
    nib.save(image, path)


@pytest.mark.parametrize("kind", ["eye", "itk", "zooms", "spacing", "none"])
@pytest.mark.parametrize("name", ["disease_region", "normal_bone", "t1w"])
def test_what_does_not_store_its_place_is_never_resampled(tiny_case, kind, name):
    array = load_image(getattr(tiny_case, name)).array.astype(np.int16)
    spacing = load_image(tiny_case.stir).spacing_mm
    without_geometry(getattr(tiny_case, name), array, kind, spacing)
    for resample_masks in (False, True):
        with pytest.raises(InputError) as caught:
            measure(tiny_case, resample_masks=resample_masks)
        assert caught.value.check == "no-place"
        assert "--resample" not in str(caught.value) and "\n" not in str(caught.value)
        assert f"{getattr(tiny_case, name).name}: does not store" in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("spacing", "its spacing;"),
        ("directions", "its directions;"),
        ("origin", "its origin;"),
        ("spacing directions", "its directions and spacing;"),
        ("origin spacing", "its origin and spacing;"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_geometry_that_was_handed_on_in_part_is_never_resampled(tiny_case, parts, words, sign):
    spacing, affine = np.array([0.5, 0.5, 3.3]), oblique_affine()
    directions = affine[:3, :3] / spacing
    spacing = np.ones(3) if "spacing" in parts else spacing
    directions = np.diag([sign, sign, 1]) if "directions" in parts else directions
    affine[:3, :3] = directions * spacing
    if "origin" in parts:
        affine[:3, 3] = 0
    stored(tiny_case, load_mask(tiny_case.disease_region).array, affine)
    for resample_masks in (False, True):
        with pytest.raises(InputError, match=words) as caught:
            measure(tiny_case, resample_masks=resample_masks)
        assert caught.value.check == "no-place" and "--resample" not in str(caught.value)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float64])
def test_the_advice_gives_the_right_number(tiny_case, tmp_path, monkeypatch, kind):
    wanted = measure(tiny_case).vhi
    array = load_mask(tiny_case.disease_region).array.astype(kind)
    without_geometry(tiny_case.disease_region, array, "eye", None)
    with pytest.raises(InputError) as caught:
        measure(tiny_case)
    code = str(caught.value).split('python -c "')[1].split('"')[0]
    monkeypatch.chdir(tiny_case.stir.parent)
    exec(code)
    placed = replace(tiny_case, disease_region=tiny_case.stir.with_name("placed.nii.gz"))
    assert measure(placed).vhi == wanted


def test_other_voxels_without_a_place_are_not_told_to_copy_a_geometry(tiny_case):
    array = load_mask(tiny_case.disease_region).array.astype(np.uint8)
    without_geometry(tiny_case.disease_region, array[2:], "eye", None)
    with pytest.raises(InputError, match="save it again, with its geometry") as caught:
        measure(tiny_case, resample_masks=True)
    assert caught.value.check == "no-place"


@pytest.mark.parametrize("name", ["a'b.nii.gz", "$HOME.nii.gz", "a`b`.nii.gz"])
def test_a_name_that_a_terminal_reads_as_more_stands_in_no_command(tiny_case, name):
    mask = tiny_case.disease_region.with_name(name)
    without_geometry(mask, load_mask(tiny_case.disease_region).array.astype(np.uint8), "eye", None)
    with pytest.raises(InputError, match="save it again, with its geometry") as caught:
        measure(replace(tiny_case, disease_region=mask))
    assert caught.value.check == "no-place" and "python -c" not in str(caught.value)


def test_files_that_all_lack_a_place_are_measured_with_a_note(tiny_case):
    wanted = measure(tiny_case)
    for name in ("stir", "t1w", "normal_bone", "disease_region"):
        array = load_image(getattr(tiny_case, name)).array.astype(np.float32)
        without_geometry(getattr(tiny_case, name), array, "zooms", wanted.stir.spacing_mm)
    m = measure(tiny_case)
    assert m.vhi.voxels == wanted.vhi.voxels
    assert m.vhi.mm3 == pytest.approx(wanted.vhi.mm3)
    assert [note.check for note in m.scans.notes] == ["no-orientation", "no-orientation"]
    without_geometry(tiny_case.t1w, load_image(tiny_case.t1w).array, "spacing", (0.5, 0.5, 3.3))
    with pytest.raises(InputError, match="neither this file nor") as caught:
        measure(tiny_case, resample_masks=True)
    assert caught.value.check == "no-place"


@pytest.mark.parametrize(
    ("signs", "axes"),
    [((-1, -1, 1), "x and y"), ((-1, 1, 1), "x"), ((1, 1, -1), "z"), ((1, -1, -1), "y and z")],
)
@pytest.mark.parametrize("name", ["disease_region", "t1w"])
def test_reversed_axes_of_the_world_are_named_and_not_resampled(tiny_case, signs, axes, name):
    array = load_image(getattr(tiny_case, name)).array
    array = array.astype(np.int16)
    write_nifti(getattr(tiny_case, name), array, np.diag([*signs, 1]) @ oblique_affine())
    for resample_masks in (False, True):
        with pytest.raises(InputError, match=rf"would lie with {axes} reversed") as caught:
            measure(tiny_case, resample_masks=resample_masks)
        assert caught.value.check == "reversed-axes" and "--resample" not in str(caught.value)


@pytest.mark.parametrize("order", [(2, 1, 0), (2, 0, 1), (0, 2, 1)])
@pytest.mark.parametrize("name", ["normal_bone", "t1w"])
def test_an_array_turned_under_its_geometry_is_named_and_not_resampled(tiny_case, order, name):
    array = load_image(getattr(tiny_case, name)).array.astype(np.int16).transpose(order)
    write_nifti(getattr(tiny_case, name), array, oblique_affine())
    for resample_masks in (False, True):
        with pytest.raises(InputError, match="reorder its array axes") as caught:
            measure(tiny_case, resample_masks=resample_masks)
        assert caught.value.check == "turned-axes"


def test_a_centred_grid_stored_from_its_other_end_is_no_reversed_world(tiny_case):
    """There the two affines are one; only the voxels could tell."""
    affine = np.diag([0.5, 0.5, 3.3, 1])
    affine[:3, 3] = -0.5 * 39 / 2, -31, 15
    for name in ("stir", "t1w", "normal_bone", "disease_region"):
        image = load_image(getattr(tiny_case, name))
        write_nifti(getattr(tiny_case, name), image.array.astype(np.float32), affine)
    wanted = measure(tiny_case).vhi
    turned = np.diag([-1.0, 1, 1, 1]) @ affine
    region = load_mask(tiny_case.disease_region).array[::-1]
    assert measure(stored(tiny_case, region, turned), resample_masks=True).vhi == wanted


def test_grids_that_differ_name_the_condition_of_resampling(tiny_case):
    array = load_mask(tiny_case.disease_region).array
    for mask, affine in ((array, moved(x=1)), (array[1:], moved())):
        with pytest.raises(InputError, match="add --resample if both are from one visit") as caught:
            measure(stored(tiny_case, mask, affine))
        assert caught.value.check == "one-grid"


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((0.5, 0.5, 3), "its voxels are 0.500 x 0.500 x 3.000 mm, not 0.500 x 0.500 x 3.300 mm"),
        ((0.6, 0.6, 3.3), "its voxels are 0.600 x 0.600 x 3.300 mm"),
        ((0.5, 0.5, 4), "thickness in place of the distance between slices"),
    ],
)
@pytest.mark.parametrize("name", ["disease_region", "t1w"])
def test_another_spacing_of_equal_arrays_is_named(tiny_case, spacing, words, name):
    affine = oblique_affine()
    affine[:3, :3] *= np.array(spacing) / (0.5, 0.5, 3.3)
    array = load_image(getattr(tiny_case, name)).array.astype(np.int16)
    write_nifti(getattr(tiny_case, name), array, affine)
    with pytest.raises(InputError) as caught:
        measure(tiny_case)
    assert caught.value.check == "one-grid" and words in str(caught.value)


UNCERTAIN = "the network is uncertain about the disease region there"
DISC = "the predicted disease region may include a disc or the spinal canal in"
BESIDE_CANAL = DISC.replace("a disc or the spinal canal", PLACES[BESIDE])


@pytest.mark.parametrize(
    ("slices", "beyond", "start"),
    [
        ((2,), {}, f"check slice 2: {UNCERTAIN} ("),
        ((3, 17), {}, f"check slices 3 and 17: {UNCERTAIN} ("),
        ((3, 4, 5, 6, 9, 12, 13), {}, f"check slices 3 to 6, 9, 12 and 13: {UNCERTAIN} ("),
        ((10, 11, 12, 13), {MIDLINE: (10, 11, 12, 13)}, f"{DISC} slices 10 to 13: check on T1w ("),
        ((4, 5), {BESIDE: (4, 5)}, f"{BESIDE_CANAL} slices 4 and 5: check on T1w ("),
        (
            (1, 4, 5, 7, 8),
            {BESIDE: (7, 8), MIDLINE: (4, 5)},
            f"check slice 1: {UNCERTAIN}; {DISC} slices 4 and 5; {BESIDE_CANAL} slices 7 and 8 (",
        ),
    ],
)
def test_one_note_names_every_slice_with_its_reason(slices, beyond, start):
    (note,) = slices_to_check_note(slices, "disease region", beyond)
    assert note.check == "slices-to-check"
    assert note.startswith(start)
    assert note.endswith(
        "(slices are counted from 0); correct the mask where it is wrong and measure again with it"
    )


def test_nothing_to_check_is_no_note():
    assert slices_to_check_note((), "disease region", {}) == []


def test_what_speaks_against_a_masks_file_is_said(tiny_case):
    path = tiny_case.normal_bone.with_name("n.nii.gz")
    mask = load_mask(tiny_case.normal_bone).array.astype(np.uint8)
    write_header(path, mask, sform=np.diag([0.0, 0, 0, 1]))
    assert checks(replace(tiny_case, normal_bone=path)) == ["half-geometry"]


def test_only_a_proposed_area_has_plausible_thresholds(tiny_case):
    areas = areas_of(tiny_case)
    assert areas.normal_bone.plausible_thresholds == ()
    assert areas.disease_region.plausible_thresholds == ()
