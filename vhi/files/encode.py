"""Results as bytes: tables as CSV, records as JSON, figures as PNG and SVG, the same every time."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DPI = 110


def encode_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Return rows as CSV: empty where there is no number, ``inf`` where one is infinite.

    Parameters
    ----------
    rows
        Values by column; columns that are not listed are left out.
    columns
        The header, in order.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if _is_nan(value) else value for name, value in row.items()})
    return stream.getvalue().encode()


def encode_json(record: Any) -> bytes:
    """Return a record as indented JSON with null for NaN, which JSON does not have."""
    text = json.dumps(without_nan(record), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def encode_figure(figure: Any, kind: str) -> bytes:
    """Return a matplotlib figure as ``png`` or ``svg``, without dates or random names.

    A user's own style is a matter of drawing: draw inside `plain_style`.
    """
    import warnings

    options: dict[str, Any] = (
        {"dpi": DPI, "metadata": {"Software": None}}
        if kind == "png"
        else {"metadata": {"Date": None}}
    )
    stream = io.BytesIO()
    with plain_style(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes: no reason to alarm anybody.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=kind, **options)
    return stream.getvalue()


def plain_style() -> Any:
    """Return a context in which no style of the user changes a figure or its bytes."""
    from contextlib import ExitStack

    from matplotlib import rc_context, style

    stack = ExitStack()
    stack.enter_context(style.context("default"))
    # Names of patients and readers are text, whatever signs they hold.
    stack.enter_context(rc_context({"svg.hashsalt": "vhi", "text.parse_math": False}))
    return stack


def without_nan(record: Any) -> Any:
    """Return the record with None for NaN, at any depth."""
    if isinstance(record, Mapping):
        return {name: without_nan(value) for name, value in record.items()}
    if isinstance(record, list | tuple):
        return [without_nan(value) for value in record]
    return None if _is_nan(record) else record


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
