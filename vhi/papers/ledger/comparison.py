"""A printed number compared with its check: status, assumption, and what was tried before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from vhi.papers.hepburn.files import MissingFilesError
from vhi.papers.ledger.answers import Answer, Numbers, Within, fits, nearest_answer
from vhi.papers.ledger.check import (
    CONSISTENT,
    INCONSISTENT,
    NEEDS_DATA,
    NEEDS_FILES,
    Check,
    Sources,
)
from vhi.papers.ledger.printed import decimals, join_numbers

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("value", "low", "high")
"""The columns of a row that hold printed numbers."""


AS_PRINTED, NONE = "as printed", "none"
"""In the list of readings: the first one, and that a reading allows no number at all."""

_ASSUMED = "what fits without the assumption, or by another choice under it, passes too"


@dataclass(frozen=True)
class Comparison:
    """What became of one printed number: columns of the ledger.

    ``recomputed`` is empty where nothing was computed. ``assumption`` completes "it holds if …"
    where only a reading of the print fits. ``tried`` lists all readings with their numbers, where
    the first did not fit. ``equation`` is the same for rows that restate one equation, and empty
    without a check. ``tolerance`` says why wrong numbers nearby are not noticed, and which.
    """

    recomputed: str = ""
    status: str = NEEDS_DATA
    why: str = ""
    assumption: str = ""
    tried: str = ""
    equation: str = ""
    tolerance: str = ""


@dataclass(frozen=True)
class _Tried:
    """An answer with the assumption under which it is one; the first has none."""

    assumption: str
    answer: Answer
    cut: bool

    def numbers(self, texts: Sequence[str]) -> Numbers:
        return nearest_answer(self.answer, texts)

    def fits(self, texts: Sequence[str]) -> bool:
        return fits(texts, self.numbers(texts), cut=self.cut)

    def written(self, row: pd.Series) -> str:
        """Write the nearest numbers as a row's printed ones are; of limits, both."""
        texts = _texts(row)
        if isinstance(self.answer, Within):
            answers = [
                f"{_written(low, decimals(text))}–{_written(high, decimals(text))}"
                for (low, high), text in zip(self.answer.limits, texts, strict=True)
            ]
        else:
            numbers = self.numbers(texts)
            if any(map(math.isnan, numbers)):
                return NONE
            answers = [_written(*pair) for pair in zip(numbers, map(decimals, texts), strict=True)]
        filled = iter(answers)
        return join_numbers(*(next(filled) if row[name] else "" for name in NUMBERS))


def compare(row: pd.Series, check: Check | None, sources: Sources) -> Comparison:
    """Compare one printed number with the same number computed again.

    `check` is None where there is none. A `ValueError` says that the row and its check do not fit.
    """
    if check is None:
        needs_files = row["needs"] == "unmirrored-files"
        return Comparison(status=NEEDS_FILES if needs_files else NEEDS_DATA, why=row["why"])
    key = str(row.name).removeprefix(f"{sources.paper}-")
    hidden = sources.without(key)
    try:
        tried = _answers(check, hidden)
    except MissingFilesError as error:
        return Comparison(status=NEEDS_FILES, why=str(error))
    texts = _texts(row)
    for reading in tried:
        numbers = reading.numbers(texts)
        if len(numbers) != len(texts):
            raise ValueError(
                f"{row.name} prints {texts} and its check computes {numbers}; check every number "
                "that the row prints, or split the row"
            )
    fitting = next((reading for reading in tried if reading.fits(texts)), None)
    result = {"why": row["why"], "equation": _equation(key, check, hidden)}
    if fitting is None or fitting is not tried[0]:
        result["tried"] = "; ".join(
            f"{reading.assumption or AS_PRINTED}: {reading.written(row)}" for reading in tried
        )
    if fitting is None:
        return Comparison(tried[0].written(row), INCONSISTENT, **result)
    if check.status == NEEDS_DATA:
        return Comparison(status=NEEDS_DATA, why=row["why"])
    reason = check.tolerance or ("" if fitting is tried[0] else _ASSUMED)
    if reason and (missed := _unnoticed(row, tried)):
        nearest = ", ".join(f"{wrong[0]} for {row[column]}" for column, wrong in missed.items())
        result["tolerance"] = f"{reason}; it would not notice {nearest}"
    recomputed = fitting.written(row)
    if fitting is tried[0]:
        return Comparison(recomputed, check.status, **result)
    result["why"] = f"{row['why']} It holds if {fitting.assumption}.".strip()
    return Comparison(recomputed, CONSISTENT, assumption=fitting.assumption, **result)


