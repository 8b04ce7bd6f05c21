"""What names and sidecars say of two scans."""

import pytest

from vhi.plausibility.statements import contrast_of_words, notes_on_statements, stated_contrast

STIR = {"InversionTime": 0.16, "RepetitionTime": 4.2, "EchoTime": 0.04}
T1W = {"RepetitionTime": 0.6, "EchoTime": 0.012}


@pytest.mark.parametrize(
    ("record", "contrast"),
    [
        (STIR, "STIR"),
        (T1W, "T1w"),
        ({}, ""),
        ({"InversionTime": 160}, "STIR"),  # milliseconds
        ({"InversionTime": "0.22"}, "STIR"),
        ({"InversionTime": 0.9, "RepetitionTime": 2.3, "EchoTime": 0.003}, ""),
        ({"RepetitionTime": 600, "EchoTime": 12}, "T1w"),
        ({"RepetitionTime": "long", "EchoTime": None}, ""),
        ({"SeriesDescription": "COR TIRM SI-joints"}, "STIR"),
        ({"ProtocolName": "t1_tse_cor_obl"}, "T1w"),
        ({"SeriesDescription": "t1_tirm_dark_fluid"}, ""),
        ({"SeriesDescription": 7}, ""),
    ],
)
def test_a_sidecar_tells_the_contrast_or_not(record, contrast):
    assert stated_contrast(record) == contrast


@pytest.mark.parametrize(
    ("name", "contrast"),
    [
        ("sub-01_T1w.nii.gz", "T1w"),
        ("stir.nii.gz", "STIR"),
        ("S.nii.gz", ""),
        ("stir_on_t1.nii.gz", ""),
        ("T2_TSE_FS.nii.gz", "STIR"),
        ("hair.nii.gz", ""),
    ],
)
def test_a_name_tells_the_contrast_or_not(name, contrast):
    assert contrast_of_words([name]) == contrast


def checks(stir, t1w, names=("a.nii", "b.nii")):
    return [note.check for note in notes_on_statements(names[0], stir, names[1], t1w)]


def test_contradictions_are_named_for_each_scan():
    assert checks(STIR, T1W) == checks({}, {}) == []
    assert checks(T1W, STIR) == ["stated-contrast"] * 2
    assert checks(STIR, STIR) == ["stated-contrast"]
    assert checks({}, {}, ("x_T1w.nii", "x_STIR.nii")) == ["stated-contrast"] * 2
    assert checks(STIR, T1W, ("x_T1w.nii", "x_STIR.nii")) == []  # the sidecar knows better


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"StudyInstanceUID": "1.2"}, {"StudyInstanceUID": "1.3"}),
        ({"PatientID": "A"}, {"PatientID": "B"}),
        (
            {"AcquisitionDateTime": "2020-01-01T10:00:00"},
            {"AcquisitionDateTime": "2021-01-01T10:10:00"},
        ),
    ],
)
def test_two_examinations_are_named_without_what_the_sidecars_say(first, second):
    (note,) = notes_on_statements("S.nii", first, "T.nii", second)
    assert note.check == "stated-examination"
    assert not any(str(value) in note for value in (*first.values(), *second.values()))
    assert checks(first, first) == checks(first, {}) == []
