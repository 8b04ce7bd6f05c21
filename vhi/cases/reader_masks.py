"""Masks that readers drew: the table ``readers.csv`` beside a table of cases."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vhi.cases.table import check_unique, file, read_table

_log = logging.getLogger("vhi.cases.case")

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
    folder: Path, cases: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[ReaderMask, ...]]:
    """Read ``readers.csv`` of the folder of a table of cases, where there is one.

    Returns the masks of every (case, visit) of `cases`, in the table's order; the files are not
    looked at. Rows of other cases are ignored: one table of masks may serve several tables of
    cases.

    Raises
    ------
    InputError
        The table is wrong, names a visit that its case does not have, or lists a trial twice.
    """
    masks: dict[tuple[str, str], list[ReaderMask]] = {case: [] for case in cases}
    table = folder / "readers.csv"
    if not table.is_file():
        return dict.fromkeys(masks, ())
    names = {case for case, _ in cases}
    rows = read_table(table, ("case", "reader", "mask"), {"trial": _trial, "mask": file}.get)
    rows = [row for row in rows if row["case"] in names]
    keys = [tuple(row[column] for column in ("case", "visit", "reader", "trial")) for row in rows]
    check_unique(rows, keys, "reader {reader!r} trial {trial!r}", "remove one")
    for row in rows:
        case = (row["case"], row["visit"])
        if case not in masks:
            raise row.error(f"case {case[0]!r} has no visit {case[1]!r}; see the cases' table")
        masks[case].append(ReaderMask(row["reader"], row["trial"] or "1", row["mask"]))
    return {case: tuple(listed) for case, listed in masks.items()}


def _trial(value: str, folder: Path) -> str:
    return CLEANED if value.casefold() == CLEANED else value or "1"


def existing(masks: Iterable[ReaderMask]) -> tuple[ReaderMask, ...]:
    """Leave out masks whose file does not exist, with a warning."""
    masks = tuple(masks)
    for mask in masks:
        if not mask.path.is_file():
            _log.warning("reader mask %s does not exist; left out", mask.path)
    return tuple(mask for mask in masks if mask.path.is_file())
