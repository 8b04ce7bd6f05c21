"""Scans and masks as NIfTI files: checked when read, written with a new header."""

from __future__ import annotations

import contextlib
import gzip
import logging
import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.imageglobals import logger as nibabel_logger
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.images.image import Image, times

PLAUSIBLE_SPACING_MM = (0.01, 100.0)
"""Voxel spacings beyond these are taken for another unit. Chosen; the study's are 0.57 to 3.3."""

MAX_VOXELS = 2**30
"""A file that claims more is refused before any memory is asked for. Chosen: 380 study scans."""


def load_image(path: str | os.PathLike[str]) -> Image:
    """Load a scan from a NIfTI file.

    The file's scaling (``scl_slope``, ``scl_inter``) is applied: thresholds are on scaled
    values. A fourth axis of length one is dropped.

    Returns
    -------
    Image
        float64 array of shape (ni, nj, nk).

    Raises
    ------
    InputError
        The file is missing, not NIfTI, truncated, not 3-D, complex or RGB, holds NaN or
        infinite values, or has no usable geometry.
    """
    image, affine, oriented = _open(path)
    array = _read(image, Path(path), scaled=True)
    if not np.isfinite(array).all():
        bad = int(np.size(array) - np.isfinite(array).sum())
        raise InputError(
            f"{path}: holds {bad} NaN or infinite values; replace them with 0 outside the body, or "
            "convert the scan from DICOM again"
        )
    return Image(array, affine, Path(path).name, oriented)


def load_mask(path: str | os.PathLike[str]) -> Image:
    """Load a mask from a NIfTI file whose values are 0 and 1.

    Returns
    -------
    Image
        bool array of shape (ni, nj, nk). An all-zero mask is returned as it is.

    Raises
    ------
    InputError
        As for `load_image`, or a value other than 0 and 1.
    """
    image, affine, oriented = _open(path)
    array = _read(image, Path(path), scaled=False)
    mask = array == 1
    if np.count_nonzero(mask) != np.count_nonzero(array):
        other = array[~mask & (array != 0)].flat[0]
        raise InputError(
            f"{path}: a mask may hold only 0 and 1, but this file also holds {float(other)!r}; "
            "save the wanted label as 1 and everything else as 0"
        )
    return Image(mask, affine, Path(path).name, oriented)


def check_file(path: Path) -> None:
    """Refuse a path that is not a plain, readable file; its content is not read.

    Raises
    ------
    InputError
    """
    if not os.path.exists(path):  # unlike Path.exists, also for a name that is too long
        raise InputError(f"{path}: no such file; check the name and the folder")
    if os.path.isdir(path):
        raise InputError(
            f"{path}: is a folder; name a NIfTI file (DICOM folders: convert with dcm2niix first)"
        )
    if not os.path.isfile(path):
        raise InputError(f"{path}: not a plain file; name a NIfTI file")
    try:
        path.open("rb").close()
    except PermissionError as error:
        raise InputError(f"{path}: not allowed to read it; check the permissions") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def save_labels(array: NDArray[Any], affine: NDArray[np.float64], path: Path) -> None:
    """Write a mask or small labels as an unsigned 8-bit NIfTI file with a header of its own.

    Nothing of an input's header is carried over. The same array gives the same bytes: the
    compressed file holds no date and no name.

    Parameters
    ----------
    array
        Values 0 to 255, shape (ni, nj, nk).
    affine
        Voxel to world, RAS+, mm.
    path
        A name that ends in ``.nii.gz``.

    Raises
    ------
    InputError
        The file cannot be written; nothing is left behind.
    """
    write_whole(path, encode_nifti(np.asarray(array, np.uint8), affine))


def encode_nifti(array: NDArray[Any], affine: NDArray[np.float64], slope: float = 1.0) -> bytes:
    """Return the bytes of a compressed NIfTI file with a new header.

    Parameters
    ----------
    array
        What is stored; its type is the file's type.
    affine
        Voxel to world, RAS+, mm. Stored as sform and, as far as it has no shear, as qform.
    slope
        ``scl_slope``: the intensity is the stored number times this.
    """
    header = nib.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_xyzt_units("mm")
    image = nib.Nifti1Image(array, affine, header, dtype=array.dtype)
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    image.header["scl_slope"], image.header["scl_inter"] = slope, 0
    image.header["cal_max"] = image.header["cal_min"] = 0
    image.header.set_data_offset(352)
    # nibabel would scale the numbers again; they are stored as given.
    raw = image.header.binaryblock + b"\0" * 4 + array.tobytes(order="F")
    return gzip.compress(raw, compresslevel=6, mtime=0)


