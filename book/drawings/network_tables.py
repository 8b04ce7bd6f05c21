"""Tables of the networks' results, and the authors' own, for the book's pages.

Ours are in the repository's ``networks/results``, written when the shipped networks were made
(``python -m networks --help``). They hold scores, no voxel of a scan.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vhi.cases import supplement as data
from vhi.errors import InputError
from vhi.images.distance import signed_distance_mm
from vhi.images.image import Image, check_same_grid

if TYPE_CHECKING:
    import pandas as pd

RESULTS = Path(__file__).resolve().parents[2] / "networks" / "results"
"""Where the repository keeps the scores of held-out scans."""

AUTHORS_SCORES = "generated_files/model_training/test_data_overlap.txt"
EVALUATION_SCANS = "data/images_model_evaluation/"
NAMES = ("case", "subject", "visit", "scan")


def read_table(name: str) -> pd.DataFrame:
    """Return ``networks/results/<name>.csv``; names of cases stay text.

    Raises
    ------
    InputError
        There is no such table: pages need the repository, not only the installed package.
    """
    import pandas as pd

    path = _result(f"{name}.csv")
    return pd.read_csv(path, dtype=dict.fromkeys(NAMES, str), keep_default_na=True)


def read_record(name: str) -> dict[str, Any]:
    """Return ``networks/results/<name>.json``; raises as `read_table`."""
    return dict(json.loads(_result(f"{name}.json").read_text(encoding="utf-8")))


def has_table(name: str) -> bool:
    """Return whether ``networks/results/<name>.csv`` exists."""
    return (RESULTS / f"{name}.csv").is_file()


def _result(name: str) -> Path:
    path = RESULTS / name
    if not path.is_file():
        raise InputError(
            f"{path}: no such table of results; open the page in a checkout of the repository, or "
            "make the table with `python -m networks`"
        )
    return path


def authors_slices() -> pd.DataFrame | None:
    """Return the authors' Dice of each test slice: columns case, slice, dice.

    Their slices count from 1, ours from 0. None where their file is not at hand; nothing is
    downloaded.
    """
    import pandas as pd

    path = data.locate([AUTHORS_SCORES]).get(AUTHORS_SCORES)
    if path is None:
        return None
    case, number, dice = np.loadtxt(path, unpack=True)
    return pd.DataFrame(
        {"case": case.astype(int).astype(str), "slice": number.astype(int) - 1, "dice": dice}
    )


def evaluation_scans() -> dict[str, Path]:
    """Return the scans at hand on which the authors looked at their network, by name, sorted.

    They have no drawn masks. Nothing is downloaded.
    """
    paths = [path for path in data.group_paths("evaluation") if path.startswith(EVALUATION_SCANS)]
    places = data.locate(paths)
    return {
        Path(path).name.split("_")[0]: places[path]
        for path in sorted(places, key=lambda path: Path(path).name)
    }


@dataclass(frozen=True)
class Differences:
    """Where two masks differ: pixels of one slice, or of a whole scan.

    Attributes
    ----------
    rim : int
        Within the given distance of the true outline, inside or outside.
    normal_bone : int
        Elsewhere, and in normal bone, which some drawn regions leave out.
    missed, extra : int
        Elsewhere: true and not predicted, predicted and not true.
    """

    rim: int
    normal_bone: int
    missed: int
    extra: int

    @property
    def pixels(self) -> int:
        """Return how many pixels differ."""
        return self.rim + self.normal_bone + self.missed + self.extra


def differences(
    predicted: Image, truth: Image, normal_bone: Image, index: int, *, rim_mm: float
) -> Differences:
    """Count the pixels in which two masks differ on a slice, by kind.

    Parameters
    ----------
    predicted, truth, normal_bone
        Masks on one grid.
    index
        Slice, counted from 0.
    rim_mm
        A pixel nearer to the true outline than this, within the slice, is one of its rim.
    """
    check_same_grid(truth, predicted)
    check_same_grid(truth, normal_bone)
    axis = truth.slice_axis
    spacing = [pitch for a, pitch in enumerate(truth.spacing_mm) if a != axis]
    ours, drawn, normal = (
        np.take(mask.array, index, axis=axis) for mask in (predicted, truth, normal_bone)
    )
    different = ours != drawn
    # Half a pixel lies between a pixel's centre and the outline that runs along its side.
    distance = np.abs(signed_distance_mm(drawn, spacing)) - 0.5 * float(np.mean(spacing))
    near = different & (distance < rim_mm)
    in_normal = different & ~near & normal
    rest = different & ~near & ~normal
    counts = (near, in_normal, rest & drawn, rest & ours)
    return Differences(*(int(np.count_nonzero(pixels)) for pixels in counts))
