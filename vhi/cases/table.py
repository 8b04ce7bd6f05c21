"""Read and check a CSV table that anybody may have written.

An error is one line that names the file, the row as a spreadsheet counts it (the header is row 1),
the column, and the remedy.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vhi.cases.known_tables import recognise
from vhi.cases.names import check_different, strip
from vhi.cases.values import Number, Parser, name, plain_text
from vhi.errors import InputError
from vhi.files.read import read_plain_file

SEPARATORS = ",;\t"
"""What may separate values: a spreadsheet writes semicolons where the decimal mark is a comma."""

MISSING = frozenset(
    ("na", "n/a", "n.a.", "nan", "#n/a", "<na>", "null", "none", "missing", "-", "–", "—", "−")
)
"""What people and programs write for a missing value, in lower case."""

_OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet workbook (.xlsx, .ods) or a ZIP file",
    b"\xd0\xcf\x11\xe0": "a spreadsheet workbook (.xls)",
    b"\x1f\x8b": "compressed",
}
_SEPARATOR_LINE = re.compile(f'"?sep=([{SEPARATORS}])"?(?:\r\n|\r|\n)', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_MARKED = re.compile(r"[+-]?\d*([.,]\d{3})*[.,]\d*")
"""A number with a decimal mark or marks between thousands; no date and no abbreviation."""


@dataclass(frozen=True)
class Row:
    """One row of a table: its parsed values by column, and where it is, for messages."""

    table: Path
    number: int
    values: dict[str, Any]

    def __getitem__(self, column: str) -> Any:
        """Return the value of a column; empty text where the table has no such column."""
        return self.values.get(column, "")

    def error(self, problem: str, *, check: str = "") -> InputError:
        """Return an error that says what is wrong with this row."""
        return InputError(f"{self.table}, row {self.number}: {problem}", check=check)


def check_unique(rows: Sequence[Row], keys: Iterable[Hashable], subject: str, remedy: str) -> None:
    """Refuse two rows with one key; `subject` may hold columns, such as ``{case}``."""
    first: dict[Hashable, int] = {}
    for row, key in zip(rows, keys, strict=True):
        number = first.setdefault(key, row.number)
        if number != row.number:
            raise row.error(
                f"{subject.format_map(row)} is in row {number} too; {remedy}", check="names-twice"
            )


def check_names(rows: Sequence[Row], *columns: str) -> None:
    """Refuse names of a column that look alike, such as ``7`` and ``007``."""
    for column in columns:
        names = [(row[column], f"row {row.number}") for row in rows]
        check_different(names, column, f"{rows[0].table}: ")


def read_header(path: Path) -> list[str]:
    """Return the columns of a table in lower case; errors as `read_table`."""
    lines, _ = _read_lines(path, (), str.lower)
    return [title.lower() for title in next(filter(any, lines), [])]


def read_table(
    path: Path,
    required: Sequence[str],
    parser_of: Callable[[str], Parser | None],
    *,
    named: Callable[[str], str] = str.lower,
) -> list[Row]:
    """Read a CSV file with a header: UTF-8, or UTF-16 with a byte-order mark.

    Values are separated by commas, semicolons or tabs; without commas between values, numbers may
    have decimal commas. Blanks round names and values are removed; empty rows count but are left
    out, and a first line ``sep=;`` does not count.

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
    lines, separator = _read_lines(path, required, named)
    if not any(map(any, lines)):
        raise InputError(f"{path}: is empty; it needs the columns {', '.join(required)}")
    top = next(number for number, line in enumerate(lines) if any(line))
    header = [named(title) for title in lines[top]]
    while (
        header and not header[-1]
    ):  # what stands there belongs further left: a comma was no separator
        header.pop()
    _check_header(path, header, required)
    numbered = [
        (Row(path, number, {}), line)
        for number, line in enumerate(lines[top + 1 :], start=top + 2)
        if any(line)
    ]
    if not numbered:
        raise InputError(f"{path}: has a header but no rows; add one row for each case")
    parsers = [parser_of(column) for column in header]
    texts = [parse in (None, plain_text, name) for parse in parsers]
    for row, line in numbered:
        if any(line[len(header) :]):
            raise row.error(
                f"has more values than the header has columns ({len(header)}); put quotes round a "
                "value that holds a separator, or name the last column"
            )
        line[:] = [*line, *[""] * (len(header) - len(line))][: len(header)]
        if {named(value) for value in line} >= set(required):
            raise row.error(
                "names the columns again, so a second table begins there; save each table in its "
                "own file, or remove this row if the columns are the same"
            )
    _tidy_numbers(path, separator, header, parsers, [line for _, line in numbered])
    folder = path.absolute().parent
    for row, line in numbered:
        for column, parse, text, value in zip(header, parsers, texts, line, strict=True):
            needed = column in required
            known = parse is not None and not (text and needed)  # a patient may be called NA
            value = "" if known and value.lower() in MISSING else value
            if needed and not value:
                raise row.error(
                    f"column {column!r} is empty; fill it in (only the first of merged cells holds "
                    "the value), or remove the row if it belongs to no scan"
                )
            try:
                row.values[column] = parse(value, folder) if parse else value
            except ValueError as error:
                check = getattr(error, "check", "")
                raise row.error(f"column {column!r} is {value!r}; {error}", check=check) from error
    return [row for row, _ in numbered]


