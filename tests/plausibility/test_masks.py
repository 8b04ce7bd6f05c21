"""Masks given twice, exchanged, of another case, or in the wrong tissue."""

import numpy as np
import pytest

from tests.helpers.pelvis import pelvis
from vhi import measure_images
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.plausibility.masks import notes_on_masks, notes_on_region, side_difference, volume_ml
from vhi.steps.candidates import check_masks_differ


def checks(case):
    return [
        note.check
        for note in notes_on_masks(case.stir, case.t1w, case.normal_bone, case.disease_region)
    ]


def test_right_masks_get_no_note():
    good = pelvis()
    assert checks(good) == [] == list(notes_on_region(good.t1w, good.t1w, good.disease_region))


def test_empty_masks_get_no_note_here():
    good = pelvis()
    assert checks(good.having(disease_region=np.zeros(good.stir.shape, bool))) == []


def test_one_mask_given_as_both_is_refused():
    good = pelvis()
    copy = good.normal_bone.with_array(good.disease_region.array.copy())
    with pytest.raises(InputError, match="marks the same voxels") as error:
        check_masks_differ(copy, good.disease_region)
    assert error.value.check == "equal-masks"
    with pytest.raises(InputError) as error:
        measure_images(good.stir, copy, good.disease_region)
    assert error.value.check == "equal-masks"
    check_masks_differ(good.normal_bone, good.disease_region)


def test_exchanged_masks_are_named_and_nothing_else():
    good = pelvis()
    swapped = good.having(normal_bone=good.disease_region, disease_region=good.normal_bone)
    (note,) = notes_on_masks(swapped.stir, swapped.t1w, swapped.normal_bone, swapped.disease_region)
    assert note.check == "exchanged-masks" and "145.0 ml" in note


@pytest.mark.parametrize("move", [(8, 0, 0), (0, -7, 0), (6, 6, 0)])
def test_a_region_that_does_not_follow_bone_is_named(move):
    good = pelvis()
    region = np.roll(good.disease_region.array, move, (0, 1, 2))
    assert "region-edges" in checks(good.having(disease_region=region))


def test_all_but_bone_and_hardly_any_bone_are_named():
    good = pelvis()
    assert "region-volume" in checks(good.having(disease_region=~good.disease_region.array))
    small = good.disease_region.array & (np.arange(10) == 5)
    small[:20] = small[-20:] = False
    assert "region-volume" in checks(good.having(disease_region=small))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_region_on_one_side_names_the_side(side):
    good = pelvis()
    region = good.disease_region.array.copy()
    region[slice(0, 30) if side == "left" else slice(34, None)] = False
    (note,) = notes_on_region(good.stir, None, good.disease_region.with_array(region))
    # The first array axis runs to the patient's left (the affine's first entry is negative).
    assert note.check == "region-side" and f"patient's {side} half" in note


def test_sides_are_those_of_the_patient_whatever_the_order_of_storage():
    array = np.zeros((10, 4, 4), bool)
    array[7:, 1, 1] = True
    affine = np.diag([-1.0, 1, 3, 1])
    assert side_difference(Image(array, affine)) == 1.0
    assert side_difference(Image(array, np.diag([1.0, 1, 3, 1]))) == -1.0
    assert volume_ml(Image(array, affine)) == pytest.approx(3 * 3 / 1000)


def put(case, tissue, near):
    """Return the case with 150 voxels of a tissue, nearest to a voxel, as normal bone."""
    places = np.argwhere(case.tissue == tissue)
    nearest = places[np.argsort(np.linalg.norm(places - near, axis=1))[:150]]
    bone = np.zeros(case.stir.shape, bool)
    bone[tuple(nearest.T)] = True
    return case.having(normal_bone=bone)


@pytest.mark.parametrize(
    ("tissue", "words"),
    [
        ("muscle", "too dark on T1w for normal bone (0.60 times"),
        ("fat", "too bright on T1w for normal bone (1.7"),
        ("fluid", "too bright on STIR for normal bone (6.0"),
        ("air", "too dark on STIR for normal bone (0.01"),
    ],
)
def test_normal_bone_in_another_tissue_is_named(tissue, words):
    (middle,) = {"fluid": [(31, 13, 5)]}.get(tissue, [(31, 31, 5)])
    case = put(pelvis(), tissue, middle)
    (note,) = notes_on_masks(case.stir, case.t1w, case.normal_bone, case.disease_region)
    assert note.check == "normal-bone-t1w" and words in note
    if "STIR" in words:
        (note,) = notes_on_masks(case.stir, None, case.normal_bone, case.disease_region)
        assert note.check == "normal-bone-stir" and words in note


def test_normal_bone_on_a_lesion_is_named():
    good = pelvis()
    stir = good.stir.array.copy()
    stir[good.normal_bone.array] *= 1.9
    assert checks(good.having(stir=stir)) == ["normal-bone-stir"]


def test_normal_bone_beside_the_sacrum_is_named():
    good = pelvis()
    assert checks(put(good, "marrow", (15, 33, 5))) == ["normal-bone-side"]


def test_in_a_region_of_one_side_normal_bone_may_lie_at_its_edge():
    good = pelvis()
    region = good.disease_region.array.copy()
    region[:28] = False
    assert "normal-bone-side" not in checks(good.having(disease_region=region))


def test_a_huge_area_of_normal_bone_and_one_of_a_single_slice_are_named():
    good = pelvis()
    huge = good.disease_region.array.copy()
    huge[:22] = huge[-22:] = False
    assert checks(good.having(normal_bone=huge)) == ["normal-bone-volume"]
    single = good.normal_bone.array & (np.arange(10) == 5)
    assert checks(good.having(normal_bone=single)) == ["normal-bone-slices"]
