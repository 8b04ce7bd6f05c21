import numpy as np
import pytest

from tests.helpers.scans import oblique_affine
from vhi.images.image import Image
from vhi.images.scans import Scans, usable_thickness_mm

STIR = Image(np.ones((4, 4, 3)), oblique_affine(), "S")  # slices 3.3 mm apart


@pytest.mark.parametrize(
    ("stated", "usable", "noted"),
    [
        (3, 3, False),
        (3.3, 3.3, False),
        (1.7, 1.7, False),
        (4.9, 4.9, False),
        (1.6, 1.6, True),
        (5.0, 5.0, True),
        (0.3, None, True),
        (0.003, None, True),
        (30, None, True),
        (3000, None, True),
        (None, None, False),
    ],
)
@pytest.mark.parametrize("source", ["person", "sidecar"])
def test_slice_thickness_is_judged_in_both_directions(stated, usable, noted, source):
    person, record = (stated, {}) if source == "person" else (None, {"SliceThickness": stated})
    thickness, notes = usable_thickness_mm(STIR, person, record, "S.json")
    assert thickness == usable
    assert [note.check for note in notes] == ["slice-thickness"] * noted
    assert all(("not used" in note) == (usable is None) for note in notes)


@pytest.mark.parametrize("value", ["thick", [3, 4], float("nan"), 0, -3, True, {}])
def test_a_thickness_that_is_no_number_is_noted_and_left_out(value):
    thickness, (note,) = usable_thickness_mm(STIR, None, {"SliceThickness": value}, "S.json")
    assert thickness is None and note.check == "sidecar-value"


def test_a_person_counts_before_the_sidecar():
    record = {"SliceThickness": "thick"}
    assert usable_thickness_mm(STIR, 3.0, record, "S.json") == (3.0, ())


@pytest.mark.parametrize(("value", "noted"), [(3.3, 0), ("3.3", 0), (3.25, 0), (3, 1), (33, 1)])
def test_a_sidecars_spacing_is_compared_with_the_scans(value, noted):
    _, notes = usable_thickness_mm(STIR, None, {"SpacingBetweenSlices": value}, "S.json")
    assert [note.check for note in notes] == ["sidecar-spacing"] * noted


def test_what_speaks_against_the_scan_comes_before_its_files():
    thickness, notes = usable_thickness_mm(STIR, 30.0, {}, "S.json")
    stir = Image(-STIR.array, STIR.affine, "S", oriented=False)
    checks = [
        note.check for note in Scans(stir, slice_thickness_mm=thickness, file_notes=notes).notes
    ]
    assert checks == ["negative-intensities", "no-orientation", "slice-thickness"]
