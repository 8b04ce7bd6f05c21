"""Names that look alike are never two names, and never silently one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vhi.cases.case import find_case, load_cases
from vhi.cases.names import invisible, likeness, similar, tidy
from vhi.errors import InputError

ALIKE = {
    "leading zeros": ("007", "7"),
    "zeros of a later number": ("A-07", "A-7"),
    "capitals": ("P1", "p1"),
    "a sharp s": ("STRASSE", "straße"),
    "full width": ("P1", "Ｐ１"),
    "dash and underscore": ("P-1", "P_1"),
    "dash and blank": ("P‑1", "P 1"),
    "letters and digits apart": ("P 1", "P1"),
    "two blanks": ("Dr  A", "Dr A"),
    "a point": ("Dr. A", "Dr A"),
    "a number with a decimal": ("7", "7.0"),
    "a Cyrillic letter": ("A", "А"),
    "a Greek letter": ("B", "Β"),
    "Arabic digits": ("12", "١٢"),
    "quotes": ("'007", "“007”"),
    "a hidden character": ("P\u200b1", "P1"),
    "decomposed accents": ("Mü", "Mu\u0308"),
    "an accent left out": ("Müller", "Muller"),
}
DIFFERENT = [("1-11", "11-1"), ("1-1", "11"), ("7", "70"), ("A+", "A"), ("R1", "R2"), ("", "0")]


@pytest.mark.parametrize(("first", "second"), ALIKE.values(), ids=ALIKE)
def test_names_that_people_take_for_one_look_alike(first, second):
    assert likeness(first) == likeness(second)
    assert similar(first, [second]) == second


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_names_that_people_tell_apart_do_not(first, second):
    assert similar(first, [second]) is None


@given(st.text(max_size=30))
def test_a_tidied_name_looks_like_the_name(name):
    assert likeness(tidy(name)) == likeness(name)
    assert tidy(tidy(name)) == tidy(name)
    assert similar(name, [name]) is None


def test_a_tidy_name_keeps_what_can_be_seen():
    assert tidy("\ufeff Mu\u0308ller\u00a0\u2009 1\u200b ") == "Müller 1"
    assert invisible("a\u200bb") == "U+200B"
    assert not invisible("Müller 1 読者")


# ------------------------------------------------------------------------------- tables of cases


@pytest.fixture
def write(tmp_path):
    def write(rows, name="cases.csv", header="case,subject,visit,stir,t1w"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def refusal(check, run):
    with pytest.raises(InputError) as caught:
        run()
    assert caught.value.check == check
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["007,,,s,t", "7,,,s,t"], ["'7' (row 3)", "'007' (row 2)"]),
        (["A,S1,before,s,t", "B,s1,before,s,t"], ["subject 's1' (row 3)", "'S1' (row 2)"]),
        (["7,,before,s,t", "8,007,before,s,t"], ["subject '007' (row 3)", "'7' (row 2)"]),
        (["A,,Before,s,t", "B,,before,s,t"], ["visit 'before' (row 3)", "'Before' (row 2)"]),
        (["A,,1,s,t", "A,,01,s,t"], ["visit '01' (row 3)", "'1' (row 2)"]),
        (["А1,,,s,t", "A1,,,s,t"], ["case 'A1' (row 3)", "'\\u04101' (row 2)"]),
    ],
)
def test_names_of_a_table_of_cases_that_look_alike_are_refused_with_both_rows(write, rows, words):
    message = refusal("names-alike", lambda: load_cases(write(rows)))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("case", "visit", "words"),
    [
        ("7", None, ["no case '7'", "'007'", "looks like it"]),
        ("007", "Before", ["no visit 'Before'", "'before'"]),
        ("8", None, ["no case '8'", "it has 007"]),
    ],
)
def test_a_name_given_by_an_option_is_compared_with_the_tables(write, case, visit, words):
    path = write(["007,,before,s,t"])
    message = refusal("name-unknown", lambda: find_case(path, case, visit))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("7,before,A,m.nii", ["row 2", "no case '7'", "'007'"]),
        ("007,BEFORE,A,m.nii", ["row 2", "no visit 'BEFORE'", "'before'"]),
        ("007,after,A,m.nii", ["row 2", "no visit 'after'"]),
    ],
)
def test_readers_csv_is_compared_with_the_table_of_cases(write, row, words):
    write([row], "readers.csv", "case,visit,reader,mask")
    message = refusal("name-unknown", lambda: load_cases(write(["007,,before,s,t"])))
    assert all(word in message for word in words), message


@pytest.mark.parametrize("readers", [("A", "a"), ("1", "01"), ("Dr A", "Dr. A")])
def test_readers_that_look_alike_are_refused_across_cases(write, readers):
    rows = [f"A,{readers[0]},1,m", f"B,{readers[1]},1,m"]
    write(rows, "readers.csv", "case,reader,trial,mask")
    message = refusal("names-alike", lambda: load_cases(write(["A,,,s,t", "B,,,s,t"])))
    assert "row 3" in message and "row 2" in message


def test_rows_of_no_case_and_masks_without_a_file_are_counted_and_named(write, tmp_path):
    (tmp_path / "m").touch()
    rows = ["A,1,m", "A,2,gone", "X,1,m", "X,2,m", "Y,1,m"]
    write(rows, "readers.csv", "case,reader,mask")
    notes = []
    (case,) = load_cases(write(["A,,,s,t"]), warn=notes.append)
    assert [mask.reader for mask in case.reader_masks] == ["1"]
    other, missing = notes
    assert other.check == "rows-of-no-case"
    assert other == "readers.csv: 3 rows of cases that cases.csv does not have: 'X', 'Y'"
    assert missing.check == "mask-missing"
    assert "case A, reader 2: mask gone" in missing and str(tmp_path) not in missing


@pytest.mark.parametrize(
    "rows",
    [
        ["A,S1,before,s,t", "A,S2,after,u,v"],
        ["A,,before,s,t", "A,B,after,u,v"],
        ["A,S,1,s,t", "B,T,1,u,v", "A,T,2,w,x"],
    ],
)
def test_a_case_of_two_subjects_is_refused(write, rows):
    message = refusal("subject-of-case", lambda: load_cases(write(rows)))
    assert f"row {len(rows) + 1}" in message and "in row 2" in message


def test_a_scan_in_two_rows_is_noted(write):
    notes = []
    load_cases(write(["A,,,s,t", "B,,,u,t", "C,,,./s,t"]), warn=notes.append)
    assert [note.check for note in notes] == ["scan-twice"]
    assert "rows 2 and 4 of cases.csv" in notes[0]


def test_copies_of_one_scan_are_noted(write, tmp_path):
    for name, content in (("s", b"scan"), ("u", b"scan"), ("v", b"sc4n"), ("w", b"scan")):
        (tmp_path / name).write_bytes(content)
    notes = []
    load_cases(write(["A,,1,s,t", "A,,2,u,t", "B,,,v,t", "C,,,w,t"]), warn=notes.append)
    assert [note.check for note in notes] == ["scan-twice", "scan-twice"]
    assert "rows 2 and 3 of cases.csv name copies" in notes[0] and "rows 2 and 5" in notes[1]


def test_a_subject_without_a_name_is_its_case(write):
    cases = load_cases(write(["A,NA,n/a,s,t", "B,-,,s,t"]))
    assert [(case.subject, case.visit) for case in cases] == [("A", ""), ("B", "")]


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("=1+1", "name-formula"),
        ("#REF!", "name-formula"),
        ("@A", "name-formula"),
        ("1.23E+05", "name-formula"),
        ("a\u200bb", "name-invisible"),
        ("M\ufffdller", "name-invisible"),
        ("a\u202eb", "name-invisible"),
        ("a\x07b", "name-invisible"),
        ("con", "name-of-folder"),
        ("LPT1.x", "name-of-folder"),
        ("é" * 51, "name-of-folder"),
        ("a:b", "name-of-folder"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(write, name, check):
    assert "row 2" in refusal(check, lambda: load_cases(write([f"{name},,,s,t"])))


@pytest.mark.parametrize("name", ["name-tidied", "P\u00a01", "\u200eP 1", "P  1\u200b"])
def test_blanks_and_hidden_characters_round_a_name_do_no_harm(write, name):
    (case,) = load_cases(write([f"{name},,,s,t"]))
    assert case.case in ("P 1", "name-tidied")
