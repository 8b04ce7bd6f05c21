"""Checks of Hepburn et al. 2023 (the preprint), section by section."""

from __future__ import annotations

from vhi.papers.ledger import hepburn_agreement, hepburn_methods, hepburn_overlap
from vhi.papers.ledger.rules import Check

CHECKS: dict[str, Check] = (
    hepburn_methods.CHECKS | hepburn_overlap.CHECKS | hepburn_agreement.CHECKS
)
"""One function for each row that something can be said of."""
