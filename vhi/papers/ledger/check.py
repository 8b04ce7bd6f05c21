"""A check: how a printed number is computed again, and the statuses that a number may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vhi.papers.ledger.sources import Sources

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


@dataclass(frozen=True)
class Check:
    """How a row of printed numbers is computed again.

    Attributes
    ----------
    status : str
        Status of the row where the numbers agree: ``recomputed``, ``recomputed-from-counts`` or
        ``consistent``.
    compute : callable
        Returns one number for each that the row prints: the value alone, (low, high), or (value,
        low, high). A row is checked whole, or split in two.
    """

    status: str
    compute: Callable[[Sources], float | tuple[float, ...]]


from_files = partial(Check, RECOMPUTED)
from_counts = partial(Check, FROM_COUNTS)
consistent = partial(Check, CONSISTENT)
