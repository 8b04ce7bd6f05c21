"""The printed numbers as rows, read from ``data-manifest/published``."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation

from vhi.cases.supplement import manifest_folder

PAPERS = ("hepburn", "bressem", "zheng", "li")
"""Names of the tables, and of the modules of `vhi.papers.ledger` that check them."""

_SLACK = 1e-9  # a half may have been rounded either way, and floats are not exact


@dataclass(frozen=True)
class Printed:
    """One row of a table: texts as printed, empty where there is nothing.

    Attributes
    ----------
    key : str
        Unique over all papers.
    paper, place, quantity : str
        Which paper, where in it, and what the number is, with its unit.
    value, low, high : str
        The number and its range, limits or interval, without thousands separators and units.
        A leading ``<`` or ``>`` is kept. The decimals decide how near ours must come.
    n : str
        Denominator or sample size.
    needs : str
        ``unpublished-data`` or ``unmirrored-files`` where nothing can check it, else empty.
    why : str
        One sentence on a row that does not hold, cannot be checked, or needs a word.
    """

    key: str
    paper: str
    place: str
    quantity: str
    value: str
    low: str
    high: str
    n: str
    needs: str
    why: str

    @property
    def text(self) -> str:
        """The numbers as one text, such as ``0.94 (0.85 to 0.98), n = 48``."""
        text = joined(self.value, self.low, self.high)
        return f"{text}, n = {self.n}" if self.n else text


def printed_numbers() -> list[Printed]:
    """List the printed numbers of all papers, in the order of the tables."""
    rows = []
    for name in PAPERS:
        path = manifest_folder() / "published" / f"{name}.csv"
        if path.is_file():
            with open(path, newline="", encoding="utf-8") as stream:
                rows += [
                    Printed(**{field.name: row[field.name] for field in fields(Printed)})
                    for row in csv.DictReader(stream)
                ]
    return rows


def agrees(printed: str, number: float) -> bool:
    """Whether a number rounds to what is printed.

    Parameters
    ----------
    printed
        Such as ``0.84``, ``-4119`` or ``<0.001``. A plain number is met within half a unit of
        its last digit, ends included, since halves are rounded either way; ``<`` and ``>`` are
        taken at their word.
    number
        Ours. NaN agrees with nothing.

    Raises
    ------
    ValueError
        `printed` is not such a text.

    Examples
    --------
    >>> agrees("0.84", 0.8397), agrees("0.84", 0.8349), agrees("<0.001", 0.0004)
    (True, False, True)
    """
    if printed.startswith("<"):
        return number < float(_decimal(printed[1:]))
    if printed.startswith(">"):
        return number > float(_decimal(printed[1:]))
    value = _decimal(printed)
    half = 0.5 * 10.0 ** -decimals(printed)
    return abs(number - float(value)) <= half * (1 + _SLACK) + _SLACK * abs(float(value))


def decimals(printed: str) -> int:
    """Count the digits after the point of a printed number."""
    return -int(_decimal(printed.lstrip("<>")).as_tuple().exponent)


def joined(value: str, low: str, high: str) -> str:
    """Write a number and its range as one text."""
    span = " to ".join(text for text in (low, high) if text)
    return f"{value} ({span})" if value and span else value or span


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a printed number such as 0.84 or <0.001")
    return value
