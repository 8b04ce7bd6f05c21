"""Many cases into one folder: rows that are never lost, failures without folders."""

import csv
import errno
import re
from dataclasses import replace

import pytest

from tests.helpers.scans import names
from vhi.errors import InputError
from vhi.files.place import hidden_name, sole_writer
from vhi.results import batch
from vhi.results.batch import KEPT, TABLE, measure_all


@pytest.fixture
def cases(tiny_case):
    """The tiny case under two names."""
    return [replace(tiny_case, case=name, subject=name, visit="") for name in ("a", "b")]


def rows_of(folder):
    with (folder / TABLE).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def failing(monkeypatch, *errors):
    """Let the measurement of the first cases fail."""
    real, left = batch.measure, list(errors)

    def measure(case, **options):
        if left and (error := left.pop(0)) is not None:
            raise error
        return real(case, **options)

    monkeypatch.setattr(batch, "measure", measure)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/DOE JANE/a"), "a: No space left"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/DOE JANE"), "DOE JANE: Permission"),
        (MemoryError(), "not enough memory"),
        (InputError("{scans}/S.nii.gz: bad; see {scans}/T.nii.gz"), "S.nii.gz: bad; see T.nii.gz"),
        (InputError("{scans.parent}/other S.nii: bad"), "other S.nii: bad"),
    ],
)
def test_a_failure_names_a_file_and_no_folder(cases, tmp_path, monkeypatch, error, failure):
    if isinstance(error, InputError):
        error = InputError(str(error).format(scans=cases[0].stir.parent))
    failing(monkeypatch, error)
    measure_all(cases, tmp_path / "out")
    first, second = rows_of(tmp_path / "out")
    assert first["failure"].startswith(failure) and "/" not in first["failure"]
    assert not first["vhi_mm3"] and second["vhi_mm3"] and not second["failure"]


def test_a_folder_in_the_place_of_a_scan_is_not_named(cases, tmp_path):
    patient = tmp_path / "DOE JANE"
    patient.mkdir()
    measure_all([replace(cases[0], stir=patient), cases[1]], tmp_path / "out")
    first, second = rows_of(tmp_path / "out")
    assert (
        first["failure"].startswith("(a folder): is a folder; name a NIfTI") and second["vhi_mm3"]
    )


def test_a_case_that_fails_again_keeps_its_earlier_number(cases, tmp_path, monkeypatch):
    out = tmp_path / "out"
    measure_all(cases, out)
    before = rows_of(out)
    (out / "a" / "thesis.docx").write_text("work")
    failing(monkeypatch, OSError(errno.EIO, "Input/output error"))
    measure_all(cases, out, overwrite=True)
    for old, new, words in zip(before, rows_of(out), ("thesis.docx", "Input/output"), strict=True):
        assert {**new, "failure": ""} == old
        assert new["failure"].startswith(KEPT) and words in new["failure"]
    (out / "a" / "thesis.docx").unlink()
    assert not any(row["failure"] for row in measure_all(cases, out, overwrite=True))
    (out / "b" / "vhi.json").unlink()
    failing(monkeypatch, None, MemoryError())
    measure_all(cases, out, overwrite=True)
    assert [row["vhi_mm3"] != "" for row in rows_of(out)] == [True, False]


def test_a_run_that_ends_early_keeps_the_rows_of_the_run_before(cases, tmp_path, monkeypatch):
    out = tmp_path / "out"
    measure_all(cases, out)
    before = rows_of(out)
    failing(monkeypatch, None, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        measure_all(cases, out, overwrite=True)
    assert rows_of(out) == before
    assert names(out) == ["a", "b", TABLE]


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_rows_that_a_spreadsheet_saved_again_are_kept(
    cases, tmp_path, monkeypatch, separator, encoding
):
    out = tmp_path / "out"
    measure_all(cases, out)
    before = rows_of(out)
    number = re.compile(r"-?\d+\.\d+")
    with (out / TABLE).open("w", newline="", encoding=encoding, errors="replace") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(before[0])
        for row in before:
            values = row.values()
            writer.writerow([v.replace(".", ",") if number.fullmatch(v) else v for v in values])
    with pytest.raises(InputError, match="with 2 cases measured"):
        measure_all(cases, out)
    failing(monkeypatch, *[MemoryError()] * 2)
    measure_all(cases, out, overwrite=True)
    numbers = ("vhi_voxels", "vhi_mm3", "vhi_mm3_low", "lower", "multiple")
    for old, new in zip(before, rows_of(out), strict=True):
        assert new["failure"].startswith(KEPT)
        assert [new[column] for column in numbers] == [old[column] for column in numbers]


def test_a_table_that_is_there_says_how_much_it_holds(cases, tmp_path):
    measure_all(cases, tmp_path / "out")
    with pytest.raises(InputError, match="with 2 cases measured; add --overwrite") as refusal:
        measure_all(cases, tmp_path / "out")
    assert refusal.value.check == "earlier-result"
    (tmp_path / "out" / TABLE).write_bytes(b"\xff\0no table")
    with pytest.raises(InputError, match="with 0 cases"):
        measure_all(cases, tmp_path / "out")
    assert len(measure_all(cases, tmp_path / "out", overwrite=True)) == 2


def test_a_table_that_is_open_in_a_spreadsheet(cases, tmp_path, monkeypatch):
    real, calls = batch.write_whole, []

    def write_whole(path, content):
        calls.append(path)
        if len(calls) in refused:
            raise InputError(f"{path}: not allowed to write there")
        real(path, content)

    monkeypatch.setattr(batch, "write_whole", write_whole)
    refused = {1}
    measure_all(cases, tmp_path / "out")  # closed again when the last case is done
    assert len(rows_of(tmp_path / "out")) == 2
    calls.clear()
    with pytest.raises(InputError, match="not allowed"):
        measure_all(cases, tmp_path / "out", overwrite=True)
    assert len(calls) == 1 and len(rows_of(tmp_path / "out")) == 2


def test_what_a_killed_run_left_in_the_folder_is_removed(cases, tmp_path):
    out = tmp_path / "out"
    for path in (out / "a", out / TABLE):
        hidden_name(path).mkdir(parents=True)
    measure_all(cases, out)
    assert names(out) == ["a", "b", TABLE]


def test_one_case_that_is_written_elsewhere_takes_no_other_along(cases, tmp_path, monkeypatch):
    real = batch.sole_writer

    def writer(folder):
        if folder.name == "a":
            raise InputError(f"{folder}: another run", check="one-writer")
        return real(folder)

    monkeypatch.setattr(batch, "sole_writer", writer)
    measure_all(cases, tmp_path / "out")
    assert [row["failure"] for row in rows_of(tmp_path / "out")] == ["a: another run", ""]


def test_the_folder_may_be_the_current_one_or_a_link(cases, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    measure_all(cases, tmp_path / "link")
    monkeypatch.chdir(tmp_path / "out")
    with sole_writer(TABLE):
        measure_all(cases, ".", overwrite=True)
    assert names(tmp_path / "out") == ["a", "b", TABLE]
