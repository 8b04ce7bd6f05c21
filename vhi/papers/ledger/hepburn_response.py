"""Tables of responders that follow from the counts in section 3.5 of Hepburn et al. 2023."""

from __future__ import annotations

from vhi.papers.ledger.printed import printed_numbers
from vhi.papers.ledger.sources import Sources
from vhi.statistics.response import ResponderTable, responder_table_of_counts


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
    s = Sources("hepburn", printed_numbers())
    yes, no, read, by_vhi, not_by_vhi, by_sparcc, not_by_sparcc = (
        int(s[key])
        for key in (
            *("responders", "non-responders", "non-responders-sparcc-of", "responders-vhi"),
            *("non-responders-vhi", "responders-sparcc", "non-responders-sparcc"),
        )
    )
    missing, n = no - read, yes + read
    sparcc = by_sparcc + read - not_by_sparcc
    fitting = []
    for missing_responders in range(missing + 1):
        vhi = by_vhi + no - not_by_vhi - missing_responders
        both, odd = divmod(int(s["agree-both"]) - n + vhi + sparcc, 2)
        if not odd:
            fitting.append((both, vhi - both, sparcc - both, n - vhi - sparcc + both))
    if len(fitting) != 1:
        raise ValueError(f"{len(fitting)} tables of VHI and SPARCC fit the printed counts, not one")
    return {
        ("clinical", "vhi-fall"): responder_table_of_counts(
            by_vhi, yes - by_vhi, no - not_by_vhi, not_by_vhi
        ),
        ("clinical", "sparcc-fall"): responder_table_of_counts(
            by_sparcc, yes - by_sparcc, read - not_by_sparcc, not_by_sparcc, dropped=missing
        ),
        ("vhi-fall", "sparcc-fall"): responder_table_of_counts(*fitting[0], dropped=missing),
    }
