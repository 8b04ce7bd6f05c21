"""A table of patients: what is read, and one clear line for every mistake in it."""

import numpy as np
import pytest

from vhi.errors import InputError

pytest.importorskip("pandas", reason='needs pandas: pip install "vhi[study]"')

from vhi.cases.known_tables import recognise
from vhi.reader_study.agreement import COLUMNS as AGREEMENT_COLUMNS
from vhi.reader_study.from_masks import SUMMARY_COLUMNS
from vhi.reader_study.from_patients import study_of_patients
from vhi.reader_study.overlap import OVERLAP_COLUMNS
from vhi.reader_study.patients import AFTER, BEFORE, PROPOSAL, read_patients
from vhi.reader_study.rows_left_out import rows_left_out
from vhi.results.batch import COLUMNS as MEASURED_COLUMNS
from vhi.results.record import REGION_COLUMNS
from vhi.steps.edits import is_model

WHOLE = """\
patient,visit,vhi_mm3_A,vhi_mm3_B,sparcc_A,sparcc_B,basdai,response_clinical,disagreement,comment
p1,before,100,120,10,12,6.5,,,
p1,after,50,30,4,5,3,yes,anatomical,better
p2,before,10,,3,3,5,,,
p2,After,20,22,2,3,5,no,,
p3,before,7,7,0,0,4,,,
"""


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "patients.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def refused(table):
    """Insist on one line that names the file and holds all words."""

    def check(text, *words):
        with pytest.raises(InputError) as caught:
            read_patients(table(text))
        message = str(caught.value)
        assert "\n" not in message and "patients.csv" in message
        for word in words:
            assert word in message, message
        return caught.value

    return check


def test_a_patients_value_is_the_mean_of_the_readers_in_the_tables_order(table):
    patients = read_patients(table(WHOLE))
    assert patients.names == ["p1", "p2", "p3"]
    np.testing.assert_array_equal(patients.at("vhi_mm3", BEFORE), [110, np.nan, 7])
    np.testing.assert_array_equal(patients.at("vhi_mm3", AFTER), [40, 21, np.nan])
    np.testing.assert_array_equal(patients.at("response_clinical", AFTER), [1, 0, np.nan])


def test_readers_and_what_no_analysis_knows_are_found_by_name(table):
    patients = read_patients(table(WHOLE))
    assert patients.readers == {"vhi_mm3": ("A", "B"), "sparcc": ("A", "B")}
    assert patients.pairs_of_readers("sparcc") == [("A", "B")]
    assert patients.responses == ("clinical",)
    assert patients.unused == ("comment",)
    assert not patients.simulated and patients.name == "patients.csv"


def test_a_scan_that_one_reader_has_not_read_is_no_pair(table):
    rows = read_patients(table(WHOLE)).readings("vhi_mm3", "A", "B")
    assert list(zip(rows["patient"], rows["visit"], strict=True)) == [
        ("p1", "before"), ("p1", "after"), ("p2", "after"), ("p3", "before")
    ]  # fmt: skip
    assert list(rows["A"] - rows["B"]) == [-20, 20, -2, 0]


def test_a_reader_alone_makes_no_pair_and_is_the_patients_value(table):
    patients = read_patients(table("patient,visit,sparcc_A\np1,before,3\np1,after,2\n"))
    assert patients.pairs_of_readers("sparcc") == []
    assert patients.at("sparcc", BEFORE) == [3]


