"""Messages: one line, and no folder that could be named after a patient."""

from pathlib import Path

import pytest

from vhi.errors import one_line, without_folders

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
