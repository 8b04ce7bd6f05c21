"""Figures of readers' masks, in the paper's form where it has one (Figures 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vhi.images.nifti import load_image
from vhi.reader_study.comparison import Disagreement, MaskComparison
from vhi.reader_study.figures.failures import draw_side_by_side
from vhi.reader_study.figures.of_patients import agreement_figure, failures_figure
from vhi.reader_study.figures.overlap import draw_ceiling, draw_overlaps
from vhi.reader_study.figures.style import new_figure
from vhi.reader_study.figures.thresholds import draw_threshold_curve
from vhi.reader_study.overlap import overlaps_of
from vhi.reader_study.report import MOST_PAIRS, Picture
from vhi.statistics.medians import median_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PLACES = 6


def overlap_figure(table: pd.DataFrame, *, simulated: bool = False) -> Figure:
    """Draw boxplots of Dice for every pair, with order-statistic intervals of the medians.

    Parameters
    ----------
    table
        From `vhi.reader_study.overlap.overlaps_of`.
    """
    pairs = table.groupby("pair", sort=False)["dice"]
    medians = {pair: median_interval(dice[np.isfinite(dice)]) for pair, dice in pairs}
    intervals = {str(pair): (m.low, m.high) for pair, m in medians.items() if m is not None}
    figure = new_figure(max(3.6, 1.5 + 1.25 * len(medians)), 4)
    axes = figure.subplots()
    draw_overlaps(axes, table, linked=True, intervals=intervals, simulated=simulated)
    axes.set_ylim(-0.02, 1.02)
    return figure


def composite_figure(table: pd.DataFrame, *, simulated: bool = False) -> Figure:
    """Draw Dice of each segmentation with the composite references, one panel for each kind.

    Parameters
    ----------
    table
        From `vhi.reader_study.composite.reference_table`; one point for each scan, and for each
        choice of members where the reference is made of both methods.
    """
    kinds = table["reference"].unique()
    figure = new_figure(max(4.5, 3.7 * len(kinds)), 4)
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)
    for axes, kind in zip(panels.flat, kinds, strict=True):
        points = table[table["reference"] == kind]
        draw_overlaps(axes, points, "segmentation", title=f"reference: {kind}", simulated=simulated)
        axes.set_ylim(-0.02, 1.02)
    return figure


def ceiling_figure(table: pd.DataFrame, *, simulated: bool = False) -> Figure:
    """Draw for each scan how near whole-region cleaning could come to the manual masks.

    Parameters
    ----------
    table
        From `vhi.reader_study.ceiling.ceiling_table`.
    """
    figure = new_figure(7, 1.4 + 0.42 * table["scan"].nunique())
    draw_ceiling(figure.subplots(), table, simulated=simulated)
    return figure


def disagreement_figure(places: Sequence[Disagreement], *, simulated: bool = False) -> Figure:
    """Draw each place on STIR: one reader's outline, the other's, their difference (Figure S4)."""
    figure = new_figure(9, 2.4 * len(places))
    grid = figure.subplots(len(places), 3, squeeze=False)
    for panels, (scan, row) in zip(grid, places, strict=True):
        stir = load_image(scan.case.stir)
        names = (row["first"], row["second"])
        masks = {segmentation.name: segmentation.mask for segmentation in scan.segmentations}
        first, second = (scan.whole(masks[name]).array for name in names)
        index = (row["i"], row["j"], row["k"])[stir.slice_axis]
        draw_side_by_side(panels, stir, index, first, second, readers=names, simulated=simulated)
        title = f"{scan.scan}: {panels[0].get_title(loc='left')}"
        panels[0].set_title(title, loc="left", fontsize=9)
    return figure


def threshold_figure(
    curves: pd.DataFrame, cases: pd.DataFrame, *, simulated: bool = False
) -> Figure:
    """Draw the volume of candidates over the multiple n, a panel for each case.

    Parameters
    ----------
    curves, cases
        From `vhi.reader_study.thresholds.curve_table` and `threshold_table`.
    """
    columns = min(len(cases), 3)
    lines = -(-len(cases) // columns)
    figure = new_figure(4.6 * columns, 3.4 * lines)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(cases) :]:
        axes.remove()
    for axes, row in zip(grid.flat, cases.to_dict("records"), strict=False):
        draw_threshold_curve(
            axes,
            curves[(curves["case"] == row["case"]) & (curves["visit"] == row["visit"])],
            row["multiple"],
            row["mm3"],
            interval=(row.get("mm3_low", np.nan), row.get("mm3_high", np.nan)),
            title=f"{row['case']} {row['visit']}",
            simulated=simulated,
        )
    return figure


def pictures_of(comparison: MaskComparison, *, simulated: bool) -> Iterator[Picture]:
    """Give the figures of a comparison of masks, in the order of the page."""
    start = "Simulated scans and readers. " if simulated else ""
    for cleaned, kind in ((False, "manual"), (True, "cleaned")):
        table = overlaps_of(comparison.overlap, cleaned=cleaned)
        if len(table):
            yield Picture(
                f"overlap-{kind}",
                f"Overlap of {kind} masks",
                f"{start}Dice of every two segmentations, n = "
                f"{table.groupby('pair')['scan'].nunique().max()} scans; points of one scan are "
                "joined, red: median and its order-statistic interval.",
                f"Boxplots of Dice for {', '.join(table['pair'].unique())}",
                partial(overlap_figure, table, simulated=simulated),
            )
    if len(comparison.composite):
        yield Picture(
            "composite",
            "Segmentations against composite references",
            f"{start}Dice of each segmentation with references made of segmentations, n = "
            f"{comparison.composite['scan'].nunique()} scans.",
            "Boxplots of Dice with each kind of reference",
            partial(composite_figure, comparison.composite, simulated=simulated),
        )
    if len(comparison.ceiling):
        yield Picture(
            "cleaning-ceiling",
            "How far cleaning by whole regions can get",
            f"{start}The best Dice with each manual mask that any choice of whole candidate "
            "regions can reach (circles), and the Dice of the candidates without cleaning (bars), "
            f"n = {comparison.ceiling['scan'].nunique()} scans.",
            "Dice of perfect cleaning with manual masks, scan by scan",
            partial(ceiling_figure, comparison.ceiling, simulated=simulated),
        )
    for number, pairs in enumerate(comparison.drawn[:MOST_PAIRS], start=1):
        what, data = " − ".join(pairs.readers), f"{start}{pairs.data}"
        n = f"n = {len(pairs.first)} scans"
        yield Picture(
            f"agreement-{number}",
            f"Agreement of volumes: {what}",
            f"{data}: volumes in voxels, {n}, with bias, 95 % limits of agreement and exact "
            "intervals; cut axes keep the limits of all data.",
            f"Scatter and Bland–Altman plots of volumes, {what}",
            partial(agreement_figure, pairs),
        )
        yield Picture(
            f"failures-{number}",
            f"Worklist: {what}",
            f"{data}: differences in order of size, {n}, with both limits.",
            f"Differences of volumes, {what}, sorted",
            partial(failures_figure, pairs),
        )
    places = sorted(comparison.places, key=lambda place: -place[1]["share_of_difference"])
    if places:
        places = places[:MOST_PLACES]
        yield Picture(
            "disagreements",
            "Where two readers differ most",
            f"{start}The region with the largest share of the difference, in n = {len(places)} "
            "scans: the outline of the first segmentation, that of the second, and what only the "
            "first (yellow) or only the second (red) marks, on STIR.",
            "Rows of three close views of STIR slices with outlines and coloured differences",
            partial(disagreement_figure, places, simulated=simulated),
        )
    yield Picture(
        "threshold",
        "How the choice of normal bone affects the result",
        f"{start}Volume of candidates over the multiple n, n = {len(comparison.threshold)} cases: "
        "the chosen multiple, and the interval of the volume over other areas of normal bone.",
        "Curves of volume against the multiple, falling",
        partial(threshold_figure, comparison.curve, comparison.threshold, simulated=simulated),
    )
