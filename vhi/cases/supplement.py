"""The study's files: where they are, verified, and how to obtain missing ones.

The licence of the public supplement of Hepburn et al. (2023) is not stated, so this package
contains none of its scans: a manifest lists every file, and a file is taken from the first of three
places that has a right copy.

1. the folder named by the environment variable ``VHI_DATA_MIRROR``, laid out as the supplement;
   nothing is ever written there;
2. the user's cache, ``bone_mri`` in `cache_folder()`;
3. the internet, into the cache.

A file is used only when its size and hash agree with the manifest. A wrong one is named in a
warning of the logger ``vhi.cases.supplement``, in the cache also renamed to ``*.wrong``, and the
next place is tried.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from vhi.cases.download import NoDownloadError, StudyFile, download
from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_json
from vhi.files.place import named_folder

_log = logging.getLogger(__name__)

COMMIT = "3338c88fb441cdeb6c1d6acb3ef61e7af3e7f99d"
SOURCE_URL = f"https://raw.githubusercontent.com/c-hepburn/Bone_MRI/{COMMIT}/"
REMEDIES = (
    "set VHI_DATA_MIRROR to a copy of the supplement, or connect to the internet and run "
    "`vhi fetch` (the simulated source `phantom` needs neither)"
)

FAILURES_BEFORE_GIVING_UP = 3
SETTLED_AFTER_S = 2.0  # coarse clocks of file systems tick every two seconds (FAT) at worst

GROUPS: dict[str, tuple[str, ...]] = {
    "study": ("data/", "generated_files/"),
    "network": (
        "scripts_notebooks/",
        "generated_files/model_training/",
        "data/images_study/T1W/Additional_scans/",
        "data/segmentations/Disease_region_manual_segmentation/Additional_data/",
    ),
    "evaluation": (
        "data/images_model_evaluation/",
        "data/segmentations/Disease_region_automatic_segmentation/",
    ),
    "readers": (
        "data/segmentations/Inflammation_semiautomatic_segmentation/",
        "data/segmentations/Inflammation_manual_segmentation/trials_sum/",
    ),
}
"""Groups of files by the beginnings of their paths; a path is in the last group that fits it.

``study``: images, normal bone, disease region and manual inflammation of the ten study scans, and
the authors' numbers per scan. ``network``: the authors' weights and training curves, and the three
scans with abnormal marrow. ``evaluation``: the 34 scans on which the authors looked at their
network, and its masks. ``readers``: the semi-automatic (cleaned) masks and the sums of the manual
ones, which have no SHA-256.
"""

Progress = Callable[[str, int, int], None]
"""Called with a file's path, how many files are done, and how many there are."""


def manifest_folder() -> Path:
    """Return the folder of ``bone_mri.csv``, ``cases.csv`` and ``readers.csv``.

    It is inside an installed package, or is ``data-manifest`` of the checkout.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "manifest", package.parent / "data-manifest"):
        if (folder / "bone_mri.csv").is_file():
            return folder
    raise FileNotFoundError("the manifest of study files is missing; install vhi again")


def manifest() -> list[StudyFile]:
    """List all 224 data files of the supplement, sorted by path."""
    return [
        StudyFile(
            path=row["path"],
            bytes=int(row["bytes"]) if row["bytes"] else None,
            sha256=row["sha256"] or None,
            git_blob_sha1=row["git_blob_sha1"],
        )
        for row in _rows("bone_mri.csv")
    ]


def _rows(table: str) -> list[dict[str, str]]:
    with open(manifest_folder() / table, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def group_paths(group: str) -> list[str]:
    """List the manifest's paths of one of the `GROUPS`; an `InputError` if there is no such."""
    if group not in GROUPS:
        raise InputError(f"--only {group}: unknown; choose one of {', '.join(GROUPS)}")
    later = list(GROUPS.values())[list(GROUPS).index(group) + 1 :]
    paths = [file.path for file in manifest() if file.path.startswith(GROUPS[group])]
    return [path for path in paths if not any(map(path.startswith, later))]


def cache_folder() -> Path:
    """Return the folder for files kept between runs: ``VHI_CACHE``, else the platform's."""
    import platformdirs  # comes with pooch, which uses it for the same folder

    return named_folder("VHI_CACHE", lambda: platformdirs.user_cache_dir("vhi"))


def mirror_folder() -> Path | None:
    """Return the folder named by ``VHI_DATA_MIRROR``; None when it is not set."""
    return named_folder("VHI_DATA_MIRROR", str) if os.environ.get("VHI_DATA_MIRROR") else None


