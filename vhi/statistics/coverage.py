"""How often intervals hold the true value, by simulation: one sentence for each interval.

The table beside this file is made by ``python -m benchmarks coverage``; nothing in it is typed by
hand. Its columns: ``interval`` and ``quantity``, the ``data`` drawn, ``n`` patients, the share of
intervals that should hold the true value (``nominal``), the share that did (``coverage``) of those
that are defined, its Monte Carlo standard error (``mc_error``), the share of samples without an
interval (``undefined``), and the number of ``repeats``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

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


@cache
def coverage_table() -> pd.DataFrame:
    """Return the table, its rows in the order of the file; not to be changed."""
    import pandas as pd

    return pd.read_csv(TABLE)


def coverage_note(interval: str, n: int, quantity: str | None = None, *, scans: int = 1) -> str:
    """Say how often an interval held the true value in simulation, at n patients.

    Between two sizes that were simulated it gives both; of several quantities, the lowest and the
    highest share.

    Parameters
    ----------
    interval, n, quantity
        As in the table; default: all quantities.
    scans
        Of each patient; more than one: the shares of an interval that treats two correlated scans
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
    table = coverage_table()
    rows = table[(table["interval"] == interval) & (table["data"].isin(CORRELATED) == (scans > 1))]
    if quantity is not None:
        rows = rows[rows["quantity"] == quantity]
    if rows.empty:
        raise ValueError(f"not simulated: {interval!r}, quantity {quantity!r}, {scans} scans")
    sizes = sorted(set(rows["n"]))
    below = max((size for size in sizes if size <= n), default=sizes[0])
    above = min((size for size in sizes if size >= n), default=sizes[-1])
    rows = rows[rows["n"].isin([below, above])]
    start = f"nominal {_percent(rows, 'nominal')}"
    if not sizes[0] <= n <= sizes[-1]:
        side = f"below {sizes[0]}" if n < sizes[0] else f"above {sizes[-1]}"
        return f"{start}; not simulated {side} patients"
    parts = []
    for kind, words in DATA.items():
        of_kind = rows[rows["data"] == kind]
        if of_kind.empty:
            continue
        lost = of_kind["undefined"].max()
        none = f" (no interval in up to {100 * lost:.0f} %)" if lost >= RARELY else ""
        parts.append(f"{_percent(of_kind, 'coverage')} {words}".strip() + none)
    patients = " / ".join(map(str, dict.fromkeys([below, above])))
    return f"{start}; simulated with {patients} patients: {', '.join(parts)}"


def _percent(rows: pd.DataFrame, column: str) -> str:
    """Write the lowest and highest share of each size, sizes with the same ones once."""
    ends = rows.groupby("n")[column].agg(["min", "max"]).itertuples(index=False)
    shares = [[f"{100 * end:.0f}" for end in pair] for pair in ends]
    texts = [low if low == high else f"{low}–{high}" for low, high in shares]
    return f"{' / '.join(dict.fromkeys(texts))} %"
