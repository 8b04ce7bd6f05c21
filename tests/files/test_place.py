"""One writer, and what a killed one leaves behind."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from vhi.errors import InputError
from vhi.files import place
from vhi.files.atomic import staged_folder, write_whole
from vhi.files.place import check_writable, hidden_name, sole_writer

REPLACE = {"overwrite": True, "result_files": frozenset({"a"})}


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def writing_elsewhere(tmp_path):
    """Another process that writes to a folder until it is killed."""
    code = (
        "import sys, time; from vhi.files.place import sole_writer\n"
        "with sole_writer(sys.argv[1]): print('writing', flush=True); time.sleep(60)"
    )
    started = []

    def start(folder):
        command = [sys.executable, "-c", code, str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "writing\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_second_run_is_refused_at_once_and_a_killed_one_does_not_block(
    tmp_path, writing_elsewhere
):
    first = writing_elsewhere(tmp_path / "deep" / "out")
    with (
        pytest.raises(InputError, match="out: another run of vhi") as refusal,
        sole_writer(tmp_path / "deep" / "out"),
    ):
        pass
    assert refusal.value.check == "one-writer"
    with sole_writer(tmp_path / "deep" / "other"):
        pass
    first.send_signal(signal.SIGKILL)
    first.wait()
    with sole_writer(tmp_path / "deep" / "out"):
        pass
    assert names(tmp_path / "deep") == []


def test_the_same_run_may_enter_again(tmp_path):
    with sole_writer(tmp_path / "out"), staged_folder(tmp_path / "out") as stage:
        write_whole(stage / "a", b"")
    assert names(tmp_path) == ["out"]


def test_a_file_in_a_folder_stands_for_the_folder(tmp_path, writing_elsewhere):
    writing_elsewhere(tmp_path / "all" / "table.csv")
    with pytest.raises(InputError, match="another run"), sole_writer(tmp_path / "all/table.csv"):
        pass
    with sole_writer(tmp_path / "new" / "table.csv"):
        assert names(tmp_path / "new") == [".table.csv.lock"]
    assert names(tmp_path) == ["all"]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_written_all_the_same(tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with sole_writer(tmp_path / "out"):
        pass
    assert names(tmp_path) == []


def test_a_lock_that_another_user_left_does_not_block(tmp_path, monkeypatch):
    (tmp_path / ".out.lock").write_bytes(b"")
    real = os.open

    def refuse_writing(path, flags, *mode, **options):
        if str(path).endswith(".lock") and flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "no")
        return real(path, flags, *mode, **options)

    monkeypatch.setattr(os, "open", refuse_writing)
    with sole_writer(tmp_path / "out"):
        pass
    assert names(tmp_path) == []


def test_what_a_killed_run_left_is_removed_and_an_earlier_result_put_back(tmp_path):
    out = tmp_path / "out"
    for name in (hidden_name(out), hidden_name(out), hidden_name(out, place.OLD)):
        name.mkdir()
        (name / "a").write_text(name.suffix)
    (tmp_path / ".out.notes").write_text("somebody's")
    (tmp_path / hidden_name(tmp_path / "outer").name).mkdir()
    with sole_writer(out):
        assert (out / "a").read_text() == ".old"
    others = [name for name in names(tmp_path) if name.startswith(".outer.")]
    assert names(tmp_path) == sorted([".out.notes", "out", *others]) and len(others) == 1


def test_an_earlier_result_is_never_removed_for_a_new_folder(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    aside = hidden_name(out, place.OLD)
    aside.mkdir()
    with sole_writer(out):
        pass
    assert aside.is_dir()


@pytest.mark.parametrize("length", [40, 200, 240])
def test_long_names_are_told_apart(tmp_path, length):
    first, second = (tmp_path / ("x" * (length - 1) + end) for end in "ab")
    left = hidden_name(first)
    left.mkdir()
    with sole_writer(second):
        assert left.is_dir()
    with sole_writer(first):
        assert not left.exists()


@pytest.mark.parametrize(
    ("name", "fits"), [("x" * 255, True), ("x" * 256, False), ("é" * 120, True)]
)
def test_a_name_as_long_as_the_disk_allows(tmp_path, name, fits):
    if fits:
        with staged_folder(tmp_path / name, **REPLACE) as stage:
            write_whole(stage / "a", b"")
        assert names(tmp_path) == [name]
        return
    with (
        pytest.raises(InputError, match="too long; choose a shorter one") as refusal,
        staged_folder(tmp_path / name),
    ):
        pass
    assert refusal.value.check == "writable"


def test_a_file_beside_which_nothing_may_be_written(tmp_path, monkeypatch):
    check_writable(tmp_path / "N.nii.gz")
    assert names(tmp_path) == []
    with pytest.raises(InputError, match=r"N\.nii\.gz: its folder does not exist") as refusal:
        check_writable(tmp_path / "none" / "N.nii.gz")
    assert refusal.value.check == "writable"
