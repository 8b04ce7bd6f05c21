"""Pages are executed once, their outputs found again, and failures told."""

from __future__ import annotations

import pytest

pytest.importorskip("jupytext", reason="pages need jupytext (extra: book)")
pytest.importorskip("jupyter_cache", reason="pages need jupyter-cache (extra: book)")

from book import execution

HEADER = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %%
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a page of one cell into a book of its own."""
    monkeypatch.setattr(execution, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(execution, "CACHE", tmp_path / "cache")

    def write_page(page: str, code: str) -> None:
        (tmp_path / f"{page}.py").write_text(f"{HEADER}{code}\n", encoding="utf-8")

    return write_page


def test_a_page_is_executed_once_and_found_until_its_code_changes(
    write, tmp_path, monkeypatch, capsys
):
    write("good", "import os\nprint(os.environ['VHI_CASES'])")
    write("bad", "1 / 0")
    assert execution.execute_missing(["good", "bad"], "phantom", tmp_path) == ["bad"]
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert execution.executed("good").cells[0].outputs[0].text == "phantom\n"
    monkeypatch.setattr(execution, "execute", None)  # a second execution would fail
    assert execution.execute_missing(["good"], "phantom", tmp_path) == []
    for page in ("bad", "good"):
        write(page, "2")
        with pytest.raises(KeyError):
            execution.executed(page)
