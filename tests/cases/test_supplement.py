"""The study's files: taken from the first place that has them right, and from nowhere else."""

import csv
import hashlib
import http.server
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pooch
import pytest

from vhi.cases import download
from vhi.cases import supplement as data
from vhi.errors import InputError

CONTENTS = {f"data/scans/{number}_STIR.nii.gz": bytes([number]) * 5000 for number in range(1, 9)}
BLOB_ONLY = "data/masks/1_seg.nii"
CONTENTS[BLOB_ONLY] = b"a mask that has no SHA-256" * 100
FIRST, SECOND = list(CONTENTS)[:2]


def git_blob(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def write_manifest(folder, contents=CONTENTS):
    folder.mkdir()
    with open(folder / "bone_mri.csv", "w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["path", "bytes", "sha256", "git_blob_sha1"])
        for path, content in contents.items():
            check = [len(content), hashlib.sha256(content).hexdigest()]
            rows.writerow([path, *(["", ""] if path == BLOB_ONLY else check), git_blob(content)])
    return folder


def write_supplement(folder, contents=CONTENTS):
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


class Server:
    """The supplement on this machine's own address, with mistakes on demand."""

    def __init__(self):
        self.contents = dict(CONTENTS)
        self.truncated = set()
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                path = self.path.removeprefix("/")
                outer.requests.append(path)
                content = outer.contents.get(path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write((content or b"")[: 100 if path in outer.truncated else None])

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small manifest, an empty cache, no mirror and no internet; gives the cache's folder."""
    folder = write_manifest(tmp_path / "manifest")
    monkeypatch.setattr(data, "manifest_folder", lambda: folder)
    monkeypatch.setattr(data, "SOURCE_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("VHI_DATA_MIRROR", raising=False)
    return tmp_path / "cache" / "bone_mri"


@pytest.fixture
def server(place, monkeypatch):
    server = Server()
    monkeypatch.setattr(data, "SOURCE_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def mirror(place, tmp_path, monkeypatch):
    folder = write_supplement(tmp_path / "mirror")
    monkeypatch.setenv("VHI_DATA_MIRROR", str(folder))
    return folder


def age(folder):
    """Make files look settled, so that the record takes them."""
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 100,) * 2)


# ------------------------------------------------------------------------------------ the manifest


def test_manifest_lists_the_whole_supplement():
    files = data.manifest()
    assert len(files) == len({file.path for file in files}) == 224
    assert sum(file.sha256 is None for file in files) == 76
    assert all((file.sha256 is None) == (file.bytes is None) for file in files)
    assert all(file.path.endswith(".nii") == (file.sha256 is None) for file in files)
    assert all(len(file.git_blob_sha1) == 40 for file in files)
    assert [file.path for file in files] == sorted(file.path for file in files)


def test_groups_share_out_the_manifest():
    assert next(iter(data.GROUPS)) == "study"
    grouped = [path for group in data.GROUPS for path in data.group_paths(group)]
    assert sorted(grouped) == [file.path for file in data.manifest()]
    assert len(data.group_paths("evaluation")) == 34 + 34
    assert len(data.group_paths("study")) == 40 + 32 + 10 + 7 + 7
    with pytest.raises(InputError, match="study"):
        data.group_paths("everything")


def test_manifest_says_nothing_about_one_workplace():
    folder = data.manifest_folder()
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.csv"))
    assert "mirror" not in text and "\r" not in text


def test_git_blob_hash_is_gits(tmp_path):
    # `printf 'hello\n' | git hash-object --stdin`
    file = data.StudyFile("hello", None, None, "ce013625030ba8dba906f756967f9e9ca394464a")
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    assert file.problem_of(path) == ""
    path.write_bytes(b"hallo\n")
    assert "git blob" in file.problem_of(path)


# ------------------------------------------------------------------------------------ the places


def test_mirror_files_are_used_in_place(mirror, place):
    paths = data.fetch([FIRST, BLOB_ONLY])
    assert paths == {FIRST: mirror / FIRST, BLOB_ONLY: mirror / BLOB_ONLY}
    assert not place.exists()


def test_download_lands_in_the_cache_and_is_not_repeated(server, place):
    calls = []
    paths = data.fetch(CONTENTS, progress=lambda *call: calls.append(call))
    assert {path: paths[path].read_bytes() for path in CONTENTS} == CONTENTS
    assert paths[FIRST] == place / FIRST
    assert [call[1:] for call in calls] == [(n, 9) for n in range(1, 10)]
    assert sorted(call[0] for call in calls) == sorted(CONTENTS)
    assert len([path for path in place.rglob("*") if path.is_file()]) == len(CONTENTS)
    server.requests.clear()
    assert data.fetch(CONTENTS) == paths
    assert server.requests == []


def test_an_interrupted_download_is_resumed_file_by_file(server, place):
    write_supplement(place, {FIRST: CONTENTS[FIRST]})
    data.fetch(CONTENTS)
    assert sorted(server.requests) == sorted(set(CONTENTS) - {FIRST})


def test_wrong_mirror_file_is_named_and_the_next_place_tried(mirror, server, place, caplog):
    (mirror / FIRST).write_bytes(b"x" * len(CONTENTS[FIRST]))
    paths = data.fetch([FIRST, SECOND])
    assert paths == {FIRST: place / FIRST, SECOND: mirror / SECOND}
    assert (mirror / FIRST).read_bytes() == b"x" * len(CONTENTS[FIRST])
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert FIRST in caplog.text and "SHA-256" in caplog.text


@pytest.mark.parametrize("path", [FIRST, BLOB_ONLY])
def test_wrong_cache_file_is_set_aside_never_deleted(server, place, path, caplog):
    for number, bad in enumerate((b"bad", b"worse")):
        write_supplement(place, {path: bad})
        paths = data.fetch([path])
        assert paths[path].read_bytes() == CONTENTS[path]
        aside = place / f"{path}.wrong{number or ''}"
        assert aside.read_bytes() == bad
        assert aside.name in caplog.text


def test_wrong_download_is_refused_and_set_aside(server, place):
    server.contents[FIRST] = b"<html>please log in</html>"
    with pytest.raises(InputError, match=r"1 study file cannot .*26 bytes instead of 5000"):
        data.fetch([FIRST, SECOND])
    assert not (place / FIRST).exists()
    assert (place / f"{FIRST}.wrong").read_bytes() == b"<html>please log in</html>"
    assert (place / SECOND).read_bytes() == CONTENTS[SECOND]


def test_truncated_download_never_lands(server, place):
    server.truncated.add(FIRST)
    with pytest.raises(InputError, match=FIRST):
        data.fetch([FIRST])
    assert len(server.requests) == 2  # one more attempt, then given up
    assert not [path for path in place.rglob("*") if path.is_file()]
    server.truncated.clear()
    assert data.fetch([FIRST])[FIRST].read_bytes() == CONTENTS[FIRST]


def test_missing_on_the_server_gives_the_status_and_stops_soon(server, place):
    server.contents.clear()
    with pytest.raises(InputError, match=r"9 study files.*HTTP status 404"):
        data.fetch(CONTENTS)
    assert len(set(server.requests)) == data.FAILURES_BEFORE_GIVING_UP


def test_optional_files_come_along_with_a_download_only(server, place):
    write_supplement(place, {FIRST: CONTENTS[FIRST]})
    assert data.fetch([FIRST], optional=[BLOB_ONLY]) == {FIRST: place / FIRST}
    assert server.requests == []
    del server.contents[BLOB_ONLY]
    third = list(CONTENTS)[2]
    paths = data.fetch([SECOND], optional=[BLOB_ONLY, third])
    assert set(paths) == {SECOND, third}


def test_offline_is_one_line_with_both_remedies_at_once(place, monkeypatch):
    asked = []
    reach = pooch.HTTPDownloader.__call__
    monkeypatch.setattr(
        pooch.HTTPDownloader,
        "__call__",
        lambda self, url, *more: asked.append(url) or reach(self, url, *more),
    )
    with pytest.raises(InputError) as caught:
        data.fetch(CONTENTS)
    message = str(caught.value)
    assert "\n" not in message
    assert "9 study files" in message and FIRST in message
    assert "VHI_DATA_MIRROR is not set" in message and "cannot be reached" in message
    assert "set VHI_DATA_MIRROR" in message and "`vhi fetch`" in message
    assert len(asked) == 1
    assert isinstance(caught.value.__cause__, data.NoDownloadError)


def test_a_server_that_never_answers_costs_one_time_out(place, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(data, "SOURCE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(download, "READ_TIMEOUT_S", 0.2)
        with pytest.raises(InputError, match=r"cannot be reached \(ReadTimeout\)"):
            data.fetch(CONTENTS)


def test_a_mirror_that_does_not_exist_is_said(place, tmp_path, monkeypatch):
    monkeypatch.setenv("VHI_DATA_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="nowhere, which is not a folder"):
        data.fetch([FIRST])


def test_a_path_outside_the_manifest_is_a_programming_mistake(place):
    with pytest.raises(ValueError, match="manifest") as caught:
        data.fetch(["../x"])
    assert not isinstance(caught.value, InputError)


def test_a_cache_that_cannot_be_written_is_the_reason(server, place):
    place.parent.mkdir()
    place.write_bytes(b"a file where the folder should be")
    with pytest.raises(InputError, match="the cache cannot be written"):
        data.fetch([FIRST])


def test_threads_that_fetch_at_once_get_right_files(server, place):
    results, errors = [], []

    def fetch():
        try:
            results.append({p: f.read_bytes() for p, f in data.fetch(CONTENTS).items()})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert results == [CONTENTS] * 4


def test_processes_that_fetch_at_once_get_right_files(server, place):
    write_supplement(place, {FIRST: b"bad"})
    script = (
        "import sys; from pathlib import Path; from vhi.cases import supplement as data;"
        "data.manifest_folder = lambda: Path(sys.argv[1]); data.SOURCE_URL = sys.argv[2];"
        "print(len(data.fetch(file.path for file in data.manifest())))"
    )
    command = [sys.executable, "-c", script, str(data.manifest_folder()), server.url]
    environment = os.environ | {"PYTHONPATH": str(Path(data.__file__).parents[2])}
    runs = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [run.communicate(timeout=60)[0] for run in runs] == ["9\n", "9\n"]
    assert {path: (place / path).read_bytes() for path in CONTENTS} == CONTENTS


# ---------------------------------------------------------------------- the record of what is right


@pytest.fixture
def hashed(monkeypatch):
    """Paths of the files that were hashed."""
    paths = []
    problem_of = data.StudyFile.problem_of
    monkeypatch.setattr(
        data.StudyFile,
        "problem_of",
        lambda file, path: paths.append(file.path) or problem_of(file, path),
    )
    return paths


def test_a_second_run_hashes_nothing(mirror, hashed):
    age(mirror)
    data.fetch(CONTENTS)
    assert sorted(hashed) == sorted(CONTENTS)
    hashed.clear()
    data.fetch(CONTENTS)
    assert hashed == []


def test_a_changed_file_is_hashed_again_even_with_its_old_time(mirror, place, hashed, caplog):
    age(mirror)
    data.fetch(CONTENTS)
    before = (mirror / FIRST).stat()
    hashed.clear()
    while (mirror / FIRST).stat().st_ctime_ns == before.st_ctime_ns:  # a coarse clock ticks on
        (mirror / FIRST).write_bytes(b"x" * len(CONTENTS[FIRST]))
        os.utime(mirror / FIRST, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(InputError, match="SHA-256"):
        data.fetch(CONTENTS)
    assert hashed == [FIRST]


def test_a_file_written_just_now_is_not_remembered(mirror, hashed):
    data.fetch([FIRST])
    data.fetch([FIRST])
    assert len(hashed) == 2


@pytest.mark.parametrize("damage", [b"", b"not json", b"[1, 2]", b"\xff\xfe"])
def test_a_damaged_record_only_means_hashing_again(mirror, place, hashed, damage):
    age(mirror)
    data.fetch([FIRST])
    (place.parent / "verified.json").write_bytes(damage)
    assert data.fetch([FIRST]) == {FIRST: mirror / FIRST}
    assert len(hashed) == 2


def test_a_cache_that_cannot_be_made_only_means_hashing_again(mirror, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "file" / "cache"))
    age(mirror)
    assert data.fetch([FIRST]) == {FIRST: mirror / FIRST}


# -------------------------------------------------------------------------------- what is there


def test_status_says_where_and_changes_nothing(mirror, place, caplog):
    third, fourth = list(CONTENTS)[2:4]
    for path in (SECOND, third, fourth):
        (mirror / path).unlink()
    write_supplement(place, {SECOND: CONTENTS[SECOND], third: b"bad"})
    where = {file.path: where for file, where in data.status()}
    assert where.pop(SECOND) == "cache"
    assert where.pop(third) == "wrong"
    assert where.pop(fourth) == "missing"
    assert set(where.values()) == {"mirror"}
    assert (place / third).read_bytes() == b"bad"
    assert third in caplog.text


def test_locate_leaves_out_what_is_not_here(mirror, server):
    (mirror / SECOND).unlink()
    assert data.locate([FIRST, SECOND]) == {FIRST: mirror / FIRST}
    assert server.requests == []


def test_study_is_not_available_without_its_files(tmp_path, monkeypatch):
    monkeypatch.setenv("VHI_CACHE", str(tmp_path))
    monkeypatch.delenv("VHI_DATA_MIRROR", raising=False)
    assert not data.study_available()


def test_cache_folder_is_the_platforms_unless_named(monkeypatch, tmp_path):
    monkeypatch.setenv("VHI_CACHE", str(tmp_path))
    assert data.cache_folder() == tmp_path
    monkeypatch.delenv("VHI_CACHE")
    assert data.cache_folder().is_absolute() and "vhi" in data.cache_folder().parts


@pytest.mark.study
@pytest.mark.skipif(not os.environ.get("VHI_DATA_MIRROR"), reason="VHI_DATA_MIRROR is not set")
def test_every_file_of_the_real_mirror_is_right(tmp_path, monkeypatch):
    monkeypatch.setenv("VHI_CACHE", str(tmp_path))
    assert data.study_available()
    places = {where for _, where in data.status(data.group_paths("study"))}
    assert places == {"mirror"}
    assert all(where in ("mirror", "missing") for _, where in data.status())
