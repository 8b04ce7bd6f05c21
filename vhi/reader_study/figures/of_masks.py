"""The figures of readers' masks, in the paper's form where it has one (Figures 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.images.nifti import load_image
from vhi.reader_study.composite import BOTH_METHODS
from vhi.reader_study.figures.failures import draw_side_by_side
from vhi.reader_study.figures.of_patients import agreement_figure, failures_figure
from vhi.reader_study.figures.overlap import draw_ceiling, draw_overlaps
from vhi.reader_study.figures.thresholds import draw_threshold_curve
from vhi.reader_study.readings import ScanReadings
from vhi.reader_study.report import MOST_PAIRS, Picture
from vhi.statistics.medians import median_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vhi.reader_study.from_masks import MaskComparison

Rows = Sequence[Mapping[str, Any]]
Disagreement = tuple[ScanReadings, Mapping[str, Any]]
"""A scan, and the row of the region in which two of its segmentations differ most."""
MOST_PLACES = 6


def is_cleaned(segmentation: str) -> bool:
    """Say whether a segmentation's name is that of a cleaned mask (`segmentation_name`)."""
    return bool(re.fullmatch(r"R\d|.* cleaned", segmentation))


def groups_of(rows: Iterable[Mapping[str, Any]], *, cleaned: bool) -> dict[str, dict[str, float]]:
    """Return Dice by pair and scan: of manual masks, or of cleaned ones."""
    groups: dict[str, dict[str, float]] = {}
    for row in rows:
        if is_cleaned(row["first"]) == is_cleaned(row["second"]) == cleaned:
            groups.setdefault(f"{row['first']}–{row['second']}", {})[row["scan"]] = row["dice"]
    return groups


def overlap_figure(groups: Mapping[str, Mapping[str, float]], *, simulated: bool = False) -> Figure:
    """Draw boxplots of Dice for every pair, with order-statistic intervals of the medians."""
    import matplotlib.pyplot as plt

    intervals = {}
    for name, values in groups.items():
        found = median_interval(v for v in values.values() if np.isfinite(v))
        if found is not None:
            intervals[name] = (found.low, found.high)
    figure, axes = plt.subplots(
        figsize=(max(3.6, 1.5 + 1.25 * len(groups)), 4), layout="constrained"
    )
    draw_overlaps(axes, groups, linked=True, intervals=intervals, simulated=simulated)
    axes.set_ylim(-0.02, 1.02)
    plt.close(figure)
    return figure


