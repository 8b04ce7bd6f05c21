"""Checks of Hepburn et al. 2023, sections 3.2 and 3.3: the network's Dice, the readers' Dice."""

from __future__ import annotations

from vhi.papers.hepburn.authors import MANUAL_PAIRS
from vhi.papers.ledger.check_result import Found
from vhi.papers.ledger.rules import Check, remainder, same, total
from vhi.papers.ledger.sources import Material
from vhi.statistics.medians import summarise

WITHIN, BETWEEN = MANUAL_PAIRS[:2], MANUAL_PAIRS[2:]


def _median(material: Material, pair: tuple[str, str]) -> float:
    return summarise(material.manual_overlap[pair].values()).median


def _cleaned(material: Material) -> float:
    return summarise(material.cleaned_overlap.values()).median


def _between(material: Material) -> list[float]:
    return [_median(material, pair) for pair in BETWEEN]


def _within(reader: int) -> Check:
    return lambda material: Found(_median(material, WITHIN[reader - 1]))


def _network_slices(material: Material) -> Found:
    return Found(len(material.network_overlap))


def _network_subjects(material: Material) -> Found:
    return Found(len({scan for scan, _ in material.network_overlap}))


def _network_dice(material: Material) -> Found:
    found = summarise(material.network_overlap.values())
    return Found(found.mean, found.min, found.max)


def _manual_range(material: Material) -> Found:
    every = [value for scans in material.manual_overlap.values() for value in scans.values()]
    return Found(low=min(every), high=max(every))


def _inter(material: Material) -> Found:
    medians = _between(material)
    return Found(low=min(medians), high=max(medians))


def _cleaned_dice(material: Material) -> Found:
    return Found(_cleaned(material))


def _abstract_manual(material: Material) -> Found:
    """Return the highest of four medians; the paper does not say which it took."""
    return Found(max(_between(material)), how="consistent")


def _gain(material: Material) -> Found:
    medians = _between(material)
    cleaned = _cleaned(material)
    return Found(low=100 * (cleaned - max(medians)), high=100 * (cleaned - min(medians)))


def _outliers(material: Material) -> Found:
    """Count scans whose cleaned Dice is below the mean of their manual Dice between readers."""
    manual = material.manual_overlap
    lower = [
        scan
        for scan, cleaned in material.cleaned_overlap.items()
        if cleaned < summarise(manual[pair][scan] for pair in BETWEEN).mean
    ]
    return Found(len(lower))


CHECKS: dict[str, Check] = {
    "hepburn-abstract-dice-cleaned": _cleaned_dice,
    "hepburn-abstract-dice-manual": _abstract_manual,
    "hepburn-network-slices": _network_slices,
    "hepburn-network-subjects": _network_subjects,
    "hepburn-network-dice": _network_dice,
    "hepburn-network-further": total("hepburn-network-satisfactory", "hepburn-network-failed"),
    "hepburn-network-satisfactory": remainder("hepburn-network-further", "hepburn-network-failed"),
    "hepburn-network-failed": remainder("hepburn-network-further", "hepburn-network-satisfactory"),
    "hepburn-s3-subjects": same("hepburn-network-failed"),
    "hepburn-dice-manual-range": _manual_range,
    "hepburn-dice-intra-r1": _within(1),
    "hepburn-dice-intra-r2": _within(2),
    "hepburn-dice-inter": _inter,
    "hepburn-dice-cleaned": _cleaned_dice,
    "hepburn-dice-gain": _gain,
    "hepburn-dice-outlier": _outliers,
}
"""One function for each row that something can be said of."""
