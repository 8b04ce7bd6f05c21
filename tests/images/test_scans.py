import numpy as np
import pytest

from tests.helpers.scans import oblique_affine
from vhi.images.image import Image
from vhi.images.scans import notes_on_files, usable_thickness_mm

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


@pytest.mark.parametrize("array", [-STIR.array, STIR.array - 1.1, np.where(STIR.array, -1e-9, 0)])
def test_negative_intensities_are_noted_of_either_scan(array):
    negative = Image(array, STIR.affine, "T")
    assert [note.check for note in notes_on_files([STIR, negative])] == ["negative-intensities"]


@pytest.mark.parametrize(("spacing_mm", "words"), [(1.0, "no spacing"), (0.9, "no orientation,")])
def test_a_scan_without_geometry_says_what_is_only_assumed(spacing_mm, words):
    scan = Image(STIR.array, np.diag([spacing_mm] * 3 + [1]), "S", oriented=False)
    (note,) = notes_on_files([scan])
    assert note.check == "no-orientation" and words in note
    assert notes_on_files([STIR, STIR]) == ()


@pytest.mark.parametrize(
    ("spacing_mm", "noted"),
    [
        ((0.06, 0.06, 0.33), True),
        ((5.95, 5.95, 33), True),
        ((0.5, 0.5, 13), True),
        ((0.3, 0.3, 1), False),
        ((2, 2, 10), False),
    ],
)
def test_voxels_unlike_a_scan_of_the_pelvis_are_noted(spacing_mm, noted):
    scan = Image(STIR.array, oblique_affine(spacing_mm), "S")
    assert [note.check for note in notes_on_files([scan])] == ["usual-spacing"] * noted
