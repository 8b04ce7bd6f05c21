"""What ``import vhi`` costs over the libraries it stands on."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import Row, in_turns


def import_cost() -> Row:
    """Importing vhi, against importing numpy, scipy.ndimage and nibabel; fresh processes."""
    seconds = in_turns(
        lambda: _run("import vhi"),
        lambda: _run("import numpy, scipy.ndimage, nibabel"),
        rounds=11,
    )
    empty, _ = in_turns(lambda: _run("pass"), lambda: None, rounds=5)
    ours, floor = (value - empty for value in seconds)
    return Row(
        "import vhi",
        "importing numpy, scipy.ndimage, nibabel",
        ours / floor,
        "x",
        1.3,
        f"{ours * 1e3:.0f} ms against {floor * 1e3:.0f} ms, interpreter start taken off",
    )


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)
