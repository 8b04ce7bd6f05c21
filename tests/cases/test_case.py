"""Cases: three sources, one interface, and one clear line for every mistake in a table."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi import phantom
from vhi.cases import supplement as data
from vhi.cases.case import Case, ReaderMask, case_names, find_case, load_cases
from vhi.cases.reader_masks import read_masks
from vhi.errors import InputError

HEADER = "case,subject,visit,stir,t1w,normal_bone,disease_region,slice_thickness_mm\n"


@pytest.fixture
def table(tmp_path):
    """Write a table of cases and give its path."""

    def write(text, name="cases.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VHI_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(data, "SOURCE_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_whole_row_is_read(table, tmp_path):
    path = table(HEADER + "A1,S1,before,a/s.nii,a/t.nii,a/n.nii,/abs/d.nii,3.0\n")
    assert load_cases(path) == [
        Case(
            case="A1",
            subject="S1",
            visit="before",
            stir=tmp_path / "a/s.nii",
            t1w=tmp_path / "a/t.nii",
            normal_bone=tmp_path / "a/n.nii",
            disease_region=Path("/abs/d.nii"),
            slice_thickness_mm=3.0,
            source="cases.csv",
        )
    ]


def test_three_columns_are_enough(table, tmp_path):
    (case,) = load_cases(str(table("case,stir,t1w\nA1,s.nii,t.nii\n")))
    assert case == Case("A1", "A1", "", tmp_path / "s.nii", tmp_path / "t.nii", source="cases.csv")
    assert case.folder == "A1"


def test_relative_paths_resolve_from_the_table_wherever_one_stands(table, tmp_path, monkeypatch):
    table("case,stir,t1w\nA1,s.nii,../t.nii\n")
    monkeypatch.chdir(tmp_path)
    (case,) = load_cases("cases.csv")
    assert case.stir == tmp_path / "s.nii"
    monkeypatch.chdir("/")
    assert case.t1w == tmp_path / "../t.nii"


def test_blanks_bom_crlf_unknown_columns_and_empty_rows_are_fine(table, tmp_path):
    text = "\ufeff Case , STIR,t1w ,scanner\r\n\r\n A1 , s.nii ,t.nii,Philips\r\n,,,\r\n"
    (case,) = load_cases(table(text))
    assert (case.case, case.stir, case.t1w) == ("A1", tmp_path / "s.nii", tmp_path / "t.nii")


def test_paths_may_start_at_home_or_be_the_folder_itself(table, tmp_path):
    (case,) = load_cases(table("case,stir,t1w\nA1,~/s.nii,.\n"))
    assert (case.stir, case.t1w) == (Path.home() / "s.nii", tmp_path)


def test_files_are_not_looked_at_when_a_table_is_read(table):
    assert not load_cases(table("case,stir,t1w\nA1,missing.nii,missing.nii\n"))[0].stir.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case,stir\nA1,s.nii\n", ["no column 't1w'", "case, stir, t1w"]),
        ("name,x\nA1,s.nii\n", ["no columns 'case', 'stir', 't1w'"]),
        ("", ["is empty"]),
        ("\n\n", ["is empty"]),
        ("case,stir,t1w\n", ["no rows"]),
        ("case,stir,t1w,stir\nA1,s,t,s\n", ["'stir' twice"]),
        ("case,stir,t1w\nA1,s.nii\n", ["row 2", "'t1w' is empty"]),
        ("case,stir,t1w\n\n,s.nii,t.nii\n", ["row 3", "'case' is empty"]),
        ("case,stir,t1w\nA1,s.nii,t.nii,extra\n", ["row 2", "more values", "columns (3)"]),
        ("case,stir,t1w\nA,s,t\nA,s,t\n", ["row 3", "row 2"]),
        (
            "case,visit,stir,t1w\nA_1,,s,t\nA,1,s,t\n",
            ["row 3", "result folder of case 'A' visit '1' is in row 2"],
        ),
        ("case,stir,t1w\nA,s,t\na,s,t\n", ["row 3", "result folder"]),
        ('case,stir,t1w\n"A1,s.nii,t.nii\n', ["not a CSV table"]),
        ("case,stir,t1w\nA\0,s,t\n", ["not a text file"]),
        (b"case,stir,t1w\nM\xfcller,s,t\n", ["not UTF-8", "CSV UTF-8"]),
        ("case,stir,t1w\n".encode("utf-16-le"), ["not a text file"]),
    ],
)
def test_a_mistake_in_the_table_is_one_clear_line(table, text, words):
    path = table(text)
    with pytest.raises(InputError) as caught:
        load_cases(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("value", ["three", "3,0", "0", "-3", "1_0", "3 mm", "inf"])
def test_slice_thickness_must_be_a_number_above_zero(table, value):
    path = table(f'case,stir,t1w,slice_thickness_mm\nA,s,t,3\nB,s,t,"{value}"\n')
    with pytest.raises(InputError, match=r"row 3.*'slice_thickness_mm'"):
        load_cases(path)


BAD_NAMES = ["../x", "a/b", "..", ".", ".hidden", "con\\x", "/etc", "C:x", "a\tb", "a\u202eb", "x."]


@pytest.mark.parametrize("column", ["case", "visit"])
@pytest.mark.parametrize("name", [*BAD_NAMES, "x" * 101])
def test_a_name_that_is_no_folder_name_is_refused(table, name, column):
    row = {"case": "A", "visit": "v"} | {column: name}
    path = table(f"case,visit,stir,t1w\n{row['case']},{row['visit']},s,t\n")
    with pytest.raises(InputError, match=f"row 2.*'{column}'"):
        load_cases(path)


@given(case=st.text(max_size=120), visit=st.text(max_size=120))
def test_an_accepted_name_stays_inside_its_folder(tmp_path_factory, case, visit):
    path = tmp_path_factory.mktemp("any") / "cases.csv"
    quoted = ('"' + text.replace('"', '""') + '"' for text in (case, visit))
    path.write_bytes(
        f"case,visit,stir,t1w\n{','.join(quoted)},s,t\n".encode(errors="surrogatepass")
    )
    try:
        (accepted,) = load_cases(path)
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    else:
        result = path.parent / accepted.folder
        assert result.resolve().parent == path.parent.resolve()
        result.mkdir()


@pytest.mark.parametrize("source", ["studdy", "", "missing.csv", Path("study")])
def test_an_unknown_source_names_the_three_choices(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="study, phantom, or the path of an existing CSV"):
        load_cases(source)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        load_cases(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_that_leads_nowhere_is_named(tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="no such table"):
        load_cases(tmp_path / "link.csv")


TWO_VISITS = "case,visit,stir,t1w\nA,before,s,t\nA,after,s,t\nB,,s,t\n"


def test_only_keeps_all_visits_of_the_named_cases(table):
    loaded = load_cases(table(TWO_VISITS), only=["A"])
    assert [case.folder for case in loaded] == ["A_before", "A_after"]
    assert case_names(table(TWO_VISITS)) == [("A", "before"), ("A", "after"), ("B", "")]


def test_find_case_asks_for_the_visit_where_there_are_several(table):
    path = table(TWO_VISITS)
    assert find_case(path, "B").case == "B"
    assert find_case(path, "A", "after").visit == "after"
    for wanted, words in (
        (("A",), "has the visits 'before', 'after'; name one"),
        (("A", "later"), "no visit 'later'"),
        (("C",), "no case 'C'; it has A, B"),
    ):
        with pytest.raises(InputError, match=words):
            find_case(path, *wanted)


# ------------------------------------------------------------------------------------ reader masks


def test_reader_masks_stand_beside_the_table(table, tmp_path, caplog):
    (tmp_path / "r1.nii").write_bytes(b"")
    table(
        "case,visit,reader,trial,mask\nA,after,1,2,r1.nii\nA,after,2,,missing.nii\nZ,,1,1,r1.nii\n",
        name="readers.csv",
    )
    before, after, other = load_cases(table(TWO_VISITS))
    assert before.reader_masks == other.reader_masks == ()
    assert after.reader_masks == (ReaderMask("1", "2", tmp_path / "r1.nii"),)
    assert "missing.nii" in caplog.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case,visit,mask\nA,after,m\n", "no column 'reader'"),
        ("case,visit,reader,mask\nA,later,1,m\n", "row 2.*no visit 'later'"),
        ("case,visit,reader,mask\nA,after,1,m\nA,after,1,n\n", "row 3.*row 2 too"),
        ("case,visit,reader,mask\nA,after,1,\n", "row 2.*'mask' is empty"),
    ],
)
def test_a_mistake_in_the_readers_table_is_named(table, text, words):
    table(text, name="readers.csv")
    with pytest.raises(InputError, match=f"readers.csv.*{words}"):
        load_cases(table(TWO_VISITS))


# ---------------------------------------------------------------------------------- study, phantom


def test_study_tables_agree_with_the_manifest():
    listed = {file.path for file in data.manifest()}
    folder = data.manifest_folder()
    study = load_cases(folder / "cases.csv")
    assert len(study) == len({case.subject for case in study}) == 10
    assert sorted(case.case for case in study if case.visit == "after") == [
        "1012",
        "1016",
        "3002",
        "4386",
    ]
    masks, notes = read_masks(folder, [(case.case, case.visit) for case in study])
    assert not notes
    trials = [mask for listed in masks.values() for mask in listed]
    assert sum(mask.trial in "12" for mask in trials) == 32
    assert sum(mask.trial == "cleaned" for mask in trials) == 16
    files = [path for case in study for path in case.files]
    paths = [path.relative_to(folder).as_posix() for path in files + [m.path for m in trials]]
    assert len(set(paths)) == 88 and set(paths) <= listed
    assert all(case.case in path.name for case in study for path in case.files)


def test_study_without_data_fails_with_both_remedies(monkeypatch):
    monkeypatch.delenv("VHI_DATA_MIRROR", raising=False)
    with pytest.raises(InputError, match=r"4 study files .*set VHI_DATA_MIRROR.*`vhi fetch`"):
        load_cases("study", only=["1007"])
    assert ("1007", "before") in case_names("study")


@pytest.mark.study
@pytest.mark.skipif(not os.environ.get("VHI_DATA_MIRROR"), reason="VHI_DATA_MIRROR is not set")
def test_the_ten_study_cases_load_from_the_mirror():
    study = load_cases("study")
    assert [case.case for case in study] == sorted(case.case for case in study)
    assert len(study) == 10
    assert {case.source for case in study} == {"study"}
    assert {case.slice_thickness_mm for case in study} == {3.0}
    assert all(path.is_file() for case in study for path in case.files)
    manual = [mask for case in study for mask in case.reader_masks if mask.trial != "cleaned"]
    assert len(manual) == 32 and all(mask.path.is_file() for mask in manual)


def test_phantom_cases_come_from_the_same_reader(monkeypatch, table, tmp_path):
    path = table(TWO_VISITS)
    asked = []
    monkeypatch.setattr(phantom, "ensure_cases", lambda folder: asked.append(folder) or path)
    assert {case.source for case in load_cases("phantom")} == {"phantom"}
    assert asked == [data.cache_folder() / "phantom"]


def test_the_real_phantom_loads():
    loaded = load_cases("phantom")
    assert loaded and all(case.stir.is_file() and case.t1w.is_file() for case in loaded)
    trials = [
        ("truth", "1"),
        *((reader, trial) for reader in "12" for trial in ("1", "2", "cleaned")),
    ]
    for case in loaded:
        assert [(mask.reader, mask.trial) for mask in case.reader_masks] == trials
