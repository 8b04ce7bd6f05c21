"""What checks work on: the printed numbers, and the study's files, read when first asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vhi.cases import supplement as data
from vhi.cases.case import case_names, load_cases
from vhi.errors import InputError
from vhi.papers.hepburn.authors import (
    CLEANED_PAIR,
    MANUAL_PAIRS,
    Volumes,
    network_overlap_published,
    overlap_published,
    volumes_published,
)
from vhi.papers.ledger.check_result import NotHere
from vhi.papers.ledger.printed import Printed, decimals, printed_numbers
from vhi.statistics.overlap import dice

T = TypeVar("T")
_TEXTS = "generated_files/"
_IMAGES = "data/images_study/"
_ADDED = "Additional_scans"


@dataclass(frozen=True)
class Scan:
    """What a scan's header says.

    Attributes
    ----------
    columns, slices : int
        In-plane matrix (the larger side) and number of slices.
    pixel_mm : float
        Size of a pixel.
    echo_time_ms : float
        TE as written by the converter from DICOM.
    """

    columns: int
    slices: int
    pixel_mm: float
    echo_time_ms: float


class Material:
    """The printed numbers by key, and the study's files.

    Everything is read when it is first asked for, and kept.

    Parameters
    ----------
    download
        Fetch files that are not here; else `NotHere` is raised where one is missing.
    """

    def __init__(self, *, download: bool = False) -> None:
        self._download = download

    @cached_property
    def printed(self) -> dict[str, Printed]:
        """The rows of all papers by their key."""
        return {row.key: row for row in printed_numbers()}

    def value(self, key: str) -> float:
        """Return the value that a row prints."""
        return float(self.printed[key].value)

    def low(self, key: str) -> float:
        """Return the lower end that a row prints."""
        return float(self.printed[key].low)

    def high(self, key: str) -> float:
        """Return the upper end that a row prints."""
        return float(self.printed[key].high)

    def last_digit(self, key: str) -> float:
        """Return one unit of the last digit of the value that a row prints."""
        return 10.0 ** -decimals(self.printed[key].value)

    def n(self, key: str) -> int:
        """Return the denominator or sample size that a row prints."""
        return int(self.printed[key].n)

    @cached_property
    def manual_overlap(self) -> dict[tuple[str, str], dict[str, float]]:
        """Dice by pair of manual trials and by scan, recomputed from the masks."""
        from vhi.reader_study.readings import load_readings

        paths = [path for path in data.group_paths("study") if not path.startswith(_TEXTS)]
        cases = self._read(paths, lambda: load_cases("study"))
        overlap: dict[tuple[str, str], dict[str, float]] = {pair: {} for pair in MANUAL_PAIRS}
        for reading in load_readings(cases):
            masks = {each.name: each.mask for each in reading.segmentations}
            for first, second in MANUAL_PAIRS:
                overlap[first, second][reading.scan] = dice(masks[first], masks[second])
        return overlap

    @cached_property
    def cleaned_overlap(self) -> dict[str, float]:
        """Dice of the readers' cleaned masks by scan, as the authors published it."""
        path = f"{_TEXTS}overlap/overlap_{'_'.join(CLEANED_PAIR)}.txt"
        return self._read([path], lambda: overlap_published(CLEANED_PAIR))

    @cached_property
    def cleaned_volumes(self) -> dict[str, Volumes]:
        """Voxels of the readers' cleaned masks by scan, as the authors published them."""
        path = f"{_TEXTS}volume_similarity/vs_{'_'.join(CLEANED_PAIR)}.txt"
        return self._read([path], lambda: volumes_published(CLEANED_PAIR))

    @cached_property
    def network_overlap(self) -> dict[tuple[str, int], float]:
        """Dice of the authors' network by test scan and slice, as they published it."""
        path = f"{_TEXTS}model_training/test_data_overlap.txt"
        return self._read([path], network_overlap_published)

    @cached_property
    def training_epochs(self) -> list[int]:
        """Epochs of each of the authors' trainings in cross-validation."""
        paths = self.files(f"{_TEXTS}model_training/loss_partition_")
        places = self._read(paths, lambda: data.fetch(paths))
        return [len(np.loadtxt(places[path], ndmin=2)) for path in paths]

    @cached_property
    def stir(self) -> dict[str, Scan]:
        """Headers of the ten study cases' STIR scans, by case."""
        return self._scans("STIR")

    @cached_property
    def t1w(self) -> dict[str, Scan]:
        """Headers of the ten study cases' T1w scans, by case."""
        return self._scans("T1W")

    @cached_property
    def test_cases(self) -> set[str]:
        """Cases on which the authors tested their network, by where their masks lie."""
        folder = "data/segmentations/Disease_region_manual_segmentation/Test_data/"
        return {path.removeprefix(folder).split("_")[0] for path in self.files(folder)}

    def files(self, start: str) -> list[str]:
        """List the paths of the authors' supplement that begin so; the files may be missing."""
        return [file.path for file in data.manifest() if file.path.startswith(start)]

    def _scans(self, contrast: str) -> dict[str, Scan]:
        paths = {
            path.rsplit("/", 1)[1].split("_")[0]: path
            for path in self.files(f"{_IMAGES}{contrast}/")
            if _ADDED not in path
        }
        cases = [case for case, _ in case_names("study")]
        places = self._read(paths.values(), lambda: data.fetch(paths.values()))
        return {case: _header(places[paths[case]]) for case in cases}

    def _read(self, paths: Iterable[str], read: Callable[[], T]) -> T:
        """Read what needs these files, where they are here or may be fetched."""
        wanted = list(paths)
        if not self._download:
            missing = sorted(set(wanted) - set(data.locate(wanted)))
            if missing:
                raise NotHere(
                    f"{len(missing)} of {len(wanted)} published files that decide it are not "
                    f"here, first {missing[0]}"
                )
        try:
            return read()
        except InputError as error:
            raise NotHere(str(error)) from error


def _header(path: Path) -> Scan:
    import nibabel as nib

    header: Any = nib.load(path).header
    text = header["descrip"].item().decode("latin-1")
    echo = re.search(r"TE=([0-9.]+)", text)
    rows, columns, slices = header.get_data_shape()
    return Scan(
        max(rows, columns),
        slices,
        float(max(header.get_zooms()[:2])),
        float(echo.group(1)) if echo else float("nan"),
    )
