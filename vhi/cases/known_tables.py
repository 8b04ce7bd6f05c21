"""Tables that vhi reads or writes, recognised by their columns where another one is needed."""

from __future__ import annotations

from collections.abc import Iterable

CASES = "case", "stir", "t1w"
MEASUREMENTS = "case", "subject", "visit", "vhi_mm3", "failure"
PATIENTS = "patient", "visit"

RESULT = "a result of `vhi study`; give the table that was analysed"

KNOWN: tuple[tuple[tuple[str, ...], str], ...] = (
    (CASES, "a table of cases; give it to `vhi measure --source`, or to `vhi study --source`"),
    (
        MEASUREMENTS,
        "the table of measurements that `vhi measure --all` writes; give it to `vhi study --table`",
    ),
    (
        ("case", "reader", "mask"),
        "a table of readers' masks; keep it as readers.csv beside the table of cases, and give "
        "the table of cases to `vhi study --source`",
    ),
    (("data", "simulated"), RESULT),
    (("scan", "subject"), RESULT),
    (("first", "second", "source", "n"), RESULT),
    (("case", "visit", "multiple", "mm3"), RESULT),
    (
        ("id", "lesion", "slice", "volume_mm3"),
        "the table of one scan's regions (regions.csv); the VHI is in vhi.json, and "
        "`vhi measure --all` writes a table of all cases",
    ),
    (
        ("slice", "joint"),
        "a table of SPARCC marks; sum them for each scan and reader into a column sparcc_READER "
        "of a table of patients",
    ),
    (PATIENTS, "a table of patients; give it to `vhi study --table`"),
)
"""Columns that only one table combines, with what that table is and which command takes it."""


def recognise(header: Iterable[str], wanted: Iterable[str] = ()) -> str:
    """Return what a table is; "" for an unknown table and for one with the `wanted` columns."""
    columns, known = set(header), set(wanted)
    for needed, text in KNOWN:
        if columns.issuperset(needed) and not known.issuperset(needed):
            return text
    return ""
