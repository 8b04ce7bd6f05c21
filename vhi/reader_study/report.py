"""The result of `vhi study` and its folder: tables, figures, a summary, one page."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from vhi.files.atomic import check_free, staged_folder, write_whole
from vhi.files.encode import encode_figure, encode_json, encode_text, plain_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIMULATED = "simulated-"
"""Start of the names of all files with simulated data."""

TABLES = (
    "overlap-summary", "overlap", "agreement", "response", "changes", "rows-left-out",
    "failures", "disagreements", "composite", "cleaning-ceiling", "threshold",
    "threshold-curve", "ledger", "patients", "asked-and-reached", "conclusions",
)  # fmt: skip
"""In the order of the page, which begins with what a reader looks for first."""
FIGURES = (
    "overlap-manual", "overlap-cleaned", "composite", "cleaning-ceiling", "vhi-sparcc", "response",
    "changes", "threshold", "disagreements",
)  # fmt: skip
MOST_PAIRS = 30
"""Most pairs of readers that are drawn: all pairs of five readers by three measurements."""
NUMBERED = ("agreement", "failures")
"""Figures drawn once for each pair of readers, named ``agreement-1`` and so on."""
SUMMARY, REPORT = "summary.json", "report.html"
SAID_ONCE = ("data", "simulated", "measure", "unit", "source", "note")
"""Columns shown once above a table where all rows have the same value."""
ROWS_SHOWN = 100
"""A longer table is cut on the page; its file holds all of it."""

RESULT_FILES = frozenset(
    [SUMMARY, REPORT]
    + [f"{start}{name}.csv" for start in ("", SIMULATED) for name in TABLES]
    + [f"{start}{name}.{kind}" for start in ("", SIMULATED) for kind in ("png", "svg")
       for name in (*FIGURES, *(f"{n}-{i}" for n in NUMBERED for i in range(1, MOST_PAIRS + 1)))]
)  # fmt: skip
"""Every name that a result may hold; a folder with anything else is never replaced."""


@dataclass(frozen=True, eq=False)
class Table:
    """One table: a CSV file and a section of the page.

    Attributes
    ----------
    name, title : str
        One of `TABLES`, after `SIMULATED` for simulated data; the heading.
    frame : pandas.DataFrame
        The rows and columns of the file.
    note : str
        One sentence on how to read the table.
    """

    name: str
    title: str
    frame: pd.DataFrame
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """One figure: a PNG file, an SVG file and a section of the page.

    Attributes
    ----------
    name, title : str
        One of `FIGURES`, after `SIMULATED` for simulated data; the heading.
    caption, alt : str
        What is shown, with units and n; the text for people who cannot see it.
    draw : callable
        Draws and returns a new figure.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Figure]


@dataclass(frozen=True, eq=False)
class StudyResult:
    """The result of a study, or of a part of it.

    Attributes
    ----------
    title : str
        Of the page.
    tables, pictures : tuple
    summary : dict
        The content of ``summary.json``.
    notes, lines : tuple of str
        What to know before reading a number; the result in a few lines, for the terminal and the
        top of the page.
    """

    title: str = ""
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()

    def with_parts(self, *parts: StudyResult) -> StudyResult:
        """Add the tables, figures, summary, notes and lines of further analyses."""
        results = (self, *parts)
        joined = {
            name: tuple(item for result in results for item in getattr(result, name))
            for name in ("tables", "pictures", "notes", "lines")
        }
        summary = {name: value for result in results for name, value in result.summary.items()}
        return StudyResult(self.title, summary=summary, **joined)


def stack(tables: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Put tables below each other; without any row the result is empty, with these columns."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))


def write_study(
    result: StudyResult,
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Callable[[], None] | None = None,
) -> Path:
    """Write a result into a new folder, whole or not at all.

    Parameters
    ----------
    folder
        Receives a CSV file for each table, a PNG and an SVG file for each figure, ``summary.json``
        and ``report.html``, which needs no other file.
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
            csv = table.frame.to_csv(index=False, lineterminator="\n")
            write_whole(stage / f"{table.name}.csv", encode_text(csv))
        for picture in result.pictures:
            with plain_style():
                figure = picture.draw()
            shown[picture.name] = encode_figure(figure, "png")
            figure.set_layout_engine("none")  # laid out once for both files
            write_whole(stage / f"{picture.name}.png", shown[picture.name])
            write_whole(stage / f"{picture.name}.svg", encode_figure(figure, "svg"))
            if progress is not None:
                progress()
        write_whole(stage / SUMMARY, encode_json(result.summary))
        write_whole(stage / REPORT, encode_text(render_study(result, shown)))
    return folder


def render_study(result: StudyResult, pictures: Mapping[str, bytes]) -> str:
    """Render the page, with the figures (PNG, by name) inside it."""
    import jinja2

    from vhi import __version__

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vhi.reader_study"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    addresses = {
        name: "data:image/png;base64," + base64.b64encode(content).decode()
        for name, content in pictures.items()
    }

    def place(table: Table) -> tuple[bool, int]:
        return table.name.startswith(SIMULATED), TABLES.index(table.name.removeprefix(SIMULATED))

    return environment.get_template("study.html").render(
        result=result,
        tables=[(table, *table_text(table.frame)) for table in sorted(result.tables, key=place)],
        addresses=addresses,
        version=__version__,
        rows_shown=ROWS_SHOWN,
    )


def table_text(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Format a table for the page.

    Returns
    -------
    pandas.DataFrame
        Text. Empty columns are left out, and so are those of `SAID_ONCE` with one value.
    dict of str to str
        The values of these columns.
    """
    text = frame.map(short)
    text = text.loc[:, (text != "").any()]
    same = [name for name in SAID_ONCE if name in text and text[name].nunique() == 1]
    return text.drop(columns=same), {name: text[name].iloc[0] for name in same}


def short(value: Any) -> str:
    """Format a value for the page: four significant digits, nothing for a missing value."""
    if pd.isna(value):
        return ""
    if not isinstance(value, float):
        return str(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= 10_000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"
