"""Files that are no usable scan, and the words with which each is refused."""

import gzip

import nibabel as nib
import numpy as np

from tests.helpers.scans import write_nifti


def damaged(path, tmp_path):
    content = gzip.decompress(path.read_bytes())
    whole = gzip.compress(content)
    path.write_bytes(whole[: len(whole) // 2])
    return path


def random_array(dtype=np.float32):
    return np.random.default_rng(1).integers(0, 99, (9, 9, 4)).astype(dtype)


def bad_files(tmp_path):
    """Yield (what, path, words the message must have)."""
    good = random_array()
    nan = good.copy()
    nan[0, 0, 0] = np.nan
    yield "missing", tmp_path / "none.nii.gz", "no such file"
    (tmp_path / "text.nii.gz").write_text("hello")
    yield "not NIfTI", tmp_path / "text.nii.gz", "NIfTI"
    (tmp_path / "empty.nii").write_bytes(b"")
    yield "empty file", tmp_path / "empty.nii", "NIfTI"
    yield "folder", tmp_path, "folder"
    yield "truncated", damaged(write_nifti(tmp_path / "cut.nii.gz", good), tmp_path), "damaged"
    flipped = bytearray(write_nifti(tmp_path / "crc.nii.gz", good).read_bytes())
    flipped[-6] ^= 1  # the checksum at the end, or what it is of: the voxels still unpack
    (tmp_path / "crc.nii.gz").write_bytes(flipped)
    yield "wrong checksum", tmp_path / "crc.nii.gz", "damaged"
    huge = nib.Nifti1Header()
    huge.set_data_shape((30000, 30000, 30000))
    huge.set_data_offset(352)
    (tmp_path / "huge.nii").write_bytes(huge.binaryblock + b"\0" * 4)
    yield "a header that claims too much", tmp_path / "huge.nii", "30000 x 30000 x 30000"
    sheared = np.eye(4)
    sheared[0, 1] = 0.5
    yield "sheared", write_nifti(tmp_path / "sheared.nii.gz", good, sheared), "right angles"
    far = np.diag([0.0006, 0.0006, 0.003, 1])
    yield "metres", write_nifti(tmp_path / "metres.nii.gz", good, far), "millimetres"
    yield "name too long", tmp_path / ("x" * 300 + ".nii.gz"), "no such file"
    raw = gzip.decompress(write_nifti(tmp_path / "x.nii.gz", good).read_bytes())
    (tmp_path / "cut.nii").write_bytes(raw[:600])
    yield "truncated, not compressed", tmp_path / "cut.nii", "damaged"
    for name, array in (("4d", np.ones((3, 3, 2, 2))), ("2d", np.ones((3, 3)))):
        nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / f"{name}.nii.gz")
        yield name, tmp_path / f"{name}.nii.gz", "axes"
    yield "NaN", write_nifti(tmp_path / "nan.nii.gz", nan), "NaN"
    yield (
        "infinite",
        write_nifti(tmp_path / "inf.nii.gz", np.where(good > 5, np.inf, 1)),
        "infinite",
    )
    nib.save(nib.Nifti1Image(good.astype(np.complex64), np.eye(4)), tmp_path / "c.nii.gz")
    yield "complex", tmp_path / "c.nii.gz", "complex"
    colours = np.zeros((3, 3, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colours, np.eye(4)), tmp_path / "rgb.nii.gz")
    yield "RGB", tmp_path / "rgb.nii.gz", "RGB"
    flat = nib.Nifti1Image(good, np.eye(4))
    flat.header["pixdim"][3] = 0
    flat.header["srow_z"] = 0
    flat.header.set_data_offset(352)
    (tmp_path / "zero.nii").write_bytes(flat.header.binaryblock + b"\0" * 4 + good.tobytes("F"))
    yield "zero spacing", tmp_path / "zero.nii", "spacing"
    singular = np.eye(4)
    singular[:3, 1] = singular[:3, 0]
    header = nib.Nifti1Image(good, np.eye(4)).header
    header.set_sform(singular, 2)
    header.set_data_offset(352)
    (tmp_path / "singular.nii").write_bytes(header.binaryblock + b"\0" * 4 + good.tobytes("F"))
    yield "singular affine", tmp_path / "singular.nii", "singular"
    nib.save(nib.MGHImage(good, np.eye(4)), tmp_path / "m.mgz")
    yield "another format", tmp_path / "m.mgz", "NIfTI"
