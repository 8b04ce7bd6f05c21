"""A table of patients: what is read, and one clear line for every mistake in it."""

import numpy as np
import pytest

from vhi.errors import InputError

pytest.importorskip("pandas", reason='needs pandas: pip install "vhi[study]"')

from vhi.reader_study.patients import AFTER, BEFORE, read_patients

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
