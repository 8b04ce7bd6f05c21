"""The pages: they follow the pattern, run on any source of cases, and say the same numbers."""

from __future__ import annotations

import asyncio
import re

import pytest

from vhi.cases.case import load_cases

jupytext = pytest.importorskip("jupytext", reason="pages need jupytext (extra: book)")
nbformat = pytest.importorskip("nbformat", reason="pages need nbformat (extra: book)")
pytest.importorskip("jupyter_cache", reason="pages need jupyter-cache (extra: book)")

from book.execution import PAGES, execute, executed, read_page
from tests.helpers.references import COMPARED, REFERENCES, SIMULATED, reduce

every_page = pytest.mark.parametrize("page", PAGES)
every_reference = pytest.mark.parametrize("page", COMPARED)


def output_of(page: str):
    """A page with its outputs from the built book; skips where it has changed."""
    try:
        return executed(page)
    except KeyError:
        pytest.skip(f"{page} was not executed as it is now (make book)")


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
    cells = read_page(page).cells
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
    cells = read_page(page).cells
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
    for cell in read_page(page).cells:
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
    text = text_of(notebook)
    assert not re.search(r"0x[0-9a-f]{6,}|\b20\d\d-\d\d-\d\d|/(home|tmp|root|usr|work)/", text)
    assert len(text) < 15_000


def check_on_the_phantom(page: str, text: str) -> None:
    assert "source phantom" in text or page == "07_your_own_scans"
    assert not re.search("DIFFERENT|WRONG|BROKEN", text)


@every_reference
def test_page_says_the_same_numbers_on_the_study(page: str, built_book, request) -> None:
    """A changed number fails here, and so does a new or changed cell that says something else."""
    plugin = pytest.importorskip("nbval.plugin", reason="nbval is not installed (extra: test)")
    notebook = output_of(page)
    if built_book == "phantom":
        check_on_the_phantom(page, text_of(notebook))
        pytest.skip("ran on the phantom; not compared with the references, which need the study")
    cells = [cell for cell in reduce(notebook).cells if cell.cell_type == "code"]
    path = REFERENCES / f"{page}.ipynb"
    references = list(plugin.IPyNbFile.from_parent(request.session, path=path).collect())
    assert len(cells) == len(references), "cells were added or removed: make references"
    for cell, reference in zip(cells, references, strict=True):
        if reference.options["check"]:
            reference.colors = plugin.nocolors
            expected, outputs = map(plugin.coalesce_streams, (reference.cell.outputs, cell.outputs))
            same = reference.compare_outputs(outputs, expected)
            assert same, "\n".join([cell.source, "", *reference.comparison_traceback])


def test_phantom_page_claims_what_it_finds(built_book) -> None:
    """Perfect cleaning: a little too small on average, and changes of the right sign."""
    text = " ".join(text_of(output_of(SIMULATED)).split())
    bias = float(re.search(r"truth_cleaned \d+ (-?[\d.]+)", text).group(1))
    assert -10 <= bias < 0
    assert "truth_cleaned slope NOT met" in text
    right, visits = re.search(r"changes with the right sign: (\d+) of (\d+)", text).groups()
    assert right == visits


# ------------------------------------------------------------------------------- executed once more


@pytest.mark.exhaustive
def test_a_page_of_the_study_runs_on_the_phantom(tmp_path) -> None:
    """This one also cleans by truth there."""
    page = "05_cleaning"
    check_on_the_phantom(page, text_of(asyncio.run(execute(page, "phantom", tmp_path))))


@pytest.mark.exhaustive
def test_page_runs_on_a_table_of_ones_own(tmp_path) -> None:
    """A case with nothing but its four files: no visit, no slice thickness, no reader's mask."""
    names = ("stir", "t1w", "normal_bone", "disease_region")
    case = load_cases("phantom")[0]
    row = ",".join(["mine", *(str(getattr(case, name)) for name in names)])
    table = tmp_path / "cases.csv"
    table.write_text(f"case,{','.join(names)}\n{row}\n", encoding="utf-8")
    text = text_of(asyncio.run(execute("06_biomarker_and_report", str(table), tmp_path)))
    assert "Case mine, visit not named" in text
    assert "1 lesions left" in text
    assert "not known" in text
