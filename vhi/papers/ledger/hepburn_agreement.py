"""Checks of Hepburn et al. 2023, sections 3.4 to 3.6: agreement, response, failures.

The patients' values are not public, so printed numbers are held against each other.
"""

from __future__ import annotations

import math
from itertools import product

from scipy.stats import t as student

from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.rules import Check, evenly_about, middle, nearest, remainder, same, total
from vhi.papers.ledger.sources import Material


def _vhi_lowest(material: Material) -> Found:
    """Return the nearest mean of two whole numbers."""
    return Found(round(2 * material.value("hepburn-vhi-lowest")) / 2, how="consistent")


def _vhi_highest(material: Material) -> Found:
    """Return the least that it can be: the largest mean among the published scans."""
    means = [(each.first + each.second) / 2 for each in material.cleaned_volumes.values()]
    return Found(max(*means, material.value("hepburn-vhi-highest")), how="consistent")


def _sparcc_range(material: Material) -> Found:
    """Return the nearest means of two whole scores within the scale."""
    most = material.value("hepburn-sparcc-total")
    possible = [half / 2 for half in range(int(2 * most) + 1)]
    ends = material.low("hepburn-sparcc-range"), material.high("hepburn-sparcc-range")
    low, high = (nearest(possible, end) for end in ends)
    return Found(low=low, high=high, how="consistent")


def possible_agreements(material: Material, patients: int) -> set[int]:
    """Return the counts of patients on whom SPARCC and VHI may agree, given all other counts.

    Parameters
    ----------
    material
        For the printed counts.
    patients
        With all three ratings: all of them, or one less, a clinical non-responder without a
        change of SPARCC.

    Returns
    -------
    set of int
        Empty where no set of patients has the printed counts.
    """
    responders = int(material.value("hepburn-responders"))
    both = int(material.value("hepburn-responders-vhi"))
    vhi_no = int(material.value("hepburn-non-responders-vhi"))
    sparcc_yes = int(material.value("hepburn-responders-sparcc"))
    sparcc_no = int(material.value("hepburn-agree-sparcc")) - sparcc_yes
    others = patients - responders
    without = int(material.value("hepburn-non-responders")) - others
    possible = set()
    # Of the one without SPARCC, VHI says no or yes: then one non-responder by VHI less, or not.
    for gone in range(min(without, vhi_no) + 1):
        agree = product(
            _overlaps(both, sparcc_yes, responders),
            _overlaps(vhi_no - gone, sparcc_no, others),
        )
        possible |= {first + second for first, second in agree}
    return possible


def _overlaps(first: int, second: int, n: int) -> set[int]:
    """Return on how many of n patients two ratings may agree that name `first` and `second`."""
    shared = range(max(0, first + second - n), min(first, second) + 1)
    return {both + (n - first - second + both) for both in shared}


def _compared(material: Material) -> int:
    """Count patients whose SPARCC is compared with the clinical response, by the parts."""
    return material.n("hepburn-responders-sparcc") + material.n("hepburn-non-responders-sparcc")


def _agree_both(material: Material) -> Found:
    possible = possible_agreements(material, _compared(material))
    return Found(nearest(possible, material.value("hepburn-agree-both")), how="consistent")


def _patients_with_sparcc(material: Material) -> float:
    """Return the printed number of patients if it allows the counts, else the one below."""
    printed = int(material.value("hepburn-agree-both-of"))
    count = int(material.value("hepburn-agree-both"))
    fits = [n for n in (printed, printed - 1) if count in possible_agreements(material, n)]
    return fits[0] if fits else math.nan


def _agree_both_of(material: Material) -> Found:
    return Found(_patients_with_sparcc(material), how="counts")


def _non_responders_sparcc_of(material: Material) -> Found:
    others = _patients_with_sparcc(material) - material.value("hepburn-responders")
    return Found(others, how="counts")


def _agree_sparcc_of(material: Material) -> Found:
    return Found(_compared(material), how="counts")


