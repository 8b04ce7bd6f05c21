"""Data made by code, shared by the tests: a small case with known answers."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.helpers")

from tests.helpers.scans import case_of_arrays, names, oblique_affine, tiny_arrays
from vhi.commands import cli
from vhi.images.image import Image

# A busy machine is no failure. The same examples on every run, unless more are asked for.
settings.register_profile("vhi", deadline=None, derandomize="VHI_FUZZ" not in os.environ)
settings.load_profile("vhi")


LAYERS = {"browser": "browser", "built_book": "book", "study": "study"}
"""Whoever asks for the fixture is of the layer: `make quick` and `-m` choose by it."""


WITHOUT_TRAINING = re.compile(r"\bnot (training|\([^)]*\btraining)\b")


def pytest_ignore_collect(collection_path, config):
    """Leave out a module that -m deselects as a training: collecting it would import torch."""
    if collection_path.suffix == ".py" and WITHOUT_TRAINING.search(config.option.markexpr):
        return "\npytestmark = pytest.mark.training\n" in collection_path.read_text("utf-8") or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        for fixture in LAYERS.keys() & set(item.fixturenames):
            item.add_marker(LAYERS[fixture])


def pytest_terminal_summary(terminalreporter, config):
    if chosen := config.option.markexpr:
        terminalreporter.write_line(f"only tests that are {chosen}; make test-all runs everything")


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


@pytest.fixture
def tiny_case(tmp_path):
    """The tiny case as files in a folder of its own."""
    return case_of_arrays(tmp_path / "scans", *tiny_arrays())


# For a module, not for all: an open Playwright keeps an event loop running, which notebooks and
# the reading room's server could not start beside it.
@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; skips, with the reason, where there is none."""
    from tests.helpers.in_browser import opened_browser

    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def phantom():
    """The first simulated case, measured."""
    from vhi import load_cases, measure

    return measure(load_cases("phantom")[0])


@pytest.fixture
def store(tmp_path):
    """A store of readings, empty."""
    from vhi.reading_room.store.store import Store

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
    from tests.helpers.desk import Desk
    from tests.helpers.room_at_work import served
    from vhi import load_cases
    from vhi.reading_room.server.session import Session
    from vhi.reading_room.store.store import Store

    with (
        Store(tmp_path / "store") as store,
        served(Session(load_cases("phantom"), store, "tester", source="phantom")) as room,
    ):
        room.address = room.url
        desk = Desk(context, room.url)
        desk.room = room
        desk.open(room.cases[0].case, room.cases[0].visit)
        yield desk
        desk.calm(room.address)


@pytest.fixture(scope="session")
def built_book():
    """Edition of the built book; skips, with the reason, where none was built from this code."""
    pytest.importorskip("jupyter_cache", reason="the book needs jupyter-cache (extra: book)")
    from book.execution import code_hash, read_stamp

    stamp = read_stamp()
    if not stamp:
        pytest.skip("the book is not built (make book)")
    if stamp["code"] != code_hash():
        pytest.skip("the book was built from other code (make book)")
    return stamp["edition"]


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_tests(pytestconfig):
    """Keep the tests out of the user's cache, unless VHI_TEST_CACHE names one to share.

    Theirs outlives them: the phantom's cases are made once for all processes and runs.
    """
    from vhi.phantom.case_files import code_hash

    folder = os.environ.get("VHI_TEST_CACHE")
    if folder is None:
        folder = pytestconfig.cache.mkdir("vhi")
        for cases in folder.glob("phantom/phantom-*"):
            if cases.name != f"phantom-{code_hash()[:12]}":
                shutil.rmtree(cases, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VHI_CACHE", str(folder))
        yield


@pytest.fixture
def study():
    """Skip where the study's files are not available without the internet."""
    from vhi.cases import supplement as data

    if not data.study_available():
        pytest.skip("the study's files are not here: set VHI_DATA_MIRROR to a copy of them")


@pytest.fixture(scope="session")
def small_networks(tmp_path_factory):
    """Folder of small networks of random weights, laid out as the shipped ones."""
    pytest.importorskip("onnx", reason='needs onnx: pip install "vhi[train]"')
    from tests.helpers.small_networks import save_small_networks

    return save_small_networks(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def shipped(small_networks, monkeypatch):
    """Use the small networks as the shipped ones."""
    monkeypatch.setattr("vhi.segmentation.registry.shipped_folder", lambda: small_networks)
    return small_networks


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
