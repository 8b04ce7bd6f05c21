"""The printed numbers, read once, and what the checks make of them."""

import pytest

from vhi.papers import ledger_table, printed_numbers
from vhi.papers.ledger.check import NEEDS_DATA, Sources
from vhi.papers.ledger.comparison import unnoticed
from vhi.papers.ledger.table import CHECKS


@pytest.fixture(scope="session")
def printed():
    return printed_numbers()


@pytest.fixture(scope="session")
def sources(printed):
    """What the checks of each paper work on, by paper; files are read when first asked for."""
    return {paper: Sources(paper, printed) for paper in CHECKS}


@pytest.fixture(scope="session")
def ledger():
    """The ledger from whatever files are here."""
    return ledger_table()


@pytest.fixture(scope="session")
def results(ledger):
    """The rows of the ledger by key, each with the ledger's columns as attributes."""
    return {row.key: row for row in ledger.itertuples()}


@pytest.fixture(scope="session")
def missed(printed, sources, results):
    """Wrong numbers nearby that the checks of agreeing rows would pass: key to column to texts."""
    wrong = {}
    for key, result in results.items():
        paper, name = key.split("-", 1)
        check = CHECKS[paper].get(name)
        if check and check.status != NEEDS_DATA and not result.status.startswith("needs"):
            wrong[key] = unnoticed(printed.loc[key], check, sources[paper])
    return wrong


@pytest.fixture
def no_files(tmp_path, monkeypatch):
    """No study file is here, and none may be fetched."""
    monkeypatch.setenv("VHI_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "vhi.cases.supplement.download", lambda *_: pytest.fail("asked the internet")
    )
