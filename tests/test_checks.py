"""The catalogue of checks, the code and the book's table say the same."""

from __future__ import annotations

import ast
from pathlib import Path

from vhi.checks import CHECKS, NOTES, OUTCOMES, QUESTIONS, REFUSES

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def table() -> str:
    """Return the catalogue as the page shows it."""
    parts = []
    for question, text in QUESTIONS.items():
        rows = [check for check in CHECKS.values() if check.question == question]
        parts.append(f"\n## {text}\n\n| check | looks at | | says |\n|---|---|---|---|\n")
        parts += [f"| `{c.name}` | {c.looks_at} | {c.outcome} | {c.says} |\n" for c in rows]
    return "".join(parts) + "\n"


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


def test_every_check_is_complete() -> None:
    for name, check in CHECKS.items():
        assert name == check.name
        assert check.question in QUESTIONS
        assert check.outcome in OUTCOMES
        assert check.looks_at
        assert check.says or check.outcome == "repairs"


def test_code_and_catalogue_name_the_same_checks() -> None:
    used = used_names()
    listed = {name: check.outcome for name, check in CHECKS.items()}
    for name, outcomes in used.items():
        assert outcomes == {listed.get(name)}, name
    silent = {name for name, outcome in listed.items() if name not in used}
    assert {listed[name] for name in silent} <= {"repairs"}, silent


def test_every_check_is_tested() -> None:
    tests = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__).resolve()
    )
    assert {name for name in CHECKS if f'"{name}"' not in tests} == set()


def test_the_page_shows_the_catalogue() -> None:
    page = (ROOT / "book" / "checks.md").read_text("utf-8")
    shown = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    assert shown == table(), f"put this between the marks of book/checks.md:\n{table()}"
