"""Figures of readers' masks, in the paper's form where it has one (Figures 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vhi.images.nifti import load_image
from vhi.reader_study.figures.failures import draw_side_by_side
from vhi.reader_study.figures.of_patients import agreement_figure, failures_figure
from vhi.reader_study.figures.overlap import draw_ceiling, draw_overlaps
from vhi.reader_study.figures.style import new_figure
from vhi.reader_study.figures.thresholds import draw_threshold_curve
from vhi.reader_study.overlap import overlaps_of
from vhi.reader_study.pairs import ReaderPair
from vhi.reader_study.readings import ScanReadings
from vhi.reader_study.report import MOST_PAIRS, Picture
from vhi.statistics.medians import median_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PLACES = 6


def overlap_figure(table: pd.DataFrame, *, simulated: bool = False) -> Figure:
    """Draw `overlaps_of` as boxplots, one for each pair, with intervals of the medians.

    As in `overlap_summary`, the interval is over subjects, from the mean of each one's scans.
    """
    pairs = table[np.isfinite(table["dice"])].groupby("pair", sort=False)
    medians = {
        pair: median_interval(scans.groupby("subject")["dice"].mean()) for pair, scans in pairs
    }
    intervals = {str(pair): (m.low, m.high) for pair, m in medians.items() if m is not None}
    figure = new_figure(max(3.6, 1.5 + 1.25 * len(medians)), 4)
    axes = figure.subplots()
    draw_overlaps(axes, table, linked=True, intervals=intervals, simulated=simulated)
    axes.set_ylim(-0.02, 1.02)
    return figure


def composite_figure(table: pd.DataFrame, *, simulated: bool = False) -> Figure:
    """Draw Dice of each segmentation with the composite references, one panel for each kind.

    `table` is from `vhi.reader_study.composite.reference_table`; each scan is a point, or several
    where a reference of both methods allows several choices of members.
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
    """Draw how close whole-region cleaning could come to the manual masks (`ceiling_table`)."""
    figure = new_figure(7, 1.4 + 0.42 * table["scan"].nunique())
    draw_ceiling(figure.subplots(), table, simulated=simulated)
    return figure


def disagreement_figure(
    regions: pd.DataFrame, scans: Mapping[str, ScanReadings], *, simulated: bool = False
) -> Figure:
    """Draw each region on STIR: both segmentations' outlines and their difference (Figure S4).

    Parameters
    ----------
    regions
        Rows of `vhi.reader_study.failures.disagreement_table`.
    scans
        Readings by scan.
    """
    figure = new_figure(9, 2.4 * len(regions))
    grid = figure.subplots(len(regions), 3, squeeze=False)
    for panels, row in zip(grid, regions.itertuples(), strict=True):
        scan = scans[row.scan]
        stir = load_image(scan.case.stir)
        names = (row.first, row.second)
        masks = {segmentation.name: segmentation.mask for segmentation in scan.segmentations}
        first, second = (scan.whole(masks[name]).array for name in names)
        index = (row.i, row.j, row.k)[stir.slice_axis]
        draw_side_by_side(panels, stir, index, first, second, readers=names, simulated=simulated)
        title = f"{scan.scan}: {panels[0].get_title(loc='left')}"
        panels[0].set_title(title, loc="left", fontsize=9)
    return figure


