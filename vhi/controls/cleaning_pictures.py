"""Pictures of the cleaning game."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vhi.controls.cleaning_rounds import Round
from vhi.controls.control import Twin
from vhi.controls.pictures import TURQUOISE
from vhi.results.figures import BLUE, RED, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_round(
    axes: Axes,
    each: Round,
    removed: Iterable[int],
    *,
    outline: NDArray[np.bool_] | None = None,
    title: str,
) -> None:
    """Draw a round: kept regions yellow and red, removed ones turquoise, an outline in blue."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patheffects import withStroke

    gone = np.isin(each.regions, list(removed)) & (each.regions > 0)
    look: dict[str, Any] = {"aspect": each.pixel_aspect, "interpolation": "nearest"}
    axes.imshow(each.stir, cmap="gray", vmin=0, vmax=255, **look)
    labels = np.ma.masked_equal(np.where(gone, 3, each.labels), 0)
    colours = ListedColormap([YELLOW, RED, TURQUOISE])
    axes.imshow(labels, cmap=colours, vmin=1, vmax=3, alpha=0.75, **look)
    if outline is not None and outline.any():
        axes.contour(outline, levels=[0.5], colors=[BLUE], linewidths=1.2)
    axes.set_axis_off()
    axes.set_title(title, fontsize=8, pad=3)
    look = {"color": "white", "path_effects": [withStroke(linewidth=1.5, foreground="black")]}
    for x, align, letter in ((0.02, "left", each.left), (0.98, "right", each.right)):
        axes.text(x, 0.97, letter, transform=axes.transAxes, ha=align, va="top", **look)


def round_figure(each: Round, removed: Iterable[int], outline: NDArray[np.bool_]) -> Figure:
    """Draw a round by itself."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5.9))
    title = f"{'simulated ' * each.simulated}case {each.case}, slice {each.index}"
    draw_round(figure.subplots(), each, removed, outline=outline, title=title)
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.95)
    return figure


def round_twin(rounds: Sequence[Round]) -> Twin:
    """Draw the first and the last round, each before and after the best cleaning."""
    from matplotlib.figure import Figure

    shown = [rounds[0], rounds[-1]][: len(rounds)]
    shapes = [each.labels.shape[0] * each.pixel_aspect / each.labels.shape[1] for each in shown]
    figure = Figure(figsize=(7.8, sum(3.9 * shape + 0.45 for shape in shapes)))
    grid = figure.subplots(
        len(shown), 2, squeeze=False, gridspec_kw={"height_ratios": np.add(shapes, 0.1)}
    )
    scored, said = bool(shown[0].references), []
    for (left, right), each in zip(grid, shown, strict=True):
        title = f"{'simulated ' * each.simulated}case {each.case}, slice {each.index}"
        before = f"{len(each.sizes)} regions, {np.count_nonzero(each.labels):,} voxels"
        draw_round(left, each, (), title=f"{title}\n{before}")
        removed, outline, name = _example(each)
        after = f"{name}\n{np.count_nonzero(each.without(removed)):,} voxels"
        draw_round(right, each, removed, outline=outline, title=after)
        said.append(f"{title}: {before}; {after}".replace("\n", ", "))
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.93, wspace=0.02)
    order = "; the easiest above, the hardest below" if scored and len(shown) > 1 else ""
    drawn = (
        f"the best that whole regions can give; outlined in blue: {shown[0].references[0].name}"
        if scored
        else "without its largest region: what a removal does, no judgement on this region. No "
        "reader drew on these scans, so there is no score"
    )
    return Twin(
        figure,
        f"Slices to clean{order}. Left: all candidate regions. Right: {drawn}. Turquoise: "
        "removed. Where scripts may run, regions are removed and compared with readers here, "
        "without a kernel.",
        "Slices with candidates in yellow and red, before and after cleaning. "
        + "; ".join(said)
        + ".",
    )


def _example(each: Round) -> tuple[set[int], NDArray[np.bool_] | None, str]:
    """Return regions to remove in the twin, an outline to show, and what this is called."""
    if not each.references:
        return set(list(each.sizes)[:1]), None, "without its largest region"
    first = each.references[0]
    removed = set(each.sizes) - set(first.best)
    return removed, first.mask, f"best cleaning: Dice {each.ceiling:.3f}"
