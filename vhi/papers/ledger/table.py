"""The ledger: every number that four papers print, compared with the number computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vhi.papers.hepburn.files import MissingFilesError, StudyFiles
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
    FROM_COUNTS,
    INCONSISTENT,
    NEEDS_DATA,
    NEEDS_FILES,
    RECOMPUTED,
    STATUSES,
    Check,
    Sources,
)
from vhi.papers.ledger.printed import agrees, decimals, join_numbers, printed_numbers

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

NUMBERS = ("value", "low", "high")


def ledger_table() -> pd.DataFrame:
    """Compare every printed number with the number computed again.

    Nothing is downloaded: rows that missing study files decide are ``needs-unmirrored-files``.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``paper``, ``place`` and ``quantity`` as in `printed_numbers`; ``printed`` and
        ``recomputed``, the latter with two digits more, empty where nothing was computed;
        ``status``, one of `STATUSES`; ``why``, an explanation, which may be empty where the number
        holds.

    Raises
    ------
    ValueError
        A row and its check do not fit: one of them lacks a number.
    """
    printed = printed_numbers()
    files = StudyFiles()
    results = {
        key: compare(row, CHECKS[paper].get(key.removeprefix(f"{paper}-")), sources)
        for paper in CHECKS
        for sources in [Sources(paper, printed, files)]
        for key, row in printed[printed.index.str.startswith(f"{paper}-")].iterrows()
    }
    texts = [join_numbers(*row) for row in zip(*(printed[name] for name in NUMBERS), strict=True)]
    sizes = printed["n"].map(lambda n: f", n = {n}" if n else "")
    table = printed[["paper", "place", "quantity"]].assign(printed=texts + sizes)
    table[["recomputed", "status", "why"]] = list(results.values())
    return table.reset_index()


def compare(row: pd.Series, check: Check | None, sources: Sources) -> tuple[str, str, str]:
    """Return recomputed, status and why of one printed number, as in `ledger_table`.

    `check` is None where there is none. A `ValueError` says that the row and its check do not fit.
    """
    if check is None:
        needs_files = row["needs"] == "unmirrored-files"
        return "", NEEDS_FILES if needs_files else NEEDS_DATA, row["why"]
    try:
        numbers = np.atleast_1d(check.compute(sources)).astype(float).tolist()
    except MissingFilesError as error:
        return "", NEEDS_FILES, str(error)
    texts = [row[name] for name in NUMBERS if row[name]]
    if len(texts) != len(numbers):
        raise ValueError(
            f"{row.name} prints {texts} and its check computes {numbers}; check every number that "
            "the row prints, or split the row"
        )
    agree = all(map(agrees, texts, numbers))
    recomputed = [_written(*pair) for pair in zip(numbers, map(decimals, texts), strict=True)]
    filled = iter(recomputed)
    joined = join_numbers(*(next(filled) if row[name] else "" for name in NUMBERS))
    return joined, check.status if agree else INCONSISTENT, row["why"]


def counts_by_status(table: pd.DataFrame) -> pd.DataFrame:
    """Count rows by status (rows), for each paper and, last, for `ALL_PAPERS` (columns)."""
    counts = table.groupby(["status", "paper"], sort=False).size().unstack(fill_value=0)
    counts = counts.reindex(index=list(STATUSES), columns=table["paper"].unique(), fill_value=0)
    counts = counts.assign(**{ALL_PAPERS: counts.sum(axis=1)})
    return counts.rename_axis(index=None, columns=None)


def share_recomputed(table: pd.DataFrame) -> float:
    """Return the share of rows reproduced, from files or other printed numbers; NaN without rows.

    Consistent and inconsistent rows do not count.
    """
    return float(table["status"].isin([RECOMPUTED, FROM_COUNTS]).mean())


def _written(number: float, digits: int) -> str:
    """Write a number with two digits more than are printed, or with fewer where that is exact."""
    for fewer in range(digits + 2):
        if abs(number - round(number, fewer)) < 1e-12 * max(1, abs(number)):
            return f"{number:.{fewer}f}"
    return f"{number:.{digits + 2}f}"
