"""The files of the supplement of Hepburn et al. 2023, read when first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.cases import supplement
from vhi.cases.case import case_names, load_cases
from vhi.papers.hepburn.authors import (
    CLEANED_PAIR,
    MANUAL_PAIRS,
    NETWORK_OVERLAP,
    network_overlap,
    overlap_paths,
    published_overlap,
)
from vhi.statistics.overlap import dice

if TYPE_CHECKING:
    import pandas as pd

_TEST_MASKS = "data/segmentations/Disease_region_manual_segmentation/Test_data/"


class MissingFilesError(Exception):
    """Published files that decide a number are missing; the message names the first."""


class StudyFiles:
    """The supplement's files that are here; each is read once, and nothing is downloaded.

    Raises
    ------
    MissingFilesError
        From every attribute whose files are missing.
    """

    @cached_property
    def manual_overlap(self) -> pd.DataFrame:
        """Dice recomputed from the manual masks: a row for each scan, a column for each pair."""
        import pandas as pd

        from vhi.reader_study.readings import load_readings

        _located(p for p in supplement.group_paths("study") if not p.startswith("generated_files/"))
        overlap: dict[tuple[str, str], dict[str, float]] = {pair: {} for pair in MANUAL_PAIRS}
        for reading in load_readings(load_cases("study")):
            masks = {mask.name: mask.mask for mask in reading.segmentations}
            for first, second in MANUAL_PAIRS:
                overlap[first, second][reading.scan] = dice(masks[first], masks[second])
        return pd.DataFrame(overlap)

    @cached_property
    def cleaned(self) -> pd.DataFrame:
        """Published overlap and sizes of the readers' cleaned masks, by scan."""
        _located(overlap_paths(CLEANED_PAIR))
        return published_overlap([CLEANED_PAIR]).set_index("scan")

    @cached_property
    def network_overlap(self) -> pd.Series:
        """Published Dice of the authors' network, by test scan and slice."""
        _located([NETWORK_OVERLAP])
        return network_overlap()

    @cached_property
    def training_epochs(self) -> list[int]:
        """Epochs of each of the authors' trainings in cross-validation."""
        files = _located(self.paths("generated_files/model_training/loss_partition_"))
        return [len(np.loadtxt(file, ndmin=2)) for file in files.values()]

    @cached_property
    def stir(self) -> pd.DataFrame:
        """Headers of the ten study cases' STIR scans, one row each.

        ``matrix`` (its larger side, in pixels), ``slices``, ``pixel_mm``, ``echo_time_ms`` (as the
        converter from DICOM wrote it; NaN where missing) and ``test``, a case on which the authors
        tested their network.
        """
        return self._headers("STIR")

    @cached_property
    def t1w(self) -> pd.DataFrame:
        """Headers of the ten study cases' T1w scans; columns as in `stir`."""
        return self._headers("T1W")

    def paths(self, start: str) -> list[str]:
        """List the supplement's paths that begin so; the files may be missing."""
        return [file.path for file in supplement.manifest() if file.path.startswith(start)]

    def _headers(self, contrast: str) -> pd.DataFrame:
        import pandas as pd

        scans = {
            Path(path).name.split("_")[0]: path
            for path in self.paths(f"data/images_study/{contrast}/")
            if "Additional_scans" not in path
        }
        files = _located(scans.values())
        tested = {Path(path).name.split("_")[0] for path in self.paths(_TEST_MASKS)}
        cases = [case for case, _ in case_names("study")]
        table = pd.DataFrame([_header(files[scans[case]]) for case in cases], index=cases)
        return table.assign(test=table.index.isin(tested))


def _located(paths: Iterable[str]) -> dict[str, Path]:
    """Return the files of these paths, or say which are missing."""
    wanted = list(paths)
    files = supplement.locate(wanted)
    missing = sorted(set(wanted) - files.keys())
    if missing:
        raise MissingFilesError(
            f"{len(missing)} of {len(wanted)} published files that decide it are not here, first "
            f"{missing[0]}"
        )
    return files


def _header(path: Path) -> dict[str, float]:
    import nibabel as nib

    header: Any = nib.load(path).header
    echo = re.search(r"TE=([0-9.]+)", header["descrip"].item().decode("latin-1"))
    rows, columns, slices = header.get_data_shape()
    return {
        "matrix": max(rows, columns),
        "slices": slices,
        "pixel_mm": float(max(header.get_zooms()[:2])),
        "echo_time_ms": float(echo.group(1)) if echo else np.nan,
    }
