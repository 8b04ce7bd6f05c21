"""Data made by code, shared by the tests: a small case with known answers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from vhi import cli
from vhi.cases import Case
from vhi.images import Image
from vhi.nifti import encode_nifti

# A busy machine is no failure.
settings.register_profile("vhi", deadline=None)
settings.load_profile("vhi")

SPACING_MM = (0.5, 0.5, 3.3)


def oblique_affine(spacing_mm=SPACING_MM, tilt_degrees=35.0, shift_mm=(10.0, -60.0, -100.0)):
    """Array axes toward the patient's left, head and back, tilted about the left-right axis."""
    tilt = np.radians(tilt_degrees)
    left = [-1, 0, 0]
    up = [0, np.sin(tilt), np.cos(tilt)]
    back = [0, -np.cos(tilt), np.sin(tilt)]
    affine = np.eye(4)
    affine[:3, :3] = np.array([left, up, back]).T * spacing_mm
    affine[:3, 3] = shift_mm
    return affine


def tiny_arrays():
    """A 40 x 40 x 6 case: bone 100 +- texture, two bright regions, one speck, one bright outside.

    Normal bone holds 0, 1, ..., 100 on 101 voxels: quartiles 25 and 75, IQR 50, maximum 100.
    n = 1.5 would give 150 > 100, so n shrinks to 0.45: lower 97.5, upper 100.
    """
    stir = np.full((40, 40, 6), 10.0)
    region = np.zeros(stir.shape, bool)
    region[2:38, 2:38, 1:5] = True
    normal = np.zeros(stir.shape, bool)
    normal[5:15, 5:15, 2] = True
    normal[15, 5, 2] = True
    stir[normal] = np.arange(101.0)
    stir[25:30, 25:29, 2] = 99.0  # 20 pixels between the thresholds
    stir[25:27, 25:27, 3] = 300.0  # 4 pixels, the same lesion one slice on
    stir[33, 33:36, 3] = 300.0  # 3 pixels: a speck
    stir[0, 0:9, 2] = 500.0  # outside the disease region
    return stir, normal, region


@pytest.fixture
def tiny():
    """Images of the tiny case."""
    stir, normal, region = tiny_arrays()
    affine = oblique_affine()
    return (
        Image(stir, affine, "S.nii.gz"),
        Image(normal, affine, "N.nii.gz"),
        Image(region, affine, "D.nii.gz"),
    )


def write_nifti(path: Path, array, affine=None, slope=1.0):
    """Write an array as it is."""
    affine = oblique_affine() if affine is None else affine
    path.write_bytes(encode_nifti(np.asarray(array), affine, slope))
    return path


def case_of_arrays(folder, stir, normal, region, *, name="tiny", visit="") -> Case:
    """Write a case's files into a new folder; T1w is STIR at half its intensity."""
    folder.mkdir()
    return Case(
        name,
        name,
        visit,
        write_nifti(folder / "S.nii.gz", stir.astype(np.float32)),
        write_nifti(folder / "T.nii.gz", (stir / 2).astype(np.int16)),
        write_nifti(folder / "N.nii.gz", normal.astype(np.uint8)),
        write_nifti(folder / "D.nii.gz", region.astype(np.uint16)),
    )


@pytest.fixture
def tiny_case(tmp_path):
    """The tiny case as files in a folder of its own."""
    return case_of_arrays(tmp_path / "scans", *tiny_arrays())


def chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


# For a module, not for all: an open Playwright keeps an event loop running, which notebooks and
# the reading room's server could not start beside it.
@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; skips, with the reason, where there is none."""
    from in_browser import opened_browser

    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def phantom():
    """The first simulated case, measured."""
    from vhi import load_cases, measure

    return measure(load_cases("phantom")[0])


@pytest.fixture
def store(tmp_path):
    """A store of readings, empty."""
    from vhi.room.store import Store

    with Store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def context(browser):
    """A browser window of its own, which nothing else has used."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    yield context
    context.close()


@pytest.fixture
def desk(tmp_path, context):
    """The reading room with the phantom's worklist, its first case open; calm when left."""
    pytest.importorskip("tornado", reason="the reading room needs tornado (extra: room)")
    from desk import Desk
    from room_at_work import served

    from vhi import load_cases
    from vhi.room.room import Room
    from vhi.room.store import Store

    with (
        Store(tmp_path / "store") as store,
        served(Room(load_cases("phantom"), store, "tester", source="phantom")) as room,
    ):
        room.address = room.url
        desk = Desk(context, room.url)
        desk.room = room
        desk.open(room.cases[0].case, room.cases[0].visit)
        yield desk
        desk.calm(room.address)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    """Keep every test out of the user's cache, unless VHI_TEST_CACHE names one to share."""
    shared = os.environ.get("VHI_TEST_CACHE")
    folder = Path(shared) if shared else tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("VHI_CACHE", str(folder))


@pytest.fixture
def study():
    """Skip where the study's files cannot be had without the internet."""
    from vhi import data

    if not data.study_available():
        pytest.skip("the study's files are not here: set VHI_DATA_MIRROR to a copy of them")


@pytest.fixture(scope="session")
def small_networks(tmp_path_factory):
    """Folder of small untrained networks, laid out as the shipped ones."""
    pytest.importorskip("torch", reason='needs torch: pip install "vhi[train]"')
    from small_networks import save_small_networks

    return save_small_networks(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def shipped(small_networks, monkeypatch):
    """Let the small networks be the shipped ones."""
    monkeypatch.setattr("vhi.network.shipped.shipped_folder", lambda: small_networks)
    return small_networks


def names(folder):
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def vhi(capsys):
    """Run the command; return status, standard output, standard error."""

    def run(*arguments):
        status = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def fails(vhi, tmp_path):
    """Run the command and insist on one clear line, status 2 and nothing half-written."""

    def run(*arguments, words, left=()):
        before = names(tmp_path)
        status, out, err = vhi(*arguments)
        assert (status, out) == (2, "")
        lines = err.strip().split("\n")
        assert len(lines) == 1 and lines[0].startswith("vhi: "), err
        for word in [words] if isinstance(words, str) else words:
            assert word in err
        assert names(tmp_path) == sorted([*before, *left])
        return err

    return run
