"""Refresh the reference notebooks: `make references`, or one page by its name.

A reference is a page of the book executed on the study (case 1007), its outputs reduced to plain
text: no picture, no HTML, no widget, no voxel of a scan. `test_notebooks.py` runs the pages again
and compares. Look at `git diff tests/references` before committing: every changed line is a
number that the library now computes differently.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
REFERENCES = ROOT / "tests" / "references"
PAGES = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.py"))

SIMULATED = "08_accuracy_on_the_phantom"
"""Runs on the phantom in every edition. It has no reference, since single voxels of a simulated
scan may round differently on another processor; its claims are tested instead."""

NETWORKS = [page for page in PAGES if page[:2] in ("10", "11", "12", "13")]
"""Train or run networks, whose last digits hang on the processor. They have no references either:
`make book` executes them, a phantom run is tested, and the shipped scores are tested by
themselves (`test_shipped_networks.py`)."""

COMPARED = [page for page in PAGES if page not in (SIMULATED, *NETWORKS)]
TIMEOUT_S = 300  # for one cell


def environment(source: str) -> dict[str, str]:
    """Return what a page's kernel needs to run this checkout on a source of cases."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "VHI_CASES": source,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a debugger's remark, none of the page's
    }


def execute(page: str, source: str) -> Any:
    """Return a page as an executed notebook.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails.
    """
    import jupytext
    from nbclient import NotebookClient

    notebook = jupytext.read(NOTEBOOKS / f"{page}.py")
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT_S,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            coalesce_streams=True,  # a kernel may send a text in parts
        )
        return client.execute(env=environment(source))


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
    """Execute every page on the study and write its reference."""
    sys.path.insert(0, str(ROOT))
    import nbformat

    from vhi.cases import supplement as data

    if not data.study_available():
        print(f"vhi: the references are made on the study's scans: {data.REMEDIES}")
        return 2
    REFERENCES.mkdir(exist_ok=True)
    for old in REFERENCES.glob("*.ipynb"):
        if old.stem not in COMPARED:
            old.unlink()
    for page in sys.argv[1:] or COMPARED:
        print(f"executing {page}", flush=True)
        nbformat.write(reduce(execute(page, "study")), REFERENCES / f"{page}.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main())
