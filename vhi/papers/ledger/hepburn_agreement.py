"""Checks of Hepburn et al. 2023, sections 3.4 to 3.6: agreement, response, failures.

The patients' values are not public, so printed numbers are compared with each other.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from scipy.stats import t as student

from vhi.papers.ledger.answers import Among, among
from vhi.papers.ledger.check import (
    FROM_COUNTS,
    Check,
    Reading,
    Sources,
    bound,
    consistent,
    from_counts,
)
from vhi.papers.ledger.printed import printed_numbers
from vhi.papers.ledger.rules import evenly_about, middle, remainder, same, total
from vhi.statistics.response import ResponderTable, responder_table_of_counts


@bound
def _sparcc_range(s: Sources) -> Among:
    """Return all pairs of means of two whole scores within the scale."""
    halves = [half / 2 for half in range(int(2 * s["sparcc-total"]) + 1)]
    return Among(tuple((low, high) for low in halves for high in halves if low <= high))


LUMBAR_VERTEBRAE = 5
FAILURES = ("failures-anatomical", "failures-artefactual", "failures-morphological")


def possible_agreements(s: Sources, patients: int) -> set[int]:
    """Return the counts of patients on whom SPARCC and VHI may agree, given all other counts.

    `patients` have all three ratings: all of them, or one less, a clinical non-responder without a
    change of SPARCC. Empty where no set of patients has the printed counts.
    """
    responders = int(s["responders"])
    vhi_yes, vhi_no = int(s["responders-vhi"]), int(s["non-responders-vhi"])
    sparcc_yes = int(s["responders-sparcc"])
    sparcc_no = int(s["agree-sparcc"]) - sparcc_yes
    others = patients - responders
    without = int(s["non-responders"]) - others
    # Of the one without SPARCC, VHI says no or yes: then one non-responder by VHI less, or not.
    return {
        first + second
        for missing in range(min(without, vhi_no) + 1)
        for first, second in product(
            _overlaps(vhi_yes, sparcc_yes, responders),
            _overlaps(vhi_no - missing, sparcc_no, others),
        )
    }


def _overlaps(first: int, second: int, n: int) -> set[int]:
    """Return on how many of n patients two ratings may agree that find so many responders."""
    shared = range(max(0, first + second - n), min(first, second) + 1)
    return {both + (n - first - second + both) for both in shared}


def _compared(s: Sources) -> int:
    """Count patients whose SPARCC is compared with the clinical response, by the parts."""
    return s.n("responders-sparcc") + s.n("non-responders-sparcc")


def _non_responders_with_sparcc(s: Sources) -> Among:
    """Count clinical non-responders whose change of SPARCC the printed agreements allow."""
    responders, count = int(s["responders"]), int(s["agree-both"])
    possible = range(int(s["non-responders-sparcc"]), int(s["non-responders"]) + 1)
    return among([n for n in possible if count in possible_agreements(s, responders + n)])


def printed_responses() -> dict[tuple[str, str], ResponderTable]:
    """Return the responder tables that follow from the printed counts.

    Of VHI and SPARCC only the agreements are printed, 19. With b patients who respond by both, v
    and s by each, and n in all, 19 = b + (n - v - s + b). One clinical non-responder lacks a change
    of SPARCC. Had that patient not responded by VHI, v + s and n would leave an odd number for 2b;
    so that patient did.

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


def p_from_interval(value: float, low: float, high: float, df: int) -> float:
    """Return the two-sided P of a value from its 95 % interval, by Student's distribution."""
    error = (high - low) / 2 / student.ppf(0.975, df)
    return float(2 * student.sf(abs(value) / error, df))


def _p(key: str) -> Check:
    interval = f"{key}-interval"
    return from_counts(
        lambda s: p_from_interval(s[key], s.low(interval), s.high(interval), s.n(interval) - 2)
    )


_COUNTED_AS_DISAGREEING = Reading(
    "the subject without a change of SPARCC is counted among the 29, as not agreeing",
    lambda s: s["subjects"],
)


def _disc(other: str, allowed: Callable[[int], range]) -> Check:
    """Check a disc by the one that another place names: the same, or both fit the example."""
    return (
        consistent(lambda s: s[other])
        .or_if(
            Reading(
                "the areas removed in the example lie above both discs",
                lambda s: among(allowed(int(s[other]))),
            )
        )
        .tolerant("what lies above a disc also lies above every lower one")
    )


CHECKS: dict[str, Check] = {
    "vhi-bias": middle("vhi-limits"),
    "vhi-limits": evenly_about("vhi-bias"),
    "sparcc-bias": middle("sparcc-limits"),
    "sparcc-limits": evenly_about("sparcc-bias"),
    "sparcc-range": _sparcc_range,
    "responders": remainder("subjects", "non-responders"),
    "non-responders": remainder("subjects", "responders", status=FROM_COUNTS),
    "responders-vhi": remainder("agree-vhi", "non-responders-vhi"),
    "responders-sparcc": remainder("agree-sparcc", "non-responders-sparcc"),
    "non-responders-vhi": remainder("agree-vhi", "responders-vhi"),
    "non-responders-sparcc": remainder("agree-sparcc", "responders-sparcc"),
    "non-responders-sparcc-of": consistent(_non_responders_with_sparcc).tolerant(
        "the agreements exclude 13, the number of non-responders, but allow fewer than 12"
    ),
    "agree-vhi": total("responders-vhi", "non-responders-vhi"),
    "agree-sparcc": total("responders-sparcc", "non-responders-sparcc"),
    "agree-sparcc-of": from_counts(_compared).or_if(_COUNTED_AS_DISAGREEING),
    # With one patient less for SPARCC every count from 9 to 25 is possible.
    "agree-both": bound(lambda s: among(sorted(possible_agreements(s, _compared(s))))),
    "agree-both-of": from_counts(_compared).or_if(_COUNTED_AS_DISAGREEING),
    "slope": middle("slope-interval"),
    "slope-interval": evenly_about("slope"),
    "slope-p": _p("slope"),
    "intercept": middle("intercept-interval").tolerant("the middle of the limits ends in a half"),
    "intercept-interval": evenly_about("intercept"),
    "intercept-p": _p("intercept"),
    "failures": total(*FAILURES),
    "failures-of": from_counts(lambda s: 2 * s["subjects"]),
    **{
        kind: remainder("failures", *(other for other in FAILURES if other != kind))
        for kind in FAILURES
    },
    "disc-level": _disc("disc-level-methods", lambda disc: range(disc, LUMBAR_VERTEBRAE + 1)),
    "disc-level-methods": _disc("disc-level", lambda disc: range(1, disc + 1)),
    "s4-scans": total("s4-anatomical", "s4-artefactual"),
    "s4-anatomical": same("failures-anatomical"),
    "s4-artefactual": same("failures-artefactual"),
}
