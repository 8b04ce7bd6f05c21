"""Compare what a NIfTI header states twice: where its voxels lie, and how many there are.

A header places its voxels by a matrix (sform) and by a rotation with spacings (qform, pixdim), each
with a code that says whether it counts (0: not stated). Programs read one or the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.errors import InputError
from vhi.images.image import SAME_GRID_TOLERANCE_MM, affine_misfit_mm, corners, times

POSSIBLE_SPACING_MM = (0.01, 100.0)
"""Voxel spacings beyond these are taken for another unit. Chosen; the study's are 0.57 to 3.3."""

MAX_VOXELS = 2**30
"""A file that claims more is refused before any memory is asked for. Chosen: 380 study scans."""

TEMPLATE_CODES = (3, 4, 5)
"""Codes of an sform that leads to a template (Talairach, MNI, another), not to the scanner."""

SCANNER_CODES = (1, 2)
"""Codes of a qform that leads to the scanner, or to another scan."""

METRES, MILLIMETRES, MICRONS = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where the voxels of a file lie.

    Attributes
    ----------
    affine : ndarray, shape (4, 4)
        Voxel to world, RAS+, in mm.
    oriented : bool
        False where the header states no orientation, or only the default of programs that have
        none: array axes along the world axes, from an origin of exactly 0.
    notes : tuple of Note
    """

    affine: NDArray[np.float64]
    oriented: bool
    notes: tuple[Note, ...] = ()


def check_content(header: Any, shape: Sequence[int], path: Path) -> None:
    """Refuse a header of anything but one volume of plain numbers: InputError."""
    kind = header.get_data_dtype().kind
    if kind not in "iuf":
        content = "complex numbers" if kind == "c" else "colours (RGB)"
        raise InputError(
            f"{path}: holds {content}; save the scan as plain grey values", check="plain-numbers"
        )
    if len(shape) < 3 or any(length != 1 for length in shape[3:]):
        raise InputError(
            f"{path}: has {len(shape)} axes ({times(shape)}), but a scan has 3; "
            "export a single 3-D volume",
            check="three-axes",
        )
    if min(shape) < 1 or math.prod(shape) > MAX_VOXELS:
        size = "too few" if min(shape) < 1 else "too many"
        raise InputError(
            f"{path}: claims {times(shape)} voxels, {size} for a scan; convert it from DICOM again",
            check="three-axes",
        )


@np.errstate(invalid="ignore", over="ignore")  # what comes out is checked
def geometry_of(header: Any, shape: Sequence[int], path: Path) -> Geometry:
    """Return where a header places its voxels.

    Parameters
    ----------
    header
        As it stands in the file: nibabel turns a spacing of 0 into 1.
    shape
        Number of voxels along each array axis.
    path
        Of the file, for messages.

    Raises
    ------
    InputError
        Nothing in the header places the voxels, two statements contradict each other by more than
        `vhi.images.image.SAME_GRID_TOLERANCE_MM`, the unit is not mm, or axes are not square.
    """
    header = _as_read_everywhere(header)
    stored = header["pixdim"][1:4]
    if not (np.isfinite(stored) & (stored != 0)).all():
        raise _no_spacing(path)
    stated = {form: header[f"{form}_code"] > 0 for form in ("sform", "qform")}
    affines = {form: _affine(header, form) for form, is_stated in stated.items() if is_stated}
    usable = {form: affine for form, affine in affines.items() if affine is not None}
    notes = []
    if not usable:
        if "sform" in affines:
            _check_axes(np.asarray(header.get_sform(), float), path)
        if affines:
            raise InputError(
                f"{path}: its orientation (qform) is undefined; convert it from DICOM again",
                check="no-geometry",
            )
        affine = np.asarray(header.get_base_affine(), float)
    elif len(usable) == 2:
        affine, qform = usable["sform"], usable["qform"]
        misfit = affine_misfit_mm(shape, affine, qform)
        if header["sform_code"] in TEMPLATE_CODES and header["qform_code"] in SCANNER_CODES:
            affine = qform
            if misfit > SAME_GRID_TOLERANCE_MM:
                notes.append(
                    Note(
                        "template-space",
                        f"{path.name}: its sform refers to a template, up to {misfit:.1f} mm away "
                        "from the scanner's qform, so the qform is used; convert it from DICOM "
                        "again if you can",
                    )
                )
        elif misfit > SAME_GRID_TOLERANCE_MM:
            _check_axes(affine, path)
            raise InputError(
                f"{path}: its header gives two positions, up to {misfit:.1f} mm apart (sform: "
                f"{_words(affine, shape)}; qform: {_words(qform, shape)}); convert it from DICOM "
                "again, or keep the correct one (fslorient -copysform2qform, -copyqform2sform)",
                check="two-geometries",
            )
    else:
        ((form, affine),) = usable.items()
        if len(affines) == 2:
            other = "sform" if form == "qform" else "qform"
            notes.append(
                Note(
                    "half-geometry",
                    f"{path.name}: its {other} is unusable, so its {form} is used; convert it "
                    "from DICOM again if you can",
                )
            )
        if form == "sform":
            _check_pixdim(stored, affine, shape, path)
    _check_unit(affine, header, path)
    _check_axes(affine, path)
    return Geometry(affine, bool(usable) and not is_placeholder(affine), tuple(notes))


def is_placeholder(affine: NDArray[np.float64]) -> bool:
    """Return whether an affine is the default that programs write when they have none.

    No scanner's first voxel lies in the isocentre to the last digit, with its axes along the
    scanner's.
    """
    turned = affine[:3, :3] - np.diag(np.diag(affine)[:3])
    return not turned.any() and not affine[:3, 3].any()


def _as_read_everywhere(header: Any) -> Any:
    """Return a copy with the slips repaired that every program reads alike."""
    mended = header.copy()
    mended["pixdim"][1:4] = np.abs(mended["pixdim"][1:4])
    if mended["pixdim"][0] == 0:
        mended["pixdim"][0] = 1
    return mended


def _affine(header: Any, form: str) -> NDArray[np.float64] | None:
    """Return the affine by sform or qform; None where it is unusable."""
    try:
        affine = np.asarray(getattr(header, f"get_{form}")(), float)
    except (HeaderDataError, ValueError):
        return None
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or spacing.min() < 1e-6 or _squareness(affine) < 1e-3:
        return None
    return affine


def _squareness(affine: NDArray[np.float64]) -> float:
    """Return a voxel's volume over that of a brick of its edges: 1 where axes are square."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    return float(abs(np.linalg.det(affine[:3, :3])) / spacing.prod())