HEAD = "patient,visit,vhi_mm3_A\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "p1,before,12\np1,before,13\n", ("row 3", "'p1'", "row 2")),
        (HEAD + "p1,before,12 mm\n", ("row 2", "'vhi_mm3_A'", "12 mm", "decimal point")),
        (HEAD + "p1,before,-1\n", ("row 2", "0 or more")),
        (HEAD + "p1,before,inf\n", ("row 2", "0 or more")),
        (HEAD + "p1,before,1e300\n", ("row 2", "0 or more")),
        (HEAD + "p1,before,1e-300\n", ("row 2", "0 or more")),
        (HEAD + "=cmd|x,before,1\n", ("row 2", "formula")),
        ("patient,visit,vhi_mm3_=A\np1,before,1\n", ("'vhi_mm3_=A'", "formula")),
        (
            "patient,visit,vhi_mm3_A,voxels_lower,voxels_upper\np1,before,1,5,6\n",
            ("row 2", "'voxels_upper'", "exchanged"),
        ),
        (HEAD + "p1,baseline,1\n", ("row 2", "'visit'", "before or after")),
        (HEAD + ",before,1\n", ("row 2", "'patient'")),
        (HEAD, ("no rows",)),
        ("patient,visit\np1,before\n", ("no measurement", "vhi_mm3_<reader>")),
        ("patient,visit,vhi_mm3_slice_thickness\np1,before,1\n", ("no measurement",)),
        ("patient,vhi_mm3_A\np1,1\n", ("'visit'",)),
        ("patient,visit,vhi_mm3_A,vhi_voxels_B\np1,before,1,1\n", ("mm³", "voxels")),
        ("patient,visit,sparcc_A\np1,before,73\n", ("from 0 to 72",)),
        ("patient,visit,sparcc_A,basdai\np1,before,7,11\n", ("'basdai'", "from 0 to 10")),
        ("patient,visit,sparcc_A,response_x\np1,after,7,maybe\n", ("'response_x'", "yes or no")),
        ("patient,visit,sparcc_A,response_x\np1,before,7,no\n", ("row 2", "after")),
        ("patient,visit,sparcc_A,disagreement\np1,before,7,odd\n", ("anatomical",)),
    ],
)
def test_a_mistake_is_named_with_its_place(refused, text, words):
    refused(text, *words)


# ------------------------------------------------------------------------- names that look alike


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("007,before,1\n7,after,1\n", ("'7' (row 3)", "'007' (row 2)")),
        ("P1,before,1\np1,after,1\n", ("'p1' (row 3)", "'P1' (row 2)")),
        ("P-1,before,1\nP 1,after,1\n", ("'P 1' (row 3)", "'P-1' (row 2)")),
        ("7,before,1\n7.0,after,1\n", ("'7.0' (row 3)", "'7' (row 2)")),
        ("A,before,1\n\u0410,after,1\n", ("'\\u0410' (row 3)", "'A' (row 2)")),
    ],
)
def test_patients_that_look_alike_are_refused_with_both_rows(refused, rows, words):
    assert refused(HEAD + rows, *words).check == "names-alike"


@pytest.mark.parametrize(
    "head", ["vhi_mm3_A,vhi_mm3_a", "vhi_mm3_R1,vhi_mm3_R01", "vhi_mm3_A,sparcc_a"]
)
def test_readers_that_look_alike_are_refused_with_both_columns(refused, head):
    error = refused(f"patient,visit,{head}\np1,before,1,1\n", "column", "looks like")
    assert error.check == "names-alike"


@pytest.mark.parametrize("name", ["P\u00a01", "P 1\u200b", "\ufeffP 1", "P  1"])
def test_a_patient_written_with_other_blanks_is_the_same_patient(table, name):
    patients = read_patients(table(HEAD + f"P 1,before,1\n{name},after,1\n"))
    assert patients.names == ["P 1"]


def test_accents_may_be_composed_or_not(table):
    patients = read_patients(table(HEAD + "Mü,before,1\nMu\u0308,after,1\n"))
    assert patients.names == ["Mü"]


@pytest.mark.parametrize("name", ["Mean", "Total", "mean (n = 3)", "Median:"])
def test_a_row_that_sums_up_is_refused(refused, name):
    error = refused(HEAD + f"p1,before,1\n{name},before,1\n", "row 3", "summary of")
    assert error.check == "summary-row"


