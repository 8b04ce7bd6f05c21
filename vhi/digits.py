"""Numbers as text and in tables, with as many digits as their scale needs.

Scanner units have no scale: the study's intensities are hundreds, others' lie between 0 and 1 or
reach millions. Decimals alone would show 0.0 for a threshold of 0.02. `vhi/controls/js/view.js`
gives the same text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

SMALLEST, LARGEST = -4, 15
"""Powers of ten beyond which a number is written with an exponent. Chosen: more zeros are hard to
count."""


def digits(value: float, decimals: int = 0, significant: int = 3) -> str:
    """Return a number as text, with thousands separated by commas.

    Parameters
    ----------
    value
        Any number.
    decimals
        Fewest decimals.
    significant
        Fewest significant digits: a small value has more decimals.

    Examples
    --------
    >>> [digits(590.476, 1, 4), digits(0.0211, 1, 4), digits(1.87e-7, 1, 4), digits(0, 1, 4)]
    ['590.5', '0.02110', '1.870e-7', '0.0']
    >>> [digits(12345.6), digits(98.76), digits(0.4, 0, 1), digits(28.4, 0, 1)]
    ['12,346', '98.8', '0.4', '28']
    """
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if value and not SMALLEST <= _power(value) < LARGEST:
        mantissa, power = f"{value:.{significant - 1}e}".split("e")
        return f"{mantissa}e{int(power)}"
    return f"{value:,.{_decimals(value, decimals, significant)}f}"


def rounded(value: float, decimals: int, significant: int) -> float:
    """Return a number rounded as in `digits`, for a table."""
    value = float(value)
    return round(value, _decimals(value, decimals, significant)) if math.isfinite(value) else value


def runs(numbers: Iterable[int]) -> str:
    """Return whole numbers in order as text, runs of three and more by their ends.

    Examples
    --------
    >>> runs([0, 2, 3, 5, 6, 7])
    '0, 2, 3 and 5 to 7'
    """
    ends: list[tuple[int, int]] = []
    for number in map(int, numbers):
        first = ends.pop()[0] if ends and number == ends[-1][1] + 1 else number
        ends.append((first, number))
    words: list[str] = []
    for first, last in ends:
        short = map(str, sorted({first, last}))
        words += short if last <= first + 1 else [f"{first} to {last}"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _decimals(value: float, decimals: int, significant: int) -> int:
    return decimals if value == 0 else max(decimals, significant - 1 - _power(value))


def _power(value: float) -> int:
    """Return the power of ten of the first digit; from the shortest text, as JavaScript has it."""
    return Decimal(repr(value)).adjusted()