def _open(path: str | os.PathLike[str]) -> tuple[Any, NDArray[np.float64], bool]:
    """Open a NIfTI file without reading its voxels: image, affine, whether it is oriented."""
    path = Path(path)
    check_file(path)
    try:
        with _quiet_nibabel():
            image: Any = nib.load(path)
    except (ImageFileError, HeaderDataError, ValueError, KeyError, IndexError) as error:
        if _is_broken_gzip(path):
            raise _damaged(path) from error
        raise InputError(
            f"{path}: not a readable NIfTI file; convert the scan to .nii or .nii.gz "
            "(from DICOM: dcm2niix)"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path) from error
    except Exception as error:  # a foreign file may fail in any of nibabel's readers
        raise InputError(
            f"{path}: not a readable NIfTI file; convert the scan to .nii or .nii.gz"
        ) from error
    if not isinstance(image, nib.Nifti1Pair):
        raise InputError(f"{path}: not a NIfTI file; convert the scan to .nii or .nii.gz")
    dtype = image.header.get_data_dtype()
    if dtype.kind not in "iuf":
        kind = "complex numbers" if dtype.kind == "c" else "colours (RGB)"
        raise InputError(f"{path}: holds {kind}; save the scan as plain grey values")
    shape = image.shape
    if len(shape) < 3 or any(length != 1 for length in shape[3:]):
        raise InputError(
            f"{path}: has {len(shape)} axes ({times(shape)}), a scan has 3; "
            "export one volume (from 4-D: take one of them)"
        )
    if not 0 < math.prod(shape) <= MAX_VOXELS:
        raise InputError(
            f"{path}: claims {times(shape)} voxels, too many for a scan; check that the file is one"
        )
    header = _stored_header(image)
    oriented = bool(header["qform_code"] > 0 or header["sform_code"] > 0)
    return image, _check_geometry(image, header, path), oriented


def _stored_header(image: Any) -> Any:
    """Return the header as it stands in the file: nibabel turns a spacing of 0 into 1."""
    files = image.file_map
    with nib.openers.Opener(files.get("header", files["image"]).filename) as stream:
        return type(image.header).from_fileobj(stream, check=False)


def _read(image: Any, path: Path, *, scaled: bool) -> NDArray[Any]:
    """Read all voxels of an opened file; drop axes of length one beyond the third."""

    def voxels(source: Any) -> NDArray[Any]:
        with np.errstate(invalid="ignore", over="ignore"):  # what comes out is checked
            if scaled:
                return source.get_fdata(caching="unchanged")
            return np.asanyarray(source.dataobj)

    try:
        if path.name.lower().endswith(".gz") and isinstance(image, nib.Nifti1Image):
            # nibabel stops where the voxels end, before the checksum that tells of damage.
            with gzip.open(path) as stream, _quiet_nibabel():
                array = voxels(type(image).from_stream(stream))
                while stream.read(1 << 20):
                    pass
        else:
            array = voxels(image)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _damaged(path) from error
    except MemoryError as error:
        raise InputError(f"{path}: too large for this machine's memory") from error
    return array.reshape(array.shape[:3])


@contextlib.contextmanager
def _quiet_nibabel() -> Iterator[None]:
    """Keep nibabel from printing what it mends in a header; what matters of it is checked."""
    level = nibabel_logger.level
    nibabel_logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        nibabel_logger.setLevel(level)


def _check_geometry(image: Any, header: Any, path: Path) -> NDArray[np.float64]:
    """Return the affine, or refuse one that places nothing."""
    affine = np.asarray(image.affine, float)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    stored = header["pixdim"][1:4]
    if (
        not (np.isfinite(stored) & (stored != 0)).all()
        or not np.isfinite(affine).all()
        or spacing.min() < 1e-6
    ):
        raise InputError(
            f"{path}: its voxel spacing is zero or undefined; convert it from DICOM again"
        )
    low, high = PLAUSIBLE_SPACING_MM
    if header["xyzt_units"] & 7 in (1, 3) or spacing.min() < low or spacing.max() > high:
        raise InputError(
            f"{path}: its voxel spacing is not in millimetres ({times(spacing.round(6))}); "
            "write it again with spacing in mm"
        )
    # Volume of the voxel over the volume of a brick with the same edges: 1 when axes are square.
    squareness = abs(np.linalg.det(affine[:3, :3])) / spacing.prod()
    if squareness < 1e-3:
        raise InputError(
            f"{path}: its affine is singular (array axes are parallel); convert it from DICOM again"
        )
    if squareness < 0.999:
        raise InputError(
            f"{path}: its array axes are not at right angles; resample it to a regular grid first"
        )
    return affine


def _is_broken_gzip(path: Path) -> bool:
    """Return whether a compressed file cannot be unpacked to its end."""
    try:
        with gzip.open(path) as stream:
            while stream.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        with path.open("rb") as stream:
            return stream.read(2) == b"\x1f\x8b"
    return False


def _damaged(path: Path) -> InputError:
    return InputError(f"{path}: the file is damaged or truncated; copy or convert it again")
