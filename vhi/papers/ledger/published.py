"""The numbers that four papers print, and the ledger that holds ours against them.

``data-manifest/published`` has one table for each paper. A row is one printed number, with its
range or interval where it has one. Where other numbers or the study's files can tell whether it
holds, a function of `vhi.papers.ledger` computes it again; where not, the row says what it would
need.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vhi.papers.ledger.check_result import Found, NotHere
from vhi.papers.ledger.printed import PAPERS, Printed, agrees, decimals, joined, printed_numbers
from vhi.papers.ledger.rules import Check

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Material

__all__ = [
    "ALL_PAPERS",
    "STATUSES",
    "LedgerRow",
    "Printed",
    "agrees",
    "checks",
    "counts_by_status",
    "hold",
    "ledger",
    "printed_numbers",
    "share_recomputed",
]

RECOMPUTED = "recomputed"
FROM_COUNTS = "recomputed-from-counts"
CONSISTENT = "consistent"
INCONSISTENT = "inconsistent"
NEEDS_FILES = "needs-unmirrored-files"
NEEDS_DATA = "needs-unpublished-data"

STATUSES = (RECOMPUTED, FROM_COUNTS, CONSISTENT, INCONSISTENT, NEEDS_FILES, NEEDS_DATA)
"""What may become of a printed number.

``recomputed``: computed again from the study's files. ``recomputed-from-counts``: it follows from
other printed numbers. ``consistent``: other printed numbers allow it, without fixing it.
``inconsistent``: computed again, it is another number. ``needs-unmirrored-files``: files that the
authors published would decide, and are not here. ``needs-unpublished-data``: only data that are
not public would.
"""

ALL_PAPERS = "all papers"
"""The name under which `counts_by_status` gives the sum."""

_STATUS_OF = {"data": RECOMPUTED, "counts": FROM_COUNTS, "consistent": CONSISTENT}
_NUMBERS = ("value", "low", "high")


@dataclass(frozen=True)
class LedgerRow:
    """A printed number beside ours.

    Attributes
    ----------
    key, paper, place, quantity : str
        As in `Printed`.
    printed, recomputed : str
        The paper's and ours, ours with two digits more; empty where nothing was computed.
    status : str
        One of `STATUSES`.
    why : str
        A sentence that explains it; may be empty where the number holds.
    """

    key: str
    paper: str
    place: str
    quantity: str
    printed: str
    recomputed: str
    status: str
    why: str


def checks() -> dict[str, Check]:
    """Return the functions that compute printed numbers again, by the row's key."""
    found: dict[str, Check] = {}
    for name in PAPERS:
        if importlib.util.find_spec(f"vhi.papers.ledger.{name}") is not None:
            found |= importlib.import_module(f"vhi.papers.ledger.{name}").CHECKS
    return found


def ledger(material: Material | None = None) -> list[LedgerRow]:
    """Hold every printed number against ours.

    Parameters
    ----------
    material
        What checks work on; default: the study's files that are here, with nothing downloaded.
        Rows that need more are ``needs-unmirrored-files`` and say what is missing.

    Raises
    ------
    ValueError
        A row and its check do not fit: only one of them has some number.
    """
    from vhi.papers.ledger.sources import Material

    material = Material() if material is None else material
    known = checks()
    return [hold(row, known.get(row.key), material) for row in printed_numbers()]


def hold(printed: Printed, check: Check | None, material: Material) -> LedgerRow:
    """Hold one printed number against what its check finds; None where there is no check.

    Raises
    ------
    ValueError
        As `ledger`.
    """
    recomputed, why = "", printed.why
    if check is None:
        status = NEEDS_FILES if printed.needs == "unmirrored-files" else NEEDS_DATA
    else:
        try:
            found = check(material)
        except NotHere as error:
            status, why = NEEDS_FILES, str(error)
        else:
            status = _STATUS_OF[found.how] if _holds(printed, found) else INCONSISTENT
            recomputed = _text(printed, found)
    return LedgerRow(
        printed.key,
        printed.paper,
        printed.place,
        printed.quantity,
        printed.text,
        recomputed,
        status,
        why,
    )


def counts_by_status(rows: Iterable[LedgerRow]) -> dict[str, dict[str, int]]:
    """Count rows by status, for each paper and, last, for `ALL_PAPERS`; zeros are kept."""
    counts: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for row in rows:
        counts.setdefault(row.paper, Counter())[row.status] += 1
        total[row.status] += 1
    return {
        paper: {status: count[status] for status in STATUSES}
        for paper, count in [*counts.items(), (ALL_PAPERS, total)]
    }


def share_recomputed(rows: Iterable[LedgerRow]) -> float:
    """Return the share of rows that came out again, from files or from other printed numbers.

    Rows that are no more than consistent do not count, nor do those that came out differently.
    NaN where there are no rows.
    """
    statuses = [row.status for row in rows]
    again = statuses.count(RECOMPUTED) + statuses.count(FROM_COUNTS)
    return again / len(statuses) if statuses else math.nan


def _holds(printed: Printed, found: Found) -> bool:
    verdicts = []
    for name in _NUMBERS:
        text, number = getattr(printed, name), getattr(found, name)
        if bool(text) != (number is not None):
            raise ValueError(
                f"{printed.key}: {name} is printed as {text!r} and checked as {number}; check "
                "every number that the row prints, or split the row"
            )
        if number is not None:
            verdicts.append(agrees(text, number))
    return all(verdicts)


def _text(printed: Printed, found: Found) -> str:
    texts = []
    for name in _NUMBERS:
        number = getattr(found, name)
        texts.append("" if number is None else _written(number, decimals(getattr(printed, name))))
    return joined(*texts)


def _written(number: float, digits: int) -> str:
    """Write a number with two digits more than are printed, or with fewer where that is exact."""
    for fewer in range(digits + 2):
        if abs(number - round(number, fewer)) < 1e-12 * max(1, abs(number)):
            return f"{number:.{fewer}f}"
    return f"{number:.{digits + 2}f}"
