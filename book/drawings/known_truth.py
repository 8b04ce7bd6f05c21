"""Measurements of simulated scans with known truth, for the page on accuracy.

The tables are in the repository's ``benchmarks``, written by ``python -m benchmarks objects`` and
``python -m benchmarks phantoms``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vhi.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TABLES = Path(__file__).resolve().parents[2] / "benchmarks"
SEVERITIES = {"none": "#6b7683", "mild": "#3a6ea5", "moderate": "#d9822b", "severe": "#a23b72"}


def read_measured(name: str) -> pd.DataFrame:
    """Return ``benchmarks/<name>.csv``; InputError outside a checkout of the repository."""
    import pandas as pd

    path = TABLES / f"{name}.csv"
    if not path.is_file():
        raise InputError(
            f"{path}: no such table; open the page in a checkout of the repository, or make the "
            "table with `python -m benchmarks`"
        )
    return pd.read_csv(path, keep_default_na=True, na_values=[""], dtype={"severity": str})


def summarise_scans(scans: pd.DataFrame) -> pd.DataFrame:
    """Return medians over the scans with lesions by severity, and how often the interval held.

    Ratios are measured over true volume, ``auc`` is weighted by voxels. ``held`` is the share of
    proposed intervals, of scans without lesions too, that hold the truth, and the volume that a
    reader without mistakes leaves.
    """
    import pandas as pd

    rows = {}
    for severity, part in [*scans.groupby("severity", sort=False), ("all", scans)]:
        held = {
            f"held {name}": part[name].between(part["proposed_low"], part["proposed_high"]).mean()
            for name in ("truth", "truth_cleaned")
        }
        lesions = part[part["truth"] > 0]
        ratios = {
            name: (lesions[name] / lesions["truth"]).median()
            for name in ("uncleaned", "proposed", "truth_cleaned")
        }
        overlap = {
            name: lesions[name].median()
            for name in ("dice_uncleaned", "dice_proposed", "dice_truth_cleaned", "auc")
        }
        rows[severity] = {"n": len(part), **ratios, **overlap, **held}
    return pd.DataFrame.from_dict(rows, orient="index")


def draw_scans(panels: Sequence[Axes], scans: pd.DataFrame) -> None:
    """Draw uncleaned and, with its interval, proposed volume on true voxels, one mark a scan."""
    left, right = panels
    lesions = scans[scans["truth"] > 0]
    ends = np.array([lesions["truth"].min() / 1.5, lesions["truth"].max() * 1.5])
    for axes, name in ((left, "uncleaned"), (right, "proposed")):
        axes.plot(ends, ends, color="#1c2733", linewidth=0.8)
        for severity, part in lesions.groupby("severity", sort=False):
            colour = SEVERITIES[severity]
            if name == "proposed":
                low, high = part["proposed_low"].clip(lower=1), part["proposed_high"]
                axes.vlines(part["truth"], low, high, color=colour, alpha=0.35, linewidth=1)
            axes.plot(
                part["truth"], part[name].clip(lower=1), ".", color=colour, label=severity
            )  # fmt: skip
        axes.set(
            xscale="log", yscale="log", xlabel="true volume (voxels)", ylabel=f"{name} (voxels)"
        )
        axes.spines[["top", "right"]].set_visible(False)
    left.set_ylim(right.get_ylim())
    left.legend(frameon=False, fontsize=8, title="severity")
