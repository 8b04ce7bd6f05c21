"""The ledger on a page: how many numbers have which status, and every row in folded tables."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from vhi.papers import STATUSES
from vhi.reader_study.figures.style import BLUE, DARK, GREEN, GREY, PALE, RED, dress, key

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_STYLE = (
    "details.vhi-ledger {overflow-x: auto} details.vhi-ledger table {font-size: 0.8em} "
    "details.vhi-ledger :is(th, td) {text-align: left; vertical-align: top; min-width: 5em} "
    "details.vhi-ledger td:nth-child(5), details.vhi-ledger td:last-child {min-width: 16em}"
)
_HEADS = {
    "place": "place", "quantity": "what", "printed": "printed", "recomputed": "ours",
    "status": "status", "why": "why", "tried": "readings tried",
}  # fmt: skip

STATUS_COLOURS = dict(zip(STATUSES, (BLUE, "#7fb2dc", GREEN, RED, GREY, PALE), strict=True))


def draw_statuses(axes: Axes, counts: pd.DataFrame) -> None:
    """Draw the statuses of each paper's numbers as shares, with the counts written in.

    Parameters
    ----------
    axes
        Where to draw.
    counts
        From `vhi.papers.ledger.counts_by_status`.
    """
    totals = counts.sum()
    widths = 100 * counts / totals.clip(lower=1)
    starts = widths.cumsum() - widths
    for status, colour in STATUS_COLOURS.items():
        bars = axes.barh(
            range(len(totals)), widths.loc[status], left=starts.loc[status], color=colour,
            edgecolor="white", label=status.replace("-", " "),
        )  # fmt: skip
        wide = widths.loc[status] > 2
        axes.bar_label(
            bars, counts.loc[status].astype(str).where(wide, ""), label_type="center", fontsize=8,
            color="white" if status in (STATUSES[0], STATUSES[2], STATUSES[3]) else DARK,
        )  # fmt: skip
    axes.set_yticks(range(len(totals)), [f"{paper}\nn = {n}" for paper, n in totals.items()])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("of the paper's numbers (%)")
    dress(axes)
    key(axes, columns=3)


@dataclass(frozen=True, eq=False)
class LedgerTables:
    """Rows of the ledger as one folded table for each paper; elsewhere as plain lines.

    On a page each paper opens with a click and needs no script. As text there is a line for each
    row, or for each paper where `brief`.

    Attributes
    ----------
    rows : pandas.DataFrame
        From `vhi.papers.ledger_table`.
    opened : tuple of str
        Papers whose table stands open from the start.
    status : bool
        Show each row's status.
    tried : bool
        Show the readings that were tried, on the page.
    brief : bool
        Only count the rows in the text.
    """

    rows: pd.DataFrame
    opened: tuple[str, ...] = ()
    status: bool = False
    tried: bool = False
    brief: bool = False

    def __repr__(self) -> str:
        """Return the plain text."""
        lines = []
        for paper, rows in self.rows.groupby("paper", sort=False):
            lines.append(f"{paper}, n = {len(rows)}")
            if not self.brief:
                numbers = rows["printed"] + " | " + rows["recomputed"].replace("", "-")
                lines += ("  " + rows["key"] + ": " + numbers).tolist()
        return "\n".join(lines) or "no rows"

    def _repr_html_(self) -> str:
        """Return the folded tables."""
        import pandas as pd

        hidden = {"status": not self.status, "tried": not self.tried}
        heads = {name: head for name, head in _HEADS.items() if not hidden.get(name)}
        shown = self.rows[["paper", *heads]].rename(columns=heads)
        if self.status:
            shown["status"] = shown["status"].str.replace("-", " ")
        parts = []
        with pd.option_context("display.max_colwidth", None):
            for paper, rows in shown.groupby("paper", sort=False):
                opened = " open" if paper in self.opened else ""
                table = rows.drop(columns="paper").to_html(index=False, border=0)
                parts.append(
                    f'<details class="vhi-ledger"{opened}>'
                    f"<summary>{escape(str(paper))}, n = {len(rows)}</summary>{table}</details>"
                )
        return "\n".join([f"<style>{_STYLE}</style>", *parts]) if parts else "<p>no rows</p>"
