"""The controls' and the reading room's JavaScript: plain ES modules, each complete by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import vhi
from vhi.controls.page import control_names, page_script

PACKAGE = Path(vhi.__file__).parent
FOLDERS = {
    "controls": PACKAGE / "controls" / "js",
    "static": PACKAGE / "reading_room" / "page" / "static",
}
MODULES = sorted(path for folder in FOLDERS.values() for path in folder.glob("*.js"))

EXPORTED = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def exports(path: Path) -> set[str]:
    return set(EXPORTED.findall(path.read_text(encoding="utf-8")))


def imports(path: Path) -> dict[str, Path]:
    """Return the imported names, each with the module that it comes from."""
    found = {}
    for names, place in IMPORTED.findall(path.read_text(encoding="utf-8")):
        source = FOLDERS["controls"] if place.startswith("/controls/") else path.parent
        for name in names.split(","):
            if name.strip():
                found[name.strip()] = source / Path(place).name
    return found


module = pytest.mark.parametrize(
    "path", MODULES, ids=[f"{p.parent.name}/{p.name}" for p in MODULES]
)


@module
def test_what_a_module_imports_is_offered_there(path):
    for name, source in imports(path).items():
        assert name in exports(source), f"{source.name} does not export {name}"


@module
def test_what_a_module_takes_from_another_it_imports(path):
    # On a page the modules stand in one text, where a forgotten import is not felt.
    code = NO_CODE.sub("", path.read_text(encoding="utf-8"))
    others = {name for other in MODULES if other != path for name in exports(other)}
    called = set(re.findall(r"(?<![.\w])(\w+)\(", code))
    own = set(re.findall(r"(?:function|const|let|class) (\w+)", code))
    own |= {
        name for names in re.findall(r"\{([^{}]*)\}", code) for name in re.findall(r"\w+", names)
    }
    missing = (called & others) - set(imports(path)) - own
    assert not missing


@pytest.mark.parametrize("name", control_names())
def test_names_at_the_top_level_of_a_control_differ(name):
    # Its parts become one text, in which a second function of a name would replace the first.
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", page_script(name), re.M)
    assert sorted(names) == sorted(set(names)) and len(names) > 20


@module
def test_what_is_imported_is_used(path):
    text = path.read_text(encoding="utf-8")
    code = NO_CODE.sub("", IMPORTED.sub("", text))
    unused = [name for name in imports(path) if not re.search(rf"\b{name}\b", code)]
    assert not unused
