"""The part of `vhi study` made of printed numbers: the ledger, responses from printed counts."""

from __future__ import annotations

from collections.abc import Callable

from vhi.papers.ledger.hepburn_agreement import printed_responses
from vhi.papers.ledger.table import (
    ALL_PAPERS,
    counts_by_status,
    equations_by_status,
    ledger_table,
    share_recomputed,
)
from vhi.reader_study.report import StudyResult, Table
from vhi.reader_study.response import compare_rules


def printed_part(progress: Callable[[str, int | None], None]) -> StudyResult:
    """Return responses from printed counts, and the ledger."""
    progress("Comparing printed numbers", None)
    table = ledger_table()
    counts = counts_by_status(table)[ALL_PAPERS].to_dict()
    equations = equations_by_status(table)[ALL_PAPERS].to_dict()
    share = share_recomputed(table)
    return StudyResult(
        tables=(
            Table(
                "response",
                "Who responds, by two rules at a time (printed counts)",
                compare_rules(printed_responses(), data="counts printed in the preprint"),
                "From the counts of section 3.5; the cells of VHI and SPARCC are not printed, but "
                "only one choice of them fits the others.",
            ),
            Table(
                "ledger",
                "Printed numbers compared with the same numbers computed again",
                table,
                f"{len(table)} numbers of four papers in {sum(equations.values())} equations; "
                f"{share:.0%} of the numbers reproduced.",
            ),
        ),
        summary={"ledger": counts, "ledger_equations": equations},
        lines=(
            f"Ledger: {len(table)} printed numbers, {share:.0%} reproduced ("
            + ", ".join(f"{status} {count}" for status, count in counts.items())
            + f"), in {sum(equations.values())} equations",
        ),
    )
