"""Values as the bytes of files: tables as CSV, records as JSON, pictures as PNG and SVG.

The same values give the same bytes every time. Text is UTF-8; half a character, such as a byte of a
file name that is not UTF-8, is written as U+FFFD, so that every file can be read again.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image as Picture

DPI = 110


def encode_text(text: str) -> bytes:
    """Encode text as UTF-8, with U+FFFD for half a character."""
    return _whole_characters(text).encode()


def encode_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Encode rows as CSV, with empty fields for NaN and ``inf`` for infinite numbers.

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
    return encode_text(stream.getvalue())


def encode_json(record: Any, *, indent: int = 2, ascii_only: bool = False) -> bytes:
    """Encode a record as indented JSON, with null for NaN, which JSON does not have.

    Parameters
    ----------
    record
        Mappings, sequences, text, numbers, booleans and None.
    indent
        Spaces per level.
    ascii_only
        Escape letters beyond ASCII.
    """
    text = json.dumps(_plain(record), indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    return f"{text}\n".encode()


def encode_figure(
    figure: Figure, kind: str = "png", *, dpi: int = DPI, crop: bool = False, fast: bool = False
) -> bytes:
    """Encode a figure as PNG or SVG, without dates or random names.

    Parameters
    ----------
    figure
        A matplotlib figure. Draw it inside `plain_style` where a user's own style must not
        change it.
    kind
        ``png`` or ``svg``.
    dpi
        Pixels per inch of a PNG.
    crop
        Cut the empty margin off.
    fast
        Compress a PNG less, which is faster. Scans are noise to the compressor: more effort makes
        their files hardly smaller.
    """
    options: dict[str, Any] = {"metadata": {"Date": None}}
    if kind == "png":
        options = {"dpi": dpi, "metadata": {"Software": None}}
        if fast:
            options["pil_kwargs"] = {"compress_level": 1}
    if crop:
        options |= {"bbox_inches": "tight", "pad_inches": 0.04}
    stream = io.BytesIO()
    with plain_style(), warnings.catch_warnings():
        # A letter that the font lacks is drawn as a box, which is no reason for a warning.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=kind, **options)
    return stream.getvalue()


def encode_picture(picture: Picture) -> bytes:
    """Encode pixels as PNG, compressed little: see `encode_figure`."""
    stream = io.BytesIO()
    picture.save(stream, format="png", compress_level=1)
    return stream.getvalue()


def plain_style() -> ExitStack:
    """Return a context in which a user's matplotlib style changes neither figures nor bytes."""
    from matplotlib import rc_context, style

    stack = ExitStack()
    stack.enter_context(style.context("default"))
    # Names of patients and readers are text, not mathematics, whatever signs they hold.
    stack.enter_context(rc_context({"svg.hashsalt": "vhi", "text.parse_math": False}))
    return stack


def _plain(record: Any) -> Any:
    """Return the record with None for NaN and without half characters, at any depth."""
    if isinstance(record, Mapping):
        return {_plain(name): _plain(value) for name, value in record.items()}
    if isinstance(record, list | tuple):
        return [_plain(value) for value in record]
    if isinstance(record, str):
        return _whole_characters(record)
    return None if _is_nan(record) else record


def _whole_characters(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
