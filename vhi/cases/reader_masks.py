"""Masks that readers drew: the table ``readers.csv`` beside a table of cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vhi.cases.names import similar, unknown
from vhi.cases.table import Row, check_names, check_unique, read_table
from vhi.cases.values import file, plain_text
from vhi.checks import Note

CLEANED = "cleaned"
"""The trial of a mask that a reader made by cleaning candidates; all others are manual."""


@dataclass(frozen=True)
class ReaderMask:
    """Inflammation as one reader marked it in one trial: the mask's file.

    In the study: reader ``1`` or ``2``, trial ``1`` or ``2`` (manual) or ``cleaned``
    (semi-automatic). In the phantom: reader ``truth`` first, then simulated readers ``1`` and ``2``
    with these trials.
    """

    reader: str
    trial: str
    path: Path


def read_masks(
    folder: Path, cases: Sequence[tuple[str, str]], source: str = "the table of cases"
) -> tuple[dict[tuple[str, str], tuple[ReaderMask, ...]], list[Note]]:
    """Read ``readers.csv`` of the folder of a table of cases, where there is one.

    Parameters
    ----------
    folder
        Of the table of cases.
    cases
        Its cases: (case, visit).
    source
        Its name, for messages.

    Returns
    -------
    dict
        The masks of every (case, visit) of `cases`, in the table's order; the files are not looked
        at.
    list of Note
        What is left out: rows of other cases, as one table of masks may serve several tables of
        cases.

    Raises
    ------
    InputError
        The table is wrong, names a visit that its case does not have, lists a trial twice, or has a
        name that only looks like another one of either table.
    """
    masks: dict[tuple[str, str], list[ReaderMask]] = {case: [] for case in cases}
    table = folder / "readers.csv"
    if not table.is_file():
        return dict.fromkeys(masks, ()), []
    rows = read_table(table, ("case", "reader", "mask"), _PARSERS.get)
    keys = [tuple(row[column] for column in ("case", "visit", "reader", "trial")) for row in rows]
    check_unique(rows, keys, "reader {reader!r} trial {trial!r}", "remove one")
    check_names(rows, "reader", "trial")
    names, others = {case for case, _ in cases}, []
    for row in rows:
        case = (row["case"], row["visit"])
        if case in masks:
            masks[case].append(ReaderMask(row["reader"], row["trial"] or "1", row["mask"]))
        elif case[0] in names:
            visits = (visit for name, visit in cases if name == case[0])
            error = unknown(case[1], visits, "visit", f"case {case[0]!r} of {source}")
            raise row.error(str(error), check="name-unknown")
        elif similar(case[0], names):
            raise row.error(str(unknown(case[0], names, "case", source)), check="name-unknown")
        else:
            others.append(row)
    return {case: tuple(listed) for case, listed in masks.items()}, _left_out(others, source)


def _left_out(rows: Sequence[Row], source: str) -> list[Note]:
    if not rows:
        return []
    count = "1 row of a case" if len(rows) == 1 else f"{len(rows)} rows of cases"
    named = ", ".join(dict.fromkeys(repr(row["case"]) for row in rows))
    return [Note("rows-of-no-case", f"readers.csv: {count} that {source} does not have: {named}")]


def _trial(value: str, folder: Path) -> str:
    return CLEANED if value.casefold() == CLEANED else plain_text(value, folder) or "1"


_PARSERS = {
    **dict.fromkeys(("case", "visit", "reader"), plain_text),
    "trial": _trial,
    "mask": file,
}


def existing(
    masks: Iterable[ReaderMask], case: str, warn: Callable[[Note], None]
) -> tuple[ReaderMask, ...]:
    """Leave out a case's masks whose file does not exist, with a warning."""
    masks = tuple(masks)
    for mask in masks:
        if not mask.path.is_file():
            text = f"case {case}, reader {mask.reader}: mask {mask.path.name} does not exist"
            warn(Note("mask-missing", f"{text}, so it is left out; check its path in readers.csv"))
    return tuple(mask for mask in masks if mask.path.is_file())
