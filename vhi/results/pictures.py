"""The report's pictures, without matplotlib: slices as pixels, the histogram as SVG.

Nothing is computed here. Candidates at or above the lower threshold are yellow, at or above the
upper one red, outlines of masks blue: the colours of `vhi.results.figures`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pixels
from PIL import ImageColor, ImageDraw, ImageFont

from vhi.digits import digits
from vhi.images.image import Image
from vhi.images.orientation import box_of, fullest_slices, view_of, window_of
from vhi.results.figures import AMBER, BARS, BLUE, RED, SLATE, YELLOW, histogram_bins
from vhi.steps.regions import UPPER

if TYPE_CHECKING:
    from vhi.measurement import Measurement

WHITE, COLOURS = 252, (YELLOW, RED, BLUE)
MARKED = {1: WHITE + 1, UPPER: WHITE + 2}
OUTLINE = WHITE + 3
"""Entries of the palette: shades of grey up to white, then the colours. One byte for each pixel
makes a PNG in a quarter of the time."""

WIDTH, GAP, TITLE, FONT = 990, 6, 20, 12
"""Pixels: width of the montage, between slices, height of a title, size of its letters."""

HATCH = 3
"""Pixels from one line to the next where a region is proposed for removal: the smallest region,
two voxels wide, still shows two lines."""

HISTOGRAM = (572, 300)
"""Width and height in pixels."""


def montage(measurement: Measurement, *, count: int = 6, caption: str = "") -> Pixels.Image:
    """Draw the slices with most inflammation, lower-threshold voxels yellow, upper red.

    Regions proposed for removal are hatched, unless the scan is read. `caption` is a line below.
    """
    stir, labels = measurement.stir, measurement.inflammation.array
    hatched = None if measurement.read else measurement.proposed_removal
    if hatched is not None and measurement.cleaned == "proposed":
        labels = np.where(hatched, measurement.kept.array, labels)
    region = measurement.disease_region
    box, window = box_of(region, view_of(stir)), window_of(stir, region.array)
    slices = fullest_slices(labels, stir.slice_axis, count)
    columns = min(3, len(slices))
    width = (WIDTH + GAP) // columns - GAP
    drawn = [
        draw_slice(
            stir,
            index,
            labels=labels,
            hatched=hatched,
            window=window,
            box=box,
            width=width,
            title=f"slice {index}",
        )
        for index in slices
    ]
    return _sheet(drawn, columns, caption)


def areas(measurement: Measurement) -> Pixels.Image:
    """Draw normal bone on STIR and the disease region on T1w, for a reader to check both masks."""
    stir, region, bone = measurement.stir, measurement.disease_region, measurement.normal_bone
    box = box_of(region, view_of(stir))
    (index,) = fullest_slices(bone.array, stir.slice_axis, 1)
    shown = [(stir, bone, "STIR, normal bone")]
    if measurement.t1w is not None:
        shown.append((measurement.t1w, region, "T1w, disease region"))
    drawn = [
        draw_slice(
            image,
            index,
            outline=mask.array,
            window=window_of(image, region.array),
            box=box,
            width=WIDTH // 3,
            title=f"{name} (slice {index})",
        )
        for image, mask, name in shown
    ]
    return _sheet(drawn, len(drawn))


def draw_slice(
    image: Image,
    index: int,
    *,
    window: tuple[float, float],
    box: tuple[slice, slice],
    width: int,
    title: str,
    labels: NDArray[np.uint8] | None = None,
    hatched: NDArray[np.bool_] | None = None,
    outline: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Draw one slice in grey, with candidate labels and the outline of a mask over it.

    Parameters
    ----------
    image
        Intensities, with the grid that all else lies on.
    index
        Slice, counted from 0.
    window
        Intensities for black and white.
    box
        Rows and columns to show, from `box_of`.
    width
        Of the picture, in pixels.
    title
        Text above, between the letters of the patient's sides.
    labels
        0, 1 (yellow), 2 (red).
    hatched
        A mask in which labels are lines on grey.
    outline
        A mask whose border is drawn in blue.

    Returns
    -------
    array of uint8
        Entries of the palette, shape (rows, `width`).
    """
    view = view_of(image)

    def shown(array: NDArray[Any]) -> NDArray[Any]:
        return view.plane(array, index)[box]

    low, high = window
    grey = np.clip((shown(image.array) - low) / (high - low), 0, 1) * WHITE
    entries = grey.round().astype(np.uint8)
    marked = entries.copy()
    if labels is not None:
        for label, entry in MARKED.items():
            marked[shown(labels) == label] = entry
    rows, columns = entries.shape
    size = width, max(round(width * rows / columns * view.aspect), 1)
    pixels = _enlarged(marked, size)
    if hatched is not None and shown(hatched).any():
        down, across = np.ogrid[: size[1], : size[0]]
        between = _enlarged(shown(hatched), size) & ((down + across) % HATCH > 0)
        pixels[between] = _enlarged(entries, size)[between]
    if outline is not None:
        pixels[_border(shown(outline), size)] = OUTLINE
    return np.concatenate([_title(title, view.left, view.right, width), pixels])


