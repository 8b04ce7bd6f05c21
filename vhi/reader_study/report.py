"""What `vhi study` found, and how it goes into a folder: tables, figures, a summary, one page."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vhi.files.atomic import check_free, staged_folder, write_whole
from vhi.files.encode import encode_csv, encode_figure, encode_json, plain_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIMULATED = "simulated-"
"""What the names of all files with simulated data begin with."""

TABLES = (
    "overlap", "overlap-summary", "cleaning-ceiling", "composite", "agreement", "response",
    "changes", "failures", "disagreements", "threshold", "threshold-curve", "ledger",
    "patients", "asked-and-reached", "conclusions",
)  # fmt: skip
FIRST_TABLES = (
    "overlap-summary", "overlap", "agreement", "response", "failures", "disagreements"
)  # fmt: skip
"""Tables at the top of the page, in this order."""
FIGURES = (
    "overlap-manual", "overlap-cleaned", "composite", "cleaning-ceiling", "vhi-sparcc", "response",
    "changes", "threshold", "disagreements",
)  # fmt: skip
MOST_PAIRS = 30
"""So many pairs of readers are drawn, at most: all pairs of five readers by three measurements."""
NUMBERED = ("agreement", "failures")
"""Figures of which there is one for each pair of readers, called ``agreement-1`` and so on."""
SUMMARY, REPORT = "summary.json", "report.html"
SAID_ONCE = ("data", "simulated", "measure", "unit", "source", "note")
"""Columns that a page gives above a table where they are the same in all its rows."""
ROWS_SHOWN = 100
"""A longer table is cut on the page; its file holds all of it."""

RESULT_FILES = frozenset(
    [SUMMARY, REPORT]
    + [f"{start}{name}.csv" for start in ("", SIMULATED) for name in TABLES]
    + [f"{start}{name}.{kind}" for start in ("", SIMULATED) for kind in ("png", "svg")
       for name in (*FIGURES, *(f"{n}-{i}" for n in NUMBERED for i in range(1, MOST_PAIRS + 1)))]
)  # fmt: skip
"""Every name that a result may hold; a folder with anything else is never replaced."""


@dataclass(frozen=True)
class Table:
    """One table: a file and a part of the page.

    Attributes
    ----------
    name : str
        One of `TABLES`, after `SIMULATED` where its data are.
    title, note : str
        Heading, and one sentence on how to read it.
    columns : sequence of str
    rows : sequence of mapping
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """One figure: two files and a part of the page.

    Attributes
    ----------
    name : str
        One of `FIGURES`, after `SIMULATED` where its data are.
    title, caption, alt : str
        Heading; what is shown, with units and n; the same for who cannot see it.
    draw : callable
        Draws and returns a new figure.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class Result:
    """All of it.

    Attributes
    ----------
    title : str
    tables, pictures : tuple
        In the order of the page.
    summary : dict
        The content of ``summary.json``.
    notes : tuple of str
        What to know before reading a number.
    lines : tuple of str
        The result in a few lines, for the terminal and the top of the page.
    """

    title: str
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    summary: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass
class Part:
    """What one analysis adds to a `Result`; fields as there."""

    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def sort_tables(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Put the tables that a reader looks for first (`FIRST_TABLES`) before the others."""
    order = {name: place for place, name in enumerate(FIRST_TABLES)}
    return tuple(sorted(tables, key=lambda table: order.get(table.name, len(order))))


def add_parts(result: Result, parts: Iterable[Part]) -> Result:
    """Return a result with what further analyses add to its tables, figures, notes and lines."""
    for part in parts:
        result = replace(
            result,
            tables=sort_tables([*result.tables, *part.tables]),
            pictures=(*result.pictures, *part.pictures),
            summary=result.summary | part.summary,
            notes=(*result.notes, *part.notes),
            lines=(*result.lines, *part.lines),
        )
    return result


def write_study(
    result: Result,
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Callable[[], None] | None = None,
) -> Path:
    """Write a result into a new folder, whole or not at all.

    Parameters
    ----------
    result
        What was found.
    folder
        Gets a CSV file for each table, PNG and SVG for each figure, ``summary.json`` and
        ``report.html``, which needs no other file.
    overwrite
        Replace an earlier result in `folder`.
    progress
        Called after each figure.

    Raises
    ------
    InputError
        The folder holds something already, or cannot be written.
    """
    folder = Path(folder)
    check_free(folder, overwrite=overwrite, result_files=RESULT_FILES)
    shown: dict[str, bytes] = {}
    with staged_folder(folder, overwrite=overwrite, result_files=RESULT_FILES) as stage:
        for table in result.tables:
            write_whole(stage / f"{table.name}.csv", encode_csv(table.rows, table.columns))
        for picture in result.pictures:
            with plain_style():
                figure = picture.draw()
            for kind in ("svg", "png"):
                shown[picture.name] = encode_figure(figure, kind)
                write_whole(stage / f"{picture.name}.{kind}", shown[picture.name])
            if progress is not None:
                progress()
        write_whole(stage / SUMMARY, encode_json(result.summary))
        write_whole(stage / REPORT, render_study(result, shown).encode())
    return folder


def render_study(result: Result, pictures: Mapping[str, bytes]) -> str:
    """Return the page, with the figures (PNG, by name) inside it."""
    import jinja2

    from vhi import __version__

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vhi.results"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = short
    addresses = {
        name: "data:image/png;base64," + base64.b64encode(content).decode()
        for name, content in pictures.items()
    }
    return environment.get_template("study.html").render(
        result=result,
        tables=[(table, *split_columns(table)) for table in result.tables],
        addresses=addresses,
        version=__version__,
        rows_shown=ROWS_SHOWN,
    )


def split_columns(table: Table) -> tuple[list[str], dict[str, Any]]:
    """Return the columns to show, and apart from them what is the same in every row.

    Empty columns are left out; so are those of `SAID_ONCE` where all rows agree.
    """
    shown, same = [], {}
    for column in table.columns:
        values = {short(row.get(column)) for row in table.rows}
        if len(values) == 1 and column in SAID_ONCE:
            same[column] = values.pop()
        elif values - {""}:
            shown.append(column)
    return shown, same


def short(value: Any) -> str:
    """Return a value as the page shows it: four significant digits, nothing for NaN."""
    if isinstance(value, bool) or not isinstance(value, float):
        return "" if value is None else str(value)
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= 10_000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"
