import errno
import os

import pytest

from vhi.errors import InputError
from vhi.files.atomic import staged_folder, write_whole

FILES = frozenset({"a"})
REPLACE = {"overwrite": True, "result_files": FILES}


def full_disk(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_replaced_in_one_step(tmp_path):
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(tmp_path, monkeypatch):
    write_whole(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(InputError, match="disk is full"):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_place_that_refuses_is_named(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match="not allowed"):
        write_whole(tmp_path / "a", b"new")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="does not exist; create it first, or name another"):
        write_whole(tmp_path / "no" / "a", b"")


def test_a_folder_appears_only_when_all_went_well(tmp_path):
    with staged_folder(tmp_path / "deep" / "out") as stage:
        (stage / "a").write_text("1")
        assert not (tmp_path / "deep" / "out").exists()
    assert names(tmp_path / "deep" / "out") == ["a"]
    assert names(tmp_path / "deep") == ["out"]


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(RuntimeError), staged_folder(tmp_path / "out"):
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_error_keeps_the_earlier_result(tmp_path):
    with staged_folder(tmp_path / "out") as stage:
        (stage / "a").write_text("old")
    with (
        pytest.raises(RuntimeError),
        staged_folder(tmp_path / "out", **REPLACE),
    ):
        raise RuntimeError
    assert (tmp_path / "out" / "a").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_a_swap_that_fails_puts_the_earlier_result_back(tmp_path, monkeypatch):
    with staged_folder(tmp_path / "out") as stage:
        (stage / "a").write_text("old")
    real = os.rename

    def failing(source, target):
        if target == tmp_path / "out" and (source / "b").exists():
            full_disk()
        real(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with (
        pytest.raises(InputError, match="disk is full"),
        staged_folder(tmp_path / "out", **REPLACE) as stage,
    ):
        (stage / "b").write_text("new")
    assert (tmp_path / "out" / "a").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_earlier_results_are_kept_when_asked(tmp_path, monkeypatch):
    options = REPLACE | {"keep_earlier": True}
    for text in ("first", "second", "third"):
        with staged_folder(tmp_path / "out", **options) as stage:
            (stage / "a").write_text(text)
            assert not (tmp_path / "out").exists() or text != "first"
    texts = {folder.name: (folder / "a").read_text() for folder in tmp_path.iterdir()}
    assert texts == {"out": "third", "out.earlier-1": "first", "out.earlier-2": "second"}

    real = os.rename

    def failing(source, target):
        if target == tmp_path / "out" and ".earlier-" not in source.name:
            full_disk()
        real(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(InputError, match="full"), staged_folder(tmp_path / "out", **options):
        pass
    assert names(tmp_path) == ["out", "out.earlier-1", "out.earlier-2"]
    assert (tmp_path / "out" / "a").read_text() == "third"


def test_a_result_is_not_replaced_unasked(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("old")
    with (
        pytest.raises(InputError, match="--overwrite"),
        staged_folder(tmp_path / "out", result_files=FILES),
    ):
        pass
    with staged_folder(tmp_path / "out", **REPLACE) as stage:
        (stage / "a").write_text("new")
    assert (tmp_path / "out" / "a").read_text() == "new"


def test_foreign_files_are_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("years of work")
    with (
        pytest.raises(InputError, match=r"thesis\.docx"),
        staged_folder(tmp_path / "out", **REPLACE),
    ):
        pass
    assert (tmp_path / "out" / "thesis.docx").exists()


def test_an_empty_folder_is_free(tmp_path):
    (tmp_path / "out").mkdir()
    with staged_folder(tmp_path / "out", result_files=frozenset()) as stage:
        (stage / "a").write_text("1")
    assert names(tmp_path / "out") == ["a"]


def test_a_path_through_itself_keeps_what_it_replaces(tmp_path):
    with staged_folder(tmp_path / "out") as stage:
        (stage / "a").write_text("old")
    with staged_folder(tmp_path / "out" / ".." / "out", **REPLACE) as stage:
        (stage / "a").write_text("new")
    assert (tmp_path / "out" / "a").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_what_appears_meanwhile_is_not_lost(tmp_path):
    with (
        pytest.raises(InputError, match="already holds"),
        staged_folder(tmp_path / "out", result_files=FILES),
    ):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a").write_text("another process")
    assert (tmp_path / "out" / "a").read_text() == "another process"
    assert names(tmp_path) == ["out"]


def test_a_folder_in_the_place_of_a_known_file_is_foreign(tmp_path):
    (tmp_path / "out" / "a").mkdir(parents=True)
    with (
        pytest.raises(InputError, match="not a result of vhi"),
        staged_folder(tmp_path / "out", **REPLACE),
    ):
        pass


def test_the_current_folder_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="in use"), staged_folder("."):
        pass


def test_files_and_folders_have_the_rights_that_the_umask_leaves(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a").write_bytes(b"")
    with staged_folder(tmp_path / "out") as stage:
        write_whole(stage / "a", b"")
    for name in ("", "a"):
        plain, ours = (tmp_path / folder / name for folder in ("plain", "out"))
        assert ours.stat().st_mode == plain.stat().st_mode
