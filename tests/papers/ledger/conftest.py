"""The printed numbers, read once."""

import pytest

from vhi.papers.ledger import printed_numbers
from vhi.papers.ledger.check import Sources
from vhi.papers.ledger.printed import decimals
from vhi.papers.ledger.table import CHECKS, compare


@pytest.fixture(scope="session")
def printed():
    return printed_numbers()


@pytest.fixture(scope="session")
def sources(printed):
    """What the checks of each paper work on, by paper; files are read when first asked for."""
    return {paper: Sources(paper, printed) for paper in CHECKS}


@pytest.fixture(scope="session")
def others(printed, sources):
    """The printed rows of the papers other than the preprint, with their part of the ledger."""
    rows = printed[~printed.index.str.startswith("hepburn-")].copy()
    results = []
    for key, row in rows.iterrows():
        paper, name = key.split("-", 1)
        results.append(compare(row, CHECKS[paper].get(name), sources[paper]))
    rows[["recomputed", "status", "why"]] = results
    return rows


@pytest.fixture
def status_of_another_number(printed, sources):
    """Return the status that a row would have if the paper printed numbers 7 last digits larger."""

    def status(key):
        paper, name = key.split("-", 1)
        texts = {
            column: f"{float(text) + 7 * 10.0 ** -decimals(text):.{decimals(text)}f}"
            for column in ("value", "low", "high")
            if (text := printed.at[key, column]) and text[0] != "<"
        }
        other = printed.copy()
        other.loc[key, list(texts or ["value"])] = list(texts.values()) or "<0.00000001"
        changed = Sources(paper, other, sources[paper].files)
        return compare(other.loc[key], CHECKS[paper][name], changed)[1]

    return status


@pytest.fixture
def no_files(tmp_path, monkeypatch):
    """No study file is here, and none may be fetched."""
    monkeypatch.setenv("VHI_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("VHI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "vhi.cases.supplement.download", lambda *_: pytest.fail("asked the internet")
    )
