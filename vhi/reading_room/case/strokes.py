"""Masks drawn on the screen: what a stroke sets and clears, as it is sent and as it is stored.

A stroke is kept as a change, not as the mask it made: two strokes that were drawn at once, in two
tabs or before the first was saved, both stand, and undoing one leaves the other.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.reading_room.case.orientation import Layout
from vhi.reading_room.store.actions import Action

PARTS = ("set", "cleared")


def drawing_from(payload: Mapping[str, Any], layout: Layout) -> dict[str, Any] | None:
    """Return what the store keeps of a drawing that a page has sent; None where it is empty.

    Parameters
    ----------
    payload
        ``slices``: number as text to ``set`` and ``cleared``, of which one may be missing: base64
        of packed bits, row by row as shown.

    Returns
    -------
    dict or None
        The same, with bits in the order of the grid and compressed.

    Raises
    ------
    InputError
        Anything else, or a slice that the scan does not have.
    """
    slices = payload.get("slices")
    if not isinstance(slices, dict) or not slices:
        raise InputError("slices: give at least one slice that was drawn on")
    stored: dict[str, dict[str, str]] = {}
    for number, change in slices.items():
        index = _slice_number(number, layout.shape[0])
        if not isinstance(change, dict) or not change or not set(change) <= set(PARTS):
            raise InputError(f"slices: give slice {index} what is set, cleared or both")
        for part, text in change.items():
            plane = _plane(text, layout, index)
            if plane.any():
                stored.setdefault(str(index), {})[part] = _encode(plane)
    return {"slices": stored} if stored else None


def with_drawn(
    mask: NDArray[np.bool_], layout: Layout, actions: Iterable[Action]
) -> NDArray[np.bool_]:
    """Return a mask with drawing actions, oldest first, done to it: first set, then cleared."""
    changes = [item for action in actions for item in action.payload["slices"].items()]
    if not changes:
        return mask
    drawn = mask.copy("K")  # all that is computed with the scan runs in the order of its memory
    by_slice = np.moveaxis(drawn, layout.view.slice_axis, 0)
    for number, change in changes:
        plane = by_slice[int(number)]
        for part in PARTS:
            text = change.get(part)
            if text is not None:
                plane[_decode(text, plane.shape)] = part == "set"
    return drawn


def _slice_number(text: Any, count: int) -> int:
    """Return the slice that a text names; more digits than a scan has slices are not read."""
    plain = str(text)
    if not plain.isascii() or not plain.isdigit() or len(plain) > 6 or int(plain) >= count:
        raise InputError(f"slices: give numbers from 0 to {count - 1}")
    return int(plain)


def _plane(text: Any, layout: Layout, index: int) -> NDArray[np.bool_]:
    """Return bits of a slice as shown in the order of the grid."""
    _, rows, columns = layout.shape
    try:
        packed = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise InputError(f"slices: slice {index} is not base64 text") from error
    if len(packed) != -(-rows * columns // 8):
        raise InputError(f"slices: slice {index} has not {rows} × {columns} bits")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows * columns)
    shown = bits.astype(bool).reshape(1, rows, columns)
    return np.moveaxis(layout.to_grid(shown), layout.view.slice_axis, 0)[0]


def _encode(plane: NDArray[np.bool_]) -> str:
    return base64.b64encode(zlib.compress(np.packbits(plane).tobytes())).decode()


def _decode(text: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(packed, count=shape[0] * shape[1]).reshape(shape).astype(bool)
