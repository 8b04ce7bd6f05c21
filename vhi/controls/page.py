"""A control on a built page: its data, its drawn twin and its script in one piece of HTML.

It works from any folder, opened from disk too, and asks nobody for anything.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.modules import page_script
from vhi.images.image import Image
from vhi.images.orientation import box_of, view_of, window_of
from vhi.measurement import Measurement

MOST_SLICES = 5
"""Slices a page may carry: one of the study takes about 0.4 MB."""


def page_html(name: str, data: dict[str, Any], *, label: str, twin: str) -> str:
    """Return a control as HTML.

    Parameters
    ----------
    name
        Of its module, one of `vhi.controls.modules.control_names`.
    data
        What its ``model.get`` answers, by name: text, numbers, lists, and arrays as `encode`
        gives them.
    label
        What it is called for those who do not see it.
    twin
        HTML of the picture that is shown until the script runs, or where none may.
    """
    # "<" never stands in the data, so that no text in them can end the element.
    stored = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    script = page_script(name)
    return (
        f'<div class="vhi-control" data-control="{name}" role="group" '
        f'aria-label="{html.escape(label)}">'
        f'<div class="vhi-drawn">{twin}</div>'
        f'<script type="application/json">{stored}</script>'
        f'<script type="module">\n{script}</script></div>'
    )


def encode(array: NDArray[Any]) -> dict[str, Any]:
    """Return an array for `decodeArray` in core.js: flat, little-endian; booleans as bits.

    Raises
    ------
    ValueError
        A type that pages do not know.
    """
    flat = np.ascontiguousarray(array).ravel()
    if flat.dtype == bool:
        kind, stored = "bits", np.packbits(flat, bitorder="little")
    elif flat.dtype in (np.float64, np.uint8, np.uint16, np.uint32):
        kind, stored = str(flat.dtype), flat.astype(flat.dtype.newbyteorder("<"))
    else:
        raise ValueError(f"array is {flat.dtype}; expected bool, float64, uint8, uint16 or uint32")
    text = base64.b64encode(stored.tobytes()).decode()
    return {"type": kind, "length": flat.size, "base64": text}


def stack_data(measurement: Measurement, slices: Sequence[int]) -> dict[str, Any]:
    """Return some slices of a measurement, with all that steps i to v need.

    Parameters
    ----------
    measurement
        Of any case. It stays as it is.
    slices
        Indices counted from 0, at most `MOST_SLICES`.

    Returns
    -------
    dict
        `slices_data` with the masks ``bone`` (the disease region as it was measured in) and
        ``normal_bone``, and ``case``, ``min_pixels``.
    """
    bone = measurement.disease_region.array
    if measurement.candidates.exclude_normal_bone:
        bone = bone & ~measurement.normal_bone.array
    stack = slices_data(
        measurement.stir,
        slices,
        around=measurement.disease_region,
        masks={"bone": bone, "normal_bone": measurement.normal_bone.array},
        intensities=measurement.intensities,
        t1w=measurement.t1w,
    )
    return {
        **stack,
        "case": measurement.case,
        "min_pixels": measurement.candidates.min_pixels,
    }


def has_slice(data: Mapping[str, Any], index: int) -> bool:
    """Return whether data of `stack_data` hold a slice."""
    return any(each["index"] == index for each in data["slices"])


def slices_data(
    stir: Image,
    slices: Sequence[int],
    *,
    around: Image,
    masks: Mapping[str, NDArray[np.bool_]],
    intensities: NDArray[np.float64] | None = None,
    t1w: Image | None = None,
) -> dict[str, Any]:
    """Return some slices of a scan as pages read them: `planes` of scan and masks.

    Intensities are stored as places in one sorted list of the intensities that occur, so that a
    page compares the very numbers that Python does.

    Parameters
    ----------
    stir
        The scan.
    slices
        Indices counted from 0, at most `MOST_SLICES`.
    around
        Mask that gives the crop, with `vhi.images.orientation.MARGIN_MM`, and the window.
    masks
        By the name that they have in the page's slices.
    intensities
        Of normal bone on all slices.
    t1w
        On the grid of `stir`, to look at.

    Returns
    -------
    dict
        For `decodeStack` in core.js.

    Raises
    ------
    ValueError
        No slice, or more than a page may carry.
    """
    if not 1 <= len(slices) <= MOST_SLICES:
        raise ValueError(f"slices has {len(slices)}; expected 1 to {MOST_SLICES}")
    view = view_of(stir)
    shown = planes(stir.array, slices, around=around)
    normal_bone = np.zeros(0) if intensities is None else intensities
    values = np.unique(np.concatenate([normal_bone, *map(np.ravel, shown)]))
    stored = {name: planes(mask, slices, around=around) for name, mask in masks.items()}
    if t1w is not None:
        stored["t1w"] = planes(grey_levels(t1w, around), slices, around=around)
    return {
        "values": encode(values.astype(np.float64)),
        "width": shown[0].shape[1],
        "height": shown[0].shape[0],
        "pixel_aspect": stir.spacing_mm[view.rows] / stir.spacing_mm[view.columns],
        "voxel_mm3": float(np.prod(stir.spacing_mm)),
        "left": view.left,
        "right": view.right,
        "window": list(window_of(stir, around.array)),
        "normal_bone": places_of(normal_bone, values),
        "slices": [
            {
                "index": int(index),
                "stir": places_of(shown[n], values),
                **{name: encode(each[n]) for name, each in stored.items()},
            }
            for n, index in enumerate(slices)
        ],
    }


def planes(array: NDArray[Any], slices: Sequence[int], *, around: Image) -> list[NDArray[Any]]:
    """Return slices of an array as a page shows them: laid out for reading, and cropped.

    Parameters
    ----------
    array
        On the grid of `around`, shape (ni, nj, nk).
    slices
        Indices counted from 0.
    around
        Mask whose bounds on these slices, with a margin, are the crop; the whole slice where it
        marks nothing.
    """
    view, chosen = view_of(around), np.zeros(around.shape[around.slice_axis], bool)
    chosen[list(slices)] = True
    along = [-1 if axis == around.slice_axis else 1 for axis in range(3)]
    box = box_of(around.with_array(around.array & chosen.reshape(along)), view)
    return [view.plane(array, index)[box] for index in slices]


def places_of(array: NDArray[np.floating], values: NDArray[np.floating]) -> dict[str, Any]:
    """Return each intensity's place among the sorted `values`, encoded: exact, in two bytes."""
    kind = np.uint16 if values.size <= 1 << 16 else np.uint32
    return encode(np.searchsorted(values, array).astype(kind))


def grey_levels(scan: Image, bone: Image) -> NDArray[np.uint8]:
    """Return a scan as 256 grey levels, to look at, black and white by what is in `bone`."""
    low, high = window_of(scan, bone.array)
    return np.clip((scan.array - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)
