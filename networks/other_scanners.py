"""The phantom as another scanner shows it, with bright discs, and the tissues beside the bone.

A network trained on one scanner's scans includes discs, the canal and foramina on another's. On the
phantom each of these has a known place; on a scan of a patient nobody draws them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vhi.images.image import Image
from vhi.phantom.acquisition import BLUR_PIXELS, MARROW_UNIT, STIR_OF
from vhi.phantom.anatomy import TISSUES
from vhi.phantom.grid import SLICE_THICKNESS_MM, SPACING_MM
from vhi.phantom.simulate import Phantom

DISC_STIR = 3.0
"""STIR intensity of a bright disc, normal marrow = 1: that of the study's lesions. Chosen."""

FAT_MM = 3.0
"""Fat around the nerves of a foramen and the dural sac that counts as foramen or canal; the
phantom's is 2.5 to 3.5 mm wide."""


@dataclass(frozen=True, eq=False)
class OtherScan:
    """A phantom on another grid.

    Attributes
    ----------
    stir, t1w : Image
    bone : Image
        The true disease region, normal bone included; bool.
    disc, canal, foramen : Image
        Tissue beside the bone, which is no part of the disease region; bool.
    """

    stir: Image
    t1w: Image
    bone: Image
    disc: Image
    canal: Image
    foramen: Image


def on_other_scanner(
    phantom: Phantom,
    *,
    disc_stir: float = DISC_STIR,
    spacing_mm: tuple[float, float] = SPACING_MM[::2],
    thickness_mm: float = SLICE_THICKNESS_MM,
    field_mm: float = 200.0,
    noise: float = 0.0,
    seed: int = 0,
) -> OtherScan:
    """Return a phantom with bright discs on another grid. Simulated.

    Parameters
    ----------
    phantom
        From `vhi.phantom.make_phantom`; it stays as it is.
    disc_stir
        STIR intensity of the discs, normal marrow = 1; T1w stays.
    spacing_mm
        Distance of pixels, and of slices.
    thickness_mm
        Thickness of slices.
    field_mm
        Rows and columns are cut to this field of view, or filled up with zeros.
    noise
        SD of additional noise in either part of the complex signal, normal marrow = 1.
    seed
        Of that noise.
    """
    parts = {name: phantom.tissues.array == TISSUES.index(name) for name in ("disc", "csf")}
    share = ndimage.gaussian_filter(parts["disc"].astype(np.float32), (*BLUR_PIXELS, 0))
    scans = {
        "stir": phantom.stir.array
        + share * (disc_stir - STIR_OF["disc"]) * np.float32(MARROW_UNIT["stir"]),
        "t1w": phantom.t1w.array,
    }
    bone = phantom.disease_region.array | phantom.normal_bone.array
    tissues = {"bone": bone, "disc": parts["disc"] & ~bone}
    for name, middle in (("canal", "csf"), ("foramen", "nerve")):
        around = _near(phantom.tissues.array == TISSUES.index(middle))
        fatty = np.isin(phantom.tissues.array, [TISSUES.index(t) for t in (middle, "fat")])
        tissues[name] = around & fatty & ~bone
    tissues["foramen"] &= ~tissues["canal"]

    grid = _Grid(phantom.stir, spacing_mm, thickness_mm, field_mm)
    random = np.random.default_rng(seed)
    images = {}
    for name, array in scans.items():
        moved = grid.move(array)
        if noise:
            real, imaginary = noise * MARROW_UNIT[name] * random.standard_normal((2, *moved.shape))
            moved = np.hypot(moved + real, imaginary)
        images[name] = Image(moved, grid.affine, f"{name}.nii.gz")
    masks = {
        name: Image(grid.move(mask) > 0.5, grid.affine, f"{name}.nii.gz")
        for name, mask in tissues.items()
    }
    return OtherScan(**images, **masks)


def _near(middle: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what lies within `FAT_MM` of a tissue, in its slice."""
    pixels = round(FAT_MM / SPACING_MM[0])
    rows, columns = np.ogrid[-pixels : pixels + 1, -pixels : pixels + 1]
    disk = (rows**2 + columns**2 <= pixels**2)[:, :, None]
    return np.asarray(ndimage.binary_dilation(middle, disk))


class _Grid:
    """Pixels and slices of another size around the middle of a phantom's grid."""

    def __init__(
        self, image: Image, spacing_mm: tuple[float, float], thickness_mm: float, field_mm: float
    ) -> None:
        step = np.array([spacing_mm[0], spacing_mm[0], spacing_mm[1]])
        self.old = np.array(image.spacing_mm)
        extent = np.array([field_mm, field_mm, image.shape[2] * self.old[2]])
        self.shape = np.maximum(np.floor(extent / step + 1e-6).astype(int), 1)
        self.step = step / self.old
        self.start = (np.array(image.shape) - 1) / 2 - self.step * (self.shape - 1) / 2
        self.affine = image.affine.copy()
        self.affine[:3, :3] = image.affine[:3, :3] * self.step
        self.affine[:3, 3] = image.world(self.start)
        # What lies between two samples is averaged, as a wider pixel and a thicker slice do.
        self.blur = 0.5 * np.maximum(0, self.step - 1)
        self.blur[2] = 0.4 * max(0.0, thickness_mm - SLICE_THICKNESS_MM) / self.old[2]

    def move(self, array: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return an array of the old grid on this one, zero outside the old field of view."""
        smooth = ndimage.gaussian_filter(array.astype(np.float32), self.blur)
        return ndimage.affine_transform(
            smooth, self.step, self.start, output_shape=tuple(self.shape), order=1,
            mode="grid-constant", cval=0.0,
        )  # fmt: skip