def fetch(
    paths: Iterable[str],
    *,
    optional: Iterable[str] = (),
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Return the verified local file of each path; download missing ones into the cache.

    Parameters
    ----------
    paths
        Paths of the manifest.
    optional
        More paths: returned when they are available, and downloaded only together with a missing
        one of `paths`.
    progress
        Called for each of `paths` that is available, see `Progress`.

    Raises
    ------
    InputError
        Some of `paths` cannot be obtained: how many, the first, the reason at each place, and
        both remedies. Its cause is a `NoDownloadError` where nothing can be downloaded.
    ValueError
        A path is not in the manifest.
    """
    required, store = _files(paths), cache_folder() / "bone_mri"
    places: dict[str, Path] = {}
    missing: dict[StudyFile, tuple[str, ...]] = {}
    count = itertools.count(1)

    def add(file: StudyFile, path: Path) -> None:
        places[file.path] = path
        if progress is not None and file in required:
            progress(file.path, next(count), len(required))

    for copy in _find_copies([*required, *_files(optional)], set_aside=True):
        if copy.path is None:
            missing[copy.file] = copy.reasons
        else:
            add(copy.file, copy.path)
    if missing.keys().isdisjoint(required):
        return places
    failures: dict[StudyFile, Exception] = {}
    last: Exception | None = None
    for file in missing:
        try:
            download(file, store, SOURCE_URL)
        except (NoDownloadError, ValueError) as error:
            failures[file] = last = error
            if isinstance(error, NoDownloadError) or len(failures) == FAILURES_BEFORE_GIVING_UP:
                break
        else:
            add(file, store / file.path)
    lost = [file for file in required if file.path not in places]
    if lost:
        number = "1 study file" if len(lost) == 1 else f"{len(lost)} study files"
        reason = "; ".join([*missing[lost[0]], f"download failed: {failures.get(lost[0], last)}"])
        raise InputError(
            f"{number} cannot be obtained, first {lost[0].path} ({reason}); {REMEDIES}"
        ) from last
    return places


def locate(paths: Iterable[str]) -> dict[str, Path]:
    """Return those of `paths` that the mirror or the cache has, verified; download nothing."""
    copies = _find_copies(_files(paths), set_aside=False)
    return {copy.file.path: copy.path for copy in copies if copy.path is not None}


def status(paths: Iterable[str] | None = None) -> list[tuple[StudyFile, str]]:
    """Return where each file is (default: all of the manifest); change and download nothing.

    ``mirror`` or ``cache`` is the place of a right copy; ``wrong``: there are only wrong copies;
    ``missing``: there is none.
    """
    files = manifest() if paths is None else _files(paths)
    return [(copy.file, copy.place) for copy in _find_copies(files, set_aside=False)]


def study_available() -> bool:
    """Return whether the ten study cases (40 files) are available without the internet."""
    columns = ("stir", "t1w", "normal_bone", "disease_region")
    paths = [row[column] for row in _rows("cases.csv") for column in columns]
    return len(locate(paths)) == len(paths)


class Copy(NamedTuple):
    """A file's copy on this machine: ``mirror``, ``cache``, ``wrong`` or ``missing``."""

    file: StudyFile
    path: Path | None
    place: str
    reasons: tuple[str, ...] = ()


def _find_copies(files: Iterable[StudyFile], *, set_aside: bool) -> Iterator[Copy]:
    """Look for a right copy of each file in the mirror, then in the cache.

    Right copies are remembered with the time of their last change, as hashing a hundred megabytes
    in every command is slow.
    """
    record = cache_folder() / "verified.json"
    try:
        verified = dict(json.loads(record.read_bytes()))
    except (OSError, ValueError, TypeError):
        verified = {}
    before = dict(verified)
    try:
        for file in files:
            yield _find_copy(file, verified, set_aside)
    finally:
        if verified != before:
            with contextlib.suppress(OSError, InputError):
                record.parent.mkdir(parents=True, exist_ok=True)
                write_whole(record, encode_json(verified, indent=0))


def _find_copy(file: StudyFile, verified: dict[str, list[object]], set_aside: bool) -> Copy:
    mirror, place = mirror_folder(), "missing"
    reasons = []
    if mirror is None:
        reasons.append("VHI_DATA_MIRROR is not set")
    elif not mirror.is_dir():
        reasons.append(f"VHI_DATA_MIRROR names {mirror}, which is not a folder")
    for name, folder in (("mirror", mirror), ("cache", cache_folder() / "bone_mri")):
        if folder is None or not folder.is_dir():
            continue
        path = folder / file.path
        if not os.path.lexists(path):
            reasons.append(f"not in the {name} {folder}")
            continue
        problem = _problem_of(path, file, verified)
        if not problem:
            return Copy(file, path, name)
        place = "wrong"
        reasons.append(f"the {name}'s copy {problem}")
        renamed = _set_aside(path) if set_aside and name == "cache" else ""
        _log.warning("%s: the %s's copy %s; it is not used%s", file.path, name, problem, renamed)
    return Copy(file, None, place, tuple(reasons))


def _problem_of(path: Path, file: StudyFile, verified: dict[str, list[object]]) -> str:
    """Return why a copy must not be used; hash it only where it changed since it was verified."""
    try:
        state = os.stat(path)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    # Copying tools can set the modification time back, but not the change time.
    times = [state.st_mtime_ns, state.st_ctime_ns]
    entry = [state.st_size, *times, file.sha256 or file.git_blob_sha1]
    if verified.get(str(path)) == entry:
        return ""
    problem = file.problem_of(path)
    # A file that changed just now can change again without another time.
    if not problem and time.time() - state.st_mtime >= SETTLED_AFTER_S:
        verified[str(path)] = entry
    return problem


def _set_aside(path: Path) -> str:
    """Rename a wrong file of the cache; return the end of a sentence that says so."""
    for number in itertools.count():
        aside = path.with_name(f"{path.name}.wrong{number or ''}")
        if not os.path.lexists(aside):
            break
    with contextlib.suppress(OSError):
        os.rename(path, aside)
        return f" and was renamed to {aside.name}"
    return ""


def _files(paths: Iterable[str]) -> list[StudyFile]:
    files = {file.path: file for file in manifest()}
    paths = list(dict.fromkeys(paths))
    for path in paths:
        if path not in files:
            raise ValueError(f"{path!r} is not a path of the manifest")
    return [files[path] for path in paths]
