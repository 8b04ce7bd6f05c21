"""Refresh the reference pages from the built book: `make references`.

A reference is a page of the study edition (case 1007), its outputs reduced to plain text: no
picture, no HTML, no widget, no voxel of a scan. `tests/book/test_notebooks.py` compares the
executed pages of the built book with them. Read `git diff tests/references` before committing:
every changed line is a number that the library now computes differently.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from book.execution import PAGES, executed, read_stamp

REFERENCES = Path(__file__).resolve().parents[1] / "references"

SIMULATED = "08_accuracy_on_the_phantom"
"""Runs on the phantom in every edition. It has no reference, since single voxels of a simulated
scan may round differently on another processor; its claims are tested instead."""

NETWORKS = [page for page in PAGES if page[:2] in ("10", "11", "12", "13")]
"""Train or run networks, whose last digits depend on the processor. They have no references either:
`make book` executes them, a phantom run is tested, and the shipped scores are tested by
themselves (`tests/segmentation/test_shipped_networks.py`)."""

COMPARED = [page for page in PAGES if page not in (SIMULATED, *NETWORKS)]


def reduce(notebook: Any) -> Any:
    """Keep a notebook's cells and the text of their outputs, nothing that differs between runs."""
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    notebook.nbformat_minor = 4  # without the random cell ids of later ones
    for cell in notebook.cells:
        cell.pop("id", None)
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            if "data" in output:
                output.data = {"text/plain": output.data["text/plain"]}
                output.metadata = {}
            if "execution_count" in output:
                output.execution_count = None
    return notebook


def main() -> int:
    """Write the reference of every page, or of the pages named."""
    import nbformat

    if read_stamp().get("edition") != "study":
        print("vhi: references are made from the study edition: make book CASES=study")
        return 2
    for old in REFERENCES.glob("*.ipynb"):
        if old.stem not in COMPARED:
            old.unlink()
    for page in sys.argv[1:] or COMPARED:
        nbformat.write(reduce(executed(page)), REFERENCES / f"{page}.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main())