# ------------------------------------------------------------ what no analysis uses, and own tables


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("vhi_mm3 B", "did you mean vhi_mm3_b?"),
        ("VHI (mm3) B", "vhi (mm3) b"),
        ("sparcc-B", "did you mean sparcc_b?"),
        ("vhi_ml_B", "1 ml = 1 cm³ = 1000 mm³"),
        ("vhi_mm3_low", "vhi_mm3_low"),
        ("", "(no name)"),
    ],
)
def test_a_column_that_no_analysis_uses_is_named(table, column, words):
    patients = read_patients(table(f"{column},patient,visit,vhi_mm3_A\n2,p1,before,1\n"))
    (note,) = patients.notes
    assert note.check == "columns-unused" and words in note


def test_an_empty_column_needs_no_word(table):
    patients = read_patients(table("patient,visit,vhi_mm3_A,,x\np1,before,1,,\n"))
    assert patients.notes == patients.unused == ()


MEASURED = """\
case,subject,visit,vhi_voxels,vhi_mm3,vhi_mm3_low,vhi_mm3_high,cleaned,failure
c1,s1,before,100,120.5,110,130,yes,
c2,s1,after,50,60,55,65,no,
c3,s2,before,,,,,,stir.nii: no such file
"""


def test_the_table_that_measure_writes_is_one_readers_table_of_patients(table):
    patients = read_patients(table(MEASURED))
    assert patients.readers == {"vhi_mm3": ("vhi",)} and patients.unused == ()
    assert patients.names == ["s1", "s2"]
    np.testing.assert_array_equal(patients.at("vhi_mm3", BEFORE), [120.5, np.nan])
    failed, raw = patients.notes
    assert failed.check == "rows-failed" and "s2 before: stir.nii: no such file" in failed
    assert raw.check == "rows-not-cleaned" and "1 of 3" in raw


@pytest.mark.parametrize("word", ["proposed", "Proposed"])
@pytest.mark.parametrize("others", ["read", "yes", "no", ""])
def test_a_proposal_is_never_mixed_with_other_measurements(table, others, word):
    text = MEASURED.replace(",no,", f",{word},").replace(",yes,", f",{others},")
    patients = read_patients(table(text))
    assert patients.readers == {"vhi_mm3": ("vhi",)}
    assert patients.at("vhi_mm3", BEFORE)[0] == 120.5
    assert np.isnan(patients.at("vhi_mm3", AFTER)).all()
    (note,) = [note for note in patients.notes if note.check == "rows-proposed"]
    assert note.startswith("1 of 3") and "left out" in note


def test_a_table_of_proposals_alone_names_no_reader(table):
    text = MEASURED.replace(",yes,", ",proposed,").replace(",no,", ",proposed,")
    patients = read_patients(table(text))
    assert patients.readers == {"vhi_mm3": (PROPOSAL,)} and is_model(PROPOSAL)
    assert patients.at("vhi_mm3", AFTER)[0] == 60
    (note,) = [note for note in patients.notes if note.check == "rows-proposed"]
    assert note.startswith("2 of 3") and PROPOSAL in note


def test_a_model_is_not_averaged_with_readers(table):
    text = "patient,visit,vhi_mm3_A,vhi_mm3_B,vhi_mm3_vhi small\np1,before,2,4,90\n"
    patients = read_patients(table(text))
    np.testing.assert_array_equal(patients.at("vhi_mm3", BEFORE), [3])


def test_the_tables_that_vhi_writes_have_the_columns_by_which_they_are_known():
    measured = recognise(MEASURED_COLUMNS)
    assert "`vhi measure --all`" in measured and "study --table" in measured
    assert "regions.csv" in recognise(REGION_COLUMNS)
    for columns in (AGREEMENT_COLUMNS, OVERLAP_COLUMNS, SUMMARY_COLUMNS):
        assert "result of `vhi study`" in recognise(columns)


def test_limits_of_an_interval_are_no_readers(table):
    text = "patient,visit,vhi_mm3_A,vhi_mm3_low,vhi_mm3_high\np1,before,2,1,3\n"
    assert read_patients(table(text)).readers == {"vhi_mm3": ("A",)}


