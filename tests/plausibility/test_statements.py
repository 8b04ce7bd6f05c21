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
        ("sub-01_acq-cor_run-1_T1w.nii.gz", "T1w"),
        ("sub-01_acq-stir_T2w.nii.gz", "STIR"),
        ("3_t1_tse_cor.nii.gz", "T1w"),
        ("1003_20200102_T1TSE_cor_7a.nii", "T1w"),
        ("S_STIR_cor.nii.gz", "STIR"),
        ("T2_TIRM.nii.gz", "STIR"),
        ("t2_tirm_cor_fs_p2_5.nii.gz", "STIR"),
        ("t2_stir.nii.gz", "STIR"),
        ("stir.nii.gz", "STIR"),
        ("STIR cor obl.nii", "STIR"),
        ("T2_TSE_FS.nii.gz", "STIR"),
        ("IM_0001.nii", ""),
        ("S.nii.gz", ""),
        ("T.nii.gz", ""),
        ("hair.nii.gz", ""),
        ("scan_IR.nii.gz", ""),  # initials
        ("Stirling_T.nii.gz", ""),
        ("Ästir.nii.gz", ""),
        ("pat1.nii.gz", ""),
        ("out1.nii.gz", ""),
        ("t12.nii.gz", ""),
        ("visit1_t2.nii", ""),
        ("t2_Fatima.nii", ""),
        ("stir_on_t1.nii.gz", ""),
        ("stir-only-t.nii.gz", ""),
        ("P01_T1_S.nii.gz", ""),  # first visit
    ],
)
def test_a_name_tells_the_contrast_or_not(name, contrast):
    assert contrast_of_words([name]) == contrast


def checks(stir, t1w, names=("a.nii", "b.nii")):
    return [note.check for note in notes_on_statements(names[0], stir, names[1], t1w)]


def test_contradictions_are_named():
    assert checks(STIR, T1W) == checks({}, {}) == []
    assert checks(T1W, STIR) == ["stated-contrast"]
    assert checks(T1W, {}) == checks({}, STIR) == ["stated-contrast"]
    assert checks(STIR, STIR) == ["stated-contrast"]
    assert checks({}, {}, ("x_T1w.nii", "x_STIR.nii")) == ["stated-contrast"]
    assert checks({}, {}, ("x_T1w.nii", "x.nii")) == ["stated-contrast"]
    assert checks(STIR, T1W, ("x_T1w.nii", "x_STIR.nii")) == []  # the sidecar knows better


def test_exchanged_files_get_one_note_that_names_both():
    (note,) = notes_on_statements("x_T1w.nii", {}, "b.nii", STIR)
    assert note.startswith("x_T1w.nii: is given as STIR, but its name says T1w; b.nii: is")


@pytest.mark.parametrize(
    "names", [("T1_a.nii", "T1_b.nii"), ("stir study 1.nii", "stir study 2.nii")]
)
def test_a_word_that_both_names_hold_says_nothing(names):
    assert checks({}, {}, names) == []


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
