"""A check: how a printed number is computed again, from what, and the statuses it may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from vhi.papers.hepburn.files import StudyFiles
from vhi.papers.ledger.answers import Answer
from vhi.papers.ledger.printed import decimals

if TYPE_CHECKING:
    import pandas as pd

RECOMPUTED = "recomputed"
FROM_COUNTS = "recomputed-from-counts"
CONSISTENT = "consistent"
INCONSISTENT = "inconsistent"
NEEDS_FILES = "needs-unmirrored-files"
NEEDS_DATA = "needs-unpublished-data"

STATUSES = (RECOMPUTED, FROM_COUNTS, CONSISTENT, INCONSISTENT, NEEDS_FILES, NEEDS_DATA)
"""Statuses of a printed number.

``recomputed``: computed again from the study's files. ``recomputed-from-counts``: it follows from
other printed numbers. ``consistent``: other printed numbers allow it, without fixing it, or it
holds under an assumption that is said. ``inconsistent``: under every reading that was tried, the
printed numbers cannot all hold. ``needs-unmirrored-files``: files that the authors published would
decide, and are missing. ``needs-unpublished-data``: only data that are not public would.
"""

_COUNTED = re.compile(r"\b(\d+) of (?:the )?(\d+)\b")
_BEYOND = 1e-12  # how far within its bound a number printed as a bound is taken


class Sources:
    """The numbers of one of `PAPERS`, by key without its name; ``sources[key]`` is the value.

    `printed` is from `printed_numbers`; `files` are the study's, by default those that are
    available. ``reads`` collects the keys whose numbers were read, and counts as ``22/25``.
    """

    def __init__(self, paper: str, printed: pd.DataFrame, files: StudyFiles | None = None) -> None:
        rows = printed[printed.index.str.startswith(f"{paper}-")]
        self.paper = paper
        self.files = files or StudyFiles()
        self.reads: set[str] = set()
        self._rows = rows.set_index(rows.index.str.removeprefix(f"{paper}-")).to_dict("index")
        self._hidden = ""

    def without(self, key: str) -> Sources:
        """Return the same numbers without those of one row: a check may not read its own."""
        copy = object.__new__(Sources)
        copy.__dict__ = self.__dict__ | {"_hidden": key, "reads": set()}
        return copy

    def without_record(self) -> Sources:
        """Return the same numbers with an empty record of what is read."""
        return self.without(self._hidden)

    def hides(self, key: str) -> bool:
        """Whether the numbers of a row are hidden."""
        return key == self._hidden

    def _row(self, key: str) -> dict[str, str]:
        if self.hides(key):
            raise ValueError(f"the check of {self.paper}-{key} reads the number that it checks")
        self.reads.add(key)
        return self._rows[key]

    def __getitem__(self, key: str) -> float:
        """Return the value that a row prints; of ``<0.001`` a number just below 0.001."""
        text = self._row(key)["value"]
        within = {"<": 1 - _BEYOND, ">": 1 + _BEYOND}.get(text[0], 1)
        return float(text.lstrip("<>")) * within

    def text(self, key: str) -> str:
        """Return the value of a row as printed."""
        return self._row(key)["value"]

    def low(self, key: str) -> float:
        """Return the lower end that a row prints."""
        return float(self._row(key)["low"])

    def high(self, key: str) -> float:
        """Return the upper end that a row prints."""
        return float(self._row(key)["high"])

    def last_digit(self, key: str) -> float:
        """Return one unit of the last digit of the value that a row prints."""
        return 10.0 ** -decimals(self._row(key)["value"])

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return all numbers that a row prints: value, low, high, as far as it has them."""
        row = self._row(key)
        return tuple(float(row[name]) for name in ("value", "low", "high") if row[name])

    def n(self, key: str) -> int:
        """Return the denominator or sample size that a row prints."""
        return int(self._rows[key]["n"])

    def counted(self, key: str) -> tuple[int, int]:
        """Return count and total from a row's words: (22, 25) from "22 of 25 patients"."""
        words = _COUNTED.search(self._rows[key]["quantity"])
        if words is None:
            raise ValueError(f"{key}: its quantity must say how many of how many, as '22 of 25'")
        self.reads.add(f"{words[1]}/{words[2]}")
        return int(words[1]), int(words[2])


Compute = Callable[[Sources], Answer]


@dataclass(frozen=True)
class Reading:
    """Another way to read what is printed, tried before a row is called inconsistent.

    `name` completes "It holds if …". `compute` is that of `Check`; without one, the check's own
    answer is taken. `cut`: further digits are cut off, not rounded.
    """

    name: str
    compute: Compute | None = None
    cut: bool = False


CUT_OFF = Reading("its digits are cut off, not rounded", cut=True)


@dataclass(frozen=True)
class Check:
    """How a row of printed numbers is computed again.

    `status` is that of the row where the numbers agree: ``recomputed``, ``recomputed-from-counts``,
    ``consistent``, or ``needs-unpublished-data`` where agreement says next to nothing. `compute`
    gives one number for each that the row prints (the value alone, (low, high), or (value, low,
    high)), or the answers that are possible; the row's own numbers are hidden from it.

    `kind` joins checks that do the same arithmetic with the same counts into one equation;
    `equation`, where given, names it whatever is read.
    `readings` are tried in turn where the numbers do not agree; where one fits, the row is
    ``consistent``. `tolerance` says why the check does not notice some wrong numbers nearby.
    `repeats` is the key of the row that this one repeats: no status better than that row's.
    """

    status: str
    compute: Compute
    kind: str = ""
    equation: str = ""
    readings: tuple[Reading, ...] = ()
    tolerance: str = ""
    repeats: str = ""

    def or_if(self, *readings: Reading) -> Check:
        """Return the check with other readings to be tried, the last that digits are cut off."""
        return replace(self, readings=(*readings, CUT_OFF))

    def tolerant(self, why: str) -> Check:
        """Return the check with the reason for which it does not notice all wrong numbers."""
        return replace(self, tolerance=why)


from_files = partial(Check, RECOMPUTED)
from_counts = partial(Check, FROM_COUNTS)
consistent = partial(Check, CONSISTENT)
bound = partial(Check, NEEDS_DATA)
"""A check that can only refute: other numbers set limits, far from fixing the one printed."""
