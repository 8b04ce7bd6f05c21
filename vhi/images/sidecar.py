"""JSON files beside NIfTI files: what the image itself cannot say.

Nothing in a scan's BIDS sidecar is required: values that cannot be read get a note and are left
out. The JSON file beside a mask of `vhi normal-bone` or `vhi segment` records how it was made, see
`vhi.masks.origin`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vhi.checks import Note
from vhi.errors import InputError

MAX_SLICE_THICKNESS_MM = 100.0
"""A slice thickness beyond this is no length of a slice in mm. Chosen."""

_SUFFIXES = re.compile(r"(\.(nii|img|hdr))?(\.gz)?$", re.IGNORECASE)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def scan_record(scan: Path) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """Return the record beside a scan, empty without one, and a note where it cannot be read."""
    record, sidecar = read_sidecar(scan)
    if record is not None:
        return record, ()
    note = Note(
        "sidecar-unreadable",
        f"{sidecar.name}: is not a readable JSON record, so nothing in it is used; write it again "
        "from DICOM (dcm2niix)",
    )
    return {}, (note,)


def number_of(value: object) -> float | None:
    """Return the finite number that a value of a record gives, else None.

    Numbers as text count, and so do lists that repeat one number.

    Examples
    --------
    >>> number_of("3"), number_of([3, 3]), number_of([3, 30]), number_of("thick")
    (3.0, 3.0, None, None)
    """
    if isinstance(value, list):
        numbers = {number_of(item) for item in value}
        return numbers.pop() if len(numbers) == 1 else None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def stem_of(path: Path) -> str:
    """Return the name of a NIfTI file without its suffixes, in upper or lower case."""
    return _SUFFIXES.sub("", path.name)


def sidecar_of(path: Path) -> Path:
    """Return the path of the JSON file beside a NIfTI file: same name, .json."""
    return path.with_name(stem_of(path) + ".json")


def read_sidecar(path: Path) -> tuple[dict[str, Any] | None, Path]:
    """Return the JSON record beside a NIfTI file (same name, .json), and its path.

    Empty where there is none, None where it cannot be read. Encodings other than UTF-8, control
    characters and trailing commas are no obstacle; a key that occurs twice has the list of its
    values.
    """
    sidecar = sidecar_of(path)
    upper = sidecar.with_suffix(".JSON")
    if not os.path.lexists(sidecar) and os.path.lexists(upper):
        sidecar = upper
    if os.path.lexists(sidecar) and not os.path.isfile(sidecar):
        return None, sidecar  # from a pipe one could wait for ever
    try:
        record = _parse(sidecar.read_bytes())
    except FileNotFoundError:
        return {}, sidecar
    except (OSError, ValueError, RecursionError):
        return None, sidecar
    return (record if isinstance(record, dict) else None), sidecar


def _parse(content: bytes) -> Any:
    """Return what JSON text of any encoding holds; ValueError where it is none."""
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # only names of places and people are not ASCII
    text = _TRAILING_COMMA.sub(lambda match: match[1] or "", text.strip("\0\ufeff \t\r\n"))
    return json.loads(text, strict=False, object_pairs_hook=_record)


def _record(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    by_key: dict[str, list[Any]] = {}
    for key, value in pairs:
        by_key.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in by_key.items()}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; InputError where they cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
