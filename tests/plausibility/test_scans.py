"""STIR and T1w exchanged, given twice, or of two bodies."""

import numpy as np
import pytest

from tests.helpers.pelvis import pelvis
from tests.helpers.scans import oblique_affine
from vhi import measure_images
from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.scans import Scans
from vhi.plausibility.coarse import coarse
from vhi.plausibility.scans import (
    check_scans_differ,
    fluid,
    notes_on_scans,
    same_edges,
)


def alone(t1w):
    return notes_on_scans(Scans(t1w, t1w, t1w))


def checks(stir, t1w):
    return [note.check for note in notes_on_scans(Scans(stir, t1w, t1w))]


def test_a_right_pair_gets_no_note():
    good = pelvis()
    assert checks(good.stir, good.t1w) == []
    assert notes_on_scans(Scans(good.stir)) == alone(good.t1w) == ()


def test_exchanged_scans_are_named():
    good = pelvis()
    (note,) = notes_on_scans(Scans(good.t1w, good.stir, good.stir))
    assert note.check == "exchanged-scans"
    assert note.startswith("STIR and T1w look exchanged") and "which file is which" in note


@pytest.mark.parametrize("factor", [1e-4, 1, 1e6])
@pytest.mark.parametrize("step", [1, -1])
def test_contrast_depends_neither_on_the_scale_nor_on_the_order_of_storage(factor, step):
    good = pelvis()
    stir, t1w = (
        image.with_array(np.ascontiguousarray(image.array[::step] * factor))
        for image in (good.stir, good.t1w)
    )
    assert checks(t1w, stir) == ["exchanged-scans"] and checks(stir, t1w) == []


def test_two_t1w_scans_and_two_stir_scans_are_named():
    one, two = pelvis(0), pelvis(1)
    moved = [scan.with_array(np.roll(scan.array, 8, 0)) for scan in (two.t1w, two.stir)]
    assert checks(one.t1w, moved[0]) == ["stir-contrast", "another-body"]
    assert checks(one.stir, moved[1]) == ["t1w-contrast", "another-body"]


def test_two_scans_of_one_contrast_and_body_are_called_alike():
    one, two = pelvis(0), pelvis(1)
    for name, contrast in (("stir", "STIR"), ("t1w", "T1w")):
        (note,) = notes_on_scans(Scans(getattr(one, name), *[getattr(two, name)] * 2))
        assert note.check == "alike-scans" and f"both look like {contrast}" in note


def test_an_inverted_stir_scan_does_not_pass_for_stir():
    good = pelvis()
    inverted = good.stir.with_array(good.stir.array.max() - good.stir.array)
    assert checks(inverted, good.t1w)[0] == "stir-contrast"


def test_one_scan_alone_is_judged_too():
    good = pelvis()
    (note,) = notes_on_scans(Scans(good.t1w))
    assert note.check == "stir-contrast"
    (note,) = alone(good.stir)
    assert note.check == "t1w-contrast"


@pytest.mark.parametrize(
    "copy",
    [
        lambda array: array.copy(),
        lambda array: np.rint(array * 3),
        lambda array: array.max() - array,
        lambda array: np.asfortranarray(array) * 0.5 + 7,
    ],
)
@pytest.mark.parametrize("name", ["stir", "t1w"])
def test_one_scan_given_as_both_is_refused(copy, name):
    scan = getattr(pelvis(), name)
    with pytest.raises(InputError, match="the same image") as error:
        check_scans_differ(scan, scan.with_array(copy(scan.array), "C.nii.gz"))
    assert error.value.check == "equal-scans"


def test_different_scans_and_absurd_voxels_are_not_called_equal():
    good = pelvis()
    absurd = [image.array.copy() for image in (good.stir, good.t1w)]
    for array in absurd:
        array[0, 0, 0] = 1e300
    check_scans_differ(*(good.stir.with_array(array) for array in absurd))


def test_measuring_images_refuses_one_scan_given_as_both():
    good = pelvis()
    with pytest.raises(InputError) as error:
        measure_images(good.stir, good.normal_bone, good.disease_region, t1w=good.stir)
    assert error.value.check == "equal-scans"


def test_a_scan_given_twice_as_it_is_shown_on_a_screen_is_named():
    good = pelvis()
    grey = np.clip(good.stir.array / 200, 0, 1) * 255  # windowed: fluid is as white as the rest
    (note,) = notes_on_scans(Scans(good.stir, *[good.stir.with_array(np.rint(grey), "G")] * 2))
    assert note.check == "alike-scans"


@pytest.mark.parametrize("move", [(8, 0, 0), (0, 8, 0), (-6, -6, 0)])
def test_a_body_in_another_place_is_named(move):
    good = pelvis()
    moved = good.t1w.with_array(np.roll(good.t1w.array, move, (0, 1, 2)))
    (note,) = notes_on_scans(Scans(good.stir, moved, moved))
    assert note.check == "another-body"


@pytest.mark.parametrize("name", ["stir", "t1w"])
def test_a_mirrored_scan_is_named(name):
    good = pelvis()
    # Off the middle of the scan, as every body lies.
    scans = {role: np.roll(getattr(good, role).array, 3, 0) for role in ("stir", "t1w")}
    assert notes_on_scans(good.having(**scans).scans) == ()
    scans[name] = scans[name][::-1]
    case = good.having(**scans)
    (note,) = notes_on_scans(case.scans)
    assert note.check == "mirrored-scans"


def test_edges_are_compared_only_where_both_scans_show_something():
    good = pelvis()
    half = good.t1w.array.copy()
    half[:, :, 5:] = 0
    part = same_edges(coarse(good.stir), coarse(good.t1w.with_array(half)))
    assert part > 0.8 and checks(good.stir, good.t1w.with_array(half)) == []


def test_a_scan_too_narrow_for_a_pelvis_is_not_judged():
    array = np.random.default_rng(0).normal(100, 5, (40, 40, 6))
    narrow = Image(array, oblique_affine())
    assert notes_on_scans(Scans(narrow)) == alone(narrow) == ()


def test_blocks_hold_the_mean_of_their_voxels():
    array = np.arange(8 * 6 * 3, dtype=float).reshape(8, 6, 3)
    blocks = coarse(Image(array, np.diag([1.2, 2.4, 8, 1])))
    assert blocks.array.shape == (4, 6, 3)
    assert blocks.array[1, 2, 1] == array[2:4, 2, 1].mean()
    assert (blocks.at_blocks(array) == array[1::2]).all()


def test_the_slice_axis_may_be_any():
    good = pelvis()
    affine = good.stir.affine[:, [2, 0, 1, 3]]
    turned = [Image(image.array.transpose(2, 0, 1), affine) for image in (good.stir, good.t1w)]
    assert turned[0].slice_axis == 0
    assert fluid(coarse(turned[0])) == pytest.approx(fluid(coarse(good.stir)))
    assert checks(*turned) == [] and checks(*turned[::-1]) == ["exchanged-scans"]
