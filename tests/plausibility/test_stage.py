"""One cause gives one note: what only follows from it is left out, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.pelvis import pelvis
from vhi.checks import Note
from vhi.images.scans import Scans
from vhi.plausibility.scans import notes_on_scans
from vhi.plausibility.stage import leading, notes_on_areas, notes_on_stage
from vhi.plausibility.statements import notes_on_statements

BOTH = ("disease_region", "normal_bone")


def checks(case, predicted=(), stated=()):
    """Return the checks noted of a measurement of a pelvis."""
    scans = replace(case.scans, notes=(*notes_on_scans(case.scans), *stated))
    stage = notes_on_stage(scans, case.candidates, predicted)
    return [note.check for note in leading((*scans.notes, *stage), predicted)]


def moved(case, places):
    """Return normal bone drawn round a voxel of a pelvis."""
    bone = np.zeros(case.stir.shape, bool)
    i, j, k = places
    bone[i - 3 : i + 4, j - 3 : j + 4, k - 2 : k + 3] = True
    return case.having(normal_bone=bone)


def test_exchanged_scans_whose_names_say_so_give_one_note():
    good = pelvis()
    case = good.having(stir=good.t1w, t1w=good.stir)
    stated = notes_on_statements("a_T1w.nii", {}, "a_STIR.nii", {})
    assert checks(case, stated=stated) == ["exchanged-scans"]


def test_masks_predicted_on_exchanged_scans_are_not_judged_but_drawn_ones_are():
    good = pelvis()
    region = good.disease_region.array & (np.arange(10) < 6)
    case = moved(good, (14, 34, 4)).having(stir=good.t1w, t1w=good.stir, disease_region=region)
    assert checks(case, BOTH) == ["exchanged-scans"]
    assert checks(case) == ["exchanged-scans", "normal-bone-side", "region-slices"]
    assert checks(case, ["normal_bone"]) == ["exchanged-scans", "region-slices"]


def test_a_second_cause_is_named_beside_the_first():
    good = pelvis()
    region = good.disease_region.array & (np.arange(10) < 6)
    case = moved(good, (31, 13, 4)).having(disease_region=region, t1w=np.roll(good.t1w.array, 8, 0))
    # Of the T1w scan's intensities nothing is said; those of STIR show fluid.
    assert checks(case) == ["another-body", "normal-bone-stir", "region-slices"]


def test_two_t1w_scans_give_one_note():
    good = pelvis()
    stir = good.t1w.with_array(np.roll(good.t1w.array, 8, 0))
    stated = notes_on_statements("a_T1w.nii", {}, "b.nii", {})
    assert checks(good.having(stir=stir), stated=stated) == ["stir-contrast", "another-body"]
    copy = good.t1w.with_array(good.t1w.array.clip(max=200))
    assert checks(good.having(stir=copy), stated=stated) == ["alike-scans"]


def test_another_body_explains_another_examination_in_the_sidecar():
    good = pelvis()
    stated = notes_on_statements("S.nii", {"PatientID": "A"}, "T.nii", {"PatientID": "B"})
    other = good.having(t1w=np.roll(good.t1w.array, 8, 0))
    assert checks(good, stated=stated) == ["stated-examination"]
    assert checks(other, stated=stated) == ["another-body"]


def test_exchanged_masks_and_all_but_bone_give_one_note():
    good = pelvis()
    masks = {"normal_bone": good.disease_region, "disease_region": good.normal_bone}
    assert checks(good.having(**masks)) == ["exchanged-masks"]
    assert checks(good.having(disease_region=~good.disease_region.array)) == ["region-volume"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((31, 13, 4), ["on T1w", "on STIR"]),  # fluid
        ((3, 3, 4), ["on T1w", "on STIR", "mm to one side"]),  # air
    ],
)
def test_normal_bone_in_a_wrong_place_gives_one_note_that_tells_all(place, words):
    case = moved(pelvis(), place)
    (note,) = notes_on_stage(case.scans, case.candidates)
    assert note.check == "normal-bone-t1w" and all(word in note for word in words)


def test_normal_bone_where_t1w_is_missing_is_judged_on_the_rest():
    good = pelvis()
    t1w = good.t1w.array.copy()
    t1w[..., 4:] = 0
    assert "normal-bone-t1w" not in checks(good.having(t1w=t1w))
    assert "normal-bone-t1w" in checks(moved(good, (31, 50, 4)).having(t1w=t1w))


def test_a_region_predicted_on_stir_is_not_judged():
    good = pelvis()
    region = good.disease_region.with_array(good.disease_region.array & (np.arange(10) < 6))
    for scan, expected in ((good.stir, []), (good.t1w, ["region-slices"])):
        scans = Scans(scan, scan, scan)
        scans = replace(scans, notes=notes_on_scans(scans))
        notes = notes_on_areas(scans, None, region, predicted=["disease_region"])
        assert [note.check for note in notes] == expected


def test_texts_that_are_no_notes_stay_and_each_is_given_once():
    notes = [Note("exchanged-scans", "a"), "b", "b", Note("slices-to-check", "c")]
    assert leading(notes) == ("a", "b") and leading(notes[1:]) == ("b", "c")


def test_a_scan_alone_is_judged_as_before():
    good = pelvis()
    assert notes_on_stage(Scans(good.stir), good.candidates) == ()