def threshold_figure(
    curves: pd.DataFrame, cases: pd.DataFrame, *, simulated: bool = False
) -> Figure:
    """Draw candidate volume by multiple n (`curve_table`), one panel per row of `cases`."""
    columns = min(len(cases), 3)
    lines = -(-len(cases) // columns)
    figure = new_figure(4.6 * columns, 3.4 * lines)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes in grid.flat[len(cases) :]:
        axes.remove()
    for axes, row in zip(grid.flat, cases.itertuples(), strict=False):
        curve = curves[(curves["case"] == row.case) & (curves["visit"] == row.visit)]
        draw_threshold_curve(
            axes, curve, row.multiple, row.mm3, interval=(row.mm3_low, row.mm3_high),
            title=f"{row.case} {row.visit}", simulated=simulated,
        )  # fmt: skip
    return figure


def pictures_of(
    frames: Mapping[str, pd.DataFrame],
    drawn: Sequence[ReaderPair],
    readings: Sequence[ScanReadings],
    *,
    simulated: bool,
) -> Iterator[Picture]:
    """Give the figures of a comparison of masks, in the order of the page.

    Parameters
    ----------
    frames
        Tables of the report, by name.
    drawn
        Pairs of readers to draw.
    """
    start = "Simulated scans and readers. " if simulated else ""
    for cleaned, kind in ((False, "manual"), (True, "cleaned")):
        table = overlaps_of(frames["overlap"], cleaned=cleaned)
        if len(table):
            yield Picture(
                f"overlap-{kind}", f"Overlap of {kind} masks",
                f"{start}Dice of every two segmentations, n = "
                f"{table.groupby('pair')['scan'].nunique().max()} scans. Lines join the points of "
                "one scan; red: median and its order-statistic interval.",
                f"Boxplots of Dice for {', '.join(table['pair'].unique())}",
                partial(overlap_figure, table, simulated=simulated),
            )  # fmt: skip
    if len(composite := frames["composite"]):
        yield Picture(
            "composite", "Segmentations compared with composite references",
            f"{start}Dice of each segmentation with references made of segmentations, n = "
            f"{composite['scan'].nunique()} scans.",
            "Boxplots of Dice with each kind of reference",
            partial(composite_figure, composite, simulated=simulated),
        )  # fmt: skip
    if len(ceiling := frames["cleaning-ceiling"]):
        yield Picture(
            "cleaning-ceiling", "How far cleaning by whole regions can get",
            f"{start}The highest Dice with each manual mask that any choice of whole candidate "
            "regions can reach (circles), and the Dice of the uncleaned candidates (bars), "
            f"n = {ceiling['scan'].nunique()} scans.",
            "Dice of perfect cleaning with manual masks, scan by scan",
            partial(ceiling_figure, ceiling, simulated=simulated),
        )  # fmt: skip
    for number, pair in enumerate(drawn[:MOST_PAIRS], start=1):
        what, data = " − ".join(pair.readers), f"{start}{pair.data}"
        n = f"n = {pair.size}"
        yield Picture(
            f"agreement-{number}", f"Agreement of volumes: {what}",
            f"{data}: volumes in voxels, {n}, with bias, 95 % limits of agreement and "
            f"{pair.intervals}; panels with cut axes show the limits of all data.",
            f"Scatter and Bland–Altman plots of volumes, {what}",
            partial(agreement_figure, pair),
        )  # fmt: skip
        yield Picture(
            f"failures-{number}", f"Worklist: {what}",
            f"{data}: differences in order of size, {n}, with the limits of both rules.",
            f"Differences of volumes, {what}, sorted", partial(failures_figure, pair),
        )  # fmt: skip
    largest = frames["disagreements"].groupby("scan", sort=False).head(1)
    largest = largest.sort_values("share_of_difference", ascending=False, kind="stable")
    if len(largest := largest[:MOST_PLACES]):
        yield Picture(
            "disagreements", "Where two readers differ most",
            f"{start}The region with the largest share of the difference, in n = {len(largest)} "
            "scans, on STIR: outlines of the first and of the second segmentation, and the voxels "
            "that only the first (yellow) or only the second (red) marks.",
            "Rows of three close views of STIR slices with outlines and coloured differences",
            partial(
                disagreement_figure, largest, {scan.scan: scan for scan in readings},
                simulated=simulated,
            ),
        )  # fmt: skip
    yield Picture(
        "threshold", "How the choice of normal bone affects the result",
        f"{start}Candidate volume by multiple n, n = {len(frames['threshold'])} cases: the chosen "
        "multiple, and the interval of the volume over resampled areas of normal bone.",
        "Curves of volume against the multiple, falling",
        partial(
            threshold_figure, frames["threshold-curve"], frames["threshold"], simulated=simulated
        ),
    )  # fmt: skip
