"""Phantom cases as files, laid out like anybody's own scans."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vhi.errors import InputError
from vhi.files.atomic import staged_folder, write_whole
from vhi.files.encode import encode_csv
from vhi.images.nifti import encode_nifti, save_labels
from vhi.phantom.acquisition import SLOPE
from vhi.phantom.reference_object import ReferenceObject, scan_object
from vhi.phantom.simulate import Phantom, make_phantom
from vhi.phantom.simulated_readers import simulate_readings

WAIT_S = 0.2
"""Between two looks at what another process makes. Chosen: making takes about ten seconds."""


@dataclass(frozen=True)
class PhantomCase:
    """A default case: its name and the arguments that make it."""

    case: str
    visit: str
    seed: int
    severity: str
    side: str = "both"


PHANTOM_CASES = (
    PhantomCase("P01", "before", 1, "moderate"),
    PhantomCase("P01", "after", 1, "moderate"),
    PhantomCase("P02", "before", 2, "mild", side="left"),
    PhantomCase("P03", "before", 3, "severe"),
    PhantomCase("P04", "before", 4, "none"),
)
"""The cases of the `phantom` source: two visits of one body, one-sided mild, severe, none.

Seeds count up; none was picked for its result. A scan's measured volume can lie up to 20 % from
the truth."""

CASE_COLUMNS = (
    "case", "subject", "visit", "stir", "t1w", "normal_bone", "disease_region",
    "slice_thickness_mm",
)  # fmt: skip
OBJECT_VISITS = ("scan", "rescan")
READER_COLUMNS = ("case", "visit", "reader", "trial", "mask")


def write_phantom(phantom: Phantom, folder: Path, case: str, visit: str = "") -> dict[str, str]:
    """Write one phantom into a new or empty sub-folder of `folder`.

    Parameters
    ----------
    phantom
        From `make_phantom`.
    folder
        Gets a sub-folder ``<case>_<visit>``, or ``<case>`` where `visit` is empty.
    case, visit
        Names for the table of cases.

    Returns
    -------
    dict
        A row of the table of cases; paths are relative to `folder`.

    Raises
    ------
    InputError
        The sub-folder is not empty, or cannot be written.

    Notes
    -----
    Scans are int16 with a ``scl_slope``, like the study's. The same phantom gives the same bytes.
    """
    name = f"{case}_{visit}" if visit else case
    with staged_folder(Path(folder) / name) as stage:
        for contrast, image in (("stir", phantom.stir), ("t1w", phantom.t1w)):
            slope = float(np.float32(SLOPE[contrast]))
            stored = np.rint(image.array / slope).astype(np.int16)
            content = encode_nifti(stored, image.affine, slope)
            write_whole(stage / f"{contrast}.nii.gz", content)
        for label in ("normal_bone", "disease_region", "lesions", "lesion_labels", "decoys"):
            image = getattr(phantom, label)
            save_labels(image.array, image.affine, stage / f"{label}.nii.gz")
    files = {key: f"{name}/{key}.nii.gz" for key in CASE_COLUMNS[3:7]}
    thickness = f"{phantom.slice_thickness_mm:g}"
    return {"case": case, "subject": case, "visit": visit, **files, "slice_thickness_mm": thickness}


def write_objects(
    items: Sequence[ReferenceObject],
    folder: str | os.PathLike[str],
    *,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Write reference objects as cases: two visits each, ``scan`` and ``rescan``.

    The new or empty folder gets ``cases.csv``, ``readers.csv`` (the truth's masks, as the reader
    ``truth``) and ``truth.csv``, which has each lesion's own volume. InputError if the folder is
    not empty, or cannot be written.
    """
    rows, readers, truth = [], [], []
    with staged_folder(folder) as stage:
        for item in items:
            name = f"object{item.number:04d}"
            for visit, scan in zip(OBJECT_VISITS, scan_object(item), strict=True):
                row = write_phantom(scan.phantom, stage, name, visit)
                mask = row["stir"].replace("stir.nii.gz", "lesions.nii.gz")
                names = {"case": name, "visit": visit}
                rows.append(row)
                readers.append(names | {"reader": "truth", "trial": "1", "mask": mask})
                truth.append(names | {"true_mm3": item.volume_mm3} | _condition(item))
            progress()
        write_whole(stage / "readers.csv", encode_csv(readers, READER_COLUMNS))
        write_whole(stage / "truth.csv", encode_csv(truth, list(truth[0])))
        write_whole(stage / "cases.csv", encode_csv(rows, CASE_COLUMNS))


def _condition(item: ReferenceObject) -> dict[str, str | float]:
    values = asdict(item.condition)
    return {"condition": values.pop("name"), **values}


def ensure_cases(folder: Path) -> Path:
    """Make the default phantom cases, unless they exist, and return their table.

    They are in a sub-folder of `folder` named by a hash of the code that makes them. Beside the
    table, ``cases.csv``, ``readers.csv`` names for each case the truth first, as the reader
    ``truth``, then the masks of two simulated readers.
    """
    home = Path(folder) / f"phantom-{code_hash()[:12]}"
    table = home / "cases.csv"
    while not table.exists():
        try:
            with staged_folder(home) as stage:
                _make_cases(stage)
        except InputError as error:
            if error.check == "one-writer":  # which makes the same files
                time.sleep(WAIT_S)
            elif error.check == "writable":
                raise InputError(
                    f"{error} (set the environment variable VHI_CACHE to its path)",
                    check="writable",
                ) from error
            elif not table.exists():
                raise
    return table


def _make_cases(folder: Path) -> None:
    rows, readers = [], []
    for item in PHANTOM_CASES:
        phantom = make_phantom(item.seed, severity=item.severity, side=item.side, visit=item.visit)
        row = write_phantom(phantom, folder, item.case, item.visit)
        mask = row["stir"].replace("stir.nii.gz", "lesions.nii.gz")
        reader = {"case": item.case, "visit": item.visit, "reader": "truth", "trial": "1"}
        rows.append(row)
        readers.append(reader | {"mask": mask})
        for reading in simulate_readings(phantom, item.seed, visit=item.visit):
            name = f"simulated_reader_{reading.reader}_{reading.trial}.nii.gz"
            mask = row["stir"].replace("stir.nii.gz", name)
            save_labels(reading.mask, phantom.stir.affine, folder / mask)
            own = {"reader": reading.reader, "trial": reading.trial, "mask": mask}
            readers.append(reader | own)
    write_whole(folder / "readers.csv", encode_csv(readers, READER_COLUMNS))
    write_whole(folder / "cases.csv", encode_csv(rows, CASE_COLUMNS))


def code_hash() -> str:
    """Return a hash of all code that decides the bytes of the phantom's files."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    # The cleaned masks of the simulated readers are made of the library's own candidates.
    others = (
        "images/image.py",
        "images/nifti.py",
        "steps/candidates.py",
        "steps/regions.py",
        "steps/small_regions.py",
        "steps/thresholds.py",
    )
    for path in [*sorted(here.glob("*.py")), *(here.parent / name for name in others)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
