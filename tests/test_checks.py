"""The code, its tests and the book's page *What vhi checks* name the same checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "checks.md").read_text("utf-8")
REFUSES, NOTES, REPAIRS = "refuses", "notes", "repairs"
_ROW = rf"^\| `([a-z0-9-]+)` \| [^|]+ \| ({REFUSES}|{NOTES}|{REPAIRS}) \| ([^|]*) \|$"
ROWS = re.findall(_ROW, PAGE, re.MULTILINE)
"""Name, outcome and words of each check of the page."""
LISTED = {name: outcome for name, outcome, _ in ROWS}


def used_names() -> dict[str, set[str]]:
    """Return the outcomes with which the code names each check."""
    names: dict[str, set[str]] = {}
    for path in (ROOT / "vhi").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            if called == "Note" and isinstance(node.args[0], ast.Constant):
                names.setdefault(node.args[0].value, set()).add(NOTES)
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if keyword.arg == "check" and isinstance(value, str):
                    names.setdefault(value, set()).add(REFUSES)
    return names


def test_every_check_has_one_row_and_says_something() -> None:
    assert len(LISTED) == len(ROWS)
    for name, outcome, says in ROWS:
        assert says.strip() or outcome == REPAIRS, name


def test_code_and_page_name_the_same_checks() -> None:
    used = used_names()
    for name, outcomes in used.items():
        assert outcomes == {LISTED.get(name)}, name
    silent = {name for name in LISTED if name not in used}
    assert {LISTED[name] for name in silent} <= {REPAIRS}, silent


def test_every_check_is_tested() -> None:
    tests = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__).resolve()
    )
    assert {name for name in LISTED if f'"{name}"' not in tests} == set()
