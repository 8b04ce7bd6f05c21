"""Where the study's files are: a mirror, the user's cache, the internet; each verified.

The study's scans are the public supplement of Hepburn et al. (2023). Its licence is not stated,
so nothing of it travels with this package: a manifest lists every file, and what is needed is
taken from the first of three places that has it.

1. the folder named by the environment variable ``VHI_DATA_MIRROR``, laid out as the supplement;
   files are used where they lie and nothing is ever written there;
2. the user's cache, ``bone_mri`` in `cache_folder()`;
3. the internet, into the cache.

A file is used only when its size and hash agree with the manifest. A wrong one is named (a
warning of the logger ``vhi.cases.supplement``), in the cache also renamed to ``*.wrong``, and the
next place is tried.
"""

from __future__ import annotations

import csv
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vhi.cases.download import download_files
from vhi.cases.places import Found, look
from vhi.cases.verify import Record, StudyFile
from vhi.errors import InputError

__all__ = [
    "COMMIT",
    "GROUPS",
    "StudyFile",
    "cache_folder",
    "fetch",
    "group_paths",
    "locate",
    "manifest",
    "manifest_folder",
    "mirror_folder",
    "status",
    "study_available",
]

COMMIT = "3338c88fb441cdeb6c1d6acb3ef61e7af3e7f99d"
SOURCE_URL = f"https://raw.githubusercontent.com/c-hepburn/Bone_MRI/{COMMIT}/"
REMEDIES = (
    "set VHI_DATA_MIRROR to a copy of the supplement, or connect to the internet and run "
    "`vhi fetch` (the simulated source `phantom` needs neither)"
)

# Each group by the beginnings of its paths; a path belongs to the last group that fits it.
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

Progress = Callable[[str, int, int], None]
"""Called with a file's path, the number of files done and the number of files in all."""


def manifest_folder() -> Path:
    """Folder of ``bone_mri.csv``, ``cases.csv`` and ``readers.csv``.

    Inside an installed package, else ``data-manifest`` of the checkout that the package is in.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "manifest", package.parent / "data-manifest"):
        if (folder / "bone_mri.csv").is_file():
            return folder
    raise FileNotFoundError("vhi is not installed whole: its manifest of study files is missing")


def manifest() -> list[StudyFile]:
    """List all 224 data files of the supplement, sorted by path."""
    with open(manifest_folder() / "bone_mri.csv", newline="", encoding="utf-8") as stream:
        return [
            StudyFile(
                path=row["path"],
                bytes=int(row["bytes"]) if row["bytes"] else None,
                sha256=row["sha256"] or None,
                git_blob_sha1=row["git_blob_sha1"],
            )
            for row in csv.DictReader(stream)
        ]


def group_paths(group: str) -> list[str]:
    """List the manifest's paths of one group; the four groups share out the whole manifest.

    Parameters
    ----------
    group
        ``study``: images, normal bone, disease region and manual inflammation of the ten study
        scans, and the authors' numbers per scan. ``network``: the authors' weights and training
        curves, and the three scans with abnormal marrow. ``evaluation``: the 34 scans on which
        the authors looked at their network, and its masks. ``readers``: the semi-automatic
        (cleaned) masks and the sums of the manual ones, which have no SHA-256.

    Raises
    ------
    InputError
        There is no such group.
    """
    if group not in GROUPS:
        raise InputError(f"no files are called {group!r}; choose one of {', '.join(GROUPS)}")
    return [file.path for file in manifest() if _group_of(file.path) == group]


def _group_of(path: str) -> str:
    return [name for name, starts in GROUPS.items() if path.startswith(starts)][-1]


def cache_folder() -> Path:
    """Folder for what vhi may keep between runs: ``VHI_CACHE``, else the platform's place."""
    named = os.environ.get("VHI_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("vhi")).absolute()


def mirror_folder() -> Path | None:
    """Folder named by ``VHI_DATA_MIRROR``; None when it is not set."""
    named = os.environ.get("VHI_DATA_MIRROR")
    return Path(named).expanduser().absolute() if named else None


def fetch(
    paths: Iterable[str],
    *,
    optional: Iterable[str] = (),
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Give verified local files, downloading into the user's cache what is not there yet.

    Parameters
    ----------
    paths
        Paths of the manifest.
    optional
        More paths that are given when they are here, come along when something has to be
        downloaded anyway, and may be missing.
    progress
        Called in the calling thread for each of `paths` that is there, see `Progress`.

    Returns
    -------
    dict of str to Path
        Where each path lies.

    Raises
    ------
    InputError
        Some of `paths` cannot be had: how many, the first one's name, the reason at each place,
        and both remedies. Everything that can be had has been downloaded by then.
    ValueError
        A path is not in the manifest.
    """
    required, store = _files(paths), cache_folder() / "bone_mri"
    counted = {file.path for file in required}
    count = itertools.count(1)

    def advance(file: StudyFile) -> None:
        if progress is not None and file.path in counted:
            progress(file.path, next(count), len(counted))

    places: dict[str, Path] = {}
    absent: dict[str, Found] = {}
    for found in _look([*required, *_files(optional)], set_aside=True):
        if found.path is None:
            absent[found.file.path] = found
        else:
            places[found.file.path] = found.path
            advance(found.file)
    if counted.isdisjoint(absent):
        return places
    failed = download_files([found.file for found in absent.values()], store, SOURCE_URL, advance)
    places |= {path: store / path for path in absent if path not in failed}
    lost = [path for path in absent if path in counted and path in failed]
    if lost:
        number = "1 study file" if len(lost) == 1 else f"{len(lost)} study files"
        reasons = "; ".join([*absent[lost[0]].reasons, f"download failed: {failed[lost[0]]}"])
        raise InputError(f"{number} cannot be had, first {lost[0]} ({reasons}); {REMEDIES}")
    return places


def locate(paths: Iterable[str]) -> dict[str, Path]:
    """Give those of `paths` that lie verified in the mirror or the cache; ask no internet."""
    results = _look(_files(paths), set_aside=False)
    return {result.file.path: result.path for result in results if result.path is not None}


def status(paths: Iterable[str] | None = None) -> list[tuple[StudyFile, str]]:
    """Say of each file (default: all of the manifest) where it is; change and download nothing.

    Returns
    -------
    list of (StudyFile, str)
        ``mirror`` or ``cache``: a right copy is there. ``wrong``: there are only wrong copies.
        ``missing``: there is none.
    """
    files = manifest() if paths is None else _files(paths)
    return [(result.file, result.where) for result in _look(files, set_aside=False)]


def study_available() -> bool:
    """Whether the ten study cases (40 files) can be had, right, without the internet."""
    columns = ("stir", "t1w", "normal_bone", "disease_region")
    with open(manifest_folder() / "cases.csv", newline="", encoding="utf-8") as stream:
        paths = [row[column] for row in csv.DictReader(stream) for column in columns]
    return len(locate(paths)) == len(paths)


def _files(paths: Iterable[str]) -> list[StudyFile]:
    known = {file.path: file for file in manifest()}
    wanted = list(dict.fromkeys(paths))
    foreign = [path for path in wanted if path not in known]
    if foreign:
        raise ValueError(f"{foreign[0]!r} is not a path of the manifest")
    return [known[path] for path in wanted]


def _look(files: list[StudyFile], *, set_aside: bool) -> Iterator[Found]:
    return look(
        files,
        mirror_folder(),
        cache_folder() / "bone_mri",
        Record(cache_folder() / "verified.json"),
        set_aside=set_aside,
    )
