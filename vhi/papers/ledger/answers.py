"""What a check answers: a number, several possible ones, or limits; and when a print agrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vhi.papers.ledger.printed import agrees, decimals

Numbers = tuple[float, ...]
_SLACK = 1e-9  # floats are not exact


@dataclass(frozen=True)
class Among:
    """Any of several answers, each of one number for each that the row prints."""

    options: tuple[Numbers, ...]


@dataclass(frozen=True)
class Within:
    """Limits, lowest and highest, for each number that the row prints."""

    limits: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class EvenlyAbout:
    """Two ends evenly about a middle that is known within limits: each follows from the other."""

    lowest: float
    highest: float


Answer = float | Numbers | Among | Within | EvenlyAbout


def among(numbers: Sequence[float] | np.ndarray) -> Among:
    """Return the answer that any of several single numbers is possible."""
    return Among(tuple((float(number),) for number in numbers))


def nearest_answer(answer: Answer, texts: Sequence[str]) -> Numbers:
    """Return the numbers of an answer nearest to the printed ones; NaN where it allows none.

    Only the choice between answers depends on what is printed, never an answer itself.
    """
    printed = [float(text.lstrip("<>")) for text in texts]
    if isinstance(answer, Among):
        units = np.array([10.0 ** -decimals(text) for text in texts])
        if not answer.options:
            return (math.nan,) * len(texts)
        away = np.abs(np.array(answer.options) - printed) / units
        away = np.nan_to_num(away, nan=math.inf)
        misfits = (away > 0.5 + _SLACK).sum(axis=1)
        return answer.options[int(np.lexsort((away.sum(axis=1), misfits))[0])]
    if isinstance(answer, Within):
        pairs = zip(printed, answer.limits, strict=True)
        return tuple(float(np.clip(number, *ends)) for number, ends in pairs)
    if isinstance(answer, EvenlyAbout):
        low, high = printed
        twice = 2 * float(np.clip((low + high) / 2, answer.lowest, answer.highest))
        return twice - high, twice - low
    return tuple(np.atleast_1d(answer).astype(float).tolist())


def fits(texts: Sequence[str], numbers: Sequence[float], *, cut: bool = False) -> bool:
    """Whether every number rounds to its printed text or, with `cut`, is cut off to it."""
    rule = cut_off_to if cut else agrees
    return all(rule(text, number) for text, number in zip(texts, numbers, strict=True))


def cut_off_to(printed: str, number: float) -> bool:
    """Whether a number begins with the printed digits: its further digits are dropped.

    Examples
    --------
    >>> cut_off_to("0.59", 0.5952), cut_off_to("0.59", 0.60)
    (True, False)
    """
    if printed[:1] in "<>":
        return agrees(printed, number)
    unit = 10.0 ** -decimals(printed)
    beyond = (abs(number) - abs(float(printed))) / unit
    return number * float(printed) >= 0 and -_SLACK <= beyond < 1 - _SLACK