def _no_spacing(path: Path) -> InputError:
    return InputError(
        f"{path}: its voxel spacing is zero or undefined; convert it from DICOM again",
        check="no-geometry",
    )


def _check_unit(affine: NDArray[np.float64], header: Any, path: Path) -> None:
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    low, high = POSSIBLE_SPACING_MM
    unit = int(header["xyzt_units"]) & 7
    if unit in (METRES, MICRONS) or spacing.min() < low or spacing.max() > high:
        raise InputError(
            f"{path}: its voxel spacing is not in millimetres ({_brick(spacing)}); "
            "save it again with spacing in mm",
            check="unit",
        )


def _check_axes(affine: NDArray[np.float64], path: Path) -> None:
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or spacing.min() < 1e-6:
        raise _no_spacing(path)
    squareness = _squareness(affine)
    if squareness < 1e-3:
        raise InputError(
            f"{path}: its affine is singular (array axes are parallel); convert it from DICOM "
            "again",
            check="no-geometry",
        )
    if squareness < 0.999:
        raise InputError(
            f"{path}: its array axes are not at right angles; resample it to a regular grid first",
            check="right-angles",
        )


def _check_pixdim(
    stored: NDArray[np.floating], affine: NDArray[np.float64], shape: Sequence[int], path: Path
) -> None:
    """Refuse spacings (pixdim) that are not those of the affine, over the length of an axis."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    misfit = np.abs(spacing - stored) * np.maximum(np.array(shape[:3]) - 1, 1)
    if misfit.max() > SAME_GRID_TOLERANCE_MM:
        raise InputError(
            f"{path}: its header gives two voxel sizes ({_brick(spacing)} mm in the affine, "
            f"{_brick(stored)} mm in pixdim); convert it from DICOM again",
            check="two-geometries",
        )


def _words(affine: NDArray[np.float64], shape: Sequence[int]) -> str:
    """Return an affine as text: voxel size, and positions of the first and the last voxel."""
    brick = _brick(np.linalg.norm(affine[:3, :3], axis=0))
    ends = corners(shape, affine)[[0, -1]]
    first, last = ("({:.0f}, {:.0f}, {:.0f})".format(*(end.round() + 0.0)) for end in ends)
    return f"{brick} mm from {first} to {last}"


def _brick(spacing: NDArray[np.floating]) -> str:
    return times(f"{length:.4g}" for length in spacing)
