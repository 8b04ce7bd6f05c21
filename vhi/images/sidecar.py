"""JSON files beside NIfTI files: what the image itself cannot say.

Of a scan's BIDS sidecar nothing but ``SliceThickness`` is read. A mask that `vhi normal-bone` drew
or `vhi segment` made has one that says how, see `vhi.masks.origin`.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from vhi.errors import InputError

MAX_SLICE_THICKNESS_MM = 100.0
"""A slice thickness beyond this is no length of a slice in mm. Chosen."""


def stated_slice_thickness_mm(stir: Path) -> float | None:
    """Return the slice thickness that a scan's BIDS sidecar states, else None."""
    record, sidecar = read_sidecar(stir)
    if record is None:
        raise InputError(f"{sidecar}: not a readable JSON record; correct it or move it away")
    value = record.get("SliceThickness")
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value <= MAX_SLICE_THICKNESS_MM:
        raise InputError(
            f"{sidecar}: SliceThickness is {str(value)[:40]!r}, not a number from 0 to "
            f"{MAX_SLICE_THICKNESS_MM:g} mm; correct it or move it away"
        )
    return float(value)


def sidecar_of(path: Path) -> Path:
    """Return the path of the JSON file beside a NIfTI file: same name, .json."""
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def read_sidecar(path: Path) -> tuple[dict[str, Any] | None, Path]:
    """Return the JSON record beside a NIfTI file (same name, .json).

    Empty where there is none, None where it cannot be read.
    """
    sidecar = sidecar_of(path)
    if os.path.lexists(sidecar) and not os.path.isfile(sidecar):
        return None, sidecar  # from a pipe one could wait for ever
    try:
        record = json.loads(sidecar.read_bytes())
    except FileNotFoundError:
        return {}, sidecar
    except (OSError, ValueError, RecursionError):
        return None, sidecar
    return (record if isinstance(record, dict) else None), sidecar


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; InputError where they cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
