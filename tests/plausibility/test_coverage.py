"""What scans and masks do not cover is said."""

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.pelvis import pelvis
from vhi.images.image import Image, resample
from vhi.images.scans import Scans
from vhi.plausibility.coverage import covered, notes_on_coverage


def checks(case, **changes):
    scans = replace(case.scans, **changes)
    return [note.check for note in notes_on_coverage(scans, case.disease_region)]


def cut(t1w, places):
    """Return the part of a scan in array positions, at its place in the patient."""
    affine = t1w.affine.copy()
    affine[:3, 3] = t1w.world([place.start or 0 for place in places])
    return Image(t1w.array[places], affine, t1w.name)


def having_t1w(case, places):
    stored = cut(case.t1w, places)
    t1w = resample(stored, case.stir, order=1)
    return case.having(t1w=t1w), {"t1w": t1w, "t1w_as_stored": stored}


ALL = slice(None)


def test_a_whole_pelvis_gets_no_note():
    good = pelvis()
    assert checks(good) == [] == checks(good, t1w=None, t1w_as_stored=None)


def test_slices_without_t1w_are_counted():
    good = pelvis()
    case, scans = having_t1w(good, (ALL, ALL, slice(0, 6)))
    region = good.disease_region.array & (np.arange(10) < 6)  # as a network predicts it
    case = case.having(disease_region=region)
    (note,) = notes_on_coverage(replace(case.scans, **scans), case.disease_region)
    assert note.check == "t1w-coverage"
    assert "covers slices 0 to 5 of 10" in note
    assert "the other 4 were not searched" in note


def test_a_given_region_was_searched_where_t1w_is_missing():
    case, scans = having_t1w(pelvis(), (ALL, ALL, slice(3, 10)))
    (note,) = notes_on_coverage(replace(case.scans, **scans), case.disease_region)
    assert note.check == "t1w-coverage" and "cannot be checked on the other 3" in note


def test_a_narrower_t1w_scan_leaves_out_every_slice_partly():
    case, scans = having_t1w(pelvis(), (slice(3, 61), slice(0, 60), ALL))
    share = covered(replace(case.scans, **scans))
    assert share == pytest.approx(58 / 64 * 60 / 64, abs=0.05)
    (note,) = notes_on_coverage(replace(case.scans, **scans), case.disease_region)
    assert note.check == "t1w-coverage" and "no slice completely" in note


def test_a_finer_t1w_scan_of_the_same_place_covers_all():
    good = pelvis()
    affine = good.t1w.affine @ np.diag([1, 1, 0.5, 1])
    affine[:3, 3] = good.t1w.world([0, 0, -0.25])
    fine = Image(np.repeat(good.t1w.array, 2, axis=2), affine, "T.nii.gz")
    assert (covered(Scans(good.stir, good.t1w, fine)) == 1).all()


@pytest.mark.parametrize("name", ["stir", "t1w"])
def test_blank_slices_are_named(name):
    good = pelvis()
    array = getattr(good, name).array.copy()
    array[..., 7:9] = 0
    case = good.having(**{name: array})
    (note,) = notes_on_coverage(case.scans, case.disease_region)
    assert note.check == "blank-slices" and "7 and 8" in note


@pytest.mark.parametrize("name", ["stir", "t1w"])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_scan_that_is_blank_where_the_other_shows_a_body_is_named(name, axis):
    good = pelvis()
    array = getattr(good, name).array.copy()
    np.moveaxis(array, axis, 0)[: array.shape[axis] // 2] = 0
    case = good.having(**{name: array})
    (note, *_) = notes_on_coverage(case.scans, case.disease_region)
    assert note.check == "blank-part" and getattr(case.scans, name).name in note


def test_a_region_that_ends_where_bone_goes_on_is_named():
    good = pelvis()
    for kept, left_out in ((slice(0, 6), "6 to 9"), (slice(4, 10), "0 to 3")):
        region = np.zeros_like(good.disease_region.array)
        region[..., kept] = good.disease_region.array[..., kept]
        (note,) = notes_on_coverage(good.scans, good.disease_region.with_array(region))
        assert note.check == "region-slices" and left_out in note


def test_a_scan_that_ends_in_the_middle_of_bone_is_named():
    good = pelvis()
    part = (ALL, ALL, slice(0, 6))
    stir, t1w, region = (Image(i.array[part], i.affine, i.name) for i in (
        good.stir, good.t1w, good.disease_region))  # fmt: skip
    names = [note.check for note in notes_on_coverage(Scans(stir, t1w, t1w), region)]
    assert names == ["field-of-view", "region-cut-off"]  # 30 mm deep


def test_half_of_a_slice_that_was_forgotten_is_named():
    good = pelvis()
    for places in (slice(0, 32), slice(32, None), ALL):
        region = good.disease_region.array.copy()
        region[places, :, 5] = False
        (note,) = notes_on_coverage(good.scans, good.disease_region.with_array(region))
        assert note.check == "region-gaps" and "slices 5 " in note


def test_a_field_of_view_too_small_for_a_pelvis_is_named():
    good = pelvis()
    part = slice(8, 56), ALL, ALL
    stir, region = (
        Image(i.array[part], i.affine, i.name) for i in (good.stir, good.disease_region)
    )
    (note,) = notes_on_coverage(Scans(stir), region)
    assert note.check == "field-of-view" and "115 x 154 mm, 50 mm deep" in note
