"""NIfTI files with a header of any content, as foreign programs write them."""

import gzip

import nibabel as nib
import numpy as np

from tests.helpers.scans import oblique_affine

SHAPE = (12, 10, 5)


def intensities(dtype=np.int16):
    return np.random.default_rng(2).integers(0, 900, SHAPE).astype(dtype)


def write_header(path, array=None, *, sform=None, qform=None, codes=(1, 1), more=b"", **fields):
    """Write a file; `fields` are set in the header as they are, after both orientations."""
    array = intensities() if array is None else np.asarray(array)
    affine = oblique_affine()
    header = nib.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    header.set_xyzt_units("mm")
    header.set_qform(affine if qform is None else qform, codes[1], strip_shears=True)
    header.set_sform(affine if sform is None else sform, codes[0])
    header.set_data_offset(352)
    for name, value in fields.items():
        header[name] = value
    content = header.binaryblock + b"\0" * 4 + array.tobytes("F") + more
    path.write_bytes(gzip.compress(content, 1) if path.name.lower().endswith(".gz") else content)
    return path