def composite_figure(rows: Rows, *, simulated: bool = False) -> Figure:
    """Draw Dice of each segmentation with the composite references, one panel for each kind."""
    import matplotlib.pyplot as plt

    kinds = list(dict.fromkeys(row["reference"] for row in rows))
    figure, panels = plt.subplots(
        1,
        len(kinds),
        figsize=(max(4.5, 3.7 * len(kinds)), 4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, kind in zip(panels[0], kinds, strict=True):
        groups: dict[str, dict[str, float]] = {}
        for row in rows:
            if row["reference"] == kind:
                # One point for each scan and choice of members.
                scan = f"{row['scan']} {row['members']}" if kind == BOTH_METHODS else row["scan"]
                groups.setdefault(row["segmentation"], {})[scan] = row["dice"]
        draw_overlaps(axes, groups, title=f"reference: {kind}", simulated=simulated)
        axes.set_ylim(-0.02, 1.02)
    plt.close(figure)
    return figure


def ceiling_figure(rows: Rows, *, simulated: bool = False) -> Figure:
    """Draw for each scan how near whole-region cleaning could come to the manual masks."""
    import matplotlib.pyplot as plt

    def by_scan(column: str) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for row in rows:
            found.setdefault(row["scan"], []).append(row[column])
        return found

    ceilings = by_scan("ceiling_dice")
    figure, axes = plt.subplots(figsize=(7, 1.4 + 0.42 * len(ceilings)), layout="constrained")
    draw_ceiling(axes, ceilings, uncleaned=by_scan("uncleaned_dice"), simulated=simulated)
    plt.close(figure)
    return figure


def disagreement_figure(places: Sequence[Disagreement], *, simulated: bool = False) -> Figure:
    """Draw each place on STIR: one reader's outline, the other's, their difference (Figure S4)."""
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        len(places), 3, figsize=(9, 2.4 * len(places)), squeeze=False, layout="constrained"
    )
    for panels, (scan, row) in zip(grid, places, strict=True):
        stir = load_image(scan.case.stir)
        names = (row["first"], row["second"])
        masks = [
            scan.whole(each.mask).array
            for name in names
            for each in scan.segmentations
            if each.name == name
        ]
        index = (row["i"], row["j"], row["k"])[stir.slice_axis]
        draw_side_by_side(panels, stir, index, *masks, readers=names, simulated=simulated)
        title = f"{scan.scan}: {panels[0].get_title(loc='left')}"
        panels[0].set_title(title, loc="left", fontsize=9)
    plt.close(figure)
    return figure


def threshold_figure(curve: Rows, threshold: Rows, *, simulated: bool = False) -> Figure:
    """Draw the candidates' volume over the multiple n, a panel for each case."""
    import matplotlib.pyplot as plt

    columns = min(len(threshold), 3)
    lines = -(-len(threshold) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(4.6 * columns, 3.4 * lines), squeeze=False, layout="constrained"
    )
    for axes in grid.flat[len(threshold) :]:
        axes.remove()
    for axes, row in zip(grid.flat, threshold, strict=False):
        own = [p for p in curve if (p["case"], p["visit"]) == (row["case"], row["visit"])]
        known = np.isfinite(row.get("mm3_low", np.nan))
        draw_threshold_curve(
            axes,
            [point["multiple"] for point in own],
            [point["mm3"] for point in own],
            row["multiple"],
            volume=row["mm3"],
            interval=(row["mm3_low"], row["mm3_high"]) if known else None,
            title=f"{row['case']} {row['visit']}",
            simulated=simulated,
        )
    plt.close(figure)
    return figure


def pictures_of(found: MaskComparison, *, simulated: bool) -> list[Picture]:
    """Return the figures of what was found."""
    called = "Simulated scans and readers. " if simulated else ""
    shown = []
    for cleaned, name, title in (
        (False, "overlap-manual", "Overlap of manual masks"),
        (True, "overlap-cleaned", "Overlap of cleaned masks"),
    ):
        groups = groups_of(found.overlap, cleaned=cleaned)
        if groups:
            n = max(map(len, groups.values()))
            shown.append(
                Picture(
                    name,
                    title,
                    f"{called}Dice of every two segmentations, n = {n} scans; points of one "
                    "scan are joined, red: median and its order-statistic interval.",
                    f"Boxplots of Dice for {', '.join(groups)}",
                    partial(overlap_figure, groups, simulated=simulated),
                )
            )
    if found.composite:
        shown.append(
            Picture(
                "composite",
                "Segmentations against composite references",
                f"{called}Dice of each segmentation with references made of segmentations, n = "
                f"{len({row['scan'] for row in found.composite})} scans.",
                "Boxplots of Dice with each kind of reference",
                partial(composite_figure, found.composite, simulated=simulated),
            )
        )
    if found.ceiling:
        shown.append(
            Picture(
                "cleaning-ceiling",
                "How far cleaning by whole regions can get",
                f"{called}The best Dice with each manual mask that any choice of whole "
                "candidate regions can have (circles), and that of the candidates as they "
                "are (bars), n = "
                f"{len({row['scan'] for row in found.ceiling})} scans.",
                "Dice of perfect cleaning with manual masks, scan by scan",
                partial(ceiling_figure, found.ceiling, simulated=simulated),
            )
        )
    for number, pairs in enumerate(found.drawn[:MOST_PAIRS], start=1):
        what, data = f"{pairs.readers[0]} − {pairs.readers[1]}", pairs.data
        n = len(pairs.first)
        shown.append(
            Picture(
                f"agreement-{number}",
                f"Agreement of volumes: {what}",
                f"{called}{data}: volumes in voxels, n = {n} scans, with bias, 95 % limits of "
                "agreement and exact intervals; cut axes keep the limits of all data.",
                f"Scatter and Bland-Altman plots of volumes, {what}",
                partial(agreement_figure, pairs),
            )
        )
        shown.append(
            Picture(
                f"failures-{number}",
                f"Worklist: {what}",
                f"{called}{data}: differences in order of size, n = {n} scans, with both limits.",
                f"Differences of volumes, {what}, sorted",
                partial(failures_figure, pairs),
            )
        )
    places = sorted(found.places, key=lambda place: -place[1]["share_of_difference"])
    if places:
        places = places[:MOST_PLACES]
        shown.append(
            Picture(
                "disagreements",
                "Where two readers differ most",
                f"{called}The region with the largest share of the difference, in n = "
                f"{len(places)} scans: the first segmentation's outline, the second's, and what "
                "only the first (yellow) or only the second (red) marks, on STIR.",
                "Rows of three close views of STIR slices with outlines and coloured differences",
                partial(disagreement_figure, places, simulated=simulated),
            )
        )
    shown.append(
        Picture(
            "threshold",
            "What the threshold owes to the area of normal bone",
            f"{called}Volume of candidates over the multiple n, for {len(found.threshold)} cases; "
            "the chosen n, and the interval that another area of normal bone would leave.",
            "Curves of volume against the multiple, falling",
            partial(threshold_figure, found.curve, found.threshold, simulated=simulated),
        )
    )
    return shown