def _tidy_numbers(
    path: Path,
    separator: str,
    header: Sequence[str],
    parsers: Sequence[Parser | None],
    lines: Sequence[list[str]],
) -> None:
    """Write decimal commas as points where no comma separates values; refuse what is ambiguous."""
    columns = [i for i, parse in enumerate(parsers) if isinstance(parse, Number)]
    numbers = [line[i] for line in lines for i in columns if _MARKED.fullmatch(line[i])]
    pointed, with_comma = ([value for value in numbers if mark in value] for mark in ".,")
    if separator != "," and pointed and with_comma:
        raise InputError(
            f"{path}: has numbers with a point and numbers with a comma, such as {pointed[0]!r} "
            f"and {with_comma[0]!r}; write a decimal point and no thousands separator",
            check="decimal-marks",
        )
    for i in columns:
        parse, values = parsers[i], [line[i] for line in lines]
        marked = [value for value in values if "." in value or "," in value]
        plain = [value for value in values if value.isdecimal() and len(value) > 3]
        grouped = len(marked) > 1 and not plain and all(map(_GROUPED.fullmatch, marked))
        if grouped and isinstance(parse, Number) and parse.thousands:
            digits = re.sub("[.,]", "", marked[0])
            raise InputError(
                f"{path}: column {header[i]!r} holds numbers such as {marked[0]!r}, thousands or "
                f"three decimals; write {digits} or {marked[0].replace(',', '.')}0",
                check="decimal-marks",
            )
        for line in lines if separator != "," else ():
            if _DECIMAL_COMMA.fullmatch(line[i]):
                line[i] = line[i].replace(",", ".")


def _read_lines(
    path: Path, required: Sequence[str], named: Callable[[str], str]
) -> tuple[list[list[str]], str]:
    """Return a table's values as text, and what separates them."""
    text = _read_text(path)
    if match := _SEPARATOR_LINE.match(text):
        return _split(path, text[match.end() :], match[1]), match[1]
    tables: list[tuple[list[list[str]], str]] = []
    problem: InputError | None = None
    for separator in SEPARATORS:
        try:
            lines = _split(path, text, separator)
        except InputError as error:
            problem = problem or error
            continue
        top = next(filter(any, lines), [])
        if required and {named(column) for column in top} >= set(required):
            return lines, separator
        tables.append((lines, separator))
    if not tables:
        assert problem is not None
        raise problem
    return max(tables, key=lambda table: len(next(filter(any, table[0]), [])))


def _split(path: Path, text: str, separator: str) -> list[list[str]]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return [[strip(value) for value in line] for line in reader]
    except csv.Error as error:
        raise InputError(f"{path}: is not a CSV table ({error}); check its quotes") from error


def _read_text(path: Path) -> str:
    try:
        content = read_plain_file(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; check the path") from error
    except OSError as error:
        if path.is_dir():  # Windows has no error of its own for it
            raise InputError(f"{path}: is a folder; name the CSV file of the cases") from error
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    for start, kind in _OTHER_FILES.items():
        if content.startswith(start):
            raise InputError(f"{path}: is {kind}; save the table as 'CSV UTF-8'")
    utf16 = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, row {row}: is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        ) from error
    if "\0" in text:
        raise InputError(f"{path}: is not a text file; save the table as 'CSV UTF-8'")
    return text


def _check_header(path: Path, header: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        if known := recognise(header, required):
            wanted = f"this needs a table with the columns {', '.join(required)}"
            raise InputError(f"{path}: is {known}; {wanted}", check="table-known")
        plural = "s" if len(missing) > 1 else ""
        raise InputError(
            f"{path}: has no column{plural} {', '.join(map(repr, missing))}; the first row must "
            f"name the columns, at least {', '.join(required)}"
        )
    repeated = [name for name in header if name and header.count(name) > 1]
    if repeated:
        raise InputError(f"{path}: has the column {min(repeated)!r} twice; remove one")
