"""Why a file cannot be opened as NIfTI: what its first bytes say, and what to do about it."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib

from vhi.errors import InputError
from vhi.images import header as headers

GZIP = b"\x1f\x8b"
HEADER_BYTES = 1024

KINDS = {
    b"PK\3\4": "a ZIP archive; unpack it first",
    b"NRRD": "an NRRD file; save it as .nii.gz (in 3D Slicer: choose NIfTI when you save)",
    b"ObjectType": "a MetaImage header; save the image as .nii.gz",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself; run `git lfs pull`",
    b"{": "a JSON file; give the scan beside it (.nii or .nii.gz)",
    b"<": "a web page; download the file again",
    b"\x89PNG": "a picture; give the scan itself, converted from DICOM",
    b"\xff\xd8": "a picture; give the scan itself, converted from DICOM",
}
"""First bytes of files that people mistake for NIfTI, with what the file is and what to do."""


def unreadable(path: Path) -> InputError:
    """Return the error for a file that nibabel cannot open, by its content."""
    with path.open("rb") as stream:
        start = stream.read(HEADER_BYTES)
    compressed = start.startswith(GZIP)
    content = _unpacked(path) if compressed else start
    if content is None:
        return damaged(path)
    suffix = ".nii.gz" if compressed else ".nii"
    named = path.name.lower()
    if content.startswith(GZIP):
        return InputError(f"{path}: is compressed twice; unpack it once (gunzip)", check="suffix")
    if content[344:347] == b"n+1" or content[4:7] == b"n+2":
        if not named.endswith(suffix) or (not compressed and named.endswith(".gz")):
            state = "compressed" if compressed else "not compressed"
            return InputError(
                f"{path}: is {state}, but its name says otherwise; rename it to end in {suffix}",
                check="suffix",
            )
        return _unreadable_header(path, content)
    if named.endswith((".hdr", ".img")) and _is_analyze(path):
        return InputError(
            f"{path}: is part of an Analyze pair, which does not store right and left; convert the "
            "scan from DICOM again (dcm2niix), or save it as NIfTI from the program that wrote it",
            check="not-nifti",
        )
    if named.endswith((".hdr", ".img", ".hdr.gz", ".img.gz")):
        return InputError(
            f"{path}: is half of a pair (.hdr and .img), and the other half is missing or "
            "unreadable; put both files into one folder",
            check="not-nifti",
        )
    kind = next((kind for first, kind in KINDS.items() if content.lstrip().startswith(first)), "")
    if content[128:132] == b"DICM":
        kind = "a DICOM file; convert its series with dcm2niix first"
    reason = (
        f"is {kind}"
        if kind
        else (
            "is not a readable NIfTI file; convert the scan to .nii or .nii.gz (from DICOM: "
            "dcm2niix)"
        )
    )
    return InputError(f"{path}: {reason}", check="not-nifti")


def _is_analyze(path: Path) -> bool:
    """Return whether a file is one of two halves, and the header is of Analyze 7.5, not NIfTI."""
    upper = path.suffix.isupper()
    header, voxels = (path.with_suffix(s.upper() if upper else s) for s in (".hdr", ".img"))
    if not (header.is_file() and voxels.is_file()):
        return False
    with header.open("rb") as stream:
        start = stream.read(348)
    size = start[:4] in (b"\x5c\1\0\0", b"\0\0\1\x5c")  # 348, in either order of bytes
    return len(start) == 348 and size and start[344:347] not in (b"ni1", b"n+1")


def damaged(path: Path) -> InputError:
    """Return the error for a file that ends early or fails its checksum."""
    return InputError(
        f"{path}: the file is damaged or truncated; copy or convert it again", check="damaged"
    )


def _unreadable_header(path: Path, content: bytes) -> InputError:
    """Return the error for a NIfTI file whose header nibabel refuses."""
    kind: Any = nib.Nifti1Header if content[344:347] == b"n+1" else nib.Nifti2Header
    try:
        header = kind(content[: kind.template_dtype.itemsize], check=False)
        shape = header.get_data_shape()
        headers.check_content(header, shape, path)
        headers.geometry_of(header, shape, path)
        header.get_slope_inter()
    except InputError as error:
        return error
    except Exception:  # a header of random bytes may fail anywhere
        pass
    return InputError(
        f"{path}: its header contradicts itself or is damaged; convert it from DICOM again",
        check="damaged",
    )


def _unpacked(path: Path) -> bytes | None:
    """Return the first bytes of a compressed file; None where it cannot be unpacked to its end."""
    try:
        with gzip.open(path) as stream:
            start = stream.read(HEADER_BYTES)
            while stream.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        return None
    return start
