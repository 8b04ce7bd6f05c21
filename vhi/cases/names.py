"""Look-alike names: a person reads one name where a program sees two.

Names are text: ``007`` stays ``007``. Two names of one table, or of two tables that are joined, are
refused where they differ only in what people and spreadsheets change without noticing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from vhi.errors import InputError

_INVISIBLE = r"\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_ROUND = re.compile(f"^[{_INVISIBLE}]+|[{_INVISIBLE}]+$")
_PARTS = re.compile(r"\d+|[^\W\d_]+|[^\w\s.\-'\"`´‘’“”„‚«»‹›]")
_AS_NUMBER = re.compile(r"(\d+)\.0+")  # what a spreadsheet makes of 7 in a column with gaps
_SAME_SHAPE = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеѕіјорсхуΑΒΕΖΗΙΚΜΝΟΡΤΥΧο‐‑‒–—−",
    "ABESIJKMHOPCTXYaesijopcxyABEZHIKMNOPTYXo------",
)
"""Cyrillic and Greek letters that fonts draw as Latin ones, and all kinds of dashes."""


def tidy(name: str) -> str:
    """Return a name with composed accents and single plain blanks, none of them at its ends.

    Examples
    --------
    >>> tidy(" P\N{NO-BREAK SPACE} 1\N{ZERO WIDTH SPACE}")
    'P 1'
    """
    return re.sub(r"[^\S\t\n\r\f\v]+", " ", unicodedata.normalize("NFC", strip(name)))


def strip(value: str) -> str:
    """Return text without blanks and invisible characters at its ends, such as a copied path's."""
    return _ROUND.sub("", value)


def invisible(name: str) -> str:
    """Return the code of a name's first invisible or lost character, as ``U+200B``; "" without one.

    Unicode's categories C (control, format, surrogate, private, unassigned), and U+FFFD, which
    programs write for a letter that they could not read: two names may have become one.
    """
    codes = (c for c in name if unicodedata.category(c)[0] == "C" or c == "\ufffd")
    return next((f"U+{ord(c):04X}" for c in codes), "")


def likeness(name: str) -> tuple[str, ...]:
    """Return what look-alike names share: their letters and numbers in order.

    Capitals, leading zeros, the kind and number of blanks, dashes, points, underscores and quotes,
    digits of other scripts, letters of the same shape and ``.0`` behind a number do not count.

    Examples
    --------
    >>> likeness("P-007") == likeness("p 7") == likeness("P_7")
    True
    >>> likeness("1-11") == likeness("11-1")
    False
    """
    text = unicodedata.normalize("NFKC", name).translate(_SAME_SHAPE)
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C").strip()
    letters = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(c for c in letters if not unicodedata.combining(c))
    if number := _AS_NUMBER.fullmatch(text):
        text = number[1]
    return tuple(_number(part) for part in _PARTS.findall(text)) or (text,)


def _number(part: str) -> str:
    """Return a number in plain digits without leading zeros; other text as it is."""
    if not part.isdecimal():
        return part
    return "".join(str(unicodedata.decimal(digit)) for digit in part).lstrip("0") or "0"


def similar(name: str, others: Iterable[str]) -> str | None:
    """Return the first of other names that looks like this one but is not the same."""
    wanted = likeness(name)
    return next((other for other in others if other != name and likeness(other) == wanted), None)


def shown(name: str, other: str) -> tuple[str, str]:
    """Quote two names, with codes for characters where a reader could not see the difference."""
    drawn = [unicodedata.normalize("NFKC", n).translate(_SAME_SHAPE) for n in (name, other)]
    quote = ascii if drawn[0] == drawn[1] else repr
    return quote(name), quote(other)


def unknown(name: str, known: Iterable[str], kind: str, place: str) -> InputError:
    """Return an error about a name that a place does not have; it gives a look-alike there."""
    names = list(dict.fromkeys(known))
    if other := similar(name, names):
        wanted, there = shown(name, other)
        problem = f"{place} has no {kind} {wanted}, but has {there}, which looks like it; use that"
    else:
        listed = ", ".join(other or "''" for other in names[:12])
        more = ", ..." if len(names) > 12 else ""
        problem = f"{place} has no {kind} {name!r}; it has {listed}{more}"
    return InputError(problem, check="name-unknown")


def check_different(names: Iterable[tuple[str, str]], kind: str, start: str = "") -> None:
    """Refuse two names that look alike.

    Parameters
    ----------
    names
        Names, each with its place, such as ``row 3``; a name may be repeated.
    kind
        What is named, such as ``patient``.
    start
        Of the message: the table.

    Raises
    ------
    InputError
        Both names and places are given.
    """
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    for name, place in names:
        earlier, where = first.setdefault(likeness(name), (name, place))
        if earlier != name:
            one, other = shown(earlier, name)
            raise InputError(
                f"{start}{kind} {other} ({place}) looks like {one} ({where}); write one {kind}'s "
                f"name the same everywhere, and give two {kind}s names that differ clearly",
                check="names-alike",
            )
