"""Scans and masks as NIfTI files: checked when read, written with a new header."""

from __future__ import annotations

import contextlib
import gzip
import logging
import math
import os
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.imageglobals import logger as nibabel_logger
from numpy.typing import NDArray

from vhi.checks import Note
from vhi.errors import InputError
from vhi.files.atomic import write_whole
from vhi.images.foreign import damaged, unreadable
from vhi.images.header import Geometry, check_content, geometry_of
from vhi.images.image import Image

NEARLY_WHOLE = 1e-3
"""Values of a mask this close to a whole number count as that number. Chosen: scale factors and
interpolation change a value by 1e-7; the smallest share of a voxel that anybody draws is larger."""

MOST_LABELS = 16
"""A file with more values than this holds no labels. Chosen."""

FEWEST_INTENSITIES = 5
"""A file with fewer values is no scan, whatever they are. Chosen: a mask has 2, candidates 3."""


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
    image, geometry = _open(path)
    array, notes = _read(image, Path(path), scaled=True)
    check_finite(array, path)
    if (image.dataobj.slope or 1) < 0:
        turned = "its scale factor (scl_slope) is negative, so bright and dark are inverted"
        note = Note("negative-scale", f"{Path(path).name}: {turned}; convert it again")
        notes = (*notes, note)
    return _image(array, geometry, path, notes)


def load_scan(path: str | os.PathLike[str]) -> Image:
    """Load a scan; refuse a mask and an empty file.

    Raises
    ------
    InputError
        As for `load_image`, or the file holds a handful of values only.
    """
    image = load_image(path)
    stored = image.array.ravel(order="K")
    sample = stored[:: max(1, stored.size // 10_000)]
    if np.unique(sample).size <= MOST_LABELS:
        values = np.unique(stored)
        labels = values.size <= MOST_LABELS and (values == np.arange(values.size)).all()
        if labels or values.size < FEWEST_INTENSITIES:
            shown = ", ".join(f"{value:.6g}" for value in values[:5])
            raise InputError(
                f"{path}: holds only the values {shown}, so it is not a scan; give the scan (a "
                "mask goes to --normal-bone or --disease-region)"
                if values.size > 1
                else f"{path}: holds the value {shown} in every voxel; convert it again",
                check="few-values",
            )
    return image


def check_finite(array: NDArray[Any], name: object) -> None:
    """Refuse NaN and infinite values in a scan of this name: InputError."""
    if (finite := np.isfinite(array)).all():
        return
    raise InputError(
        f"{name}: holds {np.count_nonzero(~finite)} NaN or infinite values; replace them with 0 "
        "outside the body, or convert the scan from DICOM again",
        check="finite",
    )


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
    image, geometry = _open(path)
    array, notes = _read(image, Path(path), scaled=False)
    mask = array == 1
    if np.count_nonzero(mask) != np.count_nonzero(array):
        mask = np.abs(array - 1) < NEARLY_WHOLE
        others = array[~mask & ~(np.abs(array) < NEARLY_WHOLE)]
        if others.size:
            raise InputError(f"{path}: {_no_mask(np.unique(others), array)}", check="mask-values")
    return _image(mask, geometry, path, notes)


def _no_mask(values: NDArray[Any], array: NDArray[Any]) -> str:
    """Return what is wrong with values other than 0 and 1, and what to do."""
    if values.size > MOST_LABELS:
        if values.min() > 0 and values.max() < 1:
            return "holds probabilities, not a mask; save values above 0.5 as 1 and all others as 0"
        return "holds the intensities of a scan, not a mask; check which file is which"
    shown = ", ".join(f"{float(value):.6g}" for value in values[:5])
    if values.size == 1 and not (array == 1).any():
        return f"a mask may hold only 0 and 1, but this file holds 0 and {shown}; save {shown} as 1"
    return (
        f"a mask may hold only 0 and 1, but this file also holds {shown}; "
        "save the wanted label as 1 and everything else as 0"
    )


def _image(
    array: NDArray[Any],
    geometry: Geometry,
    path: str | os.PathLike[str],
    notes: tuple[Note, ...],
) -> Image:
    name = Path(path).name
    return Image(array, geometry.affine, name, geometry.oriented, (*geometry.notes, *notes))


def check_file(path: Path) -> None:
    """Refuse a path that is not a plain, readable file, without reading it: InputError."""
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
    return _compressed(raw)


@lru_cache(maxsize=2)
def _compressed(content: bytes) -> bytes:
    """Compress, once for what a measurement hashes and writes under two names."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def _open(path: str | os.PathLike[str]) -> tuple[Any, Geometry]:
    """Open a NIfTI file without reading its voxels: image, and where they lie."""
    path = Path(path)
    check_file(path)
    try:
        with _quiet_nibabel():
            image: Any = nib.load(path)
    except Exception as error:  # a foreign file may fail in any of nibabel's readers
        raise unreadable(path) from error
    if not isinstance(image, nib.Nifti1Pair):
        raise unreadable(path)
    header = _stored_header(image)
    check_content(header, image.shape, path)
    if header.is_single and not header["vox_offset"] >= header.single_vox_offset:
        raise damaged(path)  # its voxels would begin inside its header
    return image, geometry_of(header, image.shape[:3], path)


def _stored_header(image: Any) -> Any:
    """Return the header as it stands in the file: nibabel turns a spacing of 0 into 1."""
    files = image.file_map
    with nib.openers.Opener(files.get("header", files["image"]).filename) as stream:
        return type(image.header).from_fileobj(stream, check=False)


def _read(image: Any, path: Path, *, scaled: bool) -> tuple[NDArray[Any], tuple[Note, ...]]:
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
                surplus = sum(map(len, iter(lambda: stream.read(1 << 20), b"")))
        else:
            array = voxels(image)
            surplus = _surplus_bytes(image)
    except FileNotFoundError as error:  # the other half of a pair
        raise unreadable(path) from error
    except (OSError, EOFError, ValueError, OverflowError, zlib.error) as error:
        raise damaged(path) from error
    except MemoryError as error:
        raise InputError(f"{path}: too large for this machine's memory") from error
    return array.reshape(array.shape[:3]), _surplus_notes(image, surplus, path)


def _surplus_notes(image: Any, surplus: int, path: Path) -> tuple[Note, ...]:
    """Return a note on bytes after the last voxel; refuse what would be a plane of voxels."""
    if surplus <= 0:
        return ()
    problem = f"holds {surplus:,} bytes more than its header states"
    plane = math.prod(image.shape) // max(image.shape[:3]) * image.get_data_dtype().itemsize
    if surplus >= plane:
        raise InputError(
            f"{path}: {problem}, so voxels would be lost or misplaced; convert it from DICOM again",
            check="surplus-voxels",
        )
    return (Note("surplus-bytes", f"{path.name}: {problem}; look at it in a viewer before use"),)


def _surplus_bytes(image: Any) -> int:
    """Return how many bytes an uncompressed file holds after its voxels."""
    file = Path(image.file_map["image"].filename)
    if file.suffix.lower() not in (".nii", ".img"):
        return 0
    voxels = image.get_data_dtype().itemsize * math.prod(image.shape)
    return file.stat().st_size - int(image.dataobj.offset) - voxels


@contextlib.contextmanager
def _quiet_nibabel() -> Iterator[None]:
    """Keep nibabel from printing what it mends in a header; what matters of it is checked."""
    level = nibabel_logger.level
    nibabel_logger.setLevel(logging.CRITICAL + 1)
    try:
        with np.errstate(invalid="ignore"):
            yield
    finally:
        nibabel_logger.setLevel(level)
