"""Values of a table: how text becomes a name, a path, a number or a choice.

A parser raises a `ValueError` that says what to write instead.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vhi.cases.names import invisible, tidy
from vhi.errors import InputError

FORMULA_SIGNS = ("=", "+", "-", "@")
"""A spreadsheet takes text that begins with one of these for a formula."""

MAX_NAME_BYTES = 100  # case and visit share a folder's name, which ends at 255 bytes
_ERROR_VALUES = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", re.IGNORECASE)
_SHORTENED = re.compile(r"\d[.,]\d+e[+]\d+", re.IGNORECASE)
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_NOT_IN_NAMES = '/\\:*?"<>|'  # separators, and what Windows refuses in a file name
_RESERVED = {"con", "prn", "aux", "nul", "measurements"}  # Windows' devices, and our own table
_RESERVED |= {f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10)}


Parser = Callable[[str, Path], Any]
"""Converts a value, stripped and maybe empty; relative paths start at the given folder.

It raises a `ValueError` that says what to write instead.
"""


def file(value: str, folder: Path) -> Path | None:
    r"""Parse a path; a relative one starts at the table's folder. None where it is empty.

    Where only the path with ``/`` for ``\`` exists, as of a table written on Windows, it is taken.
    """
    if not value:
        return None
    if os.name != "nt" and _WINDOWS_PATH.match(value):
        raise InputError(
            "a path on a Windows computer: write the path on this computer, or one relative to the "
            "table's folder",
            check="path-elsewhere",
        )
    path = Path(value)
    path = folder / (os.path.expanduser(path) if path.parts[:1] == ("~",) else path)
    if "\\" in value and not os.path.lexists(path):
        other = folder / value.replace("\\", "/")
        path = other if os.path.lexists(other) else path
    return path


def name(value: str, folder: Path) -> str:
    """Parse a value that can be part of a result folder's name, or is empty."""
    value = plain_text(value, folder)
    if not can_name_folder(value):
        raise InputError(
            f"it cannot name a result folder: use at most {MAX_NAME_BYTES} letters, digits, '-' "
            "and '_'",
            check="name-of-folder",
        )
    return value


def plain_text(value: str, folder: Path) -> str:
    """Parse a name that people read and a spreadsheet shows as it is."""
    value = tidy(value)
    if value.startswith(FORMULA_SIGNS) or _ERROR_VALUES.match(value):
        raise InputError(
            "a spreadsheet would take it for a formula or an error: begin with a letter or digit",
            check="name-formula",
        )
    if _SHORTENED.fullmatch(value):
        raise InputError(
            "a spreadsheet has shortened a long number, so other numbers may look the same: write "
            "it in full, in a column formatted as text",
            check="name-formula",
        )
    if code := invisible(value):
        raise InputError(
            f"it holds an invisible or lost character ({code}): type the name again",
            check="name-invisible",
        )
    if len(value.encode(errors="replace")) > MAX_NAME_BYTES:
        raise InputError(f"write at most {MAX_NAME_BYTES} characters", check="name-of-folder")
    return value


def choice(*choices: str) -> Parser:
    """Return a parser of a few values, in lower case; empty only where "" is among them."""

    def parse(value: str, folder: Path) -> str:
        if value.lower() not in choices:
            wanted = " or ".join(filter(None, choices))
            raise ValueError(f"write {wanted}{', or leave it empty' if '' in choices else ''}")
        return value.lower()

    return parse


@dataclass(frozen=True)
class Number:
    """A parser of finite numbers that `allowed` accepts, `empty` where the value is empty.

    `description` follows "write a number" in the message, such as "above 0". Where thousands are
    usual (`thousands`), numbers that may hold a point between thousands and hundreds are refused.
    """

    allowed: Callable[[float], bool]
    description: str
    empty: float | None = None
    thousands: bool = False

    def __call__(self, value: str, folder: Path) -> float | None:
        """Parse a value."""
        if value in ("", "."):  # SAS and Stata write a point
            return self.empty
        try:
            parsed = math.nan if "_" in value else float(value)
        except ValueError:
            parsed = math.nan
        if not (math.isfinite(parsed) and self.allowed(parsed)):
            raise ValueError(
                f"write a number {self.description} with a decimal point, without a unit or a "
                "thousands separator, or leave it empty"
            )
        return parsed


def can_name_folder(value: str) -> bool:
    """Return whether a name, or none, can be part of a folder's name on any system."""
    return not (
        value.startswith((".", *FORMULA_SIGNS))
        or value.endswith(".")
        or value.split(".")[0].strip().casefold() in _RESERVED
        or any(c in _NOT_IN_NAMES for c in value)
        or invisible(value)
        or len(value.encode(errors="replace")) > MAX_NAME_BYTES
    )
