"""Read and check a CSV table that anybody may have written.

An error is one line that names the file, the row as a spreadsheet counts it (the header is row 1),
the column, and the remedy.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from vhi.errors import InputError
from vhi.files.read import read_plain_file

FORMULA_SIGNS = ("=", "+", "-", "@")
"""A spreadsheet takes text that begins with one of these for a formula."""

MAX_NAME_BYTES = 100  # case and visit share a folder's name, which ends at 255 bytes
_NOT_IN_NAMES = '/\\:*?"<>|'  # separators, and what Windows refuses in a file name
_RESERVED = {"con", "prn", "aux", "nul", "measurements"}  # Windows' devices, and our own table
_RESERVED |= {f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10)}


Parser = Callable[[str, Path], Any]
"""Converts a value, stripped and maybe empty; relative paths start at the given folder.

It raises a `ValueError` that says what to write instead.
"""


@dataclass(frozen=True)
class Row:
    """One row of a table: its parsed values by column, and where it is, for messages."""

    table: Path
    number: int
    values: dict[str, Any]

    def __getitem__(self, column: str) -> Any:
        """Return the value of a column; empty text where the table has no such column."""
        return self.values.get(column, "")

    def error(self, problem: str) -> InputError:
        """Return an error that says what is wrong with this row."""
        return InputError(f"{self.table}, row {self.number}: {problem}")


def file(value: str, folder: Path) -> Path | None:
    """Parse a path; a relative one starts at the table's folder. None where it is empty."""
    if not value:
        return None
    path = Path(value)
    return folder / (path.expanduser() if path.parts[:1] == ("~",) else path)


def name(value: str, folder: Path) -> str:
    """Parse a value that can be part of a result folder's name, or is empty."""
    if not can_name_folder(value):
        raise ValueError(
            f"it cannot name a result folder: use at most {MAX_NAME_BYTES} letters, digits, '-' "
            "and '_'"
        )
    return value


def plain_text(value: str, folder: Path) -> str:
    """Parse text that a spreadsheet shows as it is."""
    if value.startswith(FORMULA_SIGNS):
        raise ValueError("a spreadsheet would take it for a formula: begin with a letter or digit")
    return value


def choice(*choices: str) -> Parser:
    """Return a parser of a few values, in lower case; empty only where "" is among them."""

    def parse(value: str, folder: Path) -> str:
        if value.lower() not in choices:
            wanted = " or ".join(filter(None, choices))
            raise ValueError(f"write {wanted}{', or leave it empty' if '' in choices else ''}")
        return value.lower()

    return parse


def number(allowed: Callable[[float], bool], description: str) -> Parser:
    """Return a parser of finite numbers that `allowed` accepts, None where the value is empty.

    `description` follows "write a number" in the message, such as "above 0".
    """

    def parse(value: str, folder: Path) -> float | None:
        if not value:
            return None
        try:
            parsed = float(value)
        except ValueError:
            parsed = math.nan
        if not (math.isfinite(parsed) and allowed(parsed)):
            raise ValueError(
                f"write a number {description} with a decimal point, or leave it empty"
            )
        return parsed

    return parse


def can_name_folder(value: str) -> bool:
    """Return whether a name, or nothing, may be part of a result folder's on any system."""
    return not (
        value.startswith((".", *FORMULA_SIGNS))
        or value.endswith(".")
        or value.split(".")[0].casefold() in _RESERVED
        # Unicode's categories C: control, format (hidden), surrogate, private, unassigned.
        or any(c in _NOT_IN_NAMES or unicodedata.category(c)[0] == "C" for c in value)
        or len(value.encode(errors="replace")) > MAX_NAME_BYTES
    )


def check_unique(rows: Sequence[Row], keys: Iterable[Hashable], subject: str, remedy: str) -> None:
    """Refuse two rows with one key; `subject` may hold columns, such as ``{case}``."""
    first: dict[Hashable, int] = {}
    for row, key in zip(rows, keys, strict=True):
        number = first.setdefault(key, row.number)
        if number != row.number:
            raise row.error(f"{subject.format_map(row)} is in row {number} too; {remedy}")


def read_table(
    path: Path,
    required: Sequence[str],
    parser_of: Callable[[str], Parser | None],
    *,
    named: Callable[[str], str] = str.lower,
) -> list[Row]:
    """Read a CSV file with a header: UTF-8, with or without a byte-order mark, separated by commas.

    Blanks round names and values are removed; empty rows count but are left out.

    Parameters
    ----------
    required
        The columns that must be there, with a value in every row. Others may be, in any order.
    parser_of
        From a column's name to the parser of its values; None keeps text.
    named
        From a column as the file names it to the name it is known by.

    Raises
    ------
    InputError
        The file cannot be read or is no such table, lacks rows, a column or a value, or has a value
        that its parser refuses.
    """
    lines = _read_lines(path)
    if not any(map(any, lines)):
        raise InputError(f"{path}: is empty; it needs the columns {', '.join(required)}")
    header = [named(name) for name in lines[0]]
    _check_header(path, header, required)
    folder, rows = path.absolute().parent, []
    for number, line in enumerate(lines[1:], start=2):
        row = Row(path, number, {})
        if any(line[len(header) :]):
            raise row.error(
                f"has more than the header's {len(header)} values; put quotes round a value that "
                "holds a comma"
            )
        if not any(line):
            continue
        rows.append(row)
        for column, value in zip_longest(header, line[: len(header)], fillvalue=""):
            if column in required and not value:
                raise row.error(f"column {column!r} is empty; fill it in or remove the row")
            parse = parser_of(column)
            try:
                row.values[column] = parse(value, folder) if parse else value
            except ValueError as error:
                raise row.error(f"column {column!r} is {value!r}; {error}") from error
    if not rows:
        raise InputError(f"{path}: has a header but no rows; add one row for each case")
    return rows


def _read_lines(path: Path) -> list[list[str]]:
    try:
        text = read_plain_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        ) from error
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; check the path") from error
    except OSError as error:
        if path.is_dir():  # Windows has no error of its own for it
            raise InputError(f"{path}: is a folder; name the CSV file of the cases") from error
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if "\0" in text:
        raise InputError(f"{path}: is not a text file; save the table as 'CSV UTF-8'")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [[value.strip() for value in line] for line in reader]
    except csv.Error as error:
        raise InputError(f"{path}: is not a CSV table ({error}); check its quotes") from error


def _check_header(path: Path, header: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(header) <= 2 and separator in "".join(header):
                raise InputError(f"{path}: is separated by {name}; save it with commas")
        plural = "s" if len(missing) > 1 else ""
        raise InputError(
            f"{path}: has no column{plural} {', '.join(map(repr, missing))}; the first row must "
            f"name the columns, at least {', '.join(required)}"
        )
    repeated = [name for name in header if name and header.count(name) > 1]
    if repeated:
        raise InputError(f"{path}: has the column {min(repeated)!r} twice; remove one")
