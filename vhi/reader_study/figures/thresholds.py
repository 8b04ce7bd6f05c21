"""Picture of what a volume owes to the multiple n of its threshold. It computes nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, key, number, pairs_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_threshold_curve(
    axes: Axes,
    multiples: ArrayLike,
    volumes: ArrayLike,
    chosen: float,
    *,
    volume: float | None = None,
    interval: tuple[float, float] | None = None,
    multiple_interval: tuple[float, float] | None = None,
    unit: str = "mm³",
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw the volume over the multiple n, with the n that was chosen and what it is sure to.

    Parameters
    ----------
    axes
        Where to draw.
    multiples, volumes
        The curve: n, without unit, and the volume above the threshold that it gives.
    chosen
        The n that the rule settled on.
    volume
        The volume there.
    interval
        Of the volume, over bootstrapped areas of normal bone; a horizontal band.
    multiple_interval
        Of n, likewise; a vertical band.
    unit, title
        What is written.
    simulated
        Say so.
    """
    x, y = pairs_of(multiples, volumes)
    axes.plot(x, y, color=BLUE, linewidth=1.6, label="volume over n")
    for ends, draw, name in (
        (interval, axes.axhspan, "interval of the volume"),
        (multiple_interval, axes.axvspan, "interval of n"),
    ):
        if ends is not None and all(math.isfinite(end) for end in ends):
            hatch = "" if draw == axes.axhspan else "///"
            said = f"{name}: {number(ends[0])} to {number(ends[1])}"
            draw(
                *ends,
                facecolor=PALE,
                edgecolor=GREY,
                alpha=0.6,
                hatch=hatch,
                linewidth=0,
                label=said,
            )
    axes.axvline(chosen, color=DARK, linestyle="--", linewidth=1, label=f"chosen n = {chosen:.2f}")
    if volume is not None:
        said = f"{number(volume)} {unit}"
        axes.plot([chosen], [volume], "D", color=RED, markersize=6, label=said, zorder=4)
    axes.set_xlabel("multiple n of the interquartile range")
    axes.set_ylabel(f"candidates ({unit})")
    axes.set_ylim(bottom=0)
    dress(axes, title=title, simulated=simulated)
    key(axes)
