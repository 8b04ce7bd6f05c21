"""A control on a built page: its data, its drawn twin and its script in one piece of HTML.

It works from any folder, also when opened from disk, and loads nothing from elsewhere. The script's
parts (`js/`) are plain ES modules that import each other. A page opened from disk may not load
modules from files, and a notebook takes one text: so here they are put one after another, without
their import and export lines. The names at the top level of the parts must therefore differ.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.images.image import Image
from vhi.images.orientation import View, box_of, fullest_slices, view_of, window_of
from vhi.steps.candidates import Candidates

FOLDER = Path(__file__).parent / "js"

_IMPORT = re.compile(r'^import\s[^;]*?\sfrom\s"\./([a-z_]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|const|class)\b)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default \{ render \};\n", re.MULTILINE)

PAGE_SLICES = 3
"""Slices that a page carries to compute on. Chosen: about 1.3 MB of a scan of the study."""

MOST_SLICES = 5
"""Slices that a page may carry: one of the study takes about 0.4 MB."""


def control_names() -> tuple[str, ...]:
    """Return the controls that there are: files that end in ``export default { render };``."""
    return tuple(sorted(f.stem for f in FOLDER.glob("*.js") if _DEFAULT.search(_text(f.stem))))


@cache
def module_text(name: str) -> str:
    """Return a control as one ES module without imports: what anywidget takes as ``_esm``.

    `name`: one of `control_names`.
    ValueError: there is no such control.
    """
    return f"{_joined(name)}\nexport default {{ render }};\n"


@cache
def page_script(name: str) -> str:
    """Return a control as a module for a page: it brings the page's own controls to life."""
    return f'{_joined(name, "page")}\nstart("{name}", render);\n'


def _joined(name: str, *more: str) -> str:
    """Return a control's file after all that it imports, each once."""
    if name not in control_names():
        raise ValueError(f"no control {name!r}; there are: {', '.join(control_names())}")
    parts: list[str] = []

    def add(part: str) -> None:
        for other in _IMPORT.findall(_text(part)):
            add(other)
        if part not in parts:
            parts.append(part)

    for part in (name, *more):
        add(part)
    return "\n".join(bare_text(part) for part in parts)


def bare_text(part: str) -> str:
    """Return a file's text without its import and export lines."""
    text = _text(part)
    for pattern in (_IMPORT, _EXPORT, _DEFAULT):
        text = pattern.sub("", text)
    return text


def _text(part: str) -> str:
    return (FOLDER / f"{part}.js").read_text(encoding="utf-8")


def page_html(name: str, data: dict[str, Any], *, label: str, twin: str) -> str:
    """Return a control as HTML.

    `data` is what ``model.get`` returns, by name: text, numbers, lists, and arrays from `encode`.
    `label` is for screen readers. `twin` is the HTML of the picture that is shown until the script
    runs, or where none may.
    """
    # "<" never occurs in the data, so that no text in them can end the element.
    stored = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="vhi-control" data-control="{name}" role="group" '
        f'aria-label="{html.escape(label)}">'
        f'<div class="vhi-drawn">{twin}</div>'
        f'<script type="application/json">{stored}</script>'
        f'<script type="module">\n{page_script(name)}</script></div>'
    )


def encode(array: NDArray[Any]) -> dict[str, Any]:
    """Return an array for `decodeArray` in core.js: flat, little-endian; booleans as bits.

    ValueError: a data type that pages do not know.
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


def encode_positions(array: NDArray[np.floating], values: NDArray[np.floating]) -> dict[str, Any]:
    """Return the position of each intensity in the sorted `values`, encoded without loss."""
    kind = np.uint16 if values.size <= 1 << 16 else np.uint32
    return encode(np.searchsorted(values, array).astype(kind))


def frame_data(plane: NDArray[Any], view: View) -> dict[str, Any]:
    """Return what a page has to know to show planes: their size, pixels and the patient's sides."""
    return {
        "width": plane.shape[1],
        "height": plane.shape[0],
        "pixel_aspect": view.aspect,
        "voxel_mm3": float(np.prod(view.pitch_mm)),
        "left": view.left,
        "right": view.right,
    }


def first_slice(candidates: Candidates, slice_index: int | None = None) -> int:
    """Return the slice a control starts on: the one asked for, else that with most candidates.

    InputError: the scan has no such slice.
    """
    kept = candidates.kept
    if slice_index is None:
        return fullest_slices(kept.array, kept.slice_axis, 1)[0]
    last = kept.shape[kept.slice_axis] - 1
    if slice_index not in range(last + 1):
        raise InputError(f"slice {slice_index}: the scan has none; give a number from 0 to {last}")
    return slice_index


def shown_slices(labels: Image, index: int) -> list[int]:
    """Return `PAGE_SLICES` slices for a page, in order: one, and those with most labels."""
    fullest = fullest_slices(labels.array, labels.slice_axis, PAGE_SLICES)
    return fullest if index in fullest else sorted([index, *fullest[: PAGE_SLICES - 1]])


def stack_data(
    candidates: Candidates, slices: Sequence[int], *, t1w: Image | None = None
) -> dict[str, Any]:
    """Return some slices of a scan with all that steps ii to v need, for `decodeStack` in core.js.

    Intensities are stored as positions in one sorted list of the intensities that occur, so that a
    page compares exactly the numbers that Python compares. Each slice has STIR, T1w (grey levels)
    where there is one, and ``bone``, the mask in which candidates are sought; all cropped alike.

    `slices` are counted from 0; ValueError for none, or for more than `MOST_SLICES`.
    """
    if not 1 <= len(slices) <= MOST_SLICES:
        raise ValueError(f"slices has {len(slices)}; expected 1 to {MOST_SLICES}")
    stir, region = candidates.stir, candidates.disease_region
    masks = planes(candidates.searched, slices, around=region)
    encoded = {"bone": [encode(plane) for plane in masks]}
    if t1w is not None:
        window = window_of(t1w, region.array)
        shown = planes(t1w.array, slices, around=region)
        encoded["t1w"] = [encode(grey_levels(plane, window)) for plane in shown]
    shown = planes(stir.array, slices, around=region)
    values = np.unique(np.concatenate([candidates.intensities, *map(np.ravel, shown)]))
    return {
        "min_pixels": candidates.min_pixels,
        "values": encode(values.astype(np.float64)),
        **frame_data(shown[0], view_of(stir)),
        "window": list(window_of(stir, region.array)),
        "normal_bone": encode_positions(candidates.intensities, values),
        "slices": [
            {
                "index": int(index),
                "stir": encode_positions(shown[n], values),
                **{name: parts[n] for name, parts in encoded.items()},
            }
            for n, index in enumerate(slices)
        ],
    }


def planes(array: NDArray[Any], slices: Sequence[int], *, around: Image) -> list[NDArray[Any]]:
    """Return slices of an array (ni, nj, nk) as a page shows them: the right way up, and cropped.

    `slices` are counted from 0. The crop is the bounds of the mask `around` on these slices, with a
    margin; the whole slice where it marks nothing.
    """
    view, chosen = view_of(around), np.zeros(around.shape[around.slice_axis], bool)
    chosen[list(slices)] = True
    along = [-1 if axis == around.slice_axis else 1 for axis in range(3)]
    box = box_of(around.with_array(around.array & chosen.reshape(along)), view)
    return [view.plane(array, index)[box] for index in slices]


def grey_levels(plane: NDArray[np.floating], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Return intensities as 256 grey levels for display; `window` is shown as black and white."""
    low, high = window
    return np.clip((plane - low) / (high - low) * 255, 0, 255).round().astype(np.uint8)
