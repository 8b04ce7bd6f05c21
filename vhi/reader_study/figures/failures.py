"""Where readers differ: the worklist of scans, and a slice with both masks.

Source of the side-by-side form: Hepburn et al. 2023, Figure S4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns
from numpy.typing import ArrayLike, NDArray

from vhi.images.image import Image
from vhi.images.orientation import box_of, view_of
from vhi.reader_study.figures.style import BLUE, DARK, GREY, READERS, RED, dress, key, named
from vhi.results import figures
from vhi.results.figures import draw_slice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vhi.reader_study.pairs import ReaderPair


def draw_flagged(
    axes: Axes,
    pairs: ReaderPair,
    limits: Mapping[str, float],
    flagged: ArrayLike,
    *,
    title: str = "",
) -> None:
    """Draw the differences of all scans in order of size; those on the worklist are named.

    Parameters
    ----------
    limits
        By rule, the distance from 0 beyond which a scan is on the worklist.
    flagged
        Whether each scan is on the worklist.
    """
    table = pd.DataFrame(
        {"scan": pairs.scans, "value": pairs.first - pairs.second, "flagged": np.asarray(flagged)}
    )
    table = table.sort_values("value", kind="stable", ignore_index=True)
    table["place"] = table.index + 1
    axes.set_xlabel(f"n = {len(table)} scans in order of difference")
    axes.set_ylabel(f"{' − '.join(pairs.readers)}:\n{named(pairs.name, pairs.unit)}")
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=0)
    for (label, limit), style in zip(limits.items(), ("--", ":", "-.") * 3, strict=False):
        for height, name in ((limit, f"± {label}"), (-limit, None)):
            axes.axhline(height, color=DARK, linestyle=style, linewidth=1, label=name)
    listed = table[table["flagged"].astype(bool)]
    columns = {"x": "place", "y": "value", "legend": False, "ax": axes}
    sns.scatterplot(
        table.drop(listed.index), facecolor="none", edgecolor=BLUE, linewidth=1, s=22, **columns
    )
    label = f"to look at ({len(listed)} of {len(table)})"
    sns.scatterplot(listed, marker="D", color=RED, s=28, label=label, **columns)
    for row in listed.itertuples():
        up = row.value >= 0
        axes.annotate(
            row.scan, (row.place, row.value), (0, 7 if up else -7), fontsize=7, rotation=90,
            textcoords="offset points", ha="center", va="bottom" if up else "top",
        )  # fmt: skip
    axes.margins(y=0.4)
    axes.locator_params(axis="x", integer=True)
    dress(axes, title=title, simulated=pairs.simulated)
    key(axes, columns=3)


def draw_side_by_side(
    panels: Sequence[Axes],
    stir: Image,
    index: int,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    *,
    readers: tuple[str, str] = READERS,
    box: tuple[slice, slice] | None = None,
    window: tuple[float, float] | None = None,
    simulated: bool = False,
) -> None:
    """Draw one slice three times: each reader's outline, then where they differ (Figure S4).

    Parameters
    ----------
    panels
        Three axes.
    stir, index
        Intensities, and a slice of them, counted from 0.
    first, second
        Masks on the grid of `stir`. In the third panel, voxels that only the first marks are
        yellow, those that only the second marks red.
    box, window
        As for `vhi.results.figures.draw_slice`; by default the box holds both masks in this slice.

    Raises
    ------
    ValueError
        There are not three panels, or a mask has another shape than the image.
    """
    if len(panels) != 3:
        raise ValueError(f"panels: expected three axes, got {len(panels)}")
    for name, mask in (("first", first), ("second", second)):
        if mask.shape != stir.shape:
            raise ValueError(f"{name} has shape {mask.shape}; give a mask of stir's {stir.shape}")
    if box is None:
        marked = np.zeros(stir.shape, bool)
        plane = tuple(index if a == stir.slice_axis else slice(None) for a in range(3))
        marked[plane] = (first | second)[plane]
        box = box_of(stir.with_array(marked), view_of(stir))
    labels = np.where(first & ~second, 1, np.where(second & ~first, 2, 0)).astype(np.uint8)
    for axes, name, mask in zip(panels, readers, (first, second), strict=False):
        draw_slice(axes, stir, index, outline=mask, box=box, window=window, title="")
        dress(axes, title=f"{name}, slice {index}", simulated=simulated)
    draw_slice(panels[2], stir, index, labels=labels, box=box, window=window, title="")
    for colour, name in zip((figures.YELLOW, figures.RED), readers, strict=True):
        panels[2].plot([], [], "s", color=colour, markersize=6, label=f"only {name}")
    panels[2].legend(loc="lower center", fontsize=7, ncols=2, framealpha=0.8, borderpad=0.3)
    dress(panels[2], title="difference", simulated=simulated)
