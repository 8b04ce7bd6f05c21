"""Masks drawn on the screen: bits of a slice as shown, and as they are stored."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.room.actions import Action
from vhi.room.orientation import Layout


def decode_slices(payload: Mapping[str, Any], layout: Layout) -> dict[int, NDArray[np.bool_]]:
    """Return the slices that a page has sent, by number, in the order of the grid.

    Parameters
    ----------
    payload
        ``slices``: number as text to base64 of packed bits, row by row as shown.

    Raises
    ------
    InputError
        Anything else, or a slice that the scan does not have.
    """
    slices = payload.get("slices")
    count, rows, columns = layout.shape
    if not isinstance(slices, dict) or not slices:
        raise InputError("slices: give at least one slice that was drawn on")
    planes = {}
    for number, text in slices.items():
        if not str(number).isascii() or not str(number).isdigit() or int(number) >= count:
            raise InputError(f"slices: give numbers from 0 to {count - 1}")
        try:
            packed = base64.b64decode(text, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise InputError(f"slices: slice {int(number)} is not base64 text") from error
        if len(packed) != -(-rows * columns // 8):
            raise InputError(f"slices: slice {int(number)} has not {rows} × {columns} bits")
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows * columns)
        shown = bits.astype(bool).reshape(1, rows, columns)
        planes[int(number)] = plane_of(layout.to_grid(shown), layout, 0)
    return planes


def encode_planes(planes: Mapping[int, NDArray[np.bool_]]) -> dict[str, Any]:
    """Return slices, in the order of the grid, as an action's payload."""
    return {
        "slices": {
            str(number): base64.b64encode(zlib.compress(np.packbits(plane).tobytes())).decode()
            for number, plane in planes.items()
        }
    }


def with_drawn(
    mask: NDArray[np.bool_], layout: Layout, actions: Iterable[Action]
) -> NDArray[np.bool_]:
    """Return a mask with the slices of drawing actions, oldest first, in place of its own."""
    planes = {
        number: text for action in actions for number, text in action.payload["slices"].items()
    }
    if not planes:
        return mask
    drawn = mask.copy("K")  # all that is computed with the scan runs in the order of its memory
    by_slice = np.moveaxis(drawn, layout.view.slice_axis, 0)
    shape = by_slice.shape[1:]
    for number, text in planes.items():
        packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
        bits = np.unpackbits(packed, count=shape[0] * shape[1])
        by_slice[int(number)] = bits.reshape(shape).astype(bool)
    return drawn


def plane_of(mask: NDArray[np.bool_], layout: Layout, number: int) -> NDArray[np.bool_]:
    """Return one slice of a mask in the order of the grid."""
    return np.moveaxis(mask, layout.view.slice_axis, 0)[number]
