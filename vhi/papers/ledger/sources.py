"""The input of a check: the numbers of one paper, and the study's files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vhi.papers.hepburn.files import StudyFiles
from vhi.papers.ledger.printed import decimals

if TYPE_CHECKING:
    import pandas as pd

_COUNTED = re.compile(r"\b(\d+) of (?:the )?(\d+)\b")


class Sources:
    """The numbers of one paper, by key without the paper's name; ``sources[key]`` is the value.

    Parameters
    ----------
    paper
        One of `vhi.papers.ledger.printed.PAPERS`.
    printed
        From `vhi.papers.ledger.printed.printed_numbers`.
    files
        The study's files; default: those that are here.
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
