"""Scans unlike those that the networks learned from are named, and scans like them are not."""

import numpy as np
import pytest

from tests.helpers.pelvis import TISSUES, pelvis
from tests.helpers.scans import oblique_affine
from vhi import measure_images
from vhi.images.image import Image
from vhi.plausibility.coarse import coarse
from vhi.segmentation.unlike import (
    UNTRUSTED,
    doubt_about_bone,
    tilt_degrees,
    unlike_training_scans,
)


def fine(image):
    """Return a pelvis with pixels of 1.2 mm: each pixel four times."""
    array = image.array.repeat(2, 0).repeat(2, 1)
    return Image(array, oblique_affine((1.2, 1.2, 5.0)), image.name)


def placed(image, affine):
    return Image(image.array, affine, image.name)


@pytest.fixture(scope="module")
def good():
    return pelvis()


@pytest.fixture(scope="module")
def t1w(good):
    return fine(good.t1w)


@pytest.fixture(scope="module")
def stir(good):
    return fine(good.stir)


def checks(t1w, stir=None):
    return [note.check for note in unlike_training_scans(t1w, stir)]


def test_a_scan_like_the_training_scans_gets_no_note(t1w, stir):
    assert checks(t1w) == checks(t1w, stir) == []


@pytest.mark.parametrize("tilt", [0, 25, 51, 69])
def test_coronal_slices_along_the_sacrum_get_no_note(t1w, tilt):
    tilted = placed(t1w, oblique_affine((1.2, 1.2, 5.0), tilt))
    assert tilt_degrees(tilted) == pytest.approx(tilt)
    assert checks(tilted) == []


@pytest.mark.parametrize(
    ("tilt", "words"),
    [(71, "axial"), (90, "axial"), (-90, "axial"), (-50, "tilted against the sacrum")],
)
def test_other_slices_are_named(t1w, tilt, words):
    (note,) = unlike_training_scans(placed(t1w, oblique_affine((1.2, 1.2, 5.0), tilt)))
    assert note.check == "unlike-slices"
    assert f"slices are {words}, but" in note


def test_sagittal_slices_are_named_and_the_order_of_storage_changes_nothing(t1w):
    sagittal = np.eye(4)
    sagittal[:3, :3] = np.array([[0, 0, 5.0], [0, 1.2, 0], [-1.2, 0, 0]])
    (note,) = unlike_training_scans(placed(t1w, sagittal))
    assert note.check == "unlike-slices" and "slices are sagittal" in note
    tilted = oblique_affine((1.2, 1.2, 5.0), -50)
    for turn in ([1, 1, -1, 1], [-1, 1, 1, 1], [1, -1, -1, 1]):
        assert tilt_degrees(placed(t1w, tilted @ np.diag(turn))) == pytest.approx(-50)


def test_of_a_scan_without_orientation_no_slices_are_judged(t1w):
    unknown = Image(t1w.array, oblique_affine((1.2, 1.2, 5.0), 90), t1w.name, oriented=False)
    assert checks(unknown) == []


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((1.31, 1.2, 5.0), ["pixels of 1.31 mm (0.60 mm)"]),
        ((1.2, 1.2, 6.6), ["slices 6.6 mm apart (3.3 mm)"]),
        ((1.2, 1.2, 1.4), ["slices 1.4 mm apart (3.3 mm)"]),
        ((2.4, 2.4, 7.0), ["pixels of 2.40 mm", "slices 7.0 mm", "a field of view of 307 mm"]),
    ],
)
def test_another_resolution_or_field_of_view_is_named_in_one_note(t1w, spacing, words):
    (note,) = unlike_training_scans(placed(t1w, oblique_affine(spacing)))
    assert note.check == "unlike-grid"
    assert all(word in note for word in words)


@pytest.mark.parametrize("spacing", [(1.3, 1.3, 6.5), (1.2, 1.2, 1.5)])
def test_the_limits_of_resolution_are_within(t1w, spacing):
    assert checks(placed(t1w, oblique_affine(spacing))) == []


def contrast(good, **intensities):
    """Return the T1w scan with other intensities of some tissues."""
    scan = good.t1w.array.copy()
    for tissue, value in intensities.items():
        scan[good.tissue == tissue] *= value / TISSUES[tissue][1]
    return fine(good.t1w.with_array(scan))


def test_fat_saturation_is_named(good, stir):
    saturated = contrast(good, fat=85, marrow=80)
    for scans in ([saturated], [saturated, stir]):
        (note,) = unlike_training_scans(*scans)
        assert note.check == "unlike-t1w" and "may be fat-saturated" in note


def test_the_limit_of_fat_is_a_share_of_the_brightest_tenth(good):
    # Half the body is muscle or darker, a tenth is fat: the ratio is that of the two.
    body = coarse(contrast(good)).body.sum()
    assert (good.tissue == "fat").sum() / body > 0.1
    assert checks(contrast(good, fat=150, marrow=100, muscle=100)) == []
    assert checks(contrast(good, fat=130, marrow=100, muscle=100)) == ["unlike-t1w"]


def test_fluid_as_bright_as_fat_is_named_only_where_stir_shows_fluid(good, stir):
    t2w = contrast(good, fluid=300)
    assert checks(t2w) == []
    (note,) = unlike_training_scans(t2w, stir)
    assert note.check == "unlike-t1w" and "may be T2w" in note


def test_other_notes_are_left_to_those_who_give_them(good, stir, t1w):
    assert checks(stir, t1w) == []  # exchanged: a note on the two scans
    narrow = placed(t1w, oblique_affine((0.9, 0.9, 5.0), 90))
    assert checks(narrow) == []  # too narrow for a pelvis: field-of-view


def test_a_network_in_doubt_about_most_of_the_bone_is_named(t1w):
    probability = np.zeros(t1w.shape)
    probability[40:80, 40:80, 2:7] = 0.95
    assert doubt_about_bone(t1w, probability) == ()
    probability[:80, 80:120, 2:6] = 0.2
    probability[:1, :1, :1] = 0.95  # bone: 8001 voxels, 12,800 in doubt
    (note,) = doubt_about_bone(t1w, probability)
    assert note.check == "unlike-bone"
    assert "uncertain whether 12,800 voxels are bone and predicts 8,001" in note
    probability[:, 80:] = 0
    probability[40:80, 80:120, 2:6] = 0.2  # 6,400 in doubt: exactly four fifths of 8,000
    assert doubt_about_bone(t1w, probability) == ()


def test_every_check_here_means_that_no_proposal_is_trusted():
    assert {"unlike-slices", "unlike-grid", "unlike-t1w", "unlike-bone"} <= UNTRUSTED


def test_no_proposal_is_sure_of_anything_on_exchanged_scans(good):
    masks = [fine(mask) for mask in (good.normal_bone, good.disease_region)]
    proposal = measure_images(fine(good.t1w), *masks, t1w=fine(good.stir)).proposal
    assert [note.check for note in proposal.notes] == ["exchanged-scans"]
    assert proposal.in_doubt[1:].size and proposal.in_doubt[1:].all()
    assert measure_images(fine(good.stir), *masks, t1w=fine(good.t1w)).proposal.notes == ()
