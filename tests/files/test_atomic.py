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
    with pytest.raises(InputError, match="does not exist; create it first, or choose another"):
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
        if target == tmp_path / "out" and source.name.endswith(".new"):
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


@pytest.fixture
def earlier(tmp_path):
    """A folder with an earlier result."""
    with staged_folder(tmp_path / "out") as stage:
        write_whole(stage / "a", b"old")
    return tmp_path / "out"


LITTER = (".DS_Store", "._a", "Thumbs.db", "desktop.ini", ".~lock.a#", ".directory", ".a.swp",
          "~$a.docx", ".nfs0001", "@eaDir/a@SynoEAStream", ".a.0123456789ab.new")  # fmt: skip


@pytest.mark.parametrize("name", LITTER)
def test_litter_does_not_keep_a_result_from_being_replaced(earlier, name):
    (earlier / name).parent.mkdir(exist_ok=True)
    (earlier / name).write_bytes(b"")
    with staged_folder(earlier, **REPLACE) as stage:
        write_whole(stage / "a", b"new")
    assert {path.name: path.read_bytes() for path in earlier.iterdir()} == {"a": b"new"}
    assert names(earlier.parent) == ["out"]


def test_a_folder_with_nothing_but_litter_is_free(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".DS_Store").write_bytes(b"")
    with staged_folder(tmp_path / "out", result_files=FILES, keep_earlier=True) as stage:
        write_whole(stage / "a", b"new")
    assert names(tmp_path / "out") == ["a"] and names(tmp_path) == ["out"]


@pytest.mark.parametrize("name", ["DS_Store.txt", ".hidden", "thumbs.db/notes.txt", "@eaDir"])
def test_what_only_resembles_litter_is_somebodys(earlier, name):
    path = earlier / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("work")
    with pytest.raises(InputError) as refusal, staged_folder(earlier, **REPLACE):
        pass
    assert refusal.value.check == "foreign-file"
    assert path.read_text() == "work"


def test_a_link_to_a_folder_is_followed(tmp_path, earlier):
    for name in ("link", "link2"):
        (tmp_path / name).symlink_to("out")
        with staged_folder(tmp_path / name, **REPLACE) as stage:
            write_whole(stage / "a", name.encode())
        assert (earlier / "a").read_text() == name and (tmp_path / name).is_symlink()
    (tmp_path / "disk").symlink_to(tmp_path / "unmounted")
    for folder in (tmp_path / "disk", tmp_path / "disk" / "deeper"):
        with pytest.raises(InputError, match="disk: is a link") as refusal, staged_folder(folder):
            pass
        assert refusal.value.check == "broken-link"
    assert names(tmp_path) == ["disk", "link", "link2", "out"]


def refusing(monkeypatch, name, number, when=lambda *arguments: True):
    """Let a function of `os` fail with an error number."""
    real = getattr(os, name)

    def function(*arguments, **options):
        if when(*arguments):
            raise OSError(number, os.strerror(number), str(arguments[0]))
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, function)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_that_cannot_sync_is_written_all_the_same(tmp_path, monkeypatch, number):
    refusing(monkeypatch, "fsync", number)
    write_whole(tmp_path / "a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    refusing(monkeypatch, "fsync", errno.EIO)
    with pytest.raises(InputError, match=r"a: cannot be written \(Input/output error\)"):
        write_whole(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"1" and names(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["chmod", "fchmod", "chown", "utime", "link"])
def test_mode_bits_owners_times_and_hard_links_are_not_needed(earlier, monkeypatch, name):
    refusing(monkeypatch, name, errno.EPERM)
    with staged_folder(earlier, **REPLACE) as stage:
        write_whole(stage / "a", b"new")
    assert (earlier / "a").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("name", "number", "words", "check"),
    [
        ("mkdir", errno.EACCES, "not allowed to write there", "writable"),
        ("mkdir", errno.EROFS, "not allowed to write there", "writable"),
        ("mkdir", errno.ENOSPC, "the disk is full", "writable"),
        ("mkdir", errno.EDQUOT, "the disk is full", "writable"),
        ("mkdir", errno.EBUSY, "is in use by another program", "writable"),
        ("mkdir", errno.ENAMETOOLONG, "choose a shorter one", "writable"),
        ("replace", errno.ENOSYS, "not renamed", "writable"),
        ("rename", errno.ENOTSUP, "not renamed", "writable"),
    ],
)
def test_what_the_place_lacks_is_said_before_the_work(
    tmp_path, monkeypatch, name, number, words, check
):
    refusing(monkeypatch, name, number)
    with (
        pytest.raises(InputError, match=f"out: .*{words}") as refusal,
        staged_folder(tmp_path / "out"),
    ):
        pytest.fail("the work began")
    assert refusal.value.check == check
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EACCES, errno.EPERM])
def test_an_earlier_result_with_an_open_file_is_refused_before_the_work(
    earlier, monkeypatch, number
):
    refusing(monkeypatch, "rename", number, lambda source, target: source == earlier)
    with (
        pytest.raises(InputError, match="has one of its files open") as refusal,
        staged_folder(earlier, **REPLACE),
    ):
        pytest.fail("the work began")
    assert refusal.value.check == "in-use"
    assert (earlier / "a").read_bytes() == b"old" and names(earlier.parent) == ["out"]


def test_a_folder_that_can_only_be_copied_is_copied(earlier, monkeypatch):
    refusing(monkeypatch, "rename", errno.EXDEV, lambda source, target: source == earlier)
    refusing(monkeypatch, "chmod", errno.EPERM)
    with staged_folder(earlier, **REPLACE, keep_earlier=True) as stage:
        write_whole(stage / "a", b"new")
    assert (earlier / "a").read_bytes() == b"new"
    assert (earlier.with_name("out.earlier-1") / "a").read_bytes() == b"old"


def test_the_current_folder_and_one_beside_which_nothing_may_be_written(
    tmp_path, earlier, monkeypatch
):
    monkeypatch.chdir(earlier)
    with pytest.raises(InputError) as refusal, staged_folder(".", **REPLACE):
        pass
    assert refusal.value.check == "in-use"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    for folder in (earlier, "/"):
        with (
            pytest.raises(InputError, match="a new folder inside it") as refusal,
            staged_folder(folder, **REPLACE),
        ):
            pass
        assert refusal.value.check == "writable"
