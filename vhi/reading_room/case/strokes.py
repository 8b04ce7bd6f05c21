"""Strokes on masks: the pixels that a stroke sets and clears, as sent and as stored.

A stroke is stored as a change, not as the resulting mask. Two strokes that were drawn at the same
time, in two tabs or before the first was saved, both apply, and undoing one leaves the other.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.orientation import View
from vhi.reading_room.store.actions import Action

PARTS = ("set", "cleared")


def pack(mask: NDArray[np.bool_]) -> str:
    """Return a mask of any shape as text."""
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes())).decode()


def unpack(text: str, shape: Sequence[int]) -> NDArray[np.bool_]:
    """Return the mask that `pack` has turned into text."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(packed, count=math.prod(shape)).reshape(shape).astype(bool)


def strokes_from(payload: Mapping[str, Any], view: View) -> dict[str, Any] | None:
    """Return what the store keeps of a page's strokes; None if they are empty.

    ``payload["slices"]`` maps a slice number, as text, to ``set``, ``cleared`` or both: base64 of
    packed bits, row by row as shown. Stored bits are in the order of the grid and compressed.
    InputError if the payload has another form, or names a slice that the scan does not have.
    """
    slices = payload.get("slices")
    if not isinstance(slices, dict) or not slices:
        raise InputError("slices: give at least one slice with a stroke")
    stored: dict[str, dict[str, str]] = {}
    for number, change in slices.items():
        index = _slice_number(number, view.shape[0])
        if not isinstance(change, dict) or not change or not set(change) <= set(PARTS):
            raise InputError(f'slices: give slice {index} "set", "cleared" or both')
        for part, text in change.items():
            plane = _plane(text, view, index)
            if plane.any():
                stored.setdefault(str(index), {})[part] = pack(plane)
    return {"slices": stored} if stored else None


def apply_strokes(
    mask: NDArray[np.bool_], view: View, actions: Iterable[Action]
) -> NDArray[np.bool_]:
    """Apply drawing actions, oldest first, to a copy of a mask; each sets pixels, then clears."""
    changes = [item for action in actions for item in action.payload["slices"].items()]
    if not changes:
        return mask
    changed = mask.copy("K")  # in the scan's memory order, which keeps later steps fast
    by_slice = np.moveaxis(changed, view.slice_axis, 0)
    for number, change in changes:
        plane = by_slice[int(number)]
        for part in PARTS:
            if (text := change.get(part)) is not None:
                plane[unpack(text, plane.shape)] = part == "set"
    return changed


def _slice_number(value: Any, count: int) -> int:
    """Return the slice that a text names; texts longer than six digits are not parsed."""
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) >= count:
        raise InputError(f"slices: give numbers from 0 to {count - 1}")
    return int(text)


def _plane(text: Any, view: View, index: int) -> NDArray[np.bool_]:
    """Decode the bits of a slice as shown into a plane in the order of the grid."""
    _, rows, columns = view.shape
    try:
        packed = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise InputError(f"slices: slice {index} is not base64 text") from error
    if len(packed) != -(-rows * columns // 8):
        raise InputError(f"slices: slice {index} does not have {rows} × {columns} bits")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows * columns)
    shown = bits.astype(bool).reshape(1, rows, columns)
    return np.moveaxis(view.to_grid(shown), view.slice_axis, 0)[0]
