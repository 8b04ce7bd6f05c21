"""Read a table of cases or of reader masks: a CSV file that anybody may have written.

Every mistake ends in one line that names the file, the row as a spreadsheet counts it (the header
is row 1), the column, and what to do.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vhi.errors import InputError

MAX_NAME_BYTES = 100  # case and visit share a folder's name, which ends at 255 bytes
_NOT_IN_NAMES = '/\\:*?"<>|'  # separators, and what Windows refuses in a file name
_RESERVED = {"con", "prn", "aux", "nul", "measurements"}  # Windows' devices, and our own table
_RESERVED |= {f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10)}


@dataclass(frozen=True)
class Row:
    """One row of a table: its values by column, and where it stands, for messages."""

    table: Path
    number: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Give the value of a column, stripped; empty where the table has none."""
        return self.values.get(column, "")

    def error(self, what: str) -> InputError:
        """Make the error that says `what` is wrong with this row."""
        return InputError(f"{self.table}, row {self.number}: {what}")

    def required(self, column: str) -> str:
        """Give the value of a column that must not be empty."""
        value = self[column]
        if not value:
            raise self.error(f"column {column!r} is empty; fill it in or remove the row")
        return value

    def file(self, column: str) -> Path | None:
        """Give the path in a column, or None where the value is empty."""
        return self.required_file(column) if self[column] else None

    def required_file(self, column: str) -> Path:
        """Give the path in a column, taken from the table's folder when it is relative."""
        value = Path(self.required(column))
        if value.parts[0] == "~":
            value = value.expanduser()
        return self.table.absolute().parent / value

    def name(self, column: str) -> str:
        """Give a value that serves as part of a folder's name, or is empty."""
        value = self[column]
        if len(value.encode(errors="replace")) > MAX_NAME_BYTES:
            raise self.error(f"column {column!r} is longer than {MAX_NAME_BYTES} bytes; shorten it")
        if not can_name_folder(value):
            raise self.error(
                f"column {column!r} is {value!r}, which cannot name a result folder; use letters, "
                "digits, '-' and '_'"
            )
        return value

    def positive(self, column: str) -> float | None:
        """Give a number above zero, or None where the value is empty."""
        value = self[column]
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            raise self.error(
                f"column {column!r} is {value!r}; write a number above 0 with a decimal point, or "
                "leave it empty"
            )
        return number


def can_name_folder(value: str) -> bool:
    """Return whether a name, or nothing, may be part of a result folder's on any system."""
    # A leading sign makes a spreadsheet take the name for a formula when it opens a result.
    bad = value.startswith((".", "=", "+", "-", "@")) or value.endswith(".")
    bad = bad or value.split(".")[0].casefold() in _RESERVED
    # Unicode's categories C: control, format (hidden), surrogate, private, unassigned.
    bad = bad or any(c in _NOT_IN_NAMES or unicodedata.category(c)[0] == "C" for c in value)
    return not bad and len(value.encode(errors="replace")) <= MAX_NAME_BYTES


def read_table(
    path: Path, required: Sequence[str], *, named: Callable[[str], str] = str.lower
) -> list[Row]:
    """Read a CSV file with a header.

    Parameters
    ----------
    path
        UTF-8, with or without a byte-order mark; separated by commas. Names and values are
        stripped of blanks. Empty rows count but are left out.
    required
        The columns that must be there. Others may be, in any order.
    named
        From a column as the file names it to the name it is known by.

    Raises
    ------
    InputError
        The file cannot be read, is not such a table, lacks a column or has no rows.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        ) from error
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name the CSV file of the cases") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if "\0" in text:
        raise InputError(f"{path}: is not a text file; save the table as 'CSV UTF-8'")
    try:
        lines = [
            [value.strip() for value in line]
            for line in csv.reader(io.StringIO(text, newline=""), strict=True)
        ]
    except csv.Error as error:
        raise InputError(f"{path}: is not a CSV table ({error}); check its quotes") from error
    if not any(map(any, lines)):
        raise InputError(f"{path}: is empty; it needs the columns {', '.join(required)}")
    header = _check_header(path, [named(name) for name in lines[0]], required)
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        row = Row(path, number, dict(zip(header, line, strict=False)))
        if any(line[len(header) :]):
            raise row.error(
                f"has more than the header's {len(header)} values; put quotes round a value that "
                "holds a comma"
            )
        if any(line):
            rows.append(row)
    if not rows:
        raise InputError(f"{path}: has a header but no rows; add one row for each case")
    return rows


def _check_header(path: Path, header: list[str], required: Sequence[str]) -> list[str]:
    missing = [name for name in required if name not in header]
    if missing and len(header) <= 2:
        for separator, called in ((";", "semicolons"), ("\t", "tabs")):
            if separator in "".join(header):
                raise InputError(f"{path}: is separated by {called}; save it with commas")
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise InputError(
            f"{path}: has no column{plural} {', '.join(map(repr, missing))}; the first row must "
            f"name the columns, at least {', '.join(required)}"
        )
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise InputError(f"{path}: has the column {min(twice)!r} twice; remove one")
    return header