def unnoticed(row: pd.Series, check: Check, sources: Sources) -> dict[str, list[str]]:
    """Return the wrong numbers nearby that a check would pass, by column of the row.

    Wrong numbers are those of `wrong_numbers`, put in place of one printed number at a time.
    """
    hidden = sources.without(str(row.name).removeprefix(f"{sources.paper}-"))
    return _unnoticed(row, _answers(check, hidden))


def wrong_numbers(text: str) -> list[str]:
    """Return wrong numbers near a printed one, nearest first.

    The last digit up and down by one, two and three; two neighbouring digits exchanged; the next
    whole number either way. Of a bound, ``<`` and ``>`` exchanged: another bound may be as true.

    Examples
    --------
    >>> wrong_numbers("84")
    ['83', '85', '82', '86', '81', '87', '48']
    """
    if text[0] in "<>":
        return [("<" if text[0] == ">" else ">") + text[1:]]
    value, digits = Decimal(text), decimals(text)
    unit = Decimal(1).scaleb(-digits)
    changed = [value + sign * count * unit for count in (1, 2, 3) for sign in (-1, 1)]
    sign, plain = ("-", text[1:]) if text[0] == "-" else ("", text)
    for at in range(len(plain) - 1):
        if plain[at].isdigit() and plain[at + 1].isdigit():
            swapped = plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :]
            changed.append(Decimal(sign + swapped))
    if digits:
        changed += [value - 1, value + 1]
    texts = [f"{number:.{digits}f}" for number in changed if number != value]
    return list(dict.fromkeys(texts))


def _unnoticed(row: pd.Series, tried: Sequence[_Tried]) -> dict[str, list[str]]:
    missed: dict[str, list[str]] = {}
    for column in NUMBERS:
        for wrong in wrong_numbers(row[column]) if row[column] else ():
            texts = [wrong if name == column else row[name] for name in NUMBERS if row[name]]
            if any(reading.fits(texts) for reading in tried):
                missed.setdefault(column, []).append(wrong)
    return missed


def _answers(check: Check, hidden: Sources) -> list[_Tried]:
    """Compute the check's answer and those of its readings; only the check's reads are kept."""
    answer = check.compute(hidden)
    others = hidden.without_record()
    return [
        _Tried("", answer, cut=False),
        *(
            _Tried(
                reading.name, reading.compute(others) if reading.compute else answer, reading.cut
            )
            for reading in check.readings
        ),
    ]


def _equation(key: str, check: Check, hidden: Sources) -> str:
    """Name an equation by what it holds, so that rows which restate it have the same name."""
    if check.equation:
        return f"{hidden.paper}: {check.equation}"
    counts = sorted(key for key in hidden.reads if "/" in key)
    keys = hidden.reads - set(counts)
    if check.kind and not keys:
        return f"{hidden.paper}: {check.kind} {' and '.join(counts)}".strip()
    return f"{hidden.paper}: {', '.join(sorted({key, *hidden.reads}))}"


def _texts(row: pd.Series) -> list[str]:
    return [row[name] for name in NUMBERS if row[name]]


def _written(number: float, digits: int) -> str:
    """Write a number with two digits more than are printed, or with fewer where that is exact."""
    for fewer in range(digits + 2):
        if abs(number - round(number, fewer)) < 1e-12 * max(1, abs(number)):
            return f"{number:.{fewer}f}"
    return f"{number:.{digits + 2}f}"
