"""The controls' JavaScript: one module text for each control, for pages and notebooks alike.

The parts stand beside this file and import each other by relative paths, so that they are plain
ES modules. A page opened from disk may not load modules from files, and a notebook takes one
text: so here they are put one after another, without their import and export lines. The names at
the top level of the parts must therefore differ.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "js"

_IMPORT = re.compile(r'^import\s[^;]*?\sfrom\s"\./([a-z_]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const|class)\b)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default \{ render \};\n", re.MULTILINE)


def control_names() -> tuple[str, ...]:
    """Return the controls that there are: files that end in ``export default { render };``."""
    return tuple(sorted(f.stem for f in FOLDER.glob("*.js") if _DEFAULT.search(_text(f.stem))))


@cache
def module_text(name: str) -> str:
    """Return a control as one ES module without imports: what anywidget takes as ``_esm``.

    `name`: one of `control_names`.
    ValueError: there is no such control.
    """
    return f"{_joined(name)}\nexport default {{ render }};\n"


@cache
def page_script(name: str) -> str:
    """Return a control as a module for a page: it brings the page's own controls to life."""
    return f'{_joined(name, "page")}\nstart("{name}", render);\n'


def _joined(name: str, *more: str) -> str:
    """Return a control's file after all that it imports, each once."""
    if name not in control_names():
        raise ValueError(f"no control {name!r}; there are: {', '.join(control_names())}")
    parts: list[str] = []

    def add(part: str) -> None:
        for other in _IMPORT.findall(_text(part)):
            add(other)
        if part not in parts:
            parts.append(part)

    for part in (name, *more):
        add(part)
    return "\n".join(bare_text(part) for part in parts)


def bare_text(part: str) -> str:
    """Return a file's text without its import and export lines."""
    text = _text(part)
    for pattern in (_IMPORT, _EXPORT, _DEFAULT):
        text = pattern.sub("", text)
    return text


def _text(part: str) -> str:
    return (FOLDER / f"{part}.js").read_text(encoding="utf-8")
