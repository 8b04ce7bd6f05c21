"""How often intervals hold the true value, by simulation: one sentence for each interval.

The table beside this file is made by ``python -m benchmarks coverage``; nothing in it is typed by
hand. Its columns: ``interval`` and ``quantity``, the ``data`` drawn, ``n`` patients, the share of
intervals that should hold the true value (``nominal``), the share that did (``coverage``) of those
that are defined, its Monte Carlo standard error (``mc_error``), the share of samples without an
interval (``undefined``), and the number of ``repeats``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".csv")

NORMAL, HEAVY = "normal", "heavy tails"
CORRELATED = HALF, MORE = "two scans, r = 0.5", "two scans, r = 0.7"
DATA = {
    NORMAL: "",
    HEAVY: "with heavy tails",
    HALF: "where two scans of a patient correlate by 0.5",
    MORE: "where they correlate by 0.7",
    "even categories": "with even categories",
    "rare category": "with a category of one in ten",
}
"""The data that are drawn, and how a sentence names them."""

RARELY = 0.005
"""A smaller share of samples without an interval is not mentioned."""


@dataclass(frozen=True)
class Coverage:
    """One row of the table."""

    interval: str
    quantity: str
    data: str
    n: int
    nominal: float
    coverage: float
    mc_error: float
    undefined: float
    repeats: int


@cache
def coverage_table() -> tuple[Coverage, ...]:
    """Return all rows, in the order of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Coverage(
                interval=row["interval"],
                quantity=row["quantity"],
                data=row["data"],
                n=int(row["n"]),
                nominal=float(row["nominal"]),
                coverage=float(row["coverage"]),
                mc_error=float(row["mc_error"]),
                undefined=float(row["undefined"]),
                repeats=int(row["repeats"]),
            )
            for row in csv.DictReader(file)
        )


def coverage_note(interval: str, n: int, *, quantity: str | None = None, scans: int = 1) -> str:
    """Say how often an interval held the true value in simulation, at n patients.

    Between two sizes that were simulated it gives both; of several quantities, the lowest and the
    highest share.

    Parameters
    ----------
    interval, n, quantity
        As in the table; default: all quantities.
    scans
        Of each patient; more than one: the shares of an interval that takes two correlated scans
        of each patient as independent.

    Raises
    ------
    ValueError
        The table has no such row.

    Examples
    --------
    >>> coverage_note("limits, exact", 5)
    'nominal 95 %; not simulated below 8 patients'
    """
    own = [row for row in coverage_table() if row.interval == interval]
    kinds = [kind for kind in DATA if (kind in CORRELATED) == (scans > 1)]
    kinds = [kind for kind in kinds if any(row.data == kind for row in own)]
    rows = [row for row in own if quantity in (None, row.quantity) and row.data in kinds]
    if not rows:
        raise ValueError(f"not simulated: {interval!r}, quantity {quantity!r}, {scans} scans")
    sizes = sorted({row.n for row in rows})
    shown = sorted({max([s for s in sizes if s <= n] or sizes[:1]),
                    min([s for s in sizes if s >= n] or sizes[-1:])})  # fmt: skip
    start = f"nominal {_percent([[r.nominal for r in rows if r.n == size] for size in shown])}"
    if not sizes[0] <= n <= sizes[-1]:
        side = f"below {sizes[0]}" if n < sizes[0] else f"above {sizes[-1]}"
        return f"{start}; not simulated {side} patients"
    parts = []
    for kind in kinds:
        groups = [[row for row in rows if row.data == kind and row.n == size] for size in shown]
        share = _percent([[row.coverage for row in group] for group in groups])
        lost = max(row.undefined for group in groups for row in group)
        none = f" (no interval in up to {_percent([[lost]])})" if lost >= RARELY else ""
        parts.append(" ".join(filter(None, (share, DATA[kind]))) + none)
    return f"{start}; simulated with {' / '.join(map(str, shown))} patients: {', '.join(parts)}"


def _percent(groups: list[list[float]]) -> str:
    """Write the lowest and highest share of each group, groups with the same ones once."""
    ends = [[f"{100 * end:.0f}" for end in (min(group), max(group))] for group in groups]
    texts = [low if low == high else f"{low}–{high}" for low, high in ends]
    return f"{' / '.join(dict.fromkeys(texts))} %"
