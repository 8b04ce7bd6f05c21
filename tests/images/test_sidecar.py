import os

import pytest

from vhi.images.sidecar import number_of, read_sidecar, scan_record, sidecar_of

THICK = '{"InstitutionName": "Universität", "SliceThickness": 3}'


def written(folder, content, name="S.json", scan="S.nii.gz"):
    (folder / name).write_bytes(content)
    return folder / scan


@pytest.mark.parametrize(
    "content",
    [
        *(THICK.encode(code) for code in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1")),
        THICK.encode("utf-16-le"),
        b'{"InstitutionAddress": "Street 1\r\nTown\t", "SliceThickness": 3}',
        b'{"a": "x,}", "b": [1, 2,\n], "SliceThickness": 3, }',
        b'{"SliceThickness": 3}\0\0\n',
    ],
)
def test_what_converters_leave_is_read(tmp_path, content):
    """The check "sidecar-encoding"."""
    record, notes = scan_record(written(tmp_path, content))
    assert record["SliceThickness"] == 3 and notes == ()
    assert record.get("a", "x,}") == "x,}"  # a comma inside text stays


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"null", b"\0\1\2", b"[" * 100_000])
def test_a_record_that_cannot_be_read_is_noted_without_its_folder(tmp_path, content):
    record, (note,) = scan_record(written(tmp_path, content))
    assert record == {} and note.check == "sidecar-unreadable"
    assert note.startswith("S.json: ") and str(tmp_path) not in note


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to nothing"])
def test_what_is_no_file_is_noted_and_not_waited_for(tmp_path, kind):
    place = tmp_path / "S.json"
    if kind == "folder":
        place.mkdir()
    elif hasattr(os, "mkfifo"):
        os.mkfifo(place) if kind == "pipe" else place.symlink_to("none")
    else:
        pytest.skip("no pipes here")
    record, (note,) = scan_record(tmp_path / "S.nii.gz")
    assert record == {} and note.check == "sidecar-unreadable"


def test_a_scan_without_a_record_is_nothing_to_note(tmp_path):
    assert scan_record(tmp_path / "S.nii.gz") == ({}, ())


@pytest.mark.parametrize(
    "scan", ["S.nii", "S.nii.gz", "S.NII.GZ", "S.Nii.gz", "S.nii.GZ", "S.img", "S.hdr", "S.IMG.GZ"]
)
def test_a_record_is_found_whatever_the_case_of_the_suffix(tmp_path, scan):
    assert sidecar_of(tmp_path / scan) == tmp_path / "S.json"
    written(tmp_path, b'{"a": 1}', "S.JSON")
    assert read_sidecar(tmp_path / scan)[0] == {"a": 1}


def test_dots_in_a_name_are_no_suffix(tmp_path):
    assert sidecar_of(tmp_path / "p.1.nii.gz").name == "p.1.json"
    assert sidecar_of(tmp_path / "p.nii.x").name == "p.nii.x.json"


def test_a_key_that_contradicts_itself_has_both_values(tmp_path):
    record, _ = scan_record(written(tmp_path, b'{"a": 3, "a": 30, "b": 2, "b": 2}'))
    assert number_of(record["a"]) is None and number_of(record["b"]) == 2


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        (3.5, 3.5),
        (" 3 ", 3),
        ([3, "3"], 3),
        (True, None),
        (None, None),
        ([], None),
        ({}, None),
        ([3, 4], None),
        ([3, None], None),
        ("3 mm", None),
        (float("nan"), None),
        ("inf", None),
        (10**400, None),
    ],
)
def test_numbers_are_read_where_they_are_unambiguous(value, number):
    assert number_of(value) == number