def _enlarged(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    return np.array(Pixels.fromarray(array).resize(size, Pixels.Resampling.NEAREST))


def _border(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the two pixels on either side of the border of an enlarged mask."""
    share = Pixels.fromarray(mask.astype(np.uint8) * 255).resize(size, Pixels.Resampling.BILINEAR)
    inside = np.array(share) > 127
    border = np.zeros_like(inside)
    across, down = inside[:, 1:] != inside[:, :-1], inside[1:] != inside[:-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    return border


def _title(text: str, left: str, right: str, width: int) -> NDArray[np.uint8]:
    """Return a line of text: letters of the two sides, and a title between them."""
    line = Pixels.new("L", (width, TITLE), WHITE)
    draw, font = ImageDraw.Draw(line), ImageFont.load_default(FONT)
    for x, anchor, part in ((2, "lm", left), (width / 2, "mm", text), (width - 2, "rm", right)):
        draw.text((x, TITLE / 2), part, fill=0, font=font, anchor=anchor)
    return np.array(line)


def _sheet(drawn: Sequence[NDArray[np.uint8]], columns: int, caption: str = "") -> Pixels.Image:
    """Return pictures of equal size in rows of `columns`, as one picture with a palette."""
    height, width = drawn[0].shape
    rows = -(-len(drawn) // columns)
    whole = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP)
    sheet = np.full(whole, WHITE, np.uint8)
    for number, pixels in enumerate(drawn):
        row, column = divmod(number, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        sheet[top : top + height, left : left + width] = pixels
    if caption:
        sheet = np.concatenate([sheet, _title(caption, "", "", sheet.shape[1])])
    picture = Pixels.fromarray(sheet)
    shades = [round(255 * entry / WHITE) for entry in range(WHITE + 1) for _ in range(3)]
    picture.putpalette(shades + [part for name in COLOURS for part in ImageColor.getrgb(name)])
    return picture


def histogram(measurement: Measurement) -> str:
    """Draw the intensities of normal bone with both thresholds, as SVG (Figure 1d of the paper)."""
    values, thresholds = measurement.intensities, measurement.thresholds
    counts, edges = np.histogram(values, histogram_bins(values))
    width, height = HISTOGRAM
    left, right, top, bottom = 58, width - 12, 52, height - 44
    first, last = float(edges[0]), max(float(edges[-1]), thresholds.upper)
    margin = 0.03 * (last - first)

    def x(value: float) -> str:
        share = (value - first + margin) / (last - first + 2 * margin)
        return f"{left + share * (right - left):.1f}"

    def y(count: float) -> str:
        return f"{bottom - count / (1.05 * counts.max()) * (bottom - top):.1f}"

    outline = " ".join(
        f"V{y(count)}H{x(edge)}" for count, edge in zip(counts, edges[1:], strict=True)
    )
    parts = [f'<path d="M{x(first)} {bottom}{outline}V{bottom}Z" fill="{BARS}"/>']
    parts.append(f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#000"/>')
    for value in ticks(first - margin, last + margin, 7):
        parts.append(f'<path d="M{x(value)} {bottom}v4" stroke="#000"/>')
        parts.append(_text(digits(value), x(value), bottom + 17, "middle"))
    for value in ticks(0, 1.05 * float(counts.max()), 6):
        parts.append(f'<path d="M{left} {y(value)}h-4" stroke="#000"/>')
        parts.append(_text(digits(value), left - 7, float(y(value)) + 4, "end"))
    lines = (
        (thresholds.lower, AMBER, "5 3", "lower threshold"),
        (thresholds.upper, RED, "5 3", "upper threshold"),
        (thresholds.upper_quartile, SLATE, "1.5 2.5", "upper quartile"),
    )
    for number, (value, colour, dashes, name) in enumerate(lines):
        stroke = f'stroke="{colour}" stroke-width="1.7" stroke-dasharray="{dashes}"'
        start = left + number * (right - left) / len(lines)
        parts.append(f'<path d="M{x(value)} {top}V{bottom}" {stroke}/>')
        parts.append(f'<path d="M{start:.1f} 36h18" {stroke}/>')
        parts.append(_text(f"{name} {digits(value)}", start + 23, 40))
    title = (
        f"{values.size} voxels of normal bone, IQR {digits(thresholds.iqr, 0, 2)}, "
        f"multiple n = {thresholds.multiple:.2f}"
    )
    parts.append(_text(title, (left + right) / 2, 16, "middle"))
    parts.append(_text("STIR intensity (scanner units)", (left + right) / 2, height - 8, "middle"))
    turned = f'<g transform="translate(14 {(top + bottom) / 2}) rotate(-90)">'
    parts.append(turned + _text("voxels of normal bone", 0, 0, "middle") + "</g>")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="12">\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from `low` to `high`, at most `most`; steps are 1, 2, 5, 10, 20, ...

    Examples
    --------
    >>> ticks(87, 634, 7)
    [100.0, 200.0, 300.0, 400.0, 500.0, 600.0]
    >>> ticks(0, 8, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
        if len(numbers) <= most:
            break
    return [number * step for number in numbers]


def _text(text: str, x: object, y: float, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
