"""Small scans made by code, with answers that can be worked out on paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vhi.cases.case import Case
from vhi.images.image import Image
from vhi.images.nifti import encode_nifti

SPACING_MM = (0.5, 0.5, 3.3)


def oblique_affine(spacing_mm=SPACING_MM, tilt_degrees=35.0, shift_mm=(10.0, -60.0, -100.0)):
    """Array axes toward the patient's left, head and back, tilted about the left-right axis."""
    tilt = np.radians(tilt_degrees)
    left = [-1, 0, 0]
    up = [0, np.sin(tilt), np.cos(tilt)]
    back = [0, -np.cos(tilt), np.sin(tilt)]
    affine = np.eye(4)
    affine[:3, :3] = np.array([left, up, back]).T * spacing_mm
    affine[:3, 3] = shift_mm
    return affine


def tiny_arrays():
    """A 40 x 40 x 6 case: bone 100 +- texture, two bright regions, one speck, one bright outside.

    Normal bone holds 0, 1, ..., 100 on 101 voxels: quartiles 25 and 75, IQR 50, maximum 100.
    n = 1.5 would give 150 > 100, so n shrinks to 0.45: lower 97.5, upper 100.
    """
    stir = np.full((40, 40, 6), 10.0)
    region = np.zeros(stir.shape, bool)
    region[2:38, 2:38, 1:5] = True
    normal = np.zeros(stir.shape, bool)
    normal[5:15, 5:15, 2] = True
    normal[15, 5, 2] = True
    stir[normal] = np.arange(101.0)
    stir[25:30, 25:29, 2] = 99.0  # 20 pixels between the thresholds
    stir[25:27, 25:27, 3] = 300.0  # 4 pixels, the same lesion one slice on
    stir[33, 33:36, 3] = 300.0  # 3 pixels: a speck
    stir[0, 0:9, 2] = 500.0  # outside the disease region
    return stir, normal, region


def write_nifti(path: Path, array, affine=None, slope=1.0):
    """Write an array as it is."""
    affine = oblique_affine() if affine is None else affine
    path.write_bytes(encode_nifti(np.asarray(array), affine, slope))
    return path


def case_of_arrays(folder, stir, normal, region, *, name="tiny", visit="") -> Case:
    """Write a case's files into a new folder; T1w is bone at 60 and what STIR has at a tenth."""
    folder.mkdir()
    return Case(
        name,
        name,
        visit,
        write_nifti(folder / "S.nii.gz", stir.astype(np.float32)),
        write_nifti(folder / "T.nii.gz", (60 * region + stir / 10).astype(np.int16)),
        write_nifti(folder / "N.nii.gz", normal.astype(np.uint8)),
        write_nifti(folder / "D.nii.gz", region.astype(np.uint16)),
    )


def names(folder):
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def permuted(source: Image, axes, flips) -> Image:
    """The same voxels at the same places, stored in another order."""
    affine = np.eye(4)
    affine[:3, :3] = source.affine[:3, :3][:, list(axes)]
    affine[:3, 3] = source.affine[:3, 3]
    array = source.array.transpose(axes)
    for axis in range(3):
        if flips[axis]:
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return Image(array, affine, source.name)
