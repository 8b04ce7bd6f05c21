"""The ledger: numbers that four papers print, compared with the same numbers computed again.

A module for each paper, or part of one, holds its checks. Only printed numbers belong here;
simulated patients are in `vhi.papers.simulated`.
"""

from vhi.papers.ledger.check import STATUSES
from vhi.papers.ledger.hepburn_agreement import printed_responses
from vhi.papers.ledger.printed import agrees, printed_numbers
from vhi.papers.ledger.table import (
    ALL_PAPERS,
    blind_rows,
    counts_by_status,
    equations_by_status,
    ledger_table,
    share_recomputed,
)

__all__ = [
    "ALL_PAPERS",
    "STATUSES",
    "agrees",
    "blind_rows",
    "counts_by_status",
    "equations_by_status",
    "ledger_table",
    "printed_numbers",
    "printed_responses",
    "share_recomputed",
]
