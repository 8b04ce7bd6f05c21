"""What only the paper has: its printed counts of responders, and the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from vhi.papers.ledger.published import (
    ALL_PAPERS,
    counts_by_status,
    ledger,
    printed_numbers,
    share_recomputed,
)
from vhi.reader_study.report import Part, Table
from vhi.reader_study.response import RESPONSE_COLUMNS, table_rows
from vhi.statistics.response import ResponderTable, responder_table_of_counts

LEDGER_COLUMNS = ("key", "paper", "place", "quantity", "printed", "recomputed", "status", "why")
COUNTS = "counts printed in the preprint"


def printed_part(progress: Callable[[str, int | None], None]) -> Part:
    """Return responses from printed counts, and every printed number beside ours."""
    progress("Holding printed numbers against ours", None)
    rows = ledger()
    counts = counts_by_status(rows)[ALL_PAPERS]
    compared = table_rows(printed_responses(), data=COUNTS)
    share = share_recomputed(rows)
    return Part(
        tables=[
            Table(
                "response",
                "Who responds, by two rules at a time (printed counts)",
                RESPONSE_COLUMNS,
                compared,
                "From the counts of section 3.5; the cells of VHI and SPARCC are not printed, but "
                "only one choice of them fits the others.",
            ),
            Table(
                "ledger",
                "Every printed number beside ours",
                LEDGER_COLUMNS,
                [asdict(row) for row in rows],
                f"{len(rows)} numbers of four papers; {share:.0%} come out again.",
            ),
        ],
        summary={"ledger": counts},
        lines=[
            f"Ledger: {len(rows)} printed numbers, {share:.0%} come out again ("
            + ", ".join(f"{status} {count}" for status, count in counts.items())
            + ")"
        ],
    )


def printed_responses() -> dict[tuple[str, str], ResponderTable]:
    """Return the responder tables that follow from the printed counts.

    Of VHI and SPARCC only the agreements are printed, 19. Let b be the patients who respond by
    both, v and s those who respond by each and n all of them: then 19 = b + (n - v - s + b). One
    clinical non-responder lacks a change of SPARCC. Had that patient not responded by VHI, v + s
    and n would leave an odd number for 2b; so that patient did.

    Source: Hepburn et al. 2023 (preprint), section 3.5.

    Raises
    ------
    ValueError
        No whole number of patients fits the counts.
    """
    n = {row.key: int(row.value) for row in printed_numbers() if row.key in _KEYS}
    yes, no = n["hepburn-responders"], n["hepburn-non-responders"]
    read = n["hepburn-non-responders-sparcc-of"]
    by_vhi, not_by_vhi = n["hepburn-responders-vhi"], n["hepburn-non-responders-vhi"]
    by_sparcc, not_by_sparcc = n["hepburn-responders-sparcc"], n["hepburn-non-responders-sparcc"]
    sparcc = by_sparcc + read - not_by_sparcc
    lost = no - read
    fitting = []
    for lost_responders in range(lost + 1):
        vhi = by_vhi + no - not_by_vhi - lost_responders
        twice_both = n["hepburn-agree-both"] - (yes + read) + vhi + sparcc
        if twice_both % 2 == 0:
            both = twice_both // 2
            fitting.append((both, vhi - both, sparcc - both, yes + read - vhi - sparcc + both))
    if len(fitting) != 1:
        raise ValueError(f"{len(fitting)} tables of VHI and SPARCC fit the printed counts, not one")
    return {
        ("clinical", "vhi-fall"): responder_table_of_counts(
            by_vhi, yes - by_vhi, no - not_by_vhi, not_by_vhi
        ),
        ("clinical", "sparcc-fall"): responder_table_of_counts(
            by_sparcc, yes - by_sparcc, read - not_by_sparcc, not_by_sparcc, dropped=lost
        ),
        ("vhi-fall", "sparcc-fall"): responder_table_of_counts(*fitting[0], dropped=lost),
    }


_KEYS = frozenset(
    f"hepburn-{name}"
    for name in (
        "responders",
        "non-responders",
        "responders-vhi",
        "non-responders-vhi",
        "responders-sparcc",
        "non-responders-sparcc",
        "non-responders-sparcc-of",
        "agree-both",
    )
)
