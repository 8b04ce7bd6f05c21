"""The printed numbers as a table, read from ``data-manifest/published``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from vhi.cases.supplement import manifest_folder

if TYPE_CHECKING:
    import pandas as pd

PAPERS = ("hepburn", "bressem", "zheng", "li")
"""Names of the tables, with which all keys of a paper begin."""

_SLACK = 1e-9  # a half may have been rounded either way, and floats are not exact


def printed_numbers() -> pd.DataFrame:
    """Return the printed numbers of all papers, in the order of the tables.

    Returns
    -------
    pandas.DataFrame
        By ``key``, unique over all papers. All columns are text as printed, or empty: ``paper``,
        ``place``, ``quantity`` (with its unit), ``value``, ``low`` and ``high`` (range, limits or
        interval), ``n`` (denominator or sample size), ``needs`` (``unpublished-data`` or
        ``unmirrored-files`` where nothing can check the row) and ``why`` (one sentence on a row
        that does not hold, cannot be checked, or needs an explanation).
    """
    import pandas as pd

    folder = manifest_folder() / "published"
    tables = [
        pd.read_csv(folder / f"{paper}.csv", dtype=str, keep_default_na=False, index_col="key")
        for paper in PAPERS
    ]
    return pd.concat(tables)


def agrees(printed: str, number: float) -> bool:
    """Whether a number rounds to a printed one, such as ``0.84``, ``-4119`` or ``<0.001``.

    A plain number is met within half a unit of its last digit, ends included, since halves are
    rounded either way; ``<`` and ``>`` are taken literally. NaN agrees with nothing.

    Raises
    ------
    ValueError
        `printed` is no such text.

    Examples
    --------
    >>> agrees("0.84", 0.8397), agrees("0.84", 0.8349), agrees("<0.001", 0.0004)
    (True, False, True)
    """
    value = float(_decimal(printed.lstrip("<>")))
    if printed.startswith("<"):
        return number < value
    if printed.startswith(">"):
        return number > value
    half = 0.5 * 10.0 ** -decimals(printed)
    return abs(number - value) <= half * (1 + _SLACK) + _SLACK * abs(value)


def decimals(printed: str) -> int:
    """Count the digits after the point of a printed number."""
    return -int(_decimal(printed.lstrip("<>")).as_tuple().exponent)


def join_numbers(value: str, low: str, high: str) -> str:
    """Write a number and its range as one text, such as ``0.94 (0.85 to 0.98)``."""
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
