"""The ledger on a page: how many numbers have which status, and every row in folded tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from vhi.papers.ledger.published import STATUSES, LedgerRow
from vhi.reader_study.figures.style import BLUE, DARK, GREEN, GREY, PALE, RED, dress, key

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE = (
    "details.vhi-ledger {overflow-x: auto} details.vhi-ledger table {font-size: 0.8em} "
    "details.vhi-ledger :is(th, td) {text-align: left; vertical-align: top; min-width: 5em} "
    "details.vhi-ledger td:last-child {min-width: 16em}"
)

STATUS_COLOURS = dict(zip(STATUSES, (BLUE, "#7fb2dc", GREEN, RED, GREY, PALE), strict=True))


def draw_statuses(axes: Axes, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Draw what became of each paper's numbers, as shares of them with the counts written in.

    Parameters
    ----------
    axes
        Where to draw.
    counts
        From `vhi.papers.ledger.published.counts_by_status`.
    """
    for place, of in enumerate(counts.values()):
        total, start = sum(of.values()), 0.0
        for status, count in of.items():
            width = 100 * count / max(total, 1)
            axes.barh(
                place, width, left=start, color=STATUS_COLOURS[status], edgecolor="white",
                label=status.replace("-", " ") if place == 0 else None,
            )  # fmt: skip
            if width > 2:
                ink = "white" if status in (STATUSES[0], STATUSES[2], STATUSES[3]) else DARK
                axes.text(
                    start + width / 2, place, str(count), ha="center", va="center", color=ink,
                    fontsize=8,
                )  # fmt: skip
            start += width
    axes.set_yticks(
        range(len(counts)), [f"{p}\nn = {sum(of.values())}" for p, of in counts.items()]
    )
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("of the paper's numbers (%)")
    dress(axes)
    key(axes, columns=3)


@dataclass(frozen=True)
class LedgerTables:
    """Rows of the ledger as one folded table for each paper; elsewhere as plain lines.

    On a page each paper opens with a click and needs no script. As text there is a line for each
    row, or for each paper where `brief`.

    Attributes
    ----------
    rows : sequence of LedgerRow
        Papers together, as `vhi.papers.ledger.published.ledger` gives them.
    opened : tuple of str
        Papers whose table stands open from the start.
    status : bool
        Show each row's status.
    brief : bool
        Only count the rows in the text.
    """

    rows: Sequence[LedgerRow]
    opened: tuple[str, ...] = ()
    status: bool = False
    brief: bool = False

    def __repr__(self) -> str:
        """Return the plain text."""
        lines = []
        for paper, group in groupby(self.rows, key=lambda row: row.paper):
            of = list(group)
            lines.append(f"{paper}, n = {len(of)}")
            if not self.brief:
                lines += [f"  {row.key}: {row.printed} | {row.recomputed or '-'}" for row in of]
        return "\n".join(lines) or "no rows"

    def _repr_html_(self) -> str:
        """Return the folded tables."""
        heads = ["place", "what", "printed", "ours", *["status"] * self.status, "why"]
        head = "".join(f'<th scope="col">{each}</th>' for each in heads)
        parts = [f"<style>{_STYLE}</style>"]
        for paper, group in groupby(self.rows, key=lambda row: row.paper):
            of = list(group)
            body = "".join(
                f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in self._texts(row))}</tr>"
                for row in of
            )
            parts.append(
                f'<details class="vhi-ledger"{" open" if paper in self.opened else ""}>'
                f"<summary>{escape(paper)}, n = {len(of)}</summary>"
                f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
            )
        return "\n".join(parts) if self.rows else "<p>no rows</p>"

    def _texts(self, row: LedgerRow) -> list[str]:
        status = [row.status.replace("-", " ")] * self.status
        return [row.place, row.quantity, row.printed, row.recomputed, *status, row.why]