def p_from_interval(value: float, low: float, high: float, df: int) -> float:
    """Return the two-sided P of a value from its 95 % interval, by Student's distribution."""
    error = (high - low) / 2 / student.ppf(0.975, df)
    return float(2 * student.sf(abs(value) / error, df))


def _p(key: str) -> Check:
    def check(material: Material) -> Found:
        row, interval = f"hepburn-{key}", f"hepburn-{key}-interval"
        low, high = material.low(interval), material.high(interval)
        degrees = material.n(interval) - 2
        return Found(p_from_interval(material.value(row), low, high, degrees), how="counts")

    return check


def _failures_of(material: Material) -> Found:
    return Found(2 * material.value("hepburn-subjects"), how="counts")


def _disc_level(_: Material) -> Found:
    """Return the vertebra above the disc that section 2.5.4 names: L4/5."""
    return Found(4, how="consistent")


CHECKS: dict[str, Check] = {
    "hepburn-vhi-bias": middle("hepburn-vhi-limits"),
    "hepburn-vhi-limits": evenly_about("hepburn-vhi-bias", "hepburn-vhi-limits"),
    "hepburn-vhi-lowest": _vhi_lowest,
    "hepburn-vhi-highest": _vhi_highest,
    "hepburn-sparcc-bias": middle("hepburn-sparcc-limits"),
    "hepburn-sparcc-limits": evenly_about("hepburn-sparcc-bias", "hepburn-sparcc-limits"),
    "hepburn-sparcc-range": _sparcc_range,
    "hepburn-responders": remainder("hepburn-subjects", "hepburn-non-responders"),
    "hepburn-non-responders": remainder("hepburn-subjects", "hepburn-responders", how="counts"),
    "hepburn-responders-vhi": remainder("hepburn-agree-vhi", "hepburn-non-responders-vhi"),
    "hepburn-responders-sparcc": remainder("hepburn-agree-sparcc", "hepburn-non-responders-sparcc"),
    "hepburn-non-responders-vhi": remainder("hepburn-agree-vhi", "hepburn-responders-vhi"),
    "hepburn-non-responders-sparcc": remainder("hepburn-agree-sparcc", "hepburn-responders-sparcc"),
    "hepburn-non-responders-sparcc-of": _non_responders_sparcc_of,
    "hepburn-agree-vhi": total("hepburn-responders-vhi", "hepburn-non-responders-vhi"),
    "hepburn-agree-sparcc": total("hepburn-responders-sparcc", "hepburn-non-responders-sparcc"),
    "hepburn-agree-sparcc-of": _agree_sparcc_of,
    "hepburn-agree-both": _agree_both,
    "hepburn-agree-both-of": _agree_both_of,
    "hepburn-slope": middle("hepburn-slope-interval"),
    "hepburn-slope-interval": evenly_about("hepburn-slope", "hepburn-slope-interval"),
    "hepburn-slope-p": _p("slope"),
    "hepburn-intercept": middle("hepburn-intercept-interval"),
    "hepburn-intercept-interval": evenly_about("hepburn-intercept", "hepburn-intercept-interval"),
    "hepburn-intercept-p": _p("intercept"),
    "hepburn-failures": total("hepburn-failures-anatomical", "hepburn-failures-artefactual"),
    "hepburn-failures-of": _failures_of,
    "hepburn-failures-anatomical": remainder("hepburn-failures", "hepburn-failures-artefactual"),
    "hepburn-failures-artefactual": remainder("hepburn-failures", "hepburn-failures-anatomical"),
    "hepburn-failures-morphological": remainder(
        "hepburn-failures",
        "hepburn-failures-anatomical",
        "hepburn-failures-artefactual",
        how="counts",
    ),
    "hepburn-disc-level": _disc_level,
    "hepburn-s4-scans": total("hepburn-s4-anatomical", "hepburn-s4-artefactual"),
    "hepburn-s4-anatomical": same("hepburn-failures-anatomical"),
    "hepburn-s4-artefactual": same("hepburn-failures-artefactual"),
}
"""One function for each row that something can be said of."""
