"""Candidate volume as a function of the multiple n of the threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import seaborn as sns

from vhi.reader_study.figures.style import BLUE, DARK, GREY, PALE, RED, dress, key, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_threshold_curve(
    axes: Axes,
    curve: pd.DataFrame,
    chosen: float,
    volume: float,
    *,
    interval: tuple[float, float] | None = None,
    title: str = "",
    simulated: bool = False,
) -> None:
    """Draw candidate volume by multiple n, and the n that the rule chose.

    Parameters
    ----------
    curve
        Columns ``multiple`` (n, without unit) and ``mm3``.
    chosen, volume
        The chosen n and the volume there, in mm³.
    interval
        Of the volume (mm³) over bootstrapped areas of normal bone: a horizontal band where finite.
    """
    axes.set(xlabel="multiple n of the interquartile range", ylabel="candidates (mm³)")
    sns.lineplot(
        curve, x="multiple", y="mm3", color=BLUE, linewidth=1.6, label="volume over n", ax=axes,
        legend=False, errorbar=None,
    )  # fmt: skip
    if interval is not None and all(map(math.isfinite, interval)):
        axes.axhspan(
            *interval, facecolor=PALE, edgecolor=GREY, alpha=0.6, linewidth=0,
            label=f"interval of the volume: {number(interval[0])} to {number(interval[1])}",
        )  # fmt: skip
    axes.axvline(chosen, color=DARK, linestyle="--", linewidth=1, label=f"chosen n = {chosen:.2f}")
    sns.scatterplot(
        x=[chosen], y=[volume], marker="D", color=RED, s=36, label=f"{number(volume)} mm³",
        zorder=4, ax=axes, legend=False,
    )  # fmt: skip
    axes.set_ylim(bottom=0)
    dress(axes, title=title, simulated=simulated)
    key(axes)
