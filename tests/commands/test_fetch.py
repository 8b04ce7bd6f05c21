"""`vhi fetch`: what is available, what is missing, and one line for what cannot be obtained."""

import pytest

from vhi.cases import supplement
from vhi.errors import InputError


@pytest.fixture
def groups(monkeypatch):
    """Four groups of seven files; what was fetched. `study` is in the mirror, the rest missing."""
    fetched = []
    monkeypatch.setattr(supplement, "group_paths", lambda group: [f"{group}/{n}" for n in range(7)])

    def status(paths):
        place = {"study": "mirror"}
        return [
            (supplement.StudyFile(path, None, None, "0"), place.get(path.split("/")[0], "missing"))
            for path in paths
        ]

    monkeypatch.setattr(supplement, "status", status)
    monkeypatch.setattr(supplement, "fetch", lambda paths, progress: fetched.append(paths[0]))
    return fetched


def refuse(cause):
    def fetch(paths, progress):
        if paths[0] == "study/0":
            return
        raise InputError(f"{paths[0]} cannot be obtained") from cause

    return fetch


def test_each_group_is_counted_and_missing_files_are_named(vhi, groups):
    status, out, err = vhi("fetch")
    assert (status, err) == (0, "")
    assert groups == ["study/0", "network/0", "evaluation/0", "readers/0"]
    lines = out.split("\n")
    assert lines[0] == "study: 7 files: 7 mirror"
    assert lines[1:3] == ["network: 7 files: 7 missing", "  missing: network/0"]
    assert lines[7] == "  and 2 more"


def test_other_groups_that_fail_are_warnings(vhi, groups, monkeypatch):
    monkeypatch.setattr(supplement, "fetch", refuse(None))
    status, out, err = vhi("fetch")
    assert status == 0 and "readers: 7 files" in out
    assert [line.split()[2] for line in err.strip().split("\n")] == [
        "network/0", "evaluation/0", "readers/0",
    ]  # fmt: skip


def test_without_internet_one_line_says_so(vhi, groups, monkeypatch):
    monkeypatch.setattr(supplement, "fetch", refuse(supplement.NoDownloadError()))
    status, out, err = vhi("fetch")
    assert status == 0 and "readers: 7 files" in out
    assert err == "vhi: warning: network/0 cannot be obtained\n"
    status, _, err = vhi("fetch", "--only", "network")
    assert (status, err) == (2, "vhi: network/0 cannot be obtained\n")
