"""Masks that readers drew: the table ``readers.csv`` beside a table of cases."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vhi.cases.table import read_table

_log = logging.getLogger("vhi.cases.case")

CLEANED = "cleaned"
"""The trial of a mask that a reader made by cleaning candidates; all others are manual."""


@dataclass(frozen=True)
class ReaderMask:
    """Inflammation as one reader marked it in one trial.

    Attributes
    ----------
    reader, trial : str
        Who and which attempt. In the study: reader ``1`` or ``2``, trial ``1`` or ``2`` (manual)
        or ``cleaned`` (semi-automatic). In the phantom: reader ``truth`` first, then simulated
        readers ``1`` and ``2`` with the same trials as the study's.
    path : Path
        The mask's file.
    """

    reader: str
    trial: str
    path: Path


def read_masks(
    folder: Path, cases: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], tuple[ReaderMask, ...]]:
    """Read ``readers.csv`` of a folder, where there is one.

    Parameters
    ----------
    folder
        Where the table of cases stands.
    cases
        Its (case, visit). Rows of other cases are ignored: one table of masks may serve several
        tables of cases.

    Returns
    -------
    dict
        The masks of every one of `cases`, in the table's order; the files are not looked at.

    Raises
    ------
    InputError
        The table is wrong, names a visit that its case does not have, or lists a trial twice.
    """
    masks: dict[tuple[str, str], list[ReaderMask]] = {case: [] for case in cases}
    table = folder / "readers.csv"
    if table.is_file():
        names = {case for case, _ in cases}
        for row in read_table(table, ("case", "reader", "mask")):
            case = (row.required("case"), row["visit"])
            if case[0] not in names:
                continue
            if case not in masks:
                raise row.error(f"case {case[0]!r} has no visit {case[1]!r}; see the cases' table")
            trial = row["trial"] or "1"
            trial = CLEANED if trial.casefold() == CLEANED else trial
            mask = ReaderMask(row.required("reader"), trial, row.required_file("mask"))
            if any((mask.reader, mask.trial) == (one.reader, one.trial) for one in masks[case]):
                raise row.error(f"reader {mask.reader!r} trial {mask.trial!r} is there twice")
            masks[case].append(mask)
    return {case: tuple(listed) for case, listed in masks.items()}


def existing(masks: Iterable[ReaderMask]) -> tuple[ReaderMask, ...]:
    """Leave out masks whose file does not exist, and say so in a warning."""
    kept = []
    for mask in masks:
        if mask.path.is_file():
            kept.append(mask)
        else:
            _log.warning("reader mask %s does not exist; left out", mask.path)
    return tuple(kept)
