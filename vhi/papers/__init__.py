"""What the papers print, computed again.

Here belongs everything that only a published paper needs: its printed numbers, its data's layout,
its protocol, patients simulated from its summaries. Only `vhi.commands` imports this folder, and
only when a command asks for it.
"""

from vhi.papers.hepburn.authors import MANUAL_PAIRS, published_overlap
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
from vhi.papers.simulated.check import asked_and_reached
from vhi.papers.simulated.many import conclusions_over, simulate_cohorts
from vhi.papers.simulated.study_part import simulated_patients

__all__ = [
    "ALL_PAPERS",
    "MANUAL_PAIRS",
    "STATUSES",
    "agrees",
    "asked_and_reached",
    "blind_rows",
    "conclusions_over",
    "counts_by_status",
    "equations_by_status",
    "ledger_table",
    "printed_numbers",
    "printed_responses",
    "published_overlap",
    "share_recomputed",
    "simulate_cohorts",
    "simulated_patients",
]
