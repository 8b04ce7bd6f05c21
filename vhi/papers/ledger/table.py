"""The ledger: every number that four papers print, compared with the number computed again."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from vhi.papers.hepburn.files import StudyFiles
from vhi.papers.ledger import (
    bressem,
    bressem_tables,
    hepburn_agreement,
    hepburn_methods,
    hepburn_overlap,
    li,
    li_readers,
    zheng,
)
from vhi.papers.ledger.check import (
    CONSISTENT,
    FROM_COUNTS,
    INCONSISTENT,
    NEEDS_DATA,
    NEEDS_FILES,
    RECOMPUTED,
    STATUSES,
    Check,
    Sources,
)
from vhi.papers.ledger.comparison import NUMBERS, Comparison, compare
from vhi.papers.ledger.printed import join_numbers, printed_numbers

if TYPE_CHECKING:
    import pandas as pd

CHECKS: dict[str, dict[str, Check]] = {
    "hepburn": hepburn_methods.CHECKS | hepburn_overlap.CHECKS | hepburn_agreement.CHECKS,
    "bressem": bressem_tables.CHECKS | bressem.CHECKS,
    "zheng": zheng.CHECKS,
    "li": li.CHECKS | li_readers.CHECKS,
}
"""The checks by paper, then by key without the paper's name; some rows cannot be checked."""

ALL_PAPERS = "all papers"
"""The column in which `counts_by_status` gives the sum."""

AGREEING = (RECOMPUTED, FROM_COUNTS, CONSISTENT)
"""Statuses of rows whose number holds."""


def ledger_table() -> pd.DataFrame:
    """Compare every printed number with the number computed again.

    Nothing is downloaded: rows that missing study files decide are ``needs-unmirrored-files``.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``paper``, ``place`` and ``quantity`` as in `printed_numbers`; ``printed`` and
        ``recomputed``, the latter with two digits more, empty where nothing was computed;
        ``status``, one of `STATUSES`; ``why``, an explanation, which may be empty where the number
        holds; ``assumption``, ``tried``, ``equation`` and ``tolerance`` as in `Comparison`.

    Raises
    ------
    ValueError
        A row and its check do not fit: one of them lacks a number, or the check reads its own.
    """
    import pandas as pd

    printed = printed_numbers()
    files = StudyFiles()
    results = {}
    for paper, checks in CHECKS.items():
        sources = Sources(paper, printed, files)
        for key, row in printed[printed.index.str.startswith(f"{paper}-")].iterrows():
            results[key] = compare(row, checks.get(key.removeprefix(f"{paper}-")), sources)
    texts = [join_numbers(*row) for row in zip(*(printed[name] for name in NUMBERS), strict=True)]
    sizes = printed["n"].map(lambda n: f", n = {n}" if n else "")
    table = printed[["paper", "place", "quantity"]].assign(printed=texts + sizes)
    results = inherit_inconsistent(results)
    columns = pd.DataFrame(map(asdict, results.values()), index=list(results))
    return table.join(columns).rename_axis("key").reset_index()


def inherit_inconsistent(results: dict[str, Comparison]) -> dict[str, Comparison]:
    """Give a number that only repeats an inconsistent one its status, readings and equation."""
    inherited = dict(results)
    for paper, checks in CHECKS.items():
        for name, check in checks.items():
            key, other = f"{paper}-{name}", results.get(f"{paper}-{check.repeats}")
            if other and other.status == INCONSISTENT and results[key].status == CONSISTENT:
                inherited[key] = replace(other, why=results[key].why)
    return inherited


def blind_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that hold although some wrong number nearby would hold as well."""
    return table[(table["tolerance"] != "") & table["status"].isin(AGREEING)]


def counts_by_status(table: pd.DataFrame) -> pd.DataFrame:
    """Count rows by status (rows), for each paper and, last, for `ALL_PAPERS` (columns)."""
    counts = table.groupby(["status", "paper"], sort=False).size().unstack(fill_value=0)
    counts = counts.reindex(index=list(STATUSES), columns=table["paper"].unique(), fill_value=0)
    counts = counts.assign(**{ALL_PAPERS: counts.sum(axis=1)})
    return counts.rename_axis(index=None, columns=None)


def equations_by_status(table: pd.DataFrame) -> pd.DataFrame:
    """Count equations as `counts_by_status` counts rows; rows that restate one count once.

    An equation with an inconsistent row is inconsistent; otherwise it has the strongest status of
    its rows. Rows without a check belong to no equation.
    """
    order = [INCONSISTENT, *AGREEING, NEEDS_DATA, NEEDS_FILES]
    rows = table[table["equation"] != ""].assign(rank=lambda rows: rows["status"].map(order.index))
    return counts_by_status(rows.sort_values("rank", kind="stable").drop_duplicates("equation"))


def share_recomputed(table: pd.DataFrame) -> float:
    """Return the share of rows reproduced, from files or other printed numbers; NaN without rows.

    Consistent and inconsistent rows do not count.
    """
    return float(table["status"].isin([RECOMPUTED, FROM_COUNTS]).mean())
