"""A scan in memory and on disk: grid, NIfTI, sidecar, and which way up a slice is shown."""

from vhi.images.image import Image, check_same_grid, corner_misfit_mm, resample
from vhi.images.nifti import load_image, load_mask, save_labels

__all__ = [
    "Image",
    "check_same_grid",
    "corner_misfit_mm",
    "load_image",
    "load_mask",
    "resample",
    "save_labels",
]
