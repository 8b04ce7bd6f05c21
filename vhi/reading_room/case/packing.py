"""Masks as text: packed bits, compressed, base64."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pack(mask: NDArray[np.bool_]) -> str:
    """Return a mask of any shape as text."""
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes())).decode()


def unpack(text: str, shape: Sequence[int]) -> NDArray[np.bool_]:
    """Return the mask that `pack` has turned into text."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(packed, count=math.prod(shape)).reshape(shape).astype(bool)
