"""The pages: they follow the pattern, run on any source of cases, and say the same numbers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

import pytest

from tests.helpers.references import (
    COMPARED,
    NOTEBOOKS,
    PAGES,
    REFERENCES,
    SIMULATED,
    TIMEOUT_S,
    environment,
    execute,
)
from vhi.cases import supplement as data
from vhi.cases.case import load_cases

jupytext = pytest.importorskip("jupytext", reason="pages need jupytext (extra: book)")
nbformat = pytest.importorskip("nbformat", reason="pages need nbformat (extra: book)")

ON_BOTH = "05_cleaning"
"""Runs on the phantom too where the study is compared: it cleans by truth there."""

every_page = pytest.mark.parametrize("page", PAGES)
every_reference = pytest.mark.parametrize("page", COMPARED)


def text_of(notebook) -> str:
    """All plain text that a notebook's cells have put out."""
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            parts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(parts)


# -------------------------------------------------------------------------------------- the pattern


@every_page
def test_page_follows_the_pattern(page: str) -> None:
    cells = jupytext.read(NOTEBOOKS / f"{page}.py").cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    places = [
        prose.find(mark)
        for mark in (
            "# ",
            ":::{admonition} On this page",
            "**You will**",
            "**You need**",
            "**It takes**",
            "## Question",
            "## Picture",
            "## Code",
            "## Check",
            ":::{admonition} Takeaway",
            "## Exercise",
        )
    ]
    assert -1 not in places
    assert places == sorted(places)
    assert any("hide-cell" in cell.metadata.get("tags", ()) for cell in cells), "no solution"


@every_page
def test_every_figure_of_a_page_has_name_caption_takeaway_and_alternative_text(page: str) -> None:
    cells = jupytext.read(NOTEBOOKS / f"{page}.py").cells
    drawing = [c for c in cells if re.search(r"plt\.show\(|^Image\(|montage\(", c.source, re.M)]
    drawing = [cell for cell in drawing if cell.cell_type == "code"]
    assert drawing
    names = []
    for cell in drawing:
        figure = cell.metadata["mystnb"]["figure"]
        names.append(figure["name"])
        assert "Takeaway: " in figure["caption"]
        assert re.search(r"\bn\b", figure["caption"]), "says no n"
        assert len(cell.metadata["mystnb"]["image"]["alt"].split()) > 5
    assert len(set(names)) == len(names)


@every_page
def test_cells_are_short(page: str) -> None:
    for cell in jupytext.read(NOTEBOOKS / f"{page}.py").cells:
        tags = set(cell.metadata.get("tags", ()))
        if cell.cell_type == "code" and not tags & {"hide-input", "hide-cell", "remove-input"}:
            assert len(cell.source.splitlines()) <= 16, cell.source


# ----------------------------------------------------------------------------------- the references


@every_reference
def test_reference_holds_text_and_no_pixel(page: str) -> None:
    """No picture, HTML or widget; no date, path or address that another machine would not have."""
    path = REFERENCES / f"{page}.ipynb"
    assert path.exists(), "make references"
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.output_type in ("stream", "display_data", "execute_result")
            assert output.get("name") != "stderr"
            assert set(output.get("data", {"text/plain": ""})) == {"text/plain"}
    said = text_of(notebook)
    assert not re.search(r"0x[0-9a-f]{6,}|\b20\d\d-\d\d-\d\d|/(home|tmp|root|usr|work)/", said)
    assert len(said) < 12_000


@pytest.mark.study
@pytest.mark.slow
@every_reference
def test_page_says_the_same_numbers_on_the_study(page: str, study, tmp_path: Path) -> None:
    """A changed number fails here, and so does a new or changed cell that says something else."""
    pytest.importorskip("nbval", reason="nbval is not installed (extra: test)")
    copy = tmp_path / f"{page}.ipynb"
    copyfile(REFERENCES / copy.name, copy)
    source = NOTEBOOKS / f"{page}.py"
    run(sys.executable, "-m", "jupytext", "--to", "ipynb", "--update", "-o", str(copy), str(source))
    mark_as_run(copy)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")  # ours asks for things nbval cannot give
    run(
        *(sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", str(copy)),
        *(f"--nbval-cell-timeout={TIMEOUT_S}", "-p", "no:cacheprovider", "-vv", "--color=no"),
        *("-c", str(tmp_path / "pytest.ini"), "--rootdir", str(tmp_path)),
    )


def mark_as_run(path: Path) -> None:
    """Number the code cells: nbval would not compare cells that look as if they were never run."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
    nbformat.write(notebook, path)


def run(*command: str) -> None:
    """Run a command on the study; show what it said where it fails."""
    done = subprocess.run(command, env=environment("study"), capture_output=True, text=True)
    assert done.returncode == 0, "\n" + done.stdout[-8000:] + done.stderr[-2000:]


# -------------------------------------------------------------------------------------- the phantom


@pytest.mark.slow
@every_reference
def test_page_runs_on_the_phantom(page: str) -> None:
    if page != ON_BOTH and data.study_available():
        pytest.skip("compared on the study instead")
    said = text_of(execute(page, "phantom"))
    assert "source phantom" in said or page == "07_your_own_scans"
    assert "DIFFERENT" not in said
    assert "WRONG" not in said
    assert "BROKEN" not in said


@pytest.mark.slow
def test_phantom_page_claims_what_it_finds() -> None:
    """Perfect cleaning: volume within 10 % on average, and every change with the right sign."""
    said = " ".join(text_of(execute(SIMULATED, "phantom")).split())
    assert said.count(": within 10 %") == 2
    assert "NOT within" not in said
    right, visits = re.search(r"(\d+) of (\d+) changes have the right sign", said).groups()
    assert right == visits
    assert 80 <= int(re.search(r"they are (\d+)% of the true change", said).group(1)) <= 120


@pytest.mark.slow
def test_page_runs_on_a_table_of_ones_own(tmp_path: Path) -> None:
    """A case with nothing but its four files: no visit, no slice thickness, no reader's mask."""
    names = ("stir", "t1w", "normal_bone", "disease_region")
    case = load_cases("phantom")[0]
    row = ",".join(["mine", *(str(getattr(case, name)) for name in names)])
    table = tmp_path / "cases.csv"
    table.write_text(f"case,{','.join(names)}\n{row}\n", encoding="utf-8")
    said = text_of(execute("06_biomarker_and_report", str(table)))
    assert "Case mine, visit not named" in said
    assert "1 lesions left" in said
    assert "not known" in said
