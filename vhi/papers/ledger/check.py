"""A check: how a printed number is computed again, from what, and the statuses it may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vhi.papers.hepburn.files import StudyFiles
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
other printed numbers. ``consistent``: other printed numbers allow it, without fixing it.
``inconsistent``: computed again, it is another number. ``needs-unmirrored-files``: files that the
authors published would decide, and are missing. ``needs-unpublished-data``: only data that are
not public would.
"""

_COUNTED = re.compile(r"\b(\d+) of (?:the )?(\d+)\b")


class Sources:
    """The numbers of one of `PAPERS`, by key without its name; ``sources[key]`` is the value.

    `printed` is from `printed_numbers`; `files` are the study's, by default those that are
    available.
    """

    def __init__(self, paper: str, printed: pd.DataFrame, files: StudyFiles | None = None) -> None:
        rows = printed[printed.index.str.startswith(f"{paper}-")]
        self.files = files or StudyFiles()
        self._rows = rows.set_index(rows.index.str.removeprefix(f"{paper}-")).to_dict("index")

    def __getitem__(self, key: str) -> float:
        """Return the value that a row prints; of a bound such as ``<0.001`` the number."""
        return float(self._rows[key]["value"].lstrip("<>"))

    def text(self, key: str) -> str:
        """Return the value of a row as printed."""
        return self._rows[key]["value"]

    def low(self, key: str) -> float:
        """Return the lower end that a row prints."""
        return float(self._rows[key]["low"])

    def high(self, key: str) -> float:
        """Return the upper end that a row prints."""
        return float(self._rows[key]["high"])

    def last_digit(self, key: str) -> float:
        """Return one unit of the last digit of the value that a row prints."""
        return 10.0 ** -decimals(self._rows[key]["value"])

    def n(self, key: str) -> int:
        """Return the denominator or sample size that a row prints."""
        return int(self._rows[key]["n"])

    def counted(self, key: str) -> tuple[int, int]:
        """Return count and total from a row's words: (22, 25) from "22 of 25 patients"."""
        words = _COUNTED.search(self._rows[key]["quantity"])
        if words is None:
            raise ValueError(f"{key}: its quantity must say how many of how many, as '22 of 25'")
        return int(words[1]), int(words[2])


@dataclass(frozen=True)
class Check:
    """How a row of printed numbers is computed again.

    `status` is that of the row where the numbers agree: ``recomputed``, ``recomputed-from-counts``
    or ``consistent``. `compute` returns one number for each that the row prints: the value alone,
    (low, high), or (value, low, high).
    """

    status: str
    compute: Callable[[Sources], float | tuple[float, ...]]


from_files = partial(Check, RECOMPUTED)
from_counts = partial(Check, FROM_COUNTS)
consistent = partial(Check, CONSISTENT)
