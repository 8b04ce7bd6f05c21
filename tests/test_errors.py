"""Messages: one line, and no folder that could be named after a patient."""

import errno
from pathlib import Path

import pytest

from vhi.errors import one_line, readable, reason_of, without_folders

FOLDER = Path("/a/b c")


def test_a_message_is_one_line():
    assert one_line("first\n  second\r\nthird") == "first second third"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"{FOLDER / 'S.nii'}: bad; see {FOLDER / 'T.json'}", "S.nii: bad; see T.json"),
        ("/x/y/z.csv: bad (1/2 of it)", "z.csv: bad (1/2 of it)"),
        ("no path, and/or no folder; 3 / 4", "no path, and/or no folder; 3 / 4"),
        (f"{Path('DOE/S.nii')}: bad; {Path('DOE/T.nii')} too", "S.nii: bad; T.nii too"),
    ],
)
def test_folders_are_taken_out_of_a_line_and_nothing_else(line, shown):
    assert without_folders(line, [FOLDER, Path("DOE"), Path(), None]) == shown


def test_a_relative_folder_is_found_in_a_message_that_names_it_in_full(tmp_path, monkeypatch):
    place = tmp_path / "DOE JANE"
    place.mkdir()
    monkeypatch.chdir(tmp_path)
    assert without_folders(f"{place / 'S.nii'}: bad", [Path("DOE JANE")]) == "S.nii: bad"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("caf\udce9.nii", "caf�.nii"),
        ("a\nb\x1b[2J.nii", "a�b�[2J.nii"),
        ("ab\u202egpj.nii", "ab�gpj.nii"),
        ('Müller 漢 <b>"=1+1".nii', 'Müller 漢 <b>"=1+1".nii'),
    ],
)
def test_a_name_is_shown_without_what_steers_a_terminal_or_cannot_be_encoded(name, shown):
    """The check "readable-name"."""
    assert readable(name) == shown
    readable(name).encode()


def test_the_reason_names_the_file_and_none_of_its_folders(tmp_path):
    error = OSError(errno.ENOSPC, "No space left on device", "/a/DOE JANE/report.png")
    assert reason_of(error) == "report.png: No space left on device"
    assert reason_of(OSError(errno.EIO, "Input/output error")) == "Input/output error"
    assert (
        reason_of(OSError(errno.EACCES, "Permission denied", str(tmp_path))) == "Permission denied"
    )
    assert reason_of(OSError()) == "OSError"
    assert "memory" in reason_of(MemoryError())


def test_folders_around_a_known_one_are_taken_out_too(tmp_path):
    link, place = tmp_path / "link", tmp_path / "DOE JANE" / "scans"
    place.mkdir(parents=True)
    link.symlink_to(place)
    assert without_folders(f"{place.parent}: full", [place]) == "(a folder): full"
    assert without_folders(f"{place}: is a folder", [place]) == "(a folder): is a folder"
    assert without_folders(f"{place.parent / 'x y.nii'}: bad", [place]) == "x y.nii: bad"
    assert without_folders(f"{place / 'x.nii'}: bad", [link]) == "x.nii: bad"