@pytest.mark.parametrize(("answer", "simulated"), [("yes", True), ("no", False), ("", False)])
def test_simulated_patients_stay_simulated(table, answer, simulated):
    text = f"patient,visit,vhi_mm3_A,simulated\np1,before,2,{answer}\n"
    assert read_patients(table(text)).simulated is simulated


# ------------------------------------------------------------------------------------ rows left out


def rows_of(table, text):
    return list(rows_left_out(read_patients(table(text))).itertuples(index=False, name=None))


def test_every_row_that_an_analysis_leaves_out_is_named_with_the_reason(table):
    text = (
        "patient,visit,vhi_mm3_A,vhi_mm3_B\n"
        "p1,before,1,1\np1,after,1,1\np2,before,1,\np2,after,1,1\np3,after,1,1\n"
    )
    assert rows_of(table, text) == [
        ("p2", "before", "agreement of VHI", "no value of B"),
        ("p2", "before", "change of VHI", "no value of B at before"),
        ("p2", "after", "change of VHI", "no value of B at before"),
        ("p3", "after", "change of VHI", "no visit before"),
    ]


def test_rows_without_a_score_or_an_answer_are_named_too(table):
    text = (
        "patient,visit,vhi_mm3_A,basdai,asdas,response_doctor\n"
        "p1,before,1,4,2,\np1,after,1,3,2,yes\np2,before,1,,2,\np2,after,1,5,2,\n"
    )
    assert rows_of(table, text) == [
        ("p2", "before", "change of BASDAI", "no value of BASDAI at before"),
        ("p2", "after", "change of BASDAI", "no value of BASDAI at before"),
        ("p2", "after", "response (doctor)", "no answer"),
    ]


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        ("p1,before,1\np1,after,0\n", []),
        ("p1,before,1\n", [("p1", "before", "change of VHI", "no visit after")]),
        (
            "p1,after,\n",
            [("p1", "after", "change of VHI", "no visit before; no value of A at after")],
        ),
    ],
)
def test_one_reader_has_no_agreement_to_be_left_out_of(table, rows, left_out):
    assert rows_of(table, HEAD + rows) == left_out


def study(table, rows, head="patient,visit,vhi_mm3_A,vhi_mm3_B\n"):
    return study_of_patients(read_patients(table(head + rows)))


def notes_of(result, check):
    return [note for note in result.notes if getattr(note, "check", "") == check]


def test_rows_left_out_are_in_the_note_the_summary_and_a_table(table):
    result = study(table, "p1,before,1,1\np1,after,1,1\np2,before,1,\n")
    (note,) = notes_of(result, "rows-left-out")
    assert note.startswith("1 of 3 rows are left out of an analysis, and 1 of 2 patients out of")
    assert result.summary["rows"] == 3
    assert {row["patient"] for row in result.summary["rows_left_out"]} == {"p2"}
    assert "rows-left-out" in [part.name for part in result.tables]
    assert note in result.summary["notes"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("p1,before,2000,2\np1,after,900,1\np2,before,3,0.002\n", "VHI of A is 1,000 times"),
        ("p1,before,0.5,700\np1,after,0,0\n", "VHI of B is 1,400 times"),
    ],
)
def test_readers_in_two_units_are_noted(table, rows, words):
    (note,) = notes_of(study(table, rows), "units-differ")
    assert words in note and "1 ml" in note


def test_readers_who_differ_tenfold_are_not(table):
    rows = "p1,before,100,9\np1,after,90,8\np2,before,0,80\n"
    assert not notes_of(study(table, rows), "units-differ")


@pytest.mark.parametrize(
    ("rows", "notes"),
    [
        ("p1,before,5.2,5\np1,after,1.3,1.1\n", 1),
        ("p1,before,5.2,5\np1,after,0,0\n", 0),  # too few to tell
        ("p1,before,5.2,5\np1,after,1.3,70\n", 0),
    ],
)
def test_a_table_in_another_unit_is_noted(table, rows, notes):
    assert len(notes_of(study(table, rows), "units-differ")) == notes
